package catalog

import (
	"slices"
	"time"
)

// PricePoint is a price outside sales as it was asked from a moment on, until the next step.
type PricePoint struct {
	Since     int64 `json:"s"`           // Unix milliseconds
	Amount    int64 `json:"a"`           // minor units
	CompareAt int64 `json:"c,omitempty"` // struck-through price; 0 for none
}

const (
	// pastReach is how far back steps are kept: 30 days before the start of any sale that is still on.
	pastReach = 400 * 24 * time.Hour
	// maxPast bounds the steps of one price, because all prices of a product share an item of 400 KB.
	maxPast = 20
)

// UpdatePriceHistory sets when each price of after came into force, and what was asked before it: at when its amounts
// differ from those in before (nil for a product being made), else when it did before.
func UpdatePriceHistory(before, after *Product, at time.Time) {
	for i, v := range after.Variants {
		var old Variant
		if before != nil {
			old, _ = before.Variant(v.ID)
		}
		prices := make(map[string]Price, len(v.Prices))
		for currency, price := range v.Prices {
			price.Since = at.UnixMilli()
			// The same amounts as before: the price came into force when it did then.
			switch was, ok := old.Prices[currency]; {
			case ok && was.Same(price):
				price.Since, price.Prior, price.History = was.Since, was.Prior, was.History
			// Another price: the one before becomes the last step of the past.
			case ok:
				price.History = bounded(was.steps(), at.Add(-pastReach).UnixMilli())
			// Sold in the currency again: what was asked before is its past, unless that is long ago.
			case len(old.Withdrawn[currency]) > 0:
				price.History = sinceHorizon(old.Withdrawn[currency], at.Add(-pastReach).UnixMilli())
			}
			prices[currency] = price
		}
		after.Variants[i].Withdrawn = withdrawn(old, prices, at)
		// Written back because variants are values; the map
		// is a new one, so that before is left alone.
		after.Variants[i].Prices = prices
	}
}

// withdrawn is the past of the currencies in which a variant is no longer sold: what old had of them, and the prices of
// old that are not among prices any more, whose last step is when they went. nil when there is none.
func withdrawn(old Variant, prices map[string]Price, at time.Time) map[string][]PricePoint {
	var past map[string][]PricePoint
	keep := func(currency string, steps []PricePoint) {
		if _, sold := prices[currency]; sold {
			return
		}
		if past == nil {
			past = map[string][]PricePoint{}
		}
		past[currency] = steps
	}
	for currency, steps := range old.Withdrawn {
		keep(currency, steps)
	}
	for currency, was := range old.Prices {
		keep(currency, append(was.steps(), PricePoint{at.UnixMilli(), was.Amount, was.CompareAt}))
	}
	return past
}

// sinceHorizon is the past of a currency that was withdrawn; nothing when it went before the horizon.
func sinceHorizon(steps []PricePoint, horizon int64) []PricePoint {
	if steps[len(steps)-1].Since <= horizon {
		return nil
	}
	return bounded(slices.Clone(steps), horizon)
}

// steps is the price with its past, in a list of its own.
func (p Price) steps() []PricePoint {
	// Clipped, so that appending never writes into the memory of the price it was made from.
	return append(slices.Clip(slices.Clone(p.History)), PricePoint{p.Since, p.Amount, p.CompareAt})
}

// HistoryBefore is what was asked before a moment, oldest first; nothing when the price began then or later.
func (p Price) HistoryBefore(t time.Time) []PricePoint {
	steps := p.steps()
	// The step that begins at the moment itself is not before it.
	end, _ := slices.BinarySearchFunc(steps, t.UnixMilli(), func(s PricePoint, ms int64) int { return int(s.Since - ms) })
	return steps[:end]
}

// bounded leaves out steps that were over before the horizon. Of what is still too much the two oldest become one with
// the lower amount, so that the lowest price may come out too low, which nobody is misled by, and never too high.
func bounded(steps []PricePoint, horizon int64) []PricePoint {
	// A step is over when the next one has begun.
	for len(steps) > 1 && steps[1].Since <= horizon {
		steps = steps[1:]
	}
	for len(steps) > maxPast {
		steps[1].Since, steps[1].Amount = steps[0].Since, min(steps[0].Amount, steps[1].Amount)
		steps = steps[1:]
	}
	return steps
}

// WithoutHistory is the price without its past, for rows of price history, which are the past.
func (p Price) WithoutHistory() *Price {
	p.Prior, p.History = 0, nil
	return &p
}
