package promotion_test

import (
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"dangol/shared/money"
	"dangol/shared/pricing"
	"dangol/shared/problemtext"
	"dangol/shared/promotion"
)

func TestWhyACodeDoesNothing(t *testing.T) {
	t.Parallel()
	vip := promotion.NewBatch("b1", "VIP", 3)
	batch := func(p *promotion.Promotion) { p.Codes = promotion.Codes{Batch: vip} }
	where := func(c promotion.Conditions) change { return func(p *promotion.Promotion) { p.Conditions = c } }
	in := func(s promotion.State) change { return func(p *promotion.Promotion) { p.State = s } }
	limit := func(customer, perCode int) change {
		return func(p *promotion.Promotion) { p.LimitPerCustomer, p.LimitPerCode = customer, perCode }
	}
	budget := func(spend int64, uses int) change {
		return func(p *promotion.Promotion) {
			if p.Budget.Uses = uses; spend > 0 {
				p.Budget.Spend = krw(spend)
			}
		}
	}
	used := func(spend int64, uses, customer int) promotion.Facts {
		return promotion.Facts{Used: map[string]promotion.Used{"x": {Spend: krw(spend), Uses: uses, Customer: customer}}}
	}
	uses := func(code string, n int) promotion.Facts {
		return promotion.Facts{CodeUses: map[string]int{promotion.NormalizeCode(code): n}}
	}
	welcome := code("WELCOME")
	goods := line("a", 1, 10_000)
	guest := func(b *pricing.Basket) { b.CustomerID = "" }
	dollars := func(b *pricing.Basket) { b.Currency = "USD" }
	for _, tc := range []struct {
		name   string
		typed  string
		promo  promotion.Promotion
		facts  promotion.Facts
		change func(*pricing.Basket)
		want   promotion.Refused
	}{
		{"a code nobody gave out", "NOPE", won("x", 1_000, welcome), promotion.Facts{}, nil,
			promotion.Refused{Reason: promotion.Unknown}},
		{"a draft has no code yet", "WELCOME", won("x", 1_000, welcome, in(promotion.Draft)), promotion.Facts{}, nil,
			promotion.Refused{Reason: promotion.Unknown}},
		{"one second before the start", "WELCOME",
			won("x", 1_000, welcome, between(noon.Add(time.Second), noon.Add(time.Hour))),
			promotion.Facts{}, nil, promotion.Refused{PromotionID: "x", Reason: promotion.NotStarted,
				Opens: noon.Add(time.Second)}},
		{"at the start it applies", "WELCOME", won("x", 1_000, welcome, between(noon, noon.Add(time.Hour))),
			promotion.Facts{}, nil,
			promotion.Refused{}},
		{"at the end it is over", "WELCOME", won("x", 1_000, welcome, between(noon.Add(-time.Hour), noon)), promotion.Facts{},
			nil,
			promotion.Refused{PromotionID: "x", Reason: promotion.HasEnded}},
		{"before the end it applies although no schedule has made it live", "WELCOME",
			won("x", 1_000, welcome, in(promotion.Scheduled), between(noon.Add(-time.Hour), noon.Add(1))), promotion.Facts{},
			nil,
			promotion.Refused{}},
		{"a stored end does not end it: its time does", "WELCOME", won("x", 1_000, welcome, in(promotion.Ended)),
			promotion.Facts{}, nil, promotion.Refused{}},
		{"paused", "WELCOME", won("x", 1_000, welcome, in(promotion.Paused)), promotion.Facts{}, nil,
			promotion.Refused{PromotionID: "x", Reason: promotion.IsPaused}},
		{"written in lower case with blanks", " wel-come ", won("x", 1_000, welcome), promotion.Facts{}, nil,
			promotion.Refused{}},
		{"all money spent", "WELCOME", won("x", 1_000, welcome, budget(50_000, 0)), used(50_000, 9, 0), nil,
			promotion.Refused{PromotionID: "x", Reason: promotion.BudgetExhausted}},
		{"the discount no longer fits into what is left", "WELCOME", won("x", 1_000, welcome, budget(50_000, 0)),
			used(49_001, 9, 0), nil,
			promotion.Refused{PromotionID: "x", Reason: promotion.BudgetExhausted}},
		{"the last discount that fits", "WELCOME", won("x", 1_000, welcome, budget(50_000, 0)), used(49_000, 9, 0), nil,
			promotion.Refused{}},
		{"all uses used", "WELCOME", won("x", 1_000, welcome, budget(0, 100)), used(0, 100, 0), nil,
			promotion.Refused{PromotionID: "x", Reason: promotion.BudgetExhausted}},
		{"used often enough by this customer", "WELCOME", won("x", 1_000, welcome, limit(1, 0)), used(0, 1, 1), nil,
			promotion.Refused{PromotionID: "x", Reason: promotion.LimitReached}},
		{"others have used it, this customer not", "WELCOME", won("x", 1_000, welcome, limit(1, 0)), used(0, 99, 0), nil,
			promotion.Refused{}},
		{"a guest is asked for the mail address by which they are counted", "WELCOME", won("x", 1_000, welcome, limit(1, 0)),
			promotion.Facts{}, guest, promotion.Refused{PromotionID: "x", Reason: promotion.EmailRequired}},
		{"a guest whose mail address has not been used", "WELCOME", won("x", 1_000, welcome, limit(1, 0)),
			promotion.Facts{Identified: true}, guest, promotion.Refused{}},
		{"a guest whose mail address has", "WELCOME", won("x", 1_000, welcome, limit(1, 0)),
			promotion.Facts{Identified: true, Used: used(0, 0, 1).Used}, guest,
			promotion.Refused{PromotionID: "x", Reason: promotion.LimitReached}},
		{"the code has been used often enough", "WELCOME", won("x", 1_000, welcome, limit(0, 5)), uses("WELCOME", 5), nil,
			promotion.Refused{PromotionID: "x", Reason: promotion.UsedUp}},
		{"a single-use code that is fresh", vip.Code(2), won("x", 1_000, batch), promotion.Facts{}, nil, promotion.Refused{}},
		{"a single-use code that is used", vip.Code(2), won("x", 1_000, batch), uses(vip.Code(2), 1), nil,
			promotion.Refused{PromotionID: "x", Reason: promotion.UsedCode}},
		{"another code of the batch has been used", vip.Code(1), won("x", 1_000, batch), uses(vip.Code(2), 1), nil,
			promotion.Refused{}},
		{"a code beyond the size of the batch", vip.Code(3), won("x", 1_000, batch), promotion.Facts{}, nil,
			promotion.Refused{Reason: promotion.Unknown}},
		{"members only", "WELCOME", won("x", 1_000, welcome, where(promotion.Conditions{Audience: promotion.Members})),
			promotion.Facts{}, nil,
			promotion.Refused{PromotionID: "x", Reason: promotion.MembersOnly}},
		{"a member", "WELCOME", won("x", 1_000, welcome, where(promotion.Conditions{Audience: promotion.Members})),
			promotion.Facts{Member: regular}, nil,
			promotion.Refused{}},
		{"members of a plan only, and one of another", "WELCOME", won("x", 1_000, welcome,
			where(promotion.Conditions{Audience: promotion.Members, Plans: []string{"gold"}})), promotion.Facts{
			Member: regular}, nil,
			promotion.Refused{PromotionID: "x", Reason: promotion.MembersOnly}},
		{"members of a plan only, and one of them", "WELCOME", won("x", 1_000, welcome,
			where(promotion.Conditions{Audience: promotion.Members, Plans: []string{"gold", "regular"}})), promotion.Facts{
			Member: regular}, nil,
			promotion.Refused{}},
		{"accounts only, and a guest", "WELCOME",
			won("x", 1_000, welcome, where(promotion.Conditions{Audience: promotion.Accounts})),
			promotion.Facts{}, guest, promotion.Refused{PromotionID: "x", Reason: promotion.LoginRequired}},
		{"accounts only, and somebody who has one", "WELCOME", won("x", 1_000, welcome,
			where(promotion.Conditions{Audience: promotion.Accounts})), promotion.Facts{}, nil, promotion.Refused{}},
		{"first order only", "WELCOME", won("x", 1_000, welcome, where(promotion.Conditions{FirstOrder: true})),
			promotion.Facts{}, nil,
			promotion.Refused{PromotionID: "x", Reason: promotion.FirstOrderOnly}},
		{"first order only, and a guest", "WELCOME", won("x", 1_000, welcome, where(promotion.Conditions{FirstOrder: true})),
			promotion.Facts{}, guest, promotion.Refused{PromotionID: "x", Reason: promotion.LoginRequired}},
		{"the first order", "WELCOME", won("x", 1_000, welcome, where(promotion.Conditions{FirstOrder: true})),
			promotion.Facts{First: true}, nil,
			promotion.Refused{}},
		{"another segment", "WELCOME", won("x", 1_000, welcome, where(promotion.Conditions{Segments: []string{"gold"}})),
			promotion.Facts{Segments: []string{"silver"}}, nil,
			promotion.Refused{PromotionID: "x", Reason: promotion.NotEligible}},
		{"one of the segments", "WELCOME", won("x", 1_000, welcome,
			where(promotion.Conditions{Segments: []string{"gold", "silver"}})),
			promotion.Facts{Segments: []string{"silver"}}, nil, promotion.Refused{}},
		{"for another customer", "WELCOME", won("x", 1_000, welcome,
			where(promotion.Conditions{Customers: []string{"cus_2"}})), promotion.Facts{}, nil,
			promotion.Refused{PromotionID: "x", Reason: promotion.NotEligible}},
		{"in dollars", "WELCOME", won("x", 1_000, welcome), promotion.Facts{}, dollars,
			promotion.Refused{PromotionID: "x", Reason: promotion.NotInCurrency}},
		{"2,000 are missing", "WELCOME", won("x", 1_000, welcome, from(12_000)), promotion.Facts{}, nil,
			promotion.Refused{PromotionID: "x", Reason: promotion.MinimumNotMet, MissingAmount: 2_000}},
		{"one unit is missing", "WELCOME", won("x", 1_000, welcome, where(promotion.Conditions{MinQuantity: 2})),
			promotion.Facts{}, nil,
			promotion.Refused{PromotionID: "x", Reason: promotion.MinimumNotMet, MissingUnits: 1}},
		{"two units for the first tier are missing", "WELCOME", promo("x", promotion.Tiered, byQuantity, welcome),
			promotion.Facts{}, nil,
			promotion.Refused{PromotionID: "x", Reason: promotion.MinimumNotMet, MissingUnits: 1}},
		{"nothing it is for", "WELCOME", won("x", 1_000, welcome, on("b")), promotion.Facts{}, nil,
			promotion.Refused{PromotionID: "x", Reason: promotion.NoMatchingItems}},
		{"it would cost the free shipping and more", "WELCOME", won("x", 1_000, welcome), promotion.Facts{},
			func(b *pricing.Basket) { b.Lines[0].Unit, b.Lines[0].RequiresShipping = 50_000, true },
			promotion.Refused{PromotionID: "x", Reason: promotion.WouldCostMore}},
		{"free shipping to Japan only", "WELCOME", freeShipping("x", welcome, func(p *promotion.Promotion) {
			p.Terms.Shipping = &promotion.ShippingTerms{Countries: []string{"JP"}}
		}), promotion.Facts{}, nil, promotion.Refused{PromotionID: "x", Reason: promotion.NotForShipping}},
		{"tiers in dollars only", "WELCOME", promo("x", promotion.Tiered, promotion.Terms{Tiers: []promotion.Tier{
			{FromQuantity: 1, Amount: promotion.Amounts{"USD": 100}}}}, welcome), promotion.Facts{}, nil,
			promotion.Refused{PromotionID: "x", Reason: promotion.NotInCurrency}},
		{"gifts from an amount in dollars only", "WELCOME",
			promo("x", promotion.FreeGift, promotion.Terms{Gifts: []promotion.GiftTier{
				{From: promotion.Amounts{"USD": 100}, Variants: []string{"A"}}}}, welcome), promotion.Facts{}, nil,
			promotion.Refused{PromotionID: "x", Reason: promotion.NotInCurrency}},
		{"free shipping where the shipping costs nothing", "WELCOME", freeShipping("x", welcome), promotion.Facts{}, nil,
			promotion.Refused{PromotionID: "x", Reason: promotion.NothingToDiscount}},
		{"an exclusive one far from its minimum", "WELCOME", won("x", 100, welcome, exclusive, from(99_000)),
			promotion.Facts{}, nil, promotion.Refused{PromotionID: "x", Reason: promotion.MinimumNotMet, MissingAmount: 89_000}},
		{"everything at its floor", "WELCOME", won("x", 1_000, welcome), promotion.Facts{},
			func(b *pricing.Basket) { b.Lines[0].Floor = 10_000 }, promotion.Refused{PromotionID: "x",
				Reason: promotion.NothingToDiscount}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			b := withCodes(basket(goods), tc.typed)
			if tc.change != nil {
				tc.change(&b)
			}
			got := apply(t, b, tc.facts, tc.promo)
			if tc.want.Reason == "" {
				if len(got.Refused) != 0 || len(got.Applied) != 1 || got.Applied[0].Code != promotion.NormalizeCode(tc.typed) {
					t.Fatalf("refused %+v, applied %+v", got.Refused, got.Applied)
				}
				return
			}
			tc.want.Code = tc.typed
			if len(got.Refused) != 1 || !reflect.DeepEqual(got.Refused[0], tc.want) || len(got.Applied) != 0 {
				t.Fatalf("refused %+v\nwant    %+v, applied %+v", got.Refused, tc.want, got.Applied)
			}
			checkShopperText(t, got.Refused[0])
		})
	}
}

