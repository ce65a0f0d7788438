package sweeper_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"dangol/functions/sweeper"
	"dangol/infra/testkit/fault"
	"dangol/shared/platform/boot"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/due"
	"dangol/shared/platform/logging"
	"dangol/shared/platform/table"
)

func TestDueJobsGoToTheQueueOfTheirKind(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	holds := b.put("hold", 0, 25, noon.Add(-90*time.Second))
	reminders := b.put("remind", 100, 3, noon)
	b.put("hold", 200, 2, noon.Add(time.Millisecond))
	b.put("other", 300, 1, noon.Add(-time.Hour))
	report := b.sweep()
	b.want(queueOf("hold"), holds)
	b.want(queueOf("remind"), reminders)
	if got := report["hold"]; got != (sweeper.Tally{HandedOut: 25, LagMillis: 90_000}) {
		t.Errorf("hold: %+v", got)
	}
	if slices.Max(b.queue.sizes) > 10 || len(b.queue.sizes) > 12 {
		t.Errorf("sent in calls of %v", b.queue.sizes)
	}
	b.clock.Advance(time.Millisecond)
	b.sweep()
	b.want(queueOf("hold"), []string{"JOB#200", "JOB#201"})
}

func TestAJobIsHandedOutOncePerLease(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	keys := b.put("hold", 0, 12, noon)
	var sweeps sync.WaitGroup
	for range 4 {
		sweeps.Go(func() { b.sweep() })
	}
	sweeps.Wait()
	b.want(queueOf("hold"), keys)
	b.clock.Advance(due.Lease - time.Millisecond)
	b.sweep()
	b.want(queueOf("hold"), nil)
	b.finish(keys[0])
	b.clock.Advance(time.Millisecond)
	b.sweep()
	b.want(queueOf("hold"), keys[1:])
}

func TestJobThatMovedSinceTheIndexWasReadIsLeftAlone(t *testing.T) {
	t.Parallel()
	moving := &meanwhile{}
	b := newBench(t, func(db table.DB) table.DB { moving.DB = db; return moving })
	b.put("hold", 0, 2, noon)
	later := noon.Add(time.Hour)
	moving.do = func() {
		key := keyOf(0)
		if err := b.table.Put(t.Context(), table.Put{Item: item{Key: key, Due: due.On("hold", key.PK, later)}}); err != nil {
			t.Error(err)
		}
	}
	b.sweep()
	b.want(queueOf("hold"), []string{"JOB#1"})
	if got := b.get(0); got.At != later.UnixMilli() || got.Tries != 0 {
		t.Errorf("the moved job is %+v", got)
	}
}

// meanwhile does something once, after the index was read and before the first claim.
type meanwhile struct {
	table.DB
	once sync.Once
	do   func()
}

func (m *meanwhile) UpdateItem(ctx context.Context, in *dynamodb.UpdateItemInput,
	o ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error) {
	m.once.Do(m.do)
	return m.DB.UpdateItem(ctx, in, o...)
}

func TestJobsThatTheQueueRefusesAreGivenBackAtOnce(t *testing.T) {
	t.Parallel()
	t.Run("the queue is down", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		keys := b.put("hold", 0, 5, noon)
		b.queue.fail = func(string) error { return errDown }
		for range due.MaxTries + 1 {
			if _, err := b.try(t.Context()); err == nil || !strings.Contains(err.Error(), errDown.Error()) {
				t.Errorf("the sweep ended with %v, want the queue's error", err)
			}
		}
		if got := b.get(0); got.At != noon.UnixMilli() || got.Tries != 0 {
			t.Errorf("a job nobody got is %+v, want it due as before and no try counted", got)
		}
		b.queue.fail = nil
		b.sweep()
		b.want(queueOf("hold"), keys)
	})
	t.Run("the queue takes some of them", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		keys := b.put("hold", 0, 8, noon)
		b.queue.refuse = func(_ string, place int) bool { return place == 0 }
		if _, err := b.try(t.Context()); err == nil {
			t.Error("a refused job is no error")
		}
		got := b.queue.take(queueOf("hold"))
		b.queue.refuse = nil
		b.sweep()
		rest := b.queue.take(queueOf("hold"))
		if len(rest) == 0 || !slices.Equal(slices.Sorted(slices.Values(append(got, rest...))), keys) {
			t.Errorf("first %v, then %v; want %v in all", got, rest, keys)
		}
	})
	t.Run("one queue being down does not keep another kind waiting", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		b.put("hold", 0, 60, noon)
		reminders := b.put("remind", 100, 3, noon)
		b.queue.fail = func(url string) error {
			if url == queueOf("hold") {
				return errDown
			}
			return nil
		}
		_, _ = b.try(t.Context()) // fails, which is another test's matter
		b.want(queueOf("remind"), reminders)
	})
}

