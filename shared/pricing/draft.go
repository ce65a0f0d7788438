package pricing

import (
	"cmp"
	"slices"

	"dangol/shared/money"
)

// Draft is a basket while offers take their part of it. It keeps what each unit still costs, never lets one go below its
// floor, and moves what a floor refuses to the other units, so that an offer takes exactly what it may and every sum
// closes. Lines are numbered in the order of their ids, so the order in a cart decides nothing.
type Draft struct {
	lines []draftLine
	taken int64 // from the goods by the offer whose turn it is
	waive int64 // of the shipping by the offer whose turn it is
}

type draftLine struct {
	Line
	place int     // in the basket
	units []int64 // what each unit still costs
}

func newDraft(lines []Line) *Draft {
	d := &Draft{lines: make([]draftLine, len(lines))}
	n := 0
	for _, l := range lines {
		n += l.Quantity
	}
	units := make([]int64, n)
	for i, l := range lines {
		own := units[:l.Quantity:l.Quantity]
		units = units[l.Quantity:]
		for u := range own {
			own[u] = l.Unit
		}
		d.lines[i] = draftLine{Line: l, place: i, units: own}
	}
	slices.SortStableFunc(d.lines, func(a, b draftLine) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Unit, b.Unit), cmp.Compare(a.Quantity, b.Quantity))
	})
	return d
}

// Lines is how many lines there are.
func (d *Draft) Lines() int { return len(d.lines) }

// Line is line i as the basket has it.
func (d *Draft) Line(i int) Line { return d.lines[i].Line }

// Units is what each unit of line i still costs. It is the Draft's own: read it only.
func (d *Draft) Units(i int) []int64 { return d.lines[i].units }

// Left is what line i still costs.
func (d *Draft) Left(i int) int64 { return sum(d.lines[i].units) }

// Goods is what all lines together still cost.
func (d *Draft) Goods() int64 {
	var total int64
	for i := range d.lines {
		total += d.Left(i)
	}
	return total
}

// TakeUnit takes up to amount off one unit of line i and returns what it took.
func (d *Draft) TakeUnit(i, unit int, amount int64) int64 {
	l := &d.lines[i]
	return d.note(water(amount, l.units[unit:unit+1], l.floor))
}

// TakeLine takes up to amount off line i, spread over its units in proportion to what they still cost, and returns what it
// took: less only when every unit is at its floor.
func (d *Draft) TakeLine(i int, amount int64) int64 {
	return d.takeFrom(amount, []int{i})
}

// TakeOrder takes up to amount off all lines for which of is true (nil is all), spread over lines and units in proportion
// to what they still cost, and returns what it took.
func (d *Draft) TakeOrder(amount int64, of func(Line) bool) int64 {
	chosen := make([]int, 0, len(d.lines))
	for i := range d.lines {
		if of == nil || of(d.lines[i].Line) {
			chosen = append(chosen, i)
		}
	}
	return d.takeFrom(amount, chosen)
}

// TakeShipping takes up to amount off the shipping. What shipping costs depends on what the goods cost in the end, so it
// is settled after all offers; the offers' wishes are granted in their order until nothing is left.
func (d *Draft) TakeShipping(amount int64) { d.waive += max(amount, 0) }

// takeFrom shares amount over lines first and over the units of each line then, so that one dear unit in a line of cheap
// ones weighs what it costs.
func (d *Draft) takeFrom(amount int64, chosen []int) int64 {
	left, keep := make([]int64, len(chosen)), make([]int64, len(chosen))
	for n, i := range chosen {
		left[n] = d.Left(i)
		for _, u := range d.lines[i].units {
			keep[n] += min(u, d.lines[i].Floor)
		}
	}
	water(amount, left, func(n int) int64 { return keep[n] })
	var took int64
	for n, i := range chosen {
		l := &d.lines[i]
		took += water(d.Left(i)-left[n], l.units, l.floor)
	}
	return d.note(took)
}

// note counts what the offer whose turn it is took.
func (d *Draft) note(took int64) int64 {
	d.taken += took
	return took
}

// floor is the floor of each unit.
func (l *draftLine) floor(int) int64 { return l.Floor }

// water takes up to amount from the parts in proportion to what they have, by largest remainder, none below its floor.
// What a floor refuses is shared again among the parts that still have room. Each round ends with all taken or with one
// more part at its floor, so it comes to an end.
func water(amount int64, parts []int64, floor func(int) int64) (took int64) {
	if amount <= 0 {
		return 0
	}
	if len(parts) == 1 {
		took = max(min(amount, parts[0]-floor(0)), 0)
		parts[0] -= took
		return took
	}
	weights := make([]int64, len(parts))
	for amount > took {
		clear(weights)
		var room int64
		for i, p := range parts {
			if f := floor(i); p > f {
				weights[i] = p
				room += p - f
			}
		}
		if room == 0 {
			return took
		}
		for i, share := range money.Allocate(min(amount-took, room), weights) {
			share = max(min(share, parts[i]-floor(i)), 0)
			parts[i] -= share
			took += share
		}
	}
	return took
}

func sum(amounts []int64) (total int64) {
	for _, a := range amounts {
		total += a
	}
	return total
}
