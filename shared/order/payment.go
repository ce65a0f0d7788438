package order

import (
	"time"

	"dangol/shared/payment"
	"dangol/shared/platform/backoff"
	"dangol/shared/platform/due"
)

// PayState is where the money of an order is.
type PayState string

// Where the money can be. An order is made when it is authorized or captured.
const (
	PayAuthorized PayState = "authorized" // reserved; the capture is due
	PayCaptured   PayState = "captured"   // ours
	// the reservation was gone before it was captured; the order is canceled
	PayFailed       PayState = "failed"
	PayReleasing    PayState = "releasing"          // canceled before it was captured; the reservation is being let go
	PayReleased     PayState = "released"           // let go: the customer never paid
	PayRefunding    PayState = "refunding"          // a refund is on its way
	PayPartRefunded PayState = "partially_refunded" // some of it went back
	PayRefunded     PayState = "refunded"           // all of it went back
	PayRefundFailed PayState = "refund_failed"      // the provider could not give it back: a person has to
)

// Payment is the payment of an order. Amounts are minor units of the order's currency.
type Payment struct {
	Provider string   `json:"provider"` // empty when there was nothing to pay
	ID       string   `json:"id,omitempty"`
	Key      string   `json:"key,omitempty"` // of the authorization, for Lookup
	State    PayState `json:"state"`
	Amount   int64    `json:"amount"`
	Captured int64    `json:"captured"`
	Refunded int64    `json:"refunded"`
	Brand    string   `json:"brand,omitempty"`
	Last4    string   `json:"last4,omitempty"`
	// Fingerprint tells the same card on orders of different people; see payment.Method.
	Fingerprint string `json:"fingerprint,omitempty"`
}

// PaymentOf is what an order keeps of a provider's payment that is good.
func PaymentOf(provider string, p payment.Payment) Payment {
	out := Payment{
		Provider: provider, ID: p.ID, Key: p.Key, State: PayAuthorized, Amount: p.Amount.Amount,
		Brand: p.Method.Brand, Last4: p.Method.Last4, Fingerprint: p.Method.Fingerprint,
	}
	if p.State == payment.StateCaptured {
		out.State, out.Captured = PayCaptured, p.Captured.Amount
	}
	return out
}

// Kinds of due jobs on orders.
const (
	DueCapture = "capture"
	DueRefund  = "refund"
)

// CaptureWithin is how long the worker leaves a new order alone: the checkout captures it in its
// request.
const CaptureWithin = time.Minute

// Paid notes that the money has been taken; changed is false when something else has become of the order since.
func (o *Order) Paid(captured int64, now time.Time) (changed bool) {
	// Canceled or captured meanwhile: the state has moved on and must not go back.
	if o.Payment.State != PayAuthorized {
		return false
	}
	o.Payment.State, o.Payment.Captured = PayCaptured, captured
	o.rest()
	o.addEntry(now, EntryPaid, o.Money(captured).Display(), BySystem)
	return true
}

// Unpaid cancels an order whose authorization is gone before it was captured: nothing is shipped, and what was paid by
// store credit goes back.
func (o *Order) Unpaid(now time.Time) (changed bool) {
	// Canceled before: then the reservation is a matter of PayReleasing.
	if o.Payment.State != PayAuthorized || o.State != Placed {
		return false
	}
	o.addEntry(now, EntryPaymentFailed, "", BySystem)
	o.refundRest("payment_failed", BySystem, now)
	o.State, o.Reason, o.Payment.State = Canceled, "payment_failed", PayFailed
	o.rest()
	return true
}

// RecordRelease notes that the reservation has been let go.
func (o *Order) RecordRelease(now time.Time) (changed bool) {
	if o.Payment.State != PayReleasing {
		return false
	}
	o.Payment.State = PayReleased
	o.rest()
	o.addEntry(now, EntryReleased, "", BySystem)
	return true
}

// RecordLateCapture notes that the money of a canceled order was taken before the reservation could be let go; all of
// it is to be given back.
func (o *Order) RecordLateCapture(captured int64, now time.Time) (changed bool) {
	if o.Payment.State != PayReleasing {
		return false
	}
	o.Payment.Captured = captured
	o.refundRest(o.Reason, BySystem, now)
	return true
}

// rest removes the order from the due index: nothing is left to do for it.
func (o *Order) rest() { o.Due, o.Asked = due.Due{}, 0 }

// await sets the time at which the worker looks at the order again.
func (o *Order) await(kind string, now time.Time, d time.Duration) {
	o.Due = due.On(kind, o.ID, now.Add(d))
}

// Postponed sets the next call of a provider that did not answer, with growing pauses.
func (o *Order) Postponed(now time.Time) {
	kind := DueRefund
	if o.Payment.State == PayAuthorized {
		kind = DueCapture
	}
	o.await(kind, now, backoff.Provider.After(o.Asked))
	o.Asked++
}
