package catalog_test

import (
	"context"
	"testing"
	"time"

	"dangol/shared/catalog"
	"dangol/shared/stock"
)

type ctx = context.Context

func (s *shop) variants(cache *catalog.Cache, ids ...string) map[string]catalog.SellableVariant {
	s.Helper()
	items, err := cache.Variants(s.Context(), ids)
	if err != nil {
		s.Fatal(err)
	}
	return items
}

// set stores a gift set of two of each product's first variant.
func (s *shop) set(parts ...*catalog.Product) *catalog.Product {
	s.Helper()
	p := s.product("set", 30000)
	for _, part := range parts {
		p.Variants[0].Components = append(p.Variants[0].Components,
			catalog.Component{VariantID: part.Variants[0].ID, Quantity: 2})
	}
	return s.add(p, 0)
}

func first(p *catalog.Product) string { return p.Variants[0].ID }

func TestGoods(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	cream, soap := s.add(s.product("cream", 12000), 9), s.add(s.product("soap", 5000), 5)
	drop := s.product("drop", 1)
	drop.Variants[0].Edition = &catalog.Edition{OpensAt: opening, Buckets: 7}
	s.add(drop, 10)
	free := s.product("free", 0)
	free.Variants[0].Untracked = true
	s.add(free, 0)
	back := s.product("back", 1)
	back.Variants[0].Backorder = true
	s.add(back, 0)
	set := s.set(cream, soap)
	mixed := s.set2(cream, free)
	cache := catalog.NewCache(s.table, s.clock, 0)
	items := s.variants(cache, first(cream), first(soap), first(drop), first(free), first(back), first(set), first(mixed),
		"var_nonsense",
		catalog.VariantID(cream.ID, 7), catalog.VariantID(s.product("gone", 1).ID, 0))
	want := map[string]int{
		first(cream): 9, first(soap): 5, first(drop): 10, first(free): catalog.Unlimited, first(back): catalog.Unlimited,
		first(set): 2, first(mixed): 4,
	}
	if len(items) != len(want) {
		t.Fatalf("%d items, want %d", len(items), len(want))
	}
	for id, n := range want {
		if items[id].Available != n || items[id].Product == nil {
			t.Errorf("%s: %d, want %d", items[id].Product.Handle, items[id].Available, n)
		}
	}
	if w := items[first(set)].StockRequests(3); len(w) != 2 || w[0].Quantity != 6 {
		t.Errorf("3 sets want %+v", w)
	}
	if w := items[first(drop)].StockRequests(1); len(w) != 1 || w[0].Buckets != 7 {
		t.Errorf("a limited edition wants %+v", w)
	}
	if w := items[first(mixed)].StockRequests(1); len(w) != 1 {
		t.Errorf("an untracked part wants %+v", w)
	}
}

func (s *shop) set2(parts ...*catalog.Product) *catalog.Product {
	s.Helper()
	p := s.product("set2", 1)
	for _, part := range parts {
		p.Variants[0].Components = append(p.Variants[0].Components,
			catalog.Component{VariantID: part.Variants[0].ID, Quantity: 2})
	}
	return s.add(p, 0)
}

func TestGoodsRoundTrips(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	cream, soap := s.add(s.product("cream", 12000), 9), s.add(s.product("soap", 5000), 5)
	set := s.set(cream, soap)
	trips := func(cache *catalog.Cache, p ...*catalog.Product) int {
		var ids []string
		for _, p := range p {
			ids = append(ids, first(p))
		}
		return s.cost(func(ctx ctx) error { _, err := cache.Variants(ctx, ids); return err }).Trips
	}
	cold := func() *catalog.Cache { return catalog.NewCache(s.table, s.clock, 2*time.Second) }
	if got := trips(cold(), cream, soap); got != 1 {
		t.Errorf("several products, cold: %d", got)
	}
	if got := trips(cold(), set); got != 2 {
		t.Errorf("a gift set, cold: %d", got)
	}
	warm := cold()
	trips(warm, set)
	if got := trips(warm, set, cream, soap); got != 0 {
		t.Errorf("fresh: %d", got)
	}
	s.clock.Advance(2 * time.Second)
	if got := trips(warm, set, cream); got != 1 {
		t.Errorf("a gift set once seen: %d", got)
	}
}

func TestShelfShowsSalesAndChangesWhenItsFreshnessEnds(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	p := s.add(s.product("cream", 12000), 9)
	cache := catalog.NewCache(s.table, s.clock, 2*time.Second)
	s.variants(cache, first(p))
	p = s.change(p, func(p *catalog.Product) { p.Variants[0].Prices = won(9000) })
	if err := stock.Set(t.Context(), s.table, first(p), 1, 1, opening); err != nil {
		t.Fatal(err)
	}
	if item := s.variants(cache, first(p))[first(p)]; item.Available != 9 {
		t.Fatalf("%+v", item)
	}
	fresh, err := cache.ConsistentVariants(t.Context(), []string{first(p)})
	if err != nil || fresh[first(p)].Available != 1 || fresh[first(p)].Variant.Prices["KRW"].Amount != 9000 {
		t.Fatalf("%+v %v", fresh, err)
	}
	if item := s.variants(cache, first(p))[first(p)]; item.Available != 1 {
		t.Fatal("what Fresh has read stays in the cache")
	}
	if err := stock.Set(t.Context(), s.table, first(p), 1, 4, opening); err != nil {
		t.Fatal(err)
	}
	cache.Invalidate(p)
	if item := s.variants(cache, first(p))[first(p)]; item.Available != 4 {
		t.Fatalf("%+v", item)
	}
}

func TestAVariantThatTookBucketsIsReadWhole(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	p := s.add(s.product("cream", 1), 4)
	cache := catalog.NewCache(s.table, s.clock, time.Second)
	s.variants(cache, first(p))
	p = s.change(p, func(p *catalog.Product) { p.Variants[0].Edition = &catalog.Edition{OpensAt: opening, Buckets: 4} })
	if err := stock.Set(t.Context(), s.table, first(p), 4, 40, opening); err != nil {
		t.Fatal(err)
	}
	s.clock.Advance(time.Second)
	if item := s.variants(cache, first(p))[first(p)]; item.Available != 40 {
		t.Fatalf("%d", item.Available)
	}
}

func TestASetWhosePartIsGoneCannotBeSold(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	cream, soap := s.add(s.product("cream", 1), 9), s.add(s.product("soap", 1, 2), 9)
	set := s.set(cream, soap)
	s.change(soap, func(p *catalog.Product) { p.Variants = p.Variants[1:] })
	if item := s.variants(catalog.NewCache(s.table, s.clock, 0), first(set))[first(set)]; item.Available != 0 {
		t.Fatalf("%+v", item)
	}
}

func TestProductWithAllItsVariants(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	p := s.add(s.product("cream", 1, 2, 3), 6)
	cache := catalog.NewCache(s.table, s.clock, 0)
	got, items, err := cache.Product(t.Context(), p.ID)
	if err != nil || got.Handle != "cream" || len(items) != 3 || items[p.Variants[2].ID].Available != 6 {
		t.Fatalf("%+v %v %v", got, items, err)
	}
	if got, _, err := cache.Product(t.Context(), s.product("gone", 1).ID); got != nil || err != nil {
		t.Fatal(got, err)
	}
}
