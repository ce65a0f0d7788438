package due_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"dangol/infra/testkit/localtest"
	"dangol/shared/platform/due"
	"dangol/shared/platform/table"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

type hold struct {
	table.Key
	due.Due
	Units int    `dynamodbav:"units"`
	Dead  string `dynamodbav:"dueDead,omitempty"`
}

func keyOf(n int) table.Key { return table.Key{PK: fmt.Sprintf("HOLD#%03d", n), SK: "HOLD"} }

func put(t *testing.T, tb *table.Table, n int, at time.Time) {
	t.Helper()
	key := keyOf(n)
	if err := tb.Put(t.Context(), table.Put{Item: hold{Key: key, Due: due.On("hold", key.PK, at), Units: n}}); err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, tb *table.Table, n int) (h hold) {
	t.Helper()
	if err := tb.Get(t.Context(), keyOf(n), &h); err != nil {
		t.Fatal(err)
	}
	return h
}

func overdue(t *testing.T, tb *table.Table, now time.Time) (jobs []due.Job) {
	t.Helper()
	if err := due.Overdue(t.Context(), tb, "hold", now,
		func(j due.Job) error { jobs = append(jobs, j); return nil }); err != nil {
		t.Fatal(err)
	}
	return jobs
}

func TestOverdueFindsWhatIsDueAndNothingElse(t *testing.T) {
	t.Parallel()
	tb := localtest.Table(t, table.Commerce)
	for i := range 30 {
		put(t, tb, i, noon.Add(time.Duration(i-20)*time.Second))
	}
	other := keyOf(900)
	for _, item := range []hold{{Key: other, Due: due.On("remind", other.PK, noon.Add(-time.Hour))}, {Key: keyOf(901)}} {
		if err := tb.Put(t.Context(), table.Put{Item: item}); err != nil {
			t.Fatal(err)
		}
	}
	jobs := overdue(t, tb, noon)
	if len(jobs) != 21 {
		t.Errorf("%d jobs, want those of the last 20 seconds and of noon itself", len(jobs))
	}
	last := map[string]int64{}
	for _, j := range jobs {
		shard := due.ShardOf("hold", j.Key.PK)
		if j.Kind != "hold" || j.Tries != 0 || j.At < last[shard] || j.At > noon.UnixMilli() {
			t.Errorf("job %+v after one of %d", j, last[shard])
		}
		last[shard] = j.At
	}
	if len(last) < 2 {
		t.Errorf("21 jobs are all in %v", last)
	}
}

func TestOverdueStopsAtTheFirstError(t *testing.T) {
	t.Parallel()
	tb := localtest.Table(t, table.Commerce)
	put(t, tb, 1, noon)
	put(t, tb, 2, noon)
	seen, stop := 0, errors.New("enough")
	err := due.Overdue(t.Context(), tb, "hold", noon, func(due.Job) error { seen++; return stop })
	if !errors.Is(err, stop) || seen != 1 {
		t.Errorf("%v after %d", err, seen)
	}
}

func TestJobsSpreadOverAllShards(t *testing.T) {
	t.Parallel()
	count := map[string]int{}
	for i := range 4_000 {
		count[due.ShardOf("hold", fmt.Sprintf("CHECKOUT#chk_%026d", i))]++
	}
	if len(count) != due.Shards {
		t.Fatalf("shards %v", count)
	}
	for shard, n := range count {
		if !strings.HasPrefix(shard, "hold#") || n < 4_000/due.Shards/2 {
			t.Errorf("%s has %d of 4000", shard, n)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		id := rapid.String().Draw(t, "id")
		if due.ShardOf("k", id) != due.On("k", id, noon).Shard {
			t.Fatal("a job is not in its shard")
		}
	})
}

func TestNextIsTheEarliestOfAllShards(t *testing.T) {
	t.Parallel()
	tb := localtest.Table(t, table.Commerce)
	if at, ok, err := due.Next(t.Context(), tb, "hold"); ok || err != nil {
		t.Errorf("nothing to do: %v, %t, %v", at, ok, err)
	}
	for i := range 20 {
		put(t, tb, i, noon.Add(time.Duration(100-i)*time.Minute))
	}
	if at, ok, err := due.Next(t.Context(), tb, "hold"); !ok || err != nil || !at.Equal(noon.Add(81*time.Minute)) ||
		at.Location() != time.UTC {
		t.Errorf("%v, %t, %v", at, ok, err)
	}
}

func TestAJobIsClaimedOnceAndComesBackAfterItsLease(t *testing.T) {
	t.Parallel()
	tb := localtest.Table(t, table.Commerce)
	put(t, tb, 1, noon)
	job := overdue(t, tb, noon)[0]
	var won atomic.Int32
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			ok, err := due.Claim(t.Context(), tb, job, noon.Add(time.Duration(i)*time.Millisecond))
			if err != nil {
				t.Error(err)
			}
			if ok {
				won.Add(1)
			}
		})
	}
	all.Wait()
	if won.Load() != 1 {
		t.Errorf("%d claims won", won.Load())
	}
	if got := get(t, tb, 1); got.Tries != 1 || got.Units != 1 {
		t.Errorf("item %+v", got)
	}
	if jobs := overdue(t, tb, noon.Add(due.Lease-time.Second)); len(jobs) != 0 {
		t.Errorf("due within its lease: %+v", jobs)
	}
	jobs := overdue(t, tb, noon.Add(due.Lease+time.Second))
	if len(jobs) != 1 || jobs[0].Tries != 1 {
		t.Errorf("after the lease: %+v", jobs)
	}
}

