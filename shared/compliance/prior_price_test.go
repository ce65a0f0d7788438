package compliance_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"dangol/shared/compliance"
)

var berlin = func() *time.Location {
	z, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		panic(err)
	}
	return z
}()

// sale is the morning on which a price is announced as reduced; summer time has begun in the 30 days before.
var sale = time.Date(2026, 4, 10, 9, 0, 0, 0, berlin)

// at is a price from so many days before the sale on.
func at(daysBefore int, amount int64) compliance.PriceChange {
	return compliance.PriceChange{At: sale.AddDate(0, 0, -daysBefore), Amount: amount}
}

func reduced(c compliance.PriceChange) compliance.PriceChange {
	c.Reduced = true
	return c
}

func TestPriorPrice(t *testing.T) {
	t.Parallel()
	progressive := compliance.PriorPriceRules{Days: 30, Progressive: true}
	newGoods := compliance.PriorPriceRules{Days: 30, NewGoodsDays: 14}
	type history = []compliance.PriceChange
	for _, tc := range []struct {
		name    string
		history history
		price   int64
		rules   compliance.PriorPriceRules
		want    compliance.Reduction
	}{
		{"a price that never changed is the prior price", history{at(100, 10_000)}, 8_000, compliance.EURules,
			compliance.Reduction{Allowed: true, Prior: 10_000, BasisPoints: 2_000}},
		{"Aldi Süd: cheaper three weeks ago, so that is the prior price and nothing is reduced",
			history{at(100, 169), at(21, 129), at(14, 169)}, 129, compliance.EURules,
			compliance.Reduction{Reason: compliance.NotReduced, Prior: 129}},
		{"the percentage is worked out from the lowest price, not from the last",
			history{at(100, 10_000), at(20, 9_000), at(10, 10_000)},
			8_100, compliance.EURules, compliance.Reduction{Allowed: true, Prior: 9_000, BasisPoints: 1_000}},
		{"raised just before the sale: the price before counts", history{at(100, 10_000), at(5, 15_000)}, 9_000,
			compliance.EURules,
			compliance.Reduction{Allowed: true, Prior: 10_000, BasisPoints: 1_000}},
		{"a low price that ended exactly when the period opens does not count", history{at(100, 5_000), at(30, 10_000)},
			8_000, compliance.EURules,
			compliance.Reduction{Allowed: true, Prior: 10_000, BasisPoints: 2_000}},
		{"one that was still in force in the first second of it does", history{at(100, 5_000),
			{At: sale.AddDate(0, 0, -30).Add(time.Second), Amount: 10_000}}, 8_000, compliance.EURules,
			compliance.Reduction{Reason: compliance.NotReduced, Prior: 5_000}},
		{"the reduced price itself is not its own prior price", history{at(100, 10_000), at(0, 8_000)}, 8_000,
			compliance.EURules,
			compliance.Reduction{Allowed: true, Prior: 10_000, BasisPoints: 2_000}},
		{"changes after it do not count either", history{at(100, 10_000), at(-3, 1_000)}, 8_000, compliance.EURules,
			compliance.Reduction{Allowed: true, Prior: 10_000, BasisPoints: 2_000}},
		{"the same price is no reduction", history{at(100, 10_000)}, 10_000, compliance.EURules,
			compliance.Reduction{Reason: compliance.NotReduced, Prior: 10_000}},
		{"a percentage is rounded down", history{at(100, 9_999)}, 6_666, compliance.EURules,
			compliance.Reduction{Allowed: true, Prior: 9_999, BasisPoints: 3_333}},
		{"free is everything off", history{at(100, 10_000)}, 0, compliance.EURules,
			compliance.Reduction{Allowed: true, Prior: 10_000, BasisPoints: 10_000}},
		{"a good that was never sold has no prior price", nil, 8_000, compliance.EURules,
			compliance.Reduction{Reason: compliance.TooNew}},
		{"nor has one that came a week ago", history{at(7, 10_000)}, 8_000, compliance.EURules,
			compliance.Reduction{Reason: compliance.TooNew}},
		{"one that came 30 days ago has", history{at(30, 10_000)}, 8_000, compliance.EURules,
			compliance.Reduction{Allowed: true, Prior: 10_000, BasisPoints: 2_000}},
		{"where the state allows it, two weeks do for a new good", history{at(14, 10_000)}, 8_000, newGoods,
			compliance.Reduction{Allowed: true, Prior: 10_000, BasisPoints: 2_000}},
		{"thirteen days do not", history{at(13, 10_000)}, 8_000, newGoods, compliance.Reduction{Reason: compliance.TooNew}},
		{"a reduction that grows counts from the last step", history{at(100, 10_000), reduced(at(10, 9_000))}, 8_100,
			compliance.EURules,
			compliance.Reduction{Allowed: true, Prior: 9_000, BasisPoints: 1_000}},
		{"where the state allows it, from before the first step",
			history{at(100, 10_000), reduced(at(20, 9_000)), reduced(at(10, 8_500))}, 8_000,
			progressive, compliance.Reduction{Allowed: true, Prior: 10_000, BasisPoints: 2_000}},
		{"not when it paused in between",
			history{at(100, 10_000), reduced(at(20, 9_000)), at(15, 10_000), reduced(at(10, 9_500))}, 8_000, progressive,
			compliance.Reduction{Allowed: true, Prior: 9_000, BasisPoints: 1_111}},
		{"nor for steps that were not announced", history{at(100, 10_000), at(20, 9_000)}, 8_100, progressive,
			compliance.Reduction{Allowed: true, Prior: 9_000, BasisPoints: 1_000}},
		{"nor back up", history{at(100, 10_000), reduced(at(20, 8_000))}, 9_000, progressive,
			compliance.Reduction{Reason: compliance.NotReduced, Prior: 8_000}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := compliance.PriorPrice(tc.history, tc.price, sale, tc.rules); got != tc.want {
				t.Errorf("got %+v, want %+v", got, tc.want)
			}
		})
	}
}

func TestNoPriceOfThePeriodIsBelowThePriorPrice(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		history := []compliance.PriceChange{at(rapid.IntRange(30, 200).Draw(t, "first"),
			rapid.Int64Range(1, 1_000).Draw(t, "amount"))}
		for range rapid.IntRange(0, 6).Draw(t, "changes") {
			change := at(rapid.IntRange(-10, 29).Draw(t, "days"), rapid.Int64Range(1, 1_000).Draw(t, "amount"))
			history = append(history, change)
		}
		price := rapid.Int64Range(0, 1_000).Draw(t, "price")
		got := compliance.PriorPrice(history, price, sale, compliance.EURules)
		low := history[0].Amount
		for _, c := range history {
			if c.At.Before(sale) {
				low = min(low, c.Amount)
			}
		}
		if got.Prior != low || got.Allowed != (price < low) {
			t.Fatalf("%+v, lowest %d, price %d", got, low, price)
		}
		if said := got.Prior - got.Prior*int64(got.BasisPoints)/10_000; got.Allowed && said < price {
			t.Fatalf("%d basis points off %d are less than %d", got.BasisPoints, got.Prior, price)
		}
		slices.Reverse(history[1:])
		history = append(history[1:], history[0])
		if len(slices.CompactFunc(slices.SortedFunc(slices.Values(history),
			func(a, b compliance.PriceChange) int { return a.At.Compare(b.At) }),
			func(a, b compliance.PriceChange) bool { return a.At.Equal(b.At) })) == len(history) {
			if again := compliance.PriorPrice(history, price, sale, compliance.EURules); again != got {
				t.Fatalf("in another order %+v, not %+v", again, got)
			}
		}
	})
}
