package table_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"

	"dangol/infra/testkit/fault"
	"dangol/infra/testkit/localtest"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
)

// countUp adds one to the count of thing 1, optimistically. reads counts the readings.
func countUp(ctx context.Context, tb *table.Table, reads *int) (thing, error) {
	return table.Modify(ctx, func(ctx context.Context, found table.Item) (th thing, err error) {
		if found != nil {
			return th, found.Decode(&th)
		}
		*reads++
		return th, tb.Get(ctx, key(1), &th)
	}, func(ctx context.Context, th thing) (thing, error) {
		read := th.Count
		th.Count++
		err := tb.Put(ctx, table.Put{Item: th, If: "#count = :read", With: map[string]any{":read": read}})
		if found, met := table.Met(err, 0); met {
			return th, table.Stale(err, found)
		}
		return th, err
	})
}

func TestChangesOfOneThingLoseNothingAndReadOnce(t *testing.T) {
	t.Parallel()
	tb := localtest.Table(t, table.Commerce)
	th := a(1)
	th.Count = 0
	put(t, tb, th)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			reads := 0
			if _, err := countUp(t.Context(), tb, &reads); err != nil || reads != 1 {
				t.Errorf("%v after %d readings", err, reads)
			}
		})
	}
	all.Wait()
	if got := get(t, tb, key(1)); got.Count != 20 {
		t.Errorf("20 changes count %d", got.Count)
	}
}

func TestAChangeThatAlwaysMeetsAnotherOneIsBusy(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cause, tries := errors.New("another version"), 0
		_, err := table.Modify(t.Context(), func(context.Context, table.Item) (int, error) { return 0, nil },
			func(context.Context, int) (int, error) { tries++; return 0, table.Stale(cause, nil) })
		if problem.Code(err) != "busy" || !errors.Is(err, cause) || tries < 20 {
			t.Errorf("%v after %d tries", err, tries)
		}
	})
}

func TestModifyPassesErrorsOnAndTriesThemNotAgain(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	read := func(context.Context, table.Item) (int, error) { return 1, nil }
	if got, err := table.Modify(t.Context(), read,
		func(context.Context, int) (int, error) { return 7, broken }); err != broken || got != 7 {
		t.Errorf("change: %d, %v", got, err)
	}
	unreadable := func(context.Context, table.Item) (int, error) { return 0, broken }
	if _, err := table.Modify(t.Context(), unreadable,
		func(context.Context, int) (int, error) { t.Error("changed"); return 0, nil }); err != broken {
		t.Errorf("read: %v", err)
	}
	reads := 0
	tb, _ := inMemory(t, fault.Plan{N: 2, Mode: fault.Conflicts})
	if th, err := countUp(t.Context(), tb, &reads); err != nil || th.Count != 2 || reads != 1 {
		t.Errorf("a write that met a transaction: %+v, %v, %d readings", th, err, reads)
	}
}
