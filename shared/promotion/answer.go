package promotion

import (
	"cmp"
	"slices"

	"dangol/shared/pricing"
)

// offered is a promotion that applies: a pricing rule that decides nothing any more, so it gives the same in the cart, at
// checkout and in a preview.
type offered struct {
	p          *Promotion
	lines, get []string // ids, ascending; get is nil when the same as lines
}

// Apply takes what the promotion gives.
func (o offered) Apply(b pricing.Basket, d *pricing.Draft) {
	v := view{p: o.p, b: &b, d: d, lines: places(d, o.lines)}
	if o.get != nil {
		v.get = places(d, o.get)
	}
	v.carry(v.plan())
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

func (a *application) outcome(best result) Outcome {
	o := Outcome{Totals: best.totals, Held: a.held()}
	for _, t := range best.turns {
		if t.applied() {
			o.add(t)
		}
	}
	o.Refused = a.refused(best)
	o.Missing = a.hints(best)
	return o
}

func (o *Outcome) add(t *turn) {
	if t.amount > 0 {
		rule := offered{p: t.p, lines: t.a.ids(t.open)}
		if t.may != nil {
			rule.get = t.a.ids(t.may)
		}
		o.Offers = append(o.Offers, t.offer(rule))
	}
	if t.amount > 0 || len(t.gifts) > 0 {
		o.Applied = append(o.Applied, Applied{
			PromotionID: t.p.ID, Version: t.p.Version, Code: t.code, Amount: t.amount, Gifts: len(t.gifts),
			MinAmount: t.minAmount, MinUnits: t.minUnits,
		})
	}
	o.Gifts = append(o.Gifts, t.gifts...)
	if t.choice != nil {
		o.Choices = append(o.Choices, *t.choice)
	}
}

func (a *application) ids(lines []int) []string {
	ids := make([]string, len(lines))
	for i, n := range lines {
		ids[i] = a.lines[n].ID
	}
	return ids
}

// refused explains every code that does nothing.
func (a *application) refused(best result) (refused []Refused) {
	for _, c := range a.claims {
		if r := a.explain(c, best); r.Reason != "" {
			refused = append(refused, r)
		}
	}
	return refused
}

func (a *application) explain(c claim, best result) Refused {
	r := Refused{Code: c.code, Reason: Unknown}
	if c.promotion < 0 || c.reason == Unknown {
		return r
	}
	p := a.s.promotions[c.promotion]
	r.PromotionID, r.Reason = p.ID, c.reason
	if r.Reason == NotStarted {
		r.Opens = p.Starts
	}
	if r.Reason != "" {
		return r
	}
	for _, t := range slices.Concat(a.together, a.alone) {
		if t.place != c.promotion {
			continue
		}
		if r.Reason = t.why(best); r.Reason == MinimumNotMet {
			r.MissingAmount, r.MissingUnits = t.missing.Amount, t.missing.Units
		}
	}
	return r
}

// why is why the promotion does not apply in the end, empty when it does.
func (t *turn) why(best result) Reason {
	chosen := slices.Contains(best.turns, t)
	switch {
	case chosen && t.applied():
		return ""
	case t.reason != "":
		return t.reason
	case chosen || len(best.turns) == 0:
		return NothingToDiscount
	}
	return NotCombinable
}

// hints lists what is missing for more: for the promotions that had their turn, and for the shop's own free shipping.
func (a *application) hints(best result) (hints []Hint) {
	for _, t := range best.turns {
		hints = t.hint(hints)
	}
	for _, t := range a.alone {
		if t.reason == MinimumNotMet && !slices.Contains(best.turns, t) {
			hints = t.hint(hints)
		}
	}
	if missing := a.toFreeShipping(best.totals); missing > 0 {
		hints = append(hints, Hint{Kind: FreeShipping, Amount: missing})
	}
	slices.SortStableFunc(hints, func(x, y Hint) int {
		return cmp.Or(cmp.Compare(x.Amount, y.Amount), cmp.Compare(x.Units, y.Units))
	})
	return hints
}

func (t *turn) hint(hints []Hint) []Hint {
	h := t.missing
	if h.Kind == "" {
		return hints
	}
	h.PromotionID, h.Name = t.p.ID, t.name
	return append(hints, h)
}

// toFreeShipping is what is missing for the shop's own free shipping by the chosen method.
func (a *application) toFreeShipping(t pricing.Totals) int64 {
	if t.Shipping == t.ShippingDiscount {
		return 0
	}
	goods := t.Subtotal - (t.Discount - t.ShippingDiscount)
	for _, m := range a.shop.Methods(a.b.Country, a.b.Currency) {
		if m.ID == a.b.Method {
			return max(m.Prices[a.b.Currency].FreeFrom-goods, 0)
		}
	}
	return 0
}
