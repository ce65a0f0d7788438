package cart

import (
	"context"
	"time"

	"dangol/events"
	"dangol/shared/platform/event"
)

// announce attaches cart.changed to a cart that has a mail address: it starts the abandoned-cart
// sequence, which can only be sent to an address. An event that this change attached itself, such
// as cart.merged, stays, because an item carries one event and that one says more.
func (c *Cart) announce(now time.Time) {
	// The event of an earlier change is still on the item. It is older than UpdatedAt, which is at
	// this point the time of the last write, so only a newer one belongs to this change.
	carries := c.Event != nil && c.Event.Type != (events.CartChanged{}).EventType() && !c.Event.Time.Before(c.UpdatedAt)
	if c.Email == "" || len(c.Lines) == 0 || c.State != Open || carries {
		return
	}
	changed, err := event.New(context.Background(), now, events.CartChanged{
		CartID: c.ID, CustomerID: c.CustomerID, Email: c.Email, Language: c.Language, Currency: c.Currency,
		Lines: len(c.Lines),
	})
	if err == nil { // a body of texts and numbers always becomes JSON
		c.Event = changed
	}
}
