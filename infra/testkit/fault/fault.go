// Package fault makes outside calls go wrong on purpose: the n-th call to the database or the payment provider fails,
// is throttled, meets a transaction, is refused as invalid, takes effect without an answer, happens twice, takes effect
// late, or kills its caller. Campaign does this for every n and every way, so that a test shows what becomes of money,
// stock and orders whatever breaks, and wherever. Random does it to any call, by chance, for long lives of many; with a
// Stage the callers meet in every order, and the same seed gives the same run.
package fault

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"math"
	"slices"
	"sync"
	"testing"
	"time"
)

// Mode is how a call goes wrong.
type Mode string

// The modes. Unanswered and Twice are the ones that break software: the effect is there and the caller does not know,
// or is told of a refusal that its own first call has caused.
const (
	None  Mode = "none"
	Fails Mode = "fails before it takes effect"
	// Throttled is a call that was turned away untouched because of load; the same call succeeds later.
	Throttled Mode = "is throttled"
	// Conflicts is a write to an item that is part of a running transaction. To the payment provider it is Throttled.
	Conflicts Mode = "meets a transaction"
	// Refused is a call that can never succeed: a ValidationException of DynamoDB, an invalid request at the provider.
	// With Plan.Times it stays refused.
	Refused    Mode = "is refused as invalid"
	Unanswered Mode = "takes effect and its answer is lost"
	Twice      Mode = "happens twice"
	// Late is a call that its caller has given up and that arrives all the same, after some others.
	Late Mode = "takes effect after its caller gave up"
	// Kills is the end of a Mortal caller, right after the call took effect: nothing it does afterwards reaches the
	// outside. To a caller that is not mortal it is Unanswered.
	Kills Mode = "takes effect and its caller is killed"
	// Hangs keeps a caller on a Stage waiting for some time, also longer than its lease, while the others go on. Then the
	// call takes effect. Elsewhere it is None.
	Hangs Mode = "hangs and takes effect in the end"
)

// Modes are the ways in which a call can go wrong that every campaign plays, Conflicts for writes to the database.
// Deadly are those that need Mortal callers.
var (
	Modes  = []Mode{Fails, Throttled, Conflicts, Unanswered, Twice}
	Deadly = []Mode{Late, Kills}
)

// ErrInjected is behind every failure made here.
var ErrInjected = errors.New("injected fault")

// Plan says which call goes wrong. N counts from 1 over all calls that go through the injector; 0 is none. Times is how
// many calls from N on go wrong, one when it is 0. Every makes each so-manieth call go wrong, one mode after the other:
// for crowds, in which it is chance whose call that is.
type Plan struct {
	N     int
	Times int
	Mode  Mode
	Every int
}

// Forever is the Times of a plan that has no end.
const Forever = math.MaxInt32

func (p Plan) String() string { return fmt.Sprintf("call %d %s", p.N, p.Mode) }

// Injector counts calls and makes the planned ones go wrong. It is safe for concurrent use.
type Injector struct {
	plan   func(n int, name string) Mode
	delay  func() int                        // after how many calls a late one arrives
	hangs  func() (time.Duration, time.Time) // how long a call hangs, and until when
	mu     sync.Mutex
	log    []string
	calls  int
	faults map[Mode]int
	late   []late
	over   bool
}

// late is a call on its way whose caller has given up.
type late struct {
	after int // number of the call before which it arrives
	call  func()
}

// lateBy is after how many calls a late one arrives in a Campaign: the caller's next look finds nothing, and what it
// does then meets the call.
const lateBy = 2

// New returns an injector for the plan.
func New(p Plan) *Injector {
	return &Injector{faults: map[Mode]int{}, log: []string{}, delay: func() int { return lateBy }, plan: p.mode}
}

func (p Plan) mode(n int, _ string) Mode {
	switch {
	case p.N > 0 && n >= p.N && n < p.N+max(p.Times, 1):
		return p.Mode
	case p.Every > 0 && n%p.Every == 0:
		return Modes[n/p.Every%len(Modes)]
	}
	return None
}

// Restart forgets the calls so far and goes on by another plan.
func (i *Injector) Restart(p Plan) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.plan, i.calls, i.over = p.mode, 0, false
	i.log = []string{}
	clear(i.faults)
}

// Calls lists the calls so far, by name. An injector made by Random keeps no list.
func (i *Injector) Calls() []string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return append([]string(nil), i.log...)
}

// Count is how many calls there were, and how many went wrong in each way.
func (i *Injector) Count() (calls int, faults map[Mode]int) {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.calls, maps.Clone(i.faults)
}

// Stop ends the faults and the counting: what follows only looks. Late calls arrive.
func (i *Injector) Stop() {
	i.mu.Lock()
	i.over = true
	i.mu.Unlock()
	i.arrive()
}

