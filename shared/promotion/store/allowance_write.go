package store

import (
	"maps"
	"slices"
	"strings"

	"dangol/shared/platform/table"
)

// lentUnder begins the attributes of a slice that say under which limit it last got something, one for each limit.
const lentUnder = "lentUnder"

// limitsIn reads under which limits a slice last got something.
func limitsIn(item table.Item) amounts {
	a := amounts{}
	for name := range item {
		if limited, ok := strings.CutPrefix(name, lentUnder); ok {
			a[limited] = number(item, name)
		}
	}
	return a
}

// stale reports whether a slice got something under another limit: under a higher one it may have more than there is.
// What it has left of a lower one would be taken for part of that one, should the limit be lowered to it again.
func (a allowance) stale(l level, i int) bool {
	for name, limit := range a.limit {
		under := l.under[i-1][name]
		if under > limit || under != limit && l.left[i-1][name] > 0 {
			return true
		}
	}
	return false
}

// recall is what all slices give back to the shared item when one of them got something under another limit: together
// they may have more than a limit that was lowered since allows, and an order that guesses its slice would not notice.
// nil when none did, or when the orders have used up the limit as it is now.
func (a allowance) recall(l level) (back []part) {
	stale, sum := false, amounts{}
	for name := range a.limit {
		sum[name] = 0 // the condition of the shared item holds for each limit, also where nothing comes back
	}
	for n, left := range l.left {
		take := amounts{}
		for name := range a.limit {
			if left[name] > 0 {
				take[name] = left[name]
				sum[name] -= left[name]
			}
		}
		old := a.stale(l, n+1)
		stale = stale || old
		if old || len(take) > 0 {
			back = append(back, part{slice: n + 1, take: take, recalls: true})
		}
	}
	if !stale || !a.fits(l.used(), a.need) {
		return nil
	}
	return append(back, part{take: sum, lends: true})
}

// labels reports whether the write of a part notes the limit in force on the slice: where the slice gets something, and
// where what it had is called back.
func (p part) labels() bool {
	for _, n := range p.take {
		if n < 0 {
			return true
		}
	}
	return p.recalls
}

// write is the write of a part. Its condition keeps the item from giving more than it may.
func (a allowance) write(p part) table.Update {
	u := table.Update{Key: a.key, With: map[string]any{}}
	var sets, adds, within []string
	if p.slice > 0 {
		u.Key = sliceKey(a.key, p.slice)
		sets, within = a.label(p, u.With)
	}
	for _, name := range slices.Sorted(maps.Keys(p.take)) {
		n := p.take[name]
		limit, limited := a.limit[name]
		add := n
		if p.slice > 0 {
			add = -n
		}
		adds = append(adds, "#"+name+" :"+name)
		u.With[":"+name] = add
		switch {
		case !limited:
		case p.slice > 0 && n > 0:
			within = append(within, "#"+name+" >= :"+name+"Needed") // a slice gives what it has
			u.With[":"+name+"Needed"] = n
		case p.slice == 0:
			// No more is handed out than the limit. An order that needs more than that is refused also as the first.
			most := "#" + name + " <= :" + name + "Most"
			if n <= limit {
				most = "(attribute_not_exists(#" + name + ") OR " + most + ")"
			}
			within = append(within, most)
			u.With[":"+name+"Most"] = limit - n
		}
	}
	if p.lends {
		sets = append(sets, "#"+sliced+" = :yes")
		u.With[":yes"] = true
	}
	if len(sets) > 0 {
		u.Do = "SET " + strings.Join(sets, ", ") + " "
	}
	if len(adds) > 0 {
		u.Do += "ADD " + strings.Join(adds, ", ")
	}
	u.If = strings.Join(within, " AND ")
	return u
}

// label is what the write of a slice says about the limits under which the slice got what it has: no order is counted,
// and nothing is moved, while that limit was a higher one. A recall needs no such condition, because that of the shared
// item says that no more is handed out afterwards than the limit.
func (a allowance) label(p part, with map[string]any) (sets, within []string) {
	for _, name := range slices.Sorted(maps.Keys(a.limit)) {
		// What gives nothing of a limit need not have got any of it.
		if !p.labels() && p.take[name] == 0 {
			continue
		}
		attribute := "#" + lentUnder + name
		with[":"+name+"Limit"] = a.limit[name]
		if p.labels() {
			sets = append(sets, attribute+" = :"+name+"Limit")
		}
		switch {
		case p.recalls:
		case p.labels():
			within = append(within, "(attribute_not_exists("+attribute+") OR "+attribute+" <= :"+name+"Limit)")
		default:
			within = append(within, attribute+" <= :"+name+"Limit")
		}
	}
	return sets, within
}
