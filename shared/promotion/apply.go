package promotion

import (
	"cmp"
	"slices"

	"dangol/shared/pricing"
)

// Apply works out which promotions a basket gets at basket.At, and what they do.
//
// The shopper gets the combination that costs least, of those that the merchant allows. Two promotions combine when
// each names the other's class; two of product class that do not may still take from different lines; an exclusive one
// applies alone. What a combination costs is its total with shipping and tax, less the value of its gifts. Within a
// combination promotions apply by priority, high to low, then by id; each works on what those before it left, and
// measures its minimums there. Where two product discounts that do not combine want the same line, it goes to whichever
// takes more of it when both are percentages, amounts off each unit or fixed prices, else to either of them, whatever
// is cheaper. Among equally cheap combinations the one with more gifts is chosen, then with fewer codes, then with the
// higher priorities: a code that brings nothing more is not used up.
//
// The choice is exact while at most MaxExact promotions reach the basket. With more of them it is never worse than the
// best single one, and than what all apply by priority.
//
// The benefits of a member are promotions too, with the last turns. Their percentage is an order discount on what the
// others left. It combines with promotions that name the class order; of several memberships one percentage applies,
// the best. Their free shipping goes along with everything, exclusive promotions included. Whatever memberships
// somebody has, they pay no more than without.
//
// Lines of the basket have ids of their own. The order of lines and of codes decides nothing.
func (s *Set) Apply(b pricing.Basket, shop pricing.Shop, f Facts) Outcome {
	a := s.application(b, shop, f)
	best := a.choose()
	return a.outcome(best)
}

// application is one basket on its way through a set.
type application struct {
	s      *Set
	b      pricing.Basket
	shop   pricing.Shop
	f      Facts
	lines  []*pricing.Line // in the order of their ids, as in a pricing.Draft
	fresh  pricing.Draft   // before any promotion
	claims []claim         // the codes of the basket, with their promotions
	allIDs []string        // of all lines, once they have been asked for

	targeted   [][]int      // by promotion: places of lines
	candidates []*candidate // in the order of their turns
	shipping   *candidate   // a member's free shipping, which is in every combination
}

// application prepares a basket: codes are matched with promotions first,
// because a promotion with a code is a candidate only through its code.
func (s *Set) application(b pricing.Basket, shop pricing.Shop, f Facts) *application {
	a := &application{s: s, b: b, shop: shop, f: f, lines: inOrder(b.Lines)}
	a.fresh.Copy(pricing.NewDraft(b))
	a.claims = s.claims(b.Codes, b.At)
	a.admit()
	a.invite()
	return a
}

// inOrder sorts lines as pricing.NewDraft does, so that the places of both are the same.
func inOrder(lines []pricing.Line) []*pricing.Line {
	sorted := make([]*pricing.Line, len(lines))
	for i := range lines {
		sorted[i] = &lines[i]
	}
	slices.SortStableFunc(sorted, func(a, b *pricing.Line) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Unit, b.Unit), cmp.Compare(a.Quantity, b.Quantity))
	})
	return sorted
}

// admit makes a candidate of every promotion that is live, for this shopper, and targets something in the basket. One
// that was brought in by a code is a candidate even when it targets nothing: the code is told so.
func (a *application) admit() {
	wanted := make([]bool, len(a.s.promotions))
	var admitted []*candidate
	for i, p := range a.s.promotions {
		// Sale prices are in the unit prices already, and drops take nothing off;
		// drops are looked for in the lines because they restrict who may buy.
		if p.Kind == SalePrice || p.Kind == Drop {
			wanted[i] = p.Kind == Drop && p.State != Draft
			continue
		}
		code, ok := a.enters(i, p)
		if wanted[i] = ok; ok {
			admitted = append(admitted, &candidate{p: p, place: i, code: code})
		}
	}
	a.targeted = a.s.targeted(a.lines, wanted)
	for _, c := range admitted {
		c.lines, c.get = a.targeted[c.place], a.gettable(c.p, a.targeted[c.place])
		if len(c.lines) > 0 || c.code != "" {
			c.prepare(a)
			a.candidates = append(a.candidates, c)
		}
	}
}

// gettable is the lines whose units a buy_x_get_y gives.
func (a *application) gettable(p *Promotion, targeted []int) []int {
	if p.Kind != BuyXGetY || p.Terms.BuyXGetY.From == nil {
		return targeted
	}
	found := []int{}
	for n, l := range a.lines {
		// Lines on sale are left out of what is given as well as of what is counted.
		if p.Terms.BuyXGetY.From.Match(*l) && !(p.ExcludeSaleItems && onSale(l)) {
			found = append(found, n)
		}
	}
	return found
}

// GiftVariants lists the variants that promotions could give with the basket, or let choose from, each once: what has
// to be known of them (Facts.GiftValues, Facts.Gone) before Apply.
func (s *Set) GiftVariants(b pricing.Basket, f Facts) (ids []string) {
	// Most shops have no gifts; without them the basket need not be looked at.
	if !s.gifts {
		return nil
	}
	// Gifts do not depend on shipping or tax, so no shop is needed.
	a := s.application(b, pricing.Shop{}, f)
	seen := map[string]bool{}
	for _, c := range a.candidates {
		// A tier that is not reached before any promotion is
		// never reached: the others only make the basket cheaper.
		if c.p.Kind != FreeGift || a.view(c).giftTier() == nil {
			continue
		}
		// All tiers, not only the one reached: which one it
		// is in the end depends on the promotions before it.
		for _, t := range c.p.Terms.Gifts {
			for _, id := range t.Variants {
				if !seen[id] {
					seen[id] = true
					ids = append(ids, id)
				}
			}
		}
	}
	return ids
}
