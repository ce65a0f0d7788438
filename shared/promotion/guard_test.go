package promotion_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"dangol/shared/money"
	"dangol/shared/platform/civil"
	"dangol/shared/promotion"
)

// span is a sale in Seoul from the first day until the end of the last, of products, or of all when there are none.
func span(t testing.TB, id, first, last string, products ...string) promotion.Span {
	t.Helper()
	seoul := zone(t, "Asia/Seoul")
	from, err1 := civil.ParseDate(first)
	to, err2 := civil.ParseDate(last)
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	return promotion.Span{
		PromotionID: id, All: len(products) == 0, Products: products, BasisPoints: 2_000,
		Starts: from.At(10*60, seoul), Ends: to.At(24*60, seoul),
	}
}

func grouped(s promotion.Span, group string) promotion.Span {
	s.Group = group
	return s
}

func TestTheGuard(t *testing.T) {
	t.Parallel()
	seoul := zone(t, "Asia/Seoul")
	days := promotion.Policy{Zone: seoul, WindowDays: 30, Shop: promotion.Limits{MaxDays: 9}}
	productDays := promotion.Policy{Zone: seoul, WindowDays: 30, Product: promotion.Limits{MaxDays: 5}}
	gap := promotion.Policy{Zone: seoul, Product: promotion.Limits{MinGapDays: 14}}
	overlap := promotion.Policy{Zone: seoul, Shop: promotion.Limits{MaxOverlap: 1}}
	depth := promotion.Policy{Zone: seoul, MaxDepth: 3_000}
	s := func(id, first, last string, products ...string) promotion.Span {
		return span(t, id, first, last, products...)
	}
	deep := s("deep", "2026-09-01", "2026-09-02")
	deep.BasisPoints = 3_001
	for _, tc := range []struct {
		name    string
		policy  promotion.Policy
		history []promotion.Span
		planned promotion.Span
		want    []string
	}{
		{"the third sale of the month", days,
			[]promotion.Span{s("one", "2026-09-01", "2026-09-04"), s("two", "2026-09-11", "2026-09-14")}, s("three",
				"2026-09-25", "2026-09-27"),
			[]string{"the shop would be on sale on 11 days from 2026-08-29 to 2026-09-27, " +
				"at most 9 are allowed (with one, two)"}},
		{"the same sale a month later is fine", days,
			[]promotion.Span{s("one", "2026-09-01", "2026-09-04"), s("two", "2026-09-11", "2026-09-14")}, s("three",
				"2026-10-25", "2026-10-27"), nil},
		{"a window ahead counts what is planned already", days, []promotion.Span{s("later", "2026-10-01", "2026-10-07")},
			s("now", "2026-09-25", "2026-09-27"),
			[]string{"the shop would be on sale on 10 days from 2026-09-08 to 2026-10-07, at most 9 are allowed (with later)"}},
		{"days that two sales share count once", days, []promotion.Span{s("one", "2026-09-01", "2026-09-09")},
			s("two", "2026-09-05", "2026-09-09"), nil},
		{"a sale of one product is a sale of the shop", days, []promotion.Span{s("one", "2026-09-01", "2026-09-08", "soap")},
			s("two", "2026-09-10", "2026-09-11", "oil"),
			[]string{"the shop would be on sale on 10 days from 2026-08-13 to 2026-09-11, at most 9 are allowed (with one)"}},
		{"but not of the other product", productDays, []promotion.Span{s("one", "2026-09-01", "2026-09-05", "soap")},
			s("two", "2026-09-10", "2026-09-11", "oil"), nil},
		{"a sale of everything is one of the product", productDays, []promotion.Span{s("one", "2026-09-01", "2026-09-05")},
			s("two", "2026-09-10", "2026-09-11", "oil"),
			[]string{"product oil would be on sale on 7 days from 2026-08-13 to 2026-09-11, at most 5 are allowed (with one)"}},
		{"a sale of everything is checked for each product that had its own", productDays,
			[]promotion.Span{s("one", "2026-09-01", "2026-09-04", "soap"), s("two", "2026-09-02", "2026-09-02", "oil")},
			s("all", "2026-09-10", "2026-09-11"),
			[]string{"product soap would be on sale on 6 days from 2026-08-13 to 2026-09-11, at most 5 are allowed (with one)"}},
		{"an open end is on sale every day", productDays, nil, func() promotion.Span {
			open := s("open", "2026-09-10", "2026-09-10", "oil")
			open.Ends = time.Time{}
			return open
		}(), []string{"product oil would be on sale on 30 days from 2026-09-10 to 2026-10-09, at most 5 are allowed"}},
		{"the same sale planned anew does not count twice", days, []promotion.Span{s("one", "2026-09-01", "2026-09-09")},
			s("one", "2026-09-05", "2026-09-13"), nil},
		{"a gap of 13 days is too short", gap, []promotion.Span{s("one", "2026-09-01", "2026-09-04", "soap")},
			s("two", "2026-09-18", "2026-09-19", "soap"),
			[]string{"product soap would have 13 days without a sale between 2026-09-04 and 2026-09-18, at least 14 are " +
				"wanted (with one)"}},
		{"a gap of 14 days is enough", gap, []promotion.Span{s("one", "2026-09-01", "2026-09-04", "soap")},
			s("two", "2026-09-19", "2026-09-19", "soap"), nil},
		{"the gap to the next one counts too", gap, []promotion.Span{s("next", "2026-09-10", "2026-09-11", "soap")},
			s("now", "2026-09-01", "2026-09-04", "soap"),
			[]string{"product soap would have 5 days without a sale between 2026-09-04 and 2026-09-10, at least 14 are " +
				"wanted (with next)"}},
		{"what overlaps has no gap", gap, []promotion.Span{s("one", "2026-09-01", "2026-09-10", "soap")},
			s("two", "2026-09-05", "2026-09-06", "soap"),
			[]string{"product soap would have 0 days without a sale between 2026-09-05 and 2026-09-06, at least 14 are " +
				"wanted (with one)"}},
		{"promotions of one season need no gap", gap, []promotion.Span{grouped(s("one", "2026-09-01", "2026-09-10", "soap"),
			"chuseok-2026")},
			grouped(s("two", "2026-09-05", "2026-09-06", "soap"), "chuseok-2026"), nil},
		{"two sales at once", overlap, []promotion.Span{s("one", "2026-09-01", "2026-09-10")},
			s("two", "2026-09-10", "2026-09-12"),
			[]string{"the shop would have 2 sales at once on 2026-09-10, at most 1 are allowed (with one)"}},
		{"one after the other is not at once", overlap, []promotion.Span{s("one", "2026-09-01", "2026-09-10")},
			s("two", "2026-09-11", "2026-09-12"), nil},
		{"the same season is not at once", overlap, []promotion.Span{grouped(s("one", "2026-09-01", "2026-09-10"), "x")},
			grouped(s("two", "2026-09-10", "2026-09-12"), "x"), nil},
		{"too deep", depth, nil, deep, []string{"3001 basis points off is deeper than 3000"}},
		{"no limits, no breach", promotion.Policy{}, []promotion.Span{s("one", "2026-09-01", "2026-09-10")}, deep, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, b := range tc.policy.Check(tc.history, tc.planned) {
				got = append(got, b.String())
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("got  %q\nwant %q", got, tc.want)
			}
		})
	}
}

