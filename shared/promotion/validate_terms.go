package promotion

import (
	"fmt"
	"slices"
)

// terms checks what the promotion gives. Prices may be 0, what comes off may not: nothing off is no promotion.
func (c *checks) terms() {
	c.unused()
	t := c.p.Terms
	switch c.p.Kind {
	case Percentage:
		c.Between(t.BasisPoints, 1, whole, "/terms/basisPoints")
	case FixedAmount:
		c.needed(t.Amount, 1, "/terms/amount")
	case FixedPrice, SetPrice, OrderPrice:
		c.needed(t.Amount, 0, "/terms/amount")
	case SalePrice:
		c.salePrice()
	case BuyXGetY:
		c.buyXGetY(t.BuyXGetY)
	}
	c.Require(t.Shipping == nil || c.p.Class == Shipping, "/terms/shipping", "not_used", "only off the shipping")
	c.maxUnits()
	c.gifts()
	c.tiers()
	c.parts()
	if from := t.MembersFrom; !from.IsZero() {
		c.Require(!t.AllAtOnce, "/terms/membersFrom", "not_used", "none when all come in at once")
		c.Require(from.Before(c.p.Starts), "/terms/membersFrom", "not_in_order", "earlier than starts")
	}
}

// unused refuses what belongs to other kinds, so that nobody believes in a rule that does nothing.
func (c *checks) unused() {
	t := c.p.Terms
	for _, f := range []struct {
		field string
		set   bool
		kinds []Kind
	}{
		{"basisPoints", t.BasisPoints != 0, []Kind{Percentage, SalePrice}},
		{"amount", len(t.Amount) > 0, []Kind{FixedAmount, FixedPrice, SetPrice, OrderPrice, SalePrice}},
		{"perUnit", t.PerUnit, []Kind{FixedAmount}},
		{"buyXGetY", t.BuyXGetY != nil, []Kind{BuyXGetY}},
		{"gifts", len(t.Gifts) > 0, []Kind{FreeGift}},
		{"tiers", len(t.Tiers) > 0, []Kind{Tiered}},
		{"parts", len(t.Parts) > 0, []Kind{SetPrice}},
		{"shipping", t.Shipping != nil, []Kind{FreeShipping, Percentage}},
		{"membersFrom", !t.MembersFrom.IsZero(), []Kind{Drop}},
		{"allAtOnce", t.AllAtOnce, []Kind{Drop}},
	} {
		c.Require(!f.set || slices.Contains(f.kinds, c.p.Kind), "/terms/"+f.field, "not_used", "only for %v", f.kinds)
	}
}

// maxUnits allows a limit of units only where each unit gets something of its own.
func (c *checks) maxUnits() {
	t, each := c.p.Terms, c.p.Kind == Percentage || c.p.Kind == FixedPrice || c.p.Kind == FixedAmount && c.p.Terms.PerUnit
	c.Between(t.MaxUnits, 0, 1_000, "/terms/maxUnits")
	c.Require(t.MaxUnits == 0 || each && c.p.Class == Product, "/terms/maxUnits", "not_used",
		"only for what comes off each unit, of class product")
}

// needed checks amounts that must be there.
func (c *checks) needed(a Amounts, least int64, pointer string) {
	c.Require(len(a) > 0, pointer, "required", "an amount in one currency at least")
	c.amounts(a, least, pointer)
}

// salePrice checks that a sale has one way to make its price.
func (c *checks) salePrice() {
	t := c.p.Terms
	if t.BasisPoints != 0 {
		c.Require(len(t.Amount) == 0, "/terms/amount", "not_used", "basisPoints or amount, not both")
		c.Between(t.BasisPoints, 1, whole-1, "/terms/basisPoints")
		return
	}
	c.needed(t.Amount, 1, "/terms/amount")
}

// buyXGetY checks the terms of the kind buy_x_get_y.
func (c *checks) buyXGetY(b *BuyXGetYTerms) {
	c.Require(b != nil, "/terms/buyXGetY", "required", "how many to buy and to get")
	if b == nil {
		return
	}
	c.Between(b.Buy, 1, 1_000, "/terms/buyXGetY/buy")
	c.Between(b.Get, 1, 1_000, "/terms/buyXGetY/get")
	c.Require((b.BasisPoints != 0) != (len(b.Amount) > 0), "/terms/buyXGetY", "required",
		"basisPoints or amount, not both")
	c.Between(b.BasisPoints, 0, whole, "/terms/buyXGetY/basisPoints")
	c.amounts(b.Amount, 1, "/terms/buyXGetY/amount")
	known := slices.Contains([]ApplyTo{"", Cheapest, Dearest}, b.ApplyTo)
	c.Require(known, "/terms/buyXGetY/applyTo", "unknown", "cheapest or most_expensive")
	c.Between(b.Times, 0, 1_000, "/terms/buyXGetY/times")
	if b.From != nil {
		c.Require(!b.From.Empty(), "/terms/buyXGetY/from", "required",
			"all, or one product, variant, category or tag at least")
		c.lists(*b.From, "/terms/buyXGetY/from")
	}
}

