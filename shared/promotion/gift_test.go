package promotion_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"dangol/shared/membership"
	"dangol/shared/pricing"
	"dangol/shared/promotion"
)

func gifts(changes ...change) promotion.Promotion {
	return promo("gifts", promotion.FreeGift, promotion.Terms{Gifts: []promotion.GiftTier{
		{From: krw(50_000), Variants: []string{"A"}}, {From: krw(100_000), Variants: []string{"A", "B"}},
	}}, changes...)
}

func choice(choose int, changes ...change) promotion.Promotion {
	return promo("choice", promotion.FreeGift, promotion.Terms{Gifts: []promotion.GiftTier{
		{From: krw(10_000), Variants: []string{"A", "B", "C"}, Choose: choose},
	}}, changes...)
}

func TestGifts(t *testing.T) {
	t.Parallel()
	chose := func(variants ...string) promotion.Facts {
		return promotion.Facts{Chosen: map[string][]string{"choice": variants}}
	}
	for _, tc := range []struct {
		name  string
		goods int64
		facts promotion.Facts
		from  []promotion.Promotion
		gifts []string
		open  string // what can still be chosen
	}{
		{"below the first tier there is none", 49_999, promotion.Facts{}, []promotion.Promotion{gifts()}, nil, ""},
		{"A from 50,000", 50_000, promotion.Facts{}, []promotion.Promotion{gifts()}, []string{"A"}, ""},
		{"A and B from 100,000", 100_000, promotion.Facts{}, []promotion.Promotion{gifts()}, []string{"A", "B"}, ""},
		{"what is gone is not given", 100_000, promotion.Facts{Gone: map[string]bool{"A": true}},
			[]promotion.Promotion{gifts()}, []string{"B"}, ""},
		{"a discount before the gift's turn can cost the gift", 50_000, promotion.Facts{},
			[]promotion.Promotion{gifts(withAll), won("w", 1_000, withAll, priority(1))}, nil, ""},
		{"a discount after its turn does not", 50_000, promotion.Facts{},
			[]promotion.Promotion{gifts(withAll, priority(1)), won("w", 1_000, withAll)}, []string{"A"}, ""},
		{"two gift promotions that combine both give", 50_000, promotion.Facts{},
			[]promotion.Promotion{gifts(withAll), promo("more", promotion.FreeGift, promotion.Terms{Gifts: []promotion.GiftTier{
				{From: krw(1), Variants: []string{"Z"}}}}, withAll)}, []string{"A", "Z"}, ""},
		{"an exclusive gift wins over nothing", 50_000, promotion.Facts{}, []promotion.Promotion{gifts(exclusive)},
			[]string{"A"}, ""},
		{"an exclusive gift does not win over money", 50_000, promotion.Facts{},
			[]promotion.Promotion{gifts(exclusive), won("w", 1)}, nil, ""},
		{"a choice is open until it is made", 10_000, promotion.Facts{}, []promotion.Promotion{choice(1)}, nil,
			"[A B C] 1 of 1"},
		{"a choice that is made", 10_000, chose("B"), []promotion.Promotion{choice(1)}, []string{"B"}, "[A B C] 0 of 1"},
		{"one of two is chosen", 10_000, chose("C"), []promotion.Promotion{choice(2)}, []string{"C"}, "[A B C] 1 of 2"},
		{"three chosen where one is to be: the first of the list", 10_000, chose("C", "B", "A"),
			[]promotion.Promotion{choice(1)},
			[]string{"A"}, "[A B C] 0 of 1"},
		{"what is not on the list cannot be chosen", 10_000, chose("Z"), []promotion.Promotion{choice(1)}, nil,
			"[A B C] 1 of 1"},
		{"what is gone cannot be chosen", 10_000, promotion.Facts{
			Chosen: map[string][]string{"choice": {"B"}},
			Gone:   map[string]bool{"B": true}}, []promotion.Promotion{choice(1)}, nil, "[A C] 1 of 1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := apply(t, basket(line("a", 1, tc.goods)), tc.facts, tc.from...)
			var given []string
			for _, g := range got.Gifts {
				given = append(given, g.VariantID)
			}
			open := ""
			for _, c := range got.Choices {
				open = fmt.Sprintf("%v %d of %d", c.Variants, c.Left, c.Choose)
			}
			if !slices.Equal(given, tc.gifts) || open != tc.open {
				t.Errorf("gifts %v, open %q; want %v, %q", given, open, tc.gifts, tc.open)
			}
		})
	}
}

