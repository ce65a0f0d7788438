package catalog_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"dangol/shared/catalog"
	"dangol/shared/platform/id"
	"dangol/shared/platform/table"
	"dangol/shared/stock"
)

// TestAccessPatternsCostWhatTheySay measures every row of AccessPatterns on the engine, and fails for a row that
// nothing measures.
func TestAccessPatternsCostWhatTheySay(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	p := s.add(s.product("cream", 12000), 9)
	v := p.Variants[0]
	keys := stock.Keys([]stock.Request{{VariantID: v.ID, Quantity: 1, Buckets: 1}})
	listing, minute := catalog.NewListing(s.table, s.clock, 0), catalog.NewListing(s.table, s.clock, time.Minute)
	cache := catalog.NewCache(s.table, s.clock, time.Minute)
	list := func(l *catalog.Listing) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := l.List(ctx, catalog.ListQuery{Limit: 20})
			return err
		}
	}
	for _, l := range []*catalog.Listing{listing, minute} {
		if err := list(l)(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	replace := func(how func(*catalog.Product)) func(context.Context) error {
		return func(ctx context.Context) error {
			after := p.Clone()
			after.Version, after.UpdatedAt = p.Version+1, p.UpdatedAt.Add(time.Second)
			how(after)
			before := p
			p = after
			return catalog.Replace(ctx, s.table, before, after, nil)
		}
	}
	variants := func(ctx context.Context) error {
		_, err := cache.Variants(ctx, []string{v.ID})
		return err
	}
	var together []catalog.ProductChange
	for i := range 16 {
		together = append(together, s.made(fmt.Sprint("together", i), 5, 1000))
	}
	measured := []struct {
		name string
		do   func(context.Context) error
	}{
		{"product by id", func(ctx context.Context) error { _, err := catalog.Get(ctx, s.table, p.ID); return err }},
		{"product by id, a second old",
			func(ctx context.Context) error { _, err := catalog.Peek(ctx, s.table, p.ID); return err }},
		{"list, all products read already", list(listing)},
		{"list, not older than its freshness", list(minute)},
		{"goods with stock (cache, cold)", variants},
		{"goods with stock (cache, fresh)", variants},
		{"goods with stock, strongly",
			func(ctx context.Context) error { _, err := cache.ConsistentVariants(ctx, []string{v.ID}); return err }},
		{"create a product with one counter", func(ctx context.Context) error {
			return catalog.Create(ctx, s.table, s.product("soap", 5000), nil)
		}},
		{"create 16 products of a file together", func(ctx context.Context) error {
			return errors.Join(catalog.WriteAll(ctx, s.table, together)...)
		}},
		{"find 16 products of a file unchanged", func(ctx context.Context) error { return s.find(ctx, together) }},
		{"change a product, not its prices", replace(func(p *catalog.Product) { p.Vendor = "dangol" })},
		{"change a price", replace(func(p *catalog.Product) { p.Variants[0].Prices = won(9000) })},
		{"price changes of a window", func(ctx context.Context) error {
			_, err := catalog.PriceHistory(ctx, s.table, p.ID, opening, opening.Add(time.Hour))
			return err
		}},
		{"stock of a variant", func(ctx context.Context) error { _, err := stock.Read(ctx, s.table, keys); return err }},
		{"set stock, one counter", func(ctx context.Context) error { return stock.Set(ctx, s.table, v.ID, 1, 5, opening) }},
		{"adjust stock, one counter", func(ctx context.Context) error {
			levels, err := stock.Read(ctx, s.table, keys)
			if err != nil {
				return err
			}
			moves, err := stock.AdjustPlan(levels, v.ID, 1, 1)
			return errors.Join(err, s.table.Transact(ctx, id.Secret(), moves[0]))
		}},
		{"hold one unit", func(ctx context.Context) error {
			levels := map[table.Key]stock.Level{keys[0]: {Available: 1}}
			writes, _, _ := stock.Hold(levels, []stock.Request{{VariantID: v.ID, Quantity: 1, Buckets: 1}}, 0)
			return s.table.Transact(ctx, id.Secret(), writes...)
		}},
	}
	index := catalog.StockIndex{Cache: catalog.NewCache(s.table, s.clock, time.Minute)}
	levelChanged := func(ctx context.Context) error { return index.LevelChanged(ctx, v.ID) }
	measured = append(measured, []struct {
		name string
		do   func(context.Context) error
	}{
		// The adjustments above left few units.
		{"a level crossed a bound: the list's row", levelChanged},
		{"a level crossed a bound and back: no change", levelChanged},
	}...)
	declared := map[string]table.Pattern{}
	for _, a := range catalog.AccessPatterns {
		declared[a.Name] = a
	}
	for _, m := range measured {
		a, ok := declared[m.name]
		if !ok {
			t.Fatalf("%q is not in AccessPatterns", m.name)
		}
		delete(declared, m.name)
		if got, want := s.cost(m.do), (table.Cost{Trips: a.Trips, Read: a.Read, Write: a.Write}); got != want {
			t.Errorf("%s: measured %+v, told %+v", m.name, got, want)
		}
	}
	for name := range declared {
		t.Errorf("%q is told and not measured", name)
	}
}

// find reads products by handle, and their stock.
func (s *shop) find(ctx context.Context, changes []catalog.ProductChange) error {
	var handles []string
	var counters []table.Key
	for _, c := range changes {
		handles = append(handles, c.After.Handle)
		counters = append(counters, stock.KeyOf(c.After.Variants[0].ID, 0))
	}
	ids, err := catalog.IDsByHandle(ctx, s.table, handles)
	if err != nil {
		return err
	}
	if _, err := catalog.GetBatch(ctx, s.table, slices.Collect(maps.Values(ids))); err != nil {
		return err
	}
	_, err = stock.Read(ctx, s.table, counters)
	return err
}
