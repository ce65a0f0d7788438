package compliance

import (
	"slices"
	"time"
)

// PriceChange is the price of a product from a moment on, in minor units of one currency.
type PriceChange struct {
	At     time.Time
	Amount int64
}

// PriorPriceRules are the choices that article 6a leaves to the member states and the shop. Of those that it allows
// besides (a shorter time for new products, 6a(4); reductions that grow step by step, 6a(5)) a shop that sells into
// every state uses none.
type PriorPriceRules struct {
	// Days is how far back the lowest price is looked for: at least 30 (6a(2)).
	Days int
}

// EURules is the rule without any of the choices.
var EURules = PriorPriceRules{Days: 30}

// Opens is the beginning of the days whose lowest price counts for a reduction from a moment on.
func (r PriorPriceRules) Opens(from time.Time) time.Time { return from.AddDate(0, 0, -r.Days) }

// InForce is since when the last price of a history has been in force: the moment of its last change of amount. history
// is in order and not empty.
func InForce(history []PriceChange) time.Time {
	last := len(history) - 1
	for last > 0 && history[last-1].Amount == history[last].Amount {
		last--
	}
	return history[last].At
}

// Lowest is the prior price of a product that is announced as reduced from a moment on: the lowest price of the days
// before it, of those in force when the days opened, or set later. ok is false when there was no price before the
// moment. history is in order.
//
// Directive 98/6/EC, article 6a, inserted by Directive (EU) 2019/2161: any announcement of a price reduction indicates
// the prior price (1), which is the lowest price applied during a period of not less than 30 days before the reduction
// (2). Court of Justice, 26 September 2024, C-330/23 (Verbraucherzentrale Baden-Württemberg v Aldi Süd): the
// percentage, too, and words that praise the price, have to be worked out from that prior price; to print it beside is
// not enough.
func Lowest(history []PriceChange, until time.Time, rules PriorPriceRules) (amount int64, ok bool) {
	past := slices.DeleteFunc(slices.Clone(history), func(c PriceChange) bool { return !c.At.Before(until) })
	if len(past) == 0 {
		return 0, false
	}
	// The price in force when the days opened counts as applied in them.
	opened, first := rules.Opens(until), 0
	for i, c := range past {
		if !c.At.After(opened) {
			first = i
		}
	}
	low := past[first].Amount
	for _, c := range past[first:] {
		low = min(low, c.Amount)
	}
	return low, true
}
