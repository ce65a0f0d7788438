package catalogue_test

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

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

func TestLowestPriceWithoutAChangeIsTheOneOfToday(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	p := s.add(s.product("cream", 12000), 0)
	s.clock.Advance(time.Hour)
	got, ok, err := catalogue.LowestPrice(t.Context(), s.table, p.Variants[0], "KRW", opening.Add(-time.Hour), s.clock.Now())
	if got != 12000 || !ok || err != nil {
		t.Fatal(got, ok, err)
	}
	if _, ok, err := catalogue.LowestPrice(t.Context(), s.table, p.Variants[0], "USD", opening, s.clock.Now()); ok || err != nil {
		t.Fatal("not sold in USD", ok, err)
	}
}

// Against a plain record of which price was in force on which day.
func TestLowestPriceIsTheLowestInForce(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	rapid.Check(t, func(r *rapid.T) {
		const day = 24 * time.Hour
		start := s.clock.Now()
		p := s.add(s.product(start.String()[:19]+time.Duration(s.clock.Advance(time.Hour).UnixNano()).String(), 1000), 0)
		start = p.CreatedAt
		type force struct {
			from   time.Time
			amount int64
		}
		record := []force{{start, 1000}}
		for range rapid.IntRange(0, 6).Draw(r, "changes") {
			s.clock.Advance(time.Duration(rapid.IntRange(1, 20).Draw(r, "days")) * day)
			amount := rapid.Int64Range(1, 50).Draw(r, "price")
			if amount != record[len(record)-1].amount {
				p = s.change(p, func(p *catalogue.Product) { p.Variants[0].Prices = won(amount) })
				record = append(record, force{s.clock.Now(), amount})
			}
		}
		s.clock.Advance(day)
		span := int(s.clock.Now().Sub(start) / day)
		from := rapid.IntRange(0, span-1).Draw(r, "from")
		to := rapid.IntRange(from+1, span).Draw(r, "to")
		since, until := start.Add(time.Duration(from)*day), start.Add(time.Duration(to)*day)
		want := int64(1 << 60)
		for i, f := range record {
			end := s.clock.Now()
			if i+1 < len(record) {
				end = record[i+1].from
			}
			if f.from.Before(until) && end.After(since) {
				want = min(want, f.amount)
			}
		}
		got, ok, err := catalogue.LowestPrice(t.Context(), s.table, p.Variants[0], "KRW", since, until)
		if err != nil || !ok || got != want {
			r.Fatalf("got %d %v %v, want %d; days %d to %d of %v", got, ok, err, want, from, to, record)
		}
	})
}
