// Package segment groups people by typed conditions over what is known of them: profile, orders, products, events in
// time windows, consent and clicks. A condition is data that is checked when it is saved, never a string that is parsed
// when it is used.
//
// A person's answer changes for two reasons: something happened (an event changes the Person), or time passed (an order
// leaves a window of 90 days). NextChange says when the second can happen first, so memberships are kept up to date
// without looking at everybody.
package segment

import (
	"slices"
	"time"

	"dangol/shared/compliance"
)

// Person is what conditions are asked about. Lists are bounded by whoever keeps them; see Limits.
type Person struct {
	ID       string   `json:"id" dynamodbav:"id"`
	Language string   `json:"language,omitempty" dynamodbav:"language,omitempty"`
	Country  string   `json:"country,omitempty" dynamodbav:"country,omitempty"` // ISO 3166, two letters
	Customer bool     `json:"customer,omitempty" dynamodbav:"customer,omitempty"`
	Tags     []string `json:"tags,omitempty" dynamodbav:"tags,omitempty"`
	// Birthday is MM-DD, empty when unknown.
	Birthday string    `json:"birthday,omitempty" dynamodbav:"birthday,omitempty"`
	Since    time.Time `json:"since,omitzero" dynamodbav:"since,omitempty"`
	Orders   []Order   `json:"orders,omitempty" dynamodbav:"orders,omitempty"` // oldest first
	// CanceledOrders are the ids of the orders canceled last, so that a purchase that arrives after its cancellation, or
	// arrives again, does not count.
	CanceledOrders []string `json:"canceledOrders,omitempty" dynamodbav:"canceledOrders,omitempty"`
	// Events are the times at which something happened, by event type, oldest first.
	Events  map[string][]time.Time                           `json:"events,omitempty" dynamodbav:"events,omitempty"`
	Consent map[compliance.Channel]compliance.ChannelConsent `json:"consent,omitempty" dynamodbav:"consent,omitempty"`
}

// Order is one purchase that was not canceled.
type Order struct {
	ID       string    `json:"id" dynamodbav:"id"`
	At       time.Time `json:"at" dynamodbav:"at"`
	Amount   int64     `json:"amount" dynamodbav:"amount"` // minor units
	Currency string    `json:"currency" dynamodbav:"currency"`
	Products []string  `json:"products,omitempty" dynamodbav:"products,omitempty"`
}

// Limits of what is kept of one person, so that the item stays small (about 20 KB at the most). Older orders and events
// are dropped.
const (
	MaxOrders   = 100
	MaxCanceled = 50
	MaxEvents   = 50
	MaxTags     = 50
	// MaxProducts of an order are remembered: a wholesale order must not fill the item.
	MaxProducts = 40
)

// Happened adds an event. The oldest of its type are dropped beyond MaxEvents. An event of the same type at the same
// instant is one.
func (p *Person) Happened(event string, at time.Time) {
	// Lists stay sorted, so that the newest are kept and windows are counted in order.
	times := p.Events[event]
	i, found := slices.BinarySearchFunc(times, at, time.Time.Compare)
	if found {
		return
	}
	if p.Events == nil {
		p.Events = map[string][]time.Time{}
	}
	// Clone, because the map may be shared with what was read.
	times = slices.Insert(slices.Clone(times), i, at)
	p.Events[event] = times[max(0, len(times)-MaxEvents):]
}

// Undone takes the events of a type from one time to another, both included, out again.
func (p *Person) Undone(event string, from, to time.Time) {
	// An event does not say which message it came from, so all of that time go.
	if times := p.Events[event]; len(times) > 0 {
		p.Events[event] = slices.DeleteFunc(slices.Clone(times),
			func(at time.Time) bool { return !at.Before(from) && !at.After(to) })
	}
}

// Knows reports whether an order was noted before, be it as a purchase or as canceled.
func (p Person) Knows(orderID string) bool {
	return slices.Contains(p.CanceledOrders, orderID) ||
		slices.ContainsFunc(p.Orders, func(o Order) bool { return o.ID == orderID })
}

// Ordered adds a purchase, once for each order id and never one that was canceled, with each product once. The oldest
// are dropped beyond MaxOrders.
func (p *Person) Ordered(o Order) {
	if p.Knows(o.ID) {
		return
	}
	o.Products = slices.Compact(slices.Sorted(slices.Values(o.Products)))
	o.Products = o.Products[:min(len(o.Products), MaxProducts)]
	// Orders come out of order after an import.
	i, _ := slices.BinarySearchFunc(p.Orders, o.At, func(known Order, at time.Time) int { return known.At.Compare(at) })
	p.Orders = slices.Insert(slices.Clone(p.Orders), i, o)
	p.Orders = p.Orders[max(0, len(p.Orders)-MaxOrders):]
}

// Canceled takes a purchase out again, and keeps it out when its event comes after this one.
func (p *Person) Canceled(orderID string) {
	if !slices.Contains(p.CanceledOrders, orderID) {
		p.CanceledOrders = append(slices.Clone(p.CanceledOrders), orderID)
		p.CanceledOrders = p.CanceledOrders[max(0, len(p.CanceledOrders)-MaxCanceled):]
	}
	p.Orders = slices.DeleteFunc(slices.Clone(p.Orders), func(o Order) bool { return o.ID == orderID })
}

// LastOrder returns the newest purchase; ok is false when there was none.
func (p Person) LastOrder() (o Order, ok bool) {
	if len(p.Orders) == 0 {
		return Order{}, false
	}
	return p.Orders[len(p.Orders)-1], true
}
