package promotion

import (
	"slices"

	"dangol/shared/pricing"
)

// view is what a promotion sees when its turn comes.
type view struct {
	p     *Promotion
	b     *pricing.Basket
	d     *pricing.Draft
	lines []int // that it may take from
	get   []int // whose units a buy_get gives; nil when the same as lines
}

// all is lines and get together, ascending, each once.
func (v view) all() []int {
	if v.get == nil {
		return v.lines
	}
	both := append(slices.Clone(v.lines), v.get...)
	slices.Sort(both)
	return slices.Compact(both)
}

// left is what each of all lines still costs.
func (v view) left() []int64 {
	all := v.all()
	left := make([]int64, len(all))
	for i, n := range all {
		left[i] = v.d.Left(n)
	}
	return left
}

// goods is what the lines still cost together.
func (v view) goods() (total int64) {
	for _, n := range v.lines {
		total += v.d.Left(n)
	}
	return total
}

// units is how many units the lines have, gifts not counted.
func (v view) units() (total int) {
	for _, n := range v.lines {
		total += v.worth(n)
	}
	return total
}

// worth is how many units of a line count: all, or none when they are given away anyway.
func (v view) worth(n int) int {
	if l := v.d.Line(n); l.Unit > 0 {
		return l.Quantity
	}
	return 0
}

// minimum is what is missing for the conditions; its Kind is empty when nothing is.
func (v view) minimum() Hint {
	c := &v.p.Conditions
	least := c.MinSubtotal[v.b.Currency]
	if least == 0 && c.MinQuantity == 0 {
		return Hint{}
	}
	measured := v
	if c.Anywhere {
		measured.lines = make([]int, v.d.Lines())
		for n := range measured.lines {
			measured.lines[n] = n
		}
	}
	h := Hint{Amount: max(least-measured.goods(), 0), Units: max(c.MinQuantity-measured.units(), 0)}
	if h.Amount > 0 || h.Units > 0 {
		h.Kind = v.p.Kind
	}
	return h
}

// met is the condition that the goods meet: that of the promotion, or of its tier when that is higher.
func (v view) met() (amount int64, units int) {
	amount, units = v.p.Conditions.MinSubtotal[v.b.Currency], v.p.Conditions.MinQuantity
	switch v.p.Kind {
	case Tiered:
		if t := v.tier(); t != nil {
			amount, units = max(amount, t.From[v.b.Currency]), max(units, t.FromQuantity)
		}
	case FreeGift:
		if t := v.giftTier(); t != nil {
			amount = max(amount, t.From[v.b.Currency])
		}
	case BuyGet:
		if b := v.p.Terms.BuyGet; b != nil {
			units = max(units, b.Buy+b.Get)
		}
	}
	return amount, units
}

// next is how far it is to the next tier; its Kind is empty when there is none.
func (v view) next() Hint {
	switch v.p.Kind {
	case Tiered:
		for _, t := range v.p.Terms.Tiers {
			from, sold := t.From[v.b.Currency]
			if missing := t.FromQuantity - v.units(); t.FromQuantity > 0 && missing > 0 {
				return Hint{Kind: Tiered, Units: missing}
			} else if missing := from - v.goods(); sold && missing > 0 {
				return Hint{Kind: Tiered, Amount: missing}
			}
		}
	case FreeGift:
		for _, t := range v.p.Terms.Gifts {
			from, sold := t.From[v.b.Currency]
			if missing := from - v.goods(); sold && missing > 0 {
				return Hint{Kind: FreeGift, Amount: missing, Gifts: t.Variants}
			}
		}
	}
	return Hint{}
}

// tier is the highest tier that is reached, nil when none is.
func (v view) tier() *Tier {
	for _, t := range slices.Backward(v.p.Terms.Tiers) {
		from, sold := t.From[v.b.Currency]
		if t.FromQuantity > 0 && v.units() >= t.FromQuantity || sold && v.goods() >= from {
			return &t
		}
	}
	return nil
}

func (v view) giftTier() *GiftTier {
	for _, t := range slices.Backward(v.p.Terms.Gifts) {
		if from, sold := t.From[v.b.Currency]; sold && v.goods() >= from {
			return &t
		}
	}
	return nil
}

// carry takes what the plan says, at most MaxDiscount, and returns how much came off the goods.
func (v view) carry(pl plan) (took int64) {
	limit, limited := v.p.MaxDiscount[v.b.Currency]
	if pl.waive {
		v.waive(limit, limited)
		return 0
	}
	if limited {
		pl.cut(limit)
	}
	var refused int64
	for _, t := range pl.takes {
		got := v.take(t)
		took += got
		refused += t.amount - got
	}
	pooled := pl.pooled
	if pl.move {
		pooled += refused
	}
	if pooled > 0 {
		took += v.spread(pooled)
	}
	return took
}

func (v view) waive(limit int64, limited bool) {
	if !limited {
		limit = 1 << 62
	}
	v.d.TakeShipping(limit)
}

func (v view) take(t take) int64 {
	if t.unit == wholeLine {
		return v.d.TakeLine(t.line, t.amount)
	}
	return v.d.TakeUnit(t.line, t.unit, t.amount)
}

// spread takes an amount from all lines in proportion to what they cost; what floors refuse moves to the others.
func (v view) spread(amount int64) int64 {
	all := v.all()
	if len(all) == v.d.Lines() {
		return v.d.TakeOrder(amount, nil)
	}
	ids := make([]string, len(all))
	for i, n := range all {
		ids[i] = v.d.Line(n).ID
	}
	return v.d.TakeOrder(amount, func(l pricing.Line) bool {
		_, ok := slices.BinarySearch(ids, l.ID)
		return ok
	})
}
