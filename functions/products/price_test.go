package products

import (
	"testing"
	"time"

	"dangol/shared/money"
	"dangol/shared/promotion"
	"dangol/shared/promotion/store"
)

const aDay = 24 * time.Hour

// price sets the price some days after the last change.
func (s *shop) price(d ProductDocument, days int, amount, compareAt int64) ProductDocument {
	s.Helper()
	s.clock.Advance(time.Duration(days) * aDay)
	d.Variants[0].Prices = map[string]PriceDocument{"KRW": {Amount: amount, CompareAt: compareAt}}
	return s.put(d)
}

func TestLowestPriceOfThirtyDays(t *testing.T) {
	t.Parallel()
	type step struct {
		days              int
		amount, compareAt int64
	}
	for _, tt := range []struct {
		name  string
		steps []step // from 12,000
		want  int64  // 0 for none
	}{
		{"not reduced: none is shown", []step{{40, 10000, 0}}, 0},
		{"a first reduction: the price before", []step{{40, 9000, 12000}}, 12000},
		{"reduced on the first day of sale: the price before", []step{{0, 9000, 12000}}, 12000},
		{"raised shortly before: the lower price of those days counts", []step{{100, 15000, 0}, {10, 11000, 15000}}, 12000},
		{"raised more than 30 days before: only what was in force", []step{{100, 15000, 0}, {31, 11000, 15000}}, 15000},
		{"a sale three weeks ago counts", []step{{100, 8000, 12000}, {3, 12000, 0}, {20, 9000, 12000}}, 8000},
		{"a sale two months ago does not", []step{{100, 8000, 12000}, {3, 12000, 0}, {60, 9000, 12000}}, 12000},
		{"a struck-through price alone is a reduction told anew", []step{{40, 9000, 0}, {10, 9000, 12000}}, 9000},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			d := s.create(cream("cream"))
			for _, st := range tt.steps {
				d = s.price(d, st.days, st.amount, st.compareAt)
			}
			s.clock.Advance(5 * aDay)
			v := s.page("cream").Variants[0]
			if got := v.LowestPrice30; (got == nil) != (tt.want == 0) || got != nil && got.Amount != tt.want {
				t.Fatalf("got %+v, want %d", got, tt.want)
			}
		})
	}
}

func TestNoLowestPriceForGoodsThatBeginReduced(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.create(cream("cream").variant("prices", won(9000, 12000)))
	if v := s.page("cream").Variants[0]; v.CompareAt.Amount != 12000 || v.LowestPrice30 != nil {
		t.Fatalf("%+v", v)
	}
}

// TestACurrencyTakenAwayForADayKeepsItsPast reduces a price that was raised while the product was not sold in won.
func TestACurrencyTakenAwayForADayKeepsItsPast(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	d := s.create(cream("cream"))
	s.clock.Advance(60 * aDay)
	d.Variants[0].Prices = map[string]PriceDocument{"USD": {Amount: 900}}
	d = s.put(d)
	d = s.price(d, 1, 15_000, 0)
	s.price(d, 5, 13_000, 15_000)
	for where, got := range map[string]int64{
		"page": amountOf(s.page("cream").Variants[0].LowestPrice30), "list": amountOf(s.card("currency=KRW").LowestPrice30),
	} {
		if got != 12_000 {
			t.Errorf("%s: %d, want 12000", where, got)
		}
	}
}

func TestPriceHistory(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	d := s.create(cream("cream"))
	d = s.price(d, 1, 10000, 12000)
	d.Vendor = "단골"
	d = s.put(d)
	s.clock.Advance(aDay)
	d.Variants[0].Prices = map[string]PriceDocument{"USD": {Amount: 900}}
	d = s.put(d)
	var got struct{ Changes []PriceChange }
	s.merchant.Do("GET", "/products/"+d.ID+"/price-history", nil).Want(200).Into(&got)
	c := got.Changes
	if len(c) != 3 || c[0].Previous.Amount != 12000 || c[0].Price.Amount != 10000 || c[0].Price.CompareAt != 12000 ||
		c[1].Currency != "KRW" || c[1].Price != nil || c[2].Currency != "USD" || c[2].Previous != nil ||
		c[2].Price.Amount != 900 {
		t.Fatalf("%+v", c)
	}
	s.merchant.Do("GET", "/products/"+d.ID+"/price-history?since=2026-05-03T00:00:00Z", nil).Want(200).Into(&got)
	if len(got.Changes) != 2 {
		t.Fatalf("%+v", got)
	}
	s.merchant.Do("GET", "/products/"+d.ID+"/price-history?since=2030-01-01T00:00:00Z", nil).Want(200).Into(&got)
	if len(got.Changes) != 0 {
		t.Fatalf("%+v", got)
	}
	s.merchant.Do("GET", "/products/"+d.ID+"/price-history?since=yesterday", nil).WantField("query/since")
}

// discounts puts a sale of a tenth on everything into the catalog.
func (s *shop) discounts(id string, starts, ends time.Time) {
	s.Helper()
	promotions := store.Store{Table: s.table, Clock: s.clock}
	r := &store.Record{Promotion: promotion.Promotion{
		ID: id, Version: 1, Kind: promotion.SalePrice, Class: promotion.Product, State: promotion.Scheduled, Starts: starts,
		Ends:    ends,
		Targets: promotion.Targets{All: true}, Terms: promotion.Terms{BasisPoints: 1_000},
	}}
	if err := s.table.Put(s.Context(), promotions.Create(r)); err != nil {
		s.Fatal(err)
	}
}

func (s *shop) card(query string) ProductSummary {
	s.Helper()
	var l ProductList
	s.api.Do("GET", "/products?"+query, nil).Want(200).Into(&l)
	if len(l.Products) == 0 {
		return ProductSummary{}
	}
	return l.Products[0]
}

func TestPageAndListShowTheSameLowestPrice(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	d := s.create(cream("cream"))
	starts := opening.Add(60 * aDay)
	s.discounts("promo_was", starts.Add(-10*aDay), starts.Add(-9*aDay))
	s.discounts("promo_now", starts, starts.Add(aDay))
	shown := func(when string, price, compareAt, lowest int64) {
		t.Helper()
		v, card := s.page("cream").Variants[0], s.card("currency=KRW")
		for where, got := range map[string][]int64{
			"page": {v.Price.Amount, amountOf(v.CompareAt), amountOf(v.LowestPrice30)},
			"list": {card.Price.Amount, amountOf(card.CompareAt), amountOf(card.LowestPrice30)},
		} {
			if got[0] != price || got[1] != compareAt || got[2] != lowest {
				t.Errorf("%s, on the %s: %v, want %v", when, where, got, []int64{price, compareAt, lowest})
			}
		}
	}
	s.clock.MoveTo(starts.Add(-time.Second))
	shown("before", 12_000, 0, 0)
	s.clock.MoveTo(starts)
	shown("during", 10_800, 12_000, 10_800)
	s.clock.MoveTo(starts.Add(aDay))
	shown("after", 12_000, 0, 0)
	s.price(d, 1, 11_000, 12_000)
	shown("reduced by the shop", 11_000, 12_000, 10_800)
	s.clock.Advance(400 * aDay)
	shown("and a year later, when the sales are long forgotten", 11_000, 12_000, 10_800)
}

func amountOf(v *money.Formatted) int64 {
	if v == nil {
		return 0
	}
	return v.Amount
}
