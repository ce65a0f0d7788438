package fault

import (
	"context"
	"fmt"
	"time"
)

// errKilled is what the calls of somebody who was killed answer; nothing of them reaches the outside.
var errKilled = fmt.Errorf("killed: %w", ErrInjected)

// caller is one request or job, as far as its outside calls go.
type caller struct {
	mortal, dead bool
	yield        func(until time.Time) bool // nil: not on a stage
}

type callerKey struct{}

// Mortal makes whoever works under the context somebody who can be killed by a call: each request and each job gets one
// of its own.
func Mortal(ctx context.Context) context.Context {
	return context.WithValue(ctx, callerKey{}, &caller{mortal: true})
}

// callerOf is who calls; somebody of no account where nobody said.
func callerOf(ctx context.Context) *caller {
	if c, ok := ctx.Value(callerKey{}).(*caller); ok {
		return c
	}
	return &caller{}
}

// Killed reports whether whoever works under the context has been killed.
func Killed(ctx context.Context) bool { return callerOf(ctx).dead }

// turn lets the others on the stage go first, until an instant.
func (c *caller) turn(until time.Time) {
	if c.yield != nil && !c.dead && !c.yield(until) {
		c.dead = true
	}
}

// answerWithin is how long anybody waits for an answer; afterwards the call's outcome is not known to them.
const answerWithin = 20 * time.Second

// hang keeps the caller waiting on its stage. What took longer than anybody waits has no answer for them.
func hang[T any](ctx context.Context, i *Injector, who *caller, name string, f failures,
	call func(context.Context) (T, error)) (T, error) {
	var none T
	if who.yield == nil {
		return call(ctx)
	}
	patience, until := i.hangs()
	who.turn(until)
	if who.dead {
		return none, errKilled
	}
	got, err := call(context.WithoutCancel(ctx)) // the time that passes on the stage is not the context's
	if err == nil && patience > answerWithin && !reads[name] {
		return none, f.unanswered
	}
	return got, err
}
