package promotion

import (
	"cmp"
	"slices"

	"dangol/shared/pricing"
)

// offered is a promotion that applies, as a pricing rule: its lines are
// decided, so it gives the same in the cart, at checkout and in a preview.
type offered struct {
	p           *Promotion
	lines, take []string // ids, ascending
}

// Apply takes what the promotion gives.
func (o offered) Apply(b pricing.Basket, d *pricing.Draft, offer int) {
	v := view{p: o.p, b: &b, d: d, lines: places(d, o.lines)}
	v.take = v.lines
	// Only buy_x_get_y takes from other lines than those it counts.
	if o.p.Kind == BuyXGetY {
		v.take = places(d, o.take)
	}
	v.apply(offer)
}

// places finds lines by their ids, both ascending.
func places(d *pricing.Draft, ids []string) []int {
	found, next := make([]int, 0, len(ids)), 0
	for n := range d.Lines() {
		if next < len(ids) && d.Line(n).ID == ids[next] {
			found = append(found, n)
			next++
		}
	}
	return found
}

// outcome describes the best combination: what applies, what
// each code and choice came to, and what is missing for more.
func (a *application) outcome(best *evaluation) Outcome {
	o := Outcome{Restrictions: a.held()}
	taken := make([]pricing.Adjustment, len(best.steps))
	for i := range best.steps {
		s := &best.steps[i]
		taken[i] = pricing.Adjustment{OfferID: s.c.p.ID, Code: s.c.code, Name: s.c.name, Amount: s.amount}
		// What was taken off the shipping is in the step's amount and settled
		// again by Totals; counting it twice would double the discount.
		if s.c.class == shipping {
			taken[i].Amount = 0 // Totals adds it
		}
		// A promotion that had its turn and took nothing is
		// not named: its uses must not be counted.
		if s.applied() {
			a.add(&o, s)
		}
	}
	o.Totals = best.d.Totals(a.b, a.shop, taken)
	o.Choices = a.choices(best)
	o.Refused = a.refused(best)
	o.Missing = a.hints(best)
	return o
}

// add puts one step into the outcome: an offer where it takes money, gifts where it gives some.
func (a *application) add(o *Outcome, s *step) {
	c := s.c
	if s.amount > 0 {
		rule := offered{p: c.p, lines: a.ids(s.open)}
		if c.p.Kind == BuyXGetY {
			rule.take = a.ids(s.take)
		}
		o.Offers = append(o.Offers, pricing.Offer{ID: c.p.ID, Code: c.code, Name: c.name, Priority: c.p.Priority, Rule: rule})
	}
	o.Applied = append(o.Applied, Applied{
		PromotionID: c.p.ID, Version: c.p.Version, Code: c.code, Amount: s.amount, Gifts: len(s.gifts),
		MinAmount: s.minAmount, MinUnits: s.minUnits,
	})
	o.Gifts = append(o.Gifts, s.gifts...)
}

// ids are the ids of lines by their places. Most promotions
// target all lines, so that list is made once and shared.
func (a *application) ids(lines []int) []string {
	if len(lines) == len(a.lines) && len(a.allIDs) > 0 {
		return a.allIDs
	}
	ids := make([]string, len(lines))
	for i, n := range lines {
		ids[i] = a.lines[n].ID
	}
	if len(lines) == len(a.lines) {
		a.allIDs = ids
	}
	return ids
}

// with is the best combination with a candidate added, in place of those with which it does not combine.
func (a *application) with(best *evaluation, c *candidate) *evaluation {
	list := []*candidate{c}
	for i := range best.steps {
		if o := best.steps[i].c; o != c && (o.combines(c) || o.contests(c)) {
			list = append(list, o)
		}
	}
	// Promotions apply in the order of their places, see Apply.
	slices.SortFunc(list, func(x, y *candidate) int { return cmp.Compare(x.place, y.place) })
	e := a.begin()
	for _, o := range list {
		e.include(o, nil)
	}
	e.settle()
	return e
}

