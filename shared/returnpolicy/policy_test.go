package returnpolicy_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"dangol/shared/compliance"
	"dangol/shared/returnpolicy"
)

var kst = time.FixedZone("KST", 9*60*60)

func standard() returnpolicy.Policy {
	p, err := returnpolicy.Default()
	if err != nil {
		panic(err)
	}
	return p
}

// edited is the default policy with its last rule of a section changed.
func edited(section int, change func(*returnpolicy.Rule)) returnpolicy.Policy {
	p := standard()
	rules := p.Sections[section].Rules
	change(&rules[len(rules)-1])
	return p
}

func TestAPolicyThatGivesLessThanTheLawIsRefusedWithTheRule(t *testing.T) {
	t.Parallel()
	const korea, europe = 0, 1
	for _, c := range []struct {
		name   string
		policy returnpolicy.Policy
		want   []string // pointer and code
		law    string
	}{
		{"the default policy", standard(), nil, ""},
		{"six days in Korea", edited(korea, func(r *returnpolicy.Rule) { r.WindowDays = 6 }),
			[]string{"/sections/0/rules/2/windowDays window_too_short"}, "전자상거래법"},
		{"seven days in Korea", edited(korea, func(r *returnpolicy.Rule) { r.WindowDays = 7 }), nil, ""},
		{"thirteen days in the EU", edited(europe, func(r *returnpolicy.Rule) { r.WindowDays = 13 }),
			[]string{"/sections/1/rules/1/windowDays window_too_short", "/sections/1/rules/1/windowDays window_too_short"},
			"2011/83/EU"},
		{"no returns on sale goods in Korea",
			edited(korea, func(r *returnpolicy.Rule) { r.FinalSale = compliance.ReducedPrice }),
			[]string{"/sections/0/rules/2/finalSale final_sale_not_allowed"}, "전자상거래법"},
		{"two months for faults in Korea", edited(korea, func(r *returnpolicy.Rule) { r.FaultMonths = 2 }),
			[]string{"/sections/0/rules/2/faultMonths fault_window_too_short"}, "전자상거래법"},
		{"a restocking fee in Korea", edited(korea, func(r *returnpolicy.Rule) { r.Restocking.BasisPoints = 1_000 }),
			[]string{"/sections/0/rules/2/restocking fee_not_allowed"}, "전자상거래법"},
		{"a restocking fee in Korea after the days of the law", edited(korea, func(r *returnpolicy.Rule) {
			r.Restocking = returnpolicy.Restocking{BasisPoints: 1_000, FromDay: 8}
		}), nil, ""},
		{"store credit instead of money in Korea", edited(korea, func(r *returnpolicy.Rule) { r.CreditOnly = true }),
			[]string{"/sections/0/rules/2/creditOnly money_required"}, "전자상거래법"},
		{"no shipping back in the EU", edited(europe, func(r *returnpolicy.Rule) { r.Outbound = returnpolicy.OutboundNever }),
			[]string{"/sections/1/rules/1/outbound outbound_refund_required",
				"/sections/1/rules/1/outbound outbound_refund_required"}, "2011/83/EU"},
		{"an amount in a currency that is none",
			edited(korea, func(r *returnpolicy.Rule) { r.WayBack = returnpolicy.Amounts{"WON": 1} }),
			[]string{"/sections/0/rules/2/wayBack/WON invalid"}, ""},
		{"a condition in one language",
			edited(korea, func(r *returnpolicy.Rule) { r.Condition = map[string]string{"ko": "새 상품"} }),
			[]string{"/sections/0/rules/2/condition required"}, ""},
		{"a last rule that is not for all", edited(korea, func(r *returnpolicy.Rule) { r.Goods.Tags = []string{"x"} }),
			[]string{"/sections/0/rules required"}, ""},
		{"a country in two sections", func() returnpolicy.Policy {
			p := standard()
			p.Sections[1].Countries = append(p.Sections[1].Countries, "KR")
			p.Sections[1].Rules[1].WindowDays, p.Sections[1].Rules[1].FaultMonths = 14, 24
			return p
		}(), []string{"/sections/1/countries/2 duplicate"}, ""},
		{"no section for everywhere else", returnpolicy.Policy{Sections: standard().Sections[:2]},
			[]string{"/sections required"}, ""},
		{"nothing", returnpolicy.Policy{}, []string{"/sections required"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, i := range c.policy.Validate() {
				got = append(got, i.Pointer+" "+i.Code)
				if c.law != "" && i.Rule == "" {
					t.Errorf("%s names no rule", i.Pointer)
				}
			}
			if !slices.Equal(got, c.want) {
				t.Fatalf("issues %q, want %q", got, c.want)
			}
			if issues := c.policy.Validate(); c.law != "" && !strings.Contains(issues[0].Rule, c.law) {
				t.Fatalf("refused by %q, want %s", issues[0].Rule, c.law)
			}
		})
	}
}