func TestALongerSaleNeverBreaksFewerRules(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	products := []string{"soap", "oil", "brush"}
	draw := func(t *rapid.T, id string) promotion.Span {
		s := promotion.Span{PromotionID: id, BasisPoints: rapid.IntRange(0, 10_000).Draw(t, "depth")}
		s.Starts = noon.Add(time.Duration(rapid.IntRange(-60*24, 60*24).Draw(t, "start")) * time.Hour)
		s.Ends = s.Starts.Add(time.Duration(rapid.IntRange(1, 20*24).Draw(t, "hours")) * time.Hour)
		s.Group = rapid.SampledFrom([]string{"", "", "g"}).Draw(t, "group")
		if s.All = rapid.Bool().Draw(t, "all"); !s.All {
			s.Products = rapid.SliceOfNDistinct(rapid.SampledFrom(products), 1, 2, rapid.ID[string]).Draw(t, "products")
		}
		return s
	}
	limits := func(t *rapid.T) promotion.Limits {
		return promotion.Limits{
			MaxDays: rapid.IntRange(0, 20).Draw(t, "days"), MinGapDays: rapid.IntRange(0, 20).Draw(t,
				"gap"), MaxOverlap: rapid.IntRange(0, 3).Draw(t, "overlap")}
	}
	rapid.Check(t, func(t *rapid.T) {
		policy := promotion.Policy{
			Zone: time.FixedZone("x", 9*60*60), WindowDays: rapid.IntRange(1, 40).Draw(t, "window"),
			Product: limits(t), Shop: limits(t), MaxDepth: rapid.IntRange(0, 10_000).Draw(t, "max")}
		history := make([]promotion.Span, rapid.IntRange(0, 6).Draw(t, "history"))
		for i := range history {
			history[i] = draw(t, string(rune('a'+i)))
		}
		planned := draw(t, "planned")
		longer := planned
		longer.Starts = planned.Starts.Add(-time.Duration(rapid.IntRange(0, 20).Draw(t, "earlier")) * day)
		longer.Ends = planned.Ends.Add(time.Duration(rapid.IntRange(0, 20).Draw(t, "later")) * day)
		has := map[string]bool{}
		for _, b := range policy.Check(history, longer) {
			has[string(b.Rule)+b.Scope] = true
		}
		for _, b := range policy.Check(history, planned) {
			if !has[string(b.Rule)+b.Scope] {
				t.Fatalf("%s\nbut not from %s to %s", b, longer.Starts, longer.Ends)
			}
		}
	})
}

