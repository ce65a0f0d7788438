package task_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"dangol/infra/testkit/localtest"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/due"
	"dangol/shared/platform/metrics"
	"dangol/shared/platform/table"
	"dangol/shared/platform/task"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

type letter struct {
	To string `json:"to"`
}

// effect is what the tests record with outcomes.
type effect struct {
	table.Key
	What string `dynamodbav:"what"`
}

func effectKey(what string) table.Key { return table.Key{PK: "EFFECT#" + what, SK: "EFFECT"} }

func effectOf(what string) table.Put {
	return table.Put{Item: effect{effectKey(what), what}, If: table.IfNew}
}

func recorded(what string) task.Outcome {
	return task.Outcome{Record: func(context.Context) ([]table.Write, error) { return []table.Write{effectOf(what)}, nil }}
}

// fixture is a kind with an outside that answers what the test says, and counts the calls.
type fixture struct {
	t           *testing.T
	clock       *clock.Movable
	table       *table.Table
	kind        task.Kind[letter]
	out         bytes.Buffer
	did, asked  int
	do, ask     error // what Do and Ask answer
	abandonedBy error
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{t: t, clock: clock.Stopped(noon), table: localtest.Table(t, table.Commerce)}
	f.kind = task.Kind[letter]{
		Engine: task.Engine{
			Table: f.table, Clock: f.clock, Log: slog.New(slog.DiscardHandler), Metrics: metrics.New(&f.out, f.clock, nil),
		},
		Name: "letter", Delivery: task.AtLeastOnce,
		Do: func(context.Context, *task.Task[letter]) (task.Outcome, error) {
			f.did++
			return recorded("sent"), f.do
		},
		Abandon: func(_ context.Context, _ *task.Task[letter], cause error) ([]table.Write, error) {
			f.abandonedBy = cause
			return []table.Write{effectOf("compensated")}, nil
		},
	}
	return f
}

// canAsk lets the outside be asked.
func (f *fixture) canAsk() *fixture {
	f.kind.Ask = func(context.Context, *task.Task[letter]) (task.Outcome, error) {
		f.asked++
		return recorded("sent"), f.ask
	}
	return f
}

func (f *fixture) store(t *task.Task[letter]) *fixture {
	f.t.Helper()
	if err := f.table.Put(f.t.Context(), table.Put{Item: t, If: table.IfNew}); err != nil {
		f.t.Fatal(err)
	}
	return f
}

func (f *fixture) fresh() *fixture {
	f.t.Helper()
	return f.store(task.New("letter", "1", letter{To: "mina"}, noon, noon))
}

func (f *fixture) work() {
	f.t.Helper()
	if err := f.kind.Work(f.t.Context(), due.Job{Kind: "letter", Key: task.KeyOf("letter", "1")}); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) task() *task.Task[letter] {
	f.t.Helper()
	got, err := f.kind.Get(f.t.Context(), "1")
	if err != nil {
		f.t.Fatal(err)
	}
	return got
}

func (f *fixture) want(state task.State, did, asked int) {
	f.t.Helper()
	if got := f.task(); got.State != state || f.did != did || f.asked != asked {
		f.t.Errorf("%s after %d attempts and %d questions, want %s after %d and %d", got.State, f.did, f.asked, state, did,
			asked)
	}
}

func (f *fixture) has(what string, want bool) {
	f.t.Helper()
	var e effect
	err := f.table.Get(f.t.Context(), effectKey(what), &e)
	if has := err == nil; has != want || !has && !errors.Is(err, table.ErrNotFound) {
		f.t.Errorf("%q recorded: %t, want %t (%v)", what, has, want, err)
	}
}

func TestATaskIsStoredWithAllItsFields(t *testing.T) {
	t.Parallel()
	localtest.ComesBack[task.Task[letter]](t)
}

func TestATaskDoneAtOnceIsRecordedWithItsEffect(t *testing.T) {
	t.Parallel()
	f := newFixture(t).fresh()
	f.work()
	f.want(task.Done, 1, 0)
	f.has("sent", true)
	if got := f.task(); got.Shard != "" || got.TTL == 0 || got.Payload.Value.To != "mina" {
		t.Errorf("still due, or kept for ever: %+v", got)
	}
	f.work()
	f.want(task.Done, 1, 0)
}

