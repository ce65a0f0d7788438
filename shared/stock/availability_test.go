package stock_test

import (
	"encoding/json"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"dangol/events"
	"dangol/infra/testkit/localtest"
	"dangol/shared/platform/event"
	"dangol/shared/platform/table"
	"dangol/shared/stock"
)

func TestAvailabilityOf(t *testing.T) {
	t.Parallel()
	for units, want := range map[int]stock.Availability{
		-3: stock.SoldOut, 0: stock.SoldOut, 1: stock.Low, 5: stock.Low, 6: stock.InStock, 1000: stock.InStock,
	} {
		if got := stock.AvailabilityOf(units); got != want {
			t.Errorf("%d units are %q, want %q", units, got, want)
		}
	}
}

// counterChange is a stream record of a counter; nil units are those of a missing image.
func counterChange(t interface{ Fatal(...any) }, key table.Key, before, after *int, watch int) event.StreamRecord {
	image := func(units *int) any {
		if units == nil {
			return nil
		}
		attributes := map[string]any{"available": map[string]string{"N": strconv.Itoa(*units)}}
		if watch > 0 {
			attributes["watch"] = map[string]string{"N": strconv.Itoa(watch)}
		}
		return attributes
	}
	raw, err := json.Marshal(map[string]any{"eventID": "change-1", "dynamodb": map[string]any{
		"ApproximateCreationDateTime": day.Unix(),
		"Keys": map[string]any{"pk": map[string]string{"S": key.PK},
			"sk": map[string]string{"S": key.SK}},
		"OldImage": image(before), "NewImage": image(after),
	}})
	if err != nil {
		t.Fatal(err)
	}
	var r event.StreamRecord
	if err := json.Unmarshal(raw, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestAChangeOfACounterIsPublishedWhenItCrossesABound(t *testing.T) {
	t.Parallel()
	units := func(n int) *int { return &n }
	counter := stock.KeyOf("var_soap_0", 0)
	for _, tt := range []struct {
		name          string
		key           table.Key
		before, after *int
		watch         int
		want          string // availability, "" for no event
	}{
		{name: "sold while there is plenty", key: counter, before: units(40), after: units(6)},
		{name: "the first of the last five", key: counter, before: units(6), after: units(5), want: "low"},
		{name: "sold among the last five", key: counter, before: units(5), after: units(1)},
		{name: "the last one", key: counter, before: units(1), after: units(0), want: "out"},
		{name: "all at once", key: counter, before: units(9), after: units(0), want: "out"},
		{name: "further below zero on backorder", key: counter, before: units(0), after: units(-2)},
		{name: "one comes back", key: counter, before: units(0), after: units(1), want: "low"},
		{name: "a delivery", key: counter, before: units(-2), after: units(60), want: "in_stock"},
		{name: "nothing moved", key: counter, before: units(3), after: units(3), watch: 5},
		{name: "a new counter", key: counter, after: units(0)},
		{name: "a counter that is removed", key: counter, before: units(0)},
		{name: "watched, above what is watched", key: counter, before: units(40), after: units(12), watch: 11},
		{name: "watched: each unit counts", key: counter, before: units(9), after: units(8), watch: 11, want: "in_stock"},
		{name: "watched: into the range", key: counter, before: units(12), after: units(11), watch: 11, want: "in_stock"},
		{name: "watched: out of the range", key: counter, before: units(11), after: units(12), watch: 11, want: "in_stock"},
		{name: "another item of the variant", key: table.Key{PK: counter.PK, SK: "LOG#1"}, before: units(1), after: units(0)},
		{name: "another item with such a number", key: table.Key{PK: "CREDIT#1", SK: "BUCKET#00"}, before: units(1),
			after: units(0)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e, ok, err := stock.LevelChange(counterChange(t, tt.key, tt.before, tt.after, tt.watch))
			if err != nil || ok != (tt.want != "") {
				t.Fatalf("event %v (%v), want %q", ok, err, tt.want)
			}
			if !ok {
				return
			}
			var got events.StockLevelChanged
			if err := e.Into(&got); err != nil {
				t.Fatal(err)
			}
			want := events.StockLevelChanged{VariantID: "var_soap_0", Before: *tt.before, Available: *tt.after,
				Availability: tt.want}
			if diff := cmp.Diff(want, got); diff != "" || !e.Time.Equal(day) {
				t.Errorf("at %s: %s", e.Time, diff)
			}
		})
	}
}

func TestAChangeThatIsDeliveredTwiceIsTheSameEvent(t *testing.T) {
	t.Parallel()
	one, none := 1, 0
	r := counterChange(t, stock.KeyOf("var_soap_0", 0), &one, &none, 0)
	first, _, _ := stock.LevelChange(r)
	again, ok, err := stock.LevelChange(r)
	if err != nil || !ok || first.ID != again.ID || first.ID == "" {
		t.Fatalf("%+v, then %+v (%v)", first, again, err)
	}
	r.ID = "change-2"
	if other, _, _ := stock.LevelChange(r); other.ID == first.ID {
		t.Fatalf("another change has the id %s too", other.ID)
	}
}

// A set that takes several units of a part runs low and out while the part does not: each change that can alter the
// set is published, and none above what is watched can.
func TestEachChangeThatAltersASetIsPublished(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		quantity := rapid.IntRange(1, 20).Draw(t, "units of the part in a set")
		before := rapid.IntRange(0, 200).Draw(t, "before")
		after := rapid.IntRange(0, 200).Draw(t, "after")
		watch := stock.WatchUnits(quantity)
		r := counterChange(t, stock.KeyOf("var_soap_0", 0), &before, &after, watch)
		_, published, err := stock.LevelChange(r)
		if err != nil {
			t.Fatal(err)
		}
		set := func(units int) stock.Availability { return stock.AvailabilityOf(units / quantity) }
		if set(before) != set(after) && !published {
			t.Fatalf("a set of %d went from %s to %s (%d to %d units) and nobody knows", quantity, set(before), set(after),
				before, after)
		}
		if published && min(before, after) > max(watch, stock.LowUnits) {
			t.Fatalf("%d to %d is published though %d are watched", before, after, watch)
		}
	})
}

