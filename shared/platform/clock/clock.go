// Package clock is where time comes from. Nothing else reads the system clock, so a laptop can move a whole shop
// through a season and a test can stand at the last second of a month.
package clock

import (
	"sync"
	"time"
)

// Clock tells the time, in UTC.
type Clock interface {
	Now() time.Time
}

// System is the machine's own clock.
type System struct{}

// Now returns the machine's time in UTC.
func (System) Now() time.Time { return time.Now().UTC() }

// Movable is a clock that can be set and advanced, never backwards. It either stands still between moves (Stopped) or
// runs on from where it was put (Running). It is safe for use by several goroutines.
type Movable struct {
	mu      sync.Mutex
	at      time.Time // the time shown at since, moves included
	running Clock     // nil when the clock stands still
	since   time.Time // what running showed when the clock was made
}

// Stopped returns a clock that stands at t until it is moved.
func Stopped(t time.Time) *Movable { return &Movable{at: t.UTC()} }

// Running returns a clock that starts at t and goes on with the speed of base.
func Running(t time.Time, base Clock) *Movable {
	return &Movable{at: t.UTC(), running: base, since: base.Now()}
}

// Now returns the time the clock shows.
func (c *Movable) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now()
}

// now is Now for callers that hold the lock.
func (c *Movable) now() time.Time {
	if c.running == nil {
		return c.at
	}
	return c.at.Add(c.running.Now().Sub(c.since))
}

// Advance moves the clock forward by d and returns the time it then shows. A negative d does nothing.
func (c *Movable) Advance(d time.Duration) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if d > 0 {
		c.at = c.at.Add(d)
	}
	return c.now()
}

// MoveTo moves the clock forward to t and reports whether it moved: a time already past is left alone, because what has
// happened cannot be made undone.
func (c *Movable) MoveTo(t time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	gap := t.Sub(c.now())
	if gap <= 0 {
		return false
	}
	c.at = c.at.Add(gap)
	return true
}