func TestGiftLinesInTheBasketChangeNothing(t *testing.T) {
	t.Parallel()
	goods := []pricing.Line{line("b", 3, 20_000, shipped), line("z", 1, 45_000)}
	promotions := []promotion.Promotion{
		gifts(withAll, priority(3)), buyXGetY("g", 2, 1, withAll), percent("p", 1_000, withAll, on("z")), won("w", 777,
			withAll)}
	before := apply(t, basket(goods...), promotion.Facts{}, promotions...)
	withGifts := goods
	for _, g := range before.Gifts {
		withGifts = append(withGifts, line("gift-"+g.VariantID, 1, 0, wasAt(9_000)))
	}
	after := pricing.Price(basket(withGifts...), shop(t), before.Offers)
	again := apply(t, basket(withGifts...), promotion.Facts{}, promotions...)
	if len(before.Gifts) != 2 || after.Total != before.Totals.Total || again.Totals.Total != before.Totals.Total ||
		!slices.Equal(again.Gifts, before.Gifts) {
		t.Errorf("%d gifts; total %d before, %d with them, %d when applied again",
			len(before.Gifts), before.Totals.Total, after.Total, again.Totals.Total)
	}
}

func TestWhatIsMissing(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		b    pricing.Basket
		from []promotion.Promotion
		want []string
	}{
		{"5,000 more for the shop's free shipping", basket(line("a", 1, 45_000, shipped)), nil,
			[]string{"free_shipping  5000"}},
		{"nothing when it is free", basket(line("a", 1, 50_000, shipped)), nil, nil},
		{"nothing when nothing is shipped", basket(line("a", 1, 45_000)), nil, nil},
		{"5,000 more for a free shipping promotion", basket(line("a", 1, 15_000)),
			[]promotion.Promotion{freeShipping("free", from(20_000))}, []string{"free_shipping free 5000"}},
		{"the next tier by amount", basket(line("a", 1, 40_000)),
			[]promotion.Promotion{promo("t", promotion.Tiered, byAmount)},
			[]string{"tiered t 20000"}},
		{"the first tier by quantity", basket(line("a", 1, 40_000)),
			[]promotion.Promotion{promo("t", promotion.Tiered, byQuantity)},
			[]string{"tiered t 1 units"}},
		{"no tier above the highest", basket(line("a", 4, 40_000)),
			[]promotion.Promotion{promo("t", promotion.Tiered, byQuantity)}, nil},
		{"the next gift", basket(line("a", 1, 60_000)), []promotion.Promotion{gifts()},
			[]string{"free_gift gifts 40000 [A B]"}},
		{"the smallest step first", basket(line("a", 1, 40_000)),
			[]promotion.Promotion{gifts(withAll), promo("t", promotion.Tiered, byAmount, withAll),
				won("w", 500, from(45_000), withAll)},
			[]string{"fixed_amount w 7000", "free_gift gifts 10000 [A]", "tiered t 20000"}},
		{"not for a code that nobody typed", basket(line("a", 1, 40_000)),
			[]promotion.Promotion{won("w", 500, from(45_000), code("X"))}, nil},
		{"for a code that is typed", withCodes(basket(line("a", 1, 40_000)), "X"),
			[]promotion.Promotion{won("w", 500, from(45_000), code("X"))},
			[]string{"fixed_amount w 5000"}},
		{"not for goods that are not in the basket", basket(line("a", 1, 40_000)),
			[]promotion.Promotion{won("w", 500, from(45_000), on("b"))}, nil},
		{"for an exclusive one too", basket(line("a", 1, 40_000)),
			[]promotion.Promotion{won("w", 500, from(45_000), exclusive)},
			[]string{"fixed_amount w 5000"}},
		{"for the whole basket when the minimum is measured there", basket(line("a", 1, 10_000), line("b", 1, 30_000)),
			[]promotion.Promotion{won("w", 500, on("a"), func(p *promotion.Promotion) {
				p.Conditions = promotion.Conditions{MinSubtotal: krw(45_000), Anywhere: true}
			})}, []string{"fixed_amount w 5000"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, h := range apply(t, tc.b, promotion.Facts{}, tc.from...).Missing {
				text := fmt.Sprintf("%s %s %d", h.Kind, h.PromotionID, h.Amount)
				if h.Units > 0 {
					text = fmt.Sprintf("%s %s %d units", h.Kind, h.PromotionID, h.Units)
				}
				if h.Gifts != nil {
					text += fmt.Sprint(" ", h.Gifts)
				}
				got = append(got, text)
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("missing %q, want %q", got, tc.want)
			}
		})
	}
}

