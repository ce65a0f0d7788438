package returns_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"dangol/functions/returns"
	"dangol/infra/testkit/apitest"
	"dangol/infra/testkit/testshop"
	"dangol/shared/pricing"
)

// openWithTwoRates is a desk whose shop charges 8.25 % on top in the United States, 2 % on what is reduced.
func openWithTwoRates(t *testing.T) *desk {
	t.Helper()
	d := open(t)
	d.Service.Shop.Taxes = append(d.Service.Shop.Taxes, pricing.Tax{
		Country: "US", Name: "Sales tax", Rate: 825, Classes: map[string]int{"reduced": 200, "exempt": 0},
	})
	d.f.Shop = d.Service.Shop
	return d
}

func TestAnOrderKeepsTheTaxRateOfEachLine(t *testing.T) {
	t.Parallel()
	d := openWithTwoRates(t)
	rates := map[string]int{
		d.Sell(testshop.ProductSpec{Cents: 1_999, Units: 3}):                        825,
		d.Sell(testshop.ProductSpec{Cents: 777, Units: 3, TaxClass: "reduced"}):     200,
		d.Sell(testshop.ProductSpec{Cents: 500, Units: 3, TaxClass: "exempt"}):      0,
		d.Sell(testshop.ProductSpec{Cents: 3, Units: 3}):                            825, // its tax is no cent
		d.Sell(testshop.ProductSpec{Cents: 3, Units: 3, TaxClass: "unknown class"}): 825,
	}
	wants := map[string]int{}
	for variant := range rates {
		wants[variant] = 1
	}
	o := d.export(wants)
	for _, l := range o.Lines {
		if got := o.LineTotal(l.ID).TaxRate; got != rates[l.VariantID] {
			t.Errorf("a line of %d is taxed at %d, want %d", o.LineTotal(l.ID).Unit, got, rates[l.VariantID])
		}
	}
}

// The rate cannot be told from the tax: of 3 cents it is nothing at any rate. What is dearer by 10.00 owes tax on it.
func TestAnExchangeIsTaxedAtTheRateOfItsLine(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		class     string
		more, tax int64
		rate      int
	}{
		{class: "", more: 1_083, tax: 83, rate: 825},
		{class: "reduced", more: 1_020, tax: 20, rate: 200},
		{class: "exempt", more: 1_000},
	} {
		t.Run("class "+tt.class, func(t *testing.T) {
			t.Parallel()
			d := openWithTwoRates(t)
			tiny := d.Sell(testshop.ProductSpec{Cents: 3, Units: 3, TaxClass: tt.class})
			large := d.Sell(testshop.ProductSpec{Cents: 1_003, Units: 3, TaxClass: tt.class})
			other := d.Sell(testshop.ProductSpec{Cents: 5_000, Units: 3})
			o := d.export(map[string]int{tiny: 1, other: 1})
			line := back(lineOf(o, tiny), 1, "not_as_described")
			line["exchangeFor"] = large
			r := d.settle(d.approved(d.request(o, wanted("exchange", line))))
			if r.Balance.Amount.Amount != tt.more {
				t.Fatalf("%+v is asked for, want %d", r.Balance, tt.more)
			}
			d.keyed(d.ann()).Do("POST", "/returns/"+r.ID+"/balance", object{"paymentMethod": "pm_card_visa",
				"amount": object{"amount": tt.more, "currency": "USD"}}).Want(200).Into(&r)
			next := d.order(r.NewOrderID)
			var lines []pricing.TaxLine
			if tt.rate > 0 {
				lines = []pricing.TaxLine{{Name: "Sales tax", Rate: tt.rate, Amount: tt.tax}}
			}
			if diff := cmp.Diff(lines, next.Totals.TaxLines); diff != "" || next.Totals.Tax != tt.tax ||
				next.Totals.Lines[0].TaxRate != tt.rate {
				t.Errorf("tax %d, line %+v: %s", next.Totals.Tax, next.Totals.Lines[0], diff)
			}
		})
	}
}

// Goods of another class come into an order that has one rate, and none of theirs.
func TestAddedGoodsAreTaxedAtTheRateOfTheirClass(t *testing.T) {
	t.Parallel()
	d := openWithTwoRates(t)
	soap := d.Sell(testshop.ProductSpec{Cents: 2_000, Units: 3})
	food := d.Sell(testshop.ProductSpec{Cents: 1_000, Units: 3, TaxClass: "reduced"})
	book := d.Sell(testshop.ProductSpec{Cents: 400, Units: 3, TaxClass: "exempt"})
	o := d.order(d.checkOut(d.FillCartFor(apitest.Ann.Subject, testshop.Austin, map[string]int{soap: 1})).ID)
	before := o.Totals.Total
	var a returns.AdditionView
	d.keyed(d.ann()).Do("POST", "/orders/"+o.ID+"/additions", object{"lines": []object{
		{"variantId": food, "quantity": 2}, {"variantId": book, "quantity": 1}, {"variantId": soap, "quantity": 1},
	}}).Want(201).Into(&a)
	// 2 x 10.00 and 2 %, 4.00 without, 20.00 and 8.25 %.
	const want = 2_000 + 40 + 400 + 2_000 + 165
	if a.Amount.Amount != want {
		t.Fatalf("%d is asked for, want %d", a.Amount.Amount, want)
	}
	d.keyed(d.ann()).Do("POST", "/orders/"+o.ID+firstAddition+"/payment", object{"paymentMethod": "pm_card_visa",
		"amount": object{"amount": want, "currency": "USD"}}).Want(200)
	after := d.order(o.ID)
	lines := []pricing.TaxLine{
		{Name: "Sales tax", Rate: 825, Amount: o.Totals.TaxLines[0].Amount + 165},
		{Name: "Sales tax", Rate: 200, Amount: 40},
	}
	if diff := cmp.Diff(lines, after.Totals.TaxLines); diff != "" || after.Totals.Total != before+want {
		t.Errorf("the order costs %d, want %d: %s", after.Totals.Total, before+want, diff)
	}
	for variant, rate := range map[string]int{soap: 825, food: 200, book: 0} {
		for _, l := range after.Lines {
			if l.VariantID == variant && after.LineTotal(l.ID).TaxRate != rate {
				t.Errorf("%s is taxed at %d, want %d", variant, after.LineTotal(l.ID).TaxRate, rate)
			}
		}
	}
}