func TestWhoMayReturnWhatUntilWhen(t *testing.T) {
	t.Parallel()
	at := func(text string) time.Time {
		got, err := time.ParseInLocation("2006-01-02 15:04:05", text, kst)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	received := at("2026-11-02 15:00:00")
	custom := returnpolicy.Item{Tags: []string{"custom-made"}}
	seven := edited(0, func(r *returnpolicy.Rule) { r.WindowDays = 7 })
	for _, c := range []struct {
		name    string
		policy  returnpolicy.Policy
		q       returnpolicy.Question
		allowed bool
		code    returnpolicy.Code
		byLaw   bool
	}{
		{"within the days of the law", standard(), returnpolicy.Question{At: at("2026-11-09 23:59:59")}, true, "", true},
		{"after them, within the days of the policy", standard(), returnpolicy.Question{At: at("2026-11-10 00:00:00")}, true,
			"", false},
		{"the last second", seven, returnpolicy.Question{At: at("2026-11-09 23:59:59")}, true, "", true},
		{"one second later", seven, returnpolicy.Question{At: at("2026-11-10 00:00:00")}, false, returnpolicy.WindowClosed,
			false},
		{"a fault, after the days for any reason", seven,
			returnpolicy.Question{Reason: returnpolicy.Faulty, At: at("2027-01-15 00:00:00")}, true, "", true},
		{"a fault, after three months", seven,
			returnpolicy.Question{Reason: returnpolicy.Faulty, At: at("2027-02-03 00:00:00")}, false,
			returnpolicy.WindowClosed, false},
		{"made to order", standard(), returnpolicy.Question{Item: custom, At: at("2026-11-03 00:00:00")}, false,
			returnpolicy.FinalSale, false},
		{"made to order and faulty", standard(),
			returnpolicy.Question{Item: custom, Reason: returnpolicy.Faulty, At: at("2026-11-03 00:00:00")},
			true, "", true},
	} {
		c.q.Received, c.q.Country = received, "KR"
		if c.q.Reason == "" {
			c.q.Reason = returnpolicy.ChangedMind
		}
		d := c.policy.Section("KR").Decide(c.q)
		if d.Allowed != c.allowed || d.Code != c.code || d.ByLaw != c.byLaw {
			t.Errorf("%s: allowed %v, code %q, by law %v, until %s", c.name, d.Allowed, d.Code, d.ByLaw, d.Until.In(kst))
		}
	}
	d := standard().Section("KR").Decide(returnpolicy.Question{Country: "KR", Reason: returnpolicy.ChangedMind,
		At: received})
	if !d.Allowed || !d.Until.IsZero() {
		t.Errorf("a parcel on its way: allowed %v until %s", d.Allowed, d.Until)
	}
}

func TestNoPolicyGivesLessThanTheLaw(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		country := rapid.SampledFrom([]string{"KR", "DE", "GB", "US", "JP", "BR"}).Draw(t, "country")
		law := compliance.ReturnRuleFor(country)
		r := returnpolicy.Rule{
			ID: "any", WindowDays: rapid.IntRange(0, 40).Draw(t, "window"), FaultMonths: rapid.IntRange(0, 30).Draw(t, "fault"),
			Restocking: returnpolicy.Restocking{BasisPoints: rapid.IntRange(0, 3_000).Draw(t, "fee"),
				FromDay: rapid.IntRange(0, 20).Draw(t, "from")},
			Outbound: returnpolicy.OutboundWhole, Gifts: returnpolicy.Keep, Promotions: returnpolicy.Keep,
		}
		p := returnpolicy.Policy{Sections: []returnpolicy.Section{
			{Countries: []string{country}, SendWithinDays: 14, Rules: []returnpolicy.Rule{r}},
		}}
		received := time.Date(2026, 11, 2, rapid.IntRange(0, 23).Draw(t, "hour"), 0, 0, 0, time.UTC)
		q := returnpolicy.Question{
			Reason: returnpolicy.ChangedMind, Country: country, Received: received,
			At: received.Add(time.Duration(rapid.IntRange(0, 30*24).Draw(t, "hours later")) * time.Hour),
		}
		d := p.Section(country).Decide(q)
		inLaw := q.At.Before(compliance.WindowEnds(received, law.WithdrawalDays, returnpolicy.ZoneOf(country)))
		if law.WithdrawalDays > 0 && inLaw && !d.Allowed {
			t.Fatalf("the law allows the return, the policy refuses it: %+v", d)
		}
		if fee := d.RestockingFee(q, 100_000); law.WithdrawalDays > 0 && inLaw && fee != 0 {
			t.Fatalf("a fee of %d within the days of the law", fee)
		}
	})
}

