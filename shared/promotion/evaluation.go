package promotion

import (
	"cmp"
	"slices"

	"dangol/shared/pricing"
)

// evaluation is a basket with the promotions of one combination, as far as they have had their turns.
type evaluation struct {
	a     *application
	d     pricing.Draft
	steps []step // in the order of their turns
	// claimed are the lines that a product discount took from; alone those from which one took that combines with no
	// other.
	claimed, alone []bool
	products       group       // those of product class, see group
	others         group       // those of the other classes
	discount       bool        // a member's percentage is among them
	exclusive      bool        // an exclusive promotion is among them
	value          int64       // of the gifts, minor units
	cost           int64       // see settle
	gifts, codes   int         // units given; codes used up
	undone         *evaluation // what it was before a turn that could fail
}

// group summarizes promotions for the question whether another one
// combines with all of them, so that the question needs no loop.
type group struct {
	any         bool    // whether there is one at all
	class, with classes // the classes of any of them; those that all of them name
}

// add takes the candidate into the group.
func (g *group) add(c *candidate) {
	if !g.any {
		*g = group{true, c.class, c.with}
		return
	}
	g.class, g.with = g.class|c.class, g.with&c.with
}

// combines reports whether the candidate names every class in the
// group, and every member of the group names the candidate's.
func (g *group) combines(c *candidate) bool {
	return !g.any || g.class&^c.with == 0 && g.with&c.class != 0
}

// step is a promotion that applies.
type step struct {
	c          *candidate
	open, take []int // of the candidate's lines and get, those it may take from
	amount     int64 // taken off, minor units
	gifts      []Gift
	choice     *GiftChoice
	minAmount  int64 // the condition that the goods met
	minUnits   int   // see minAmount
}

// applied reports whether the promotion gives anything; one
// that had its turn and gives nothing is not an application.
func (s *step) applied() bool { return s.amount > 0 || len(s.gifts) > 0 }

// begin is the basket before any promotion, in memory of its own.
func (a *application) begin() *evaluation {
	e := &evaluation{}
	e.reset(a)
	return e
}

// reset makes e the basket before any promotion. It keeps
// the memory: a search makes thousands of evaluations.
func (e *evaluation) reset(a *application) {
	if len(e.claimed) != len(a.lines) {
		e.claimed, e.alone = make([]bool, len(a.lines)), make([]bool, len(a.lines))
	}
	clear(e.claimed)
	clear(e.alone)
	*e = evaluation{a: a, d: e.d, steps: e.steps[:0], claimed: e.claimed, alone: e.alone, undone: e.undone}
	e.d.Copy(&a.fresh)
}

// copy makes e what from is, in e's own memory.
func (e *evaluation) copy(from *evaluation) {
	e.a = from.a
	e.d.Copy(&from.d)
	e.steps = append(e.steps[:0], from.steps...)
	e.claimed, e.alone = append(e.claimed[:0], from.claimed...), append(e.alone[:0], from.alone...)
	e.products, e.others = from.products, from.others
	e.discount, e.exclusive = from.discount, from.exclusive
	e.value, e.cost, e.gifts, e.codes = from.value, from.cost, from.gifts, from.codes
}

// admits reports whether the candidate may follow those that are in: two of product class are kept apart line by line
// instead.
func (e *evaluation) admits(c *candidate) bool {
	// A member's free shipping goes along with everything.
	if c.p.always {
		return true
	}
	if e.exclusive || c.p.Exclusive && (e.products.any || e.others.any) || c.discount && e.discount {
		return false
	}
	// Two promotions of product class may both apply to
	// different lines, so they are kept apart by free, not here.
	return e.others.combines(c) && (c.class == product || e.products.combines(c))
}

// include gives the candidate its turn and reports why it does nothing, empty when it does something. leave are lines
// that another one is to have. After a reason the evaluation is what it was before.
func (e *evaluation) include(c *candidate, leave []bool) Reason {
	if len(c.lines) == 0 {
		return NoMatchingItems
	}
	if !e.admits(c) {
		return NotCombinable
	}
	s := step{c: c, open: e.free(c, c.lines, leave)}
	s.take = s.open
	// What is counted may be on lines that another one took
	// from; only what is given has to be free.
	if c.p.Kind == BuyXGetY {
		s.open, s.take = c.lines, e.free(c, c.get, leave)
	}
	if len(s.take) == 0 {
		return NotCombinable
	}
	v := view{p: c.p, b: &e.a.b, d: &e.d, lines: s.open, take: s.take}
	if missing := v.minimum(); missing.Kind != "" {
		return MinimumNotMet
	}
	s.minAmount, s.minUnits = v.met()
	switch {
	case c.p.Kind == FreeGift:
		if r := e.give(v, &s); r != "" {
			return r
		}
	case c.class == shipping:
		v.apply(len(e.steps))
	default:
		if r := e.take(v, &s); r != "" {
			return r
		}
	}
	e.add(s)
	return ""
}

// add appends the step and takes the candidate into the group of its kind.
func (e *evaluation) add(s step) {
	e.steps = append(e.steps, s)
	switch c := s.c; {
	// A member's free shipping restricts nobody, so it is in no group.
	case c.p.always:
	case c.class == product:
		e.products.add(c)
	default:
		e.others.add(c)
	}
	e.discount, e.exclusive = e.discount || s.c.discount, e.exclusive || s.c.p.Exclusive
}

