package subscription_test

import (
	"errors"
	"testing"

	"dangol/shared/platform/civil"
	"dangol/shared/platform/problem"
	. "dangol/shared/subscription"
)

func TestABadPlanNamesItsWrongFields(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		change  func(*Plan)
		pointer string
		code    string
	}{
		{"interval 0", every(0, Month), "/interval/count", "too_small"},
		{"an interval of 61 months", every(61, Month), "/interval/count", "too_large"},
		{"no such unit", every(1, "moon"), "/interval/unit", "unknown"},
		{"a negative price", func(p *Plan) { p.Prices["KRW"] = -1 }, "/prices/KRW", "too_small"},
		{"a price beyond reason", func(p *Plan) { p.Prices["KRW"] = 1 << 60 }, "/prices/KRW", "too_large"},
		{"an unknown currency", func(p *Plan) { p.Prices["KWR"] = 100 }, "/prices/KWR", "unknown_currency"},
		{"no price", func(p *Plan) { p.Prices = nil }, "/prices", "required"},
		{"a setup fee in a currency without a price", func(p *Plan) { p.SetupFees = map[string]int64{"USD": 100} },
			"/setupFees/USD", "no_price"},
		{"a negative setup fee", setup(-1), "/setupFees/KRW", "too_small"},
		{"a negative trial", trial(-1), "/trialDays", "too_small"},
		{"a minimum term of 61 cycles", minimum(61), "/minCycles", "too_large"},
		{"more than all of the tax", func(p *Plan) { p.Tax.RateBP = 10_001 }, "/tax/rateBp", "too_large"},
		{"no such kind", func(p *Plan) { p.Kind = "loan" }, "/kind", "unknown"},
		{"no name", func(p *Plan) { p.Name = nil }, "/name", "required"},
		{"no id", named(""), "/id", "required"},
		{"version 0", func(p *Plan) { p.Version = 0 }, "/version", "too_small"},
		{"more than 100 % off", func(p *Plan) { p.Benefits.PercentOffBP = 10_001 }, "/benefits/percentOffBp", "too_large"},
		{"contents of a membership", func(p *Plan) { p.Contents = []Item{{"var_1", 1}} }, "/contents", "not_for_this_kind"},
		{"editions of a membership", func(p *Plan) { p.Editions = []Edition{{From: "2026-01-01"}} }, "/editions",
			"not_for_this_kind"},
		{"asking too late", func(p *Plan) { p.Policy.ConsentDays = []int{5, 1} }, "/policy/askDays/0", "too_small"},
		{"asking more often as it goes", func(p *Plan) { p.Policy.ConsentDays = []int{14, 14} }, "/policy/askDays/1",
			"order"},
		{"asking before the 30 days", func(p *Plan) { p.Policy.ConsentDays = []int{31} }, "/policy/askDays/0", "too_large"},
		{"notices at night", func(p *Plan) { p.Policy.NoticeHour = 21 }, "/policy/noticeHour", "too_large"},
		{"notices before eight", func(p *Plan) { p.Policy.NoticeHour = 7 }, "/policy/noticeHour", "too_small"},
		{"no such silence", silence("pay"), "/policy/silence", "unknown"},
		{"no such stock policy", stock("pray"), "/policy/stock/do", "unknown"},
		{"substitute what", stock(StockSubstitute), "/policy/substitutes", "required"},
		{"retries that go back", func(p *Plan) { p.Policy.Dunning.MoneyDays = []int{3, 1} }, "/policy/dunning/moneyDays/1",
			"order"},
		{"ended before suspended", func(p *Plan) { p.Policy.Dunning.SuspendDays, p.Policy.Dunning.CancelDays = 9, 9 },
			"/policy/dunning/cancelDays", "order"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			wantField(t, plan(Membership, 9900, tt.change).Check(), tt.pointer, tt.code)
		})
	}
	for _, kind := range []Kind{Membership, Box, Replenishment} {
		if err := plan(kind, 9900).Check(); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

func TestABadBoxNamesItsWrongFields(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, pointer, code string
		editions            []Edition
	}{
		{"no edition", "/editions", "required", nil},
		{"no date", "/editions/0/from", "no_date", []Edition{{From: "2026-02-30", Contents: []Item{{"var_1", 1}}}}},
		{"an empty box", "/editions/0/contents", "required", []Edition{{From: "2026-02-01"}}},
		{"half a thing", "/editions/0/contents/0/quantity", "too_small",
			[]Edition{{From: "2026-02-01", Contents: []Item{{"var_1", 0}}}}},
		{"two editions on one day", "/editions/1/from", "duplicate",
			[]Edition{{From: "2026-02-01", Contents: []Item{{"var_1", 1}}},
				{From: "2026-02-01", Contents: []Item{{"var_1", 1}}}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := plan(Box, 20000)
			p.Editions = tt.editions
			wantField(t, p.Check(), tt.pointer, tt.code)
		})
	}
}

