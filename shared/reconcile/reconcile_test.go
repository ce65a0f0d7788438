package reconcile_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"dangol/shared/invoice"
	"dangol/shared/money"
	"dangol/shared/order"
	"dangol/shared/payment"
	"dangol/shared/pricing"
	"dangol/shared/reconcile"
	"dangol/shared/refund"
	"dangol/shared/stock"

	"pgregory.net/rapid"
)

func won(n int64) money.Money { return money.Of(n, "KRW") }

// taken is a captured payment of which some went back.
func taken(id string, captured, refunded int64) payment.Payment {
	return payment.Payment{
		ID: id, State: payment.StateCaptured, Amount: won(captured), Captured: won(captured), Refunded: won(refunded),
	}
}

// paid is an order over 12,000 won that a checkout made, with what a test changes.
func paid(change ...func(*order.Order)) *order.Order {
	o := &order.Order{
		ID: "ord_1", State: order.Placed, CheckoutID: "chk_1",
		Payment: order.Payment{ID: "pay_1", Key: "chk_1", State: order.PayCaptured, Amount: 12_000, Captured: 12_000},
	}
	o.Totals = order.Totals{Totals: pricing.Totals{Total: 12_000, Currency: "KRW"}}
	for _, c := range change {
		c(o)
	}
	return o
}

func refunded(amount int64, state payment.RefundState) func(*order.Order) {
	return func(o *order.Order) {
		o.Refunds = append(o.Refunds, order.Refund{Key: "ord_1-refund-1", Amount: amount, State: state, ProviderID: "re_1"})
	}
}

func canceled(o *order.Order) { o.State = order.Canceled }

// wants fails the test unless the differences are of these kinds, in this order.
func wants(t *testing.T, found []reconcile.Difference, kinds ...reconcile.Kind) {
	t.Helper()
	got := []reconcile.Kind{}
	for _, d := range found {
		got = append(got, d.Kind)
	}
	if fmt.Sprint(got) != fmt.Sprint(append([]reconcile.Kind{}, kinds...)) {
		t.Errorf("found %v, want %v", found, kinds)
	}
}

// byCredit makes 2,000 won of what was paid store credit.
func byCredit(o *order.Order) {
	o.Payment.Captured = 10_000
	o.More = append(o.More, order.MorePayment{ID: order.CreditPayment, Method: refund.StoreCredit, Captured: 2_000})
}

func TestAnOrderByItself(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		order *order.Order
		want  []reconcile.Kind
	}{
		{"paid in full", paid(), nil},
		{"paid by card and store credit", paid(byCredit), nil},
		{"paid too little", paid(func(o *order.Order) { o.Payment.Captured = 11_999 }),
			[]reconcile.Kind{reconcile.OrderNotPaid}},
		{"not captured yet", paid(func(o *order.Order) { o.Payment.State, o.Payment.Captured = order.PayAuthorized, 0 }),
			nil},
		{"canceled, its stock given back", paid(canceled), nil},
		{"canceled with stock", paid(canceled, func(o *order.Order) {
			o.Allocations = append(o.Allocations, stock.Allocation{VariantID: "v", Quantity: 1})
		}), []reconcile.Kind{reconcile.StockNotReleased}},
		{"canceled with store credit", paid(canceled, byCredit), []reconcile.Kind{reconcile.CanceledNotRefunded}},
		{"canceled, its store credit given back", paid(canceled, byCredit, func(o *order.Order) {
			o.Refunds = append(o.Refunds, order.Refund{Method: refund.StoreCredit, Amount: 2_000,
				State: payment.RefundSucceeded})
		}), nil},
		{"sent by a subscription, which its invoice paid for", paid(func(o *order.Order) {
			o.CheckoutID, o.Payment.Key, o.Payment.Captured = "sub_1#2", "sub_1#2", 5_000
		}), nil},
	} {
		t.Run(c.name, func(t *testing.T) { t.Parallel(); wants(t, reconcile.Order(c.order), c.want...) })
	}
}

