package fault

import (
	"math/rand/v2"
	"time"

	"dangol/shared/platform/clock"
)

// Odds say how often a call goes wrong, by the way in which it does: 0.01 is one call in a hundred.
type Odds map[Mode]float64

// every is all the ways there are, in the order in which dice are thrown for them.
var every = []Mode{Fails, Throttled, Conflicts, Unanswered, Twice, Late, Kills, Hangs}

// Even are odds of one call in n for each way.
func Even(n int) Odds {
	odds := Odds{}
	for _, mode := range every {
		odds[mode] = 1 / float64(n)
	}
	return odds
}

const (
	longestHang = 3 * time.Minute // three times the lease of a worker
	latestCall  = 12              // calls that may come before a late one
)

// Random returns an injector that throws dice for every call. It keeps no list of the calls. at is what hanging calls
// look at.
func Random(dice *rand.Rand, odds Odds, at clock.Clock) *Injector {
	i := &Injector{faults: map[Mode]int{}}
	i.plan = func(_ int, name string) Mode {
		mode, x := None, dice.Float64()
		for _, m := range every {
			if x -= odds[m]; x < 0 {
				mode = m
				break
			}
		}
		switch {
		case reads[name] && (mode == Unanswered || mode == Twice || mode == Late):
			return Fails
		case mode == Conflicts && !conflicting[name]:
			return Throttled
		}
		return mode
	}
	i.delay = func() int { return 1 + dice.IntN(latestCall) }
	i.hangs = func() (time.Duration, time.Time) {
		i.mu.Lock()
		defer i.mu.Unlock()
		patience := time.Duration(1 + dice.Int64N(int64(longestHang)))
		return patience, at.Now().Add(patience)
	}
	return i
}
