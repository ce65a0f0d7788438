package subscription_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	. "dangol/shared/subscription"
)

// record builds the rates of a subscription: "2026-01-10" 9900, "2026-03-10" 0.
func record(rates ...Rate) Record { return Record{SubscriptionID: "sub_1", Rates: rates} }

func rate(day string, perMonth int64) Rate {
	return Rate{From: seoul(day + " 09:00"), PerMonth: perMonth}
}

func gone(day string, why Leaving) Rate { return Rate{From: seoul(day + " 09:00"), Reason: why} }

func TestMRRMovesByNewReturnedExpansionContractionAndChurn(t *testing.T) {
	t.Parallel()
	from, to := seoul("2026-03-01 00:00"), seoul("2026-04-01 00:00")
	tests := []struct {
		name   string
		record Record
		want   Movement
	}{
		{"stays", record(rate("2026-01-10", 100)), Movement{Opening: 100, Closing: 100}},
		{"new", record(rate("2026-03-10", 100)), Movement{Closing: 100, New: 100}},
		{"new after a trial", record(rate("2026-02-10", 0), rate("2026-03-10", 100)), Movement{Closing: 100, New: 100}},
		{"came back", record(rate("2026-01-10", 100), gone("2026-02-10", Voluntary), rate("2026-03-10", 80)),
			Movement{Closing: 80, Returned: 80}},
		{"upgraded", record(rate("2026-01-10", 100), rate("2026-03-10", 150)),
			Movement{Opening: 100, Closing: 150, Expansion: 50}},
		{"downgraded", record(rate("2026-01-10", 100), rate("2026-03-10", 60)),
			Movement{Opening: 100, Closing: 60, Contraction: 40}},
		{"left", record(rate("2026-01-10", 100), gone("2026-03-10", Voluntary)), Movement{Opening: 100, ChurnVoluntary: 100}},
		{"lost to a card", record(rate("2026-01-10", 100), gone("2026-03-10", Involuntary)),
			Movement{Opening: 100, ChurnInvoluntary: 100}},
		{"came and went between", record(rate("2026-03-10", 100), gone("2026-03-20", Voluntary)), Movement{}},
		{"not yet", record(rate("2026-05-10", 100)), Movement{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.want.From, tt.want.To = from, to
			if got := MRR([]Record{tt.record}, from, to); got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestMRRMovementsAddUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var records []Record
		for range rapid.IntRange(0, 8).Draw(t, "records") {
			at := seoul("2026-01-01 00:00")
			var c Record
			for range rapid.IntRange(0, 6).Draw(t, "rates") {
				at = at.Add(time.Duration(rapid.IntRange(1, 2000).Draw(t, "hours")) * time.Hour)
				why := rapid.SampledFrom([]Leaving{Voluntary, Involuntary}).Draw(t, "why")
				c.Rates = append(c.Rates, Rate{From: at, PerMonth: rapid.Int64Range(0, 3).Draw(t, "rate"), Reason: why})
			}
			records = append(records, c)
		}
		m := MRR(records, seoul("2026-03-01 00:00"), seoul("2026-06-01 00:00"))
		if sum := m.Opening + m.New + m.Returned +
			m.Expansion - m.Contraction - m.ChurnVoluntary - m.ChurnInvoluntary; sum != m.Closing {
			t.Fatalf("%+v adds up to %d", m, sum)
		}
	})
}

func TestTheRateFollowsTheState(t *testing.T) {
	t.Parallel()
	start := seoul("2026-02-10 09:00")
	h := open(t, starting(plan(Membership, 31000)), start, answering(success, lost))
	want := func(perMonth int64, why Leaving) {
		t.Helper()
		if got := h.s.RateOf(start); got.PerMonth != perMonth || got.Reason != why {
			t.Errorf("%s: %+v", h.s.State, got)
		}
	}
	want(31000, "")
	h.until(seoul("2026-03-11 00:00"))
	want(31000, "")
	h.until(seoul("2026-03-19 00:00"))
	want(0, Involuntary)
	h.until(seoul("2026-04-19 00:00"))
	want(0, Involuntary)
	h = open(t, starting(plan(Membership, 31000, trial(5))), start)
	want(0, "")
	h.until(seoul("2026-03-01 00:00"))
	want(0, Voluntary)
}

func TestTrialConversionCountsTrialsThatHaveEnded(t *testing.T) {
	t.Parallel()
	day := func(s string) time.Time { return seoul(s + " 00:00") }
	trials := []TrialRecord{
		{Started: day("2026-02-20"), End: day("2026-03-06"), Converted: true},
		{Started: day("2026-02-20"), End: day("2026-03-06")},
		{Started: day("2026-03-20")}, {Started: day("2026-01-01"), End: day("2026-02-01"), Converted: true},
		{Started: day("2026-03-20"), End: day("2026-04-01"), Converted: true},
		{Started: day("2026-02-15"), End: day("2026-03-01"), Converted: true},
	}
	got := TrialConversion(trials, day("2026-03-01"), day("2026-04-01"))
	if got.Of != 3 || got.Part != 2 || got.BP() != 6667 {
		t.Errorf("got %+v, %d", got, got.BP())
	}
	if (Share{}).BP() != 0 {
		t.Error("a share of nothing")
	}
}

func TestRecoveryCountsClosedCases(t *testing.T) {
	t.Parallel()
	day := func(s string) time.Time { return seoul(s + " 00:00") }
	got := Recovery([]Case{
		{Since: day("2026-03-01"), Recovered: day("2026-04-03"), Amount: 100},
		{Since: day("2026-03-31"), Closed: true, Amount: 300},
		{Since: day("2026-03-20"), Amount: 1000}, {Since: day("2026-04-01"), Recovered: day("2026-04-02"), Amount: 1000},
	}, day("2026-03-01"), day("2026-04-01"))
	if got != (Share{Of: 2, Part: 1, OfAmount: 400, PartAmount: 100}) {
		t.Errorf("got %+v", got)
	}
}

func TestCohortsCountWhoStillPays(t *testing.T) {
	t.Parallel()
	got := Cohorts([]Record{
		record(rate("2026-01-31", 100)),
		record(rate("2026-01-10", 100), gone("2026-02-20", Voluntary)),
		record(rate("2026-01-05", 0), rate("2026-02-05", 100)),
		record(rate("2026-01-05", 0)),
	}, seoul("2026-03-29 09:00"))
	want := []Cohort{{"2026-01", []int{2, 2}}, {"2026-02", []int{1, 1}}}
	if len(got) != 2 || got[0].Month != want[0].Month || !slices.Equal(got[0].Paying, want[0].Paying) ||
		!slices.Equal(got[1].Paying, want[1].Paying) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