func TestTwoWorkersMakeOneAttempt(t *testing.T) {
	t.Parallel()
	f := newFixture(t).fresh()
	var all sync.WaitGroup
	for range 6 {
		all.Go(f.work)
	}
	all.Wait()
	f.want(task.Done, 1, 0)
}

func TestAnUnansweredAttemptIsAskedAboutBeforeItIsMadeAgain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		ask   error
		state task.State
		did   int
	}{
		"it took effect":              {nil, task.Done, 1},
		"it did not: it is made":      {task.ErrNotSeen, task.Done, 2},
		"nobody knows yet: it waits":  {task.ErrUnknown, task.Pending, 1},
		"the provider is unavailable": {task.ErrLater, task.Pending, 1},
	} {
		f := newFixture(t).canAsk().fresh()
		f.do = errors.New("connection reset")
		f.work()
		f.want(task.Pending, 1, 0)
		f.do, f.ask = nil, c.ask
		f.clock.Advance(time.Hour)
		f.work()
		if got := f.task(); got.State != c.state || f.did != c.did || f.asked != 1 {
			t.Errorf("%s: %s after %d attempts", name, got.State, f.did)
		}
	}
}

func TestAnAttemptThatDidNotHappenIsNotAskedAbout(t *testing.T) {
	t.Parallel()
	f := newFixture(t).canAsk().fresh()
	f.do = task.ErrLater
	f.work()
	f.do = nil
	f.clock.Advance(time.Hour)
	f.work()
	f.want(task.Done, 2, 0)
}

func TestAtMostOnceIsNeverTriedAgainWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	f := newFixture(t).fresh()
	f.kind.Delivery = task.AtMostOnce
	f.do = errors.New("connection reset")
	f.work()
	f.want(task.Abandoned, 1, 0)
	f.has("compensated", true)
	if !errors.Is(f.abandonedBy, task.ErrUnknown) {
		t.Errorf("abandoned by %v", f.abandonedBy)
	}
}

func TestAtMostOnceIsTriedAgainWhenNothingHappened(t *testing.T) {
	t.Parallel()
	f := newFixture(t).fresh()
	f.kind.Delivery = task.AtMostOnce
	f.do = task.ErrLater
	f.work()
	f.do = nil
	f.clock.Advance(time.Hour)
	f.work()
	f.want(task.Done, 2, 0)
}

func TestAWorkerThatDiedAfterTheAttemptLeavesItUnanswered(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		delivery task.Delivery
		state    task.State
		did      int
	}{
		"at least once is made again":   {task.AtLeastOnce, task.Done, 1},
		"at most once is not made more": {task.AtMostOnce, task.Abandoned, 0},
	} {
		f := newFixture(t).store(task.Begun("letter", "1", letter{}, noon)) // and whoever stored it died
		f.kind.Delivery = c.delivery
		f.work()
		f.want(task.Pending, 0, 0) // the lease runs
		f.clock.Advance(task.Lease)
		f.work()
		if got := f.task(); got.State != c.state || f.did != c.did {
			t.Errorf("%s: %s after %d attempts", name, got.State, f.did)
		}
	}
}

func TestRunMakesTheFirstAttemptOfATaskStoredAsBegun(t *testing.T) {
	t.Parallel()
	f := newFixture(t).canAsk()
	begun := task.Begun("letter", "1", letter{}, noon)
	f.store(begun)
	if err := f.kind.Run(t.Context(), begun); err != nil {
		t.Fatal(err)
	}
	f.want(task.Done, 1, 0)
}

func TestRunLeavesWhatFailsDue(t *testing.T) {
	t.Parallel()
	f := newFixture(t).canAsk()
	f.do = errors.New("connection reset")
	begun := task.Begun("letter", "1", letter{}, noon)
	f.store(begun)
	if err := f.kind.Run(t.Context(), begun); err != nil {
		t.Fatal(err)
	}
	if got := f.task(); got.State != task.Pending || got.At != noon.Add(time.Minute).UnixMilli() || !got.Unanswered {
		t.Errorf("%+v", got)
	}
}

