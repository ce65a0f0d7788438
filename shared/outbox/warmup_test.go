package outbox_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"dangol/infra/testkit/localtest"
	"dangol/shared/outbox"
	"dangol/shared/outreach/campaign"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/table"
)

// plan begins with 20 mails on the day of noon.
var plan = campaign.WarmUp{Start: noon.Truncate(24 * time.Hour), First: 20, Most: 1_000}

// warming is a budget that keeps to a plan, and what was counted.
type warming struct {
	*testing.T
	outbox.Store
	clock  *clock.Movable
	budget *outbox.Budget
}

func newWarming(t *testing.T) *warming {
	t.Helper()
	w := &warming{T: t, Store: outbox.Store{Table: localtest.Table(t, table.Outreach)}, clock: clock.Stopped(noon)}
	w.budget = &outbox.Budget{
		Table: w.Table, Clock: w.clock, Sleep: func(context.Context, time.Duration) error { return nil },
		Account: func(context.Context) (float64, int, int, error) { return 1_000, 1_000_000, 0, nil },
		WarmUp: func(ctx context.Context, now time.Time) (outbox.WarmUp, error) {
			return w.WarmUp(ctx, plan, now)
		},
	}
	return w
}

// send takes places until there are none, and counts each mail as the mailer does.
func (w *warming) send(most int) (sent int, why string) {
	w.Helper()
	for sent < most {
		err := w.budget.Take(w.Context(), true)
		if busy, full := errors.AsType[*outbox.Busy](err); full {
			return sent, busy.Why
		}
		if err != nil {
			w.Fatal(err)
		}
		w.count(outbox.CountSent, 1)
		sent++
	}
	return sent, ""
}

func (w *warming) count(name string, n int) {
	w.Helper()
	source := outbox.Source{Name: "health:" + w.clock.Now().UTC().Format(time.DateOnly), Step: "marketing"}
	err := w.Table.Transact(w.Context(), "", outbox.Count(source, "m", w.clock.Now(), outbox.Counters{name: n}))
	if err != nil {
		w.Fatal(err)
	}
}

func TestAWarmUpLimitsTheMarketingMailsOfEachDay(t *testing.T) {
	t.Parallel()
	w := newWarming(t)
	for day, want := range []int{20, 30, 45, 67} {
		if got, why := w.send(500); got != want || why != "warm-up: the day is full" {
			t.Errorf("day %d: %d mails, %q; want %d", day, got, why, want)
		}
		if err := w.budget.Take(t.Context(), false); err != nil {
			t.Errorf("an order mail: %v", err) // is never limited
		}
		w.clock.Advance(24 * time.Hour)
	}
	w.clock.Advance(20 * 24 * time.Hour) // the plan is over
	if got, why := w.send(2_000); got != 2_000 {
		t.Errorf("after the plan: %d mails, %q", got, why)
	}
}

func TestTooManyBouncesStopAWarmUpAndTheNextDayIsNoLarger(t *testing.T) {
	t.Parallel()
	w := newWarming(t)
	w.send(500)
	w.count(outbox.CountBounced, 60) // a count of its own: a share of twenty says little
	w.clock.Advance(11 * time.Minute)
	if got, why := w.send(5); got != 0 || why != "warm-up: too many bounces or complaints in the last day" {
		t.Errorf("after the bounces: %d mails, %q", got, why)
	}
	w.clock.Advance(48 * time.Hour) // nothing was wrong on the day after
	if got, _ := w.send(500); got != 30 {
		t.Errorf("two days later: %d mails, want those of the second day", got)
	}
}

func TestWithoutAPlanNothingIsLimited(t *testing.T) {
	t.Parallel()
	w := newWarming(t)
	w.budget.WarmUp = nil
	if got, why := w.send(200); got != 200 {
		t.Errorf("%d mails, %q", got, why)
	}
}
