package order

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"dangol/shared/money"
	"dangol/shared/payment"
	"dangol/shared/platform/problem"
)

// Refund is one line of the ledger of what goes back. The key is written down before the provider is asked, so the same
// refund is never asked for under two keys.
type Refund struct {
	Key        string              `json:"key"` // for the provider
	Amount     int64               `json:"amount"`
	Shipping   int64               `json:"shipping,omitempty"` // part of Amount that is not units
	Units      []Unit              `json:"units,omitempty"`
	State      payment.RefundState `json:"state"`
	ProviderID string              `json:"providerId,omitempty"` // once the provider knows of it
	Reason     string              `json:"reason"`
	By         string              `json:"by"`
	At         time.Time           `json:"at"`
}

// Unit is one unit of a line, counted from 0, and what it really cost: its price less its discounts, with its tax.
type Unit struct {
	LineID string `json:"lineId"`
	N      int    `json:"n"`
	Amount int64  `json:"amount"`
}

// Back is what is to be given back: units by line, and an amount for shipping in minor units.
type Back struct {
	Units    map[string]int
	Shipping int64
}

// UnitCosts is what each unit of a line really cost, tax included. The units of all lines and ShippingCost add up to the
// order's total.
func (d Draft) UnitCosts(lineID string) []int64 {
	l, _ := d.Line(lineID)
	c := d.Cost(lineID)
	costs := slices.Clone(c.Units)
	if len(costs) != l.Quantity {
		costs = money.Allocate(c.Total, slices.Repeat([]int64{1}, l.Quantity))
	}
	if d.Totals.TaxIncluded || c.Tax == 0 {
		return costs
	}
	for i, tax := range money.Allocate(c.Tax, costs) {
		costs[i] += tax
	}
	return costs
}

// ShippingCost is what was paid besides the units: shipping less its discount, with its tax.
func (d Draft) ShippingCost() int64 {
	rest := d.Totals.Total
	for _, l := range d.Lines {
		for _, c := range d.UnitCosts(l.ID) {
			rest -= c
		}
	}
	return rest
}

// AddRefund enters a refund of some units and some of the shipping into the ledger; Cashier then asks the provider. Each
// unit goes back once, shipping never beyond what it cost, and all refunds together never beyond what was captured. Errors:
// 409 nothing_captured, 422 refund_too_large.
func (o *Order) AddRefund(b Back, reason, by string, now time.Time) (*Refund, error) {
	if o.Payment.Captured == 0 {
		return nil, problem.Conflict("nothing_captured", "Nothing has been paid that could be given back.")
	}
	r := Refund{Shipping: b.Shipping, Amount: b.Shipping, Reason: reason, By: by, At: now}
	for lineID, n := range b.Units {
		left := o.unitsLeft(lineID)
		if n < 0 || n > len(left) {
			return nil, tooLarge("line %s has %d units left to refund", lineID, len(left))
		}
		for _, u := range left[:n] {
			r.Units = append(r.Units, u)
			r.Amount += u.Amount
		}
	}
	if b.Shipping < 0 || b.Shipping > o.shippingLeft() {
		return nil, tooLarge("shipping has %d left to refund", o.shippingLeft())
	}
	if r.Amount <= 0 || r.Amount > o.refundable() {
		return nil, tooLarge("between 1 and %d can be refunded", o.refundable())
	}
	slices.SortFunc(r.Units, compareUnits)
	return o.enter(r, now), nil
}

func tooLarge(format string, args ...any) *problem.Problem {
	return problem.New(422, "refund_too_large", format, args...)
}

func compareUnits(a, b Unit) int { return cmp.Or(cmp.Compare(a.LineID, b.LineID), a.N-b.N) }

// refundRest enters a refund of all that was captured and has not gone back, or nothing when there is none.
func (o *Order) refundRest(reason, by string, now time.Time) {
	rest := o.refundable()
	if rest <= 0 {
		return
	}
	r := Refund{Amount: rest, Reason: reason, By: by, At: now}
	units := int64(0)
	for _, l := range o.Lines {
		for _, u := range o.unitsLeft(l.ID) {
			r.Units = append(r.Units, u)
			units += u.Amount
		}
	}
	r.Shipping = rest - units
	o.enter(r, now)
}

