package rma

import "time"

// settleSoon is when a settled reservation is looked at again, in case the provider did not answer.
const settleSoon = time.Minute

// SendAhead notes that an exchange was sent against a reservation that is good until an instant. The goods have to be
// handed over before.
func (r *RMA) SendAhead(paymentID string, until, now time.Time) {
	if by := r.Deadlines.SendBy; !by.IsZero() && by.Before(until) {
		until = by
	}
	r.Hold.State, r.Hold.PaymentID, r.Hold.Until, r.Hold.Attempt = HoldPlaced, paymentID, until, Attempt{}
	r.addEntry(now, WasSentAhead, "", BySystem)
	r.Settle()
}

// TakeHold decides what is taken of the reservation.
func (r *RMA) TakeHold(amount int64, now time.Time) {
	r.Hold.State, r.Hold.Take, r.Hold.Until = HoldSettling, amount, now.Add(settleSoon)
	r.await(r.Hold.Until)
}

// HoldSettled notes that the provider has taken what was decided.
func (r *RMA) HoldSettled() {
	r.Hold.State, r.Hold.Until = HoldSettled, time.Time{}
	r.Settle()
}

// HoldCharged turns the exchange into a purchase, because the goods did not come back in time. The return stays open,
// for a refund of what arrives later.
func (r *RMA) HoldCharged(now time.Time) {
	r.Resolution, r.Instead = Refund, PaidAhead
	r.addEntry(now, HoldTaken, r.Money(r.Hold.Take).Display(), BySystem)
}

// sentAhead reports whether the exchange is with the customer and not settled.
func (r *RMA) sentAhead() bool { return r.Hold.State == HoldPlaced }

// pending reports whether the provider was asked for a reservation and its outcome is not known.
func (h CardHold) pending() bool { return h.State == NoHold && h.Attempt.Key != "" }
