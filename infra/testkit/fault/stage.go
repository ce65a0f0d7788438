package fault

import (
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"time"

	"dangol/shared/platform/clock"
)

// Stage lets callers run at once, and yet the same way for the same dice: one of them runs at a time, and before each
// of its outside calls another one may go on. A call that hangs keeps its caller off the stage for a while. Callers
// must make their calls from the goroutine they were started in.
type Stage struct {
	at    clock.Clock
	dice  *rand.Rand
	ready []*actor
	away  []*actor // whose call hangs
}

// actor is a caller under way.
type actor struct {
	next func() (until time.Time, more bool)
	stop func()
	back time.Time
}

// NewStage returns an empty stage.
func NewStage(at clock.Clock, dice *rand.Rand) *Stage { return &Stage{at: at, dice: dice} }

// Enter adds a mortal caller. It does nothing before Step.
func (s *Stage) Enter(ctx context.Context, do func(context.Context)) {
	a := &actor{}
	a.next, a.stop = iter.Pull(func(yield func(time.Time) bool) {
		defer func() {
			if r := recover(); r != nil { // the stack of whoever steps says nothing
				panic(fmt.Sprintf("%v\n%s", r, debug.Stack()))
			}
		}()
		do(context.WithValue(ctx, callerKey{}, &caller{mortal: true, yield: yield}))
	})
	s.ready = append(s.ready, a)
}

// Awake is how many callers are on the stage and do not hang.
func (s *Stage) Awake() int {
	now := s.at.Now()
	s.away = slices.DeleteFunc(s.away, func(a *actor) bool {
		back := !a.back.After(now)
		if back {
			s.ready = append(s.ready, a)
		}
		return back
	})
	return len(s.ready)
}

// Step lets one caller go on until its next outside call. It returns false when all are done or hang.
func (s *Stage) Step() bool {
	if s.Awake() == 0 {
		return false
	}
	n := s.dice.IntN(len(s.ready))
	a := s.ready[n]
	until, more := a.next()
	switch {
	case !more:
		s.ready = slices.Delete(s.ready, n, n+1)
	case until.After(s.at.Now()):
		a.back = until
		s.ready, s.away = slices.Delete(s.ready, n, n+1), append(s.away, a)
	}
	return true
}

// Wakes is when the next hanging caller goes on; ok is false when none hangs.
func (s *Stage) Wakes() (at time.Time, ok bool) {
	for _, a := range s.away {
		if !ok || a.back.Before(at) {
			at, ok = a.back, true
		}
	}
	return at, ok
}

// Close kills whoever is left.
func (s *Stage) Close() {
	for _, a := range slices.Concat(s.ready, s.away) {
		a.stop()
	}
	s.ready, s.away = nil, nil
}
