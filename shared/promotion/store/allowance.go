package store

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"dangol/shared/platform/table"
)

// allowance is a limit that many orders count against: the budget of a promotion, or the uses of one code, with what
// one order counts.
//
// Transactions on one item make each other wait, so an item that each order writes carries about 50 orders a second. A
// large limit is therefore handed out in slices, each an item of its own, and an order counts on one of them:
//
//	the shared item  what has been handed out, to slices and to orders
//	a slice          what it may still give to orders; below zero for what is counted and has no limit
//
// What orders have used is what was handed out less what the slices have left, after every write. A slice never gives
// more than it has, and the shared item never more than the limit, so the sum is exact. A slice that is empty gets more
// from the shared item in the transaction of the order that found it empty. The last part is not handed to slices: it
// is given to orders from the shared item, and what slices have left over is put together for one order.
//
// A limit that is changed calls back what slices got before: see recall.
type allowance struct {
	key   table.Key // of the shared item
	need  amounts   // what the order counts
	limit amounts   // at most, by attribute; what is not in it is only counted
}

// amounts are numbers by attribute: uses, and spend by currency in minor units.
type amounts map[string]int64

// sliceCount is how many slices a limit has. 500 orders a second are 16 on each: with items that are busy for 20 ms,
// about one in four meets another and is tried again.
const sliceCount = 32

// minLease is how many orders an equal share of what is left must serve. Below that, the leases are larger shares.
const minLease = 2

// lastLeases is into how many leases the last part is divided.
const lastLeases = 8

// lentAtOnce is how many slices get a lease in one transaction.
const lentAtOnce = 4

// firstLease is how many orders the first lease of each slice must serve.
const firstLease = 16

// sliceSuffix ends the sort keys of slices.
const sliceSuffix = "#SLICE"

// sliced is set on a shared item of which slices have a part.
const sliced = "sliced"

// sliceKey is the key of a slice, 1 to sliceCount. Each is a partition of its own: a partition takes 1,000 write units
// a second.
func sliceKey(shared table.Key, slice int) table.Key {
	return table.Key{PK: fmt.Sprintf("%s#%02d", shared.PK, slice), SK: shared.SK + sliceSuffix}
}

// sliceKeys are the keys of all slices.
func sliceKeys(shared table.Key) []table.Key {
	keys := make([]table.Key, sliceCount)
	for i := range keys {
		keys[i] = sliceKey(shared, i+1)
	}
	return keys
}

// level is what is known of an allowance.
type level struct {
	out  amounts   // handed out
	left []amounts // of the slices, in their order; nil when there are none
	// under is the limit in force when each slice last got something; what is not in it was never given to the slice.
	under []amounts
}

// levelIn reads the level of a shared item and its slices from items.
func levelIn(shared table.Key, items map[table.Key]table.Item) level {
	l := level{out: amountsIn(items[shared])}
	if items[shared][sliced] == nil {
		return l
	}
	for _, key := range sliceKeys(shared) {
		l.left = append(l.left, amountsIn(items[key]))
		l.under = append(l.under, limitsIn(items[key]))
	}
	return l
}

// amountsIn reads the counters of an item.
func amountsIn(item table.Item) amounts {
	a := amounts{}
	for name := range item {
		if name == "uses" || strings.HasPrefix(name, spendPrefix) {
			a[name] = number(item, name)
		}
	}
	return a
}

// used is what orders have used.
func (l level) used() amounts {
	used := maps.Clone(l.out)
	for _, left := range l.left {
		for name, n := range left {
			used[name] -= n
		}
	}
	return used
}

// part is what one item gives. A part of a slice whose take is below zero is given to it.
type part struct {
	slice int // 0 for the shared item
	take  amounts
	lends bool // the shared item gives to a slice
	// recalls takes back from a slice what it got under a higher limit.
	recalls bool
}

// guess plans without knowing the level: on one slice of a limit that is large enough for slices, else on the shared
// item. spread chooses the slice.
func (a allowance) guess(spread int) part {
	if a.large() {
		return part{slice: spread%sliceCount + 1, take: a.need}
	}
	return part{take: a.need}
}

// plan says which item gives what the order needs: one, so that a limit is one write in the transaction of an order,
// whatever is left. fill is what has to be moved to that item before, in a transaction of its own; nil when nothing
// has. ok is false when nothing is left for the order. In this order: the slice that spread chooses; the same with more
// from the shared item; another slice; the shared item of a small limit; the chosen slice with what is left anywhere.
func (a allowance) plan(l level, spread int) (serve part, fill []part, ok bool) {
	// Also where slices have something left: the limit may have been lowered since they got it.
	if !a.fits(l.used(), a.need) {
		return part{}, nil, false
	}
	chosen := spread%sliceCount + 1
	onChosen := part{slice: chosen, take: a.need}
	if a.serves(l, chosen) {
		return onChosen, nil, true
	}
	if lease, lends := a.lease(l); lends {
		return onChosen, a.lend(l, chosen, lease), true
	}
	if other := a.serving(l, spread); other > 0 {
		return part{slice: other, take: a.need}, nil, true
	}
	if l.left == nil {
		return part{take: a.need}, nil, a.fits(l.out, a.need)
	}
	fill, ok = a.gather(l, chosen)
	return onChosen, fill, ok
}

