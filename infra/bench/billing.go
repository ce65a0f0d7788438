package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"dangol/infra/local/engine"
	"dangol/infra/local/tables"
	"dangol/shared/clock"
	"dangol/shared/table"
)

// start is when the subscriptions of the billing run began; a month later those that are due are due.
var start = time.Date(2026, 3, 2, 3, 0, 0, 0, time.UTC)

// run says how large the billing run is.
type run struct{ renewals, subscriptions, workers int }

// billingRun renews what is due, once alone and once among those that are not due: what a renewal costs must not depend on those. Sweeper
// and workers are the real handlers, the queue between them takes messages as SQS does, and the engine keeps its data on disk, with the
// stream on.
func billingRun(ctx context.Context, r run) error {
	fmt.Printf("\nbilling run: sweeper, queue, %d workers with batches of 10, local engine on disk with its stream\n", r.workers)
	fmt.Printf("%-22s %9s %9s %8s %8s %8s %9s %9s %9s %9s %9s\n", "due", "seeded/s", "renewed/s", "trips", "read", "write", "cpu ms",
		"engine ms", "heap MB", "engine MB", "file MB")
	var alone *figures
	for _, idle := range []int{0, r.subscriptions - r.renewals} {
		got, err := renew(ctx, r, idle)
		if err != nil {
			return err
		}
		got.print(fmt.Sprintf("%d of %d", r.renewals, r.renewals+idle))
		if alone == nil {
			alone = got
			continue
		}
		fmt.Printf("among those not due, of alone: wall %.2f, processor of shop and engine %.2f, round trips %.3f, units %.3f\n",
			got.took.Seconds()/alone.took.Seconds(), (got.own+got.engine).Seconds()/(alone.own+alone.engine).Seconds(),
			float64(got.cost.Trips)/float64(alone.cost.Trips), (got.cost.Read+got.cost.Write)/(alone.cost.Read+alone.cost.Write))
	}
	return nil
}

// figures are what a run took.
type figures struct {
	renewals     int
	seeded       float64 // subscriptions a second
	took         time.Duration
	own, engine  time.Duration // processor time of this process (sweeper and workers) and of the engine
	cost         table.Cost
	heap, memory int64 // most that the heap of this process grew, memory of the engine; bytes
	file         int64 // data file; bytes
}

func (f *figures) print(name string) {
	n := float64(f.renewals)
	fmt.Printf("%-22s %9.0f %9.0f %8.2f %8.2f %8.2f %9.2f %9.2f %9d %9d %9d\n", name, f.seeded, n/f.took.Seconds(),
		float64(f.cost.Trips)/n, f.cost.Read/n, f.cost.Write/n, ms(f.own)/n, ms(f.engine)/n, f.heap>>20, f.memory>>20, f.file>>20)
}

// renew seeds a table, bills what is due in it and takes the figures.
func renew(ctx context.Context, r run, idle int) (*figures, error) {
	dir, err := os.MkdirTemp("", "dangol-billing")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "data.db")
	db, err := engine.Start(ctx, engine.Options{DataFile: file})
	if err != nil {
		return nil, err
	}
	defer db.Stop()
	client := tables.Client(db.Endpoint())
	wall := clock.System{}
	began := wall.Now()
	if err := seed(ctx, client, r.renewals, idle); err != nil {
		return nil, err
	}
	got := &figures{renewals: r.renewals, seeded: float64(r.renewals+idle) / wall.Now().Sub(began).Seconds()}
	shop := newShop(client, wall)
	high := watchHeap()
	engineBefore, ownBefore := engineTime(db), ownTime()
	began = wall.Now()
	if err := shop.bill(ctx, r.renewals, r.workers); err != nil {
		return nil, err
	}
	got.took, got.own, got.engine = wall.Now().Sub(began), ownTime()-ownBefore, engineTime(db)-engineBefore
	got.heap, got.cost = high(), shop.tally.cost()
	got.memory, _ = db.RSS()
	if info, err := os.Stat(file); err == nil {
		got.file = info.Size()
	}
	return got, nil
}

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

// watchHeap looks at the heap ten times a second until the returned function is called, which tells by how much it grew at most.
func watchHeap() (stop func() int64) {
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
