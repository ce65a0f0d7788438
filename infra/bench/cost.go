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

// tally adds up what functions ask of the database, by function. Transactions are charged as a whole.
type tally struct {
	mu sync.Mutex
	of map[string]table.Cost
}

func newTally() *tally { return &tally{of: map[string]table.Cost{}} }

// observe counts one operation of a function. The parts of a transaction are in the operation that is the whole.
func (c *tally) observe(function string, op table.Op) {
	if op.Part {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	cost := c.of[function]
	cost.Trips++
	if op.Write {
		cost.Write += op.Units
	} else {
		cost.Read += op.Units
	}
	c.of[function] = cost
}

// take returns the figures by function and sets them to zero.
func (c *tally) take() map[string]table.Cost {
	c.mu.Lock()
	defer c.mu.Unlock()
	taken := c.of
	c.of = map[string]table.Cost{}
	return taken
}

// cost returns the sums and keeps them.
func (c *tally) cost() table.Cost {
	c.mu.Lock()
	defer c.mu.Unlock()
	return sumOf(c.of)
}

// sumOf adds up the costs of functions.
func sumOf(of map[string]table.Cost) (sum table.Cost) {
	for _, cost := range of {
		sum = plus(sum, cost)
	}
	return sum
}

// plus adds two costs.
func plus(a, b table.Cost) table.Cost {
	return table.Cost{Trips: a.Trips + b.Trips, Read: a.Read + b.Read, Write: a.Write + b.Write}
}

// measuredShop is a shop in this process whose operations are counted.
type measuredShop struct {
	runner *runner.Runner
	count  *tally
}

// startMeasured starts a shop with the demonstration data, at rest.
func startMeasured(ctx context.Context) (*measuredShop, *system, error) {
	count := newTally()
	r, err := runner.Start(ctx, runner.Options{
		System: topology.Dangol, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Observe: count.observe,
		// A minute, so that nothing has to be read again between the runs.
		Getenv: func(name string) string { return map[string]string{"CATALOG_CACHE_TTL": "60"}[name] },
	})
	if err != nil {
		return nil, nil, err
	}
	shop := &measuredShop{r, count}
	s := &system{address: r.Address()}
	err = demo.Seed(ctx, r)
	if err == nil {
		err = s.choose()
	}
	if err == nil {
		err = r.RunUntilIdle(ctx)
	}
	if err != nil {
		r.Close()
		return nil, nil, err
	}
	return shop, s, nil
}

// measure does one thing and returns what its requests cost, and what all that follows from them costs in the
// background. The shop is at rest before and after, so nothing else is counted. What follows begins 200 ms after a
// request's write (the runner gathers writes so long), which a single request does not reach.
func (m *measuredShop) measure(ctx context.Context, do func() error) (own, after map[string]table.Cost, err error) {
	if err := m.runner.RunUntilIdle(ctx); err != nil {
		return nil, nil, err
	}
	m.count.take()
	if err := do(); err != nil {
		return nil, nil, err
	}
	own = m.count.take()
	if err := m.runner.RunUntilIdle(ctx); err != nil {
		return nil, nil, err
	}
	return own, m.count.take(), nil
}

// costs prints what each operation of a shopper costs, with memories warm: twice unmeasured, then once. Then it prints
// what an order costs as a whole.
func costs(ctx context.Context) error {
	shop, s, err := startMeasured(ctx)
	if err != nil {
		return err
	}
	defer shop.runner.Close()
	fmt.Printf("\nRound trips and capacity units of one operation, memories warm\n%-15s %12s %10s %10s %22s\n",
		"operation",
		"round trips", "read", "write", "write of what follows")
	for _, o := range operations {
		buyer := &shopper{system: s}
		var own, after map[string]table.Cost
		// Only the last of three is kept: the first two fill caches and connections.
		for range 3 {
			if o.prepare != nil {
				if err := o.prepare(buyer); err != nil {
					return err
				}
			}
			own, after, err = shop.measure(ctx, func() error { return o.do(buyer) })
			if err != nil {
				return fmt.Errorf("%s: %w", o.name, err)
			}
		}
		cost := sumOf(own)
		fmt.Printf("%-15s %12d %10.1f %10.1f %22.1f\n", o.name, cost.Trips, cost.Read, cost.Write, sumOf(after).Write)
	}
	return orderCosts(ctx, shop, s)
}
