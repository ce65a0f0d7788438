package promotion

import (
	"slices"

	"dangol/shared/pricing"
)

// turn is a promotion on trial with a basket: a pricing rule that remembers what it did, and why it did nothing.
type turn struct {
	p          *Promotion
	place      int // in the set
	a          *application
	code, name string
	lines, get []int // places of lines; get is nil when the same as lines

	trial     *trial
	open, may []int // of lines and get, those not taken by promotions that do not combine
	accepted  bool
	barred    bool // another one was left out because of this one
	amount    int64
	gifts     []Gift
	choice    *Choice
	reason    Reason
	minAmount int64 // the condition that the goods met
	minUnits  int
	missing   Hint // what is missing for the minimum, or for the next tier
}

// trial is what the promotions of one run did so far.
type trial struct {
	accepted []*turn
	touched  [][]*turn // by line: promotions of product class that took from it
}

func (t *turn) begin(trial *trial) {
	t.trial, t.accepted, t.barred, t.amount = trial, false, false, 0
	t.open, t.may, t.gifts, t.choice, t.reason, t.missing = nil, nil, nil, nil, "", Hint{}
}

func (t *turn) offer(rule pricing.Rule) pricing.Offer {
	return pricing.Offer{ID: t.p.ID, Code: t.code, Name: t.name, Priority: t.p.Priority, Rule: rule}
}

func (t *turn) applied() bool {
	return t.accepted && (t.amount > 0 || len(t.gifts) > 0 || t.choice != nil)
}

// Apply is the turn's pricing rule.
func (t *turn) Apply(b pricing.Basket, d *pricing.Draft) {
	if t.reason = t.try(&b, d); t.reason != "" {
		return
	}
	t.accepted = true
	t.trial.accepted = append(t.trial.accepted, t)
}

func (t *turn) try(b *pricing.Basket, d *pricing.Draft) Reason {
	if len(t.lines) == 0 {
		return NothingToDiscount
	}
	if t.isBarred() {
		return NotCombinable
	}
	t.open, t.may = t.free(t.lines), t.free(t.get)
	if len(t.open) == 0 {
		return NotCombinable
	}
	v := view{p: t.p, b: b, d: d, lines: t.open, get: t.may}
	if t.missing = v.minimum(); t.missing.Kind != "" {
		return MinimumNotMet
	}
	t.minAmount, t.minUnits = v.met()
	t.missing = v.next()
	if t.p.Kind == FreeGift {
		return t.give(v)
	}
	plan := v.plan()
	if plan.waive && t.pending() {
		v.carry(plan)
		return ""
	}
	if t.take(v, plan) {
		return ""
	}
	if t.missing.Kind != "" && plan.nothing() {
		return MinimumNotMet
	}
	return NothingToDiscount
}

// isBarred reports whether a promotion that had its turn keeps this one out. Two of product class are kept apart line by
// line instead.
func (t *turn) isBarred() bool {
	for _, o := range t.trial.accepted {
		if (t.p.Class != Product || o.p.Class != Product) && !t.p.Combines(o.p) {
			o.barred = true
			return true
		}
	}
	return false
}

// free leaves out the lines from which a promotion took that does not combine with this one.
func (t *turn) free(lines []int) []int {
	taken := func(n int) bool {
		return slices.ContainsFunc(t.trial.touched[n], func(o *turn) bool { return !t.p.Combines(o.p) })
	}
	if t.p.Class != Product || !slices.ContainsFunc(lines, taken) {
		return lines
	}
	return slices.DeleteFunc(slices.Clone(lines), taken)
}

// take carries out the plan, remembers the lines it touched, and reports whether anything came off.
func (t *turn) take(v view, plan plan) bool {
	if t.p.Class != Product {
		return v.carry(plan) > 0
	}
	all, before := v.all(), v.left()
	took := v.carry(plan)
	for i, n := range all {
		if v.d.Left(n) < before[i] {
			t.trial.touched[n] = append(t.trial.touched[n], t)
		}
	}
	return took > 0
}

// pending reports whether there is a shipping to waive, as far as can be known before the last promotion had its turn.
func (t *turn) pending() bool {
	if !slices.ContainsFunc(t.a.b.Lines, func(l pricing.Line) bool { return l.RequiresShipping && l.Quantity > 0 }) {
		return false
	}
	amount, _ := t.a.shop.Shipping(t.a.b.Country, t.a.b.Method, t.a.b.Currency, 0)
	return amount > 0
}

// give decides on gifts. Choices that were made and can be given count, up to the number; what is not chosen stays open.
func (t *turn) give(v view) Reason {
	tier := v.giftTier()
	if tier == nil {
		return MinimumNotMet
	}
	var can, given []string
	for _, variant := range tier.Variants {
		if t.a.f.Gone[variant] {
			continue
		}
		can = append(can, variant)
		if tier.Choose == 0 || len(given) < tier.Choose && slices.Contains(t.a.f.Chosen[t.p.ID], variant) {
			given = append(given, variant)
		}
	}
	if len(can) == 0 {
		return NothingToDiscount
	}
	for _, variant := range given {
		t.gifts = append(t.gifts, Gift{PromotionID: t.p.ID, VariantID: variant})
	}
	if choose := min(tier.Choose, len(can)); choose > 0 {
		t.choice = &Choice{PromotionID: t.p.ID, Variants: can, Choose: choose, Left: choose - len(given)}
	}
	return ""
}

// dropped reports whether the promotion has to go after all, and says why.
func (t *turn) dropped() bool {
	if !t.accepted {
		return false
	}
	if budget, used := t.p.Budget.Spend, t.a.f.Used[t.p.ID]; len(budget) > 0 {
		currency := t.a.b.Currency
		if t.amount > budget[currency]-used.Spend[currency] {
			t.accepted, t.reason = false, BudgetExhausted
			return true
		}
	}
	if t.p.Class == Shipping && t.amount == 0 {
		t.accepted, t.reason = false, NothingToDiscount
		return t.barred
	}
	return false
}
