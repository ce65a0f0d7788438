package returns

import (
	"slices"
	"time"

	"dangol/shared/order"
	"dangol/shared/refund"
	"dangol/shared/returnpolicy"
	"dangol/shared/rma"
)

// The shipping to the customer goes back when no goods are kept. A return that is open may still come to nothing, so
// its goods count as kept for all others: the shipping goes back with the return that is settled last.

// outboundBack reports whether the law, the policy or a fault gives the shipping to the customer back with each of the
// lines. One line without a right to it is enough for none: shipping is not divided among lines.
func outboundBack(decisions []returnpolicy.Decision, w Wanted) bool {
	for i, d := range decisions {
		fault := returnpolicy.Reason(w.Lines[i].Reason).Fault()
		if !fault && !d.Law.OutboundBack && d.Rule.Outbound != returnpolicy.OutboundWhole {
			return false
		}
	}
	return true
}

// shippingBack is what goes back of the shipping to the customer with those units: all that is left when no goods are
// kept. later is what goes back when the goods of other open returns have come back too.
func (f facts) shippingBack(units map[string]int) (now, later int64) {
	ledger := f.order.RefundLedger()
	kept, open := 0, 0
	// Gifts may be kept: they were not paid for.
	for _, l := range f.order.Lines {
		if l.Gift == "" {
			left := len(ledger.UnitsLeft(l.ID))
			kept += left - units[l.ID]
			open += ledger.UnitsKept(l.ID) - left
		}
	}
	switch {
	case kept > 0:
		return 0, 0
	case open > 0:
		return 0, ledger.ShippingLeft()
	}
	return ledger.ShippingLeft(), 0
}

// nothingKept reports whether everything of the order that was paid for has come back.
func nothingKept(o *order.Order) bool {
	ledger := o.RefundLedger()
	return !slices.ContainsFunc(o.Lines, func(l order.Line) bool { return l.Gift == "" && ledger.UnitsKept(l.ID) > 0 })
}

// giveShipping gives what is left of the shipping to the customer back with a refund that has just been paid out, when
// no goods are kept any more. It was not quoted, because other returns were open then. It is an entry of its own, so
// that what was promised stays what it is; figures get the amount.
func giveShipping(r *rma.RMA, o *order.Order, figures *rma.Figures, now time.Time) error {
	left := o.RefundLedger().ShippingLeft()
	if !r.OutboundBack || left == 0 {
		return nil
	}
	if !nothingKept(o) {
		return nil
	}
	q, err := o.QuoteRefund(refund.Request{Shipping: left, Terms: r.Terms})
	if err != nil || q.Refund == 0 {
		return err
	}
	e := q.Entry(r.ID + "-shipping")
	e.Kind, e.To, e.Reason, e.By = refund.Returned, destination(r.Resolution), "shipping", rma.BySystem
	if err := o.Book(e, now); err != nil {
		return err
	}
	o.PayOut(e.Key, now)
	figures.Refund += q.Refund
	figures.Parts = append(figures.Parts, q.Parts...)
	return nil
}
