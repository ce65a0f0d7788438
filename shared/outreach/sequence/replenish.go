package sequence

import (
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
		if gap := o.At.Sub(last); !last.IsZero() && gap >= 3*24*time.Hour {
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
