package returnpolicy_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"dangol/shared/compliance"
	"dangol/shared/returnpolicy"
)

// elsewhere is the section of the default policy for countries that no other section names.
const elsewhere = 2

func TestEachNumberOfARuleHasItsBounds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pointer     string
		least, most int
		set         func(*returnpolicy.Rule, int)
	}{
		{"/windowDays", 0, 365, func(r *returnpolicy.Rule, n int) { r.WindowDays = n }},
		{"/faultMonths", 0, 120, func(r *returnpolicy.Rule, n int) { r.FaultMonths = n }},
		{"/restocking/basisPoints", 0, 10_000, func(r *returnpolicy.Rule, n int) { r.Restocking.BasisPoints = n }},
		{"/restocking/fromDay", 0, 365, func(r *returnpolicy.Rule, n int) { r.Restocking.FromDay = n }},
		{"/creditBonus", 0, 5_000, func(r *returnpolicy.Rule, n int) { r.CreditBonus = n }},
		{"/wayBack/KRW", 0, 1_000_000_000, func(r *returnpolicy.Rule, n int) {
			r.WayBack = returnpolicy.Amounts{"KRW": int64(n)}
		}},
		{"/keepBelow/USD", 0, 1_000_000_000, func(r *returnpolicy.Rule, n int) {
			r.KeepBelow = returnpolicy.Amounts{"USD": int64(n)}
		}},
	} {
		t.Run(c.pointer, func(t *testing.T) {
			t.Parallel()
			for n, refused := range map[int]bool{c.least - 1: true, c.least: false, c.most: false, c.most + 1: true} {
				p := edited(elsewhere, func(r *returnpolicy.Rule) { c.set(r, n) })
				is := slices.ContainsFunc(p.Validate(), func(i returnpolicy.Issue) bool {
					return strings.HasSuffix(i.Pointer, c.pointer) && i.Code == "invalid"
				})
				if is != refused {
					t.Errorf("%d: refused is %v, want %v: %v", n, is, refused, p.Validate())
				}
			}
		})
	}
}

func TestTheWordsOfARuleAreThoseThatAreKnown(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		want   string // pointer and code
		change func(*returnpolicy.Rule)
	}{
		{"/finalSale invalid", func(r *returnpolicy.Rule) { r.FinalSale = "because_we_say_so" }},
		{"/outbound invalid", func(r *returnpolicy.Rule) { r.Outbound = "sometimes" }},
		{"/gifts invalid", func(r *returnpolicy.Rule) { r.Gifts = "" }},
		{"/promotions invalid", func(r *returnpolicy.Rule) { r.Promotions = "lose" }},
		{"/id wrong_format", func(r *returnpolicy.Rule) { r.ID = "" }},
	} {
		p := edited(elsewhere, c.change)
		at := fmt.Sprintf("/sections/%d/rules/%d", elsewhere, len(p.Sections[elsewhere].Rules)-1)
		if !slices.ContainsFunc(p.Validate(), func(i returnpolicy.Issue) bool { return i.Pointer+" "+i.Code == at+c.want }) {
			t.Errorf("%v, want %s%s", p.Validate(), at, c.want)
		}
	}
}

func TestARuleBehindOneForAllIsNeverUsedAndRefused(t *testing.T) {
	t.Parallel()
	p := standard()
	last := p.Sections[elsewhere].Rules[len(p.Sections[elsewhere].Rules)-1]
	first := last
	first.ID = "first"
	p.Sections[elsewhere].Rules = []returnpolicy.Rule{first, last}
	want := returnpolicy.Issue{Pointer: fmt.Sprintf("/sections/%d/rules/0/goods", elsewhere), Code: "invalid",
		Detail: "only the last rule is for all goods"}
	if got := p.Validate(); !slices.Equal(got, []returnpolicy.Issue{want}) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestASectionNamesCountriesAndATimeToSend(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		want   string
		change func(*returnpolicy.Section)
	}{
		{"/countries required", func(s *returnpolicy.Section) { s.Countries = nil }},
		{"/countries/0 invalid", func(s *returnpolicy.Section) { s.Countries = []string{"kr"} }},
		{"/countries/1 duplicate", func(s *returnpolicy.Section) { s.Countries = []string{"EU", "DE"} }},
		{"/sendWithinDays invalid", func(s *returnpolicy.Section) { s.SendWithinDays = 6 }},
		{"/sendWithinDays invalid", func(s *returnpolicy.Section) { s.SendWithinDays = 91 }},
	} {
		const europe = 1
		p := standard()
		c.change(&p.Sections[europe])
		if !slices.ContainsFunc(p.Validate(), func(i returnpolicy.Issue) bool {
			return i.Pointer+" "+i.Code == fmt.Sprintf("/sections/%d%s", europe, c.want)
		}) {
			t.Errorf("%v, want %s", p.Validate(), c.want)
		}
	}
}

