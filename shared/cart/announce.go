package cart

import (
	"context"
	"time"

	"dangol/events"
	"dangol/shared/platform/event"
)

// announce puts cart.changed onto a cart of somebody who can be written to. An event that this change carries already
// stays: it says more.
func (c *Cart) announce(now time.Time) {
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
