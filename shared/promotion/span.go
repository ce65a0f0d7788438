package promotion

import (
	"slices"

	"dangol/shared/money"
)

// Span is the promotion as the guard sees it; products are those its targets choose. ok is false for what does not
// teach anybody to wait: gifts, free shipping, limited editions, and what only some people get (batches of codes,
// members, segments, first orders, single customers).
//
// unit is what the goods usually cost; the depth of discounts that are amounts is measured on it.
func (p *Promotion) Span(products []string, unit money.Money) (s Span, ok bool) {
	con := p.Conditions
	// What only some people get does not teach everybody to wait, see above.
	personal := p.Codes.Batch != nil || con.Audience == Members || con.FirstOrder ||
		len(con.Segments)+len(con.Customers) > 0
	if personal || p.State == Draft || p.Class == Shipping ||
		slices.Contains([]Kind{FreeGift, FreeShipping, Drop}, p.Kind) {
		return Span{}, false
	}
	s = Span{PromotionID: p.ID, Group: p.Group, All: p.Targets.All, Starts: p.Starts, Ends: p.Ends,
		BasisPoints: p.Depth(unit)}
	if !s.All {
		s.Products = products
	}
	return s, true
}

// Depth is the deepest price cut in basis points for goods that cost unit: of buy 2 get 1 free it is a third, of an
// amount off the order what it is of the smallest order that gets it.
func (p *Promotion) Depth(unit money.Money) int {
	currency, t := unit.Currency, &p.Terms
	switch p.Kind {
	case Percentage:
		return t.BasisPoints
	case FixedAmount:
		// The smallest order that gets it has the deepest cut; without a minimum that is one unit.
		from := unit.Amount
		if !t.PerUnit {
			from = max(from, p.Conditions.MinSubtotal[currency])
		}
		return share(t.Amount[currency], from)
	case FixedPrice, SetPrice, OrderPrice, SalePrice:
		if t.BasisPoints > 0 {
			return t.BasisPoints
		}
		amount, sold := t.Amount[currency]
		// In a currency without an amount the promotion does nothing.
		if !sold {
			return 0
		}
		return share(unit.Amount-amount, unit.Amount)
	case BuyXGetY:
		b := t.BuyXGetY
		return b.Get * b.BasisPoints / (b.Buy + b.Get)
	case Tiered:
		deepest := 0
		for _, tier := range t.Tiers {
			// The tier's threshold is the smallest order that gets it.
			from := max(tier.From[currency], unit.Amount*int64(max(tier.FromQuantity, 1)))
			deepest = max(deepest, tier.BasisPoints, share(tier.Amount[currency], from))
		}
		return deepest
	}
	return 0
}

// share is part of all in basis points, between 0 and 10,000.
func share(part, all int64) int {
	if all <= 0 || part <= 0 {
		return 0
	}
	return int(min(part, all) * whole / all)
}
