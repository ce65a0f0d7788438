package rma

import (
	"slices"
	"time"

	"dangol/shared/compliance"
	"dangol/shared/platform/due"
	"dangol/shared/platform/problem"
)

// What is written into timelines.
const (
	WasRequested  = "requested"
	WasApproved   = "approved"
	WasBooked     = "booked"
	WasHandedOver = "in_transit"
	WasReceived   = "received"
	WasInspected  = "inspected"
	WasCompleted  = "completed"
	WasRejected   = "rejected"
	WasCanceled   = "canceled"
	WasExpired    = "expired"
	BalanceAsked  = "balance_asked"
	BalancePaid   = "balance_paid"
	BalanceLapsed = "balance_lapsed"
	RefundDueSoon = "refund_due_soon"
	RefundLate    = "refund_late"
	HoldEnded     = "hold_ended"
	WasSentAhead  = "sent_ahead"
	HoldTaken     = "hold_taken"
)

// DueKind is the kind of the due jobs of returns.
const DueKind = "return"

// ArriveWithin is how long goods of an exchange are held for a parcel that is said to be on its way. It is twice what
// the carriers take for a parcel from abroad.
const ArriveWithin = 30 * 24 * time.Hour

// PayWithin is how long the customer has to pay the balance of an exchange.
const PayWithin = 7 * 24 * time.Hour

// refuse is the answer for a step that the state does not allow. action is a participle, such as
// "canceled".
func (r *RMA) refuse(action string) error {
	return problem.Conflict("return_state", "This return is %s; it cannot be %s.", r.State, action).With("state",
		string(r.State))
}

// in reports whether the return is in one of the states.
func (r *RMA) in(states ...State) bool { return slices.Contains(states, r.State) }

// Opened notes that the return was asked for.
func (r *RMA) Opened(by string, now time.Time) { r.addEntry(now, WasRequested, "", by) }

// Approve accepts a request. sendWithin is how long the customer has to hand the goods over. Error: 409 return_state.
func (r *RMA) Approve(sendWithin int, by string, now time.Time) error {
	if !r.in(Requested) {
		return r.refuse("approved")
	}
	r.State = Approved
	r.addEntry(now, WasApproved, "", by)
	if r.Way != Stays {
		r.Deadlines.SendBy = now.AddDate(0, 0, sendWithin)
		r.await(r.Deadlines.SendBy)
	}
	return nil
}

// Bounds of why a return is rejected: characters, and photos.
const (
	maxRejection = 1000
	maxPhotos    = 8
)

// Reject refuses a request, with the reason for the customer and evidence. Error: 409 return_state.
func (r *RMA) Reject(reason string, evidence []string, by string, now time.Time) error {
	var wrong problem.Fields
	wrong.Text(reason, 1, maxRejection, "/reason")
	wrong.Count(len(evidence), 0, maxPhotos, "/evidence")
	if err := wrong.Err(); err != nil {
		return err
	}
	// Also after the inspection: only then does the shop see that the goods are not what was sold.
	if !r.in(Requested, Received, Inspected) {
		return r.refuse("rejected")
	}
	r.State, r.Rejection, r.Evidence = Rejected, reason, evidence
	r.addEntry(now, WasRejected, reason, by)
	r.rest()
	return nil
}

// Book notes the label or pickup that was booked. Error: 409 return_state.
func (r *RMA) Book(s Shipment, by string, now time.Time) error {
	// A second booking replaces the first: customers lose labels, and carriers miss pickups.
	if !r.in(Approved, Booked) || r.Way == Stays {
		return r.refuse("booked")
	}
	r.State, r.Shipment = Booked, s
	r.addEntry(now, WasBooked, s.Carrier+" "+s.TrackingNumber, by)
	return nil
}

// Bounds of what is said of a parcel that comes back, in characters.
const (
	maxCarrier  = 40
	maxTracking = 60
)

// check holds what somebody says of the parcel against its bounds.
func (s Shipment) check() error {
	var wrong problem.Fields
	wrong.Text(s.Carrier, 0, maxCarrier, "/carrier")
	wrong.Text(s.TrackingNumber, 0, maxTracking, "/trackingNumber")
	return wrong.Err()
}

