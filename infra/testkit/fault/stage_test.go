package fault_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"dangol/infra/testkit/fault"
	"dangol/infra/testkit/memory"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/table"
)

// inMemory is a table whose calls go through the injector.
func inMemory(in *fault.Injector) *table.Table {
	return table.New(in.DB(memory.New(table.Commerce)), "any", nil)
}

var add = table.Update{Key: key, Do: "ADD #n :one", With: map[string]any{":one": 1}}

func counted(t *testing.T, in *fault.Injector, tb *table.Table) int {
	t.Helper()
	in.Stop()
	var got item
	if err := tb.Get(t.Context(), key, &got); err != nil && !errors.Is(err, table.ErrNotFound) {
		t.Fatal(err)
	}
	return got.N
}

func TestALateCallArrivesAfterItsCallerGaveUp(t *testing.T) {
	t.Parallel()
	in := fault.New(fault.Plan{N: 1, Mode: fault.Late})
	tb := inMemory(in)
	if _, err := tb.Update(t.Context(), add); !errors.Is(err, fault.ErrInjected) {
		t.Fatalf("the first call answered %v", err)
	}
	seen := []int{}
	for range 3 {
		var got item
		_ = tb.Get(t.Context(), key, &got)
		seen = append(seen, got.N)
	}
	if fmt.Sprint(seen) != "[0 1 1]" {
		t.Errorf("looks after the call found %v", seen)
	}
}

func TestALateCallArrivesAtTheLatestWhenTheFaultsEnd(t *testing.T) {
	t.Parallel()
	in := fault.New(fault.Plan{N: 1, Mode: fault.Late})
	tb := inMemory(in)
	_, _ = tb.Update(t.Context(), add)
	if n := counted(t, in, tb); n != 1 {
		t.Errorf("it took effect %d times", n)
	}
}

func TestNothingOfAKilledCallerReachesTheOutside(t *testing.T) {
	t.Parallel()
	in := fault.New(fault.Plan{N: 2, Mode: fault.Kills})
	tb, ctx := inMemory(in), fault.Mortal(t.Context())
	var errs []string
	for range 4 {
		_, err := tb.Update(context.WithoutCancel(ctx), add)
		errs = append(errs, fmt.Sprint(err != nil))
	}
	if _, err := tb.Update(fault.Mortal(t.Context()), add); err != nil {
		t.Errorf("another caller: %v", err)
	}
	if n := counted(t, in, tb); n != 3 || strings.Join(errs, " ") != "false true true true" {
		t.Errorf("it took effect %d times; errors %v", n, errs)
	}
}

// play lets three callers add on a stage and tells in which order they came.
func play(t *testing.T, seed uint64, odds fault.Odds) (story []string, n int) {
	t.Helper()
	at := clock.Stopped(time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC))
	in := fault.Random(rand.New(rand.NewPCG(seed, 1)), odds, at)
	tb, stage := inMemory(in), fault.NewStage(at, rand.New(rand.NewPCG(seed, 2)))
	defer stage.Close()
	for who := range 3 {
		stage.Enter(t.Context(), func(ctx context.Context) {
			for call := range 4 {
				_, err := tb.Update(ctx, add)
				story = append(story, fmt.Sprint(who, ".", call, " ", err == nil))
			}
		})
	}
	for {
		for stage.Step() {
		}
		next, more := stage.Wakes()
		if !more {
			return story, counted(t, in, tb)
		}
		at.MoveTo(next)
	}
}

func TestTheSameDiceGiveTheSameStory(t *testing.T) {
	t.Parallel()
	orders := map[string]bool{}
	for seed := range uint64(20) {
		first, n := play(t, seed, fault.Even(4))
		again, m := play(t, seed, fault.Even(4))
		if fmt.Sprint(first, n) != fmt.Sprint(again, m) {
			t.Fatalf("seed %d: %v (%d), then %v (%d)", seed, first, n, again, m)
		}
		orders[fmt.Sprint(first)] = true
	}
	if len(orders) < 15 {
		t.Errorf("20 seeds gave %d stories", len(orders))
	}
}

func TestWhoHangsLetsTheOthersGoOn(t *testing.T) {
	t.Parallel()
	story, n := play(t, 3, fault.Odds{fault.Hangs: 0.2})
	if n != 12 || len(story) != 12 {
		t.Errorf("%d calls took effect, %v", n, story)
	}
}

func TestRandomFaultsAreCounted(t *testing.T) {
	t.Parallel()
	in := fault.Random(rand.New(rand.NewPCG(1, 1)), fault.Even(20), clock.Stopped(time.Time{}))
	tb := inMemory(in)
	for range 1000 {
		_, _ = tb.Update(t.Context(), add)
	}
	calls, faults := in.Count()
	if calls < 1000 || len(faults) != 8 {
		t.Errorf("%d calls, %v", calls, faults)
	}
	for mode, n := range faults {
		if n < 20 || n > 100 {
			t.Errorf("one call in 20 of 1000 %s: %d", mode, n)
		}
	}
}