func TestABadStartNamesItsWrongFields(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name          string
		change        func(*Start)
		pointer, code string
	}{
		{"anchor 32", billingDay(32), "/billingDay", "too_large"},
		{"no zone", in("KR", "Mars/Base"), "/zone", "unknown"},
		{"no country", in("", "UTC"), "/region", "unknown"},
		{"no card", func(c *Start) { c.Card = Card{} }, "/card", "required"},
		{"nothing", func(c *Start) { c.Terms.Quantity = 0 }, "/quantity", "too_small"},
		{"interval 0", func(c *Start) { c.Terms.Interval.Count = 0 }, "/interval/count", "too_small"},
		{"a day of the month for weeks", func(c *Start) { c.Terms.Interval, c.BillingDay = Every(1, Week), 3 }, "/billingDay",
			"not_for_this_plan"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, _, err := Subscription{}.Apply(starting(plan(Membership, 9900), tt.change), seoul("2026-03-01 10:00"))
			wantField(t, err, tt.pointer, tt.code)
		})
	}
}

func wantField(t *testing.T, err error, pointer, code string) {
	t.Helper()
	p, ok := errors.AsType[*problem.Problem](err)
	if !ok {
		t.Fatalf("got %v, want a problem", err)
	}
	for _, f := range p.Fields {
		if f.Pointer == pointer && f.Code == code && f.Message != "" {
			return
		}
	}
	t.Errorf("got %+v, want %s at %s", p.Fields, code, pointer)
}

func TestTermsOfAPlan(t *testing.T) {
	t.Parallel()
	p := plan(Membership, 10000, setup(5000))
	p.Tax = Tax{RateBP: 1000}
	p.Prices["USD"] = 999
	got := terms(p, 2)
	if got.Price != 11000 || got.SetupFee != 5500 || got.Cycle() != 22000 || got.Prepaid != 1 {
		t.Errorf("tax on top: %+v", got)
	}
	if _, err := p.Terms("EUR", 1); err == nil {
		t.Error("a price in EUR from nowhere")
	} else {
		wantCode(t, err, "plan_currency")
	}
	if _, err := p.Terms("USD", 0); err == nil {
		t.Error("0 units")
	}
	for _, tt := range []struct {
		every Interval
		want  int64
	}{{Every(1, Month), 12000}, {Every(1, Year), 1000}, {Every(3, Month), 4000}, {Every(1, Week), 52178}, {Every(30, Day),
		12175}} {
		if got := terms(plan(Membership, 12000, every(tt.every.Count, tt.every.Unit)), 1).PerMonth(); got != tt.want {
			t.Errorf("12000 every %d %s is %d a month, want %d", tt.every.Count, tt.every.Unit, got, tt.want)
		}
	}
}

func TestTheEditionOfABoxIsTheLatestThatHasBegun(t *testing.T) {
	t.Parallel()
	p := plan(Box, 20000)
	p.Editions = []Edition{{Name: "march", From: "2026-03-01"}, {Name: "may", From: "2026-05-01"},
		{Name: "april", From: "2026-04-01"}}
	for day, want := range map[civil.Date]string{"2026-03-01": "march", "2026-03-31": "march", "2026-04-15": "april",
		"2026-12-01": "may"} {
		if e, ok := p.EditionOn(day); !ok || e.Name != want {
			t.Errorf("%s: %s, want %s", day, e.Name, want)
		}
	}
	if _, ok := p.EditionOn("2026-02-28"); ok {
		t.Error("an edition before the first")
	}
}
