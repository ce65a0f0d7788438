package sequence

import (
	"maps"
	"slices"
	"time"

	"dangol/shared/outreach/segment"
)

// Replenish is when a person is likely to need a product again: the last purchase and the median of their own
// intervals, else the product's median (zero for unknown), else never: ok is false. Intervals under three days are one
// purchase in two parts.
func Replenish(p segment.Person, product string, productMedian time.Duration) (at time.Time, ok bool) {
	var last time.Time
	var intervals []time.Duration
	// Orders are sorted, the oldest first.
	for _, o := range p.Orders {
		if !slices.Contains(o.Products, product) {
			continue
		}
		// A gap below three days does not count, but the next is measured from the later part.
		if gap := o.At.Sub(last); !last.IsZero() && gap >= leastInterval {
			intervals = append(intervals, gap)
		}
		last = o.At
	}
	median := productMedian
	if len(intervals) > 0 {
		median = Median(intervals)
	}
	if last.IsZero() || median <= 0 {
		return time.Time{}, false
	}
	return last.Add(median), true
}

// leastInterval is the least time between two purchases of a product; less is one purchase in two parts.
const leastInterval = 3 * day

const day = 24 * time.Hour

// Interval is the time from the last purchase of a product to one at a time after it; ok is false when there was none,
// or so short before that both are one purchase.
func Interval(p segment.Person, product string, at time.Time) (gap time.Duration, ok bool) {
	for _, o := range p.Orders {
		if o.At.Before(at) && slices.Contains(o.Products, product) {
			gap, ok = at.Sub(o.At), true
		}
	}
	return gap, ok && gap >= leastInterval
}

// The intervals of all customers are counted by length, in classes that get wider: three days up to two months, a week
// up to half a year, a month up to two years. Longer ones say nothing about how long a product lasts.
var intervalClasses = []struct{ until, width int }{{60, 3}, {180, 7}, {720, 30}}

// minIntervals is how many intervals a product needs before their median says anything.
const minIntervals = 10

// IntervalClass is the class of an interval by its first day; ok is false for one that is too long to count.
func IntervalClass(gap time.Duration) (first int, ok bool) {
	days, from := int(gap/day), 0
	for _, c := range intervalClasses {
		if days < c.until {
			return from + (days-from)/c.width*c.width, true
		}
		from = c.until
	}
	return 0, false
}

// ClassMedian is the median of intervals that were counted by class: the middle of the class that it lies in. Zero of
// fewer than ten.
func ClassMedian(counts map[int]int) time.Duration {
	all := 0
	for _, n := range counts {
		all += n
	}
	if all < minIntervals {
		return 0
	}
	seen := 0
	for _, first := range slices.Sorted(maps.Keys(counts)) {
		if seen += counts[first]; 2*seen >= all {
			return time.Duration(first)*day + classWidth(first)/2
		}
	}
	return 0
}

// classWidth is how long the class that begins with a day is.
func classWidth(first int) time.Duration {
	for _, c := range intervalClasses {
		if first < c.until {
			return time.Duration(c.width) * day
		}
	}
	return 0
}

// Median is the middle of the intervals, of an even number the mean of the two in the middle; zero of none.
func Median(intervals []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(intervals))
	n := len(sorted)
	switch {
	case n == 0:
		return 0
	case n%2 == 1:
		return sorted[n/2]
	}
	// The mean without adding the two, which could overflow.
	return sorted[n/2-1] + (sorted[n/2]-sorted[n/2-1])/2
}