// lease is what the shared item gives to a slice: an equal share of what is left, so leases become smaller, and towards
// the end an eighth, so that the shared item is not written for each of the last orders. ok is false when nothing is
// left for the order, and for limits that have no slices.
func (a allowance) lease(l level) (lease amounts, ok bool) {
	if l.left == nil && !a.large() {
		return nil, false
	}
	lease = amounts{}
	for name, limit := range a.limit {
		left, need := limit-l.out[name], max(a.need[name], 1)
		if left < need {
			return nil, false
		}
		lease[name] = left / sliceCount
		if lease[name] < minLease*need {
			lease[name] = max(need, left/lastLeases)
		}
	}
	return lease, len(lease) > 0
}

// lend gives a lease to the chosen slice and to some that are empty as well: each order that comes to an empty slice
// has to write the item that all share.
func (a allowance) lend(l level, chosen int, lease amounts) []part {
	from := part{take: amounts{}, lends: true}
	var to []part
	for n := 0; n < sliceCount && len(to) < lentAtOnce; n++ {
		i := (chosen-1+n)%sliceCount + 1
		if i != chosen && a.serves(l, i) || !a.fits(l.out, with(from.take, lease)) {
			continue
		}
		take := amounts{}
		for name, n := range lease {
			take[name] = -n
		}
		from.take = with(from.take, lease)
		to = append(to, part{slice: i, take: take})
	}
	return append([]part{from}, to...)
}

// with adds amounts.
func with(a, b amounts) amounts {
	sum := maps.Clone(a)
	for name, n := range b {
		sum[name] += n
	}
	return sum
}

// large reports whether a limit is handed out in slices at all. An order that finds its slice empty costs a read and a
// second transaction, which is not worth it for some hundred orders.
func (a allowance) large() bool {
	for name, limit := range a.limit {
		if limit/sliceCount < firstLease*max(a.need[name], 1) {
			return false
		}
	}
	return len(a.limit) > 0
}

// serving is a slice that has enough for the order; 0 for none. spread chooses among them, so that orders that find
// their own slices empty do not all come to the same one.
func (a allowance) serving(l level, spread int) int {
	var all []int
	for n := range l.left {
		if a.serves(l, n+1) {
			all = append(all, n+1)
		}
	}
	if len(all) == 0 {
		return 0
	}
	return all[spread/sliceCount%len(all)]
}

// serves reports whether a slice has enough for the order.
func (a allowance) serves(l level, i int) bool {
	if i > len(l.left) {
		return false
	}
	for name := range a.limit {
		if l.left[i-1][name] < a.need[name] {
			return false
		}
	}
	return true
}

// fits reports whether so much more can be handed out.
func (a allowance) fits(out, take amounts) bool {
	for name, n := range take {
		if limit, limited := a.limit[name]; limited && n > 0 && out[name]+n > limit {
			return false
		}
	}
	return true
}

// gather moves what is left in other slices and in the shared item to the chosen slice, until it has enough for the
// order. Slices that have much give first: the fewer are written, the fewer orders are in the way. ok is false when all
// together have not enough.
func (a allowance) gather(l level, chosen int) (fill []part, ok bool) {
	open, given := amounts{}, amounts{}
	for name := range a.limit {
		open[name] = max(a.need[name]-l.left[chosen-1][name], 0)
	}
	for _, i := range a.byContent(l, chosen) {
		take := amounts{}
		for name, n := range open {
			if some := min(n, l.left[i-1][name]); some > 0 {
				take[name] = some
			}
		}
		if len(take) == 0 {
			continue
		}
		fill = append(fill, part{slice: i, take: take})
		given = with(given, take)
		for name, n := range take {
			open[name] -= n
		}
	}
	maps.DeleteFunc(open, func(_ string, n int64) bool { return n == 0 })
	if !a.fits(l.out, open) {
		return nil, false
	}
	if len(open) > 0 {
		fill = append(fill, part{take: open, lends: true})
		given = with(given, open)
	}
	to := part{slice: chosen, take: amounts{}}
	for name, n := range given {
		to.take[name] = -n
	}
	return append(fill, to), true
}

// byContent is the slices but one, those first that have most of what the order needs.
func (a allowance) byContent(l level, but int) []int {
	var all []int
	useful := map[int]int64{}
	for n, left := range l.left {
		if n+1 == but {
			continue
		}
		all = append(all, n+1)
		for name := range a.limit {
			useful[n+1] += max(min(left[name], a.need[name]), 0)
		}
	}
	slices.SortStableFunc(all, func(x, y int) int { return cmp.Compare(useful[y], useful[x]) })
	return all
}

// after is a level when parts have been written.
func (a allowance) after(l level, parts []part) level {
	next := level{out: maps.Clone(l.out), left: make([]amounts, sliceCount), under: make([]amounts, sliceCount)}
	for i := range next.left {
		next.left[i], next.under[i] = amounts{}, amounts{}
		if i < len(l.left) {
			next.left[i], next.under[i] = maps.Clone(l.left[i]), maps.Clone(l.under[i])
		}
	}
	for _, p := range parts {
		if p.slice > 0 && p.labels() {
			maps.Copy(next.under[p.slice-1], a.limit)
		}
		for name, n := range p.take {
			if p.slice > 0 {
				next.left[p.slice-1][name] -= n
			} else {
				next.out[name] += n
			}
		}
	}
	return next
}
