package promotion_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"dangol/shared/pricing"
	"dangol/shared/promotion"
)

func drawBasket(t *rapid.T) pricing.Basket {
	b := basket()
	for i := range rapid.IntRange(0, 5).Draw(t, "lines") {
		id := string(rune('a' + i))
		l := line(id, rapid.IntRange(0, 4).Draw(t, "quantity"), rapid.Int64Range(0, 30_000).Draw(t, "unit"))
		l.Floor = rapid.SampledFrom([]int64{0, 0, l.Unit / 2, l.Unit, l.Unit + 5}).Draw(t, "floor")
		l.CompareAt = rapid.SampledFrom([]int64{0, 0, l.Unit + 1_000}).Draw(t, "was")
		l.RequiresShipping = rapid.Bool().Draw(t, "shipped")
		l.Taxable = rapid.Bool().Draw(t, "taxable")
		b.Lines = append(b.Lines, l)
	}
	b.Country = rapid.SampledFrom([]string{"KR", "JP", ""}).Draw(t, "country")
	b.Codes = rapid.SliceOfN(rapid.SampledFrom([]string{"A", "B", "NOPE"}), 0, 3).Draw(t, "codes")
	return b
}

func drawTargets(t *rapid.T) promotion.Targets {
	if rapid.Bool().Draw(t, "all") {
		return promotion.Targets{All: true}
	}
	ids := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c", "d", "e"}), 1, 3).Draw(t, "targets")
	var targets promotion.Targets
	for i, id := range ids {
		switch i % 3 {
		case 0:
			targets.Products = append(targets.Products, "p-"+id)
		case 1:
			targets.Categories = append(targets.Categories, "c-"+id)
		default:
			targets.Tags = append(targets.Tags, "t-"+id)
		}
	}
	return targets
}

func drawTerms(t *rapid.T, kind promotion.Kind) promotion.Terms {
	amount := krw(rapid.Int64Range(1, 20_000).Draw(t, "amount"))
	basisPoints := rapid.IntRange(1, 10_000).Draw(t, "basisPoints")
	switch kind {
	case promotion.Percentage:
		return promotion.Terms{BasisPoints: basisPoints}
	case promotion.FixedAmount:
		return promotion.Terms{Amount: amount, PerUnit: rapid.Bool().Draw(t, "perUnit")}
	case promotion.BuyXGetY:
		terms := &promotion.BuyXGetYTerms{
			Buy: rapid.IntRange(1, 3).Draw(t, "buy"), Get: rapid.IntRange(1, 2).Draw(t, "get"), BasisPoints: basisPoints}
		if rapid.Bool().Draw(t, "from") {
			from := drawTargets(t)
			terms.From = &from
		}
		return promotion.Terms{BuyXGetY: terms}
	case promotion.FreeGift:
		return promotion.Terms{Gifts: []promotion.GiftTier{
			{From: amount, Variants: []string{"A"}}, {From: krw(amount["KRW"] * 2), Variants: []string{"A", "B"}}}}
	case promotion.Tiered:
		return rapid.SampledFrom([]promotion.Terms{byQuantity, byAmount}).Draw(t, "tiers")
	case promotion.SetPrice:
		return promotion.Terms{Amount: amount, Parts: []promotion.SetPart{part(1, "a", "c"),
			part(rapid.IntRange(1, 2).Draw(t, "part"), "b")}}
	case promotion.FreeShipping:
		return promotion.Terms{}
	}
	return promotion.Terms{Amount: amount}
}

