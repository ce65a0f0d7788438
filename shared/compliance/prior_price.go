package compliance

import (
	"slices"
	"time"
)

// PriceChange is the price of a good from a moment on, in minor units of one currency.
type PriceChange struct {
	At     time.Time
	Amount int64
	// Reduced says that the price was announced as reduced; only such steps make a progressive reduction.
	Reduced bool
}

// PriorPriceRules are the choices that article 6a leaves to the member states.
type PriorPriceRules struct {
	// Days is how far back the lowest price is looked for: at least 30 (6a(2)).
	Days int
	// NewGoodsDays shortens that for goods that have been on the market for fewer than Days (6a(4)): they can be announced
	// as reduced once they have been sold for so many days. 0 is a state that made no use of it.
	NewGoodsDays int
	// Progressive keeps the price before the first step as the prior price, while a reduction grows without a pause
	// (6a(5)).
	Progressive bool
}

// EURules is the rule without any of the choices.
var EURules = PriorPriceRules{Days: 30}

// Opens is the beginning of the days whose lowest price counts for a reduction from a moment on.
func (r PriorPriceRules) Opens(from time.Time) time.Time { return from.AddDate(0, 0, -r.Days) }

// ReductionRefusal says why a price must not be announced as reduced. Stable, machine-readable.
type ReductionRefusal string

// The reasons.
const (
	NotReduced ReductionRefusal = "not_reduced" // the price is not below the prior price
	TooNew     ReductionRefusal = "too_new"     // the good has not been sold long enough to have a prior price
)

// Reduction is what may be shown next to a reduced price.
type Reduction struct {
	Allowed bool             // to strike a price through, or to say "x % off"
	Reason  ReductionRefusal // why not
	// Prior is the one price that may be struck through: the lowest of the days before, not the list price.
	Prior int64
	// BasisPoints is how much lower the price is than Prior, rounded down: the only percentage that may be said.
	BasisPoints int
}

// PriorPrice works out the prior price of a good that is announced as reduced to price from a moment on.
//
// Directive 98/6/EC, article 6a, inserted by Directive (EU) 2019/2161: any announcement of a price reduction indicates
// the prior price (1), which is the lowest price applied during a period of not less than 30 days before the reduction
// (2). Court of Justice, 26 September 2024, C-330/23 (Verbraucherzentrale Baden-Württemberg v Aldi Süd): the
// percentage, too, and words that praise the price, have to be worked out from that prior price; to print it beside is
// not enough.
//
// history is every price the good had, in any order; the price in force when the period opens counts as applied in it.
// Days are those of the location of from. A change at from or later is not part of it.
func PriorPrice(history []PriceChange, price int64, from time.Time, rules PriorPriceRules) Reduction {
	past := slices.DeleteFunc(slices.Clone(history), func(c PriceChange) bool { return !c.At.Before(from) })
	slices.SortStableFunc(past, func(a, b PriceChange) int { return a.At.Compare(b.At) })
	until := from
	if rules.Progressive {
		past, until = beforeFirstStep(past, price, from)
	}
	opened := rules.Opens(until)
	if len(past) == 0 || past[0].At.After(opened) && !soldFor(past[0].At, until, rules.NewGoodsDays) {
		return Reduction{Reason: TooNew}
	}
	prior, _ := Lowest(past, until, rules)
	if price >= prior {
		return Reduction{Reason: NotReduced, Prior: prior}
	}
	return Reduction{Allowed: true, Prior: prior, BasisPoints: int((prior - price) * 10_000 / prior)}
}

func soldFor(since, until time.Time, days int) bool {
	return days > 0 && !since.After(until.AddDate(0, 0, -days))
}

// InForce is since when the last price of a history has been in force: the moment of its last change of amount. history
// is in order and not empty.
func InForce(history []PriceChange) time.Time {
	last := len(history) - 1
	for last > 0 && history[last-1].Amount == history[last].Amount {
		last--
	}
	return history[last].At
}

// Lowest is the lowest price of the days before a moment: of those in force when the days opened, or set later. ok is
// false when there was no price before the moment. history is in order.
func Lowest(history []PriceChange, until time.Time, rules PriorPriceRules) (amount int64, ok bool) {
	past := slices.DeleteFunc(slices.Clone(history), func(c PriceChange) bool { return !c.At.Before(until) })
	if len(past) == 0 {
		return 0, false
	}
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

// beforeFirstStep leaves out the steps of a reduction that grew without a pause down to price, and returns the moment
// of its first step.
func beforeFirstStep(past []PriceChange, price int64, from time.Time) ([]PriceChange, time.Time) {
	for len(past) > 1 {
		last := past[len(past)-1]
		if !last.Reduced || last.Amount <= price || past[len(past)-2].Amount <= last.Amount {
			break
		}
		price, from = last.Amount, last.At
		past = past[:len(past)-1]
	}
	return past, from
}