// HandOver notes that the carrier has the parcel; from then on it does not expire, because the customer has done their
// part. Goods that are held for an exchange are not held forever, though: anybody can say that a parcel is on its way.
// changed is false when that was known. Errors: 409 return_state; 422 for a carrier or number that is too long.
func (r *RMA) HandOver(s Shipment, by string, now time.Time) (changed bool, err error) {
	if err := s.check(); err != nil {
		return false, err
	}
	switch {
	case r.in(InTransit):
		return false, nil
	case !r.in(Approved, Booked) || r.Way == Stays:
		return false, r.refuse("sent")
	}
	// A scan without a number is of the booked parcel.
	if s.TrackingNumber != "" {
		r.Shipment = s
	}
	r.State = InTransit
	r.addEntry(now, WasHandedOver, r.Shipment.Carrier+" "+r.Shipment.TrackingNumber, by)
	r.Deadlines.ArriveBy = now.Add(ArriveWithin)
	r.Settle()
	return true, nil
}

// RequestBalance waits for the balance of an exchange. Error: 409 return_state.
func (r *RMA) RequestBalance(now time.Time) error {
	if !r.in(Inspected) {
		return r.refuse("waiting for a payment")
	}
	r.State = AwaitingPayment
	r.Deadlines.PayBy = now.Add(PayWithin)
	r.addEntry(now, BalanceAsked, "", BySystem)
	r.await(r.Deadlines.PayBy)
	return nil
}

// Who did it, in timelines.
const (
	ByCustomer = "customer"
	ByShop     = "shop"
	BySystem   = "system"
)

// Complete ends a return that is settled. Error: 409 return_state.
func (r *RMA) Complete(settled Figures, by string, now time.Time) error {
	// Approved is enough where the goods stay with the customer.
	if !r.in(Inspected, AwaitingPayment) && (r.State != Approved || r.Way != Stays) {
		return r.refuse("completed")
	}
	law := compliance.ReturnRuleFor(r.Country)
	// What pays for the goods of an exchange was not to be refunded, so that nothing of it is late.
	owed := settled.Refund
	if r.Resolution.Swaps() {
		owed = settled.PaidOut
	}
	// Counted from the end of the law's time up to now; zero when it has not ended.
	settled.Late = law.LateInterest(owed, r.Deadlines.RefundBy, now)
	r.State, r.Settled = Completed, settled
	r.addEntry(now, WasCompleted, "", by)
	r.rest()
	return nil
}

// Cancel ends a return of which nothing is on its way, or, for the shop, whose parcel does not come; changed is false
// when it was canceled before. Error: 409 return_state.
func (r *RMA) Cancel(by string, now time.Time) (changed bool, err error) {
	switch {
	case r.in(Canceled):
		return false, nil
	case r.sentAhead():
		return false, r.refuse("canceled; what was sent ahead is settled when the goods come back")
	case r.in(InTransit) && by == ByShop: // a parcel that was never sent, or is lost
	// What the carrier has is not canceled any more: it arrives and has to be settled.
	case !r.in(Requested, Approved, Booked):
		return false, r.refuse("canceled")
	}
	r.State = Canceled
	r.addEntry(now, WasCanceled, "", by)
	r.rest()
	return true, nil
}

// TimerResult is what is due at an instant.
type TimerResult string

// What can be due.
const (
	Nothing  TimerResult = "nothing"
	Expire   TimerResult = "expire" // the goods were not handed over in time
	Warn     TimerResult = "warn"   // the law's time for the refund is about to end
	NoteLate TimerResult = "late"   // it has ended
	Lapse    TimerResult = "lapse"  // the balance of an exchange was not paid
	Unhold   TimerResult = "unhold" // the parcel of an exchange did not arrive
	// ChargeHold says that the goods of an exchange which was sent ahead did not arrive; SettleHold that the provider
	// has not yet taken what was decided.
	ChargeHold TimerResult = "charge_hold"
	SettleHold TimerResult = "settle_hold"
)

