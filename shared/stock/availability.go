package stock

import (
	"context"
	"fmt"
	"strings"

	"dangol/events"
	"dangol/shared/platform/event"
	"dangol/shared/platform/table"
)

// Availability is how many units are left, in words.
type Availability string

// The values of Availability.
const (
	InStock Availability = "in_stock"
	Low     Availability = "low" // LowUnits or fewer
	SoldOut Availability = "out"
)

// LowUnits is up to how many units a variant is low.
const LowUnits = 5

// AvailabilityOf is units in words.
func AvailabilityOf(units int) Availability {
	switch {
	case units <= 0:
		return SoldOut
	case units <= LowUnits:
		return Low
	default:
		return InStock
	}
}

// LevelChange is the event of a change of a counter that brought it to another availability, or that happened at or
// below what is watched (Watch). ok is false for every other change, and for a counter that is new: the event of its
// product tells that.
func LevelChange(r event.StreamRecord) (e event.Envelope, ok bool, err error) {
	key := r.Key()
	variantID, ok := strings.CutPrefix(key.PK, KeyPrefix)
	if !ok || !strings.HasPrefix(key.SK, BucketPrefix) {
		return e, false, nil
	}
	before, after, ok := r.Numbers(AvailableAttribute)
	if !ok || before == after {
		return e, false, nil
	}
	watched := min(before, after) <= r.Number(WatchAttribute) && r.Number(WatchAttribute) > 0
	if AvailabilityOf(before) == AvailabilityOf(after) && !watched {
		return e, false, nil
	}
	e, err = r.Derived(events.StockLevelChanged{
		VariantID: variantID, Before: before, Available: after, Availability: string(AvailabilityOf(after)),
	})
	return e, err == nil, err
}

// WatchUnits is up to how many units of a part the availability of a set can depend on each unit, where one set takes
// quantity of it: above that a set is in stock as far as this part goes. 0 where the bounds of the part are those of
// the set.
func WatchUnits(quantity int) int {
	if quantity <= 1 {
		return 0
	}
	return quantity*(LowUnits+1) - 1
}

// Watch makes changes of a variant's counters be published from units on downwards; it never takes that back, as others
// may need it. Parts of gift sets need it, because a set runs out before its part does, and stock in several buckets,
// because the sum crosses a bound when no bucket does. levels are the counters as read. No round trip where they are
// watched already, else 1 and 1 WCU for each bucket.
func Watch(
	ctx context.Context, t *table.Table, levels map[table.Key]Level, variantID string, buckets, units int,
) error {
	for _, key := range bucketKeys(variantID, buckets) {
		if level, there := levels[key]; !there || level.Watch >= units {
			continue
		}
		_, err := t.Update(ctx, table.Update{
			Key: key, Do: "SET #watch = :units",
			// It only grows, and a counter that is gone is not made again.
			If:   "attribute_exists(#pk) AND (attribute_not_exists(#watch) OR #watch < :units)",
			With: map[string]any{":units": units},
		})
		if _, refused := table.Failed(err); err != nil && !refused {
			return fmt.Errorf("watch stock of %s: %w", variantID, err)
		}
	}
	return nil
}