func TestSeveralCodes(t *testing.T) {
	t.Parallel()
	batch := promotion.NewBatch("b1", "", 10)
	single := func(p *promotion.Promotion) { p.Codes.Batch = batch }
	one, two := batch.Code(1), batch.Code(2)
	for _, tc := range []struct {
		name    string
		codes   []string
		facts   promotion.Facts
		from    []promotion.Promotion
		refused map[string]promotion.Reason
		total   int64
	}{
		{"two codes that combine", []string{"A", "B"}, promotion.Facts{},
			[]promotion.Promotion{won("a", 1_000, code("A"), withAll), won("b", 500, code("B"), withAll)}, nil, 8_500},
		{"two codes that do not: the smaller one is refused", []string{"A", "B"}, promotion.Facts{},
			[]promotion.Promotion{won("a", 1_000, code("A")), won("b", 500, code("B"), priority(1))},
			map[string]promotion.Reason{"B": promotion.BetterOffer}, 9_000},
		{"a code that gives what an automatic one gives is not used up", []string{"A"}, promotion.Facts{},
			[]promotion.Promotion{won("a", 1_000, code("A"), priority(9)), won("b", 1_000)},
			map[string]promotion.Reason{"A": promotion.NothingMore}, 9_000},
		{"an exclusive code that is better leaves the other out", []string{"A", "B"}, promotion.Facts{},
			[]promotion.Promotion{won("a", 1_000, code("A"), exclusive), won("b", 500, code("B"), withAll)},
			map[string]promotion.Reason{"B": promotion.BetterOffer}, 9_000},
		{"an exclusive code that is worse is refused", []string{"A"}, promotion.Facts{},
			[]promotion.Promotion{won("a", 1_000, code("A"), exclusive), won("sale", 2_000)},
			map[string]promotion.Reason{"A": promotion.BetterOffer}, 8_000},
		{"the same code twice counts once", []string{"A", "a"}, promotion.Facts{},
			[]promotion.Promotion{won("a", 1_000, code("A"))},
			nil, 9_000},
		{"two of one batch count once", []string{one, two}, promotion.Facts{}, []promotion.Promotion{won("a", 1_000, single)},
			map[string]promotion.Reason{max(one, two): promotion.NotCombinable}, 9_000},
		{"a used one does not spoil a fresh one of its batch", []string{one, two},
			promotion.Facts{CodeUses: map[string]int{promotion.NormalizeCode(one): 1}},
			[]promotion.Promotion{won("a", 1_000, single)},
			map[string]promotion.Reason{one: promotion.UsedCode}, 9_000},
		{"a code that two promotions have belongs to the one that is live", []string{"A"}, promotion.Facts{},
			[]promotion.Promotion{
				won("old", 5_000, code("A"), priority(9), between(noon.AddDate(-1, 0, 0), noon.AddDate(0, -11, 0))), won("a",
					1_000, code("A"))},
			nil, 9_000},
		{"a code that two live promotions have belongs to the higher priority", []string{"A"}, promotion.Facts{},
			[]promotion.Promotion{won("a", 1_000, code("A"), withAll), won("b", 500, code("A"), withAll, priority(1))}, nil,
			9_500},
		{"a sale price has no code", []string{"A"}, promotion.Facts{},
			[]promotion.Promotion{promo("a", promotion.SalePrice, promotion.Terms{BasisPoints: 1_000}, code("A"))},
			map[string]promotion.Reason{"A": promotion.Unknown}, 10_000},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := apply(t, withCodes(basket(line("a", 1, 10_000)), tc.codes...), tc.facts, tc.from...)
			if got.Totals.Total != tc.total {
				t.Errorf("total %d, want %d", got.Totals.Total, tc.total)
			}
			if len(got.Refused) != len(tc.refused) {
				t.Errorf("refused %+v, want %v", got.Refused, tc.refused)
			}
			for _, r := range got.Refused {
				if tc.refused[r.Code] != r.Reason {
					t.Errorf("%s: %s, want %s", r.Code, r.Reason, tc.refused[r.Code])
				}
				checkShopperText(t, r)
			}
		})
	}
}

