package promotion

import (
	"cmp"
	"slices"

	"dangol/shared/money"
)

// unit is one unit of a line as it stands.
type unit struct {
	line, n int
	cost    int64
}

// pool lists the units of lines that are not given away anyway.
func (v view) pool(lines []int) (units []unit) {
	for _, n := range lines {
		if v.worth(n) == 0 {
			continue
		}
		for u, cost := range v.d.Units(n) {
			units = append(units, unit{n, u, cost})
		}
	}
	return units
}

func cheapestFirst(a, b unit) int {
	return cmp.Or(cmp.Compare(a.cost, b.cost), cmp.Compare(a.line, b.line), cmp.Compare(a.n, b.n))
}

func dearestFirst(a, b unit) int {
	return cmp.Or(cmp.Compare(b.cost, a.cost), cmp.Compare(a.line, b.line), cmp.Compare(a.n, b.n))
}

// buyGet makes the cheapest units free (or cheaper), so many that enough others are left as bought. With b units that only
// count as bought, g that can only be got and o that can be either, k groups need k*buy <= b+o, k*get <= g+o and
// k*(buy+get) <= b+g+o.
func (v view) buyGet(terms *BuyGetTerms) plan {
	pool, either := v.pool(v.get), 0
	if v.get == nil {
		pool = v.pool(v.lines)
	}
	bought := map[int]bool{}
	for _, n := range v.lines {
		bought[n] = true
	}
	for _, u := range pool {
		if bought[u.line] {
			either++
		}
	}
	buyable := v.units()
	groups := min(buyable/terms.Buy, len(pool)/terms.Get, (buyable+len(pool)-either)/(terms.Buy+terms.Get))
	if terms.Times > 0 {
		groups = min(groups, terms.Times)
	}
	slices.SortFunc(pool, cheapestFirst)
	spare := buyable - groups*terms.Buy // units that may be got although they could be bought
	pl := plan{move: true}
	for _, u := range pool {
		if len(pl.takes) == groups*terms.Get {
			break
		}
		if bought[u.line] {
			if spare == 0 {
				continue
			}
			spare--
		}
		pl.takes = append(pl.takes, take{u.line, u.n, money.Percent(u.cost, int64(terms.BasisPoints))})
	}
	return pl
}

// set takes the difference between what the units of all complete sets cost and what the sets cost, from these units in
// proportion. What a floor refuses moves to the other units.
func (v view) set() plan {
	var chosen []unit
	sets := -1
	pools := make([][]unit, len(v.p.Terms.Parts))
	for i, part := range v.p.Terms.Parts {
		pools[i] = v.pool(slices.DeleteFunc(slices.Clone(v.lines), func(n int) bool {
			return !slices.Contains(part.Variants, v.d.Line(n).VariantID)
		}))
		slices.SortFunc(pools[i], dearestFirst)
		if complete := len(pools[i]) / part.Quantity; sets < 0 || complete < sets {
			sets = complete
		}
	}
	if sets <= 0 {
		return plan{}
	}
	var cost int64
	for i, part := range v.p.Terms.Parts {
		chosen = append(chosen, pools[i][:sets*part.Quantity]...)
	}
	weights := make([]int64, len(chosen))
	for i, u := range chosen {
		weights[i] = u.cost
		cost += u.cost
	}
	off := cost - int64(sets)*v.p.Terms.Amount[v.b.Currency]
	if off <= 0 {
		return plan{}
	}
	pl := plan{move: true}
	for i, share := range money.Allocate(off, weights) {
		pl.takes = append(pl.takes, take{chosen[i].line, chosen[i].n, share})
	}
	return pl
}
