package promotion_test

import (
	"slices"
	"testing"

	"dangol/shared/pricing"
	"dangol/shared/promotion"
)

// took is what each promotion took off, and what a basket of these lines costs in the end.
type took struct {
	by    map[string]int64
	total int64
}

func (w took) check(t *testing.T, o promotion.Outcome) {
	t.Helper()
	if o.Totals.Total != w.total {
		t.Errorf("the basket costs %d, want %d", o.Totals.Total, w.total)
	}
	got := map[string]int64{}
	for _, a := range o.Applied {
		got[a.PromotionID] = a.Amount
	}
	if len(got) != len(w.by) {
		t.Errorf("applied %v, want %v", got, w.by)
	}
	for id, amount := range w.by {
		if got[id] != amount {
			t.Errorf("%s took %d, want %d", id, got[id], amount)
		}
	}
}

func spend(amount int64) change {
	return func(p *promotion.Promotion) { p.Budget.Spend = krw(amount) }
}

func minUnits(n int) change {
	return func(p *promotion.Promotion) { p.Conditions.MinQuantity = n }
}

func moving(p *promotion.Promotion) { p.MoveRefused = true }

func combining(p promotion.Promotion) promotion.Promotion {
	withAll(&p)
	return p
}

func TestWhoGoesFirstAndWhatCombines(t *testing.T) {
	t.Parallel()
	product, order := class(promotion.Product), class(promotion.Order)
	for _, tc := range []struct {
		name  string
		lines []pricing.Line
		from  []promotion.Promotion
		want  took
	}{
		{"the higher priority goes first and the next works on what is left", []pricing.Line{line("a", 1, 10_000)},
			[]promotion.Promotion{percent("ten", 1_000, withAll, priority(1)), won("won", 1_000, withAll, priority(2))},
			took{map[string]int64{"won": 1_000, "ten": 900}, 8_100}},
		{"the other way round it takes more", []pricing.Line{line("a", 1, 10_000)},
			[]promotion.Promotion{percent("ten", 1_000, withAll, priority(2)), won("won", 1_000, withAll, priority(1))},
			took{map[string]int64{"won": 1_000, "ten": 1_000}, 8_000}},
		{"at the same priority the smaller id goes first", []pricing.Line{line("a", 1, 10_000)},
			[]promotion.Promotion{won("b", 1_000, withAll), percent("a", 1_000, withAll)},
			took{map[string]int64{"a": 1_000, "b": 1_000}, 8_000}},
		{"two order discounts that do not say so do not combine: the one that takes more applies",
			[]pricing.Line{line("a", 1, 10_000)},
			[]promotion.Promotion{won("first", 1_000, priority(2)), won("second", 5_000, priority(1))},
			took{map[string]int64{"second": 5_000}, 5_000}},
		{"of two that take the same the higher priority applies", []pricing.Line{line("a", 1, 10_000)},
			[]promotion.Promotion{won("first", 1_000), won("second", 1_000, priority(1))},
			took{map[string]int64{"second": 1_000}, 9_000}},
		{"both have to allow it", []pricing.Line{line("a", 1, 10_000)},
			[]promotion.Promotion{percent("p", 1_000, product, with(promotion.Order), priority(1)), won("o", 1_000)},
			took{map[string]int64{"p": 1_000}, 9_000}},
		{"product and order discounts that name each other combine", []pricing.Line{line("a", 1, 10_000)},
			[]promotion.Promotion{percent("p", 1_000, product, with(promotion.Order), priority(1)),
				won("o", 1_000, with(promotion.Product))},
			took{map[string]int64{"p": 1_000, "o": 1_000}, 8_000}},
		{"two product discounts share a basket, not a line", []pricing.Line{line("a", 1, 10_000), line("b", 1, 10_000)},
			[]promotion.Promotion{percent("on-a", 1_000, product, on("a"), priority(2)),
				percent("on-all", 500, product, priority(1))},
			took{map[string]int64{"on-a": 1_000, "on-all": 500}, 18_500}},
		{"a line goes to the one that takes more of it, whatever the priority",
			[]pricing.Line{line("a", 1, 10_000), line("b", 1, 10_000)},
			[]promotion.Promotion{percent("on-a", 2_000, product, on("a"), priority(1)),
				percent("on-all", 1_000, product, priority(2))},
			took{map[string]int64{"on-a": 2_000, "on-all": 1_000}, 17_000}},
		{"and so does each of several lines", []pricing.Line{line("a", 1, 10_000), line("b", 1, 50_000)},
			[]promotion.Promotion{percent("fifth", 2_000, product, priority(2)),
				promo("three", promotion.FixedAmount, promotion.Terms{Amount: krw(3_000), PerUnit: true}, product)},
			took{map[string]int64{"fifth": 10_000, "three": 3_000}, 47_000}},
		{"a set keeps the lines it needs where that is cheaper",
			[]pricing.Line{line("a", 1, 10_000), line("b", 1, 10_000), line("c", 1, 10_000)},
			[]promotion.Promotion{percent("all", 1_000, product, priority(2)), set(12_000, part(1, "a"), part(1, "b"))},
			took{map[string]int64{"set": 8_000, "all": 1_000}, 21_000}},
		{"product discounts that combine share a line", []pricing.Line{line("a", 1, 10_000)},
			[]promotion.Promotion{
				percent("x", 1_000, product, with(promotion.Product), priority(2)), percent("y", 1_000, product,
					with(promotion.Product))},
			took{map[string]int64{"x": 1_000, "y": 900}, 8_100}},
		{"a promotion left out does not keep others out", []pricing.Line{line("a", 1, 10_000)},
			[]promotion.Promotion{
				won("far", 5_000, from(90_000), priority(3)), won("near", 1_000, priority(1))},
			took{map[string]int64{"near": 1_000}, 9_000}},
		{"a minimum is measured on what is left", []pricing.Line{line("a", 1, 10_000)},
			[]promotion.Promotion{percent("p", 1_000, withAll, priority(2)),
				won("w", 1_000, withAll, from(10_000), priority(1))},
			took{map[string]int64{"p": 1_000}, 9_000}},
		{"before the other's turn the minimum is met", []pricing.Line{line("a", 1, 10_000)},
			[]promotion.Promotion{percent("p", 1_000, withAll, priority(1)),
				won("w", 1_000, withAll, from(10_000), priority(2))},
			took{map[string]int64{"w": 1_000, "p": 900}, 8_100}},
		{"an exclusive one that is better applies alone", []pricing.Line{line("a", 1, 10_000)},
			[]promotion.Promotion{percent("p", 1_000, withAll, priority(9)), won("only", 3_000, exclusive)},
			took{map[string]int64{"only": 3_000}, 7_000}},
		{"an exclusive one that is worse does not", []pricing.Line{line("a", 1, 10_000)},
			[]promotion.Promotion{percent("p", 1_000, withAll), won("only", 500, exclusive, priority(9))},
			took{map[string]int64{"p": 1_000}, 9_000}},
		{"of two exclusive ones the better one applies", []pricing.Line{line("a", 1, 10_000)},
			[]promotion.Promotion{won("less", 2_000, exclusive, priority(9)), won("more", 3_000, exclusive)},
			took{map[string]int64{"more": 3_000}, 7_000}},
		{"of two equal exclusive ones the higher priority applies", []pricing.Line{line("a", 1, 10_000)},
			[]promotion.Promotion{won("a", 2_000, exclusive), won("b", 2_000, exclusive, priority(1))},
			took{map[string]int64{"b": 2_000}, 8_000}},
		{"goods on sale are skipped by who says so",
			[]pricing.Line{line("a", 1, 10_000, wasAt(15_000)), line("b", 1, 10_000)},
			[]promotion.Promotion{percent("p", 1_000, skipSale)}, took{map[string]int64{"p": 1_000}, 19_000}},
		{"and do not count for its minimum", []pricing.Line{line("a", 1, 10_000, wasAt(15_000)), line("b", 1, 10_000)},
			[]promotion.Promotion{percent("p", 1_000, skipSale, from(15_000))}, took{nil, 20_000}},
		{"what a floor refuses an amount off the order moves to the other lines",
			[]pricing.Line{line("a", 1, 10_000, floor(9_500)), line("b", 1, 10_000)},
			[]promotion.Promotion{won("w", 4_000, order)}, took{map[string]int64{"w": 4_000}, 16_000}},
		{"what a floor refuses a percentage of the order moves when the merchant says so",
			[]pricing.Line{line("a", 1, 10_000, floor(9_500)), line("b", 1, 10_000)},
			[]promotion.Promotion{percent("p", 2_000, order, moving)}, took{map[string]int64{"p": 4_000}, 16_000}},
		{"a floor that excludes goods makes no others cheaper",
			[]pricing.Line{line("card", 1, 100_000, floor(100_000)), line("b", 1, 100_000)},
			[]promotion.Promotion{percent("p", 2_000, order)}, took{map[string]int64{"p": 20_000}, 180_000}},
		{"floors come before the cap: it cuts what they leave",
			[]pricing.Line{line("card", 1, 100_000, floor(100_000)), line("b", 1, 100_000)},
			[]promotion.Promotion{percent("p", 2_000, product, atMost(30_000))}, took{map[string]int64{"p": 20_000}, 180_000}},
		{"also of an amount off each unit",
			[]pricing.Line{line("card", 1, 100_000, floor(100_000)), line("b", 1, 100_000)},
			[]promotion.Promotion{promo("u", promotion.FixedAmount, promotion.Terms{Amount: krw(20_000), PerUnit: true}, product,
				atMost(30_000))},
			took{map[string]int64{"u": 20_000}, 180_000}},
		{"also of a fixed price",
			[]pricing.Line{line("card", 1, 100_000, floor(100_000)), line("b", 1, 100_000)},
			[]promotion.Promotion{promo("f", promotion.FixedPrice, promotion.Terms{Amount: krw(80_000)}, product,
				atMost(30_000))},
			took{map[string]int64{"f": 20_000}, 180_000}},
		{"also of a tier",
			[]pricing.Line{line("card", 1, 100_000, floor(100_000)), line("b", 1, 100_000)},
			[]promotion.Promotion{promo("t", promotion.Tiered,
				promotion.Terms{Tiers: []promotion.Tier{{FromQuantity: 2, BasisPoints: 2_000}}}, atMost(30_000))},
			took{map[string]int64{"t": 20_000}, 180_000}},
		{"also of an amount off the order",
			[]pricing.Line{line("card", 1, 100_000, floor(100_000)), line("b", 1, 100_000)},
			[]promotion.Promotion{won("w", 40_000, atMost(30_000))}, took{map[string]int64{"w": 30_000}, 170_000}},
		{"what a floor refuses a product discount is not taken from another product",
			[]pricing.Line{line("a", 1, 10_000, floor(9_500)), line("b", 1, 10_000)},
			[]promotion.Promotion{percent("p", 2_000, product)}, took{map[string]int64{"p": 2_500}, 17_500}},
		{"a free unit costs its floor", []pricing.Line{line("a", 2, 10_000, floor(3_000))},
			[]promotion.Promotion{buyXGetY("g", 1, 1)}, took{map[string]int64{"g": 7_000}, 13_000}},
		{"what a floor refuses the free unit moves to the bought ones when the merchant says so",
			[]pricing.Line{line("a", 2, 10_000, floor(3_000))},
			[]promotion.Promotion{buyXGetY("g", 1, 1, moving)}, took{map[string]int64{"g": 10_000}, 10_000}},
		{"a unit at its floor is bought, not got",
			[]pricing.Line{line("a", 1, 10_000), line("card", 1, 50_000, floor(50_000))},
			[]promotion.Promotion{buyXGetY("g", 1, 1)}, took{map[string]int64{"g": 10_000}, 50_000}},
		{"a unit that another promotion made free counts as neither bought nor got", []pricing.Line{line("a", 2, 10_000)},
			[]promotion.Promotion{buyXGetY("g", 1, 1, withAll, priority(2)), buyXGetY("h", 1, 1, withAll)},
			took{map[string]int64{"g": 10_000}, 10_000}},
		{"what a floor refuses in a set moves to its other parts",
			[]pricing.Line{line("oil", 1, 20_000, floor(19_000)), line("soap", 1, 10_000)},
			[]promotion.Promotion{set(24_000, part(1, "oil"), part(1, "soap"))}, took{map[string]int64{"set": 6_000}, 24_000}},
		{"floors stop the second promotion where the first left off", []pricing.Line{line("a", 1, 10_000, floor(8_500))},
			[]promotion.Promotion{percent("p", 1_000, withAll, priority(1)), won("w", 1_000, withAll)},
			took{map[string]int64{"p": 1_000, "w": 500}, 8_500}},
		{"a maximum caps a percentage", []pricing.Line{line("a", 1, 100_000), line("b", 1, 100_000)},
			[]promotion.Promotion{percent("p", 5_000, atMost(30_000))}, took{map[string]int64{"p": 30_000}, 170_000}},
		{"a maximum caps what comes off units", []pricing.Line{line("a", 2, 10_000)},
			[]promotion.Promotion{buyXGetY("g", 1, 1, atMost(4_000))}, took{map[string]int64{"g": 4_000}, 16_000}},
		{"an amount in dollars only does nothing for won", []pricing.Line{line("a", 1, 10_000)},
			[]promotion.Promotion{promo("usd", promotion.FixedAmount, promotion.Terms{Amount: promotion.Amounts{"USD": 500}})},
			took{nil, 10_000}},
		{"a free unit and an order discount combine when they say so", []pricing.Line{line("a", 2, 10_000)},
			[]promotion.Promotion{buyXGetY("g", 1, 1, withAll, priority(1)), percent("p", 1_000, withAll)},
			took{map[string]int64{"g": 10_000, "p": 1_000}, 9_000}},
		{"a set and a free unit do not share a line", []pricing.Line{line("a", 2, 10_000)},
			[]promotion.Promotion{set(15_000, part(2, "a")), buyXGetY("x", 1, 1)},
			took{map[string]int64{"x": 10_000}, 10_000}},
		{"a further offer that would lose the free shipping is left out", []pricing.Line{line("a", 1, 81_500, shipped)},
			[]promotion.Promotion{won("w", 30_000, withAll, priority(1)), won("more", 1_900, withAll)},
			took{map[string]int64{"w": 30_000}, 51_500}},
		{"a code with a high priority keeps no larger discount out", []pricing.Line{line("a", 1, 100_000)},
			[]promotion.Promotion{percent("code", 500, priority(9)), percent("auto", 2_000)},
			took{map[string]int64{"auto": 20_000}, 80_000}},
		{"a free shipping keeps no larger discount out", []pricing.Line{line("a", 1, 40_000, shipped)},
			[]promotion.Promotion{freeShipping("a"), percent("b", 2_000)}, took{map[string]int64{"b": 8_000}, 35_000}},
		{"one percent makes no half off fail its minimum", []pricing.Line{line("a", 1, 50_000)},
			[]promotion.Promotion{percent("a", 100, withAll), percent("b", 5_000, withAll, from(50_000))},
			took{map[string]int64{"b": 25_000}, 25_000}},
		{"a gift that is worth less keeps no discount out", []pricing.Line{line("a", 1, 50_000)},
			[]promotion.Promotion{gifts(priority(9)), percent("ten", 1_000)}, took{map[string]int64{"ten": 5_000}, 45_000}},
		{"one whose budget cannot hold it makes room for the one it kept out", []pricing.Line{line("a", 1, 10_000)},
			[]promotion.Promotion{won("rich", 3_000, priority(1), spend(2_999)), won("poor", 1_000)},
			took{map[string]int64{"poor": 1_000}, 9_000}},
		{"one whose budget just holds it applies", []pricing.Line{line("a", 1, 10_000)},
			[]promotion.Promotion{won("rich", 3_000, priority(1), spend(3_000)), won("poor", 1_000)},
			took{map[string]int64{"rich": 3_000}, 7_000}},
		{"a budget is measured on what is really taken, after its maximum", []pricing.Line{line("a", 1, 10_000)},
			[]promotion.Promotion{percent("p", 5_000, atMost(1_000), spend(1_000))}, took{map[string]int64{"p": 1_000}, 9_000}},
		{"an exclusive one without budget leaves the others in peace", []pricing.Line{line("a", 1, 10_000)},
			[]promotion.Promotion{won("only", 5_000, exclusive, spend(100)),
				won("w", 1_000)}, took{map[string]int64{"w": 1_000}, 9_000}},
		{"a minimum quantity counts units of all targeted lines",
			[]pricing.Line{line("a", 2, 1_000), line("b", 1, 1_000), line("c", 9, 1_000)},
			[]promotion.Promotion{won("w", 500, on("a", "b"), minUnits(4))}, took{nil, 12_000}},
		{"and is met by them together", []pricing.Line{line("a", 2, 1_000), line("b", 1, 1_000), line("c", 9, 1_000)},
			[]promotion.Promotion{won("w", 500, on("a", "b"), minUnits(3))}, took{map[string]int64{"w": 500}, 11_500}},
		{"a tier and an exclusive tier: the better one", []pricing.Line{line("a", 4, 1_000)},
			[]promotion.Promotion{promo("t", promotion.Tiered, byQuantity), percent("x", 1_900, exclusive)},
			took{map[string]int64{"t": 800}, 3_200}},
		{"a fixed price and a percentage of the rest", []pricing.Line{line("a", 2, 12_000)},
			[]promotion.Promotion{
				promo("f", promotion.FixedPrice, promotion.Terms{Amount: krw(10_000)}, product, withAll,
					priority(1)), percent("p", 1_000, withAll)},
			took{map[string]int64{"f": 4_000, "p": 2_000}, 18_000}},
		{"a fixed price after the percentage finds nothing to take", []pricing.Line{line("a", 2, 11_000)},
			[]promotion.Promotion{
				promo("f", promotion.FixedPrice, promotion.Terms{Amount: krw(10_000)}, product, withAll), percent("p", 1_000,
					withAll, priority(1))},
			took{map[string]int64{"p": 2_200}, 19_800}},
		{"units of one line that cost different amounts are each brought to the fixed price",
			[]pricing.Line{line("a", 2, 12_000)},
			[]promotion.Promotion{buyXGetY("g", 1, 1, withAll, priority(1)),
				promo("f", promotion.FixedPrice, promotion.Terms{Amount: krw(10_000)}, product, withAll)},
			took{map[string]int64{"g": 12_000, "f": 2_000}, 10_000}},
		{"a set takes what a product discount left and no more",
			[]pricing.Line{line("oil", 1, 20_000), line("soap", 1, 10_000)},
			[]promotion.Promotion{percent("p", 1_000, product, on("oil"), withAll, priority(1)),
				combining(set(24_000, part(1, "oil"), part(1, "soap")))},
			took{map[string]int64{"p": 2_000, "set": 4_000}, 24_000}},
		{"a tier measures what a product discount left", []pricing.Line{line("a", 1, 31_000)},
			[]promotion.Promotion{percent("p", 1_000, product, withAll, priority(1)),
				promo("t", promotion.Tiered, byAmount, withAll)},
			took{map[string]int64{"p": 3_100}, 27_900}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tc.want.check(t, apply(t, basket(tc.lines...), promotion.Facts{}, tc.from...))
			slices.Reverse(tc.from)
			slices.Reverse(tc.lines)
			tc.want.check(t, apply(t, basket(tc.lines...), promotion.Facts{}, tc.from...))
		})
	}
}

