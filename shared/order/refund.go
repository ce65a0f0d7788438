package order

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"dangol/shared/money"
	"dangol/shared/payment"
	"dangol/shared/refund"
)

// Refund is one movement of money back to the customer: what of an entry of the ledger goes back on one payment. The
// key is written down before the provider is asked, so the same refund is never asked for under two keys.
type Refund struct {
	Key        string              `json:"key"`                 // for the provider
	Entry      string              `json:"entry,omitempty"`     // of the ledger
	PaymentID  string              `json:"paymentId,omitempty"` // the provider's; the checkout's payment when empty
	Method     refund.Method       `json:"method,omitempty"`    // card when empty
	Again      string              `json:"again,omitempty"`     // the key of the failed refund that this one repeats
	Amount     int64               `json:"amount"`
	State      payment.RefundState `json:"state"`
	ProviderID string              `json:"providerId,omitempty"` // once the provider knows of it
	Reason     string              `json:"reason"`
	By         string              `json:"by"`
	At         time.Time           `json:"at"`
}

// UnitCosts is what each unit of a line really cost, tax included. The units of all lines and ShippingCost add up to
// the order's total.
func (d Draft) UnitCosts(lineID string) []int64 {
	l, _ := d.Line(lineID)
	c := d.LineTotal(lineID)
	costs := slices.Clone(c.Units)
	if len(costs) != l.Quantity {
		// Orders from before unit costs were stored, and lines of other quantities: equal shares.
		costs = money.Allocate(c.Total, slices.Repeat([]int64{1}, l.Quantity))
	}
	if d.Totals.TaxIncluded || c.Tax == 0 {
		return costs
	}
	// Tax on top is spread in proportion to what each unit cost.
	for i, tax := range money.Allocate(c.Tax, costs) {
		costs[i] += tax
	}
	return costs
}

// ShippingCost is what was paid besides the units: shipping less its discount, with its tax. It is
// computed as the rest, so that units and shipping always add up to the total.
func (d Draft) ShippingCost() int64 {
	rest := d.Totals.Total
	for _, l := range d.Lines {
		for _, c := range d.UnitCosts(l.ID) {
			rest -= c
		}
	}
	return rest
}

// enter adds a movement with a new key and makes it due.
func (o *Order) enter(r Refund, now time.Time) {
	r.Key, r.State, r.At = o.refundKey(), payment.RefundPending, now
	// The provider is called after this is stored: see Cashier.
	o.Refunds = append(o.Refunds, r)
	o.Payment.State = PayRefunding
	o.Asked = 0
	o.await(DueRefund, now, CaptureWithin)
}

// refundKey numbers the refunds of an order; none is ever removed, so a number is used once.
func (o *Order) refundKey() string { return o.ID + "-refund-" + strconv.Itoa(len(o.Refunds)+1) }

// owed reports whether a refund has failed and no later one repeats it: the customer is still owed
// that money.
func (o *Order) owed(r Refund) bool {
	repeated := func(later Refund) bool { return later.Again == r.Key }
	return r.State == payment.RefundFailed && !slices.ContainsFunc(o.Refunds, repeated)
}

// RetryRefunds enters every refund that failed once more; changed is false when there is none.
func (o *Order) RetryRefunds(by string, now time.Time) (changed bool) {
	// Cloned, because enter appends to the list.
	for _, r := range slices.Clone(o.Refunds) {
		if o.owed(r) {
			r.Again, r.ProviderID, r.By = r.Key, "", by
			o.enter(r, now)
			changed = true
		}
	}
	return changed
}

// toReturn is the sum of the refunds on their way.
func (o *Order) toReturn() int64 {
	sum := int64(0)
	for _, r := range o.Refunds {
		if r.State == payment.RefundPending {
			sum += r.Amount
		}
	}
	return sum
}

// pending returns the first refund that waits for its outcome, nil when there is none.
func (o *Order) pending() *Refund {
	i := slices.IndexFunc(o.Refunds, func(r Refund) bool { return r.State == payment.RefundPending })
	if i < 0 {
		return nil
	}
	return &o.Refunds[i]
}

// Refunded notes what became of the refund with the key; changed is false when that was known. A refund that succeeded
// may still fail, when the bank sends it back.
func (o *Order) Refunded(key, providerID string, state payment.RefundState, now time.Time) (changed bool) {
	i := slices.IndexFunc(o.Refunds, func(r Refund) bool { return r.Key == key })
	if i < 0 || !o.Refunds[i].becomes(providerID, state) {
		return false
	}
	r := &o.Refunds[i]
	// The bank sent it back, for example because the account was closed.
	if r.State == payment.RefundSucceeded {
		o.Payment.Refunded -= r.Amount
	}
	r.State, r.ProviderID = state, cmp.Or(providerID, r.ProviderID)
	switch state {
	case payment.RefundSucceeded:
		o.Payment.Refunded += r.Amount
		o.addEntry(now, EntryRefundSent, o.Money(r.Amount).Display(), r.By)
	case payment.RefundFailed:
		o.addEntry(now, EntryRefundFailed, o.Money(r.Amount).Display(), BySystem)
	}
	o.updatePaymentState(now)
	return true
}

// becomes reports whether the outcome is news. Messages come late and twice, so a refund only moves
// forward: pending, succeeded, failed.
func (r Refund) becomes(providerID string, state payment.RefundState) bool {
	switch r.State {
	case payment.RefundPending:
		return state != payment.RefundPending || providerID != r.ProviderID
	case payment.RefundSucceeded:
		return state == payment.RefundFailed
	default:
		return false
	}
}

// updatePaymentState computes the state of the payment after a refund moved, and when to look
// again.
func (o *Order) updatePaymentState(now time.Time) {
	switch p := o.pending(); {
	case p != nil && p.ProviderID != "":
		o.Payment.State = PayRefunding
		o.await(DueRefund, now, 24*time.Hour) // the bank takes days; a webhook may come before
		return
	case p != nil:
		o.Payment.State = PayRefunding
		o.await(DueRefund, now, CaptureWithin)
		return
	// A failed refund counts more than those that went well: a person has to act on it.
	case slices.ContainsFunc(o.Refunds, o.owed):
		o.Payment.State = PayRefundFailed
	case o.Payment.Refunded >= o.cardCaptured():
		o.Payment.State = PayRefunded
	default:
		o.Payment.State = PayPartRefunded
	}
	o.rest()
}

// cardCaptured is what was taken at the provider in all, the balances of exchanges included.
func (o *Order) cardCaptured() int64 {
	sum := o.Payment.Captured
	for _, p := range o.More {
		if p.Method == refund.Card {
			sum += p.Captured
		}
	}
	return sum
}