func TestAPaymentAgainstItsOrder(t *testing.T) {
	t.Parallel()
	voided := payment.Payment{ID: "pay_1", State: payment.StateVoided, Amount: won(12_000), Captured: won(0)}
	for _, c := range []struct {
		name    string
		order   *order.Order
		payment payment.Payment
		want    []reconcile.Kind
	}{
		{"both say the same", paid(), taken("pay_1", 12_000, 0), nil},
		{"the provider took less", paid(), taken("pay_1", 11_000, 0), []reconcile.Kind{reconcile.CaptureDiffers}},
		{"the provider let it go", paid(), voided, []reconcile.Kind{reconcile.CaptureDiffers}},
		{"a refund that only the books have", paid(refunded(2_000, payment.RefundSucceeded)), taken("pay_1", 12_000, 0),
			[]reconcile.Kind{reconcile.RefundMissing}},
		{"a refund that both have", paid(refunded(2_000, payment.RefundSucceeded)), taken("pay_1", 12_000, 2_000), nil},
		{"a refund that failed moved nothing", paid(refunded(2_000, payment.RefundFailed)), taken("pay_1", 12_000, 0), nil},
		{"more went back than this order knows: another order paid with it", paid(), taken("pay_1", 12_000, 1), nil},
		{"canceled and kept", paid(canceled), taken("pay_1", 12_000, 0), []reconcile.Kind{reconcile.CanceledNotRefunded}},
		{"canceled, the refund is on its way", paid(canceled, refunded(12_000, payment.RefundPending)),
			taken("pay_1", 12_000, 0), nil},
		{"canceled and given back", paid(canceled, refunded(12_000, payment.RefundSucceeded)),
			taken("pay_1", 12_000, 12_000), nil},
		{"a second payment that names the order and is kept", paid(), taken("pay_2", 12_000, 0),
			[]reconcile.Kind{reconcile.MoneyWithoutOrder}},
		{"a second payment that names the order and went back", paid(), taken("pay_2", 12_000, 12_000), nil},
		{"the payment of what was added later", paid(func(o *order.Order) {
			o.More = append(o.More, order.MorePayment{ID: "add-1", Method: refund.Card, ProviderID: "pay_2", Captured: 3_000})
		}), taken("pay_2", 3_000, 0), nil},
	} {
		t.Run(c.name, func(t *testing.T) { t.Parallel(); wants(t, reconcile.OrderPayment(c.order, c.payment), c.want...) })
	}
}

func TestARefundAgainstItsOrder(t *testing.T) {
	t.Parallel()
	made := func(key string, amount int64, state payment.RefundState) payment.Refund {
		return payment.Refund{ID: "re_9", Key: key, PaymentID: "pay_1", Amount: won(amount), State: state}
	}
	known := paid(refunded(2_000, payment.RefundSucceeded))
	for _, c := range []struct {
		name   string
		refund payment.Refund
		want   []reconcile.Kind
	}{
		{"known by its key", made("ord_1-refund-1", 2_000, payment.RefundSucceeded), nil},
		{"still on its way at the bank", made("ord_1-refund-1", 2_000, payment.RefundPending), nil},
		{"another amount", made("ord_1-refund-1", 2_001, payment.RefundSucceeded), []reconcile.Kind{reconcile.RefundDiffers}},
		{"came back from the bank", made("ord_1-refund-1", 2_000, payment.RefundFailed),
			[]reconcile.Kind{reconcile.RefundDiffers}},
		{"nobody asked for it", made("", 500, payment.RefundSucceeded), []reconcile.Kind{reconcile.RefundUnknown}},
		{"under a key of ours that the order does not have", made("ord_1-refund-7", 500, payment.RefundSucceeded),
			[]reconcile.Kind{reconcile.RefundUnknown}},
		{"unknown, and failed: nothing moved", made("", 500, payment.RefundFailed), nil},
	} {
		t.Run(c.name, func(t *testing.T) { t.Parallel(); wants(t, reconcile.OrderRefund(known, c.refund), c.want...) })
	}
	taken := made("", 2_000, payment.RefundSucceeded)
	taken.ID = "re_1"
	wants(t, reconcile.OrderRefund(known, taken)) // made at the console and taken over
	late := made("late-1", 9_000, payment.RefundSucceeded)
	late.PaymentID = "pay_2"
	wants(t, reconcile.OrderRefund(known, late)) // of a payment that came too late to be the order's
}