// alone is the basket with a candidate alone, next to a member's free shipping.
func (a *application) alone(c *candidate) (*evaluation, Reason) {
	e := a.begin()
	reason := e.include(c, nil)
	if a.shipping != nil {
		e.include(a.shipping, nil)
	}
	// Here the budget decides: the promotion does something,
	// but what it gives does not fit into what is left.
	if !e.settle() {
		reason = BudgetExhausted
	}
	return e, reason
}

// choices lists the gifts that the shopper chose, and those that they would get if they chose.
func (a *application) choices(best *evaluation) (choices []GiftChoice) {
	for _, c := range a.candidates {
		if c.p.Kind != FreeGift {
			continue
		}
		if s := best.find(c); s != nil {
			if s.choice != nil {
				choices = append(choices, *s.choice)
			}
			continue
		}
		if choice := a.open(best, c); choice != nil {
			choices = append(choices, *choice)
		}
	}
	return choices
}

// open is the choice of a promotion that gives nothing yet; nil when the shopper would not get what they choose.
func (a *application) open(best *evaluation, c *candidate) *GiftChoice {
	// Measured before any turn: a tier that is not reached there is reached in no combination.
	tier := a.view(c).giftTier()
	if reason, _ := a.reaches(c); reason != "" || tier.Choose == 0 {
		return nil
	}
	_, choice := a.gifts(c.p, tier, a.f.Chosen[c.p.ID])
	if choice == nil {
		return nil
	}
	// The test assumes that the shopper would choose the most valuable gifts: when even
	// those do not make the combination better, offering the choice would mislead.
	most := slices.Clone(choice.Variants)
	slices.SortStableFunc(most, func(x, y string) int { return cmp.Compare(a.f.GiftValues[y], a.f.GiftValues[x]) })
	// A copy of the application, because the choices that are assumed must not stay in the facts.
	other := *a
	other.f.Chosen = map[string][]string{c.p.ID: most}
	// The choices of promotions that already give stay as they are.
	for i := range best.steps {
		if o := best.steps[i].c; o.p.Kind == FreeGift {
			other.f.Chosen[o.p.ID] = a.f.Chosen[o.p.ID]
		}
	}
	if e := other.with(best, c); e.find(c) == nil || !e.better(best) {
		return nil
	}
	return choice
}

// refused explains every code that does nothing.
func (a *application) refused(best *evaluation) (refused []Refused) {
	for _, c := range a.claims {
		if r := a.explain(c, best); r.Reason != "" {
			refused = append(refused, r)
		}
	}
	return refused
}

// explain is the reason why a code does nothing; the Reason is empty when it does something.
func (a *application) explain(c claim, best *evaluation) Refused {
	r := Refused{Code: c.code, Reason: Unknown}
	// A code of a draft answers like one that does not exist, so that drafts cannot be found out.
	if c.promotion < 0 || c.reason == Unknown {
		return r
	}
	p := a.s.promotions[c.promotion]
	r.PromotionID, r.Reason = p.ID, c.reason
	if r.Reason == NotStarted {
		r.Opens = p.Starts
	}
	at := slices.IndexFunc(a.candidates, func(o *candidate) bool { return o.place == c.promotion })
	// Either the code was refused before any lines were looked at, or its promotion applies.
	if r.Reason != "" || at < 0 || best.find(a.candidates[at]) != nil {
		return r
	}
	a.compare(a.candidates[at], best, &r)
	return r
}

// compare says why a candidate is not among those that apply.
func (a *application) compare(c *candidate, best *evaluation, r *Refused) {
	reason, missing := a.reaches(c)
	if r.Reason = reason; reason == MinimumNotMet {
		r.MissingAmount, r.MissingUnits = missing.Amount, missing.Units
	}
	if reason != "" {
		return
	}
	e, reason := a.alone(c)
	if r.Reason = reason; reason != "" {
		return
	}
	// Next to others the candidate may be cheaper than alone;
	// the cheaper of both is what the shopper could have had.
	if with := a.with(best, c); with.find(c) != nil && with.cost < e.cost {
		e = with
	}
	for i := range best.steps {
		if s := &best.steps[i]; s.applied() && !s.c.combines(c) {
			r.Instead = append(r.Instead, s.c.p.ID)
		}
	}
	// The order of the cases goes from what the candidate itself lacks to what the others have.
	switch {
	case e.find(c) == nil:
		r.Reason, r.Instead = NothingToDiscount, nil
	case e.cost == best.cost:
		r.Reason = NothingMore
	case len(r.Instead) > 0:
		r.Reason = BetterOffer
	default:
		r.Reason = WouldCostMore
	}
}

