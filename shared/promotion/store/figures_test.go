package store_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"dangol/shared/catalog"
	"dangol/shared/platform/civil"
	"dangol/shared/platform/table"
	"dangol/shared/promotion"
	"dangol/shared/promotion/store"
)

// count counts in one transaction, as the consumer of an event does.
func (b *bench) count(counts ...table.Write) {
	b.t.Helper()
	if err := b.store.Table.Transact(b.t.Context(), "", counts...); err != nil {
		b.t.Error(err)
	}
}

const firstDay = civil.Date("2026-08-31")

func TestOrdersOfADayThatAreCountedAtOnceAddUp(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	const orders = 12
	var all sync.WaitGroup
	for n := range orders {
		all.Go(func() {
			b.count(store.AddDaySales("prod_a", "KRW",
				promotion.DaySales{Day: firstDay, Orders: 1, Revenue: 1_000, Discounted: 100}),
				store.ShopSold("KRW", store.ShopDay{
					Day: firstDay, Orders: 1, New: n % 2, Guests: 1, Revenue: 3_000, Discounts: 100,
				}))
		})
	}
	all.Wait()
	b.count(store.AddDaySales("prod_a", "KRW",
		promotion.DaySales{Day: firstDay, Orders: -1, Revenue: -1_000, Discounted: -100}),
		store.ShopSold("KRW", store.ShopDay{Day: firstDay, Canceled: 1, Refunds: 3_000}))
	sales, err := b.store.Sales(t.Context(), "prod_a", "KRW", firstDay, firstDay)
	if want := (promotion.DaySales{Day: firstDay, Orders: 11, Revenue: 11_000, Discounted: 1_100}); err != nil ||
		len(sales) != 1 || sales[0] != want {
		t.Errorf("of the product %+v, %v; want %+v", sales, err, want)
	}
	days, err := b.store.ShopSales(t.Context(), "KRW", firstDay, firstDay)
	want := store.ShopDay{Day: firstDay, Orders: orders, New: 6, Guests: orders, Revenue: 36_000, Discounts: 1_200,
		Canceled: 1, Refunds: 3_000}
	if err != nil || len(days) != 1 || days[0] != want {
		t.Errorf("of the shop %+v, %v; want %+v", days, err, want)
	}
	if sum := want.Add(want); sum.Orders != 24 || sum.Refunds != 6_000 || sum.Day != firstDay {
		t.Errorf("two such days are %+v", sum)
	}
}

func TestSalesAreReadFromDayToDayInOneCurrency(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for n, day := range []civil.Date{"2026-08-31", "2026-09-01", "2026-09-30", "2026-10-01"} {
		for _, scope := range []string{store.TheShop, "prod_a"} {
			b.count(store.AddDaySales(scope, "KRW", promotion.DaySales{Day: day, Orders: n + 1}))
		}
		b.count(store.AddDaySales("prod_a", "USD", promotion.DaySales{Day: day, Orders: 50}))
		b.count(store.ShopSold("KRW", store.ShopDay{Day: day, Orders: n + 1}))
	}
	for _, c := range []struct {
		from, to civil.Date
		want     string
	}{
		{"2026-09-01", "2026-09-30", "2026-09-01:2 2026-09-30:3 "}, // a month, with both its ends
		{"2026-08-31", "2026-08-31", "2026-08-31:1 "},
		{"2026-10-01", "2027-10-01", "2026-10-01:4 "},
		{"2026-09-02", "2026-09-29", ""},
		{"2026-09-30", "2026-09-02", ""}, // backwards
	} {
		days, err := b.store.Sales(t.Context(), "prod_a", "KRW", c.from, c.to)
		got := ""
		for _, d := range days {
			got += fmt.Sprintf("%s:%d ", d.Day, d.Orders)
		}
		if c.from <= c.to && (err != nil || got != c.want) || c.from > c.to && got != "" {
			t.Errorf("of a product from %s to %s: %s, %v; want %s", c.from, c.to, got, err, c.want)
		}
		shop, err := b.store.ShopSales(t.Context(), "KRW", c.from, c.to)
		got = ""
		for _, d := range shop {
			got += fmt.Sprintf("%s:%d ", d.Day, d.Orders)
		}
		if c.from <= c.to && (err != nil || got != c.want) || c.from > c.to && got != "" {
			t.Errorf("of the shop from %s to %s: %s, %v; want %s", c.from, c.to, got, err, c.want)
		}
	}
}

