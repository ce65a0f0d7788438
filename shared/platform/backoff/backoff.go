// Package backoff says how long to wait before something is tried again. It is the only place that decides this:
// minutes to days between attempts of a stored task (Schedule), milliseconds between writes that met each other
// (Jitter).
package backoff

import (
	"context"
	"math/rand/v2"
	"time"
)

// Schedule is the waits after the first, second, ... attempt in vain. The last one repeats.
type Schedule []time.Duration

// Provider is the schedule for an outside party that does not answer: minutes, then hours, then daily, as Kill Bill's
// janitor asks payment providers.
var Provider = Schedule{
	time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 6 * time.Hour, 24 * time.Hour,
}

// After returns how long to wait after attempt n failed, counted from 0. A schedule without entries does not wait.
func (s Schedule) After(n int) time.Duration {
	if len(s) == 0 {
		return 0
	}
	return s[min(max(n, 0), len(s)-1)]
}

// maxDoublings bounds the growth of Jitter: 64 times the base.
const maxDoublings = 6

// Jitter returns a random wait below base doubled with every try (the first is 1, at most 6 doublings), so that two who
// met do not meet again ("full jitter" in the AWS Architecture Blog, Exponential Backoff and Jitter).
func Jitter(base time.Duration, try int) time.Duration {
	// rand.N needs a positive bound, which base is in all uses.
	return rand.N(base << min(max(try, 0), maxDoublings))
}

// Sleep waits for d or until ctx ends, whichever comes first. Error: that of ctx.
func Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
