package stock_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"dangol/infra/testkit/localtest"
	"dangol/shared/platform/id"
	"dangol/shared/platform/table"
	"dangol/shared/stock"
)

var day = time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC)

type counters struct {
	*testing.T
	table   *table.Table
	variant string
	buckets int
}

func newCounters(t *testing.T, buckets, units int) counters {
	t.Helper()
	s := counters{t, localtest.Table(t, table.Commerce), "var_x", buckets}
	s.set(units)
	return s
}

func (s counters) set(units int) {
	s.Helper()
	if err := stock.Set(s.Context(), s.table, s.variant, s.buckets, units, day); err != nil {
		s.Fatal(err)
	}
}

func (s counters) keys() []table.Key {
	return stock.Keys([]stock.Request{want(s.variant, 1, s.buckets)})
}

// levels also checks that no counter is below zero.
func (s counters) levels() map[table.Key]stock.Level {
	s.Helper()
	levels, err := stock.Read(s.Context(), s.table, s.keys())
	if err != nil {
		s.Fatal(err)
	}
	for key, l := range levels {
		if l.Available < 0 {
			s.Fatalf("%s is at %d", key, l.Available)
		}
	}
	return levels
}

func (s counters) available() int {
	s.Helper()
	return stock.Available(s.levels(), s.variant, s.buckets)
}

// buy holds units as a checkout does, planning again when another buyer was faster. It reports what it took.
func (s counters) buy(units, pick int) []stock.Allocation {
	for {
		writes, taken, short := stock.Hold(s.levels(), []stock.Request{want(s.variant, units, s.buckets)}, pick)
		if short != nil {
			return nil
		}
		err := s.table.Transact(s.Context(), id.Secret(), writes...)
		if _, refused := table.Refused(err); refused {
			continue
		}
		if err != nil {
			s.Error(err)
		}
		return taken
	}
}

func TestConcurrentBuyersSellEveryUnitOnce(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ buckets, units, buyers, each int }{
		{buckets: 1, units: 10, buyers: 40, each: 1},
		{buckets: 4, units: 10, buyers: 40, each: 1},
		{buckets: 4, units: 10, buyers: 12, each: 2},
		{buckets: 3, units: 7, buyers: 8, each: 3},
	} {
		t.Run(fmt.Sprintf("%d units in %d buckets, %d buyers of %d", tt.units, tt.buckets, tt.buyers, tt.each),
			func(t *testing.T) {
				t.Parallel()
				s := newCounters(t, tt.buckets, tt.units)
				var sold atomic.Int64
				var buyers sync.WaitGroup
				for i := range tt.buyers {
					buyers.Go(func() {
						if s.buy(tt.each, i) != nil {
							sold.Add(int64(tt.each))
						}
					})
				}
				buyers.Wait()
				if whole := tt.units / tt.each * tt.each; int(sold.Load()) != whole || s.available() != tt.units-whole {
					t.Fatalf("sold %d, left %d; want %d sold", sold.Load(), s.available(), whole)
				}
			})
	}
}

func TestReleaseGivesBackWhatTheHoldTook(t *testing.T) {
	t.Parallel()
	s := newCounters(t, 3, 8)
	before := s.levels()
	taken := s.buy(7, 1)
	if s.available() != 1 {
		t.Fatalf("%d left after the hold", s.available())
	}
	if err := s.table.Transact(t.Context(), id.Secret(), stock.Release(taken)...); err != nil {
		t.Fatal(err)
	}
	for key, l := range s.levels() {
		if l.Available != before[key].Available {
			t.Errorf("%s: %d, was %d", key, l.Available, before[key].Available)
		}
	}
}

func TestBackorderGoesBelowZero(t *testing.T) {
	t.Parallel()
	s := newCounters(t, 1, 2)
	writes, _, short := stock.Hold(s.levels(), []stock.Request{backorder(s.variant, 5, 1)}, 0)
	if short != nil {
		t.Fatal(short)
	}
	if err := s.table.Transact(t.Context(), id.Secret(), writes...); err != nil {
		t.Fatal(err)
	}
	levels, err := stock.Read(t.Context(), s.table, s.keys())
	if err != nil || stock.Available(levels, s.variant, 1) != -3 {
		t.Fatalf("%v %v, want -3", levels, err)
	}
}

func TestAHoldPlannedOnOldLevelsIsRefused(t *testing.T) {
	t.Parallel()
	s := newCounters(t, 1, 3)
	old := s.levels()
	s.buy(2, 0)
	writes, _, _ := stock.Hold(old, []stock.Request{want(s.variant, 2, 1)}, 0)
	err := s.table.Transact(t.Context(), id.Secret(), writes...)
	if c, ok := table.Refused(err); !ok || !c.Refused(0) {
		t.Fatalf("got %v, want a refusal", err)
	}
	if s.available() != 1 {
		t.Fatalf("%d left", s.available())
	}
}