func TestClaimLeavesAJobAloneThatIsNotAsItWasRead(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*testing.T, *table.Table){
		"done": func(t *testing.T, tb *table.Table) {
			if _, err := tb.Update(t.Context(), table.Update{Key: keyOf(1), Do: due.Remove}); err != nil {
				t.Fatal(err)
			}
		},
		"moved": func(t *testing.T, tb *table.Table) { put(t, tb, 1, noon.Add(time.Hour)) },
		"gone": func(t *testing.T, tb *table.Table) {
			if err := tb.Delete(t.Context(), table.Delete{Key: keyOf(1)}); err != nil {
				t.Fatal(err)
			}
		},
	} {
		tb := localtest.Table(t, table.Commerce)
		put(t, tb, 1, noon)
		job := overdue(t, tb, noon)[0]
		change(t, tb)
		if ok, err := due.Claim(t.Context(), tb, job, noon); ok || err != nil {
			t.Errorf("%s: claimed %t, %v", name, ok, err)
		}
		if err := errors.Join(due.Release(t.Context(), tb, job, noon), due.GiveUp(t.Context(), tb, job)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		var h hold
		err := tb.Get(t.Context(), keyOf(1), &h)
		if gone := errors.Is(err, table.ErrNotFound); gone != (name == "gone") || h.Dead != "" || h.Tries != 0 {
			t.Errorf("%s: item %+v, %v", name, h, err)
		}
	}
}

func TestReleaseMakesAJobDueAsBefore(t *testing.T) {
	t.Parallel()
	tb := localtest.Table(t, table.Commerce)
	put(t, tb, 1, noon.Add(-time.Minute))
	job := overdue(t, tb, noon)[0]
	if ok, err := due.Claim(t.Context(), tb, job, noon); !ok || err != nil {
		t.Fatal(ok, err)
	}
	if err := due.Release(t.Context(), tb, job, noon); err != nil {
		t.Fatal(err)
	}
	if again := overdue(t, tb, noon); !slices.Equal(again, []due.Job{job}) {
		t.Errorf("due %+v, want %+v", again, job)
	}
}

func TestReleaseAfterTheLeaseWasTakenOverDoesNothing(t *testing.T) {
	t.Parallel()
	tb := localtest.Table(t, table.Commerce)
	put(t, tb, 1, noon)
	first := overdue(t, tb, noon)[0]
	if ok, err := due.Claim(t.Context(), tb, first, noon); !ok || err != nil {
		t.Fatal(ok, err)
	}
	later := noon.Add(due.Lease)
	if ok, err := due.Claim(t.Context(), tb, overdue(t, tb, later)[0], later); !ok || err != nil {
		t.Fatal(ok, err)
	}
	if err := due.Release(t.Context(), tb, first, noon); err != nil {
		t.Fatal(err)
	}
	if jobs := overdue(t, tb, later); len(jobs) != 0 {
		t.Errorf("due though another has it: %+v", jobs)
	}
}

func TestJobGivenUpLeavesTheIndexWithANote(t *testing.T) {
	t.Parallel()
	tb := localtest.Table(t, table.Commerce)
	put(t, tb, 1, noon)
	job := overdue(t, tb, noon)[0]
	if ok, err := due.Claim(t.Context(), tb, job, noon); !ok || err != nil {
		t.Fatal(ok, err)
	}
	if err := due.GiveUp(t.Context(), tb, job.Claimed(noon)); err != nil {
		t.Fatal(err)
	}
	if got := get(t, tb, 1); got.Dead != "hold" || got.Due != (due.Due{}) || got.Units != 1 {
		t.Errorf("item %+v", got)
	}
	if jobs := overdue(t, tb, noon.AddDate(1, 0, 0)); len(jobs) != 0 {
		t.Errorf("still due: %+v", jobs)
	}
}

func TestAccessPatternsCostWhatTheySay(t *testing.T) {
	t.Parallel()
	tb := localtest.Table(t, table.Commerce)
	put(t, tb, 1, noon)
	job := overdue(t, tb, noon)[0]
	steps := []func(context.Context) error{
		func(ctx context.Context) error {
			return due.Overdue(ctx, tb, "hold", noon, func(due.Job) error { return nil })
		},
		func(ctx context.Context) error { _, _, err := due.Next(ctx, tb, "hold"); return err },
		func(ctx context.Context) error { _, err := due.Claim(ctx, tb, job, noon); return err },
		func(ctx context.Context) error { return due.Release(ctx, tb, job, noon) },
		func(ctx context.Context) error { return due.GiveUp(ctx, tb, job) },
	}
	if len(steps) != len(due.AccessPatterns) {
		t.Fatalf("%d steps for %d patterns", len(steps), len(due.AccessPatterns))
	}
	for i, p := range due.AccessPatterns {
		ctx, meter := table.Metered(t.Context())
		if err := steps[i](ctx); err != nil {
			t.Fatalf("%s: %v", p.Name, err)
		}
		if got := meter.Cost(); got.Trips != p.Trips || math.Abs(got.Read-p.Read) > 0.01 ||
			math.Abs(got.Write-p.Write) > 0.01 {
			t.Errorf("%s: %+v, documented %d trips, %.1f RCU, %.1f WCU", p.Name, got, p.Trips, p.Read, p.Write)
		}
	}
}