func drawPromotion(t *rapid.T, id string) promotion.Promotion {
	kind := rapid.SampledFrom([]promotion.Kind{
		promotion.Percentage, promotion.FixedAmount, promotion.FixedPrice, promotion.BuyXGetY, promotion.FreeGift,
		promotion.FreeShipping,
		promotion.Tiered, promotion.SetPrice, promotion.OrderPrice,
	}).Draw(t, "kind")
	p := promo(id, kind, drawTerms(t, kind))
	p.Targets = drawTargets(t)
	p.Priority = rapid.IntRange(0, 3).Draw(t, "priority")
	p.Exclusive = rapid.IntRange(0, 4).Draw(t, "exclusive") == 0
	p.Class = rapid.SampledFrom([]promotion.Class{promotion.Product, promotion.Order}).Draw(t, "class")
	switch {
	case kind == promotion.FreeShipping:
		p.Class = promotion.Shipping
	case kind == promotion.OrderPrice:
		p.Class = promotion.Order
	case kind == promotion.Percentage && rapid.IntRange(0, 4).Draw(t, "off shipping") == 0:
		p.Class = promotion.Shipping
	case kind == promotion.Percentage && p.Class == promotion.Product:
		p.Terms.MaxUnits = rapid.IntRange(0, 2).Draw(t, "units")
	}
	p.CombinesWith = rapid.SliceOfDistinct(rapid.SampledFrom([]promotion.Class{promotion.Product, promotion.Order,
		promotion.Shipping}),
		rapid.ID[promotion.Class]).Draw(t, "with")
	p.MoveRefused = rapid.IntRange(0, 3).Draw(t, "move") == 0
	p.ExcludeSaleItems = rapid.Bool().Draw(t, "skipSale")
	p.Codes.Single = rapid.SampledFrom([]string{"", "", "A", "B"}).Draw(t, "code")
	if rapid.Bool().Draw(t, "capped") {
		p.MaxDiscount = krw(rapid.Int64Range(1, 10_000).Draw(t, "cap"))
	}
	if rapid.Bool().Draw(t, "minimum") {
		p.Conditions.MinSubtotal = krw(rapid.Int64Range(1, 50_000).Draw(t, "least"))
	}
	if rapid.IntRange(0, 3).Draw(t, "budgeted") == 0 {
		p.Budget.Spend = krw(rapid.Int64Range(1, 10_000).Draw(t, "budget"))
	}
	return p
}

func drawPromotions(t *rapid.T) []promotion.Promotion {
	all := make([]promotion.Promotion, rapid.IntRange(0, 6).Draw(t, "promotions"))
	for i := range all {
		all[i] = drawPromotion(t, fmt.Sprintf("p%d", i))
	}
	return all
}

func TestEverythingAddsUp(t *testing.T) {
	t.Parallel()
	s := shop(t)
	rapid.Check(t, func(t *rapid.T) {
		b, promotions := drawBasket(t), drawPromotions(t)
		o := promotion.NewSet(promotions).Apply(b, s, promotion.Facts{})
		if again := pricing.Price(b, s, o.Offers); !reflect.DeepEqual(again, o.Totals) {
			t.Fatalf("the offers give %+v\nthe outcome says %+v", again, o.Totals)
		}
		var applied, adjusted, lines int64
		for _, a := range o.Applied {
			applied += a.Amount
		}
		for _, a := range o.Totals.Adjustments {
			adjusted += a.Amount
		}
		for i, l := range o.Totals.Lines {
			least := min(b.Lines[i].Floor, l.Unit) * int64(l.Quantity)
			if l.Total < least || l.Total > l.Subtotal {
				t.Fatalf("line %s costs %d of %d, its floor is %d", l.ID, l.Total, l.Subtotal, least)
			}
			lines += l.Discount
		}
		if applied != o.Totals.Discount || adjusted != applied || lines+o.Totals.ShippingDiscount != applied ||
			o.Totals.Total < 0 {
			t.Fatalf("applied %d, adjusted %d, on lines %d, in %+v", applied, adjusted, lines, o.Totals)
		}
		if none := pricing.Price(b, s, nil); o.Totals.Total > none.Total {
			t.Fatalf("promotions made %d out of %d", o.Totals.Total, none.Total)
		}
		for _, a := range o.Applied {
			p := promotions[slices.IndexFunc(promotions, func(p promotion.Promotion) bool { return p.ID == a.PromotionID })]
			if budget, ok := p.Budget.Spend["KRW"]; ok && a.Amount > budget {
				t.Fatalf("%s spent %d of %d", a.PromotionID, a.Amount, budget)
			}
			if limit, ok := p.MaxDiscount["KRW"]; ok && a.Amount > limit {
				t.Fatalf("%s took %d, at most %d", a.PromotionID, a.Amount, limit)
			}
		}
	})
}