func TestLimitedEditions(t *testing.T) {
	t.Parallel()
	open := noon.Add(24 * time.Hour)
	drop := func(changes ...change) promotion.Promotion {
		p := promo("drop", promotion.Drop, promotion.Terms{}, append([]change{on("a")}, changes...)...)
		p.Starts, p.Ends, p.LimitPerCustomer = open, open.AddDate(0, 0, 7), 1
		return p
	}
	paused := func(p *promotion.Promotion) { p.State = promotion.Paused }
	at := func(when time.Time, customer string, quantity int) pricing.Basket {
		b := basket(line("a", quantity, 90_000), line("b", 5, 1_000))
		b.At, b.CustomerID = when, customer
		return b
	}
	early := promotion.Facts{Member: member("early", membership.Benefits{EarlyAccessHours: 24})}
	plain := promotion.Facts{Member: regular}
	bound := func(p *promotion.Promotion) { p.Terms.MembersFrom = noon.Add(time.Hour) }
	atOnce := func(p *promotion.Promotion) { p.Terms.AllAtOnce = true }
	forMembers := func(p *promotion.Promotion) { p.Conditions.Audience = promotion.Members }
	accounts := func(p *promotion.Promotion) { p.Conditions.Audience, p.LimitPerCustomer = promotion.Accounts, 0 }
	has := promotion.Facts{Used: map[string]promotion.Used{"drop": {Customer: 1}}}
	for _, tc := range []struct {
		name  string
		b     pricing.Basket
		facts promotion.Facts
		from  promotion.Promotion
		want  promotion.Restriction
	}{
		{"before it opens to all it is shut", at(noon, "c", 1), promotion.Facts{}, drop(),
			promotion.Restriction{Reason: promotion.NotStarted, Opens: open}},
		{"members come in by the hours of their plan", at(noon, "c", 1), early, drop(), promotion.Restriction{}},
		{"before that they wait too", at(noon.Add(-1), "c", 1), early, drop(),
			promotion.Restriction{Reason: promotion.NotStarted, Opens: noon}},
		{"a member whose plan has no early access waits with all", at(noon, "c", 1), plain, drop(),
			promotion.Restriction{Reason: promotion.NotStarted, Opens: open}},
		{"no member comes in before the drop lets members in", at(noon, "c", 1), early, drop(bound),
			promotion.Restriction{Reason: promotion.NotStarted, Opens: noon.Add(time.Hour)}},
		{"from then on they do", at(noon.Add(time.Hour), "c", 1), early, drop(bound), promotion.Restriction{}},
		{"that lets nobody in whose plan has no early access", at(noon.Add(time.Hour), "c", 1), plain, drop(bound),
			promotion.Restriction{Reason: promotion.NotStarted, Opens: open}},
		{"where all come in at once members wait", at(noon, "c", 1), early, drop(atOnce),
			promotion.Restriction{Reason: promotion.NotStarted, Opens: open}},
		{"at the opening all come in", at(open, "c", 1), promotion.Facts{}, drop(), promotion.Restriction{}},
		{"after the end it is shut", at(open.AddDate(0, 0, 7), "c", 1), promotion.Facts{}, drop(),
			promotion.Restriction{Reason: promotion.HasEnded}},
		{"while paused it is shut", at(open, "c", 1), promotion.Facts{}, drop(paused),
			promotion.Restriction{Reason: promotion.IsPaused}},
		{"one each: two are too many", at(open, "c", 2), promotion.Facts{}, drop(),
			promotion.Restriction{Reason: promotion.LimitReached, Limit: 1, Left: 1}},
		{"one each: who has one gets none", at(open, "c", 1), has, drop(),
			promotion.Restriction{Reason: promotion.LimitReached, Limit: 1}},
		{"a guest cannot be counted", at(open, "", 1), promotion.Facts{}, drop(),
			promotion.Restriction{Reason: promotion.LoginRequired}},
		{"for members only, and an account without a membership", at(open, "c", 1), promotion.Facts{}, drop(forMembers),
			promotion.Restriction{Reason: promotion.MembersOnly}},
		{"for members only, and one of them", at(open, "c", 1), plain, drop(forMembers), promotion.Restriction{}},
		{"for accounts only, and a guest", at(open, "", 1), promotion.Facts{}, drop(accounts),
			promotion.Restriction{Reason: promotion.LoginRequired}},
		{"for accounts only, and one of them", at(open, "c", 1), promotion.Facts{}, drop(accounts), promotion.Restriction{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := apply(t, tc.b, tc.facts, tc.from)
			if tc.want.Reason == "" {
				if len(got.Restrictions) > 0 {
					t.Fatalf("held %+v", got.Restrictions)
				}
				return
			}
			tc.want.LineID, tc.want.PromotionID = "a", "drop"
			if len(got.Restrictions) != 1 || got.Restrictions[0] != tc.want {
				t.Fatalf("held %+v, want %+v", got.Restrictions, tc.want)
			}
		})
	}
	bought := promotion.NewSet([]promotion.Promotion{drop()}).DropPurchases(
		[]pricing.Line{line("b", 5, 1), line("a", 2, 1)})
	if of := bought["drop"]; len(bought) != 1 || of.Units != 2 || !slices.Equal(of.Variants, []string{"v-a"}) {
		t.Errorf("bought of the drop: %+v", bought)
	}
}

