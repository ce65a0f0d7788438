package contact

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// OrderReturns is what is known of the returns of one order, by which messages about the order wait or end.
type OrderReturns struct {
	Open []string `dynamodbav:"open,omitempty"` // ids of returns that are under way
	// Over are the ids of those that have ended, so that a request whose event comes after the end opens nothing.
	Over []string `dynamodbav:"over,omitempty"`
	// Undone is when something of the order was last given back or canceled, and Whole says that nothing of it is left.
	Undone time.Time `dynamodbav:"undone,omitzero"`
	Whole  bool      `dynamodbav:"whole,omitempty"`
	At     time.Time `dynamodbav:"at"` // of the newest event
}

// ReturnEvent is something that happened to a return, or to an order as a whole when ReturnID is empty.
type ReturnEvent struct {
	OrderID, ReturnID string
	At                time.Time
	Over              bool // the return has ended, however
	Undone            bool // something was given back or canceled
	Whole             bool // nothing of the order is left
}

// maxReturned is how many orders with returns are remembered, and maxReturnsOf how many returns of one.
const (
	maxReturned  = 20
	maxReturnsOf = 20
)

// NoteReturn adds what happened to a return. Events come twice and in any order.
func (c *Contact) NoteReturn(e ReturnEvent) {
	// Copies, because map and lists may be shared with what was read.
	all := maps.Clone(c.Returning)
	if all == nil {
		all = map[string]OrderReturns{}
	}
	r := all[e.OrderID]
	if e.ReturnID != "" {
		if e.Over && !slices.Contains(r.Over, e.ReturnID) {
			r.Over = append(slices.Clone(r.Over), e.ReturnID)
			r.Over = r.Over[max(0, len(r.Over)-maxReturnsOf):]
		}
		open := slices.DeleteFunc(slices.Clone(r.Open), func(id string) bool { return id == e.ReturnID })
		if !slices.Contains(r.Over, e.ReturnID) {
			open = append(open, e.ReturnID)
		}
		r.Open = open[max(0, len(open)-maxReturnsOf):]
	}
	if e.Undone && e.At.After(r.Undone) {
		r.Undone = e.At
	}
	r.Whole = r.Whole || e.Whole
	if e.At.After(r.At) {
		r.At = e.At
	}
	all[e.OrderID] = r
	for len(all) > maxReturned {
		oldest := slices.MinFunc(slices.Collect(maps.Keys(all)), func(a, b string) int {
			return cmp.Or(all[a].At.Compare(all[b].At), cmp.Compare(a, b))
		})
		delete(all, oldest)
	}
	c.Returning = all
}

// openFor is how long a return counts as open without any news: longer than all its deadlines together.
const openFor = 120 * 24 * time.Hour

// ReturnOpen reports whether a return of the order is under way.
func (c Contact) ReturnOpen(orderID string, now time.Time) bool {
	r := c.Returning[orderID]
	return len(r.Open) > 0 && now.Sub(r.At) < openFor
}

// OrderUndone reports whether what happened to an order at an instant is of no interest any more: nothing of the order
// is left, or something was given back later than that.
func (c Contact) OrderUndone(orderID string, at time.Time) bool {
	r := c.Returning[orderID]
	return r.Whole || !r.Undone.IsZero() && !at.After(r.Undone) || slices.Contains(c.Person.CanceledOrders, orderID)
}
