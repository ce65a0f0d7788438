package money_test

import (
	"math"
	"math/big"
	"slices"
	"testing"

	"dangol/shared/money"

	"pgregory.net/rapid"
)

func TestAllocate(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		total   int64
		weights []int64
		want    []int64
	}{
		{"a discount of 1,000 won over three equal lines: the first bears the odd won", 1_000, []int64{1, 1, 1},
			[]int64{334, 333, 333}},
		{"the largest remainder gets the odd unit", 100, []int64{1, 2, 4}, []int64{14, 29, 57}},
		{"nothing to share", 0, []int64{3, 4}, []int64{0, 0}},
		{"a line of price zero bears nothing", 5, []int64{0, 3, 3}, []int64{0, 3, 2}},
		{"only free lines: evenly", 5, []int64{0, 0, 0}, []int64{2, 2, 1}},
		{"a negative weight counts as zero", 7, []int64{-5, 1}, []int64{0, 7}},
		{"a refund mirrors the charge", -1_000, []int64{1, 1, 1}, []int64{-334, -333, -333}},
		{"the smallest amount survives", math.MinInt64, []int64{1}, []int64{math.MinInt64}},
		{"weights whose sum is beyond 64 bits", 9, []int64{math.MaxInt64, math.MaxInt64, math.MaxInt64}, []int64{3, 3, 3}},
		{"nobody to share with", 5, nil, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := money.Allocate(tc.total, tc.weights); !slices.Equal(got, tc.want) {
				t.Errorf("Allocate(%d, %v) = %v, want %v", tc.total, tc.weights, got, tc.want)
			}
		})
	}
}

// exact returns total * w / sum as a fraction, in arithmetic that cannot overflow.
func exact(total int64, w int64, weights []int64) *big.Rat {
	sum := new(big.Int)
	for _, v := range weights {
		sum.Add(sum, big.NewInt(v))
	}
	product := new(big.Int).Mul(big.NewInt(total), big.NewInt(w))
	return new(big.Rat).SetFrac(product, sum)
}

func TestAllocationAddsUpAndIsFair(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		total := rapid.Int64().Draw(t, "total")
		weight := rapid.OneOf(rapid.Int64Range(0, 50), rapid.Int64Range(0, math.MaxInt64))
		weights := rapid.SliceOfN(weight, 1, 40).Draw(t, "weights")
		shares := money.Allocate(total, weights)
		sum := new(big.Int)
		for _, s := range shares {
			sum.Add(sum, big.NewInt(s))
		}
		if sum.Cmp(big.NewInt(total)) != 0 {
			t.Fatalf("shares %v add up to %s, not %d", shares, sum, total)
		}
		if slices.Max(weights) == 0 {
			return
		}
		for i, s := range shares {
			gap := new(big.Rat).Sub(new(big.Rat).SetInt64(s), exact(total, weights[i], weights))
			if gap.Abs(gap).Cmp(big.NewRat(1, 1)) >= 0 {
				t.Fatalf("share %d of weight %d is %d: more than a unit from exact", i, weights[i], s)
			}
			if weights[i] == 0 && s != 0 {
				t.Fatalf("weight zero got %d", s)
			}
		}
	})
}

func TestAllocationOfARefundMirrorsTheCharge(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		total := rapid.Int64Range(0, math.MaxInt64).Draw(t, "total")
		weights := rapid.SliceOfN(rapid.Int64Range(0, 1_000_000), 1, 10).Draw(t, "weights")
		charge, refund := money.Allocate(total, weights), money.Allocate(-total, weights)
		for i := range charge {
			if charge[i] != -refund[i] {
				t.Fatalf("charge %v, refund %v", charge, refund)
			}
		}
	})
}

func TestPercentAndTax(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name      string
		got, want int64
	}{
		{"10 % of 12,345 won rounds the half up", money.Percent(12_345, 1_000), 1_235},
		{"10 % of a refund is the opposite", money.Percent(-12_345, 1_000), -1_235},
		{"just under a half rounds down", money.Percent(12_344, 1_000), 1_234},
		{"no percent", money.Percent(12_345, 0), 0},
		{"150 %", money.Percent(200, 15_000), 300},
		{"a negative rate", money.Percent(200, -5_000), -100},
		{"beyond 64 bits it stops at the limit", money.Percent(math.MaxInt64, 20_000), math.MaxInt64},
		{"and at the lower limit", money.Percent(math.MinInt64, 1_000_000_000), math.MinInt64},
		{"100 % of the largest amount is itself", money.Percent(math.MaxInt64, 10_000), math.MaxInt64},
		{"Korean VAT within 11,000 won", money.TaxIncluded(11_000, 1_000), 1_000},
		{"Korean VAT within 12,000 won", money.TaxIncluded(12_000, 1_000), 1_091},
		{"Korean VAT on top of 10,000 won", money.TaxOnTop(10_000, 1_000), 1_000},
		{"US sales tax of 8.875 % has a finer rate than this takes: 8.88 %", money.TaxOnTop(10_000, 888), 888},
		{"no tax below zero", money.TaxIncluded(10_000, -5), 0},
		{"an absurd rate takes all of it", money.TaxIncluded(10_000, math.MaxInt64), 10_000},
	} {
		if tc.got != tc.want {
			t.Errorf("%s: got %d, want %d", tc.name, tc.got, tc.want)
		}
	}
}

func TestTaxInsideAndOnTopAgree(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		net := rapid.Int64Range(0, 1<<50).Draw(t, "net")
		rate := rapid.Int64Range(0, 10_000).Draw(t, "rate")
		tax := money.TaxOnTop(net, rate)
		if inside := money.TaxIncluded(net+tax, rate); inside != tax {
			t.Fatalf("net %d at %d: %d on top, %d inside", net, rate, tax, inside)
		}
	})
}

func TestPercentIsTheNearestUnit(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		amount, bp := rapid.Int64().Draw(t, "amount"), rapid.Int64Range(-10_000, 10_000).Draw(t, "bp")
		exact := new(big.Rat).SetFrac(new(big.Int).Mul(big.NewInt(amount), big.NewInt(bp)), big.NewInt(10_000))
		if limit := new(big.Rat).SetInt64(math.MaxInt64); exact.Cmp(limit) > 0 { // all of the lowest amount, taken back
			exact = limit
		}
		gap := exact.Sub(exact, new(big.Rat).SetInt64(money.Percent(amount, bp)))
		if gap.Abs(gap).Cmp(big.NewRat(1, 2)) > 0 {
			t.Fatalf("%d bp of %d is off by %s", bp, amount, gap)
		}
	})
}
