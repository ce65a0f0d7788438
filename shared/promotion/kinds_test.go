package promotion_test

import (
	"slices"
	"testing"

	"dangol/shared/pricing"
	"dangol/shared/promotion"
)

// byQuantity is 10 % from 2 units and 20 % from 4.
var byQuantity = promotion.Terms{Tiers: []promotion.Tier{
	{FromQuantity: 2, BasisPoints: 1_000}, {FromQuantity: 4, BasisPoints: 2_000},
}}

var byAmount = promotion.Terms{Tiers: []promotion.Tier{
	{From: krw(30_000), Amount: krw(2_000)}, {From: krw(60_000), Amount: krw(6_000)},
}}

func set(amount int64, parts ...promotion.SetPart) promotion.Promotion {
	p := promo("set", promotion.SetPrice, promotion.Terms{Amount: krw(amount), Parts: parts}, class(promotion.Product))
	p.Targets = promotion.Targets{}
	return p
}

func part(quantity int, lines ...string) promotion.SetPart {
	p := promotion.SetPart{Quantity: quantity}
	for _, l := range lines {
		p.Variants = append(p.Variants, "v-"+l)
	}
	return p
}

func getFrom(lines ...string) change {
	return func(p *promotion.Promotion) {
		from := promotion.Targets{}
		for _, l := range lines {
			from.Products = append(from.Products, "p-"+l)
		}
		p.Terms.BuyXGetY.From = &from
	}
}

