// Package fault makes outside calls go wrong on purpose: the n-th call to the database or the payment provider fails, takes
// effect without an answer, is throttled, or happens twice. Campaign does this for every n and every way, so that a test
// shows what becomes of money, stock and orders whatever breaks, and wherever.
package fault

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
)

// Mode is how a call goes wrong.
type Mode string

// The modes. Lost and Twice are the ones that break software: the effect is there and the caller does not know, or is told
// of a refusal that its own first call has caused.
const (
	None      Mode = "none"
	Before    Mode = "fails before it takes effect"
	Lost      Mode = "takes effect and its answer is lost"
	Throttled Mode = "is throttled"
	Twice     Mode = "happens twice"
)

// Modes are the ways in which a call can go wrong.
var Modes = []Mode{Before, Lost, Throttled, Twice}

// ErrInjected is behind every failure made here.
var ErrInjected = errors.New("injected fault")

// Plan says which call goes wrong. N counts from 1 over all calls that go through the injector; 0 is none. Every makes each
// so-manieth call go wrong, one mode after the other: for crowds, in which it is chance whose call that is.
type Plan struct {
	N     int
	Mode  Mode
	Every int
}

func (p Plan) String() string { return fmt.Sprintf("call %d %s", p.N, p.Mode) }

// Injector counts calls and makes the planned one go wrong. It is safe for concurrent use.
type Injector struct {
	plan Plan
	mu   sync.Mutex
	log  []string
	over bool
}

// New returns an injector for the plan.
func New(p Plan) *Injector { return &Injector{plan: p} }

// Calls lists the calls so far, by name.
func (i *Injector) Calls() []string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return append([]string(nil), i.log...)
}

// Stop ends the faults and the counting: what follows only looks.
func (i *Injector) Stop() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.over = true
}

// Pause lets calls through, uncounted, until the returned function is called: for setting up what the faults are to meet.
func (i *Injector) Pause() (resume func()) {
	i.Stop()
	return func() {
		i.mu.Lock()
		defer i.mu.Unlock()
		i.over = false
	}
}

// next counts a call and says how it is to go.
func (i *Injector) next(name string) Mode {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.over {
		return None
	}
	i.log = append(i.log, name)
	if len(i.log) == i.plan.N {
		return i.plan.Mode
	}
	if every := i.plan.Every; every > 0 && len(i.log)%every == 0 {
		return Modes[len(i.log)/every%len(Modes)]
	}
	return None
}

// through lets one call happen as planned. before and throttled are the errors of a call without effect, lost is that of an
// answer that did not come.
func through[T any](i *Injector, name string, before, throttled, lost error, call func() (T, error)) (T, error) {
	var none T
	switch i.next(name) {
	case Before:
		return none, before
	case Throttled:
		return none, throttled
	case Lost:
		if got, err := call(); err != nil {
			return got, err
		}
		return none, lost
	case Twice:
		_, _ = call() // the client sees the second answer only
		return call()
	default:
		return call()
	}
}

// World is one system under test, fresh for every plan.
type World interface {
	// Run does the work with faults, as its clients would, who try again when they get no clear answer.
	Run(ctx context.Context)
	// Rest lets everything happen that is due, until nothing is.
	Rest(ctx context.Context)
	// Check fails the test unless money, stock and orders agree.
	Check(t testing.TB)
}

// reads are calls without an effect that could be lost or made twice: to their caller those modes look like Before and
// None.
var reads = map[string]bool{"GetItem": true, "BatchGetItem": true, "Query": true, "Lookup": true, "LookupRefund": true, "Get": true}

func modesOf(call string) []Mode {
	if reads[call] {
		return []Mode{Before, Throttled}
	}
	return Modes
}

// Campaign runs the work once without faults to count its calls, and then once for every call and mode. fresh makes a world
// whose outside calls go through the injector.
func Campaign(t *testing.T, fresh func(testing.TB, *Injector) World) {
	t.Helper()
	run := func(t testing.TB, p Plan) []string {
		in := New(p)
		world := fresh(t, in)
		world.Run(t.Context())
		world.Rest(t.Context())
		in.Stop()
		world.Check(t)
		return in.Calls()
	}
	calls := run(t, Plan{Mode: None})
	if len(calls) == 0 {
		t.Fatal("no call went through the injector")
	}
	for n, name := range calls {
		for _, mode := range modesOf(name) {
			plan := Plan{N: n + 1, Mode: mode}
			t.Run(fmt.Sprintf("call %d, %s, %s", plan.N, name, mode), func(t *testing.T) {
				t.Parallel()
				run(t, plan)
			})
		}
	}
}
