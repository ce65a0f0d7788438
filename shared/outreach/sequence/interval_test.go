package sequence_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"dangol/shared/outreach/segment"
	"dangol/shared/outreach/sequence"
)

func TestTheMedianOfClassesIsThatOfTheIntervalsToTheWidthOfAClass(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var all []time.Duration
		counts := map[int]int{}
		for range 2*rapid.IntRange(5, 60).Draw(t, "half") + 1 {
			gap := time.Duration(rapid.IntRange(3*24, 719*24).Draw(t, "hours")) * time.Hour
			all = append(all, gap)
			class, ok := sequence.IntervalClass(gap)
			if !ok {
				t.Fatalf("%s is not counted", gap)
			}
			counts[class]++
		}
		exact, got := sequence.Median(all), sequence.ClassMedian(counts)
		if off := (got - exact).Abs(); off > 15*24*time.Hour || exact < 60*24*time.Hour && off > 36*time.Hour {
			t.Fatalf("%s, exactly %s", got, exact)
		}
	})
}

var boughtAt = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestIntervalsThatDoNotCount(t *testing.T) {
	t.Parallel()
	if class, ok := sequence.IntervalClass(720 * 24 * time.Hour); ok {
		t.Errorf("two years are in class %d", class)
	}
	if got := sequence.ClassMedian(map[int]int{30: 9}); got != 0 {
		t.Errorf("nine intervals have the median %s", got)
	}
	p := segment.Person{Orders: []segment.Order{{At: boughtAt, Products: []string{"soap"}}}}
	for gap, want := range map[time.Duration]bool{-time.Hour: false, 71 * time.Hour: false, 72 * time.Hour: true} {
		if _, ok := sequence.Interval(p, "soap", boughtAt.Add(gap)); ok != want {
			t.Errorf("%s counts: %t", gap, ok)
		}
	}
	if _, ok := sequence.Interval(p, "oil", boughtAt.Add(100*time.Hour)); ok {
		t.Error("another product counts")
	}
}
