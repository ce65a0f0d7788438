package promotion

import (
	"slices"

	"dangol/shared/pricing"
)

// view is what a promotion sees when its turn comes.
type view struct {
	p *Promotion
	b *pricing.Basket
	d *pricing.Draft
	// lines are measured for minimums and tiers, and bought for a buy_x_get_y. take are those it may take from: the same,
	// but for a buy_x_get_y, which takes from what can be got.
	lines, take []int
}

// listTotal is what the lines still cost together.
func (v view) listTotal() (total int64) {
	for _, n := range v.lines {
		total += v.d.Left(n)
	}
	return total
}

// units is how many units the lines have, gifts not counted.
func (v view) units() (total int) {
	for _, n := range v.lines {
		// Gifts are lines of unit price 0, and must not earn further gifts.
		if l := v.d.Line(n); l.Unit > 0 {
			total += l.Quantity
		}
	}
	return total
}

// minimum is what is missing for the conditions; its Kind is empty when nothing is.
func (v view) minimum() Hint {
	c := &v.p.Conditions
	least := c.MinSubtotal[v.b.Currency]
	if least == 0 && c.MinQuantity == 0 {
		return Hint{}
	}
	measured := v
	// The minimum is measured on the whole basket; what is given still goes to the targeted lines.
	if c.Anywhere {
		measured.lines = make([]int, v.d.Lines())
		for n := range measured.lines {
			measured.lines[n] = n
		}
	}
	h := Hint{Amount: max(least-measured.listTotal(), 0), Units: max(c.MinQuantity-measured.units(), 0)}
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
	// A return that leaves fewer units than the offer takes makes it void.
	case BuyXGetY:
		if b := v.p.Terms.BuyXGetY; b != nil {
			units = max(units, b.Buy+b.Get)
		}
	}
	return amount, units
}

// next is how far it is to the next tier; its Kind is empty when there is none.
func (v view) next() Hint {
	switch v.p.Kind {
	case Tiered:
		// Tiers are in ascending order: the first that is not reached is the next.
		for _, t := range v.p.Terms.Tiers {
			from, sold := t.in(v.b.Currency)
			if missing := t.FromQuantity - v.units(); sold && t.FromQuantity > 0 && missing > 0 {
				return Hint{Kind: Tiered, Units: missing}
			} else if missing := from - v.listTotal(); sold && t.FromQuantity == 0 && missing > 0 {
				return Hint{Kind: Tiered, Amount: missing}
			}
		}
	case FreeGift:
		for _, t := range v.p.Terms.Gifts {
			from, sold := t.From[v.b.Currency]
			if missing := from - v.listTotal(); sold && missing > 0 {
				return Hint{Kind: FreeGift, Amount: missing, Gifts: t.Variants}
			}
		}
	}
	return Hint{}
}

// in is from which amount on the tier gives something in a currency. ok is false when it gives nothing there.
func (t Tier) in(currency string) (from int64, ok bool) {
	if _, ok := t.Amount.in(currency); !ok {
		return 0, false
	}
	return t.From.in(currency)
}

// tier is the highest tier that is reached, nil when none is.
func (v view) tier() *Tier {
	// From the highest down: the first that is reached counts.
	for i, t := range slices.Backward(v.p.Terms.Tiers) {
		from, sold := t.in(v.b.Currency)
		if sold && (t.FromQuantity > 0 && v.units() >= t.FromQuantity || t.FromQuantity == 0 && v.listTotal() >= from) {
			return &v.p.Terms.Tiers[i]
		}
	}
	return nil
}

// giftTier is the highest tier of gifts that is reached, nil when none is.
func (v view) giftTier() *GiftTier {
	for i, t := range slices.Backward(v.p.Terms.Gifts) {
		if from, sold := t.From[v.b.Currency]; sold && v.listTotal() >= from {
			return &v.p.Terms.Gifts[i]
		}
	}
	return nil
}

// limit is the most that the promotion takes off an order.
func (v view) limit() int64 {
	if limit, limited := v.p.MaxDiscount[v.b.Currency]; limited {
		return limit
	}
	return pricing.NoLimit
}