func TestJobTriedTooOftenIsGivenUp(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	keys := b.put("hold", 0, 1, noon)
	for range due.MaxTries {
		b.sweep()
		b.want(queueOf("hold"), keys)
		b.clock.Advance(due.Lease)
	}
	b.queue.fail = func(url string) error {
		if url == dead {
			return errDown
		}
		return nil
	}
	if _, err := b.try(t.Context()); err == nil {
		t.Error("a dead queue that is down is no error")
	}
	if got := b.get(0); got.Shard == "" || got.Dead != "" {
		t.Errorf("the job left the index though the dead queue did not take it: %+v", got)
	}
	b.queue.fail = nil
	b.clock.Advance(due.Lease)
	if report := b.sweep(); report["hold"].GivenUp != 1 {
		t.Errorf("report %+v", report)
	}
	b.want(dead, keys)
	b.want(queueOf("hold"), nil)
	if got := b.get(0); got.Shard != "" || got.At != 0 || got.Tries != 0 || got.Dead != "hold" {
		t.Errorf("the job given up is %+v", got)
	}
	if !strings.Contains(b.metrics.String(), `"DueGivenUp":1`) || !strings.Contains(b.logged.String(), "job given up") {
		t.Errorf("nobody was told: %s", b.logged.String())
	}
}

// CloudWatch charges for each metric of each kind that is written at all in an hour.
func TestAMinuteWithNothingDueWritesNoMetric(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.put("hold", 0, 1, noon.Add(time.Hour))
	b.sweep()
	if b.metrics.Len() > 0 {
		t.Errorf("written: %s", b.metrics.String())
	}
	b.clock.Advance(time.Hour)
	b.sweep()
	written := b.metrics.String()
	if !strings.Contains(written, `"kind":"hold"`) || strings.Contains(written, `"kind":"remind"`) {
		t.Errorf("one job of the kind hold was due, written: %s", written)
	}
}

func TestWhatTheWorkersCannotGetToWaitsInTheIndex(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	keys := b.put("hold", 0, 100, noon)
	b.queue.crowd = 10_000 - 55
	first := b.sweep()["hold"].HandedOut
	if first < 25 || first > 55 {
		t.Errorf("%d jobs went into a queue with room for 55", first)
	}
	b.queue.take(queueOf("hold"))
	b.queue.crowd = 10_000
	if report := b.sweep(); report["hold"].HandedOut != 0 {
		t.Errorf("a full queue got %+v", report["hold"])
	}
	b.queue.crowd = 0
	if second := b.sweep()["hold"].HandedOut; first+second != len(keys) {
		t.Errorf("%d and then %d jobs were handed out, want %d in all", first, second, len(keys))
	}
}

func TestAQueueThatDoesNotTellHowFullItIsIsFilledAndReported(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	keys := b.put("hold", 0, 3, noon)
	b.queue.mute = errDown
	if _, err := b.try(t.Context()); err == nil || !strings.Contains(err.Error(), "how much waits") {
		t.Errorf("the sweep ended with %v", err)
	}
	b.want(queueOf("hold"), keys)
}

func TestSweepEndsBeforeItsTimeDoes(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.put("hold", 0, 3, noon)
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
	defer cancel()
	report, err := b.try(ctx)
	if err != nil || report["hold"].HandedOut != 0 {
		t.Errorf("with less than the spare time left it did %+v, %v", report, err)
	}
	if !strings.Contains(b.logged.String(), "time is up") {
		t.Errorf("logged %s", b.logged.String())
	}
}