func TestShelfSales(t *testing.T) {
	t.Parallel()
	day := 24 * time.Hour
	sale := func(id string, basisPoints int, starts, ends time.Duration, changes ...change) promotion.Promotion {
		changes = append([]change{between(noon.Add(starts), noon.Add(ends)), class(promotion.Product)}, changes...)
		return promo(id, promotion.SalePrice, promotion.Terms{BasisPoints: basisPoints}, changes...)
	}
	fixed := func(id string, amount int64) promotion.Promotion {
		return promo(id, promotion.SalePrice, promotion.Terms{Amount: krw(amount)}, on("a"))
	}
	good := promotion.ListedVariant{VariantID: "v-a", ProductID: "p-a", List: 10_000}
	floored, promoted := good, good
	floored.Floor, promoted.CompareAt = 8_000, 12_000
	short, long := sale("short", 3_000, 0, day), sale("long", 1_000, -day, 7*day)
	for _, tc := range []struct {
		name string
		good promotion.ListedVariant
		at   time.Time
		from []promotion.Promotion
		want promotion.DisplayPrice
	}{
		{"no sale, list price", good, noon, nil, promotion.DisplayPrice{Amount: 10_000}},
		{"a sale shows the list price struck through", good, noon, []promotion.Promotion{long},
			promotion.DisplayPrice{Amount: 9_000, CompareAt: 10_000, PromotionID: "long", Until: noon.Add(7 * day)}},
		{"the cheapest of two shows", good, noon, []promotion.Promotion{long, short},
			promotion.DisplayPrice{Amount: 7_000, CompareAt: 10_000, PromotionID: "short", Until: noon.Add(day)}},
		{"when it ends the next cheapest follows", good, noon.Add(day), []promotion.Promotion{long, short},
			promotion.DisplayPrice{Amount: 9_000, CompareAt: 10_000, PromotionID: "long", Until: noon.Add(7 * day)}},
		{"when both end the list price is back", good, noon.Add(7 * day), []promotion.Promotion{long, short},
			promotion.DisplayPrice{Amount: 10_000}},
		{"equal ones: the higher priority", good, noon,
			[]promotion.Promotion{long, sale("other", 1_000, 0, day, priority(1))},
			promotion.DisplayPrice{Amount: 9_000, CompareAt: 10_000, PromotionID: "other", Until: noon.Add(day)}},
		{"never below the floor", floored, noon, []promotion.Promotion{short},
			promotion.DisplayPrice{Amount: 8_000, CompareAt: 10_000, PromotionID: "short", Until: noon.Add(day)}},
		{"a sale price above the list price is no sale", good, noon, []promotion.Promotion{fixed("f", 11_000)},
			promotion.DisplayPrice{Amount: 10_000}},
		{"a sale price", good, noon, []promotion.Promotion{fixed("f", 6_000)},
			promotion.DisplayPrice{Amount: 6_000, CompareAt: 10_000, PromotionID: "f", Until: noon.AddDate(0, 0, 1)}},
		{"an older struck-through price stays", promoted, noon, []promotion.Promotion{long},
			promotion.DisplayPrice{Amount: 9_000, CompareAt: 12_000, PromotionID: "long", Until: noon.Add(7 * day)}},
		{"a sale that skips goods on sale leaves them", promoted, noon,
			[]promotion.Promotion{sale("s", 1_000, 0, day, skipSale)},
			promotion.DisplayPrice{Amount: 10_000, CompareAt: 12_000}},
		{"other goods are not on sale", promotion.ListedVariant{ProductID: "p-b", List: 10_000}, noon,
			[]promotion.Promotion{fixed("f", 6_000)},
			promotion.DisplayPrice{Amount: 10_000}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := promotion.NewSet(tc.from).DisplayPrice(tc.good, "KRW", tc.at)
			if got != tc.want {
				t.Errorf("got %+v, want %+v", got, tc.want)
			}
		})
	}
	next, ok := promotion.NewSet([]promotion.Promotion{long, short}).NextChange(noon, nil)
	if !ok || !next.Equal(noon.Add(day)) {
		t.Errorf("the price changes next at %v, %v", next, ok)
	}
	early := promo("d", promotion.Drop, promotion.Terms{}, between(noon.Add(2*time.Hour), time.Time{}))
	if next, ok := promotion.NewSet([]promotion.Promotion{early, long}).NextChange(noon, nil); !ok ||
		!next.Equal(noon.Add(2*time.Hour)) {
		t.Errorf("the drop opens next, not at %v, %v", next, ok)
	}
	hour := member("early", membership.Benefits{EarlyAccessHours: 1})
	if next, ok := promotion.NewSet([]promotion.Promotion{early, long}).NextChange(noon, hour); !ok ||
		!next.Equal(noon.Add(time.Hour)) {
		t.Errorf("early access begins next, not at %v, %v", next, ok)
	}
	early.State = promotion.Draft
	if next, ok := promotion.NewSet([]promotion.Promotion{early}).NextChange(noon, hour); ok {
		t.Errorf("a draft changes something at %v", next)
	}
}

// A gift is given for lines that have to be free: a discount that does not combine with it leaves them to it where the
// shopper then pays less.
func TestADiscountLeavesTheLineOfAGiftToIt(t *testing.T) {
	t.Parallel()
	alone := func(p *promotion.Promotion) { p.Class, p.CombinesWith = promotion.Product, nil }
	for _, units := range []int{1, 2} {
		b := basket(line("b", 2, 30_000), line("d", units, 10_249))
		off := won("off", 200, alone, priority(3))
		free := promo("gift", promotion.FreeGift, promotion.Terms{Gifts: []promotion.GiftTier{
			{From: krw(3), Variants: []string{"A"}}}}, alone, priority(2), on("d"))
		o := promotion.NewSet([]promotion.Promotion{off, free}).Apply(b, shop(t), giftValues)
		if len(o.Applied) != 2 || len(o.Gifts) != 1 || o.Totals.Discount != 200 {
			t.Errorf("of %d units: %d off, %+v", units, o.Totals.Discount, o.Applied)
		}
	}
}
