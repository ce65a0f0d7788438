package pricing

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"dangol/shared/money"
)

func TestSharingIsAsMoneyAllocates(t *testing.T) {
	t.Parallel()
	var s sharing
	rapid.Check(t, func(t *rapid.T) {
		weight := rapid.OneOf(rapid.Int64Range(0, 20), rapid.Int64Range(0, 1<<40))
		weights := rapid.SliceOfN(weight, 1, 40).Draw(t, "weights")
		amount := rapid.OneOf(rapid.Int64Range(1, 100), rapid.Int64Range(1, 1<<40)).Draw(t, "amount")
		if !slices.ContainsFunc(weights, func(w int64) bool { return w > 0 }) {
			return
		}
		got := make([]int64, len(weights))
		s.add(got, amount, weights)
		if want := money.Allocate(amount, weights); !slices.Equal(got, want) {
			t.Fatalf("%d over %v: %v, want %v", amount, weights, got, want)
		}
	})
}