// TestNoJobIsLostWhateverCallFails lets each call of a sweep go wrong in each way. Afterwards all goes well: the jobs
// are handed out within two leases, the worker finishes them, and then nothing is due any more.
func TestNoJobIsLostWhateverCallFails(t *testing.T) {
	t.Parallel()
	calls := cleanCalls(t)
	for n := 1; n <= calls; n++ {
		for _, mode := range fault.Modes {
			t.Run(fmt.Sprintf("call %d %s", n, mode), func(t *testing.T) {
				t.Parallel()
				b := newBench(t, fault.New(fault.Plan{N: n, Mode: mode}).DB)
				keys := b.put("hold", 0, 4, noon)
				b.put("hold", 4, 1, noon)
				b.spend(4)
				_, _ = b.try(t.Context()) // may fail: that is what is injected
				seen := b.work(nil)
				for range 2 {
					b.clock.Advance(due.Lease)
					b.sweep()
					seen = b.work(seen)
				}
				if !slices.Equal(seen, keys) {
					t.Errorf("worked off %v, want %v", seen, keys)
				}
				if got := b.queue.take(dead); len(got) == 0 || got[0] != "JOB#4" {
					t.Errorf("dead queue has %v", got)
				}
				if at, ok, err := due.Next(t.Context(), b.table, "hold"); ok || err != nil {
					t.Errorf("still due at %v, %v", at, err)
				}
			})
		}
	}
}

func cleanCalls(t *testing.T) int {
	in := fault.New(fault.Plan{})
	b := newBench(t, in.DB)
	b.put("hold", 0, 4, noon)
	b.put("hold", 4, 1, noon)
	b.spend(4)
	b.sweep()
	return len(in.Calls())
}

// spend counts a job as tried too often.
func (b *bench) spend(n int) {
	b.t.Helper()
	u := table.Update{Key: keyOf(n), Do: "SET #dueTries = :n", With: map[string]any{":n": due.MaxTries}}
	if _, err := b.table.Update(b.t.Context(), u); err != nil {
		b.t.Fatal(err)
	}
}

// work finishes every job in the queue and returns the ones ever seen.
func (b *bench) work(seen []string) []string {
	for _, pk := range b.queue.take(queueOf("hold")) {
		b.finish(pk)
		seen = append(seen, pk)
	}
	slices.Sort(seen)
	return slices.Compact(seen)
}

func TestNewReadsItsKinds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, kinds, want string
	}{
		{"nothing configured", "", "DUE_KINDS is not set"},
		{"an entry without a URL", "hold=", `"hold=" is not kind=url`},
		{"an entry without a kind", "=https://q", "is not kind=url"},
		{"a kind twice", "hold=https://a,hold=https://b", "hold is there twice"},
		{"a table that is not configured", "hold@CARE_TABLE=https://a", "CARE_TABLE is not set"},
		{"a kind twice in one entry", "hold+hold=https://a", "hold is there twice"},
		{"a list of kinds with a hole", "hold+=https://a", "is not kind=url"},
		{"two kinds of one queue", "hold+release=https://a", ""},
		{"two tables", "hold=https://a, send@OUTREACH_TABLE=https://b", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			vars := map[string]string{"DUE_KINDS": c.kinds, "DEAD_QUEUE_URL": dead, "COMMERCE_TABLE": "c", "OUTREACH_TABLE": "o"}
			env := &boot.Env{Getenv: func(n string) string { return vars[n] }, Clock: clock.Stopped(noon),
				Log: logging.New(t.Output(), "sweeper", 0)}
			_, err := sweeper.New(t.Context(), env)
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestSweeperSamples(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../events/samples/sweeper/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no samples: %v", err)
	}
	for _, file := range files {
		payload, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		b := newBench(t)
		keys := b.put("hold", 0, 1, noon)
		if _, err := b.handler.Invoke(t.Context(), payload); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		b.want(queueOf("hold"), keys)
	}
}
