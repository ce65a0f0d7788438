package catalog_test

import (
	"errors"
	"testing"

	"dangol/shared/catalog"
	"dangol/shared/platform/table"
	"dangol/shared/stock"
)

func TestCreateRefusesAHandleThatIsTaken(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.add(s.product("cream", 1), 1)
	p := s.product("cream", 2)
	if err := catalog.Create(t.Context(), s.table, p, nil); !errors.Is(err, catalog.ErrHandleTaken) {
		t.Fatal(err)
	}
	if _, err := catalog.Get(t.Context(), s.table, p.ID); !errors.Is(err, table.ErrNotFound) {
		t.Fatalf("half-written: %v", err)
	}
}

func TestReplaceLosesNobodysChange(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	p := s.add(s.product("cream", 1), 1)
	s.add(s.product("soap", 1), 1)
	s.change(p, func(p *catalog.Product) { p.Vendor = "first" })
	for name, how := range map[string]func(*catalog.Product){
		"product alone":           func(p *catalog.Product) { p.Vendor = "second" },
		"product and price":       func(p *catalog.Product) { p.Variants[0].Prices = won(7) },
		"product, price and more": func(p *catalog.Product) { p.Variants[0].Prices = won(7); p.Handle = "other" },
	} {
		after := p.Clone()
		after.Version = 2
		how(after)
		if err := catalog.Replace(t.Context(), s.table, p, after, nil); !errors.Is(err, catalog.ErrVersion) {
			t.Errorf("%s: %v", name, err)
		}
	}
	got, err := s.byHandle("cream")
	if err != nil || got.Vendor != "first" {
		t.Fatal(got, err)
	}
	after := got.Clone()
	after.Version, after.Handle = 3, "soap"
	if err := catalog.Replace(t.Context(), s.table, got, after, nil); !errors.Is(err, catalog.ErrHandleTaken) {
		t.Fatal(err)
	}
}

func TestCreateWithMoreCountersThanATransactionHolds(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	p := s.product("drops", make([]int64, 12)...)
	for i := range p.Variants {
		p.Variants[i].Edition = &catalog.Edition{OpensAt: opening, Buckets: stock.MaxBuckets}
	}
	s.add(p, 33)
	cache := catalog.NewCache(s.table, s.clock, 0)
	for i, v := range p.Variants {
		if got := s.variants(cache, v.ID)[v.ID].Available; got != 33 {
			t.Fatalf("variant %d has %d", i, got)
		}
	}
	after := p.Clone()
	after.Version = 2
	for i := range after.Variants {
		after.Variants[i].ID = catalog.VariantID(p.ID, 12+i)
	}
	if err := catalog.Replace(t.Context(), s.table, p, after, nil); !errors.Is(err, catalog.ErrTooManyCounters) {
		t.Fatal(err)
	}
}
