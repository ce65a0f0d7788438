package order_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"dangol/shared/order"
	"dangol/shared/pricing"
	"dangol/shared/refund"
	"dangol/shared/stock"
)

// wanted draws goods that are to be added to an order.
func wanted(t *rapid.T) (goods []order.AddedVariant) {
	for i, q := range rapid.SliceOfN(rapid.IntRange(1, 3), 1, 3).Draw(t, "added") {
		id := fmt.Sprintf("ln_add1_%d", i+1)
		goods = append(goods, order.AddedVariant{
			Line:    order.Line{ID: id, VariantID: "var_" + id, ProductID: "prod_2", Title: "Oil", Quantity: q},
			List:    rapid.Int64Range(1, 99_999).Draw(t, "price"),
			TaxRate: rapid.SampledFrom([]int{0, 700, 1_000, 1_900}).Draw(t, "rate"),
		})
	}
	return goods
}

// TestWhatIsAddedKeepsTheSums adds goods to an order, with the tax in the price or on top, in won or dollars: units and
// shipping still make the total, what is paid is what the total grew by, and everything that was paid can go back, in
// any pieces, to the unit.
func TestWhatIsAddedKeepsTheSums(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		o := costly(t)
		o.Totals.Currency = rapid.SampledFrom([]string{"KRW", "USD"}).Draw(t, "currency")
		untold := o.Totals.Tax
		if rate := rapid.IntRange(0, 2_500).Draw(t, "rate"); rate > 0 {
			o.Totals.TaxLines, untold = []pricing.TaxLine{{Name: "Tax", Rate: rate, Amount: o.Totals.Tax}}, 0
		}
		before, shipping := o.Totals.Total, o.ShippingCost()
		a := o.PriceAdded(wanted(t), "Tax")
		paid := order.MorePayment{ID: "addition-1", ProviderID: "pay_2", Captured: a.Amount}
		if err := o.AddLines(a, []stock.Allocation{{VariantID: "var_2", Quantity: 1}}, &paid, order.ByCustomer,
			noon); err != nil {
			t.Fatal(err)
		}
		sum := o.ShippingCost()
		for _, l := range o.Lines {
			for _, c := range o.UnitCosts(l.ID) {
				sum += c
			}
		}
		if sum != o.Totals.Total || o.ShippingCost() != shipping || o.Totals.Total-before != a.Amount {
			t.Fatalf("units and shipping (%d) make %d of %d; %d was paid for what is added", o.ShippingCost(), sum,
				o.Totals.Total, a.Amount)
		}
		byRate := int64(0)
		for i, l := range o.Totals.TaxLines {
			byRate += l.Amount
			if i > 0 && l.Rate >= o.Totals.TaxLines[i-1].Rate {
				t.Fatalf("rates are not in order, or twice: %+v", o.Totals.TaxLines)
			}
		}
		// The order drawn here may have a tax and no line of it; what is added has its lines.
		if taxed := o.Totals.Tax - untold; byRate != taxed {
			t.Fatalf("tax %d, by rate %d: %+v", taxed, byRate, o.Totals.TaxLines)
		}
		returnAll(t, o)
		if got := o.RefundLedger().Refunded(); got != before+a.Amount {
			t.Fatalf("all of it came back, and %d of %d goes back", got, before+a.Amount)
		}
	})
}

// returnAll returns the units of an order in pieces, the shipping with the last.
func returnAll(t *rapid.T, o *order.Order) {
	for round := range 20 {
		ask, left := refund.Request{Units: map[string]int{}}, 0
		for _, l := range o.Lines {
			n := len(o.RefundLedger().UnitsLeft(l.ID))
			take := rapid.IntRange(0, n).Draw(t, "units")
			if round == 19 {
				take = n // the last round takes the rest
			}
			if left += n - take; take > 0 {
				ask.Units[l.ID] = take
			}
		}
		if left == 0 {
			ask.Shipping = o.RefundLedger().ShippingLeft()
		}
		if len(ask.Units) > 0 || left == 0 {
			q, err := o.QuoteRefund(ask)
			if err != nil || q.Refund < 0 {
				t.Fatalf("%+v: %v", q, err)
			}
			if err := o.Book(q.Entry(o.NextEntry()), noon); err != nil {
				t.Fatal(err)
			}
		}
		if left == 0 {
			return
		}
	}
}

func TestNothingIsAddedToAnOrderThatIsShippedCanceledUnpaidOrFull(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(*order.Order)
		code   string
	}{
		{"placed", func(*order.Order) {}, ""},
		{"partly shipped", func(o *order.Order) { o.State = order.PartlyFulfilled }, "order_shipped"},
		{"delivered", func(o *order.Order) { o.State = order.Delivered }, "order_shipped"},
		{"canceled", func(o *order.Order) { o.State = order.Canceled }, "order_canceled"},
		{"not captured yet", func(o *order.Order) { o.Payment.State = order.PayAuthorized }, "payment_not_captured"},
		{"full", func(o *order.Order) { o.Lines = append(o.Lines, make([]order.Line, 150)...) }, "too_many_lines"},
	} {
		o := bought(order.PayCaptured, 1)
		c.change(o)
		if err := o.CanAdd(1); codeOf(err) != c.code {
			t.Errorf("%s: %v, want %q", c.name, err, c.code)
		}
	}
}
