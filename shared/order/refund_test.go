package order_test

import (
	"testing"

	"pgregory.net/rapid"

	"dangol/shared/money"
	"dangol/shared/order"
	"dangol/shared/payment"
	"dangol/shared/pricing"
	"dangol/shared/refund"
)

// costly draws an order with uneven unit costs, discounts, shipping, and tax in the price or on top.
func costly(t *rapid.T) *order.Order {
	o := bought(order.PayCaptured, rapid.SliceOfN(rapid.IntRange(1, 4), 1, 4).Draw(t, "quantities")...)
	o.Totals.TaxIncluded = rapid.Bool().Draw(t, "tax included")
	o.Totals.Total, o.Totals.Tax = 0, 0
	for i := range o.Totals.Lines {
		l := &o.Totals.Lines[i]
		l.Total = rapid.Int64Range(0, 100_000).Draw(t, "line total")
		if rapid.Bool().Draw(t, "units known") {
			l.Units = money.Allocate(l.Total, make([]int64, l.Quantity))
		}
		l.Tax = rapid.Int64Range(0, l.Total/5).Draw(t, "tax")
		o.Totals.Total += l.Total
		o.Totals.Tax += l.Tax
	}
	shippingTax := rapid.Int64Range(0, 300).Draw(t, "shipping tax")
	o.Totals.Total += o.Totals.Shipping
	if o.Totals.Tax += shippingTax; !o.Totals.TaxIncluded {
		o.Totals.Total += o.Totals.Tax
	}
	o.Payment.Amount, o.Payment.Captured = o.Totals.Total, o.Totals.Total
	return o
}

func TestUnitsAndShippingAddUpToWhatWasPaid(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		o := costly(t)
		sum := o.ShippingCost()
		for _, l := range o.Lines {
			costs := o.UnitCosts(l.ID)
			if len(costs) != l.Quantity {
				t.Fatalf("%d costs for %d units", len(costs), l.Quantity)
			}
			for _, c := range costs {
				if sum += c; c < 0 {
					t.Fatalf("a unit cost %d", c)
				}
			}
		}
		if sum != o.Totals.Total || o.ShippingCost() < 0 {
			t.Fatalf("units and shipping (%d) make %d, the order cost %d", o.ShippingCost(), sum, o.Totals.Total)
		}
	})
}

func TestTheLedgerNeverGivesBackMoreThanWasTakenAndNoUnitTwice(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		o := costly(t)
		for range rapid.IntRange(1, 8).Draw(t, "refunds") {
			ask := refund.Request{Units: map[string]int{}, Shipping: rapid.Int64Range(-10, 4_000).Draw(t, "shipping")}
			for _, l := range o.Lines {
				if rapid.Bool().Draw(t, "of this line") {
					ask.Units[l.ID] = rapid.IntRange(-1, l.Quantity+1).Draw(t, "units")
				}
			}
			before := len(o.Refunds)
			if _, err := o.GiveRefund(ask, refund.Canceled, "damaged", order.ByShop, noon); err != nil &&
				len(o.Refunds) != before {
				t.Fatalf("refused (%v) and entered", err)
			}
			settleOne(t, o)
			checkLedger(t, o)
		}
		if changed, err := o.Cancel("rest", order.ByShop, noon); err != nil || !changed {
			t.Fatalf("cancel: %v", err)
		}
		checkLedger(t, o)
		if sum := o.RefundLedger().Refunded(); sum != o.Payment.Captured {
			t.Fatalf("canceled, and %d of %d goes back", sum, o.Payment.Captured)
		}
	})
}

// settleOne lets the provider answer for one of the refunds, if it does.
func settleOne(t *rapid.T, o *order.Order) {
	if len(o.Refunds) == 0 || !rapid.Bool().Draw(t, "provider answers") {
		return
	}
	r := rapid.SampledFrom(o.Refunds).Draw(t, "which")
	o.Refunded(r.Key, "re_1", rapid.SampledFrom([]payment.RefundState{
		payment.RefundPending, payment.RefundSucceeded, payment.RefundFailed}).Draw(t, "outcome"), noon)
	if rapid.Bool().Draw(t, "retried") {
		o.RetryRefunds(order.ByShop, noon)
	}
}

func checkLedger(t *rapid.T, o *order.Order) {
	seen, keys := map[refund.UnitRef]bool{}, map[string]bool{}
	for _, e := range o.Ledger {
		for _, u := range e.Units {
			if seen[u] {
				t.Fatalf("unit %v goes back twice", u)
			}
			seen[u] = true
		}
	}
	repeated := map[string]bool{}
	for _, r := range o.Refunds {
		repeated[r.Again] = true
	}
	moved, succeeded := int64(0), int64(0)
	for _, r := range o.Refunds {
		if keys[r.Key] {
			t.Fatalf("key %s stands twice", r.Key)
		}
		keys[r.Key] = true
		if r.Amount <= 0 {
			t.Fatalf("a refund of %d", r.Amount)
		}
		if !repeated[r.Key] {
			moved += r.Amount // of a refund and its repetitions one can succeed
		}
		if r.State == payment.RefundSucceeded {
			succeeded += r.Amount
		}
	}
	given := o.RefundLedger().Refunded()
	if moved != given || given > o.Payment.Captured || succeeded != o.Payment.Refunded {
		t.Fatalf("moved %d, ledger %d of %d; %d succeeded, the order says %d", moved, given, o.Payment.Captured, succeeded,
			o.Payment.Refunded)
	}
}

