package subscription

import (
	"time"

	"dangol/shared/platform/civil"
)

// do takes the news that the stock of a cycle could not be reserved. News of another cycle is old.
func (c StockFailed) do(r *run) error {
	if c.Key != r.cycleKey() || r.s.State == Ended || r.s.Span.Kind != SpanPaid || !r.s.Terms.delivers() {
		return nil
	}
	if r.s.Stock == nil {
		r.s.Stock = &Shortage{Since: r.today()}
	}
	w := r.s.Stock
	w.Tries++
	w.RetryAt = time.Time{}
	if o := r.s.Open; o != nil && o.InFlight {
		// The charge comes after the hold, so this attempt was never made.
		o.InFlight, o.CheckAt = false, time.Time{}
		o.Attempt--
	}
	r.event(EventStockOut, "", 0)
	r.skipDelivery()
	return nil
}

// outOfStock reports whether a cycle waits for its goods.
func (s *Subscription) outOfStock() bool { return s.Stock != nil && !s.Stock.RetryAt.IsZero() }

// skipDelivery follows the plan's policy for a shortage. It is not a failed payment and has a
// counter of its own: the subscriber did nothing wrong, so no dunning begins.
func (r *run) skipDelivery() {
	w, p := r.s.Stock, r.s.Terms.Policy
	action := p.Stock.Do
	// The substitutes are out of stock too.
	if action == StockSubstitute && (w.Substituted || len(p.Substitutes) == 0) {
		action = StockSkip
	}
	tomorrow := r.s.Terms.hour(civil.DateAt(r.at, r.s.zone()).Add(1), r.s.zone())
	// Waiting ends after the policy's days, and in any case with the cycle it is for.
	if action == StockWait && (!tomorrow.Before(r.s.days(w.Since.Start(r.s.zone()), p.Stock.WaitDays+1)) ||
		!tomorrow.Before(r.s.Span.End)) {
		action = StockSkip
	}
	if action == StockWait && r.s.Open != nil && r.s.Open.Session != nil && r.s.Unbegun {
		action = StockSkip // who subscribes is there and gets an answer; their card cannot be charged without them yet
	}
	if action != StockWait || w.Tries == 1 { // a wait is told once, not each day
		r.notice(Notice{
			Kind: NoticeOutOfStock, Date: r.s.Span.Opens, Reason: string(action), Situation: r.shortageSituation(action),
		})
	}
	switch action {
	case StockWait:
		w.RetryAt = tomorrow
	case StockSubstitute:
		w.Substituted = true
		if r.s.Open != nil {
			r.session = r.s.Open.Session // the same request goes on
		}
		r.restock()
	default:
		r.leaveOut(action)
	}
}

// restock tries to reserve the stock again and continues where it stopped: with the charge, or with
// the delivery of a cycle that is paid.
func (r *run) restock() {
	r.s.Stock.RetryAt = time.Time{}
	if r.s.Open != nil {
		r.collect()
		return
	}
	r.send()
}

// leaveOut passes over the cycle: an unpaid one is not charged; a paid one moves to the end or is
// given back.
func (r *run) leaveOut(action StockAction) {
	p := &r.s.Span
	paid := r.s.Open == nil
	if !paid {
		r.void("out of stock")
	} else {
		r.s.Cycles--
		r.emit(ReleaseStock{Key: r.cycleKey()})
	}
	price := p.Price
	// The span stays, so that the days have no hole, but it costs nothing and counts for nothing.
	p.Kind, p.Price, p.Paid = SpanSkipped, 0, true
	r.s.Stock = nil
	r.event(EventSkipped, "out of stock", 0)
	switch {
	case !paid:
	case action == StockRefund:
		r.refund(price, "out of stock")
	// A prepaid cycle is sent later instead.
	case r.s.Terms.Prepaid > 1:
		r.s.PrepaidLeft++
	default:
		r.credit(price, 0, "out of stock")
	}
	switch r.s.State {
	case Starting:
		// The first parcel cannot be sent, so the subscription has no beginning.
		r.end(EndNothingToBuy)
	case PastDue, Suspended:
		r.s.State = Active
	}
}