func TestCalendar(t *testing.T) {
	t.Parallel()
	policy := promotion.Policy{Zone: zone(t, "Asia/Seoul"), WindowDays: 7}
	history := []promotion.Span{span(t, "one", "2026-09-01", "2026-09-03"),
		span(t, "soap", "2026-09-03", "2026-09-04", "soap")}
	planned := []promotion.Span{span(t, "plan", "2026-09-06", "2026-09-06")}
	text := func(product string) string {
		var lines []string
		from, _ := civil.ParseDate("2026-09-02")
		for _, d := range policy.Calendar(history, planned, product, from, from.Add(6)) {
			line := string(d.Day)[8:] + ":" + strings.Join(d.Promotions, "+")
			if len(d.Planned) > 0 {
				line += "?"
			}
			lines = append(lines, line+"="+string(rune('0'+d.InWindow)))
		}
		return strings.Join(lines, " ")
	}
	if got, want := text(""), "02:one=2 03:one+soap=3 04:soap=4 05:=4 06:plan?=5 07:=5 08:=4"; got != want {
		t.Errorf("the shop\ngot  %s\nwant %s", got, want)
	}
	if got, want := text("oil"), "02:one=2 03:one=3 04:=3 05:=3 06:plan?=4 07:=4 08:=3"; got != want {
		t.Errorf("oil\ngot  %s\nwant %s", got, want)
	}
	if got := policy.Calendar(history, nil, "", civil.Date("2026-09-10"), "2026-09-09"); got != nil {
		t.Errorf("a calendar that ends before it begins: %v", got)
	}
}

func TestReport(t *testing.T) {
	t.Parallel()
	policy := promotion.Policy{Zone: zone(t, "Asia/Seoul")}
	today, _ := civil.ParseDate("2026-09-30")
	history := []promotion.Span{
		span(t, "autumn", "2026-09-28", "2026-10-05"), // three days so far
		span(t, "summer", "2026-07-15", "2026-07-24"), // ten days
		span(t, "old", "2025-09-01", "2025-09-30"),    // the last day of it is 365 days ago
	}
	history[1].BasisPoints = 4_000
	var sales []promotion.DaySales
	for back := range 90 {
		d := promotion.DaySales{Day: today.Add(-back), Orders: 10, Revenue: 1_000}
		if back >= 3 && back < 17 {
			d.Orders = 7 // the fortnight before the autumn sale
		}
		if back < 3 {
			d.Orders, d.Discounted = 50, 900
		}
		sales = append(sales, d)
	}
	got := policy.Report(history, "", sales, today.Add(-89), today)
	waiting := got.Waiting
	got.Waiting = nil
	want := promotion.Report{Days30: 3, Days90: 13, Days365: 13, Deepest: 4_000, MeanDepth: (3*2_000 + 10*4_000) / 13,
		DiscountShare: 300}
	if got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	wantWaiting := promotion.WaitingIndex{Index: 7_000, Sales: 1, OrdersBase: 510, DaysBase: 51, OrdersNear: 98,
		DaysNear: 14}
	if waiting == nil || *waiting != wantWaiting {
		t.Errorf("waiting %+v, want %+v", waiting, wantWaiting)
	}
	if early := policy.Report(history, "", sales, today.Add(-10), today); early.Waiting != nil {
		t.Errorf("ten days of figures cannot tell whether anybody waits: %+v", early.Waiting)
	}
	if none := policy.Report(nil, "soap", nil, today.Add(-365), today); none != (promotion.Report{}) {
		t.Errorf("never on sale: %+v", none)
	}
}

