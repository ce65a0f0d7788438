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

func TestLowestPriceOfTheDaysBefore(t *testing.T) {
	t.Parallel()
	type history = []compliance.PriceChange
	for _, tc := range []struct {
		name    string
		history history
		rules   compliance.PriorPriceRules
		want    int64
		ok      bool
	}{
		{"a price that never changed is the prior price", history{at(100, 10_000)}, compliance.EURules, 10_000, true},
		{"Aldi Süd: cheaper three weeks ago, so that is the prior price", history{at(100, 169), at(21, 129), at(14, 169)},
			compliance.EURules, 129, true},
		{"the lowest counts, not the last", history{at(100, 10_000), at(20, 9_000), at(10, 10_000)}, compliance.EURules,
			9_000, true},
		{"raised just before the sale: the price before counts", history{at(100, 10_000), at(5, 15_000)},
			compliance.EURules, 10_000, true},
		{"a low price that ended exactly when the period opens does not count", history{at(100, 5_000), at(30, 10_000)},
			compliance.EURules, 10_000, true},
		{"one that was still in force in the first second of it does", history{at(100, 5_000),
			{At: sale.AddDate(0, 0, -30).Add(time.Second), Amount: 10_000}}, compliance.EURules, 5_000, true},
		{"a shop that looks back further finds it", history{at(100, 5_000), at(30, 10_000)},
			compliance.PriorPriceRules{Days: 60}, 5_000, true},
		{"the reduced price itself is not its own prior price", history{at(100, 10_000), at(0, 8_000)},
			compliance.EURules, 10_000, true},
		{"changes after it do not count either", history{at(100, 10_000), at(-3, 1_000)}, compliance.EURules, 10_000, true},
		{"free is a price", history{at(100, 10_000), at(20, 0)}, compliance.EURules, 0, true},
		{"one that came a week ago has the lowest of the week", history{at(7, 10_000), at(3, 9_000)},
			compliance.EURules, 9_000, true},
		{"a product that was never sold has none", nil, compliance.EURules, 0, false},
		{"nor has one that came today", history{at(0, 10_000)}, compliance.EURules, 0, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, ok := compliance.Lowest(tc.history, sale, tc.rules)
			if got != tc.want || ok != tc.ok {
				t.Errorf("got %d, %t, want %d, %t", got, ok, tc.want, tc.ok)
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
		slices.SortStableFunc(history, func(a, b compliance.PriceChange) int { return a.At.Compare(b.At) })
		got, ok := compliance.Lowest(history, sale, compliance.EURules)
		low := history[0].Amount
		for _, c := range history {
			if c.At.Before(sale) {
				low = min(low, c.Amount)
			}
		}
		if !ok || got != low {
			t.Fatalf("%d, %t, lowest %d", got, ok, low)
		}
	})
}