// The sum of several buckets may cross a bound when none of them does.
func TestEachChangeThatAltersASumOfBucketsIsPublished(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		buckets := rapid.SliceOfN(rapid.IntRange(0, 12), 2, stock.MaxBuckets).Draw(t, "buckets")
		at := rapid.IntRange(0, len(buckets)-1).Draw(t, "bucket")
		before, sum := buckets[at], 0
		for _, n := range buckets {
			sum += n
		}
		after := rapid.IntRange(0, 12).Draw(t, "after")
		_, published, err := stock.LevelChange(counterChange(t, stock.KeyOf("var_drop_0", at), &before, &after,
			stock.LowUnits))
		if err != nil {
			t.Fatal(err)
		}
		if stock.AvailabilityOf(sum) != stock.AvailabilityOf(sum+after-before) && !published {
			t.Fatalf("%v: bucket %d to %d takes the sum across a bound and nobody knows", buckets, at, after)
		}
	})
}

func TestWhatIsWatchedOnlyGrows(t *testing.T) {
	t.Parallel()
	s := newCounters(t, 3, 30)
	watched := func() (all []int) {
		for b := range 3 {
			all = append(all, s.levels()[stock.KeyOf(s.variant, b)].Watch)
		}
		return all
	}
	for _, step := range []struct{ units, want, writes int }{
		{units: 5, want: 5, writes: 3}, {units: 11, want: 11, writes: 3}, {units: 5, want: 11}, {units: 11, want: 11},
	} {
		ctx, meter := table.Metered(t.Context())
		if err := stock.Watch(ctx, s.table, s.levels(), s.variant, 3, step.units); err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(watched()); got != fmt.Sprint([]int{step.want, step.want, step.want}) ||
			int(meter.Cost().Write) != step.writes {
			t.Errorf("watch %d: %s with %v written, want %d and %d writes", step.units, got, meter.Cost().Write, step.want,
				step.writes)
		}
	}
	stale := s.levels()
	for key, l := range stale {
		l.Watch = 0
		stale[key] = l
	}
	if err := stock.Watch(t.Context(), s.table, stale, s.variant, 3, 7); err != nil || watched()[0] != 11 {
		t.Errorf("by an old reading %v is watched (%v)", watched(), err)
	}
	s.set(4)
	if s.available() != 4 || watched()[0] != 11 {
		t.Errorf("setting the stock left %d units and watches %v", s.available(), watched())
	}
}

func TestACounterThatIsGoneIsNotWatched(t *testing.T) {
	t.Parallel()
	tb := localtest.Table(t, table.Commerce)
	key := stock.KeyOf("var_gone_0", 0)
	levels := map[table.Key]stock.Level{key: {Key: key, Available: 3, SetAt: time.Time{}}}
	if err := stock.Watch(t.Context(), tb, levels, "var_gone_0", 1, 5); err != nil {
		t.Fatal(err)
	}
	var l stock.Level
	if err := tb.Get(t.Context(), key, &l); err != table.ErrNotFound {
		t.Errorf("the counter was made: %+v (%v)", l, err)
	}
}