func TestSet(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		buckets  int
		from, to int
	}{
		{"more, in one counter", 1, 3, 10},
		{"fewer, in one counter", 1, 10, 3},
		{"none", 1, 10, 0},
		{"the same", 1, 4, 4},
		{"more, over buckets", 4, 3, 11},
		{"fewer, over buckets", 4, 11, 2},
		{"none, over buckets", 20, 55, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newCounters(t, tt.buckets, tt.from)
			s.set(tt.to)
			if got := s.available(); got != tt.to {
				t.Fatalf("%d, want %d: %v", got, tt.to, s.levels())
			}
			for key, l := range s.levels() {
				if l.Available > tt.to/tt.buckets+1 {
					t.Errorf("%s has %d of %d units: not spread", key, l.Available, tt.to)
				}
			}
		})
	}
}

// What buyers take while the merchant sets the stock comes off; nothing is lost and nothing is sold twice.
func TestSetMeetsBuyers(t *testing.T) {
	t.Parallel()
	s := newCounters(t, 2, 0)
	var sold atomic.Int64
	var all sync.WaitGroup
	all.Go(func() { s.set(30) })
	for i := range 8 {
		all.Go(func() {
			for range 3 {
				if s.buy(1, i) != nil {
					sold.Add(1)
				}
			}
		})
	}
	all.Wait()
	if s.available()+int(sold.Load()) != 30 {
		t.Fatalf("%d left + %d sold, want 30", s.available(), sold.Load())
	}
}

func TestOfTwoWhoSetAtOnceOneWins(t *testing.T) {
	t.Parallel()
	s := newCounters(t, 3, 5)
	var both sync.WaitGroup
	both.Go(func() { s.set(10) })
	both.Go(func() { s.set(20) })
	both.Wait()
	if got := s.available(); got != 10 && got != 20 {
		t.Fatalf("got %d, want 10 or 20", got)
	}
}

func TestAdjust(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name                 string
		buckets, from, delta int
		want                 int
		err                  error
	}{
		{name: "more", buckets: 1, from: 3, delta: 4, want: 7},
		{name: "fewer", buckets: 1, from: 3, delta: -3, want: 0},
		{name: "more than there is", buckets: 1, from: 3, delta: -4, want: 3, err: stock.ErrInsufficient},
		{name: "nothing", buckets: 1, from: 3, delta: 0, want: 3},
		{name: "out of several buckets", buckets: 4, from: 9, delta: -7, want: 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newCounters(t, tt.buckets, tt.from)
			moves, err := stock.AdjustPlan(s.levels(), s.variant, s.buckets, tt.delta)
			if !errors.Is(err, tt.err) {
				t.Fatalf("got %v, want %v", err, tt.err)
			}
			for _, move := range moves {
				if _, err := s.table.Update(t.Context(), move); err != nil {
					t.Fatal(err)
				}
			}
			if s.available() != tt.want {
				t.Fatalf("%d, want %d", s.available(), tt.want)
			}
		})
	}
}

func TestImportSetsOnlyWhatTheFileChanged(t *testing.T) {
	t.Parallel()
	s := newCounters(t, 2, 0)
	imported := func(units int) bool {
		t.Helper()
		wrote, err := stock.Import(t.Context(), s.table, s.levels(), s.variant, s.buckets, units, day)
		if err != nil {
			t.Fatal(err)
		}
		return wrote
	}
	if !imported(10) || s.available() != 10 {
		t.Fatalf("the first import left %d", s.available())
	}
	s.buy(4, 0)
	if imported(10) || s.available() != 6 {
		t.Fatalf("the same file again left %d; what was sold must stay sold", s.available())
	}
	if !imported(12) || s.available() != 12 {
		t.Fatalf("another quantity left %d", s.available())
	}
}

func TestImportCountsFromTheLevelsItIsGiven(t *testing.T) {
	t.Parallel()
	s := newCounters(t, 1, 10)
	read := s.levels()
	s.buy(4, 0)
	ctx, meter := table.Metered(t.Context())
	if _, err := stock.Import(ctx, s.table, read, s.variant, s.buckets, 50, day); err != nil {
		t.Fatal(err)
	}
	if s.available() != 46 || meter.Cost().Trips != 1 {
		t.Errorf("%d after 4 of them were sold, in %d round trips", s.available(), meter.Cost().Trips)
	}
	if _, err := stock.Import(t.Context(), s.table, read, s.variant, s.buckets, 60, day); err != nil {
		t.Fatal(err)
	}
	if s.available() != 60 {
		t.Errorf("levels from before another setting left %d", s.available())
	}
}

// However the stock moves, the plan moves it by exactly delta and empties no bucket below zero.
func TestAdjustPlanKeepsTheSum(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		units := rapid.SliceOfN(rapid.IntRange(0, 30), 1, stock.MaxBuckets).Draw(t, "buckets")
		all := has("DROP", units...)
		before := stock.Available(all, "DROP", len(units))
		delta := rapid.IntRange(-before, 200).Draw(t, "delta")
		writes, err := stock.AdjustPlan(all, "DROP", len(units), delta)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range writes {
			l := all[w.Key]
			l.Available += w.With[":by"].(int)
			if l.Available < 0 {
				t.Fatalf("%s would hold %d", w.Key, l.Available)
			}
			all[w.Key] = l
		}
		if after := stock.Available(all, "DROP", len(units)); after != before+delta {
			t.Fatalf("%d + %d became %d", before, delta, after)
		}
	})
}
