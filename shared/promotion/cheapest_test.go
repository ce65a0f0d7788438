package promotion_test

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"dangol/shared/money"
	"dangol/shared/pricing"
	"dangol/shared/promotion"
)

// giftValues are what the gifts of drawTerms are worth.
var giftValues = promotion.Facts{GiftValues: map[string]int64{"A": 3_000, "B": 7_000}}

// costs is what the shopper pays, less the value of the gifts.
func costs(o promotion.Outcome) int64 {
	total := o.Totals.Total
	for _, g := range o.Gifts {
		total -= giftValues.GiftValues[g.VariantID]
	}
	return total
}

// everything tries all combinations of a few promotions one after another, knowing nothing of how Apply goes about it.
type everything struct {
	b          pricing.Basket
	shop       pricing.Shop
	promotions []promotion.Promotion // in the order of their turns
}

func contested(p, q *promotion.Promotion) bool {
	return p.Class == promotion.Product && q.Class == promotion.Product && !p.Combines(q)
}

func (e everything) cheapest() int64 {
	best := int64(math.MaxInt64)
	for mask := range 1 << len(e.promotions) {
		var chosen []*promotion.Promotion
		for i := range e.promotions {
			if mask&(1<<i) != 0 {
				chosen = append(chosen, &e.promotions[i])
			}
		}
		if allowed(chosen) {
			best = min(best, e.withLines(chosen))
		}
	}
	return best
}

func allowed(chosen []*promotion.Promotion) bool {
	for i, p := range chosen {
		if p.Exclusive && len(chosen) > 1 {
			return false
		}
		for _, q := range chosen[i+1:] {
			if !p.Combines(q) && !contested(p, q) {
				return false
			}
		}
	}
	return true
}

// withLines tries for each pair that wants the same lines: the first has them, the second, each whichever takes more.
func (e everything) withLines(chosen []*promotion.Promotion) int64 {
	var pairs [][2]*promotion.Promotion
	for i, p := range chosen {
		for _, q := range chosen[i+1:] {
			if contested(p, q) {
				pairs = append(pairs, [2]*promotion.Promotion{p, q})
			}
		}
	}
	best, ways := int64(math.MaxInt64), int(math.Pow(3, float64(len(pairs))))
	for way := range ways {
		d := pricing.NewDraft(e.b)
		barred := map[*promotion.Promotion]map[int]bool{}
		for _, pair := range pairs {
			e.part(d, pair, way%3, barred)
			way /= 3
		}
		if cost, ok := e.run(d, chosen, barred); ok {
			best = min(best, cost)
		}
	}
	return best
}

func (e everything) part(d *pricing.Draft, pair [2]*promotion.Promotion, way int,
	barred map[*promotion.Promotion]map[int]bool) {
	for n := range d.Lines() {
		l := d.Line(n)
		if !pair[0].Targets.Match(*l) || !pair[1].Targets.Match(*l) {
			continue
		}
		loser := pair[1]
		more := percentOf(l, pair[1]) > percentOf(l, pair[0])
		if way == 1 && percentOf(l, pair[1]) > 0 || way == 2 && more || percentOf(l, pair[0]) == 0 {
			loser = pair[0]
		}
		if barred[loser] == nil {
			barred[loser] = map[int]bool{}
		}
		barred[loser][n] = true
	}
}

func percentOf(l *pricing.Line, p *promotion.Promotion) int64 {
	off := money.Percent(l.Unit*int64(l.Quantity), int64(p.Terms.BasisPoints))
	return min(off, max(l.Unit-l.Floor, 0)*int64(l.Quantity))
}

