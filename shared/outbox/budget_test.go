package outbox_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"dangol/infra/testkit/localtest"
	"dangol/shared/outbox"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/table"
)

// newBudget is the budget of a worker at an account's rate; waited notes how long each mail waits for its place.
func newBudget(tb *table.Table, perSecond float64, waited func(time.Duration)) *outbox.Budget {
	return &outbox.Budget{
		Table: tb, Clock: clock.Stopped(noon),
		Account: func(context.Context) (float64, int, int, error) { return perSecond, 50_000, 0, nil },
		Sleep:   func(_ context.Context, d time.Duration) error { waited(d); return nil },
	}
}

func TestThoseWhoWaitTogetherTakeTheirPlacesTogether(t *testing.T) {
	t.Parallel()
	tb := localtest.Table(t, table.Outreach)
	var mu sync.Mutex
	var waits []time.Duration
	b := newBudget(tb, 100, func(d time.Duration) { mu.Lock(); waits = append(waits, d); mu.Unlock() })
	ctx, meter := table.Metered(t.Context())
	var group errgroup.Group
	const mails = 200
	for range mails {
		group.Go(func() error { return b.Take(ctx, false) })
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	// All places are different: the last of 200 mails at 100 a second waits for about two seconds.
	var last time.Duration
	seen := map[time.Duration]bool{}
	for _, d := range waits {
		last = max(last, d)
		if seen[d.Round(time.Millisecond)] {
			t.Errorf("two mails have the place at %s", d)
		}
		seen[d.Round(time.Millisecond)] = true
	}
	if last < 1980*time.Millisecond || last > 2*time.Second {
		t.Errorf("the last of %d waits %s", mails, last)
	}
	if trips := meter.Cost().Trips; trips > mails/4 {
		t.Errorf("%d round trips for %d mails that waited together", trips, mails)
	}
}

func TestAWorkerAloneWritesOnceForASliceAndReadsNothing(t *testing.T) {
	t.Parallel()
	b := newBudget(localtest.Table(t, table.Outreach), 1000, func(time.Duration) {})
	take := func(n int) table.Cost {
		t.Helper()
		ctx, meter := table.Metered(t.Context())
		for range n {
			if err := b.Take(ctx, true); err != nil {
				t.Fatal(err)
			}
		}
		return meter.Cost()
	}
	take(1) // asks for the account
	// A tenth of a second at 1,000 mails a second are 100 places.
	if cost := take(200); cost.Trips != 2 || cost.Read != 0 {
		t.Errorf("200 mails cost %+v", cost)
	}
}

func TestOrderMailsThatFollowEachOtherTakeMorePlacesAtOnceWhereTheRateIsHigh(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		perSecond float64
		pause     time.Duration
		trips     int
	}{
		// 1, 2, 4, 8, 16 and 20 places
		{"one after the other at a high rate", 1000, 0, 6},
		{"at a low rate, where a place is a while of it", 14, 0, 40},
		{"now and then, where places would be lost", 1000, 300 * time.Millisecond, 40},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := newBudget(localtest.Table(t, table.Outreach), c.perSecond, func(time.Duration) {})
			now := clock.Stopped(noon)
			b.Clock = now
			ctx, meter := table.Metered(t.Context())
			for range 40 {
				if err := b.Take(ctx, false); err != nil {
					t.Fatal(err)
				}
				now.Advance(c.pause)
			}
			// and one read, of what nobody has written yet
			if got := meter.Cost().Trips - 1; got != c.trips {
				t.Errorf("%d writes for 40 mails, want %d", got, c.trips)
			}
		})
	}
}

func TestWhatAnotherWorkerWroteIsReadBeforeAnythingIsRefusedOrGiven(t *testing.T) {
	t.Parallel()
	tb := localtest.Table(t, table.Outreach)
	ours, other := newBudget(tb, 10, func(time.Duration) {}), newBudget(tb, 10, func(time.Duration) {})
	for range 11 { // ours knows a rate, and has used its slice up
		if err := ours.Take(t.Context(), true); err != nil {
			t.Fatal(err)
		}
	}
	if err := other.Pause(t.Context(), "reputation"); err != nil {
		t.Fatal(err)
	}
	var err error
	for range 30 { // what was reserved before the pause may still be used
		if err = ours.Take(t.Context(), true); err != nil {
			break
		}
	}
	if _, busy := errors.AsType[*outbox.Busy](err); !busy {
		t.Errorf("marketing goes on after the pause of another worker: %v", err)
	}
	if err := other.Pause(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	if err := ours.Take(t.Context(), false); err != nil {
		t.Errorf("an order mail after the pause: %v", err)
	}
}

// An order mail must not wait while a marketing mail waits for its place.
func TestAnOrderMailDoesNotWaitBehindASleepingMarketingMail(t *testing.T) {
	t.Parallel()
	tb := localtest.Table(t, table.Outreach)
	sleeping, wake := make(chan struct{}), make(chan struct{})
	var first atomic.Bool
	b := newBudget(tb, 1, nil)
	b.Sleep = func(context.Context, time.Duration) error {
		if first.CompareAndSwap(false, true) {
			close(sleeping)
			<-wake
		}
		return nil
	}
	var group errgroup.Group
	group.Go(func() error { return errors.Join(b.Take(t.Context(), true), b.Take(t.Context(), true)) })
	<-sleeping
	if err := b.Take(t.Context(), false); err != nil {
		t.Error(err)
	}
	close(wake)
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
}
