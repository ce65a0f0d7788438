package store_test

import (
	"testing"
	"time"

	"dangol/shared/catalog"
	"dangol/shared/promotion"
	"dangol/shared/promotion/store"
)

const day = 24 * time.Hour

// withPrices is a product with one variant whose list prices were these, each so many days before noon.
func withPrices(prices map[string][]catalog.PricePoint) *catalog.Product {
	v := catalog.Variant{ID: "var_a", Prices: map[string]catalog.Price{}}
	for currency, steps := range prices {
		last := steps[len(steps)-1]
		v.Prices[currency] = catalog.Price{Amount: last.Amount, CompareAt: last.CompareAt, Since: last.Since,
			History: steps[:len(steps)-1]}
	}
	return &catalog.Product{ID: "prod_a", Variants: []catalog.Variant{v}}
}

func step(daysAgo int, amount int64) catalog.PricePoint {
	return catalog.PricePoint{Since: noon.Add(-time.Duration(daysAgo) * day).UnixMilli(), Amount: amount}
}

func reduced(daysAgo int, amount, compareAt int64) catalog.PricePoint {
	s := step(daysAgo, amount)
	s.CompareAt = compareAt
	return s
}

// sale is a fifth off from one day before noon until another; 0 never ends.
func sale(id string, from, until int) promotion.Promotion {
	return promo(id, func(p *promotion.Promotion) {
		p.Kind, p.Class, p.Terms.BasisPoints, p.Starts, p.Ends = promotion.SalePrice, promotion.Product, 2_000, noon.Add(
			-time.Duration(from)*day), time.Time{}
		if until != 0 {
			p.Ends = noon.Add(-time.Duration(until) * day)
		}
	})
}

// deeper makes a sale take two fifths off.
func deeper(p promotion.Promotion) promotion.Promotion {
	p.Terms.BasisPoints = 4_000
	return p
}

// paused is a sale that was paused from one day before noon until another; 0 goes on.
func paused(p promotion.Promotion, from, until int) promotion.Promotion {
	p.Pause(noon.Add(-time.Duration(from) * day))
	if until != 0 {
		p.Resume(noon.Add(-time.Duration(until) * day))
	}
	return p
}