func TestTheOrderOfLinesCodesAndPromotionsDecidesNothing(t *testing.T) {
	t.Parallel()
	s := shop(t)
	rapid.Check(t, func(t *rapid.T) {
		b, promotions := drawBasket(t), drawPromotions(t)
		want := promotion.NewSet(promotions).Apply(b, s, promotion.Facts{})
		other := b
		other.Lines, other.Codes = rapid.Permutation(b.Lines).Draw(t, "order"), rapid.Permutation(b.Codes).Draw(t, "codes")
		got := promotion.NewSet(rapid.Permutation(promotions).Draw(t, "turns")).Apply(other, s, promotion.Facts{})
		byID := func(x, y pricing.LineTotal) int { return int(x.ID[0]) - int(y.ID[0]) }
		slices.SortFunc(got.Totals.Lines, byID)
		slices.SortFunc(want.Totals.Lines, byID)
		if !reflect.DeepEqual(got.Totals, want.Totals) || !reflect.DeepEqual(got.Applied, want.Applied) ||
			!reflect.DeepEqual(got.Refused, want.Refused) || !reflect.DeepEqual(got.Missing, want.Missing) {
			t.Fatalf("got %+v\nwant %+v", got, want)
		}
	})
}

func TestOneMoreExclusivePromotionNeverMakesItDearer(t *testing.T) {
	t.Parallel()
	s := shop(t)
	rapid.Check(t, func(t *rapid.T) {
		b, promotions := drawBasket(t), drawPromotions(t)
		before := promotion.NewSet(promotions).Apply(b, s, promotion.Facts{})
		more := drawPromotion(t, "more")
		more.Exclusive, more.Codes = true, promotion.Codes{}
		after := promotion.NewSet(append(promotions, more)).Apply(b, s, promotion.Facts{})
		if after.Totals.Total > before.Totals.Total {
			t.Fatalf("%d before, %d with %+v", before.Totals.Total, after.Totals.Total, more)
		}
	})
}

func TestTheOutcomeIsTheBestOfAllThatMayApplyTogether(t *testing.T) {
	t.Parallel()
	s := shop(t)
	rapid.Check(t, func(t *rapid.T) {
		b, promotions := drawBasket(t), drawPromotions(t)
		b.Codes = nil
		got := promotion.NewSet(promotions).Apply(b, s, promotion.Facts{}).Totals.Total
		var together []promotion.Promotion
		for _, p := range promotions {
			if !p.Exclusive {
				together = append(together, p)
			} else if alone := promotion.NewSet([]promotion.Promotion{p}).Apply(
				b, s, promotion.Facts{}).Totals.Total; alone < got {
				t.Fatalf("%s alone makes %d, the outcome is %d", p.ID, alone, got)
			}
		}
		if without := promotion.NewSet(together).Apply(b, s, promotion.Facts{}).Totals.Total; without < got {
			t.Fatalf("the others together make %d, the outcome is %d", without, got)
		}
	})
}

func TestEveryCodeIsEitherAppliedOrExplained(t *testing.T) {
	t.Parallel()
	s := shop(t)
	rapid.Check(t, func(t *rapid.T) {
		b, promotions := drawBasket(t), drawPromotions(t)
		o := promotion.NewSet(promotions).Apply(b, s, promotion.Facts{})
		for _, code := range b.Codes {
			applied := slices.ContainsFunc(o.Applied, func(a promotion.Applied) bool { return a.Code == code })
			refused := slices.ContainsFunc(o.Refused, func(r promotion.Refused) bool { return r.Code == code && r.Reason != "" })
			if applied == refused {
				t.Fatalf("%s: applied %v, refused %v: %+v", code, applied, refused, o)
			}
		}
		if len(o.Applied) == 0 && len(o.Offers) > 0 {
			t.Fatalf("offers without a promotion: %+v", o.Offers)
		}
	})
}