func TestWhatCountsAsASaleAndHowDeepItIs(t *testing.T) {
	t.Parallel()
	product := class(promotion.Product)
	unit := money.Of(10_000, "KRW")
	members := func(p *promotion.Promotion) { p.Conditions.Audience = promotion.Members }
	for _, tc := range []struct {
		name  string
		promo promotion.Promotion
		sale  bool
		depth int
	}{
		{"ten percent", percent("x", 1_000), true, 1_000},
		{"ten percent with a code that all know", percent("x", 1_000, code("SUMMER")), true, 1_000},
		{"ten percent for members", percent("x", 1_000, members), false, 0},
		{"ten percent with a code of one's own", percent("x", 1_000,
			func(p *promotion.Promotion) { p.Codes.Batch = promotion.NewBatch("b", "", 1) }), false, 0},
		{"a draft", percent("x", 1_000, func(p *promotion.Promotion) { p.State = promotion.Draft }), false, 0},
		{"3,000 off the order", won("x", 3_000), true, 3_000},
		{"3,000 off an order of 30,000", won("x", 3_000, from(30_000)), true, 1_000},
		{"more off than it costs", won("x", 30_000), true, 10_000},
		{"for 7,000", promo("x", promotion.FixedPrice, promotion.Terms{Amount: krw(7_000)}, product), true, 3_000},
		{"for more than it costs", promo("x", promotion.FixedPrice, promotion.Terms{Amount: krw(17_000)}, product), true, 0},
		{"in another currency", promo("x", promotion.FixedPrice, promotion.Terms{Amount: promotion.Amounts{"USD": 1}},
			product), true, 0},
		{"a sale price", promo("x", promotion.SalePrice, promotion.Terms{BasisPoints: 2_500}, product), true, 2_500},
		{"buy two get one", buyXGetY("x", 2, 1), true, 3_333},
		{"a tier of 20 percent", promo("x", promotion.Tiered, byQuantity), true, 2_000},
		{"a tier of 6,000 from 60,000", promo("x", promotion.Tiered, byAmount), true, 1_000},
		{"a gift", gifts(), false, 0},
		{"free shipping", freeShipping("x"), false, 0},
		{"a limited edition", promo("x", promotion.Drop, promotion.Terms{}, product), false, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s, ok := tc.promo.Span([]string{"soap"}, unit)
			if ok != tc.sale || s.BasisPoints != tc.depth {
				t.Errorf("sale %v, depth %d; want %v, %d", ok, s.BasisPoints, tc.sale, tc.depth)
			}
		})
	}
}

func TestASaleOfEverythingIsBoundByTheRulesForAProduct(t *testing.T) {
	t.Parallel()
	policy := promotion.Policy{WindowDays: 30, Product: promotion.Limits{MaxDays: 7, MinGapDays: 14},
		Shop: promotion.Limits{MaxDays: 30}}
	at := func(day int) time.Time { return time.Date(2026, 12, day, 0, 0, 0, 0, time.UTC) }
	first := promotion.Span{PromotionID: "first", All: true, Starts: at(1), Ends: at(4), BasisPoints: 2000}
	second := promotion.Span{PromotionID: "second", All: true, Starts: at(5), Ends: at(8), BasisPoints: 2000}
	breaches := policy.Check([]promotion.Span{first}, second)
	if len(breaches) != 1 || breaches[0].Rule != promotion.Gap || breaches[0].Scope != promotion.AnyProduct ||
		breaches[0].Limit != 14 {
		t.Fatalf("two sales of everything a day apart break %v, want the gap of every product", breaches)
	}
	if !strings.HasPrefix(breaches[0].String(), "every product would have 1 day without a sale") {
		t.Errorf("it says %q", breaches[0])
	}
	soap := promotion.Span{PromotionID: "soap", Products: []string{"soap"}, Starts: at(1), Ends: at(4), BasisPoints: 2000}
	for _, b := range policy.Check([]promotion.Span{soap}, second) {
		if b.Scope != "soap" {
			t.Errorf("a sale of soap alone counts against %s: %s", b.Scope, b)
		}
	}
}
