package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"dangol/infra/local/engine"
	"dangol/infra/local/tables"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/table"
)

// start is when the subscriptions of the billing run began; a month later those that are due are due.
var start = time.Date(2026, 3, 2, 3, 0, 0, 0, time.UTC)

// run is a size: how many of how many subscriptions are due.
type run struct{ due, all int }

// runs are a flag: due/all, with commas between.
type runs []run

// String implements flag.Value.
func (r *runs) String() string {
	texts := make([]string, len(*r))
	for i, one := range *r {
		texts[i] = fmt.Sprintf("%d/%d", one.due, one.all)
	}
	return strings.Join(texts, ",")
}

// Set implements flag.Value.
func (r *runs) Set(text string) error {
	*r = nil
	for one := range strings.SplitSeq(text, ",") {
		var size run
		if _, err := fmt.Sscanf(one, "%d/%d", &size.due, &size.all); err != nil || size.due < 1 || size.all < size.due {
			return fmt.Errorf("%q is not due/subscriptions", one)
		}
		*r = append(*r, size)
	}
	return nil
}

// billingRuns renews what is due, each time once alone and once among those that are not due: what a renewal costs must
// not depend on those. Sweeper and workers are the real handlers, the queue between them takes messages as SQS does,
// and the engine keeps its data in a file, with the stream on.
func billingRuns(ctx context.Context, sizes runs, workers int) error {
	fmt.Printf("\nbilling run: sweeper, queue, %d workers with batches of 10, local engine with its stream\n", workers)
	fmt.Printf("%-22s %9s %9s %8s %8s %8s %9s %9s %9s %9s %9s\n", "due", "seeded/s", "renewed/s", "trips", "read", "write",
		"cpu ms",
		"engine ms", "heap MB", "engine MB", "file MB")
	// Alone first, then among others: the ratio of the two is what the run is for.
	for _, size := range sizes {
		alone, err := renew(ctx, run{size.due, size.due}, workers)
		if err != nil {
			return err
		}
		among, err := renew(ctx, size, workers)
		if err != nil {
			return err
		}
		fmt.Printf("among those not due, of alone: wall %.2f, processor of shop and engine %.2f, round trips %.3f, units "+
			"%.3f\n",
			among.took.Seconds()/alone.took.Seconds(), (among.own+among.engine).Seconds()/(alone.own+alone.engine).Seconds(),
			float64(among.cost.Trips)/float64(alone.cost.Trips), (among.cost.Read+among.cost.Write)/(alone.cost.Read+
				alone.cost.Write))
	}
	return nil
}

// figures are what a run took.
type figures struct {
	run
	seeded       float64       // subscriptions a second
	took         time.Duration // real time
	own, engine  time.Duration // processor time of this process (sweeper and workers) and of the engine
	cost         table.Cost    // round trips and capacity units
	heap, memory int64         // most that the heap of this process grew, memory of the engine; bytes
	file         int64         // data file; bytes
}

func (f *figures) print() {
	n := float64(f.due)
	fmt.Printf("%-22s %9.0f %9.0f %8.2f %8.2f %8.2f %9.2f %9.2f %9d %9d %9d\n", fmt.Sprintf("%d of %d", f.due, f.all),
		f.seeded, n/f.took.Seconds(),
		float64(f.cost.Trips)/n, f.cost.Read/n, f.cost.Write/n, ms(f.own)/n, ms(
			f.engine)/n, f.heap>>20, f.memory>>20, f.file>>20)
}

// renew seeds a table, bills what is due in it, prints the figures, and has the merchant's report made.
func renew(ctx context.Context, size run, workers int) (*figures, error) {
	dir, err := os.MkdirTemp("", "dangol-billing")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	// A file and not memory, so that the cost of writing is in the figures.
	file := filepath.Join(dir, "data.db")
	db, err := engine.Start(ctx, engine.Options{DataFile: file})
	if err != nil {
		return nil, err
	}
	defer db.Stop()
	client := tables.Client(db.Endpoint())
	wall := clock.System{}
	began := wall.Now()
	// Seeding is measured by itself and not part of the run.
	if err := seed(ctx, client, size); err != nil {
		return nil, err
	}
	got := &figures{run: size, seeded: float64(size.all) / wall.Now().Sub(began).Seconds()}
	shop := newShop(client, wall)
	high := watchHeap()
	// Read before and after: the difference is the run's.
	engineBefore, ownBefore := engineTime(db), ownTime()
	began = wall.Now()
	if err := shop.bill(ctx, size.due, workers); err != nil {
		return nil, err
	}
	got.took, got.own, got.engine = wall.Now().Sub(began), ownTime()-ownBefore, engineTime(db)-engineBefore
	got.heap, got.cost = high(), shop.tally.cost()
	// The size of the engine is not known everywhere; 0 is printed then.
	got.memory, _ = db.RSS()
	if info, err := os.Stat(file); err == nil {
		got.file = info.Size()
	}
	got.print()
	return got, shop.report(ctx, size.all, wall)
}

// engineTime is the processor time of the engine so far.
func engineTime(e *engine.Engine) time.Duration {
	user, sys, _ := e.CPU() // not known but on Linux, where the figures are made
	return user + sys
}

// ownTime is the processor time of this process.
func ownTime() time.Duration {
	var used syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &used) != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// watchHeap looks at the heap ten times a second until the returned function is called, which tells by how much it grew
// at most.
func watchHeap() (stop func() int64) {
	// What seeding left behind must not count as growth.
	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	done, most := make(chan struct{}), make(chan int64)
	go func() {
		ticker := time.NewTicker(100 * time.Millisecond)
		defer ticker.Stop()
		var high uint64
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			high = max(high, before.HeapAlloc, m.HeapAlloc)
			select {
			case <-ticker.C:
			case <-done:
				most <- int64(high - before.HeapAlloc)
				return
			}
		}
	}()
	return func() int64 { close(done); return <-most }
}
