package promotion

import (
	"dangol/shared/money"
)

// plan is what a promotion wants to take, before its cap and the floors.
type plan struct {
	takes  []take
	pooled int64 // from all lines together, in proportion to what they cost
	move   bool  // what floors refuse of takes is taken from the other units
	waive  bool  // the shipping
}

// take is an amount off one unit, or off a line as a whole.
type take struct {
	line, unit int
	amount     int64
}

const wholeLine = -1

func (pl *plan) nothing() bool { return len(pl.takes) == 0 && pl.pooled == 0 && !pl.waive }

// cut makes the plan take no more than limit, each part in proportion.
func (pl *plan) cut(limit int64) {
	amounts, total := []int64{pl.pooled}, pl.pooled
	for _, t := range pl.takes {
		amounts = append(amounts, t.amount)
		total += t.amount
	}
	if total <= limit {
		return
	}
	shares := money.Allocate(limit, amounts)
	pl.pooled = shares[0]
	for i := range pl.takes {
		pl.takes[i].amount = shares[i+1]
	}
}

// plan is what the promotion wants of what it sees.
func (v view) plan() plan {
	terms := &v.p.Terms
	switch v.p.Kind {
	case Percentage:
		return v.percent(terms.BasisPoints)
	case FixedAmount:
		return v.fixed(terms.Amount[v.b.Currency], terms.PerUnit)
	case FixedPrice:
		price := terms.Amount[v.b.Currency]
		return plan{takes: v.perUnit(func(unit int64) int64 { return unit - price })}
	case BuyGet:
		return v.buyGet(terms.BuyGet)
	case Tiered:
		if t := v.tier(); t != nil && t.BasisPoints > 0 {
			return v.percent(t.BasisPoints)
		} else if t != nil {
			return v.fixed(t.Amount[v.b.Currency], false)
		}
	case SetPrice:
		return v.set()
	case FreeShipping:
		return plan{waive: true}
	}
	return plan{}
}

// percent takes off every line by itself, rounded there, or as an order discount off the sum, rounded once.
func (v view) percent(basisPoints int) plan {
	if v.p.Class == Order {
		return plan{pooled: money.Percent(v.goods(), int64(basisPoints))}
	}
	takes := make([]take, len(v.lines))
	for i, n := range v.lines {
		takes[i] = take{n, wholeLine, money.Percent(v.d.Left(n), int64(basisPoints))}
	}
	return plan{takes: takes}
}

func (v view) fixed(amount int64, perUnit bool) plan {
	if perUnit {
		return plan{takes: v.perUnit(func(unit int64) int64 { return min(amount, unit) }), move: v.p.Class == Order}
	}
	return plan{pooled: amount}
}

// perUnit takes what of says off every unit; units of one line that cost the same are taken from together.
func (v view) perUnit(of func(unit int64) int64) (takes []take) {
	for _, n := range v.lines {
		units := v.d.Units(n)
		if same(units) {
			if amount := of(units[0]); amount > 0 {
				takes = append(takes, take{n, wholeLine, amount * int64(len(units))})
			}
			continue
		}
		for u, unit := range units {
			if amount := of(unit); amount > 0 {
				takes = append(takes, take{n, u, amount})
			}
		}
	}
	return takes
}

func same(units []int64) bool {
	for _, u := range units {
		if u != units[0] {
			return false
		}
	}
	return len(units) > 0
}
