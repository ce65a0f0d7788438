package order

import "time"

// New is the order that a paid checkout becomes. What is not captured yet is due.
func New(id, checkoutID string, d Draft, p Payment, now time.Time) *Order {
	o := &Order{ID: id, CheckoutID: checkoutID, Draft: d, State: Placed, Payment: p, PlacedAt: now, UpdatedAt: now}
	o.tell(now, WasPlaced, "", ByCustomer)
	if p.State == PayAuthorized {
		o.await(DueCapture, now, CaptureWithin)
	} else if p.Captured > 0 {
		o.tell(now, WasPaid, o.Money(p.Captured).Display(), BySystem)
	}
	return o
}
