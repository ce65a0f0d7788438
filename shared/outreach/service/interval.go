package service

import (
	"context"
	"slices"
	"strconv"
	"time"

	"dangol/shared/outbox"
	"dangol/shared/outreach/segment"
	"dangol/shared/outreach/sequence"
	"dangol/shared/platform/table"
)

// countIntervals is the counter of intervals of one class.
const countIntervals = "intervals"

// mostIntervals is how many products of an order are counted, so that its transaction stays within what DynamoDB takes.
const mostIntervals = 10

// intervalsOf is what the intervals between purchases of a product are counted under, by class.
func intervalsOf(product string) string { return "interval:" + product }

// intervals counts how long it was since the person bought the products of a new order before. by picks the shards.
func intervals(by string, before segment.Person, o segment.Order, now time.Time) (writes []table.Write) {
	for _, product := range slices.Compact(slices.Sorted(slices.Values(o.Products))) {
		gap, ok := sequence.Interval(before, product, o.At)
		if !ok || len(writes) == mostIntervals {
			continue
		}
		if class, ok := sequence.IntervalClass(gap); ok {
			writes = append(writes, outbox.Count(outbox.Source{Name: intervalsOf(product), Step: strconv.Itoa(class)}, by, now,
				outbox.Counters{countIntervals: 1}))
		}
	}
	return writes
}

// ReplenishAt is when a person is likely to need a product again: by their own median interval, else by that of all who
// bought it again, else never (ok is false). No round trip when their own is known, else 1.
func (s *Service) ReplenishAt(ctx context.Context, p segment.Person, product string) (at time.Time, ok bool,
	err error) {
	if at, ok = sequence.Replenish(p, product, 0); ok {
		return at, true, nil
	}
	report, err := s.Outbox.Report(ctx, intervalsOf(product))
	if err != nil {
		return at, false, err
	}
	counts := map[int]int{}
	for step, n := range report {
		if class, err := strconv.Atoi(step); err == nil {
			counts[class] += n[countIntervals]
		}
	}
	at, ok = sequence.Replenish(p, product, sequence.ClassMedian(counts))
	return at, ok, nil
}
