package catalog

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"dangol/shared/platform/clock"
	"dangol/shared/platform/id"
)

// inMemory is a listing of n products that never asks the table.
func inMemory(n int) *Listing {
	now := time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC)
	entries := make([]*Entry, n)
	for i := range entries {
		p := Product{
			ID: id.New(ProductPrefix, now), Handle: fmt.Sprintf("green-tea-cream-%d", i), Version: 1, Status: Active,
			Title: Text{"ko": fmt.Sprintf("녹차 수분 크림 %d호", i), "en": fmt.Sprintf("Green Tea Cream No. %d", i)}, Vendor: "dangol",
			Type: "크림", Tags: []string{"보습", "vegan", fmt.Sprint("line", i%50)},
			Categories: []string{fmt.Sprint("category", i%20)},
			Images:     []Image{{URL: fmt.Sprintf("https://cdn.example/products/green-tea-cream-%d.jpg", i), Alt: "크림"}},
			CreatedAt:  now.Add(time.Duration(i) * time.Second), UpdatedAt: now,
		}
		p.Variants = []Variant{{ID: VariantID(p.ID, 0),
			Prices: map[string]Price{"KRW": {Amount: int64(i)}, "USD": {Amount: int64(i)}}}}
		card := cardOf(&p)
		entries[i] = &Entry{Summary: card, sortKey: listSort(&p), search: card.searched()}
	}
	l := NewListing(nil, clock.Stopped(now), time.Hour)
	l.current.Store((*snapshot)(nil).with(entries, nil))
	l.seenAt.Store(now.UnixNano())
	return l
}

// half is a sale that takes half off everything.
type half struct{}

func (half) Version() string { return "half" }

func (half) PriceRange(c *Summary, currency string) (PriceRange, bool) {
	r := c.Prices[currency]
	return PriceRange{Min: r.Min / 2, Max: r.Max / 2, CompareAt: r.Min}, true
}

// BenchmarkList is the CPU of one page of 20 out of 10,000 products, without JSON and HTTP. The search looks through
// all of them.
func BenchmarkList(b *testing.B) {
	l := inMemory(10_000)
	for name, q := range map[string]ListQuery{
		"newest":             {},
		"category":           {Filter: Filter{Category: "category7"}},
		"price":              {Filter: Filter{Currency: "KRW", Min: 5_000, Max: 6_000}, Sort: PriceUp},
		"price, all on sale": {Filter: Filter{Currency: "KRW", Min: 2_500, Max: 3_000}, Sort: PriceUp, Sales: half{}},
		"search for little":  {Filter: Filter{Search: "크림 9999호"}},
	} {
		q.Limit = 20
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := l.List(b.Context(), q); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkMemory is what 10,000 products take in memory.
func BenchmarkMemory(b *testing.B) {
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	for b.Loop() {
		before := heap()
		l := inMemory(10_000)
		b.ReportMetric(float64(heap()-before)/(1<<20), "MB")
		runtime.KeepAlive(l)
	}
}

// BenchmarkChange is the CPU of taking in one changed product and of sorting again.
func BenchmarkChange(b *testing.B) {
	l := inMemory(10_000)
	s := l.current.Load()
	var some *Entry
	for _, e := range s.byID {
		some = e
		break
	}
	for b.Loop() {
		c := some.Summary
		c.Version++
		next := s.with([]*Entry{{Summary: c, sortKey: some.sortKey, search: some.search}}, nil)
		next.ordered(order{sort: Newest}, nil)
	}
}
