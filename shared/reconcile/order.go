package reconcile

import (
	"fmt"
	"strings"

	"dangol/shared/order"
	"dangol/shared/payment"
	"dangol/shared/refund"
)

// Order checks an order by itself: a canceled one holds no stock and no store credit, and a live one whose money was
// taken was paid in full.
func Order(o *order.Order) (found []Difference) {
	if o.State == order.Canceled && len(o.Allocations) > 0 {
		found = append(found, Difference{
			Kind: StockNotReleased, Subject: o.ID, Note: fmt.Sprintf("canceled and holds %d allocations", len(o.Allocations)),
		})
	}
	if used, back := credit(o); o.State == order.Canceled && back < used {
		found = append(found, Difference{
			Kind: CanceledNotRefunded, Subject: o.ID, Currency: o.Totals.Currency, Books: back, Provider: used,
			Note: "store credit that paid for it did not come back",
		})
	}
	if paid := taken(o); bought(o) && o.State != order.Canceled && paid != o.Totals.Total {
		found = append(found, Difference{
			Kind: OrderNotPaid, Subject: o.ID, PaymentID: o.Payment.ID, Currency: o.Totals.Currency, Books: o.Totals.Total,
			Provider: paid, Note: "the order's payments do not add up to its total",
		})
	}
	return found
}

// bought reports whether a checkout made the order and its money has been taken. What subscriptions send and what
// exchanges send is paid for elsewhere.
func bought(o *order.Order) bool {
	switch o.Payment.State {
	case order.PayAuthorized, order.PayFailed, order.PayReleasing, order.PayReleased:
		return false
	}
	return OfCheckout(o) && o.Origin == ""
}

// taken is the sum of an order's payments, store credit included.
func taken(o *order.Order) int64 {
	sum := o.Payment.Captured
	for _, p := range o.More {
		sum += p.Captured
	}
	return sum
}

// credit is what of an order was paid by store credit, and what of it has come back.
func credit(o *order.Order) (used, back int64) {
	for _, p := range o.More {
		if p.Method == refund.StoreCredit {
			used += p.Captured
		}
	}
	for _, r := range o.Refunds {
		if r.Method == refund.StoreCredit && r.State == payment.RefundSucceeded {
			back += r.Amount
		}
	}
	return used, back
}

// OfCheckout reports whether the order's main payment was made at a checkout, whose id is then the payment's key. What
// a subscription sends has the payment of its invoice, or none.
func OfCheckout(o *order.Order) bool {
	return o.Payment.ID != "" && o.Payment.Key == o.CheckoutID && strings.HasPrefix(o.CheckoutID, checkoutPrefix)
}

// checkoutPrefix begins the ids of checkouts. The package checkout is not imported for it: it needs carts and prices.
const checkoutPrefix = "chk_"

// OrderPayment holds a payment that names the order against the order. A payment that has not come to its end is no
// difference yet: see Settled.
func OrderPayment(o *order.Order, p payment.Payment) (found []Difference) {
	say := func(kind Kind, books, provider int64, note string) {
		found = append(found, Difference{
			Kind: kind, Subject: o.ID, PaymentID: p.ID, Currency: p.Amount.Currency, Books: books, Provider: provider,
			Note: note,
		})
	}
	books, ok := paidBy(o, p.ID)
	if !ok {
		return Unclaimed(o.ID, p)
	}
	if p.State == payment.StateCaptured && books != p.Captured.Amount {
		say(CaptureDiffers, books, p.Captured.Amount, "")
	}
	if p.State.Failed() && books > 0 {
		say(CaptureDiffers, books, 0, "the payment is "+string(p.State))
	}
	back, pending := refunds(o, p.ID)
	// Less at the provider than in the books. More is found by the refunds themselves: another order may have given a
	// part of this payment back, one that an exchange made.
	if back > p.Refunded.Amount {
		say(RefundMissing, back, p.Refunded.Amount, "")
	}
	if kept := p.Refundable(); o.State == order.Canceled && kept > 0 && !pending {
		say(CanceledNotRefunded, 0, kept, "")
	}
	return found
}

// paidBy is what the order's books say was taken with a payment; ok is false for a payment that is not of the order.
func paidBy(o *order.Order, paymentID string) (amount int64, ok bool) {
	if o.Payment.ID == paymentID {
		return o.Payment.Captured, true
	}
	for _, m := range o.More {
		if m.ProviderID == paymentID && m.Method == refund.Card {
			amount, ok = amount+m.Captured, true
		}
	}
	return amount, ok
}

// refunds is what the order's books say has gone back on a payment, and whether more is on its way.
func refunds(o *order.Order, paymentID string) (back int64, pending bool) {
	for _, r := range o.Refunds {
		if r.Method == refund.StoreCredit || on(o, r) != paymentID {
			continue
		}
		switch r.State {
		case payment.RefundSucceeded:
			back += r.Amount
		case payment.RefundPending:
			pending = true
		}
	}
	return back, pending
}

// on is the provider's id of the payment that a refund of the order goes back on.
func on(o *order.Order, r order.Refund) string {
	if r.PaymentID != "" {
		return r.PaymentID
	}
	return o.Payment.ID
}

// OrderRefund holds a refund that the provider made against the order that it names. Refunds that were asked for by
// nobody here, at the provider's console, are known by the provider's id once they were taken over.
func OrderRefund(o *order.Order, r payment.Refund) []Difference {
	for _, books := range o.Refunds {
		if books.Key == r.Key || books.ProviderID == r.ID {
			return Refund(o.ID, BookedRefund{Amount: books.Amount, State: books.State}, r)
		}
	}
	// A payment that came too late to be one of the order's was given back by a task of its own: see Unclaimed.
	if _, ok := paidBy(o, r.PaymentID); !ok && r.Key != "" {
		return nil
	}
	return UnknownRefund(o.ID, r)
}
