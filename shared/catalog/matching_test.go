package catalog

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"dangol/shared/stock"
)

// Narrow filters are answered from rows that are kept; their pages have to be those of looking through everything.
func TestPagesOfNarrowFiltersAreThoseOfLookingThroughEverything(t *testing.T) {
	t.Parallel()
	l := inMemory(3 * maxLooked)
	s := l.current.Load()
	levels := map[string]listedStock{}
	opens := l.clock.Now().Add(time.Hour)
	for _, e := range s.byID {
		switch n := e.CreatedAt.Unix() % 97; {
		case n < 3:
			levels[e.ID] = listedStock{StockSummary{Always: stock.SoldOut}, e.sortKey}
		case n == 3:
			levels[e.ID] = listedStock{StockSummary{Always: stock.SoldOut, Editions: []EditionStock{{opens, stock.InStock}}},
				e.sortKey}
		}
	}
	l.current.Store(s.withStock(levels))
	s = l.current.Load()
	for i, filter := range []Filter{
		{Availability: stock.SoldOut}, {Availability: NotOpenYet}, {Availability: stock.Low},
		{Category: "category7", Availability: stock.SoldOut}, {Search: "999호"}, {Tag: "line13", Currency: "KRW", Max: 900},
		{Vendor: "nobody"}, {Category: "category7"}, {},
	} {
		for _, sort := range []Sort{Newest, PriceDown, ByTitle} {
			t.Run(fmt.Sprint(i, " ", sort), func(t *testing.T) {
				t.Parallel()
				if sort == PriceDown {
					filter.Currency = "KRW"
				}
				q := ListQuery{Filter: filter, Sort: sort, Language: "ko", Limit: 7}
				by := orderOf(q)
				all := q
				all.Limit = len(s.byID)
				want, _ := all.page(s, by, s.ordered(by, &q), nil, l.clock.Now(), len(s.byID))
				var got []*Entry
				for more := true; more; more = q.After != "" {
					page, err := l.List(t.Context(), q)
					if err != nil {
						t.Fatal(err)
					}
					got, q.After = append(got, page.Entries...), page.Next
				}
				if !slices.Equal(got, want.Entries) {
					t.Fatalf("the pages have %d products, want %d", len(got), len(want.Entries))
				}
			})
		}
	}
}

func TestWhatIsKeptOfFiltersIsBoundedAndFollowsTheStock(t *testing.T) {
	t.Parallel()
	l := inMemory(2 * maxLooked)
	narrow := ListQuery{Filter: Filter{Availability: stock.SoldOut}, Limit: 20}
	list := func(q ListQuery) int {
		t.Helper()
		page, err := l.List(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		return len(page.Entries)
	}
	if n := list(narrow); n != 0 {
		t.Fatalf("%d are sold out", n)
	}
	for id := range l.current.Load().byID {
		l.current.Store(l.current.Load().withStock(map[string]listedStock{id: {StockSummary{Always: stock.SoldOut}, "~"}}))
		break
	}
	if n := list(narrow); n != 1 {
		t.Errorf("%d are sold out, want the one that was sold", n)
	}
	for i := range 2_500 {
		list(ListQuery{Filter: Filter{Search: fmt.Sprint("nothing ", i)}, Limit: 20})
	}
	s := l.current.Load()
	if len(s.passing) == 0 || s.kept > maxMatching || len(s.passing)*100 > s.kept {
		t.Errorf("%d filters are kept, counted as %d rows", len(s.passing), s.kept)
	}
}