func TestWhereTheMoneyIsAfterARefund(t *testing.T) {
	t.Parallel()
	all := refund.Request{Units: map[string]int{"line_1": 2}, Shipping: 3_000}
	for _, c := range []struct {
		name     string
		ask      refund.Request
		outcomes []payment.RefundState
		want     order.PayState
		due      bool
	}{
		{"on its way", all, nil, order.PayRefunding, true},
		{"at the bank", all, []payment.RefundState{payment.RefundPending}, order.PayRefunding, true},
		{"all of it", all, []payment.RefundState{payment.RefundSucceeded}, order.PayRefunded, false},
		{"one unit", refund.Request{Units: map[string]int{"line_1": 1}}, []payment.RefundState{payment.RefundSucceeded},
			order.PayPartRefunded, false},
		{"refused", all, []payment.RefundState{payment.RefundFailed}, order.PayRefundFailed, false},
		{"sent back by the bank a day later", all, []payment.RefundState{payment.RefundSucceeded, payment.RefundFailed},
			order.PayRefundFailed, false},
		{"a late message about an end that is known", all,
			[]payment.RefundState{payment.RefundFailed, payment.RefundSucceeded}, order.PayRefundFailed, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o := bought(order.PayCaptured, 2)
			if _, err := o.GiveRefund(c.ask, refund.Returned, "damaged", order.ByShop, noon); err != nil {
				t.Fatal(err)
			}
			for _, outcome := range c.outcomes {
				o.Refunded(o.Refunds[0].Key, "re_1", outcome, noon)
			}
			if o.Payment.State != c.want || (o.Shard != "") != c.due {
				t.Fatalf("payment %s, due %q; want %s, %v", o.Payment.State, o.Shard, c.want, c.due)
			}
		})
	}
}

func TestAFailedRefundIsOwedUntilItIsRepeated(t *testing.T) {
	t.Parallel()
	o := bought(order.PayCaptured, 3)
	enter := func(ask refund.Request, outcome payment.RefundState) {
		t.Helper()
		if _, err := o.GiveRefund(ask, refund.Returned, "damaged", order.ByShop, noon); err != nil {
			t.Fatal(err)
		}
		o.Refunded(o.Refunds[len(o.Refunds)-1].Key, "re_1", outcome, noon)
	}
	enter(refund.Request{Units: map[string]int{"line_1": 1}}, payment.RefundFailed)
	enter(refund.Request{Shipping: 1_000}, payment.RefundSucceeded)
	if o.Payment.State != order.PayRefundFailed {
		t.Fatalf("payment %s although a unit is owed", o.Payment.State)
	}
	if !o.RetryRefunds(order.ByShop, noon) || o.RetryRefunds(order.ByShop, noon) {
		t.Fatal("a failed refund is repeated once")
	}
	o.Refunded(o.Refunds[2].Key, "re_2", payment.RefundSucceeded, noon)
	if o.Payment.State != order.PayPartRefunded || o.Payment.Refunded != 2_000 {
		t.Fatalf("payment %s, %d refunded although nothing is owed", o.Payment.State, o.Payment.Refunded)
	}
}

func TestARefundNeedsMoneyThatWasTaken(t *testing.T) {
	t.Parallel()
	o := bought(order.PayAuthorized, 1)
	if _, err := o.GiveRefund(refund.Request{Shipping: 1}, refund.Gesture, "x", order.ByShop,
		noon); codeOf(err) != "nothing_captured" {
		t.Fatalf("got %v", err)
	}
	free := bought(order.PayCaptured, 1)
	free.Totals, free.Payment.Captured = order.Totals{Totals: pricing.Totals{Currency: "KRW"}}, 0
	if changed, err := free.Cancel("x", order.ByCustomer, noon); err != nil || !changed || len(free.Refunds) != 0 {
		t.Fatalf("canceling what cost nothing: %v, %d refunds", err, len(free.Refunds))
	}
}

func TestGoodwillIsBoundedByWhatIsLeft(t *testing.T) {
	t.Parallel()
	o := bought(order.PayCaptured, 2) // 5,000 with shipping
	for _, c := range []struct {
		amount int64
		code   string
	}{{0, "refund_invalid"}, {-1, "refund_invalid"}, {5_001, refund.TooMuch}, {2_000, ""}, {3_001, refund.TooMuch}, {3_000,
		""}, {1, refund.TooMuch}} {
		if err := o.GiveGoodwill(c.amount, "sorry", order.ByShop, noon); codeOf(err) != c.code {
			t.Errorf("%d: %v, want %q", c.amount, err, c.code)
		}
	}
}

func TestACanceledReturnFreesItsUnits(t *testing.T) {
	t.Parallel()
	o := bought(order.PayCaptured, 1)
	q, err := o.QuoteRefund(refund.Request{Units: map[string]int{"line_1": 1}})
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Book(q.Entry("ret_1"), noon); err != nil {
		t.Fatal(err)
	}
	if _, err := o.QuoteRefund(refund.Request{Units: map[string]int{"line_1": 1}}); codeOf(err) != refund.UnitsGone {
		t.Fatalf("a unit is in two returns: %v", err)
	}
	o.Unreserve("ret_1", refund.Terms{}, noon)
	o.Unreserve("ret_1", refund.Terms{}, noon)
	if got, err := o.QuoteRefund(refund.Request{Units: map[string]int{"line_1": 1}}); err != nil ||
		got.Refund != q.Refund {
		t.Fatalf("%d, %v; want %d", got.Refund, err, q.Refund)
	}
	if len(o.Refunds) != 0 {
		t.Fatalf("%d refunds were sent", len(o.Refunds))
	}
}
