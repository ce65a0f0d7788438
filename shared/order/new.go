package order

import (
	"time"

	"dangol/shared/refund"
)

// New is the order that a paid checkout becomes. What is not captured yet is due.
func New(id, checkoutID string, d Draft, p Payment, now time.Time) *Order {
	o := &Order{ID: id, CheckoutID: checkoutID, Draft: d, State: Placed, Payment: p, PlacedAt: now, UpdatedAt: now}
	if used := d.CreditUsed(); used > 0 {
		// From here on credit is a payment like others, and refunds go back to it by the same
		// ledger.
		o.More, o.Credit = []MorePayment{{ID: CreditPayment, Method: refund.StoreCredit, Captured: used}}, nil
	}
	o.addEntry(now, EntryPlaced, "", ByCustomer)
	// The checkout captures right after; the due entry is for the case that it does not come to
	// that.
	if p.State == PayAuthorized {
		o.await(DueCapture, now, CaptureWithin)
	} else if p.Captured > 0 {
		o.addEntry(now, EntryPaid, o.Money(p.Captured).Display(), BySystem)
	}
	return o
}