func TestWhatEachKindTakes(t *testing.T) {
	t.Parallel()
	product := class(promotion.Product)
	perUnit := func(p *promotion.Promotion) { p.Terms.PerUnit = true }
	for _, tc := range []struct {
		name  string
		lines []pricing.Line
		promo promotion.Promotion
		units map[string][]int64 // what the units of these lines cost in the end
	}{
		{"ten percent off everything", []pricing.Line{line("a", 2, 10_000), line("b", 1, 5_000)}, percent("p", 1_000),
			map[string][]int64{"a": {9_000, 9_000}, "b": {4_500}}},
		{"a percentage of the order is rounded once, and the largest remainder gets the odd won",
			[]pricing.Line{line("a", 1, 333), line("b", 1, 333), line("c", 1, 334)}, percent("p", 1_000),
			map[string][]int64{"a": {300}, "b": {300}, "c": {300}}},
		{"a percentage of a product is rounded on its own line", []pricing.Line{line("a", 1, 15), line("b", 1, 15)},
			percent("p", 1_000, product), map[string][]int64{"a": {13}, "b": {13}}},
		{"the same percentage of the order is rounded on the sum", []pricing.Line{line("a", 1, 15), line("b", 1, 15)},
			percent("p", 1_000), map[string][]int64{"a": {13}, "b": {14}}},
		{"a hundred percent makes it free", []pricing.Line{line("a", 2, 10_000)}, percent("p", 10_000),
			map[string][]int64{"a": {0, 0}}},
		{"only the targets get cheaper", []pricing.Line{line("a", 1, 10_000), line("b", 1, 10_000)},
			percent("p", 5_000, on("b")), map[string][]int64{"a": {10_000}, "b": {5_000}}},
		{"an amount off the order is shared in proportion", []pricing.Line{line("a", 1, 20_000), line("b", 1, 10_000)},
			won("w", 3_000), map[string][]int64{"a": {18_000}, "b": {9_000}}},
		{"an amount that does not divide loses no won", []pricing.Line{line("a", 3, 1_000)}, won("w", 100),
			map[string][]int64{"a": {966, 967, 967}}},
		{"an amount above the order takes all and no more", []pricing.Line{line("a", 1, 1_000)}, won("w", 5_000),
			map[string][]int64{"a": {0}}},
		{"an amount off every unit", []pricing.Line{line("a", 2, 3_000), line("b", 1, 500)},
			won("w", 1_000, perUnit, product),
			map[string][]int64{"a": {2_000, 2_000}, "b": {0}}},
		{"a fixed price leaves cheaper goods alone", []pricing.Line{line("a", 2, 12_000), line("b", 1, 8_000)},
			promo("f", promotion.FixedPrice, promotion.Terms{Amount: krw(9_900)}, product),
			map[string][]int64{"a": {9_900, 9_900}, "b": {8_000}}},
		{"buy two get one: of three the cheapest is free", []pricing.Line{line("a", 2, 10_000), line("b", 1, 7_000)},
			buyXGetY("g", 2, 1), map[string][]int64{"a": {10_000, 10_000}, "b": {0}}},
		{"buy two get one: of five still one is free", []pricing.Line{line("a", 5, 10_000)}, buyXGetY("g", 2, 1),
			map[string][]int64{"a": {0, 10_000, 10_000, 10_000, 10_000}}},
		{"buy two get one: of six the cheapest of each three is free",
			[]pricing.Line{line("a", 3, 10_000), line("b", 3, 7_000)},
			buyXGetY("g", 2, 1), map[string][]int64{"a": {0, 10_000, 10_000}, "b": {0, 7_000, 7_000}}},
		{"one and one of two", []pricing.Line{line("a", 2, 30_000)}, buyXGetY("g", 1, 1),
			map[string][]int64{"a": {0, 30_000}}},
		{"one and one of two and a cheap one: the cheap one costs its price",
			[]pricing.Line{line("a", 2, 30_000), line("b", 1, 1_000)},
			buyXGetY("g", 1, 1), map[string][]int64{"a": {0, 30_000}, "b": {1_000}}},
		{"the most expensive free", []pricing.Line{line("a", 1, 30_000), line("b", 1, 20_000), line("c", 1, 10_000)},
			buyXGetY("g", 1, 1, func(p *promotion.Promotion) { p.Terms.BuyXGetY.ApplyTo = promotion.Dearest }),
			map[string][]int64{"a": {0}, "b": {20_000}, "c": {10_000}}},
		{"an amount off what is got", []pricing.Line{line("a", 1, 30_000), line("b", 1, 20_000)},
			buyXGetY("g", 1, 1, func(p *promotion.Promotion) {
				p.Terms.BuyXGetY.BasisPoints, p.Terms.BuyXGetY.Amount = 0, krw(5_000)
			}), map[string][]int64{"a": {30_000}, "b": {15_000}}},
		{"buy a soap get a brush: of two brushes the dearer is free",
			[]pricing.Line{line("brush", 1, 9_000), line("comb", 1, 1_000), line("soap", 1, 4_000)},
			buyXGetY("g", 1, 1, on("soap"), getFrom("brush", "comb")),
			map[string][]int64{"brush": {0}, "comb": {1_000}, "soap": {4_000}}},
		{"at most two units of a line", []pricing.Line{line("a", 3, 10_000), line("b", 1, 10_000)},
			percent("p", 1_000, product, func(p *promotion.Promotion) { p.Terms.MaxUnits = 2 }),
			map[string][]int64{"a": {9_000, 9_000, 10_000}, "b": {9_000}}},
		{"a fixed price for one unit of a line", []pricing.Line{line("a", 2, 10_000)},
			promo("f", promotion.FixedPrice, promotion.Terms{Amount: krw(4_000), MaxUnits: 1}, product),
			map[string][]int64{"a": {4_000, 10_000}}},
		{"bring the order to an amount", []pricing.Line{line("a", 1, 20_000), line("b", 2, 10_000)},
			promo("o", promotion.OrderPrice, promotion.Terms{Amount: krw(30_000)}),
			map[string][]int64{"a": {15_000}, "b": {7_500, 7_500}}},
		{"which makes no order dearer", []pricing.Line{line("a", 1, 20_000)},
			promo("o", promotion.OrderPrice, promotion.Terms{Amount: krw(30_000)}), map[string][]int64{"a": {20_000}}},
		{"only the sets that save something", []pricing.Line{line("A", 1, 10_000), line("B", 1, 1_000)},
			set(5_000, part(1, "A", "B")), map[string][]int64{"A": {5_000}, "B": {1_000}}},
		{"however many cheap ones there are", []pricing.Line{line("A", 1, 10_000), line("B", 5, 1_000)},
			set(5_000, part(1, "A", "B")), map[string][]int64{"A": {5_000}, "B": {1_000, 1_000, 1_000, 1_000, 1_000}}},
		{"of equally dear ones the line with the smaller id is free",
			[]pricing.Line{line("b", 1, 5_000), line("a", 1, 5_000)},
			buyXGetY("g", 1, 1), map[string][]int64{"a": {0}, "b": {5_000}}},
		{"buy a soap get a brush: the brush is free though dearer",
			[]pricing.Line{line("brush", 1, 9_000), line("soap", 1, 4_000)},
			buyXGetY("g", 1, 1, on("soap"), getFrom("brush")), map[string][]int64{"brush": {0}, "soap": {4_000}}},
		{"what can be bought and got counts once", []pricing.Line{line("a", 2, 4_000)},
			buyXGetY("g", 1, 1, on("a"), getFrom("a", "b")), map[string][]int64{"a": {0, 4_000}}},
		{"the only soap is not its own gift", []pricing.Line{line("a", 1, 4_000)},
			buyXGetY("g", 1, 1, on("a"), getFrom("a")), map[string][]int64{"a": {4_000}}},
		{"a bought soap is kept as bought when a dearer brush can be got",
			[]pricing.Line{line("brush", 1, 9_000), line("soap", 1, 4_000)},
			buyXGetY("g", 1, 1, on("soap"), getFrom("brush", "soap")), map[string][]int64{"brush": {0}, "soap": {4_000}}},
		{"once per order is once", []pricing.Line{line("a", 4, 1_000)},
			buyXGetY("g", 1, 1, func(p *promotion.Promotion) { p.Terms.BuyXGetY.Times = 1 }),
			map[string][]int64{"a": {0, 1_000, 1_000, 1_000}}},
		{"a unit that is given away counts as neither", []pricing.Line{line("a", 1, 1_000), line("gift", 1, 0)},
			buyXGetY("g", 1, 1), map[string][]int64{"a": {1_000}, "gift": {0}}},
		{"the lower tier from two", []pricing.Line{line("a", 3, 1_000)}, promo("t", promotion.Tiered, byQuantity),
			map[string][]int64{"a": {900, 900, 900}}},
		{"the higher tier from four, over lines", []pricing.Line{line("a", 3, 1_000), line("b", 1, 1_000)},
			promo("t", promotion.Tiered, byQuantity), map[string][]int64{"a": {800, 800, 800}, "b": {800}}},
		{"a tier by amount takes an amount", []pricing.Line{line("a", 1, 60_000)}, promo("t", promotion.Tiered, byAmount),
			map[string][]int64{"a": {54_000}}},
		{"one below the tier is the tier below", []pricing.Line{line("a", 1, 59_999)}, promo("t", promotion.Tiered, byAmount),
			map[string][]int64{"a": {57_999}}},
		{"a set costs what the set costs, a third unit its own price",
			[]pricing.Line{line("oil", 1, 20_000), line("soap", 3, 5_000)},
			set(24_000, part(2, "soap"), part(1, "oil")), map[string][]int64{"oil": {16_000}, "soap": {4_000, 4_000, 5_000}}},
		{"two sets", []pricing.Line{line("oil", 2, 20_000), line("soap", 2, 10_000)},
			set(24_000, part(1, "soap"), part(1, "oil")), map[string][]int64{"oil": {16_000, 16_000}, "soap": {8_000, 8_000}}},
		{"an incomplete set is none", []pricing.Line{line("oil", 1, 20_000), line("soap", 1, 5_000)},
			set(24_000, part(2, "soap"), part(1, "oil")), map[string][]int64{"oil": {20_000}, "soap": {5_000}}},
		{"a set dearer than its parts takes nothing", []pricing.Line{line("oil", 1, 10_000)}, set(24_000, part(1, "oil")),
			map[string][]int64{"oil": {10_000}}},
		{"of three that fit the dearest two are the set", []pricing.Line{line("big", 1, 9_000), line("small", 2, 6_000)},
			set(10_000, part(2, "big", "small")), map[string][]int64{"big": {6_000}, "small": {4_000, 6_000}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			b := basket(tc.lines...)
			got := apply(t, b, promotion.Facts{}, tc.promo)
			again := pricing.Price(b, shop(t), got.Offers)
			for i, l := range got.Totals.Lines {
				if !slices.Equal(l.Units, again.Lines[i].Units) {
					t.Errorf("its offers make units of %s cost %v", l.ID, again.Lines[i].Units)
				}
				if !slices.Equal(l.Units, tc.units[l.ID]) {
					t.Errorf("units of %s cost %v, want %v", l.ID, l.Units, tc.units[l.ID])
				}
			}
		})
	}
}
