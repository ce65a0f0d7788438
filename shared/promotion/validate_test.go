package promotion_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"dangol/shared/catalog"
	"dangol/shared/promotion"
)

var known = promotion.References{
	Currencies: []string{"KRW", "USD"},
	Components: func(id string) ([]string, bool) {
		components, ok := map[string][]string{
			"A": nil, "B": nil, "v-a": nil, "v-b": nil, "set": {"A", "B"}, "loop": {"A", "loop2"}, "loop2": {"loop"},
		}[id]
		return components, ok
	},
}

func TestWhatCannotBePlanned(t *testing.T) {
	t.Parallel()
	product := class(promotion.Product)
	terms := func(kind promotion.Kind, terms promotion.Terms, changes ...change) promotion.Promotion {
		return promo("x", kind, terms, changes...)
	}
	but := func(c change) promotion.Promotion { return percent("x", 1_000, c) }
	for _, tc := range []struct {
		name  string
		promo promotion.Promotion
		want  []string // "pointer code"
	}{
		{"0 %", percent("x", 0), []string{"/terms/basisPoints too_small"}},
		{"101 %", percent("x", 10_100), []string{"/terms/basisPoints too_large"}},
		{"100 % can be planned", percent("x", 10_000), nil},
		{"100 % off as a sale price cannot", terms(promotion.SalePrice, promotion.Terms{BasisPoints: 10_000}, product),
			[]string{"/terms/basisPoints too_large"}},
		{"ended before it starts", but(between(noon, noon.Add(-1))), []string{"/ends not_in_order"}},
		{"ended when it starts", but(between(noon, noon)), []string{"/ends not_in_order"}},
		{"without an end it can be planned", but(between(noon, time.Time{})), nil},
		{"without a start", but(between(time.Time{}, noon)), []string{"/starts required"}},
		{"without targets", but(func(p *promotion.Promotion) { p.Targets = promotion.Targets{} }),
			[]string{"/targets required"}},
		{"all and some", but(func(p *promotion.Promotion) { p.Targets.Tags = []string{"x"} }),
			[]string{"/targets/all not_used"}},
		{"an empty tag", but(func(p *promotion.Promotion) { p.Targets = promotion.Targets{Tags: []string{""}} }),
			[]string{"/targets/tags/0 required"}},
		{"a variant that is not there",
			but(func(p *promotion.Promotion) { p.Targets = promotion.Targets{Variants: []string{"Z"}} }),
			[]string{"/targets/variants/0 unknown_variant"}},
		{"an unknown currency", terms(promotion.FixedAmount, promotion.Terms{Amount: promotion.Amounts{"WON": 100}}),
			[]string{"/terms/amount/WON unknown_currency"}},
		{"a currency the shop does not take",
			but(func(p *promotion.Promotion) { p.MaxDiscount = promotion.Amounts{"JPY": 1} }),
			[]string{"/maxDiscount/JPY unknown_currency"}},
		{"a negative amount", won("x", -1), []string{"/terms/amount/KRW too_small"}},
		{"an amount without an amount", terms(promotion.FixedAmount, promotion.Terms{}), []string{"/terms/amount required"}},
		{"an amount that overflows sums", won("x", 1<<60), []string{"/terms/amount/KRW too_large"}},
		{"a fixed price of nothing can be planned", terms(promotion.FixedPrice, promotion.Terms{Amount: krw(0)}, product),
			nil},
		{"a negative budget", but(func(p *promotion.Promotion) { p.Budget = promotion.Budget{Spend: krw(-5), Uses: -1} }),
			[]string{"/budget/spend/KRW too_small", "/budget/uses too_small"}},
		{"a negative minimum", but(func(p *promotion.Promotion) { p.Conditions.MinSubtotal = krw(-5) }),
			[]string{"/conditions/minSubtotal/KRW too_small"}},
		{"no name", but(func(p *promotion.Promotion) { p.Name = catalog.Text{} }), []string{"/name required"}},
		{"no kind", but(func(p *promotion.Promotion) { p.Kind = "sale" }),
			[]string{"/kind unknown", "/terms/basisPoints not_used"}},
		{"no state", but(func(p *promotion.Promotion) { p.State = "" }), []string{"/state unknown"}},
		{"no time zone", but(func(p *promotion.Promotion) { p.TimeZone = "" }), []string{"/timeZone unknown"}},
		{"a time zone that is not there", but(func(p *promotion.Promotion) { p.TimeZone = "Asia/Busan2" }),
			[]string{"/timeZone unknown"}},
		{"the machine's own time zone", but(func(p *promotion.Promotion) { p.TimeZone = "Local" }),
			[]string{"/timeZone unknown"}},
		{"an exclusive one that combines", but(func(p *promotion.Promotion) { exclusive(p); withAll(p) }),
			[]string{"/combinesWith not_used"}},
		{"a class twice", but(with(promotion.Order, promotion.Order)), []string{"/combinesWith/1 twice"}},
		{"a class that is not there", but(class("items")), []string{"/class unknown"}},
		{"free shipping off the products", freeShipping("x", product), []string{"/class unknown"}},
		{"an amount off the shipping",
			terms(promotion.FixedAmount, promotion.Terms{Amount: krw(1)}, class(promotion.Shipping)),
			[]string{"/class unknown"}},
		{"at most so many units of an order discount",
			terms(promotion.Percentage, promotion.Terms{BasisPoints: 1, MaxUnits: 1}),
			[]string{"/terms/maxUnits not_used"}},
		{"an order price as a product discount", terms(promotion.OrderPrice, promotion.Terms{Amount: krw(1)}, product),
			[]string{"/class unknown"}},
		{"terms of another kind", terms(promotion.Percentage, promotion.Terms{BasisPoints: 1, PerUnit: true, Amount: krw(1)}),
			[]string{"/terms/amount not_used", "/terms/perUnit not_used"}},
		{"a code with a blank", but(code("wel come")), []string{"/codes/single form"}},
		{"a code that cannot be seen", but(code("\u200b\u200b")), []string{"/codes/single form"}},
		{"a code of one letter", but(code("a-")), []string{"/codes/single form"}},
		{"a code and a batch", but(func(p *promotion.Promotion) {
			p.Codes = promotion.Codes{Single: "AB", Batch: promotion.NewBatch("b", "", 1)}
		}),
			[]string{"/codes not_used"}},
		{"a batch of none", but(func(p *promotion.Promotion) { p.Codes.Batch = promotion.NewBatch("b", "", 0) }),
			[]string{"/codes/batch/size too_small"}},
		{"a batch too large", but(func(p *promotion.Promotion) {
			p.Codes.Batch = promotion.NewBatch("b", "",
				promotion.MaxBatch+1)
		}),
			[]string{"/codes/batch/size too_large"}},
		{"a batch without a secret", but(func(p *promotion.Promotion) { p.Codes.Batch = &promotion.Batch{ID: "b", Size: 1} }),
			[]string{"/codes/batch/secret too_small"}},
		{"a limit per code without a code", but(func(p *promotion.Promotion) { p.LimitPerCode = 1 }),
			[]string{"/limitPerCode not_used"}},
		{"buy none get none", terms(promotion.BuyXGetY, promotion.Terms{BuyXGetY: &promotion.BuyXGetYTerms{}}, product),
			[]string{"/terms/buyXGetY required", "/terms/buyXGetY/buy too_small", "/terms/buyXGetY/get too_small"}},
		{"buy and get without terms", terms(promotion.BuyXGetY, promotion.Terms{}, product),
			[]string{"/terms/buyXGetY required"}},
		{"get from nothing", terms(promotion.BuyXGetY, promotion.Terms{BuyXGetY: &promotion.BuyXGetYTerms{
			Buy: 1, Get: 1, BasisPoints: 1, From: &promotion.Targets{}}}, product), []string{"/terms/buyXGetY/from required"}},
		{"gifts without tiers", terms(promotion.FreeGift, promotion.Terms{}), []string{"/terms/gifts required"}},
		{"a gift that is not there", terms(promotion.FreeGift,
			promotion.Terms{Gifts: []promotion.GiftTier{{From: krw(1), Variants: []string{"Z"}}}}),
			[]string{"/terms/gifts/0/variants/0 unknown_variant"}},
		{"a gift that earns itself", terms(promotion.FreeGift,
			promotion.Terms{Gifts: []promotion.GiftTier{{From: krw(1), Variants: []string{"A"}}}},
			func(p *promotion.Promotion) { p.Targets = promotion.Targets{Variants: []string{"A"}} }),
			[]string{"/terms/gifts/0/variants/0 circular"}},
		{"a gift set that contains itself over another", terms(promotion.FreeGift,
			promotion.Terms{Gifts: []promotion.GiftTier{{From: krw(1),
				Variants: []string{"loop"}}}}), []string{"/terms/gifts/0/variants/0 circular"}},
		{"a gift set of two can be given", terms(promotion.FreeGift,
			promotion.Terms{Gifts: []promotion.GiftTier{{From: krw(1), Variants: []string{"set"}}}}), nil},
		{"a gift tier lower than the one before", terms(promotion.FreeGift, promotion.Terms{Gifts: []promotion.GiftTier{
			{From: krw(2), Variants: []string{"A"}}, {From: krw(2),
				Variants: []string{"A", "B"}}}}), []string{"/terms/gifts/1/from/KRW not_in_order"}},
		{"a choice of as many as there are", terms(promotion.FreeGift, promotion.Terms{Gifts: []promotion.GiftTier{
			{From: krw(2), Variants: []string{"A", "B"}, Choose: 2}}}), []string{"/terms/gifts/0/choose too_large"}},
		{"tiers that mix quantity and amount", terms(promotion.Tiered, promotion.Terms{Tiers: []promotion.Tier{
			{FromQuantity: 2, BasisPoints: 1}, {From: krw(5), BasisPoints: 2}}}), []string{"/terms/tiers/1 not_in_order"}},
		{"a tier from nothing for nothing", terms(promotion.Tiered, promotion.Terms{Tiers: []promotion.Tier{{}}}),
			[]string{"/terms/tiers/0 required", "/terms/tiers/0 required"}},
		{"a set with a variant in two parts", set(100, part(1, "a"), part(1, "a", "b")),
			[]string{"/terms/parts/1/variants/0 twice"}},
		{"a set without parts", set(100), []string{"/terms/parts required"}},
		{"a set with targets", func() promotion.Promotion {
			p := set(100, part(1, "a"))
			p.Targets.All = true
			return p
		}(), []string{"/targets not_used"}},
		{"a sale price with strings attached", terms(promotion.SalePrice, promotion.Terms{BasisPoints: 1}, product, exclusive,
			code("AB"), from(5), atMost(5),
			func(p *promotion.Promotion) { p.LimitPerCustomer, p.Budget.Uses = 1, 1 }),
			[]string{"/budget not_used", "/codes not_used", "/conditions not_used", "/exclusive not_used",
				"/limitPerCustomer not_used", "/maxDiscount not_used"}},
		{"a drop of everything", terms(promotion.Drop, promotion.Terms{}, product), []string{"/targets not_used"}},
		{"early access after the opening", terms(promotion.Drop, promotion.Terms{MembersFrom: noon}, product, on("a")),
			[]string{"/terms/membersFrom not_in_order"}},
		{"early access where all come in at once",
			terms(promotion.Drop, promotion.Terms{MembersFrom: noon.AddDate(0, 0, -2), AllAtOnce: true},
				product, on("a")), []string{"/terms/membersFrom not_used"}},
		{"early access to what is no drop", terms(promotion.Percentage, promotion.Terms{BasisPoints: 1, AllAtOnce: true}),
			[]string{"/terms/allAtOnce not_used"}},
		{"an audience nobody knows", percent("x", 1, func(p *promotion.Promotion) { p.Conditions.Audience = "friends" }),
			[]string{"/conditions/audience unknown"}},
		{"plans without members", percent("x", 1, func(p *promotion.Promotion) { p.Conditions.Plans = []string{"a"} }),
			[]string{"/conditions/plans not_used"}},
		{"a plan twice, and none", percent("x", 1, func(p *promotion.Promotion) {
			p.Conditions.Audience, p.Conditions.Plans = promotion.Members, []string{"a", "a", ""}
		}), []string{"/conditions/plans/1 twice", "/conditions/plans/2 required"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, f := range tc.promo.Validate(known) {
				got = append(got, f.Pointer+" "+f.Code)
				if f.Message == "" || strings.Contains(f.Message, "%!") {
					t.Errorf("%s: message %q", f.Pointer, f.Message)
				}
			}
			slices.Sort(got)
			if !slices.Equal(got, tc.want) {
				t.Errorf("got  %q\nwant %q", got, tc.want)
			}
		})
	}
}