func TestAnOrderKeepsThePolicyItWasSoldUnder(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	versions := []returnpolicy.Policy{
		{Version: 0}, {Version: 1, From: noon}, {Version: 2, From: noon.AddDate(0, 0, 10)},
		{Version: 3, From: noon.AddDate(0, 0, 10)},
	}
	for placed, want := range map[time.Time]int{
		noon.Add(-time.Second): 0, noon: 1, noon.AddDate(0, 0, 10).Add(-time.Second): 1, noon.AddDate(0, 0, 10): 3,
		noon.AddDate(1, 0, 0): 3,
	} {
		if p, ok := returnpolicy.InForce(versions, placed); !ok || p.Version != want {
			t.Errorf("placed %s: version %d, want %d", placed, p.Version, want)
		}
	}
	if _, ok := returnpolicy.InForce(versions[1:], noon.Add(-time.Hour)); ok {
		t.Error("a version is in force before its time")
	}
}

func TestEachKindOfGoodsHasItsRule(t *testing.T) {
	t.Parallel()
	kr := standard().Section("kr")
	for want, item := range map[string]returnpolicy.Item{
		"standard": {ProductID: "p"}, "custom": {Tags: []string{"custom-made"}}, "boxes": {Box: true},
	} {
		if got := kr.Rule(item).ID; got != want {
			t.Errorf("%+v: rule %s, want %s", item, got, want)
		}
	}
	if got := standard().Section("DE").Rule(returnpolicy.Item{}); got.FaultMonths != 24 {
		t.Errorf("a member of the EU gets %+v", got)
	}
	if got := standard().Section("BR"); got.SendWithinDays != 21 {
		t.Errorf("a country that is not named gets %+v", got)
	}
}

func TestThePolicyAsText(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		country, language string
		want, never       []string
	}{
		{"KR", "ko", []string{"14일 이내", "3개월 이내", "₩3,000", "3영업일", "연 15%", "전자상거래법", "5%를 더", "사은품"},
			[]string{"%!", "days"}},
		{"KR", "en", []string{"within 14 days", "within 3 months", "₩3,000", "3 business days", "15%", "store credit"},
			[]string{"%!", "환불"}},
		{"DE", "en", []string{"Withdraw from contract here", "2011/83/EU",
			"The shipping is refunded when the whole order comes back"}, []string{"%!"}},
		{"US", "fr", []string{"within 30 days of receipt", "$12.00"}, []string{"%!", "Your right by law"}},
	} {
		text := standard().Text(c.country, c.language)
		for _, part := range c.want {
			if !strings.Contains(text, part) {
				t.Errorf("%s in %s lacks %q:\n%s", c.country, c.language, part, text)
			}
		}
		for _, part := range c.never {
			if strings.Contains(text, part) {
				t.Errorf("%s in %s has %q:\n%s", c.country, c.language, part, text)
			}
		}
	}
}

func TestFees(t *testing.T) {
	t.Parallel()
	d := standard().Section("KR").Decide(returnpolicy.Question{Country: "KR", Reason: returnpolicy.ChangedMind})
	for reason, want := range map[returnpolicy.Reason]int64{returnpolicy.ChangedMind: 3_000, returnpolicy.Faulty: 0,
		returnpolicy.WrongItem: 0} {
		if got := d.WayBackFee(reason, "KRW"); got != want {
			t.Errorf("%s: the way back costs %d, want %d", reason, got, want)
		}
	}
	if !d.ReturnWaived(returnpolicy.Faulty, "KRW", 4_999) || d.ReturnWaived(returnpolicy.Faulty, "KRW", 5_000) ||
		d.ReturnWaived(returnpolicy.ChangedMind, "KRW", 1) {
		t.Error("which goods need not come back is wrong")
	}
}
