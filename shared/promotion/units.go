package promotion

import (
	"cmp"
	"slices"
	"sort"

	"dangol/shared/money"
)

// unit is one unit of a line as it stands.
type unit struct {
	line, n int
	cost    int64
	gain    int64 // what would come off it
}

// dearestFirst orders by cost; line and number of the unit
// decide between equals, so the order is always the same.
func dearestFirst(a, b unit) int {
	return cmp.Or(cmp.Compare(b.cost, a.cost), cmp.Compare(a.line, b.line), cmp.Compare(a.n, b.n))
}

// largestGainFirst orders by what would come off, between equals by cost.
func largestGainFirst(a, b unit) int {
	return cmp.Or(cmp.Compare(b.gain, a.gain), dearestFirst(a, b))
}

// pool lists the units of lines that still cost something.
func (v view) pool(lines []int) (units []unit) {
	for _, n := range lines {
		for u, cost := range v.d.Units(n) {
			if cost > 0 {
				units = append(units, unit{line: n, n: u, cost: cost})
			}
		}
	}
	return units
}

// off is what the terms take off a unit that is got.
func (b *BuyXGetYTerms) off(cost int64, currency string) int64 {
	if b.BasisPoints > 0 {
		return money.Percent(cost, int64(b.BasisPoints))
	}
	return min(b.Amount[currency], cost)
}

// buyXGetY plans what comes off the units that are got. Units at their floor cannot be got, only bought.
func (v view) buyXGetY(terms *BuyXGetYTerms) {
	var groups grouping
	groups.buy, groups.get, groups.most = terms.Buy, terms.Get, terms.Times
	groups.dearest = terms.ApplyTo == Dearest
	gettable := map[int]bool{}
	for _, n := range v.take {
		gettable[n] = true
	}
	// Lines to buy from and lines to give from may be the
	// same or overlap; each unit counts in one role only.
	buyable := map[int]bool{}
	for _, u := range v.pool(v.lines) {
		buyable[u.line] = true
		// A unit that cannot be given, because it is not
		// among those or is at its floor, counts as bought.
		if !gettable[u.line] || v.d.Room(u.line, u.n) == 0 {
			groups.bought++
		}
	}
	for _, u := range v.pool(v.take) {
		room := v.d.Room(u.line, u.n)
		if room == 0 {
			continue
		}
		// The gain decides the grouping; what is planned is the
		// full amount, and Draft.Take reduces it to the room.
		u.gain = min(terms.off(u.cost, v.b.Currency), room)
		if buyable[u.line] {
			groups.either = append(groups.either, u)
		} else {
			groups.got = append(groups.got, u)
		}
	}
	for _, u := range groups.best() {
		v.d.PlanUnit(u.line, u.n, terms.off(u.cost, v.b.Currency))
	}
}

// grouping divides units into groups of buy bought ones and get that are got.
type grouping struct {
	buy, get, most int
	dearest        bool
	bought         int    // how many units can only be bought
	got            []unit // units that can only be got
	either         []unit // units that can be both
}

// best is the units that are got in the grouping that takes most off. Where a unit could be bought as well as got, it
// is got only with units bought that cost no less: of each group the cheapest are got. A further unit leaves every such
// grouping possible, so it never makes the rest dearer.
//
// Among equals those of the line with the smaller id are got.
func (g *grouping) best() []unit {
	slices.SortFunc(g.got, largestGainFirst)
	slices.SortFunc(g.either, dearestFirst)
	byCost, off := g.by(g.either)
	byGain := slices.Clone(g.either)
	// Ordered by what comes off the grouping may be better
	// where floors keep dear units from getting much.
	slices.SortFunc(byGain, largestGainFirst)
	if !slices.Equal(byGain, g.either) { // floors leave dear units less than cheap ones
		if other, more := g.by(byGain); more > off {
			return other
		}
	}
	return byCost
}