// shopperTexts is what a shopper reads about each reason, in English and in Korean.
var shopperTexts = map[promotion.Reason][2]string{
	promotion.Unknown:           {"no such code", "없는 할인 코드"},
	promotion.NotStarted:        {"cannot be used yet", "아직"},
	promotion.HasEnded:          {"expired", "끝난"},
	promotion.IsPaused:          {"at the moment", "지금은"},
	promotion.BudgetExhausted:   {"used up", "소진"},
	promotion.LimitReached:      {"as often as you may", "횟수를 모두 사용"},
	promotion.UsedUp:            {"by all customers together", "마감"},
	promotion.UsedCode:          {"once and has been used", "이미 사용된"},
	promotion.MembersOnly:       {"for members", "멤버십 회원"},
	promotion.LoginRequired:     {"Log in", "로그인"},
	promotion.EmailRequired:     {"mail address", "메일 주소"},
	promotion.FirstOrderOnly:    {"first order", "첫 주문"},
	promotion.NotEligible:       {"certain customers", "대상 고객"},
	promotion.NotForShipping:    {"country or shipping method", "배송지나 배송 방법"},
	promotion.NotInCurrency:     {"currency", "통화"},
	promotion.MinimumNotMet:     {"code", "코드"}, // with what is missing, see checkShopperText
	promotion.NotCombinable:     {"same offer", "같은 행사"},
	promotion.BetterOffer:       {"cheaper", "더 저렴"},
	promotion.WouldCostMore:     {"cost more", "더 비싸져"},
	promotion.NothingMore:       {"cost the same", "총액이 같아"},
	promotion.NoMatchingItems:   {"Nothing in the cart", "장바구니에 없습니다"},
	promotion.NothingToDiscount: {"cannot become cheaper", "더 할인되지 않습니다"},
}