// free leaves out lines that are for another, and those from which a promotion took that does not combine with this
// one.
func (e *evaluation) free(c *candidate, lines []int, leave []bool) []int {
	gone := func(n int) bool {
		return leave != nil && leave[n] || c.class == product && (e.alone[n] || e.claimed[n] && c.with&product == 0)
	}
	if c.p.always || !slices.ContainsFunc(lines, gone) {
		return lines
	}
	return slices.DeleteFunc(slices.Clone(lines), gone)
}

// take carries out what the promotion does to the goods, and remembers the lines it took from.
func (e *evaluation) take(v view, s *step) Reason {
	c := s.c
	// What lines cost before, to see afterwards from which ones
	// the promotion really took: only these are closed to others.
	var before []int64
	if c.class == product {
		for _, n := range s.take {
			before = append(before, e.d.Left(n))
		}
	}
	budget, limited := c.p.Budget.Spend[e.a.b.Currency]
	// The draft is copied before a turn that the budget may
	// refuse. Only promotions with a budget pay for the copy.
	if limited {
		if e.undone == nil {
			e.undone = &evaluation{}
		}
		e.undone.d.Copy(&e.d)
	}
	s.amount = v.apply(len(e.steps))
	switch {
	case s.amount == 0 && c.p.Kind == Tiered && v.tier() == nil:
		return MinimumNotMet
	case s.amount == 0:
		return NothingToDiscount
	// What was announced is given whole or not at all, so a
	// discount that does not fit is taken back.
	case limited && s.amount > budget-e.a.f.Used[c.p.ID].Spend[e.a.b.Currency]:
		e.d.Copy(&e.undone.d)
		return BudgetExhausted
	}
	for i, old := range before {
		if n := s.take[i]; e.d.Left(n) < old {
			e.claimed[n] = true
			// A promotion that combines with no other product discount closes its lines to all.
			e.alone[n] = e.alone[n] || c.with&product == 0
		}
	}
	return ""
}

// give decides on gifts. Choices that were made and can be given count, up to the number; what is not chosen stays
// open.
func (e *evaluation) give(v view, s *step) Reason {
	tier := v.giftTier()
	if tier == nil {
		return MinimumNotMet
	}
	given, choice := e.a.gifts(s.c.p, tier, e.a.f.Chosen[s.c.p.ID])
	if len(given) == 0 {
		return NothingToDiscount
	}
	s.choice = choice
	for _, variant := range given {
		s.gifts = append(s.gifts, Gift{PromotionID: s.c.p.ID, VariantID: variant})
		e.value += e.a.f.GiftValues[variant]
	}
	return ""
}

// gifts is what a tier gives when these are chosen, and the choice that it leaves.
func (a *application) gifts(p *Promotion, tier *GiftTier, chosen []string) (given []string, choice *GiftChoice) {
	var can []string
	for _, variant := range tier.Variants {
		if a.f.Gone[variant] {
			continue
		}
		can = append(can, variant)
		if tier.Choose == 0 || len(given) < tier.Choose && slices.Contains(chosen, variant) {
			given = append(given, variant)
		}
	}
	// The number may be more than what is left to choose from.
	if choose := min(tier.Choose, len(can)); choose > 0 {
		choice = &GiftChoice{PromotionID: p.ID, Variants: can, Choose: choose, Left: choose - len(given)}
	}
	return given, choice
}

// settle adds the shipping when all have had their turns, and reports whether every budget holds what it gives.
func (e *evaluation) settle() bool {
	// Settled from zero: settle runs again when a step is added after it.
	for i := range e.steps {
		if s := &e.steps[i]; s.c.class == shipping {
			s.amount = 0
		}
	}
	fits := true
	e.cost = e.d.Cost(&e.a.b, e.a.shop, func(turn int, amount int64) {
		s := &e.steps[turn]
		s.amount += amount
		if budget, limited := s.c.p.Budget.Spend[e.a.b.Currency]; limited {
			fits = fits && s.amount <= budget-e.a.f.Used[s.c.p.ID].Spend[e.a.b.Currency]
		}
	})
	// The value of gifts counts as money off when combinations are compared.
	e.cost -= e.value
	e.gifts, e.codes = 0, 0
	for i := range e.steps {
		s := &e.steps[i]
		e.gifts += len(s.gifts)
		if s.c.code != "" && s.applied() {
			e.codes++
		}
	}
	return fits
}

// better reports whether the shopper gets e rather than another combination: the cheaper one,
// then the one with more gifts, with fewer codes used up, and with the higher priorities.
func (e *evaluation) better(than *evaluation) bool {
	if by := cmp.Or(cmp.Compare(e.cost, than.cost), cmp.Compare(than.gifts, e.gifts),
		cmp.Compare(e.codes, than.codes)); by != 0 {
		return by < 0
	}
	return comparePlaces(e.steps, than.steps) < 0
}

// comparePlaces compares which promotions apply, in the order of their turns: the earlier one decides, and of equal
// ones the shorter list, which names nothing that does nothing.
func comparePlaces(x, y []step) int {
	i, j := 0, 0
	for {
		for i < len(x) && !x[i].applied() {
			i++
		}
		for j < len(y) && !y[j].applied() {
			j++
		}
		switch {
		case i == len(x) && j == len(y):
			return 0
		case i == len(x):
			return -1
		case j == len(y):
			return 1
		case x[i].c.place != y[j].c.place:
			return cmp.Compare(x[i].c.place, y[j].c.place)
		}
		i++
		j++
	}
}

// find is the step of a candidate that applies, nil when it does not.
func (e *evaluation) find(c *candidate) *step {
	for i := range e.steps {
		if e.steps[i].c == c && e.steps[i].applied() {
			return &e.steps[i]
		}
	}
	return nil
}