// run applies them in turn. ok is false when one of them does nothing: then there is a combination without it.
func (e everything) run(d *pricing.Draft, chosen []*promotion.Promotion,
	barred map[*promotion.Promotion]map[int]bool) (cost int64, ok bool) {
	var value int64
	for offer, p := range chosen {
		var lines []int
		var subtotal int64
		for n := range d.Lines() {
			if p.Targets.Match(*d.Line(n)) && !barred[p][n] {
				lines = append(lines, n)
				subtotal += d.Left(n)
			}
		}
		if len(lines) == 0 || subtotal < p.Conditions.MinSubtotal["KRW"] {
			return 0, false
		}
		limit, limited := p.MaxDiscount["KRW"]
		if !limited {
			limit = pricing.NoLimit
		}
		switch p.Kind {
		case promotion.FreeShipping:
			d.TakeShipping(offer, limit)
		case promotion.FreeGift:
			if subtotal < p.Terms.Gifts[0].From["KRW"] {
				return 0, false
			}
			value += giftValues.GiftValues["A"]
			if subtotal >= p.Terms.Gifts[1].From["KRW"] {
				value += giftValues.GiftValues["B"]
			}
		case promotion.FixedAmount:
			d.PlanLines(lines, p.Terms.Amount["KRW"])
			d.Take(lines, limit, true)
		case promotion.Percentage:
			if p.Class == promotion.Shipping {
				d.TakeShippingPart(offer, p.Terms.BasisPoints, limit)
				continue
			}
			if p.Class == promotion.Order {
				d.PlanPercent(lines, 0, p.Terms.BasisPoints, p.MoveRefused)
			} else {
				for _, n := range lines {
					d.PlanPercent([]int{n}, 0, p.Terms.BasisPoints, false)
				}
			}
			d.Take(lines, limit, p.MoveRefused)
		}
	}
	return d.Cost(&e.b, e.shop, func(int, int64) {}) - value, true
}

// drawSimple draws a promotion that everything can apply: product discounts are plain percentages.
func drawSimple(t *rapid.T, id string) promotion.Promotion {
	p := drawPromotion(t, id)
	for p.Kind != promotion.Percentage && p.Kind != promotion.FixedAmount && p.Kind != promotion.FreeGift &&
		p.Kind != promotion.FreeShipping {
		p = drawPromotion(t, id)
	}
	p.Terms.MaxUnits = 0
	p.Terms.PerUnit, p.ExcludeSaleItems, p.Codes, p.Budget = false, false, promotion.Codes{}, promotion.Budget{}
	switch {
	case p.Class != promotion.Product:
	case p.Kind == promotion.Percentage:
		p.MaxDiscount, p.Conditions, p.MoveRefused = nil, promotion.Conditions{}, false
	default:
		p.Class = promotion.Order
	}
	return p
}

func TestTheCheapestCombinationIsFoundAsByTryingAll(t *testing.T) {
	t.Parallel()
	s := shop(t)
	rapid.Check(t, func(t *rapid.T) {
		b := drawBasket(t)
		b.Codes = nil
		var promotions []promotion.Promotion
		products := 0
		for i := range rapid.IntRange(1, promotion.MaxExact).Draw(t, "promotions") {
			p := drawSimple(t, fmt.Sprintf("p%d", i))
			if p.Class == promotion.Product {
				if products++; products > 3 {
					continue // trying all would take too long
				}
			}
			promotions = append(promotions, p)
		}
		got := promotion.NewSet(slices.Clone(promotions)).Apply(b, s, giftValues)
		slices.SortFunc(promotions, func(x, y promotion.Promotion) int {
			return cmp.Or(cmp.Compare(y.Priority, x.Priority), cmp.Compare(x.ID, y.ID))
		})
		if want := (everything{b, s, promotions}).cheapest(); costs(got) != want {
			t.Fatalf("it costs %d, the cheapest combination costs %d: %+v", costs(got), want, got.Applied)
		}
	})
}