func TestAnInvoiceAgainstItsPayments(t *testing.T) {
	t.Parallel()
	bill := func(state invoice.State, total int64) invoice.Invoice {
		i := invoice.Invoice{State: state, PaymentID: "pay_1"}
		i.Number, i.Currency, i.Total = "INV-2026-000001", "KRW", total
		return i
	}
	declined := payment.Payment{ID: "pay_0", State: payment.StateDeclined, Amount: won(10_000)}
	for _, c := range []struct {
		name    string
		invoice invoice.Invoice
		made    []payment.Payment
		want    []reconcile.Kind
	}{
		{"declined once, then paid", bill(invoice.Paid, 10_000), []payment.Payment{declined, taken("pay_1", 10_000, 0)},
			nil},
		{"paid, and part of it credited later", bill(invoice.Paid, 10_000), []payment.Payment{taken("pay_1", 10_000, 4_000)},
			nil},
		{"paid in the books only", bill(invoice.Paid, 10_000), []payment.Payment{declined},
			[]reconcile.Kind{reconcile.InvoiceNotPaid}},
		{"paid by account credit", bill(invoice.Paid, 0), nil, nil},
		{"paid by account credit and charged", bill(invoice.Paid, 0), []payment.Payment{taken("pay_1", 1, 0)},
			[]reconcile.Kind{reconcile.InvoiceNotOwed}},
		{"charged twice", bill(invoice.Paid, 10_000),
			[]payment.Payment{taken("pay_1", 10_000, 0), taken("pay_2", 10_000, 0)},
			[]reconcile.Kind{reconcile.ChargedTwice}},
		{"charged twice, the second went back", bill(invoice.Paid, 10_000),
			[]payment.Payment{taken("pay_1", 10_000, 0), taken("pay_2", 10_000, 10_000)}, nil},
		{"another amount", bill(invoice.Paid, 10_000), []payment.Payment{taken("pay_1", 9_000, 0)},
			[]reconcile.Kind{reconcile.CaptureDiffers}},
		{"void and kept", bill(invoice.Void, 10_000), []payment.Payment{taken("pay_2", 10_000, 0)},
			[]reconcile.Kind{reconcile.InvoiceNotOwed}},
		{"open and charged", bill(invoice.Open, 10_000), []payment.Payment{taken("pay_2", 10_000, 0)},
			[]reconcile.Kind{reconcile.InvoiceNotOwed}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			wants(t, reconcile.Invoice(c.invoice, c.made), c.want...)
		})
	}
}

func TestNumbersThatStandNextToEachOther(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		before, after string
		missing       bool
	}{
		{"INV-2026-000001", "INV-2026-000002", false},
		{"INV-2026-999999", "INV-2026-1000000", false},
		{"", "INV-2026-000001", false},
		{"", "INV-2026-000002", true},
		{"INV-2026-000001", "INV-2026-000003", true},
		{"INV-2026-000002", "INV-2026-000002", true},
		{"INV-2026-000005", "INV-2026-000001", true},
		{"CN-2026-000001", "INV-2026-000002", true},
		{"", "INV-2026", true},
	} {
		if got := reconcile.Gap(c.before, c.after); (len(got) > 0) != c.missing {
			t.Errorf("%q then %q: %v", c.before, c.after, got)
		}
	}
}

func TestAnOpenPaymentIsLeftAloneForAsLongAsAReservationHolds(t *testing.T) {
	t.Parallel()
	made := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	held := payment.Payment{ID: "pay_1", State: payment.StateAuthorized, Amount: won(1), CreatedAt: made}
	wants(t, reconcile.Left("x", held, made.Add(reconcile.OpenFor-time.Second)))
	wants(t, reconcile.Left("x", held, made.Add(reconcile.OpenFor)), reconcile.PaymentLeftOpen)
	held.State = payment.StateVoided
	wants(t, reconcile.Left("x", held, made.Add(reconcile.OpenFor)))
}

// TestAFingerprintFindsEveryIDThatOnlyOneWalkSaw: the ids of two walks, seen in any order, leave nothing when they are
// the same, and lead to each that is not in both.
func TestAFingerprintFindsEveryIDThatOnlyOneWalkSaw(t *testing.T) {
	t.Parallel()
	id := rapid.StringMatching(`pay_[a-z0-9]{6}`)
	rapid.Check(t, func(t *rapid.T) {
		both := rapid.SliceOfNDistinct(id, 0, 200, rapid.ID[string]).Draw(t, "both")
		extra := rapid.SliceOfNDistinct(rapid.StringMatching(`only_[a-z0-9]{6}`), 0, 5, rapid.ID[string]).Draw(t, "extra")
		var f reconcile.Fingerprint
		for _, one := range both {
			f.Add(one)
		}
		for _, one := range rapid.Permutation(both).Draw(t, "order") {
			f.Remove(one)
		}
		if !f.Empty() {
			t.Fatal("the same ids leave something")
		}
		for n, one := range extra {
			if n%2 == 0 {
				f.Add(one)
			} else {
				f.Remove(one)
			}
		}
		if f.Empty() != (len(extra) == 0) {
			t.Fatalf("empty is %v with %v", f.Empty(), extra)
		}
		for _, one := range extra {
			if !f.Unmatched(one) {
				t.Fatalf("%s is not found", one)
			}
		}
	})
}

func TestADifferenceReadsLikeASentence(t *testing.T) {
	t.Parallel()
	d := reconcile.Difference{
		Kind: reconcile.CaptureDiffers, Subject: "ord_1", PaymentID: "pay_1", Currency: "KRW", Books: 12_000,
		Provider: 11_000, Note: "look",
	}
	for _, part := range []string{"capture_differs", "ord_1", "pay_1", "12000", "11000", "look"} {
		if !strings.Contains(strings.ReplaceAll(d.String(), ",", ""), part) {
			t.Errorf("no %s in %q", part, d)
		}
	}
}
