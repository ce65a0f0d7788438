package order

import (
	"cmp"
	"time"

	"dangol/shared/cart"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/promotion/store"
	"dangol/shared/stock"
)

// Cancel cancels an order of which nothing has been shipped: the money goes back, or is never taken. changed is false
// when it was canceled before; then the shop may try a refund that failed once more. Errors: 409 order_shipped.
func (o *Order) Cancel(reason, by string, now time.Time) (changed bool, err error) {
	switch {
	// Canceling again is how the shop retries a refund that failed.
	case o.State == Canceled && o.Payment.State == PayRefundFailed && by == ByShop:
		return o.RetryRefunds(by, now), nil
	case o.State == Canceled:
		return false, nil
	case o.State != Placed:
		return false, problem.Conflict("order_shipped",
			"Some of this order has been shipped; it can be returned, not canceled.")
	}
	if err := problem.CheckText(reason, 0, maxReason, "/reason"); err != nil {
		return false, err
	}
	o.State, o.Reason = Canceled, reason
	o.addEntry(now, EntryCanceled, "", by)
	if o.Payment.State == PayAuthorized {
		// The store credit was taken at checkout, so it is given back now. The reservation on the
		// card is let go and not refunded.
		o.refundRest(reason, by, now) // what was paid by store credit
		o.Payment.State, o.Asked = PayReleasing, 0
		o.await(DueRefund, now, CaptureWithin)
		return true, nil
	}
	o.refundRest(reason, by, now)
	return true, nil
}

// ReleaseWrites plans the return of stock, of what promotions counted and of lifetime counters, for the transaction
// that ends a purchase. Counters that are no longer there refuse; such a write can be left out, because nobody counts
// by it any more.
func (d Draft) ReleaseWrites() []table.Write {
	writes := append(stock.Release(d.Allocations), store.ReleaseUses(d.Uses)...)
	if len(d.Counted) == 0 {
		return writes
	}
	return append(writes, d.uncounts(d.limitedPurchases())...)
}

// limitedPurchases is what the order has counted of limits.
func (d Draft) limitedPurchases() []cart.LimitedPurchase {
	counted := make([]cart.LimitedPurchase, len(d.Counted))
	for i, c := range d.Counted {
		counted[i] = cart.LimitedPurchase{VariantID: c.VariantID, Quantity: c.Quantity}
	}
	return counted
}

// uncounts are the writes that take off what was counted, wherever it was.
func (d Draft) uncounts(back []cart.LimitedPurchase) []table.Write {
	writes := []table.Write{cart.UncountPurchases(d.counter(), back)}
	if d.CountedAlso != "" {
		writes = append(writes, cart.UncountPurchases(d.CountedAlso, back))
	}
	return writes
}

// counter is whose lifetime counters the order went onto: the customer's, or those of the mail address that a guest
// gave at the checkout.
func (d Draft) counter() string {
	return cmp.Or(d.CountedFor, cart.CounterOf(d.CustomerID, d.Email))
}