// gifts checks the tiers of gifts, which must rise so that
// the highest one that is reached is the best.
func (c *checks) gifts() {
	tiers := c.p.Terms.Gifts
	c.Require(c.p.Kind != FreeGift || len(tiers) > 0, "/terms/gifts", "required", "one tier at least")
	for i, t := range tiers {
		at := fmt.Sprintf("/terms/gifts/%d", i)
		c.needed(t.From, 1, at+"/from")
		if i > 0 {
			c.higher(tiers[i-1].From, t.From, at+"/from")
		}
		c.Require(len(t.Variants) > 0, at+"/variants", "required", "one gift at least")
		// Choosing all of them is choosing none: then 0 is the right value.
		c.Between(t.Choose, 0, max(len(t.Variants)-1, 0), at+"/choose")
		for n, id := range t.Variants {
			c.gift(id, slices.Index(t.Variants, id) == n, fmt.Sprintf("%s/variants/%d", at, n))
		}
	}
}

// gift refuses a gift that earns itself.
func (c *checks) gift(id string, once bool, pointer string) {
	c.Require(once, pointer, "twice", "each once")
	c.Require(!slices.Contains(c.p.Targets.Variants, id), pointer, "circular", "not one of the goods that earn it")
	c.variant(id, pointer)
}

// tiers checks the tiers of a discount. All of them are reached
// by the same measure, or which is the highest could not be said.
func (c *checks) tiers() {
	tiers := c.p.Terms.Tiers
	c.Require(c.p.Kind != Tiered || len(tiers) > 0, "/terms/tiers", "required", "one tier at least")
	for i, t := range tiers {
		at := fmt.Sprintf("/terms/tiers/%d", i)
		c.Require((t.FromQuantity > 0) != (len(t.From) > 0), at, "required", "fromQuantity or from, not both")
		c.Require((t.BasisPoints != 0) != (len(t.Amount) > 0), at, "required", "basisPoints or amount, not both")
		c.Between(t.FromQuantity, 0, 1_000_000, at+"/fromQuantity")
		c.Between(t.BasisPoints, 0, whole, at+"/basisPoints")
		c.amounts(t.From, 1, at+"/from")
		c.amounts(t.Amount, 1, at+"/amount")
		if i == 0 {
			continue
		}
		before := tiers[i-1]
		byUnits, more := t.FromQuantity > 0, t.FromQuantity > before.FromQuantity
		c.Require((before.FromQuantity > 0) == byUnits, at, "not_in_order", "all tiers by quantity, or all by amount")
		c.Require(!byUnits || more, at+"/fromQuantity", "not_in_order", "higher than the tier before")
		c.higher(before.From, t.From, at+"/from")
	}
}

// higher checks that a tier begins above the one before it, in each currency.
func (c *checks) higher(before, after Amounts, pointer string) {
	for currency, amount := range after {
		c.Require(amount > before[currency], pointer+"/"+currency, "not_in_order", "higher than the tier before")
	}
}

// parts checks the parts of a set. A variant in two parts
// could fill either, and it would not be clear which.
func (c *checks) parts() {
	parts := c.p.Terms.Parts
	c.Require(c.p.Kind != SetPrice || len(parts) > 0, "/terms/parts", "required", "one part at least")
	in := map[string]bool{}
	for i, part := range parts {
		at := fmt.Sprintf("/terms/parts/%d", i)
		c.Require(len(part.Variants) > 0, at+"/variants", "required", "one variant at least")
		c.Between(part.Quantity, 1, 1_000, at+"/quantity")
		for n, id := range part.Variants {
			c.Require(!in[id], fmt.Sprintf("%s/variants/%d", at, n), "twice", "in one part only")
			in[id] = true
			c.variant(id, fmt.Sprintf("%s/variants/%d", at, n))
		}
	}
}

// variant refuses a variant that is not there, and a gift set that contains itself.
func (c *checks) variant(id, pointer string) {
	if c.known.Components == nil || id == "" {
		return
	}
	_, ok := c.known.Components(id)
	c.Require(ok, pointer, "unknown_variant", "a variant of the catalog")
	c.Require(!c.contains(id, id, map[string]bool{}), pointer, "circular", "not a set that contains itself")
}

// contains reports whether a set contains the variant, directly or
// through other sets. seen stops at sets that contain each other.
func (c *checks) contains(set, id string, seen map[string]bool) bool {
	if seen[set] {
		return false
	}
	seen[set] = true
	components, _ := c.known.Components(set)
	return slices.ContainsFunc(components, func(part string) bool { return part == id || c.contains(part, id, seen) })
}
