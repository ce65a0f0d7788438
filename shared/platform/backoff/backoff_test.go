package backoff_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"dangol/shared/platform/backoff"
)

func TestScheduleRepeatsItsLastWait(t *testing.T) {
	t.Parallel()
	s := backoff.Schedule{time.Minute, time.Hour}
	for n, want := range map[int]time.Duration{-1: time.Minute, 0: time.Minute, 1: time.Hour, 2: time.Hour,
		900: time.Hour} {
		if got := s.After(n); got != want {
			t.Errorf("after attempt %d: %s, want %s", n, got, want)
		}
	}
	if got := (backoff.Schedule{}).After(3); got != 0 {
		t.Errorf("an empty schedule waits %s", got)
	}
}

func TestProviderScheduleGrowsToADay(t *testing.T) {
	t.Parallel()
	for n := range 10 {
		if backoff.Provider.After(n+1) < backoff.Provider.After(n) {
			t.Errorf("the wait after attempt %d is longer than the one after it", n)
		}
	}
	if got := backoff.Provider.After(10); got != 24*time.Hour {
		t.Errorf("the longest wait is %s", got)
	}
}

func TestJitterStaysBelowItsDoubledBase(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		base := time.Duration(rapid.Int64Range(1, int64(time.Second)).Draw(t, "base"))
		try := rapid.IntRange(-2, 60).Draw(t, "try")
		if got := backoff.Jitter(base, try); got < 0 || got >= base<<min(max(try, 0), 6) {
			t.Fatalf("%s for try %d of %s", got, try, base)
		}
	})
}

func TestSleepEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := backoff.Sleep(ctx, time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
	if err := backoff.Sleep(t.Context(), time.Nanosecond); err != nil {
		t.Errorf("over: %v", err)
	}
}