func TestACountryGetsTheSectionThatNamesIt(t *testing.T) {
	t.Parallel()
	p := standard()
	for country, want := range map[string]int{"KR": 0, "kr": 0, "DE": 1, "fr": 1, "US": elsewhere, "": elsewhere} {
		got := p.Section(country)
		if !slices.Equal(got.Countries, p.Sections[want].Countries) {
			t.Errorf("%q gets the section of %v, want %v", country, got.Countries, p.Sections[want].Countries)
		}
	}
	if got := (returnpolicy.Policy{}).Section("KR"); len(got.Rules) != 0 {
		t.Errorf("a policy without sections has rules for Korea: %v", got)
	}
}

// anyQuestion draws a line that somebody wants to return at some time around the ends of the windows.
func anyQuestion(t *rapid.T) returnpolicy.Question {
	received := time.Date(2026, 11, 2, rapid.IntRange(0, 23).Draw(t, "hour"), 0, 0, 0, kst)
	q := returnpolicy.Question{
		Reason: rapid.SampledFrom([]returnpolicy.Reason{
			returnpolicy.ChangedMind, returnpolicy.WrongSize, returnpolicy.OrderedTwice, returnpolicy.Late, returnpolicy.Faulty,
		}).Draw(t, "reason"),
		Country: rapid.SampledFrom([]string{"KR", "DE", "FR", "GB", "US", "JP", "XX"}).Draw(t, "country"),
		At:      received.Add(time.Duration(rapid.IntRange(0, 24*900).Draw(t, "hours later")) * time.Hour),
	}
	if rapid.Bool().Draw(t, "has arrived") {
		q.Received = received
	}
	return q
}

func TestALaterRequestIsNeverBetter(t *testing.T) {
	t.Parallel()
	p := standard()
	rapid.Check(t, func(t *rapid.T) {
		q := anyQuestion(t)
		later := q
		later.At = q.At.Add(time.Duration(rapid.IntRange(1, 24*400).Draw(t, "later still")) * time.Hour)
		now, then := p.Section(q.Country).Decide(q), p.Section(q.Country).Decide(later)
		if then.Allowed && !now.Allowed || then.ByLaw && !now.ByLaw {
			t.Errorf("at %s %+v, at %s %+v", q.At, now, later.At, then)
		}
		if cost := int64(10_000); then.RestockingFee(later, cost) < now.RestockingFee(q, cost) {
			t.Errorf("the fee falls with time")
		}
	})
}

func TestAFaultCostsTheCustomerNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		q := anyQuestion(t)
		p := edited(elsewhere, func(r *returnpolicy.Rule) {
			r.WayBack = returnpolicy.Amounts{"KRW": 3_000}
			r.Restocking.BasisPoints = rapid.IntRange(1, 10_000).Draw(t, "fee")
			r.FinalSale = compliance.CustomMade
		})
		d := p.Section("US").Decide(q)
		fee, wayBack := d.RestockingFee(q, 10_000), d.WayBackFee(q.Reason, "KRW")
		if q.Reason.Fault() && (fee != 0 || wayBack != 0 || d.Code == returnpolicy.FinalSale) {
			t.Errorf("fees of %d and %d, %s", fee, wayBack, d.Code)
		}
		if !q.Reason.Fault() && (wayBack != 3_000 || d.Allowed) {
			t.Errorf("a way back of %d; allowed is %v", wayBack, d.Allowed)
		}
	})
}

func TestCheapFaultyUnitsNeedNotComeBack(t *testing.T) {
	t.Parallel()
	d := returnpolicy.Decision{Rule: returnpolicy.Rule{KeepBelow: returnpolicy.Amounts{"KRW": 5_000}}}
	for _, c := range []struct {
		reason   returnpolicy.Reason
		currency string
		cost     int64
		want     bool
	}{
		{returnpolicy.Faulty, "KRW", 4_999, true},
		{returnpolicy.Faulty, "KRW", 5_000, false},
		{returnpolicy.Faulty, "USD", 1, false}, // no limit in this currency
		{returnpolicy.ChangedMind, "KRW", 1, false},
	} {
		if got := d.ReturnWaived(c.reason, c.currency, c.cost); got != c.want {
			t.Errorf("%s of %d %s: %v, want %v", c.reason, c.cost, c.currency, got, c.want)
		}
	}
}
