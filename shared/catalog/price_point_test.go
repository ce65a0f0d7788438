package catalog_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"dangol/shared/catalog"
)

const day = 24 * time.Hour

// repriced is a product whose only price was set again and again, without a table.
type repriced struct{ *catalog.Product }

func (r *repriced) ask(at time.Time, amount int64) {
	after := r.Clone()
	after.Variants[0].Prices = won(amount)
	catalog.UpdatePriceHistory(r.Product, after, at)
	r.Product = after
}

func (r *repriced) price() catalog.Price { return r.Variants[0].Prices["KRW"] }

func started(amount int64) *repriced {
	r := &repriced{&catalog.Product{Variants: []catalog.Variant{{ID: "v", Prices: won(amount)}}}}
	catalog.UpdatePriceHistory(nil, r.Product, opening)
	return r
}

func TestAPriceRemembersWhatWasAskedBefore(t *testing.T) {
	t.Parallel()
	r := started(1_000)
	r.ask(opening.Add(day), 900)
	r.ask(opening.Add(2*day), 900) // nothing changed
	r.ask(opening.Add(3*day), 1_100)
	for _, tt := range []struct {
		name string
		at   time.Time
		want []int64
	}{
		{"before it was sold", opening, nil},
		{"on the first day", opening.Add(time.Hour), []int64{1_000}},
		{"at the moment of a change, what was before it", opening.Add(day), []int64{1_000}},
		{"just after", opening.Add(day + time.Millisecond), []int64{1_000, 900}},
		{"today", opening.Add(9 * day), []int64{1_000, 900, 1_100}},
	} {
		var got []int64
		for _, s := range r.price().HistoryBefore(tt.at) {
			got = append(got, s.Amount)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
	if r.price().Since != opening.Add(3*day).UnixMilli() {
		t.Errorf("in force since %d", r.price().Since)
	}
}

// A shop that changes its prices all day keeps a bounded past, which may say too little and never too much.
// TestAPriceThatWasWithdrawnIsRemembered takes a currency away and gives it back: what was asked in it before is the
// past of the new price, unless it went longer ago than any past that is kept.
func TestAPriceThatWasWithdrawnIsRemembered(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		back time.Time
		want []int64
	}{
		{"a day later", opening.Add(3 * day), []int64{1_000, 900, 900, 1_500}},
		{"much later", opening.Add(500 * day), []int64{1_500}},
	} {
		r := started(1_000)
		r.ask(opening.Add(day), 900)
		dollars := map[string]catalog.Price{"USD": {Amount: 5}}
		for _, at := range []time.Time{opening.Add(2 * day), opening.Add(2*day + time.Hour)} {
			after := r.Clone()
			after.Variants[0].Prices = dollars // the second time nothing changes
			catalog.UpdatePriceHistory(r.Product, after, at)
			r.Product = after
		}
		r.ask(tt.back, 1_500)
		var got []int64
		for _, s := range r.price().HistoryBefore(tt.back.Add(day)) {
			got = append(got, s.Amount)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
		if past := r.Variants[0].Withdrawn; len(past) != 1 || past["USD"] == nil {
			t.Errorf("%s: withdrawn %v, want the dollars only", tt.name, past)
		}
	}
}

func TestThePastIsBoundedAndNeverSaysTooMuch(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		r, at := started(1_000), opening
		type force struct {
			since  time.Time
			amount int64
		}
		record := []force{{at, 1_000}}
		for range rapid.IntRange(0, 60).Draw(rt, "changes") {
			at = at.Add(time.Duration(rapid.IntRange(1, 40).Draw(rt, "days")) * day)
			amount := rapid.Int64Range(1, 50).Draw(rt, "amount")
			r.ask(at, amount)
			record = append(record, force{at, amount})
		}
		if n := len(r.price().History); n > 20 {
			rt.Fatalf("%d steps", n)
		}
		from := at.Add(-time.Duration(rapid.IntRange(1, 390).Draw(rt, "window")) * day)
		want, got := int64(1<<60), int64(1<<60)
		for i, f := range record {
			if i+1 == len(record) || record[i+1].since.After(from) {
				want = min(want, f.amount)
			}
		}
		steps := r.price().HistoryBefore(at.Add(day))
		for i, s := range steps {
			if i+1 == len(steps) || time.UnixMilli(steps[i+1].Since).After(from) {
				got = min(got, s.Amount)
			}
		}
		if got > want || len(record) <= 20 && got != want {
			rt.Fatalf("the lowest since %s is %d, and %d by what is kept: %v of %v", from, want, got, steps, record)
		}
	})
}

func TestThePastGoesWithTheProductIntoTheTableAndTheList(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	p := s.add(s.product("cream", 1_000), 0)
	s.clock.Advance(day)
	p = s.change(p, func(p *catalog.Product) { p.Variants[0].Prices = won(900) })
	got, err := catalog.Get(t.Context(), s.table, p.ID)
	if err != nil {
		t.Fatal(err)
	}
	list, err := catalog.NewListing(s.table, s.clock, 0).List(t.Context(), catalog.ListQuery{Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	want := []catalog.PricePoint{{Since: opening.UnixMilli(), Amount: 1_000}}
	if past := got.Variants[0].Prices["KRW"].History; !slices.Equal(past, want) {
		t.Errorf("stored: %v", past)
	}
	if past := list.Entries[0].Prices["KRW"].History; !slices.Equal(past, want) {
		t.Errorf("listed: %v", past)
	}
	rows, err := catalog.PriceHistory(t.Context(), s.table, p.ID, opening, s.clock.Now())
	if err != nil || len(rows) != 1 || rows[0].Changes[0].Price.History != nil {
		t.Errorf("rows of the history need no past: %+v %v", rows, err)
	}
}
