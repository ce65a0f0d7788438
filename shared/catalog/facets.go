package catalog

import (
	"cmp"
	"context"
	"slices"
	"time"

	"dangol/shared/stock"
)

// Facets is what a list has in all, not only on one page: for the filters beside it.
type Facets struct {
	Total      int // products
	Categories []FacetValue
	Tags       []FacetValue
	Vendors    []FacetValue
	Types      []FacetValue
	// Availabilities are in the order of the list of the same name, without those that no product has.
	Availabilities []FacetValue
	// MinPrice and MaxPrice are the bounds of the prices shown, in the list's currency; both 0 without one.
	MinPrice, MaxPrice int64
}

// FacetValue is a value with how many products of the list have it.
type FacetValue struct {
	Value    string
	Products int
}

const (
	maxFacetValues = 100 // of one facet, most products first
	maxFacets      = 256 // kept of one snapshot; callers choose filters
)

// facetKey is what facets depend on within a snapshot.
type facetKey struct {
	Filter
	sales  string // version of the sale prices, as prices are among the facets
	opened int    // how many limited editions have opened
}

// Facets counts what a list has. No round trip, or those of List. The first time for a filter it looks at every
// product, about 0.1 us each; after that the answer is kept until a product or a sale changes.
func (l *Listing) Facets(ctx context.Context, q ListQuery) (Facets, error) {
	s, err := l.snapshot(ctx, l.fresh)
	if err != nil {
		return Facets{}, err
	}
	// The order makes the rows, so its currency and its sales decide the prices.
	by := orderOf(q)
	now := l.clock.Now()
	key := facetKey{q.Filter, by.sales, s.opened(now)}
	s.mu.Lock()
	known, ok := s.facets[key]
	s.mu.Unlock()
	if ok {
		return known, nil
	}
	// Not locked while counting: two callers who count the same at the same time do no harm.
	facets := q.facets(s, s.ordered(by, &q), now)
	s.mu.Lock()
	defer s.mu.Unlock()
	// Dropped all at once: callers choose the filters, so no entry is worth more than another.
	if s.facets == nil || len(s.facets) >= maxFacets {
		s.facets = map[facetKey]Facets{}
	}
	s.facets[key] = facets
	return facets, nil
}

// facets counts the rows that the filter shows.
func (q ListQuery) facets(s *snapshot, rows []row, now time.Time) (f Facets) {
	words := searchWords(q.Search)
	available := map[stock.Availability]int{}
	categories, tags, vendors, types := map[string]int{}, map[string]int{}, map[string]int{}, map[string]int{}
	for _, r := range rows {
		if !q.shows(r, words) {
			continue
		}
		can := s.availability(r.entry.ID, now)
		if q.Availability != "" && can != q.Availability {
			continue
		}
		available[can]++
		if f.Total++; q.Currency != "" {
			// A first product, because 0 is a possible price and cannot stand for "none yet".
			if f.Total == 1 || r.min < f.MinPrice {
				f.MinPrice = r.min
			}
			f.MaxPrice = max(f.MaxPrice, r.max)
		}
		for _, c := range r.entry.Categories {
			categories[c]++
		}
		for _, t := range r.entry.Tags {
			tags[t]++
		}
		vendors[r.entry.Vendor]++
		types[r.entry.Type]++
	}
	f.Categories, f.Tags, f.Vendors, f.Types = facet(categories), facet(tags), facet(vendors), facet(types)
	for _, a := range Availabilities {
		if available[a] > 0 {
			f.Availabilities = append(f.Availabilities, FacetValue{string(a), available[a]})
		}
	}
	return f
}

// facet sorts the values of one facet: most products first, then by name.
func facet(counts map[string]int) []FacetValue {
	delete(counts, "")
	values := make([]FacetValue, 0, len(counts))
	for value, n := range counts {
		values = append(values, FacetValue{value, n})
	}
	slices.SortFunc(values, func(a, b FacetValue) int {
		return cmp.Or(cmp.Compare(b.Products, a.Products), cmp.Compare(a.Value, b.Value))
	})
	return values[:min(len(values), maxFacetValues)]
}
