package catalogue_test

import (
	"errors"
	"testing"

	"dangol/shared/catalogue"
	"dangol/shared/stock"
	"dangol/shared/table"
)

func TestCreateRefusesAHandleThatIsTaken(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.add(s.product("cream", 1), 1)
	p := s.product("cream", 2)
	if err := catalogue.Create(t.Context(), s.table, p, nil); !errors.Is(err, catalogue.ErrHandleTaken) {
		t.Fatal(err)
	}
	if _, err := catalogue.Get(t.Context(), s.table, p.ID); !errors.Is(err, table.ErrNotFound) {
		t.Fatalf("half-written: %v", err)
	}
}

func TestReplaceLosesNobodysChange(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	p := s.add(s.product("cream", 1), 1)
	s.add(s.product("soap", 1), 1)
	s.change(p, func(p *catalogue.Product) { p.Vendor = "first" })
	for name, how := range map[string]func(*catalogue.Product){
		"product alone":           func(p *catalogue.Product) { p.Vendor = "second" },
		"product and price":       func(p *catalogue.Product) { p.Variants[0].Prices = won(7) },
		"product, price and more": func(p *catalogue.Product) { p.Variants[0].Prices = won(7); p.Handle = "other" },
	} {
		after := p.Clone()
		after.Version = 2
		how(after)
		if err := catalogue.Replace(t.Context(), s.table, p, after, nil); !errors.Is(err, catalogue.ErrVersion) {
			t.Errorf("%s: %v", name, err)
		}
	}
	got, err := catalogue.ByHandle(t.Context(), s.table, "cream")
	if err != nil || got.Vendor != "first" {
		t.Fatal(got, err)
	}
	after := got.Clone()
	after.Version, after.Handle = 3, "soap"
	if err := catalogue.Replace(t.Context(), s.table, got, after, nil); !errors.Is(err, catalogue.ErrHandleTaken) {
		t.Fatal(err)
	}
}

func TestCreateWithMoreCountersThanATransactionHolds(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	p := s.product("drops", make([]int64, 12)...)
	for i := range p.Variants {
		p.Variants[i].Edition = &catalogue.Edition{OpensAt: opening, Buckets: stock.MaxBuckets}
	}
	s.add(p, 33)
	shelf := catalogue.NewShelf(s.table, s.clock, 0)
	for i, v := range p.Variants {
		if got := s.goods(shelf, v.ID)[v.ID].Available; got != 33 {
			t.Fatalf("variant %d has %d", i, got)
		}
	}
	after := p.Clone()
	after.Version = 2
	for i := range after.Variants {
		after.Variants[i].ID = catalogue.VariantID(p.ID, 12+i)
	}
	if err := catalogue.Replace(t.Context(), s.table, p, after, nil); !errors.Is(err, catalogue.ErrTooManyCounters) {
		t.Fatal(err)
	}
}
