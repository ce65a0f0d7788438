package catalog

import (
	"cmp"
	"slices"
)

// PriceRange is what the variants cost in one currency, in minor units. CompareAt, Since, Floor, Prior and Past are
// those of the cheapest, as in Price.
type PriceRange struct {
	Min       int64 `json:"min"` // lowest price of the variants
	Max       int64 `json:"max"` // highest price of the variants
	CompareAt int64 `json:"compareAt,omitempty"`
	Floor     int64 `json:"floor,omitempty"`

	Since   int64        `json:"since,omitempty"`
	Prior   int64        `json:"prior,omitempty"`
	History []PricePoint `json:"past,omitempty"`
	// Others are prices of further variants that a sale may make the lowest or the highest, because floors differ, or
	// because some variants are reduced already. Without any a sale keeps the order of the prices.
	Others []Price `json:"others,omitempty"`
}

// maxRangeOthers bounds the prices of a card, whose product has to fit into an item with it. A product has seldom more
// than two floors, so the bound is hardly ever met.
const maxRangeOthers = 12

// rangeOf is the range of the prices of a product's variants. Where several are equally cheap, the first one gives the
// card its price.
func rangeOf(prices []Price) PriceRange {
	low := prices[0]
	same := true
	r := PriceRange{Max: low.Amount}
	for _, p := range prices {
		if p.Amount < low.Amount {
			low = p
		}
		r.Max = max(r.Max, p.Amount)
		same = same && p.Floor == prices[0].Floor && !p.reduced()
	}
	r.Min, r.CompareAt, r.Since, r.Prior, r.History = low.Amount, low.CompareAt, low.Since, low.Prior, low.History
	r.Floor = low.Floor
	if same {
		return r
	}
	others := slices.Clone(prices)
	// By price, so that what the bound leaves out is what is least likely to be shown.
	slices.SortStableFunc(others, func(a, b Price) int { return cmp.Compare(a.Amount, b.Amount) })
	var lowest, highest []Price
	for i, p := range others {
		if !slices.ContainsFunc(append(slices.Clone(lowest), low), p.neverBelow) {
			lowest = append(lowest, p)
		}
		d := others[len(others)-1-i]
		if !slices.ContainsFunc(highest, d.neverAbove) {
			d.Since, d.Prior, d.History = 0, 0, nil // they are for the lowest price only
			highest = append(highest, d)
		}
	}
	lowest = lowest[:min(len(lowest), maxRangeOthers/2)]
	r.Others = append(lowest, highest[:min(len(highest), maxRangeOthers/2)]...)
	return r
}

// reduced reports whether the price outside sales has a struck-through one, which some sales leave alone.
func (p Price) reduced() bool { return p.CompareAt > p.Amount }

// least is the lowest that a sale can make of the price.
func (p Price) least() int64 { return min(p.Floor, p.Amount) }

// neverBelow reports whether no sale makes p cheaper than o.
func (p Price) neverBelow(o Price) bool {
	return o.Amount <= p.Amount && o.least() <= p.least() && (!o.reduced() || p.reduced())
}

// neverAbove reports whether no sale leaves p dearer than o.
func (p Price) neverAbove(o Price) bool {
	return o.Amount >= p.Amount && o.least() >= p.least() && (o.reduced() || !p.reduced())
}

// Cheapest is the price of the cheapest variant.
func (r PriceRange) Cheapest() Price {
	return Price{Amount: r.Min, CompareAt: r.CompareAt, Since: r.Since, Floor: r.Floor, Prior: r.Prior, History: r.History}
}

// Further are the prices besides the cheapest that have to be looked at for the range that a sale makes.
func (r PriceRange) Further() []Price {
	if len(r.Others) == 0 && r.Max > r.Min {
		return []Price{{Amount: r.Max, Floor: r.Floor}}
	}
	return r.Others
}