// hints lists what is missing for more: for promotions that could apply beside those that do, for exclusive ones, and
// for the shop's own free shipping.
func (a *application) hints(best *evaluation) (hints []Hint) {
	var asked []*candidate
	for _, c := range a.candidates {
		// Exclusive promotions are measured alone: nothing that applies has its turn before them.
		if c.p.Exclusive {
			if reason, missing := a.reaches(c); reason == MinimumNotMet {
				hints = c.hint(hints, missing)
			}
			continue
		}
		if best.find(c) != nil || a.may(c, best) {
			asked = append(asked, c)
		}
	}
	if slices.ContainsFunc(asked, (*candidate).measures) {
		hints = a.measure(best, asked, hints)
	}
	if missing := a.toFreeShipping(best); missing > 0 {
		hints = append(hints, Hint{Kind: FreeShipping, Amount: missing})
	}
	// The smallest step first: it is the one that a storefront shows.
	slices.SortStableFunc(hints, func(x, y Hint) int {
		return cmp.Or(cmp.Compare(x.Amount, y.Amount), cmp.Compare(x.Units, y.Units))
	})
	return hints
}

// may reports whether a candidate that does not apply could apply beside those that do.
func (a *application) may(c *candidate, best *evaluation) bool {
	if reason, _ := a.reaches(c); reason != "" && reason != MinimumNotMet {
		return false
	}
	for i := range best.steps {
		if s := &best.steps[i]; s.applied() && !s.c.combines(c) && !s.c.contests(c) {
			return false
		}
	}
	return true
}

// measures reports whether there is anything that can be missing for the promotion.
func (c *candidate) measures() bool {
	con := &c.p.Conditions
	// A buy_x_get_y has a minimum of its own, but what is
	// missing for it depends on the variant; it gives no hint.
	return len(con.MinSubtotal) > 0 || con.MinQuantity > 0 || c.p.Kind == Tiered || c.p.Kind == FreeGift
}

// measure repeats the turns of the best combination and looks at what is missing when the turns of the candidates come.
func (a *application) measure(best *evaluation, asked []*candidate, hints []Hint) []Hint {
	e, next := a.begin(), 0
	for _, c := range asked {
		// All turns before the candidate's, so that the missing
		// amount is what the shopper would really have to add.
		for ; next < len(best.steps) && best.steps[next].c.place < c.place; next++ {
			s := &best.steps[next]
			view{p: s.c.p, b: &a.b, d: &e.d, lines: s.open, take: s.take}.apply(next)
		}
		if !c.measures() {
			continue
		}
		v := view{p: c.p, b: &a.b, d: &e.d, lines: e.free(c, c.lines, nil)}
		missing := v.minimum()
		// Its conditions are met: what is missing is the next tier.
		if missing.Kind == "" {
			missing = v.next()
		}
		hints = c.hint(hints, missing)
	}
	return hints
}

// hint adds what is missing for the candidate; nothing when nothing is missing.
func (c *candidate) hint(hints []Hint, h Hint) []Hint {
	if h.Kind == "" {
		return hints
	}
	h.PromotionID, h.Name = c.p.ID, c.name
	return append(hints, h)
}

// toFreeShipping is what is missing for the shop's own free shipping by the chosen method.
func (a *application) toFreeShipping(best *evaluation) int64 {
	rest := best.d.Shipping(&a.b, a.shop)
	for i := range best.steps {
		if s := &best.steps[i]; s.c.class == shipping {
			rest -= s.amount
		}
	}
	// The shipping is free already, by a promotion or because nothing is shipped.
	if rest == 0 {
		return 0
	}
	for _, m := range a.shop.Methods(a.b.Country, a.b.Currency) {
		if m.ID == a.b.Method {
			return max(m.Prices[a.b.Currency].FreeFrom-best.d.Goods(), 0)
		}
	}
	return 0
}