func TestShippingAndDiscountsTogether(t *testing.T) {
	t.Parallel()
	onlyExpress := func(p *promotion.Promotion) {
		p.Terms.Shipping = &promotion.ShippingTerms{Methods: []string{"express"}}
	}
	for _, tc := range []struct {
		name  string
		lines []pricing.Line
		from  []promotion.Promotion
		want  took
	}{
		{"free shipping waives the shipping", []pricing.Line{line("a", 1, 10_000, shipped)},
			[]promotion.Promotion{freeShipping("free")}, took{map[string]int64{"free": 3_000}, 10_000}},
		{"free shipping up to an amount waives that much", []pricing.Line{line("a", 1, 10_000, shipped)},
			[]promotion.Promotion{freeShipping("free", atMost(1_000))}, took{map[string]int64{"free": 1_000}, 12_000}},
		{"half the shipping", []pricing.Line{line("a", 1, 10_000, shipped)},
			[]promotion.Promotion{percent("half", 5_000, class(promotion.Shipping))},
			took{map[string]int64{"half": 1_500}, 11_500}},
		{"half the shipping, at most 1,000", []pricing.Line{line("a", 1, 10_000, shipped)},
			[]promotion.Promotion{percent("half", 5_000, class(promotion.Shipping), atMost(1_000))},
			took{map[string]int64{"half": 1_000}, 12_000}},
		{"half of half the shipping", []pricing.Line{line("a", 1, 10_000, shipped)},
			[]promotion.Promotion{percent("a", 5_000, class(promotion.Shipping), withAll),
				percent("b", 5_000, class(promotion.Shipping), withAll)},
			took{map[string]int64{"a": 1_500, "b": 750}, 10_750}},
		{"free express does nothing for the standard way", []pricing.Line{line("a", 1, 10_000, shipped)},
			[]promotion.Promotion{freeShipping("free", onlyExpress)}, took{nil, 13_000}},
		{"shipping that is free anyway is not given", []pricing.Line{line("a", 1, 60_000, shipped)},
			[]promotion.Promotion{freeShipping("free")}, took{nil, 60_000}},
		{"and keeps no discount out that does not combine with it", []pricing.Line{line("a", 1, 60_000, shipped)},
			[]promotion.Promotion{freeShipping("free", priority(1)), won("w", 1_000)},
			took{map[string]int64{"w": 1_000}, 59_000}},
		{"nothing to ship, nothing to waive, and the discount is not kept out", []pricing.Line{line("a", 1, 10_000)},
			[]promotion.Promotion{freeShipping("free", priority(1)), won("w", 1_000)},
			took{map[string]int64{"w": 1_000}, 9_000}},
		{"free shipping and an order discount that do not combine: the larger one applies",
			[]pricing.Line{line("a", 1, 10_000, shipped)},
			[]promotion.Promotion{freeShipping("free", priority(1)), won("w", 1_000)},
			took{map[string]int64{"free": 3_000}, 10_000}},
		{"they combine when both say so", []pricing.Line{line("a", 1, 10_000, shipped)},
			[]promotion.Promotion{freeShipping("free", withAll), won("w", 1_000, withAll)},
			took{map[string]int64{"free": 3_000, "w": 1_000}, 9_000}},
		{"a discount that would lose the free shipping and cost more in all does not apply",
			[]pricing.Line{line("a", 1, 50_000, shipped)},
			[]promotion.Promotion{won("w", 1_000)}, took{nil, 50_000}},
		{"one that is worth it does", []pricing.Line{line("a", 1, 50_000, shipped)},
			[]promotion.Promotion{won("w", 4_000)}, took{map[string]int64{"w": 4_000}, 49_000}},
		{"the lost free shipping is given back by the promotion that waives it",
			[]pricing.Line{line("a", 1, 50_000, shipped)},
			[]promotion.Promotion{won("w", 1_000, withAll), freeShipping("free", withAll)},
			took{map[string]int64{"w": 1_000, "free": 3_000}, 49_000}},
		{"an exclusive free shipping beats a smaller discount", []pricing.Line{line("a", 1, 10_000, shipped)},
			[]promotion.Promotion{freeShipping("free", exclusive), won("w", 1_000)},
			took{map[string]int64{"free": 3_000}, 10_000}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tc.want.check(t, apply(t, basket(tc.lines...), promotion.Facts{}, tc.from...))
		})
	}
}
