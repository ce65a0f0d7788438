package order_test

import (
	"testing"

	"dangol/shared/order"
	"dangol/shared/pricing"
)

func TestTheListPriceIsThatOutsideSales(t *testing.T) {
	t.Parallel()
	o := &order.Order{}
	o.Totals.Lines = []pricing.LineTotal{{ID: "ln_a", Unit: 9_000, Quantity: 2, Subtotal: 18_000, Total: 15_000}}
	for name, c := range map[string]struct {
		line order.Line
		want int64
	}{
		"of the catalog":       {order.Line{ID: "ln_a", Quantity: 2}, 9_000},
		"in a sale":            {order.Line{ID: "ln_a", Quantity: 2, Sale: "promo_1", Saved: 2_000}, 10_000},
		"of a subscription":    {order.Line{ID: "ln_a", Quantity: 2, Box: true, Saved: -2_000}, 8_000},
		"of a gift":            {order.Line{ID: "ln_a", Quantity: 2, Gift: "promo_1", Saved: 2_000}, 9_000},
		"of what is taken off": {order.Line{ID: "ln_a"}, 9_000},
	} {
		if got := o.ListPrice(c.line); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

func TestOnlyACheckoutIsAPurchase(t *testing.T) {
	t.Parallel()
	bought, box, swap := &order.Order{}, &order.Order{}, &order.Order{Origin: "exchange"}
	bought.Lines = []order.Line{{ID: "ln_a"}}
	box.Lines = []order.Line{{ID: "ln_a"}, {ID: "ln_b", Box: true}}
	if !bought.Bought() || box.Bought() || swap.Bought() {
		t.Errorf("bought %v, delivery %v, exchange %v", bought.Bought(), box.Bought(), swap.Bought())
	}
}
