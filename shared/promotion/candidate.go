package promotion

import (
	"slices"

	"dangol/shared/money"
	"dangol/shared/pricing"
)

// candidate is a promotion that may be in a combination.
type candidate struct {
	p          *Promotion
	place      int    // in the set; the benefits of a member follow
	code, name string // code is the one that brought it in, folded
	// places of lines it targets, and of those whose units it gives; get is lines but for some buy_x_get_y
	lines, get []int

	class, with classes // its own class, and those it may be combined with
	perUnit     bool    // takes from every unit whatever else is in the basket: see takes
	discount    bool    // a member's percentage, of which one at most applies
}

// classes is a set of classes, as bits: the search compares
// them for each pair of promotions in each combination.
type classes uint8

const (
	product  classes = 1
	order    classes = 2
	shipping classes = 4
)

// classesOf is the set of the listed classes.
func classesOf(list ...Class) (set classes) {
	for _, c := range list {
		switch c {
		case Product:
			set |= product
		case Order:
			set |= order
		case Shipping:
			set |= shipping
		}
	}
	return set
}

// prepare works out once what every combination looks at. perUnit holds for promotions whose effect
// on a line does not depend on the other lines, so the search can compare them line by line.
func (c *candidate) prepare(a *application) {
	p := c.p
	c.class, c.with, c.name = classesOf(p.Class), classesOf(p.CombinesWith...), p.Name.In(a.f.Languages...)
	conditional := len(p.Conditions.MinSubtotal) > 0 || p.Conditions.MinQuantity > 0
	limited := len(p.MaxDiscount) > 0 || len(p.Budget.Spend) > 0
	each := p.Kind == Percentage || p.Kind == FixedPrice || p.Kind == FixedAmount && p.Terms.PerUnit
	c.perUnit = each && p.Class == Product && !conditional && !limited && !p.MoveRefused
}

// combines reports whether two candidates may take from the same goods.
func (c *candidate) combines(o *candidate) bool {
	// An exclusive promotion combines with nothing but a
	// member's free shipping, which goes along with everything.
	if c.p.Exclusive || o.p.Exclusive {
		return c.p.always || o.p.always
	}
	// Of several memberships one percentage applies, the best.
	if c.discount && o.discount {
		return false
	}
	return c.p.always || o.p.always || c.with&o.class != 0 && o.with&c.class != 0
}

// contests reports whether the two may both apply, but not to the same line:
// product discounts of which one does not name the class of the other.
func (c *candidate) contests(o *candidate) bool {
	return c.class == product && o.class == product && !c.p.Exclusive && !o.p.Exclusive && !c.combines(o)
}

// takes is what a candidate that is perUnit takes off a line at its catalog price.
func (c *candidate) takes(l *pricing.Line, currency string) int64 {
	t, each := &c.p.Terms, int64(0)
	quantity := int64(l.Quantity)
	if t.MaxUnits > 0 {
		quantity = min(quantity, int64(t.MaxUnits))
	}
	switch c.p.Kind {
	case Percentage:
		// Rounded once over the line, like view.percent; no unit goes below its floor.
		return min(money.Percent(l.Unit*quantity, int64(t.BasisPoints)), max(l.Unit-l.Floor, 0)*quantity)
	case FixedPrice:
		each = l.Unit - t.Amount[currency]
	default:
		each = t.Amount[currency]
	}
	return max(min(each, l.Unit-l.Floor), 0) * quantity
}

// view is what the candidate sees before any other has its turn.
func (a *application) view(c *candidate) view {
	return view{p: c.p, b: &a.b, d: &a.fresh, lines: c.lines, take: c.get}
}

// reaches reports whether the candidate can do anything in any combination: further promotions make baskets cheaper, so
// what is not reached without them is never reached. Else it says why, and what is missing.
func (a *application) reaches(c *candidate) (Reason, Hint) {
	// On the basket before any promotion, which is the dearest that it can be.
	v := a.view(c)
	if len(c.lines) == 0 {
		return NoMatchingItems, Hint{}
	}
	if missing := v.minimum(); missing.Kind != "" {
		return MinimumNotMet, missing
	}
	next := v.next()
	switch c.p.Kind {
	case FreeGift:
		if v.giftTier() == nil {
			return MinimumNotMet, next
		}
	case Tiered:
		if v.tier() == nil {
			return MinimumNotMet, next
		}
	}
	// Shipping that costs nothing cannot be waived.
	if c.class == shipping && a.dearestShipping() == 0 {
		return NothingToDiscount, Hint{}
	}
	return "", next
}

// dearestShipping is the most that the chosen method costs: the
// price for goods of 0, where no free-from amount is reached.
func (a *application) dearestShipping() int64 {
	if !slices.ContainsFunc(a.b.Lines, func(l pricing.Line) bool { return l.RequiresShipping && l.Quantity > 0 }) {
		return 0
	}
	amount, _ := a.shop.Shipping(a.b.Country, a.b.Method, a.b.Currency, 0)
	return amount
}

// most is an upper bound of what the candidate makes a basket cheaper, in any combination.
// The search leaves out what cannot be cheaper than the best found, so a bound that is too
// low would lose the right answer, one that is too high only costs time.
func (a *application) most(c *candidate) (most int64) {
	switch c.p.Kind {
	case FreeGift:
		tier := a.view(c).giftTier()
		if tier == nil {
			return 0
		}
		for _, t := range c.p.Terms.Gifts {
			var value int64
			for _, id := range t.Variants {
				value += a.f.GiftValues[id]
			}
			most = max(most, value)
		}
		return most
	}
	if c.class == shipping {
		return a.dearestShipping()
	}
	limit := a.view(c).limit()
	for _, n := range c.get {
		most += a.lines[n].Unit * int64(a.lines[n].Quantity)
	}
	// With MoveRefused a percentage may take from one line
	// what another refuses: only the goods' total bounds it.
	if c.p.MoveRefused {
		return min(most, limit)
	}
	switch c.p.Kind {
	case Percentage: // each line rounds by itself
		most = money.Percent(most, int64(c.p.Terms.BasisPoints)) + int64(len(c.lines))
	case FixedAmount:
		// Per unit, the bound is the price of the goods, as
		// the amount may be more than a unit costs.
		if !c.p.Terms.PerUnit {
			most = min(most, c.p.Terms.Amount[a.b.Currency])
		}
	}
	return min(most, limit)
}
