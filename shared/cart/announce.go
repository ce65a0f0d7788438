package cart

import (
	"context"
	"time"

	"dangol/events"
	"dangol/shared/platform/event"
)

// announceEvery is how often a cart that keeps changing says so. Whoever is reminded of it is reminded hours later, and
// each event costs the relay, the bus, and a change of the reminder.
const announceEvery = 5 * time.Minute

// announce puts cart.changed onto a cart of somebody who can be written to: with the first change, when who is written
// to changes, and else once in announceEvery. An event that this change attached itself, such
// as cart.merged, stays: an item carries one event, and that one says more.
func (c *Cart) announce(now time.Time) {
	// The event of an earlier change is still on the item. It is older than UpdatedAt, which is at
	// this point the time of the last write, so only a newer one belongs to this change.
	carries := c.Event != nil && c.Event.Type != (events.CartChanged{}).EventType() && !c.Event.Time.Before(c.UpdatedAt)
	if c.Email == "" || len(c.Lines) == 0 || c.State != Open || carries {
		return
	}
	body := events.CartChanged{
		CartID: c.ID, CustomerID: c.CustomerID, Email: c.Email, Language: c.Language, Currency: c.Currency,
		Lines: len(c.Lines),
	}
	if c.announced(body, now) {
		return
	}
	if changed, err := event.New(context.Background(), now, body); err == nil { // texts and numbers always become JSON
		c.Event = changed
	}
}

// announced reports whether the cart said a short time ago that it changes, to the same person.
func (c *Cart) announced(body events.CartChanged, now time.Time) bool {
	var last events.CartChanged
	if c.Event == nil || now.Sub(c.Event.Time) >= announceEvery || c.Event.Envelope().Into(&last) != nil {
		return false
	}
	body.Lines = last.Lines
	return body == last
}