func TestTheLowestPriceNextToWhatIsShown(t *testing.T) {
	t.Parallel()
	only := func(steps ...catalog.PricePoint) map[string][]catalog.PricePoint {
		return map[string][]catalog.PricePoint{"KRW": steps}
	}
	for _, tt := range []struct {
		name     string
		prices   map[string][]catalog.PricePoint
		sales    []promotion.Promotion
		currency string
		want     int64
	}{
		{"on sale: the list price before it", only(step(90, 10_000)), []promotion.Promotion{sale("s", 1, -1)}, "KRW", 10_000},
		{"a sale before the sale", only(step(90, 10_000)), []promotion.Promotion{sale("s", 1, -1), sale("was", 20, 19)},
			"KRW", 8_000},
		{"made while the sale was on: none", only(step(1, 10_000)), []promotion.Promotion{sale("s", 5, -1)}, "KRW", 0},
		{"sold for three days when it began", only(step(8, 10_000)), []promotion.Promotion{sale("s", 5, -1)}, "KRW", 10_000},
		{"cheaper since the sale began: what the sale asked before that", only(step(90, 10_000), step(1, 9_000)),
			[]promotion.Promotion{sale("s", 5, -1)}, "KRW", 8_000},
		{"going on after a deeper sale: what the deeper one asked", only(step(90, 10_000)),
			[]promotion.Promotion{sale("s", 20, -1), deeper(sale("deep", 10, 5))}, "KRW", 6_000},
		{"going on after a deeper sale that is long over: what it asked itself", only(step(200, 10_000)),
			[]promotion.Promotion{deeper(sale("deep", 50, 45)), sale("s", 60, -1)}, "KRW", 6_000},
		{"reduced by the shop, going on after a sale: what the sale asked",
			only(step(90, 10_000), reduced(20, 9_000, 10_000)),
			[]promotion.Promotion{deeper(sale("deep", 10, 5))}, "KRW", 5_400},
		{"while a deeper sale is paused: what the deeper one asked before", only(step(90, 10_000)),
			[]promotion.Promotion{paused(deeper(sale("deep", 20, -1)), 18, 0), sale("s", 10, -1)}, "KRW", 6_000},
		{"while a deeper sale has been paused for longer", only(step(90, 10_000)),
			[]promotion.Promotion{paused(deeper(sale("deep", 60, -1)), 58, 0), sale("s", 10, -1)}, "KRW", 10_000},
		{"resumed: what it asked itself before the pause", only(step(90, 10_000)),
			[]promotion.Promotion{paused(deeper(sale("deep", 20, -1)), 18, 5)}, "KRW", 6_000},
		{"resumed after a longer pause: the list price", only(step(90, 10_000)),
			[]promotion.Promotion{paused(deeper(sale("deep", 60, -1)), 58, 5)}, "KRW", 10_000},
		{"paused, and no other sale: none", only(step(90, 10_000)),
			[]promotion.Promotion{paused(sale("s", 20, -1), 18, 0)}, "KRW", 0},
		{"each currency has a past of its own",
			map[string][]catalog.PricePoint{"KRW": {step(90, 10_000)}, "USD": {step(90, 700), step(10, 900)}},
			[]promotion.Promotion{sale("s", 1, -1)}, "USD", 700},
		{"not on sale and not reduced: none", only(step(90, 10_000), step(10, 9_000)), nil, "KRW", 0},
		{"reduced by the shop", only(step(90, 10_000), reduced(0, 9_000, 10_000)), nil, "KRW", 10_000},
		{"reduced by the shop just after a sale", only(step(90, 10_000), reduced(0, 9_000, 10_000)),
			[]promotion.Promotion{sale("was", 20, 19)}, "KRW", 8_000},
		{"reduced from the first day on: none", only(reduced(0, 9_000, 10_000)), nil, "KRW", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p, s := withPrices(tt.prices), store.NewSnapshot(tt.sales, nil)
			s.SetPriorPrices(p, noon)
			if got := s.PriorPrice(p, p.Variants[0], tt.currency, noon); got != tt.want {
				t.Errorf("%d, want %d", got, tt.want)
			}
			price := p.Variants[0].Prices[tt.currency]
			card := &catalog.Summary{ID: p.ID, Variants: 1, VariantID: "var_a",
				Prices: map[string]catalog.PriceRange{tt.currency: {
					Min: price.Amount, Max: price.Amount, CompareAt: price.CompareAt, Since: price.Since, Prior: price.Prior,
					History: price.History,
				}}}
			if got := s.PriorPriceOfSummary(card, card.Prices[tt.currency].Cheapest(), tt.currency, noon); got != tt.want {
				t.Errorf("on a card: %d, want %d", got, tt.want)
			}
		})
	}
}

func TestTheDaysBeforeAReductionCanBeMoreThanTheLawWants(t *testing.T) {
	t.Parallel()
	p := withPrices(map[string][]catalog.PricePoint{"KRW": {step(200, 8_000), step(50, 10_000)}})
	for days, want := range map[int]int64{0: 10_000, 7: 10_000, 30: 10_000, 60: 8_000} {
		s := store.NewSnapshot([]promotion.Promotion{sale("s", 1, -1)}, nil)
		s.PriorDays = days
		if got := s.PriorPrice(p, p.Variants[0], "KRW", noon); got != want {
			t.Errorf("over %d days: %d, want %d", days, got, want)
		}
	}
}

// A sale that has lasted for months is measured against the days before it, however long ago they are.
func TestASnapshotReachesBackBeforeTheSaleThatIsOn(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		since int // days that the sale has been on
		trips int64
	}{
		{"a day", 1, 1}, {"a month", 31, 1}, {"three months", 90, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.put(sale("promo_on", tt.since, -1))
			b.put(sale("promo_was", tt.since+20, tt.since+19))
			b.put(sale("promo_long_over", tt.since+200, tt.since+190))
			p := withPrices(map[string][]catalog.PricePoint{"KRW": {step(300, 10_000)}})
			before := b.trips.Load()
			s := b.current()
			if trips := b.trips.Load() - before; trips != tt.trips {
				t.Errorf("%d round trips, want %d", trips, tt.trips)
			}
			_, by := s.DisplayPrice(p, p.Variants[0], "KRW", noon)
			if got := s.PriorPrice(p, p.Variants[0], "KRW", noon); by == nil || got != 8_000 {
				t.Errorf("lowest %d, want that of the sale before it", got)
			}
		})
	}
}
