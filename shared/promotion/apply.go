package promotion

import (
	"cmp"
	"math"
	"slices"

	"dangol/shared/pricing"
)

// Apply works out which promotions a basket gets at basket.At, and what they do.
//
// Promotions have their turns by priority, high to low, then by id; each works on what those before it left, and measures
// its minimums there. Two promotions that do not combine never take from the same goods: of product class they may still
// take from different lines; else the later one is left out. Exclusive promotions are tried each alone. Of all the
// exclusive ones alone, the others together, and none at all, the shopper gets what makes the total (with shipping and tax)
// smallest; at the same total what gives more gifts, then what has the higher priority. So a further exclusive promotion
// never makes a basket dearer, and neither do promotions that would lose it its free shipping.
//
// The benefits of a member are promotions too, with the last turns. Their percentage is an order discount on what the others
// left. It combines with promotions that name the class order; of the others and the percentage the shopper gets what is
// cheaper. Of several memberships one percentage applies, the best. Their free shipping goes along with everything, exclusive
// promotions included. Whatever memberships somebody has, they pay no more than without.
//
// Lines of the basket have ids of their own. The order of lines and of codes decides nothing.
func (s *Set) Apply(b pricing.Basket, shop pricing.Shop, f Facts) Outcome {
	a := &application{s: s, b: b, shop: shop, f: f, lines: inOrder(b.Lines)}
	a.claims = s.claims(b.Codes, b.At)
	a.admit()
	a.invite()
	best := a.choose()
	return a.outcome(best)
}

// application is one basket on its way through a set.
type application struct {
	s        *Set
	b        pricing.Basket
	shop     pricing.Shop
	f        Facts
	lines    []*pricing.Line // in the order of their ids, as in a pricing.Draft
	targeted [][]int
	claims   []claim

	together []*turn
	alone    []*turn
	off      []*turn // a member's percentages
	shipping []*turn // a member's free shipping; one at most
}

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

// admit gives a turn to every promotion that can apply.
func (a *application) admit() {
	wanted := make([]bool, len(a.s.promotions))
	var turns []*turn
	for i, p := range a.s.promotions {
		if p.Kind == Shelf || p.Kind == Drop {
			wanted[i] = p.Kind == Drop && p.State != Draft
			continue
		}
		code, ok := a.enters(i, p)
		if wanted[i] = ok; ok {
			turns = append(turns, &turn{p: p, place: i, a: a, code: code, name: p.Name.In(a.f.Languages...)})
		}
	}
	a.targeted = a.s.targeted(a.lines, wanted)
	for _, t := range turns {
		t.lines, t.get = a.targeted[t.place], a.gettable(t.p)
		switch {
		case len(t.lines) == 0 && t.code == "":
		case t.p.Exclusive:
			a.alone = append(a.alone, t)
		default:
			a.together = append(a.together, t)
		}
	}
}

// gettable is the lines whose units a buy_get gives, when they are not its targets.
func (a *application) gettable(p *Promotion) []int {
	if p.Kind != BuyGet || p.Terms.BuyGet.From == nil {
		return nil
	}
	found := []int{}
	for n, l := range a.lines {
		if p.Terms.BuyGet.From.Match(*l) && !(p.SkipSaleGoods && onSale(l)) {
			found = append(found, n)
		}
	}
	return found
}

// result is a basket with some promotions.
type result struct {
	turns  []*turn
	tried  []*turn // turns, and those that had to go
	totals pricing.Totals
	gifts  int
	place  int // of the first promotion that applied
}

func (a *application) choose() result {
	best := a.joint()
	for _, t := range a.alone {
		if t.hopeless(best.totals) {
			t.reason = NotCombinable
			continue
		}
		if r := a.run(append([]*turn{t}, a.again(a.shipping)...)); r.better(best) {
			best = r
		}
	}
	if best.totals.Discount == 0 {
		return best
	}
	if none := pricing.Price(a.b, a.shop, nil); none.Total < best.totals.Total {
		return result{totals: none}
	}
	return best
}

// joint is the best of the ways in which promotions apply together.
func (a *application) joint() result {
	ways := a.ways()
	best := a.run(ways[0])
	for _, turns := range ways[1:] {
		if r := a.run(turns); r.better(best) {
			best = r
		}
	}
	if len(ways) == 1 {
		return best
	}
	return a.run(best.tried) // turns remember their last run
}

func (r result) better(than result) bool {
	return r.place < math.MaxInt && cmp.Or(
		cmp.Compare(r.totals.Total, than.totals.Total), cmp.Compare(than.gifts, r.gifts), cmp.Compare(r.place, than.place)) < 0
}

// run prices the basket with these promotions. One that turns out to cost more than its budget has left, or to keep others
// out for a shipping that costs nothing, goes, and the others are tried again.
func (a *application) run(turns []*turn) result {
	tried := turns
	for {
		trial := &trial{touched: make([][]*turn, len(a.lines))}
		offers := make([]pricing.Offer, len(turns))
		for i, t := range turns {
			t.begin(trial)
			offers[i] = t.offer(t)
		}
		totals := pricing.Price(a.b, a.shop, offers)
		settle(turns, totals.Adjustments)
		out := slices.IndexFunc(turns, (*turn).dropped)
		if out < 0 {
			r := a.result(turns, totals)
			r.tried = tried
			return r
		}
		turns = slices.Delete(slices.Clone(turns), out, out+1)
	}
}

// settle tells each turn what it took in the end. Adjustments come in the order of the turns.
func settle(turns []*turn, adjustments []pricing.Adjustment) {
	for _, t := range turns {
		if len(adjustments) > 0 && adjustments[0].OfferID == t.p.ID {
			t.amount = adjustments[0].Amount
			adjustments = adjustments[1:]
		}
	}
}

func (a *application) result(turns []*turn, totals pricing.Totals) result {
	r := result{turns: turns, totals: totals, place: math.MaxInt}
	for _, t := range turns {
		if t.applied() {
			r.place = min(r.place, t.place)
			r.gifts += len(t.gifts)
		}
	}
	return r
}