// DueAt says what is due at an instant. Work may come early, late and twice.
func (r *RMA) DueAt(now time.Time) TimerResult {
	// A deadline is the first instant that is too late.
	passed := func(t time.Time) bool { return !t.IsZero() && !now.Before(t) }
	switch {
	case r.Hold.State == HoldSettling:
		if !passed(r.Hold.Until) {
			return Nothing
		}
		return SettleHold
	case r.sentAhead() && r.in(Approved, Booked, InTransit):
		if !passed(r.Hold.Until) {
			return Nothing
		}
		return ChargeHold
	case r.in(Approved, Booked) && passed(r.Deadlines.SendBy):
		return Expire
	case r.in(AwaitingPayment) && passed(r.Deadlines.PayBy):
		return Lapse
	case r.in(InTransit) && r.holds() && passed(r.Deadlines.ArriveBy):
		return Unhold
	// In other states nothing has a time of its own.
	case !r.in(Received, Inspected):
		return Nothing
	// The end is looked at before the warning: a worker that was down for days must not warn of
	// what has passed.
	case passed(r.Deadlines.RefundBy) && !r.Deadlines.Late:
		return NoteLate
	case passed(r.Deadlines.WarnAt) && !r.Deadlines.Warned:
		return Warn
	}
	return Nothing
}

// Expired ends a return whose goods were not handed over in time.
func (r *RMA) Expired(now time.Time) {
	r.State = Expired
	r.addEntry(now, WasExpired, "", BySystem)
	r.rest()
}

// Warned notes that the shop was warned, and waits for the end of the law's time.
func (r *RMA) Warned(now time.Time) {
	r.Deadlines.Warned = true
	r.addEntry(now, RefundDueSoon, "", BySystem)
	r.await(r.Deadlines.RefundBy)
}

// WasLate notes that the law's time for the refund has ended.
func (r *RMA) WasLate(now time.Time) {
	// Warned as well, so that no warning follows.
	r.Deadlines.Late, r.Deadlines.Warned = true, true
	r.addEntry(now, RefundLate, "", BySystem)
	r.rest()
}

// Lapsed turns an exchange whose balance was not paid into a refund.
func (r *RMA) Lapsed(now time.Time) {
	r.State, r.Resolution, r.Instead = Inspected, Refund, BalanceUnpaid
	r.addEntry(now, BalanceLapsed, "", BySystem)
	r.rest()
}

// holds reports whether goods are held for the return.
func (r *RMA) holds() bool { return len(r.Swap.Taken) > 0 }

// Unheld turns an exchange or replacement whose parcel did not arrive into a refund, so that the goods that were held
// can be sold. The return stays open: what arrives later is refunded.
func (r *RMA) Unheld(now time.Time) {
	r.Resolution, r.Instead, r.Swap = Refund, NotArrived, Swap{}
	r.addEntry(now, HoldEnded, "", BySystem)
	r.rest()
}

// rest takes the return out of the due index, unless the provider is still to take a reservation.
func (r *RMA) rest() {
	r.Due = due.Due{}
	switch {
	case r.Hold.State == HoldSettling:
		r.await(r.Hold.Until)
	// Also of a return that is over: a reservation that is placed after its end has to be let go.
	case r.Hold.pending():
		r.await(r.Hold.CheckAt)
	}
}

// Await makes the return due at an instant, to look at a payment whose outcome is not known.
func (r *RMA) Await(at time.Time) {
	if r.Hold.pending() {
		r.Hold.CheckAt = at
	}
	r.await(at)
}

// await puts the return into the due index. A reservation whose outcome is not known is looked at before any later
// deadline, whatever step sets it.
func (r *RMA) await(at time.Time) {
	if r.Hold.pending() && r.Hold.CheckAt.Before(at) {
		at = r.Hold.CheckAt
	}
	r.Due = due.On(DueKind, r.ID, at)
}

// Settle puts a return that a worker looked at to its next deadline, or out of the index when there is none.
func (r *RMA) Settle() {
	switch {
	case r.Hold.State == HoldSettling, r.sentAhead() && r.in(Approved, Booked, InTransit):
		r.await(r.Hold.Until)
	case r.in(Approved, Booked) && !r.Deadlines.SendBy.IsZero():
		r.await(r.Deadlines.SendBy)
	case r.in(AwaitingPayment):
		r.await(r.Deadlines.PayBy)
	case r.in(InTransit) && r.holds():
		r.await(r.Deadlines.ArriveBy)
	case r.in(Received, Inspected) && !r.Deadlines.Warned:
		r.await(r.Deadlines.WarnAt)
	case r.in(Received, Inspected) && !r.Deadlines.Late:
		r.await(r.Deadlines.RefundBy)
	// A request has no job: its deadline only orders the list.
	default:
		r.rest()
	}
}