func (o *Order) enter(r Refund, now time.Time) *Refund {
	r.Key = o.ID + "-refund-" + strconv.Itoa(len(o.Refunds)+1)
	r.State = payment.RefundPending
	o.Refunds = append(o.Refunds, r)
	o.Payment.State = PayRefunding
	o.Asked = 0
	o.await(DueRefund, now, CaptureWithin)
	return &o.Refunds[len(o.Refunds)-1]
}

// owed reports whether a refund has failed and no later one has made it good.
func (o *Order) owed(r Refund) bool {
	if r.State != payment.RefundFailed {
		return false
	}
	unpaid := func(u Unit) bool { return slices.Contains(o.unitsLeft(u.LineID), u) }
	return slices.ContainsFunc(r.Units, unpaid) || o.ShippingCost()-o.shippingLeft() < r.Shipping
}

// unitsLeft are the units of a line that no refund has given back. A refund that failed gives its units free again.
func (o *Order) unitsLeft(lineID string) []Unit {
	gone := map[int]bool{}
	for _, r := range o.live() {
		for _, u := range r.Units {
			if u.LineID == lineID {
				gone[u.N] = true
			}
		}
	}
	var left []Unit
	for n, cost := range o.UnitCosts(lineID) {
		if !gone[n] {
			left = append(left, Unit{LineID: lineID, N: n, Amount: cost})
		}
	}
	return left
}

func (o *Order) shippingLeft() int64 {
	left := o.ShippingCost()
	for _, r := range o.live() {
		left -= r.Shipping
	}
	return left
}

// refundable is what was captured and has neither gone back nor is on its way.
func (o *Order) refundable() int64 {
	left := o.Payment.Captured
	for _, r := range o.live() {
		left -= r.Amount
	}
	return left
}

// toReturn is what is on its way back.
func (o *Order) toReturn() int64 {
	sum := int64(0)
	for _, r := range o.Refunds {
		if r.State == payment.RefundPending {
			sum += r.Amount
		}
	}
	return sum
}

func (o *Order) live() []Refund {
	return slices.DeleteFunc(slices.Clone(o.Refunds), func(r Refund) bool { return r.State == payment.RefundFailed })
}

// pending returns the first refund that waits for its outcome, nil when there is none.
func (o *Order) pending() *Refund {
	i := slices.IndexFunc(o.Refunds, func(r Refund) bool { return r.State == payment.RefundPending })
	if i < 0 {
		return nil
	}
	return &o.Refunds[i]
}

// Refunded notes what became of the refund with the key; changed is false when that was known. A refund that succeeded may
// still fail, when the bank sends it back.
func (o *Order) Refunded(key, providerID string, state payment.RefundState, now time.Time) (changed bool) {
	i := slices.IndexFunc(o.Refunds, func(r Refund) bool { return r.Key == key })
	if i < 0 || !o.Refunds[i].becomes(providerID, state) {
		return false
	}
	r := &o.Refunds[i]
	if r.State == payment.RefundSucceeded {
		o.Payment.Refunded -= r.Amount
	}
	r.State, r.ProviderID = state, cmp.Or(providerID, r.ProviderID)
	switch state {
	case payment.RefundSucceeded:
		o.Payment.Refunded += r.Amount
		o.tell(now, RefundSent, o.Money(r.Amount).Display(), r.By)
	case payment.RefundFailed:
		o.tell(now, RefundFailed, o.Money(r.Amount).Display(), BySystem)
	}
	o.reckon(now)
	return true
}

// becomes reports whether the outcome is news. Messages come late and twice, so the ledger moves forwards only.
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

// reckon works out where the money is after a refund moved.
func (o *Order) reckon(now time.Time) {
	switch p := o.pending(); {
	case p != nil && p.ProviderID != "":
		o.Payment.State = PayRefunding
		o.await(DueRefund, now, 24*time.Hour) // the bank takes days; a webhook may come before
		return
	case p != nil:
		o.Payment.State = PayRefunding
		o.await(DueRefund, now, CaptureWithin)
		return
	case slices.ContainsFunc(o.Refunds, o.owed):
		o.Payment.State = PayRefundFailed
	case o.Payment.Refunded >= o.Payment.Captured:
		o.Payment.State = PayRefunded
	default:
		o.Payment.State = PayPartRefunded
	}
	o.rest()
}
