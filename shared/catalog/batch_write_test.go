package catalog_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"dangol/shared/catalog"
	"dangol/shared/platform/table"
	"dangol/shared/stock"
)

// made is the change that makes a product with units of each variant.
func (s *shop) made(handle string, units int, prices ...int64) catalog.ProductChange {
	c := catalog.ProductChange{After: s.product(handle, prices...), Units: map[string]catalog.InitialStock{}}
	for _, v := range c.After.Variants {
		c.Units[v.ID] = catalog.InitialStock{Available: units}
	}
	return c
}

// changed is the change of a product.
func (s *shop) changed(p *catalog.Product, how func(*catalog.Product)) catalog.ProductChange {
	after := p.Clone()
	after.Version, after.UpdatedAt = p.Version+1, s.clock.Now()
	how(after)
	catalog.UpdatePriceHistory(p, after, after.UpdatedAt)
	return catalog.ProductChange{Before: p, After: after}
}

// unitsOf is the stock of the product's first variant; -1 when it has no counter.
func (s *shop) unitsOf(p *catalog.Product) int {
	s.Helper()
	key := stock.KeyOf(p.Variants[0].ID, 0)
	levels, err := stock.Read(s.Context(), s.table, []table.Key{key})
	if err != nil {
		s.Fatal(err)
	}
	if l, there := levels[key]; there {
		return l.Available
	}
	return -1
}

func TestManyProductsTakeFewRoundTrips(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	var changes []catalog.ProductChange
	for i := range 40 { // 4 writes each, 12 products to a transaction of 50
		changes = append(changes, s.made(fmt.Sprint("p", i), 3, 1000, 2000))
	}
	cost := s.cost(func(ctx context.Context) error { return errors.Join(catalog.WriteAll(ctx, s.table, changes)...) })
	if cost.Trips != 4 {
		t.Errorf("%d round trips", cost.Trips)
	}
	for _, c := range changes {
		p, err := s.byHandle(c.After.Handle)
		if err != nil || p.ID != c.After.ID || s.unitsOf(p) != 3 {
			t.Errorf("%s: %v %v", c.After.Handle, p, err)
		}
	}
}

func TestOneRefusedProductDoesNotHoldUpTheOthers(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.add(s.product("taken", 1), 1)
	stale := s.add(s.product("stale", 1), 1)
	s.change(stale, func(p *catalog.Product) { p.Vendor = "somebody" })
	priced := s.add(s.product("priced", 10), 1)
	crowded := s.made("crowded", 1, 1)
	crowded.Before = s.add(s.product("crowded", 1), 1)
	for i := range 5 {
		crowded.After.Variants = append(crowded.After.Variants, catalog.Variant{
			ID: catalog.VariantID(crowded.After.ID, 1+i), Edition: &catalog.Edition{Buckets: stock.MaxBuckets},
		})
	}
	for name, tt := range map[string]struct {
		change catalog.ProductChange
		want   error
	}{
		"a product":           {s.made("good", 4, 1), nil},
		"a handle of another": {s.made("taken", 5, 1), catalog.ErrHandleTaken},
		"a version that is gone": {s.changed(stale, func(p *catalog.Product) { p.Variants[0].Prices = won(2) }),
			catalog.ErrVersion},
		"a price": {s.changed(priced,
			func(p *catalog.Product) { p.Variants[0].Prices = won(20) }), nil},
		"more counters than in a transaction": {crowded, catalog.ErrTooManyCounters},
		"nothing but the product": {
			s.changed(s.add(s.product("alone", 1), 1), func(p *catalog.Product) { p.Vendor = "단골" }), nil,
		},
	} {
		changes := []catalog.ProductChange{s.made("before "+name, 7, 1), tt.change, s.made("after "+name, 7, 1)}
		errs := catalog.WriteAll(t.Context(), s.table, changes)
		if errs[0] != nil || !errors.Is(errs[1], tt.want) || errs[2] != nil {
			t.Errorf("%s: %v", name, errs)
		}
		for _, i := range []int{0, 2} {
			if got := s.unitsOf(changes[i].After); got != 7 {
				t.Errorf("%s: neighbor %d has %d units", name, i, got)
			}
		}
	}
	if rows, err := catalog.PriceHistory(t.Context(), s.table, priced.ID, opening, s.clock.Now()); len(rows) != 1 ||
		err != nil {
		t.Errorf("price history %v %v", rows, err)
	}
	if p, err := s.byHandle("taken"); err != nil || s.unitsOf(p) != 1 {
		t.Error("the product that had the handle changed")
	}
}

func TestTheSameProductOrHandleTwiceIsNoTransactionOfBoth(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	p := s.add(s.product("one", 1), 1)
	price := func(amount int64) catalog.ProductChange {
		return s.changed(p, func(p *catalog.Product) { p.Variants[0].Prices = won(amount) })
	}
	errs := catalog.WriteAll(t.Context(), s.table,
		[]catalog.ProductChange{price(2), price(3), s.made("twin", 1, 1), s.made("twin", 1, 1)})
	count := map[error]int{}
	for _, err := range errs {
		count[err]++
	}
	if count[nil] != 2 || count[catalog.ErrVersion] != 1 || count[catalog.ErrHandleTaken] != 1 {
		t.Error(errs)
	}
}

// Whatever is written together, every product is there whole or not at all, and its error says which.
func TestWhateverIsWrittenTogetherIsThereWholeOrNot(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	round := 0
	rapid.Check(t, func(r *rapid.T) {
		round++
		var changes []catalog.ProductChange
		for i := range rapid.IntRange(0, 30).Draw(r, "products") {
			handle := fmt.Sprint(round, "-", rapid.IntRange(0, 40).Draw(r, "handle"))
			changes = append(changes, s.made(handle, i, make([]int64, rapid.IntRange(1, 8).Draw(r, "variants"))...))
		}
		for i, err := range catalog.WriteAll(t.Context(), s.table, changes) {
			p := changes[i].After
			_, there := catalog.Get(t.Context(), s.table, p.ID)
			wrote := there == nil && s.unitsOf(p) == i
			left := errors.Is(there, table.ErrNotFound) && s.unitsOf(p) == -1
			if (err == nil) != wrote || errors.Is(err, catalog.ErrHandleTaken) != left {
				r.Fatalf("%v: %v, %d units", err, there, s.unitsOf(p))
			}
		}
	})
}

func TestEveryProductHasTheErrorOfATableThatIsAway(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	for _, err := range catalog.WriteAll(ctx, s.table, []catalog.ProductChange{s.made("a", 1, 1), s.made("b", 1, 1)}) {
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
}