func TestWaitsGrow(t *testing.T) {
	t.Parallel()
	f := newFixture(t).fresh()
	f.do = task.ErrLater
	for _, wait := range []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour} {
		f.work()
		got := f.task()
		if until := time.UnixMilli(got.At).Sub(f.clock.Now()); until != wait {
			t.Errorf("attempt %d: next in %s, want %s", got.Attempts, until, wait)
		}
		f.clock.Advance(wait)
	}
}

func TestWhatCanNeverSucceedIsCompensatedAndRingsTheAlarm(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]func(*fixture){
		"refused for good":  func(f *fixture) { f.do = task.Permanent(errors.New("no such address")) },
		"too many attempts": func(f *fixture) { f.do, f.kind.MaxAttempts = task.ErrLater, 3 },
		"too late":          func(f *fixture) { f.do, f.kind.GiveUpAfter = task.ErrLater, time.Hour },
	} {
		f := newFixture(t).fresh()
		set(f)
		for range 6 {
			f.work()
			f.clock.Advance(24 * time.Hour)
		}
		if got := f.task(); got.State != task.Abandoned || got.Reason == "" || got.Shard != "" {
			t.Errorf("%s: %+v", name, got)
		}
		f.has("compensated", true)
		f.has("sent", false)
		if n := strings.Count(f.out.String(), task.MetricAbandoned+`":1`); n != 1 {
			t.Errorf("%s: the alarm rang %d times: %s", name, n, f.out.String())
		}
	}
}

func TestAnOutcomeThatCanNeverBeRecordedIsCompensated(t *testing.T) {
	t.Parallel()
	f := newFixture(t).fresh()
	f.kind.Do = func(context.Context, *task.Task[letter]) (task.Outcome, error) {
		return recorded(strings.Repeat("x", 500_000)), nil
	}
	f.work()
	if got := f.task(); got.State != task.Abandoned || !errors.Is(f.abandonedBy, task.ErrUnrecorded) {
		t.Errorf("%s because of %v", got.State, f.abandonedBy)
	}
	f.has("compensated", true)
}

func TestACompensationThatFailsForEverCallsAPersonAndStaysDue(t *testing.T) {
	t.Parallel()
	f := newFixture(t).fresh()
	f.do = task.Permanent(errors.New("no such address"))
	f.kind.Abandon = func(context.Context, *task.Task[letter], error) ([]table.Write, error) {
		return []table.Write{effectOf(strings.Repeat("x", 500_000))}, nil
	}
	f.work()
	if got := f.task(); got.State != task.Pending || got.Shard == "" {
		t.Errorf("%+v", got)
	}
	if !strings.Contains(f.out.String(), task.MetricStuck) {
		t.Errorf("nobody is called: %s", f.out.String())
	}
}

func TestWritesWhoseConditionFailedAreAskedForAgain(t *testing.T) {
	t.Parallel()
	f := newFixture(t).fresh()
	if err := f.table.Put(t.Context(), effectOf("sent")); err != nil {
		t.Fatal(err)
	}
	f.kind.Do = func(context.Context, *task.Task[letter]) (task.Outcome, error) {
		names := []string{"sent", "sent too"}
		return task.Outcome{Record: func(context.Context) ([]table.Write, error) {
			f.did++
			return []table.Write{effectOf(names[min(f.did-1, 1)])}, nil
		}}, nil
	}
	f.work()
	f.want(task.Done, 2, 0)
	f.has("sent too", true)
}

func TestAnOutcomeThatIsStillToComeIsAskedAboutAtItsTime(t *testing.T) {
	t.Parallel()
	f := newFixture(t).canAsk().fresh()
	f.kind.Do = func(context.Context, *task.Task[letter]) (task.Outcome, error) {
		f.did++
		return task.Outcome{Again: noon.Add(3 * time.Hour)}, nil
	}
	f.work()
	f.want(task.Pending, 1, 0)
	if got := f.task(); got.At != noon.Add(3*time.Hour).UnixMilli() {
		t.Errorf("due %v", time.UnixMilli(got.At).UTC())
	}
	f.clock.Advance(3 * time.Hour)
	f.work()
	f.want(task.Done, 1, 1)
}

func TestAJobOfAnotherKindIsAnError(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	if err := f.kind.Work(t.Context(), due.Job{Kind: "parcel", Key: task.KeyOf("parcel", "1")}); err == nil {
		t.Error("accepted")
	}
	f.work() // one that is gone needs nothing
}