// Pause lets calls through, uncounted, until the returned function is called: for setting up what the faults are to
// meet.
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
	i.calls++
	if i.log != nil {
		i.log = append(i.log, name)
	}
	mode := i.plan(i.calls, name)
	if mode != None {
		i.faults[mode]++
	}
	return mode
}

// send puts a call on its way for which nobody waits.
func (i *Injector) send(call func()) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.late = append(i.late, late{i.calls + i.delay(), call})
}

// arrive lets the late calls happen whose time has come; all of them when the faults are over.
func (i *Injector) arrive() {
	i.mu.Lock()
	var ripe, rest []late
	for _, l := range i.late {
		if i.over || l.after <= i.calls {
			ripe = append(ripe, l)
		} else {
			rest = append(rest, l)
		}
	}
	i.late = rest
	i.mu.Unlock()
	for _, l := range ripe {
		l.call()
	}
}

// failures are the errors of one kind of call, by how it goes wrong.
type failures struct{ fails, throttled, conflicts, refused, unanswered error }

// through lets one call happen as planned.
func through[T any](ctx context.Context, i *Injector, name string, f failures,
	call func(context.Context) (T, error)) (T, error) {
	var none T
	who := callerOf(ctx)
	who.turn(time.Time{})
	if who.dead {
		return none, errKilled
	}
	mode := i.next(name)
	i.arrive()
	switch mode {
	case Fails:
		return none, f.fails
	case Throttled:
		return none, f.throttled
	case Conflicts:
		return none, f.conflicts
	case Refused:
		return none, f.refused
	case Late:
		i.send(func() { _, _ = call(context.WithoutCancel(ctx)) })
		return none, f.unanswered
	case Unanswered, Kills:
		got, err := call(ctx)
		who.dead = mode == Kills && who.mortal
		if err != nil {
			return got, err
		}
		return none, f.unanswered
	case Twice:
		_, _ = call(ctx) // the client sees the second answer only
		return call(ctx)
	case Hangs:
		return hang(ctx, i, who, name, f, call)
	default:
		return call(ctx)
	}
}

// Scenario is one system under test, fresh for every plan.
type Scenario interface {
	// Run does the work with faults, as its clients would, who try again when they get no clear answer.
	Run(ctx context.Context)
	// RunUntilIdle lets everything happen that is due, until nothing is.
	RunUntilIdle(ctx context.Context)
	// Check fails the test unless money, stock and orders agree.
	Check(t testing.TB)
}

// reads are calls without an effect that could be lost or made twice: to their caller those modes look like Fails and
// None.
var reads = map[string]bool{"GetItem": true, "BatchGetItem": true, "Query": true, "Lookup": true, "LookupRefund": true,
	"Get": true}

// conflicting are the writes to the database, which alone can meet a transaction.
var conflicting = map[string]bool{"PutItem": true, "UpdateItem": true, "DeleteItem": true, "TransactWriteItems": true}

// Writes reports whether a call of that name has an effect on the database.
func Writes(call string) bool { return conflicting[call] || call == "BatchWriteItem" }

// ModesOf are the ways in which a call of that name can go wrong: Modes as far as they fit, and more.
func ModesOf(call string, more ...Mode) []Mode {
	if reads[call] {
		return []Mode{Fails, Throttled}
	}
	return slices.DeleteFunc(slices.Concat(Modes, more), func(m Mode) bool { return m == Conflicts && !conflicting[call] })
}

// Campaign runs the work once without faults to count its calls, and then once for every call and mode: Modes and what
// is named besides. fresh makes a shop whose outside calls go through the injector.
func Campaign(t *testing.T, fresh func(testing.TB, *Injector) Scenario, more ...Mode) {
	t.Helper()
	Sample(t, 1, fresh, more...)
}

// Sample is Campaign for one in every of the calls and modes, others for each test name.
func Sample(t *testing.T, every int, fresh func(testing.TB, *Injector) Scenario, more ...Mode) {
	t.Helper()
	run := func(t testing.TB, p Plan) []string {
		in := New(p)
		shop := fresh(t, in)
		shop.Run(t.Context())
		shop.RunUntilIdle(t.Context())
		in.Stop()
		shop.Check(t)
		return in.Calls()
	}
	calls := run(t, Plan{Mode: None})
	if len(calls) == 0 {
		t.Fatal("no call went through the injector")
	}
	turn := crc32.ChecksumIEEE([]byte(t.Name()))
	for n, name := range calls {
		for _, mode := range ModesOf(name, more...) {
			if turn++; turn%uint32(every) != 0 {
				continue
			}
			plan := Plan{N: n + 1, Mode: mode}
			t.Run(fmt.Sprintf("call %d, %s, %s", plan.N, name, mode), func(t *testing.T) {
				t.Parallel()
				run(t, plan)
			})
		}
	}
}