func TestWhatAPromotionBroughtIsKeptByCurrency(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if got, err := b.store.Stats(t.Context(), limitedID); err != nil || len(got) != 0 {
		t.Errorf("before the first order: %+v, %v", got, err)
	}
	for _, s := range []store.Stats{
		{Currency: "USD", Orders: 1, Revenue: 4_500, Cost: 500},
		{Currency: "KRW", Orders: 1, Revenue: 54_000, Cost: 6_000, NewCustomers: 1},
		{Currency: "KRW", Orders: 1, Revenue: 27_000, Cost: 3_000, NewCustomers: 1},
		{Currency: "KRW", Orders: -1, Revenue: -54_000, Cost: -6_000, NewCustomers: -1}, // the first is canceled
	} {
		b.count(store.AddStats(limitedID, s))
	}
	got, err := b.store.Stats(t.Context(), limitedID)
	want := []store.Stats{
		{Currency: "KRW", Orders: 1, Revenue: 27_000, Cost: 3_000, NewCustomers: 1},
		{Currency: "USD", Orders: 1, Revenue: 4_500, Cost: 500},
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
}

// camellia is a product with one variant at 10,000 won that must not cost less than 5,000.
func camellia() *catalog.Product {
	return &catalog.Product{ID: "prod_a", Variants: []catalog.Variant{{
		ID: "var_a", Prices: map[string]catalog.Price{"KRW": {Amount: 10_000, Floor: 5_000}},
	}}}
}

func TestTheSaleThatMadeAPriceIsFoundAfterItsEnd(t *testing.T) {
	t.Parallel()
	elsewhere := sale("promo_other", 9, 2)
	elsewhere.Targets = promotion.Targets{Products: []string{"prod_b"}}
	fifth, again, open := sale("promo_fifth", 9, 5), sale("promo_again", 4, 1), sale("promo_open", 9, 0)
	deep := deeper(sale("promo_deep", 9, 6))
	for _, c := range []struct {
		name  string
		sales []promotion.Promotion
		price int64
		want  string
	}{
		{"the one that has ended", []promotion.Promotion{fifth}, 8_000, "promo_fifth"},
		{"another price than that of the sale", []promotion.Promotion{fifth}, 7_000, ""},
		{"the last of two with one price", []promotion.Promotion{fifth, again}, 8_000, "promo_again"},
		{"the last of two, listed the other way round", []promotion.Promotion{again, fifth}, 8_000, "promo_again"},
		{"the deeper one, though the other went on", []promotion.Promotion{fifth, deep}, 6_000, "promo_deep"},
		{"one that is still on", []promotion.Promotion{open}, 8_000, ""},
		{"one that ends later", []promotion.Promotion{sale("promo_s", 9, -1)}, 8_000, ""},
		{"one that ends at this moment", []promotion.Promotion{sale("promo_s", 9, 0), func() promotion.Promotion {
			p := sale("promo_now", 9, 1)
			p.Ends = noon
			return p
		}()}, 8_000, "promo_now"},
		{"one of other products", []promotion.Promotion{elsewhere}, 8_000, ""},
		{"none", nil, 8_000, ""},
	} {
		p := camellia()
		got, s := "", store.NewSnapshot(c.sales, nil).EndedSale(p, p.Variants[0], "KRW", c.price, noon)
		if s != nil {
			got = s.PromotionID
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// TestListsThatWereSortedForOneMomentServeAnother compares the names of the sets of live sales: a list of products is
// sorted by price once for each.
func TestListsThatWereSortedForOneMomentServeAnother(t *testing.T) {
	t.Parallel()
	name := func(at time.Time, sales ...promotion.Promotion) string {
		live := store.NewSnapshot(sales, nil).LiveSales(at)
		if live == nil {
			return "none"
		}
		return live.Version()
	}
	a, b := sale("promo_a", 1, -1), sale("promo_b", 1, -2)
	changed := a
	changed.Version++
	both := name(noon, a, b)
	for _, c := range []struct {
		name string
		got  string
		same bool
	}{
		{"an hour later", name(noon.Add(time.Hour), a, b), true},
		{"read in another order", name(noon, b, a), true},
		{"one more that is not on yet", name(noon, a, b, sale("promo_c", -1, -3)), true},
		{"one more that is over", name(noon, a, b, sale("promo_c", 9, 8)), true},
		{"the first is over", name(noon.Add(day), a, b), false},
		{"the first in another version", name(noon, changed, b), false},
		{"one of them alone", name(noon, b), false},
		{"one more", name(noon, a, b, sale("promo_c", 1, -1)), false},
	} {
		if (c.got == both) != c.same || c.got == "none" {
			t.Errorf("%s: %q against %q, want the same %v", c.name, c.got, both, c.same)
		}
	}
	for moment, got := range map[string]string{
		"before all": name(noon.Add(-2*day), a, b), "after all": name(noon.Add(2*day), a, b), "without sales": name(noon),
		"with a promotion that is no sale": name(noon, promo("promo_cart")),
	} {
		if got != "none" {
			t.Errorf("%s: %q, want none", moment, got)
		}
	}
}

func TestAListHasTheRangeOfPricesThatTheSaleLeaves(t *testing.T) {
	t.Parallel()
	card := catalog.Summary{ID: "prod_a", Variants: 2, Prices: map[string]catalog.PriceRange{
		"KRW": {Min: 6_000, Max: 8_000, Floor: 5_000}, "USD": {Min: 600, Max: 600},
	}}
	live := store.NewSnapshot([]promotion.Promotion{deeper(sale("promo_a", 1, -1))}, nil).LiveSales(noon)
	if r, onSale := live.PriceRange(&card, "KRW"); !onSale || r.Min != 5_000 || r.Max != 5_000 {
		t.Errorf("%+v on sale %v; want 5,000, which is the floor", r, onSale)
	}
	over := store.NewSnapshot([]promotion.Promotion{func() promotion.Promotion {
		p := sale("promo_b", 1, -1)
		p.Targets = promotion.Targets{Products: []string{"prod_b"}}
		return p
	}()}, nil).LiveSales(noon)
	if r, onSale := over.PriceRange(&card, "KRW"); onSale || r.Min != 6_000 || r.Max != 8_000 {
		t.Errorf("%+v on sale %v, of a sale of other products", r, onSale)
	}
}