// checkShopperText holds the texts about a refused code against its reason, and against what is missing.
func checkShopperText(t *testing.T, r promotion.Refused) {
	t.Helper()
	amount := ""
	if r.MissingAmount > 0 {
		amount = money.Of(r.MissingAmount, "KRW").Formatted().Display
	}
	for i, language := range []string{"en", "ko"} {
		text := problemtext.Refusal(string(r.Reason), amount, r.MissingUnits, language)
		want := []string{shopperTexts[r.Reason][i]}
		switch {
		case amount != "":
			want = append(want, amount)
		case r.MissingUnits > 0:
			want = append(want, strconv.Itoa(r.MissingUnits))
		}
		for _, part := range want {
			if part == "" || !strings.Contains(text, part) {
				t.Errorf("%s in %s: no %q in %q", r.Reason, language, part, text)
			}
		}
		for other := range shopperTexts {
			if other != r.Reason && text == problemtext.Refusal(string(other), "", 0, language) {
				t.Errorf("%s and %s have the same text in %s: %q", r.Reason, other, language, text)
			}
		}
		if strings.Contains(text, "{") {
			t.Errorf("%s in %s: %q", r.Reason, language, text)
		}
	}
}

// TestEveryReasonIsTold looks for each reason in what the tables above expect.
func TestEveryReasonIsTold(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("codes_test.go")
	if err != nil {
		t.Fatal(err)
	}
	names := map[promotion.Reason]string{
		promotion.Unknown: "Unknown", promotion.NotStarted: "NotStarted", promotion.HasEnded: "HasEnded",
		promotion.IsPaused:        "IsPaused",
		promotion.BudgetExhausted: "BudgetExhausted", promotion.LimitReached: "LimitReached", promotion.UsedUp: "UsedUp",
		promotion.UsedCode: "UsedCode", promotion.MembersOnly: "MembersOnly", promotion.LoginRequired: "LoginRequired",
		promotion.EmailRequired: "EmailRequired", promotion.FirstOrderOnly: "FirstOrderOnly",
		promotion.NotEligible:    "NotEligible",
		promotion.NotForShipping: "NotForShipping", promotion.NotInCurrency: "NotInCurrency",
		promotion.MinimumNotMet: "MinimumNotMet",
		promotion.NotCombinable: "NotCombinable", promotion.BetterOffer: "BetterOffer",
		promotion.WouldCostMore: "WouldCostMore",
		promotion.NothingMore:   "NothingMore", promotion.NoMatchingItems: "NoMatchingItems",
		promotion.NothingToDiscount: "NothingToDiscount",
	}
	if len(names) != len(promotion.Reasons) {
		t.Errorf("%d reasons are named here, there are %d", len(names), len(promotion.Reasons))
	}
	before, _, _ := strings.Cut(string(source), "// shopperTexts is what a shopper reads")
	for _, r := range promotion.Reasons {
		// The tables of situations stand before the table of texts.
		if !strings.Contains(before, "promotion."+names[r]) {
			t.Errorf("no test expects %s", r)
		}
		if shopperTexts[r] == [2]string{} {
			t.Errorf("nothing is told about %s", r)
		}
	}
}

func TestCodesAreComparedAsShoppersTypeThem(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"welcome_10": "WELCOME_10", " Welcome-10 ": "WELCOME10", "ＷＥＬＣＯＭＥ１０": "WELCOME10",
		"WEL\u200bCOME10\ufeff": "WELCOME10",
		"WELCOME\u201310":       "WELCOME10", "가을": "가을", "WELCOME\u00a010": "WELCOME10",
	} {
		if got := promotion.NormalizeCode(typed); got != want {
			t.Errorf("%q is %q, want %q", typed, got, want)
		}
	}
	b := withCodes(basket(line("a", 1, 10_000)), "ｗｅｌｃｏｍｅ＿ten")
	if got := apply(t, b, promotion.Facts{}, won("x", 1_000, code("Welcome_Ten"))); len(got.Applied) != 1 {
		t.Errorf("refused %+v", got.Refused)
	}
}
