package review_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"dangol/shared/review"
)

func TestScores(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name                         string
		tally                        review.Tally
		average, bayesian, satisfied float64
	}{
		{"no reviews: the prior alone", review.Tally{}, 0, 3.5, 0},
		{"one of five stars is far from a score of 5", review.Tally{"n5": 1}, 5, 3.69, 0.21},
		{"ten of each end", review.Tally{"n1": 10, "n5": 10}, 3, 3.13, 0.3},
		{"many reviews outweigh the prior", review.Tally{"n5": 1000}, 5, 4.99, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := [3]float64{
				review.Round(tt.tally.Average()), review.Round(tt.tally.Bayesian()), review.Round(tt.tally.Satisfied()),
			}
			if want := [3]float64{tt.average, tt.bayesian, tt.satisfied}; got != want {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
}

func TestWilsonIsTheRootOfTheScoreEquation(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.IntRange(1, 10000).Draw(t, "all")
		yes := rapid.IntRange(0, all).Draw(t, "yes")
		low, p, n := review.Wilson(yes, all), float64(yes)/float64(all), float64(all)
		if low < 0 || low > p+1e-12 {
			t.Fatalf("bound %v of share %v", low, p)
		}
		// (p - low)^2 = z^2 low (1 - low) / n defines the interval.
		if gap := (p-low)*(p-low) - 1.959964*1.959964*low*(1-low)/n; math.Abs(gap) > 1e-9 {
			t.Fatalf("equation is off by %v", gap)
		}
	})
}

func TestReportsWeighAsTheirReporterWasRight(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		reporter review.Reporter
		want     int
	}{
		{"no record", review.Reporter{}, 100},
		{"always right", review.Reporter{Upheld: 8}, 180},
		{"always wrong", review.Reporter{Dismissed: 8}, 20},
		{"never below a tenth", review.Reporter{Dismissed: 1000}, 10},
	} {
		if got := tt.reporter.Weight(); got != tt.want {
			t.Errorf("%s: got %d, want %d", tt.name, got, tt.want)
		}
	}
}
