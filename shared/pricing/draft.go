package pricing

import (
	"cmp"
	"math"
	"slices"

	"dangol/shared/money"
)

// NoLimit is a limit that limits nothing.
const NoLimit = int64(math.MaxInt64)

// Draft is a basket while offers take their part of it. It keeps what each unit still
// costs and never lets one go below its floor. An offer first plans what it wants of
// units and lines, then takes it: floors are applied before the offer's limit. Lines
// are numbered in the order of their ids, so the order in a cart decides nothing.
type Draft struct {
	lines []draftLine // never changed, shared by copies
	units []int64     // what each unit still costs, line after line
	left  []int64     // what each line still costs
	taken int64       // from the goods by the offer whose turn it is
	// waived is what offers take off the shipping, in the order of their turns. What shipping costs depends on what the
	// goods cost in the end, so it is settled after all offers.
	waived []waiver

	plan    []int64 // by unit: what the offer whose turn it is plans to take; zero between turns
	shares  []int64 // scratch memory
	weights []int64
	sharing sharing
}

// draftLine is a line with its place in the basket and the range of its units.
type draftLine struct {
	Line
	place      int // in the basket
	first, end int // of its units in Draft.units
}

// waiver is what one offer takes off the shipping: up to an amount, or a part of what is left of it.
type waiver struct {
	offer       int   // its number in the order of the offers
	amount      int64 // minor units; the most where basisPoints is set
	basisPoints int   // of what is left of the shipping; 0 for an amount
}

// NewDraft begins with the catalog prices of the basket's lines.
func NewDraft(b Basket) *Draft {
	d := &Draft{lines: make([]draftLine, len(b.Lines)), left: make([]int64, len(b.Lines))}
	total := 0
	for i, l := range b.Lines {
		d.lines[i] = draftLine{Line: l, place: i}
		total += l.Quantity
	}
	// Unit price and quantity decide between lines of the same id, which
	// a basket should not have: the result is the same in any order.
	slices.SortStableFunc(d.lines, func(a, b draftLine) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Unit, b.Unit), cmp.Compare(a.Quantity, b.Quantity))
	})
	// One slice for the units of all lines: a draft is copied
	// for each combination of promotions that is tried.
	d.units, d.plan = make([]int64, 0, total), make([]int64, total)
	for i := range d.lines {
		l := &d.lines[i]
		l.first = len(d.units)
		for range l.Quantity {
			d.units = append(d.units, l.Unit)
		}
		l.end = len(d.units)
		d.left[i] = l.Unit * int64(l.Quantity)
	}
	return d
}

// Copy makes d what from is, in d's own memory. The zero Draft can
// be copied to. Lines are shared, because nothing changes them.
func (d *Draft) Copy(from *Draft) {
	d.lines = from.lines
	d.units = append(d.units[:0], from.units...)
	d.left = append(d.left[:0], from.left...)
	d.waived = append(d.waived[:0], from.waived...)
	// Between turns the plan is all zeros, so only its length has to fit.
	if len(d.plan) != len(from.plan) {
		d.plan = make([]int64, len(from.plan))
	}
	d.taken = from.taken
}

// Lines is how many lines there are.
func (d *Draft) Lines() int { return len(d.lines) }

// Line is line i as the basket has it. It is the Draft's own: read it only.
func (d *Draft) Line(i int) *Line { return &d.lines[i].Line }

// Units is what each unit of line i still costs. It is the Draft's own: read it only.
func (d *Draft) Units(i int) []int64 { return d.units[d.lines[i].first:d.lines[i].end] }

// Left is what line i still costs.
func (d *Draft) Left(i int) int64 { return d.left[i] }

// Goods is what all lines together still cost.
func (d *Draft) Goods() int64 {
	var total int64
	for _, left := range d.left {
		total += left
	}
	return total
}

// Room is what can still be taken off one unit of line i.
func (d *Draft) Room(i, unit int) int64 {
	l := &d.lines[i]
	// A price that is below the floor already, or became so, leaves no room.
	return max(d.units[l.first+unit]-l.Floor, 0)
}

// PlanUnit plans to take an amount off one unit of line i.
func (d *Draft) PlanUnit(i, unit int, amount int64) {
	d.plan[d.lines[i].first+unit] += max(amount, 0)
}

// PlanLine plans to take an amount off line i, spread over its units in proportion to what they still cost.
func (d *Draft) PlanLine(i int, amount int64) {
	l := &d.lines[i]
	amount = min(amount, d.left[i])
	if amount <= 0 {
		return
	}
	// One unit takes all of it; sharing would give the same at a higher cost.
	if l.end-l.first == 1 {
		d.plan[l.first] += amount
		return
	}
	d.sharing.add(d.plan[l.first:l.end], amount, d.units[l.first:l.end])
}

