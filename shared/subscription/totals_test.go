package subscription_test

import (
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"dangol/shared/subscription"
)

func someRecords(t *rapid.T) []subscription.Record {
	day := rapid.Custom(func(t *rapid.T) time.Time {
		return time.Date(2026, 1, 1+rapid.IntRange(0, 200).Draw(t, "day"), 0, 0, 0, 0, time.UTC)
	})
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) subscription.Record {
		began := day.Draw(t, "began")
		r := subscription.Record{Rates: []subscription.Rate{{From: began, PerMonth: rapid.Int64Range(0, 9).Draw(t, "rate")}}}
		if rapid.Bool().Draw(t, "changes") {
			reason := rapid.SampledFrom([]subscription.Leaving{"", subscription.Voluntary, subscription.Involuntary}).Draw(t,
				"reason")
			later := subscription.Rate{From: began.AddDate(0, 0, rapid.IntRange(1, 90).Draw(t, "after")),
				PerMonth: rapid.Int64Range(0, 9).Draw(t, "then")}
			if later.PerMonth == 0 {
				later.Reason = reason
			}
			r.Rates = append(r.Rates, later)
		}
		return r
	}), 0, 12).Draw(t, "records")
}

func TestFiguresOfPartsAddUpToThoseOfTheWhole(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		all := someRecords(t)
		cut := rapid.IntRange(0, len(all)).Draw(t, "cut")
		a, b := all[:cut], all[cut:]
		from, to, now := time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 5, 1, 0, 0, 0, 0,
			time.UTC), time.Date(2026, 9, 9, 0, 0, 0, 0, time.UTC)
		if got, want := subscription.MRR(a, from, to).Plus(subscription.MRR(b, from, to)), subscription.MRR(all, from,
			to); got != want {
			t.Fatalf("movement %+v, of the whole %+v", got, want)
		}
		got, want := subscription.MergeCohorts(subscription.Cohorts(a, now),
			subscription.Cohorts(b, now)), subscription.Cohorts(all, now)
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("cohorts %+v, of the whole %+v", got, want)
		}
	})
}

func TestSharesAddUp(t *testing.T) {
	t.Parallel()
	got := subscription.Share{Of: 2, Part: 1, OfAmount: 20,
		PartAmount: 10}.Plus(subscription.Share{Of: 3, Part: 3, OfAmount: 30, PartAmount: 30})
	if got != (subscription.Share{Of: 5, Part: 4, OfAmount: 50, PartAmount: 40}) {
		t.Errorf("%+v", got)
	}
}
