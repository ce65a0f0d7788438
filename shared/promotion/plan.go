package promotion

import (
	"dangol/shared/money"
)

// carry takes from the goods what the promotion gives them, and returns how much that is. turn is its number among those of
// the draft, for the shipping, which is settled when all have had their turns.
func (v view) carry(turn int) int64 {
	terms := &v.p.Terms
	move := v.p.MoveRefused
	switch v.p.Kind {
	case Percentage:
		v.percent(terms.BasisPoints)
	case FixedAmount:
		v.fixed(terms.Amount[v.b.Currency], terms.PerUnit)
		move = move || !terms.PerUnit // the amount is promised as a whole
	case FixedPrice:
		price := terms.Amount[v.b.Currency]
		v.perUnit(func(unit int64) int64 { return unit - price })
	case BuyGet:
		v.buyGet(terms.BuyGet)
	case Tiered:
		if t := v.tier(); t != nil && t.BasisPoints > 0 {
			v.percent(t.BasisPoints)
		} else if t != nil {
			v.fixed(t.Amount[v.b.Currency], false)
			move = true
		}
	case SetPrice:
		v.set()
		move = true // a set has a price as a whole
	case FreeShipping:
		v.d.TakeShipping(turn, v.limit())
		return 0
	default:
		return 0
	}
	return v.d.Take(v.take, v.limit(), move)
}

// percent plans to take off every line by itself, rounded there, or as an order discount off the sum, rounded once.
func (v view) percent(basisPoints int) {
	if v.p.Class == Order {
		v.d.PlanLines(v.take, money.Percent(v.goods(), int64(basisPoints)))
		return
	}
	for _, n := range v.take {
		v.d.PlanLine(n, money.Percent(v.d.Left(n), int64(basisPoints)))
	}
}

func (v view) fixed(amount int64, perUnit bool) {
	if perUnit {
		v.perUnit(func(unit int64) int64 { return min(amount, unit) })
		return
	}
	v.d.PlanLines(v.take, amount)
}

// perUnit plans to take what of says off every unit.
func (v view) perUnit(of func(unit int64) int64) {
	for _, n := range v.take {
		for u, unit := range v.d.Units(n) {
			v.d.PlanUnit(n, u, of(unit))
		}
	}
}