func TestOnePromotionMoreNeverMakesTheCartDearer(t *testing.T) {
	t.Parallel()
	s := shop(t)
	rapid.Check(t, func(t *rapid.T) {
		b, promotions := drawBasket(t), drawPromotions(t)
		before := promotion.NewSet(slices.Clone(promotions)).Apply(b, s, giftValues)
		more := drawPromotion(t, "more")
		after := promotion.NewSet(append(slices.Clone(promotions), more)).Apply(b, s, giftValues)
		if more.Codes.Single == "" && costs(after) > costs(before) {
			t.Fatalf("%d before, %d with %+v", costs(before), costs(after), more)
		}
	})
}

func TestManyPromotionsAreNeverWorseThanTheBestSingleOne(t *testing.T) {
	t.Parallel()
	s := shop(t)
	rapid.Check(t, func(t *rapid.T) {
		b := drawBasket(t)
		b.Codes = nil
		var promotions []promotion.Promotion
		for i := range rapid.IntRange(promotion.MaxExact+1, 30).Draw(t, "promotions") {
			promotions = append(promotions, drawPromotion(t, fmt.Sprintf("p%02d", i)))
		}
		got := promotion.NewSet(slices.Clone(promotions)).Apply(b, s, giftValues)
		for _, p := range promotions {
			alone := promotion.NewSet([]promotion.Promotion{p}).Apply(b, s, giftValues)
			if costs(alone) < costs(got) {
				t.Fatalf("%s alone costs %d, the outcome %d", p.ID, costs(alone), costs(got))
			}
		}
	})
}

// apart leaves out what groups units, contests lines or needs an amount where an earlier promotion does so or groups
// units.
func apart(promotions []promotion.Promotion) (kept []promotion.Promotion) {
	groups := func(p *promotion.Promotion) bool { return p.Kind == promotion.BuyXGetY || p.Kind == promotion.SetPrice }
	needs := func(p *promotion.Promotion) bool {
		return p.Kind == promotion.Tiered || p.Kind == promotion.FreeGift || p.Conditions.MinSubtotal != nil
	}
	for _, p := range promotions {
		if !slices.ContainsFunc(kept, func(q promotion.Promotion) bool {
			return contested(&p, &q) || (groups(&p) || needs(&p)) && (groups(&q) || needs(&q))
		}) {
			kept = append(kept, p)
		}
	}
	return kept
}

// TestOneUnitMoreNeverCostsMoreThanItsPrice holds for one promotion that groups units or needs an amount, with any
// others that do neither and do not contest its lines. A second one works on what the first left, and that may be less
// when the first takes more.
func TestOneUnitMoreNeverCostsMoreThanItsPrice(t *testing.T) {
	t.Parallel()
	s := shop(t)
	rapid.Check(t, func(t *rapid.T) {
		b, promotions := drawBasket(t), drawPromotions(t)
		promotions = apart(promotions)
		b.Country = rapid.SampledFrom([]string{"KR", ""}).Draw(t, "inclusive") // elsewhere tax comes on top of the price
		for i := range b.Lines {
			l := &b.Lines[i]
			l.Quantity = max(l.Quantity, 1)
			l.Floor = rapid.SampledFrom([]int64{0, 0, l.Unit}).Draw(t, "excluded")
		}
		for i := range promotions {
			promotions[i].Budget = promotion.Budget{} // what does not fit into what is left of a budget is not given at all
		}
		set := promotion.NewSet(promotions)
		before := set.Apply(b, s, giftValues)
		more := b
		more.Lines = slices.Clone(b.Lines)
		price := rapid.Int64Range(0, 40_000).Draw(t, "price")
		if len(b.Lines) > 0 && rapid.Bool().Draw(t, "of a line") {
			l := &more.Lines[rapid.IntRange(0, len(b.Lines)-1).Draw(t, "which")]
			l.Quantity++
			price = l.Unit
		} else {
			more.Lines = append(more.Lines, line("e", 1, price))
		}
		if after := set.Apply(more, s, giftValues); costs(after) > costs(before)+price {
			t.Fatalf("%d before, %d with one more of %d\nbefore %+v\nafter %+v\nof %+v", costs(before), costs(after), price,
				before.Applied, after.Applied, promotions)
		}
	})
}