// PlanLines plans to take an amount off these lines together, spread over lines and then over the units of each in
// proportion to what they still cost, so that one dear unit in a line of cheap ones weighs what it costs.
func (d *Draft) PlanLines(lines []int, amount int64) {
	d.weights = d.weights[:0]
	var total int64
	for _, i := range lines {
		d.weights = append(d.weights, d.left[i])
		total += d.left[i]
	}
	amount = min(amount, total)
	if amount <= 0 {
		return
	}
	// The shares slice is used again for each call, with the right length.
	d.shares = append(d.shares[:0], d.weights...)
	clear(d.shares)
	d.sharing.add(d.shares, amount, d.weights)
	for n, i := range lines {
		d.PlanLine(i, d.shares[n])
	}
}

// Take takes what is planned of these lines and forgets the plan. No unit goes below its floor. What floors refuse is
// not taken, unless move is true: then it is taken from the other units of these lines, in proportion to what they
// still cost. Then the limit cuts what is left in proportion. It returns what it took.
func (d *Draft) Take(lines []int, limit int64, move bool) (took int64) {
	var refused int64
	for _, i := range lines {
		l := &d.lines[i]
		for u := l.first; u < l.end; u++ {
			if room := max(d.units[u]-l.Floor, 0); d.plan[u] > room {
				refused += d.plan[u] - room
				d.plan[u] = room
			}
			took += d.plan[u]
		}
	}
	// Only after all floors are known: what one line refuses may go to another.
	if move && refused > 0 {
		took += d.spread(lines, refused)
	}
	if took > limit {
		d.cut(lines, limit)
		took = limit
	}
	// Only now are prices changed, so that each step before worked on the same ones.
	for _, i := range lines {
		l := &d.lines[i]
		for u := l.first; u < l.end; u++ {
			d.units[u] -= d.plan[u]
			d.left[i] -= d.plan[u]
			d.plan[u] = 0
		}
	}
	d.taken += took
	return took
}

// spread plans to take a further amount from the units of these lines that have room, in proportion to what they would
// still cost. Each round ends with all planned or with one more unit at its floor, so it comes to an end.
func (d *Draft) spread(lines []int, amount int64) (planned int64) {
	for amount > planned {
		d.weights = d.weights[:0]
		var room int64
		for _, i := range lines {
			l := &d.lines[i]
			for u := l.first; u < l.end; u++ {
				rest := d.units[u] - d.plan[u]
				if rest <= l.Floor {
					rest = 0
				} else {
					room += rest - l.Floor
				}
				// A unit at its floor gets weight 0, so it is not charged again.
				d.weights = append(d.weights, rest)
			}
		}
		if room == 0 {
			return planned
		}
		d.shares = append(d.shares[:0], d.weights...)
		clear(d.shares)
		d.sharing.add(d.shares, min(amount-planned, room), d.weights)
		n := 0
		for _, i := range lines {
			l := &d.lines[i]
			for u := l.first; u < l.end; u++ {
				// Shares are by price, not by room, so one may exceed what a unit has left.
				share := min(d.shares[n], max(d.units[u]-d.plan[u]-l.Floor, 0))
				d.plan[u] += share
				planned += share
				n++
			}
		}
	}
	return planned
}

// cut makes the plan limit in all, each part in proportion.
func (d *Draft) cut(lines []int, limit int64) {
	d.weights = d.weights[:0]
	for _, i := range lines {
		d.weights = append(d.weights, d.plan[d.lines[i].first:d.lines[i].end]...)
	}
	d.shares = append(d.shares[:0], d.weights...)
	clear(d.shares)
	d.sharing.add(d.shares, max(limit, 0), d.weights)
	n := 0
	for _, i := range lines {
		n += copy(d.plan[d.lines[i].first:d.lines[i].end], d.shares[n:])
	}
}

// TakeShipping takes up to amount off the shipping for the offer with this number.
func (d *Draft) TakeShipping(offer int, amount int64) {
	d.waived = append(d.waived, waiver{offer: offer, amount: max(amount, 0)})
}

// TakeShippingPart takes basisPoints of what is left of the shipping, up to an amount, for the offer with
// this number.
func (d *Draft) TakeShippingPart(offer, basisPoints int, amount int64) {
	d.waived = append(d.waived, waiver{offer: offer, amount: max(amount, 0), basisPoints: basisPoints})
}

// settle reports what each waiver takes off a shipping price,
// in the order of the offers, and returns what is left of it.
func (d *Draft) settle(shipping int64, took func(offer int, amount int64)) (rest int64) {
	rest = shipping
	for _, w := range d.waived {
		amount := rest
		if w.basisPoints > 0 {
			amount = money.Percent(rest, int64(w.basisPoints))
		}
		amount = min(amount, w.amount)
		rest -= amount
		took(w.offer, amount)
	}
	return rest
}
