package subscription_test

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"dangol/shared/platform/civil"
	. "dangol/shared/subscription"
)

func TestProrationDividesByTheDaysOfTheWholePeriod(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name                    string
		price                   int64
		opens, closes, from, to civil.Date
		want                    int64
	}{
		{"half of April", 30000, "2026-04-01", "2026-05-01", "2026-04-16", "2026-05-01", 15000},
		{"half of February costs more a day", 28000, "2026-02-01", "2026-03-01", "2026-02-01", "2026-02-15", 14000},
		{"57.14 is rounded down", 100, "2026-02-01", "2026-03-01", "2026-02-01", "2026-02-17", 57},
		{"and the other days cost the rest", 100, "2026-02-01", "2026-03-01", "2026-02-17", "2026-03-01", 43},
		{"221 unused days of a year for 99.99", 9_999, "2026-01-01", "2027-01-01", "2026-05-25", "2027-01-01", 6_054},
		{"a quarter of 90 days, not of the days that are left", 9000, "2026-01-01", "2026-04-01", "2026-03-02", "2026-04-01",
			3000},
		{"a leap February", 29000, "2028-02-01", "2028-03-01", "2028-02-29", "2028-03-01", 1000},
		{"nothing of nothing", 0, "2026-04-01", "2026-05-01", "2026-04-16", "2026-05-01", 0},
		{"no days", 30000, "2026-04-01", "2026-05-01", "2026-04-16", "2026-04-16", 0},
		{"days outside cost nothing", 30000, "2026-04-01", "2026-05-01", "2026-03-01", "2026-06-01", 30000},
		{"days the wrong way round cost nothing", 30000, "2026-04-01", "2026-05-01", "2026-04-20", "2026-04-10", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := Prorate(tt.price, tt.opens, tt.closes, tt.from, tt.to); got != tt.want {
				t.Errorf("got %d, want %d", got, tt.want)
			}
		})
	}
}

func TestPartsOfAPeriodAddUpToItsPriceDayByDay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		price := rapid.Int64Range(0, 1_000_000_000_000).Draw(t, "price")
		whole := rapid.IntRange(1, 400).Draw(t, "days")
		cut := rapid.IntRange(0, whole).Draw(t, "cut")
		opens := civil.Date("2026-01-31")
		closes := opens.Add(whole)
		first := Prorate(price, opens, closes, opens, opens.Add(cut))
		rest := Prorate(price, opens, closes, opens.Add(cut), closes)
		if first+rest != price {
			t.Fatalf("%d + %d is not %d", first, rest, price)
		}
		// Twice the distance from price x cut / whole is at most one unit, in exact arithmetic.
		distance := new(big.Int).Mul(big.NewInt(first), big.NewInt(int64(whole)))
		distance.Sub(distance, new(big.Int).Mul(big.NewInt(price), big.NewInt(int64(cut))))
		if distance.Abs(distance).Lsh(distance, 1).Cmp(big.NewInt(int64(whole))) > 0 {
			t.Fatalf("the first %d of %d days cost %d of %d: off by more than half a unit", cut, whole, first, price)
		}
	})
}

func TestAPriceOfEverySizeHasItsPriceAMonth(t *testing.T) {
	t.Parallel()
	most := terms(plan(Membership, 1_000_000_000_000, every(1, Day)), 100)
	// 30.436875 days make a month of average length.
	if got := most.PerMonth(); got != 3_043_687_500_000_000 {
		t.Errorf("%d a month", got)
	}
}
