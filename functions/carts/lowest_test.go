package carts_test

import (
	"net/http"
	"testing"
	"time"

	"dangol/functions/carts"
	"dangol/shared/catalog"
	"dangol/shared/promotion"
)

const day = 24 * time.Hour

// sold sets since when the goods are sold at their price, and what they cost before that.
func sold(daysAgo int, currency string, past ...catalog.PricePoint) func(*catalog.Product, *catalog.Variant) {
	return func(_ *catalog.Product, v *catalog.Variant) {
		p := v.Prices[currency]
		p.Since, p.History, p.CompareAt = ago(daysAgo), past, 0
		v.Prices[currency] = p
	}
}

func ago(days int) int64 { return noon.Add(-time.Duration(days) * day).UnixMilli() }

func TestNextToAStruckThroughPriceStandsTheLowestOfThirtyDays(t *testing.T) {
	t.Parallel()
	starts, ends := noon.Add(day), noon.Add(3*day)
	for _, tt := range []struct {
		name     string
		at       time.Time
		currency string
		variants func(*catalog.Product, *catalog.Variant)
		earlier  bool // there was another sale ten days before
		unit     int64
		compare  int64 // 0 for none
		lowest   int64 // 0 for none
	}{
		{"before the sale nothing is struck through", starts.Add(-time.Second), "KRW", sold(90, "KRW"), false, 10_000, 0, 0},
		{"as it starts, what was asked before", starts, "KRW", sold(90, "KRW"), false, 8_000, 10_000, 10_000},
		{"a moment before it ends", ends.Add(-time.Second), "KRW", sold(90, "KRW"), false, 8_000, 10_000, 10_000},
		{"as it ends, nothing again", ends, "KRW", sold(90, "KRW"), false, 10_000, 0, 0},
		{"cheaper three weeks ago", starts, "KRW", sold(20, "KRW", catalog.PricePoint{Since: ago(90), Amount: 9_000}), false,
			8_000, 10_000, 9_000},
		{"cheaper two months ago", starts, "KRW", sold(60, "KRW", catalog.PricePoint{Since: ago(90), Amount: 9_000}), false,
			8_000, 10_000, 10_000},
		{"another sale ten days before", starts, "KRW", sold(90, "KRW"), true, 8_000, 10_000, 7_000},
		{"sold for a day when the sale starts", starts, "KRW", sold(0, "KRW"), false, 8_000, 10_000, 10_000},
		{"put on sale the moment it is sold at all", starts, "KRW", sold(-1, "KRW"), false, 8_000, 10_000, 0},
		{"in the currency of the cart", starts, "USD", sold(20, "USD", catalog.PricePoint{Since: ago(90), Amount: 850}),
			false, 800, 1_000, 850},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			soap := b.sell(10_000, 10, tt.variants)
			b.promote("promo_sale", promotion.SalePrice, promotion.Terms{BasisPoints: 2_000},
				func(p *promotion.Promotion) { p.Starts, p.Ends = starts, ends })
			if tt.earlier {
				b.promote("promo_was", promotion.SalePrice, promotion.Terms{BasisPoints: 3_000},
					func(p *promotion.Promotion) { p.Starts, p.Ends = noon.Add(-9*day), noon.Add(-8*day) })
			}
			b.clock.MoveTo(tt.at)
			var made begun
			b.guest.Do("POST", "/carts", map[string]any{"currency": tt.currency}).Want(http.StatusCreated).Into(&made)
			guest, path := b.guest.With("Cart-Token", made.Token), "/carts/"+made.Cart.ID
			whole(guest.Do("POST", path+"/lines", lineOf(soap, 1)))
			var c carts.Cart
			if trips := b.counted(func() { c = whole(guest.Do("GET", path, nil)) }); trips != 1 {
				t.Errorf("read in %d round trips", trips)
			}
			if trips := b.counted(func() { c = whole(guest.Do("POST", path+"/lines", lineOf(soap, 1))) }); trips != 2 {
				t.Errorf("added in %d round trips", trips)
			}
			l := c.Lines[0]
			if l.UnitPrice.Amount != tt.unit || (l.CompareAt == nil) != (tt.compare == 0) || l.CompareAt != nil &&
				l.CompareAt.Amount != tt.compare {
				t.Fatalf("price %+v instead of %+v", l.UnitPrice, l.CompareAt)
			}
			if got := l.Lowest30; (got == nil) != (tt.lowest == 0) || got != nil &&
				(got.Amount != tt.lowest || got.Currency != tt.currency) {
				t.Errorf("lowest %+v, want %d", got, tt.lowest)
			}
		})
	}
}

func TestAPriceReducedByTheShopBringsItsLowestAlong(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	soap := b.sell(10_000, 10, func(_ *catalog.Product, v *catalog.Variant) {
		p := v.Prices["KRW"]
		p.Prior = 9_500
		v.Prices["KRW"] = p
	})
	path, guest := b.begin()
	if l := whole(guest.Do("POST", path+"/lines", lineOf(soap, 1))).Lines[0]; l.CompareAt == nil || l.Lowest30 == nil ||
		l.Lowest30.Amount != 9_500 {
		t.Errorf("%+v", l)
	}
}
