package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync"

	"dangol/infra/local/demo"
	"dangol/infra/local/runner"
	"dangol/infra/topology"
	"dangol/shared/platform/table"
)

// tally adds up what functions ask of the database. Transactions are charged as a whole.
type tally struct {
	mu          sync.Mutex
	trips       int
	read, write float64
}

// observe counts what functions with an API ask for; work in
// the background is not part of a shopper's operation.
func (c *tally) observe(function string, op table.Op) {
	if f, ok := topology.Dangol.Function(function); ok && f.API != nil {
		c.add(op)
	}
}

// add counts one operation. The parts of a transaction are in the operation that is the whole.
func (c *tally) add(op table.Op) {
	if op.Part {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.trips++
	if op.Write {
		c.write += op.Units
	} else {
		c.read += op.Units
	}
}

// take returns the figures and sets them to zero.
func (c *tally) take() (trips int, read, write float64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	trips, read, write = c.trips, c.read, c.write
	c.trips, c.read, c.write = 0, 0, 0
	return trips, read, write
}

// cost returns the figures and keeps them.
func (c *tally) cost() table.Cost {
	c.mu.Lock()
	defer c.mu.Unlock()
	return table.Cost{Trips: c.trips, Read: c.read, Write: c.write}
}

// costs prints what each operation of a shopper costs, with memories warm: twice unmeasured, then once.
func costs(ctx context.Context) error {
	count := &tally{}
	r, err := runner.Start(ctx, runner.Options{
		System: topology.Dangol, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Observe: count.observe,
		// A minute, so that nothing has to be read again between the runs.
		Getenv: func(name string) string { return map[string]string{"CATALOG_CACHE_TTL": "60"}[name] },
	})
	if err != nil {
		return err
	}
	defer r.Close()
	if err := demo.Seed(ctx, r); err != nil {
		return err
	}
	s := &system{address: r.Address()}
	if err := s.choose(); err != nil {
		return err
	}
	fmt.Printf("\nRound trips and capacity units of one operation, memories warm\n%-15s %12s %10s %10s\n", "operation",
		"round trips", "read", "write")
	for _, o := range operations {
		buyer := &shopper{system: s}
		// Only the last of three is kept: the first two fill caches and connections.
		for range 3 {
			if o.prepare != nil {
				if err := o.prepare(buyer); err != nil {
					return err
				}
			}
			count.take()
			if err := o.do(buyer); err != nil {
				return fmt.Errorf("%s: %w", o.name, err)
			}
		}
		trips, read, write := count.take()
		fmt.Printf("%-15s %12d %10.1f %10.1f\n", o.name, trips, read, write)
	}
	return nil
}
