package promotion_test

import (
	"fmt"
	"testing"

	"dangol/shared/pricing"
	"dangol/shared/promotion"
)

// fifty is a cart of 50 lines, 1 to 3 units each, in 10 categories.
func fifty() pricing.Basket {
	b := basket()
	for i := range 50 {
		l := line(fmt.Sprintf("line-%02d", i), 1+i%3, int64(9_900+i*700), shipped, floor(3_000))
		l.Categories = []string{fmt.Sprintf("c%d", i%10)}
		b.Lines = append(b.Lines, l)
	}
	return b
}

// season is 200 live promotions as a shop in full season could have them: sales of products and categories, of which
// the cart has some, codes, segments, gifts, tiers, sets, free shipping and five exclusive ones.
func season() []promotion.Promotion {
	var all []promotion.Promotion
	add := func(p promotion.Promotion) { all = append(all, p) }
	for i := range 200 {
		id := fmt.Sprintf("promo-%03d", i)
		switch {
		case i < 60:
			add(percent(id, 1_000, class(promotion.Product), withAll, on(fmt.Sprintf("line-%02d", i*2)), priority(i)))
		case i < 80:
			add(percent(id, 500, class(promotion.Product), withAll, priority(i), func(p *promotion.Promotion) {
				p.Targets = promotion.Targets{Categories: []string{fmt.Sprintf("c%d", i)}}
			}))
		case i < 130:
			add(won(id, 1_000, withAll, code(fmt.Sprintf("CODE%d", i))))
		case i < 150:
			add(percent(id, 500, withAll, func(p *promotion.Promotion) { p.Conditions.Segments = []string{id} }))
		case i < 160:
			add(buyXGetY(id, 2, 1, withAll, on(fmt.Sprintf("line-%02d", i-120), fmt.Sprintf("line-%02d", i-119))))
		case i < 170:
			add(promo(id, promotion.Tiered, byAmount, withAll, on(fmt.Sprintf("line-%02d", i-140))))
		case i < 180:
			add(promo(id, promotion.FreeGift, promotion.Terms{Gifts: []promotion.GiftTier{{From: krw(5_000_000),
				Variants: []string{"v-gift"}}}}))
		case i < 190:
			p := set(15_000, part(1, fmt.Sprintf("line-%02d", i-170)), part(1, "line-49"))
			p.ID, p.CombinesWith = id, []promotion.Class{promotion.Product, promotion.Order}
			add(p)
		case i < 195:
			add(freeShipping(id, withAll, from(int64(i)*100_000)))
		default:
			add(percent(id, 1_000, exclusive, priority(i)))
		}
	}
	return all
}

// BenchmarkApply prices a cart of 50 lines against 200 live promotions.
func BenchmarkApply(b *testing.B) {
	everywhere := make([]promotion.Promotion, 200)
	for i := range everywhere {
		everywhere[i] = percent(fmt.Sprintf("promo-%03d", i), 10, withAll)
	}
	for _, bc := range []struct {
		name       string
		promotions []promotion.Promotion
	}{
		{"a season of 200", season()},
		{"200 that all apply to every line", everywhere},
		{"none", nil},
	} {
		b.Run(bc.name, func(b *testing.B) {
			set, s, cart := promotion.NewSet(bc.promotions), shop(b), withCodes(fifty(), "CODE90", "CODE91", "NOPE")
			b.ReportAllocs()
			for b.Loop() {
				set.Apply(cart, s, promotion.Facts{})
			}
			b.ReportMetric(float64(len(set.Apply(cart, s, promotion.Facts{}).Applied)), "applied")
		})
	}
}