// by is the best grouping with the units that can be both in this order.
func (g *grouping) by(either []unit) (chosen []unit, off int64) {
	places := g.places(either)
	worth := make([]int64, len(places)+1) // of the first places, together
	for i, at := range places {
		worth[i+1] = worth[i] + either[at].gain
	}
	own := make([]int64, len(g.got)+1)
	for i, u := range g.got {
		own[i+1] = own[i] + u.gain
	}
	bestX, bestOwn := 0, 0
	// Each group needs buy units that are bought.
	limit := (g.bought + len(either)) / g.buy
	if g.most > 0 {
		limit = min(limit, g.most)
	}
	// k is the number of groups. More groups are not always better: a
	// further one needs further bought units, which then are not given.
	for k := 1; k <= limit && k*g.get <= len(g.got)+len(places); k++ {
		// wanted units are given in all; needed ones of those that can
		// be both have to be bought, because the others are too few.
		wanted, needed := k*g.get, max(k*g.buy-g.bought, 0)
		least, most := max(wanted-len(g.got), 0), min(wanted, len(either)-needed, len(places))
		if least > most {
			continue
		}
		// The next unit that can be both takes the place of the least of the others as long as it gives more.
		x := least + sort.Search(most-least, func(i int) bool {
			x := least + i
			return either[places[x]].gain <= g.got[wanted-x-1].gain
		})
		if sum := worth[x] + own[wanted-x]; sum > off {
			off, bestX, bestOwn = sum, x, wanted-x
		}
	}
	for _, at := range g.ties(either, places[:bestX]) {
		chosen = append(chosen, either[at])
	}
	return append(chosen, g.got[:bestOwn]...), off
}

// places is where in their order the units that can be both are got, when as many as possible are: the first as soon as
// enough have been bought for it, and so on. When the dearest are to be got it is from the first on.
func (g *grouping) places(either []unit) (places []int) {
	for at, needed := 0, 0; ; {
		if !g.dearest {
			needed = max((len(places)/g.get+1)*g.buy-g.bought, 0)
		}
		if at = needed + len(places); at >= len(either) {
			return places
		}
		places = append(places, at)
	}
}

// ties moves the places within units of the same cost and gain to the first of them, so that among equals the smaller
// id is got.
func (g *grouping) ties(either []unit, places []int) []int {
	moved := slices.Clone(places)
	for from := 0; from < len(either); {
		to := from + 1
		for to < len(either) && either[to].cost == either[from].cost && either[to].gain == either[from].gain {
			to++
		}
		next := from
		for i, at := range places {
			if at >= from && at < to {
				moved[i] = next
				next++
			}
		}
		from = to
	}
	return moved
}

// set plans to take the difference between what the units of the sets cost and what the sets cost, from these units in
// proportion: as many sets as save anything. Units at their floor are in no set.
func (v view) set() {
	price := v.p.Terms.Amount[v.b.Currency]
	pools := make([][]unit, len(v.p.Terms.Parts))
	sets := -1
	for i, part := range v.p.Terms.Parts {
		pools[i] = slices.DeleteFunc(v.pool(v.take), func(u unit) bool {
			return !slices.Contains(part.Variants, v.d.Line(u.line).VariantID) || v.d.Room(u.line, u.n) == 0
		})
		slices.SortFunc(pools[i], dearestFirst)
		if complete := len(pools[i]) / part.Quantity; sets < 0 || complete < sets {
			sets = complete
		}
	}
	var chosen []unit
	var off int64
	for k := range max(sets, 0) {
		var next []unit
		saving := -price
		for i, part := range v.p.Terms.Parts {
			for _, u := range pools[i][k*part.Quantity : (k+1)*part.Quantity] {
				saving += u.cost
				next = append(next, u)
			}
		}
		if saving <= 0 {
			break // the sets that follow are made of cheaper units
		}
		chosen = append(chosen, next...)
		off += saving
	}
	if off == 0 {
		return
	}
	weights := make([]int64, len(chosen))
	for i, u := range chosen {
		weights[i] = u.cost
	}
	for i, share := range money.Allocate(off, weights) {
		v.d.PlanUnit(chosen[i].line, chosen[i].n, share)
	}
}
