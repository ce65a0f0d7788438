package promotion

import "slices"

// apply takes from the goods what the promotion gives them, and returns how much that is. offer is its number among
// those of the draft, for the shipping, which is settled when all have been applied.
func (v view) apply(offer int) int64 {
	terms := &v.p.Terms
	move := v.p.MoveRefused
	if v.p.Class == Shipping && v.p.Kind == Percentage {
		// A percentage of the shipping is settled at the
		// end, when it is known what the shipping costs.
		v.d.TakeShippingPart(offer, terms.BasisPoints, v.limit())
		return 0
	}
	switch v.p.Kind {
	case Percentage:
		v.percent(terms.BasisPoints)
	case FixedAmount:
		v.fixed(terms.Amount[v.b.Currency], terms.PerUnit)
		move = move || !terms.PerUnit // the amount is promised as a whole
	case FixedPrice:
		price := terms.Amount[v.b.Currency]
		v.perUnit(func(unit int64) int64 { return unit - price })
	case BuyXGetY:
		v.buyXGetY(terms.BuyXGetY)
	case Tiered:
		if t := v.tier(); t != nil && t.BasisPoints > 0 {
			v.percent(t.BasisPoints)
		} else if t != nil {
			v.fixed(t.Amount[v.b.Currency], false)
			move = true
		}
	case OrderPrice:
		// What the goods cost now above the promised price; nothing when they
		// are cheaper already, because PlanLines ignores amounts below 0.
		v.d.PlanLines(v.take, v.listTotal()-terms.Amount[v.b.Currency])
		move = true
	case SetPrice:
		v.set()
		move = true // a set has a price as a whole
	case FreeShipping:
		v.d.TakeShipping(offer, v.limit())
		return 0
	// Gifts, drops and sale prices take nothing here: see
	// evaluation.give, Set.held and Set.DisplayPrice.
	default:
		return 0
	}
	return v.d.Take(v.take, v.limit(), move)
}

// percent plans to take off every line by itself, rounded there, or as an order discount off all, rounded once.
func (v view) percent(basisPoints int) {
	if v.p.Class == Order {
		v.d.PlanPercent(v.take, 0, basisPoints, v.p.MoveRefused)
		return
	}
	for i := range v.take {
		v.d.PlanPercent(v.take[i:i+1], v.p.Terms.MaxUnits, basisPoints, v.p.MoveRefused)
	}
}

// fixed plans an amount off the lines together, or off each unit.
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
		v.each(n, of)
	}
}

// each plans to take what of says off the units of a line that may get it.
func (v view) each(n int, of func(unit int64) int64) {
	most, units := v.p.Terms.MaxUnits, v.d.Units(n)
	if most == 0 || most >= len(units) {
		for u, unit := range units {
			v.d.PlanUnit(n, u, of(unit))
		}
		return
	}
	// The dearest units get it: that is the most for the
	// shopper, whatever the order of units in a line.
	pool := v.pool([]int{n})
	slices.SortFunc(pool, dearestFirst)
	for _, u := range pool[:min(most, len(pool))] {
		v.d.PlanUnit(n, u.n, of(u.cost))
	}
}