func TestACodeBelongsToOnePromotionAtATime(t *testing.T) {
	t.Parallel()
	day := 24 * time.Hour
	p := won("x", 1_000, code("SUMMER-10"), between(noon, noon.Add(day)))
	for _, tc := range []struct {
		name  string
		other promotion.Promotion
		clash bool
	}{
		{"another has it meanwhile", won("y", 1, code("SUMMER10"), between(noon.Add(day-1), noon.Add(2*day))), true},
		{"another has it for ever", won("y", 1, code("SUMMER-10"), between(noon.Add(-day), time.Time{})), true},
		{"another has it afterwards", won("y", 1, code("SUMMER-10"), between(noon.Add(day), noon.Add(2*day))), false},
		{"another had it", won("y", 1, code("SUMMER-10"), between(noon.Add(-day), noon)), false},
		{"itself", won("x", 1, code("SUMMER-10")), false},
		{"one without a code", won("y", 1), false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := p.CodeConflicts([]promotion.Promotion{tc.other}); (len(got) > 0) != tc.clash {
				t.Errorf("clashes: %v", got)
			}
		})
	}
	secret := promotion.NewBatch("b", "SEOL", 3)
	batch, typed := won("x", 1, func(p *promotion.Promotion) { p.Codes.Batch = secret }), won("y", 1, code(secret.Code(2)))
	if got := typed.CodeConflicts([]promotion.Promotion{batch}); len(got) != 1 || got[0].Pointer != "/codes/single" {
		t.Errorf("a code out of a batch: %v", got)
	}
	if got := batch.CodeConflicts([]promotion.Promotion{typed}); len(got) != 1 || got[0].Pointer != "/codes/batch" {
		t.Errorf("a batch with a code that is out: %v", got)
	}
	if got := batch.CodeConflicts([]promotion.Promotion{won("z", 1, code("SEOL"))}); got != nil {
		t.Errorf("a prefix is no code: %v", got)
	}
	free := won("z", 1)
	if got := free.CodeConflicts([]promotion.Promotion{won("y", 1)}); got != nil {
		t.Errorf("two without a code clash: %v", got)
	}
}

func TestStates(t *testing.T) {
	t.Parallel()
	p := won("x", 1, between(noon, noon.Add(time.Hour)))
	open := won("x", 1, between(noon, time.Time{}))
	for _, tc := range []struct {
		stored promotion.State
		at     time.Time
		want   promotion.State
	}{
		{promotion.Draft, noon, promotion.Draft},
		{promotion.Paused, noon, promotion.Paused},
		{promotion.Scheduled, noon.Add(-1), promotion.Scheduled},
		{promotion.Scheduled, noon, promotion.Live},
		{promotion.Live, noon.Add(time.Hour - 1), promotion.Live},
		{promotion.Live, noon.Add(time.Hour), promotion.Ended},
		{promotion.Live, noon.Add(-1), promotion.Scheduled},
	} {
		t.Run(fmt.Sprint(tc.stored, tc.at), func(t *testing.T) {
			t.Parallel()
			p := p
			p.State = tc.stored
			if got := p.StateAt(tc.at); got != tc.want {
				t.Errorf("%s, want %s", got, tc.want)
			}
		})
	}
	if got := open.StateAt(noon.AddDate(50, 0, 0)); got != promotion.Live {
		t.Errorf("an open end has come: %s", got)
	}
}
