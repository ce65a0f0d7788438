package main

import (
	"context"
	"fmt"
	"time"

	"dangol/infra/testkit/hotitem"
)

// hot plays 500 orders a second on one promotion with a budget: once with one counter that each order writes, and once
// with the budget in slices; then with budgets that end in the middle.
func hot(ctx context.Context) error {
	const rate, length = 500, 6 * time.Second
	fmt.Printf("\n%d orders a second on one promotion with a budget, for %.0f s\n"+
		"%-28s %6s %8s %9s %10s %8s %8s\n", rate, length.Seconds(),
		"budget", "busy", "orders", "used up", "try again", "p50", "p99")
	for _, run := range []struct {
		name string
		play hotitem.Play
	}{
		{"one counter", hotitem.Play{Uses: 1_000_000, OneCounter: true}},
		{"in slices", hotitem.Play{Uses: 1_000_000}},
		{"in slices, of 1500 orders", hotitem.Play{Uses: 1_500}},
		{"in slices, of 7,500,000 won", hotitem.Play{Spend: 7_500_000}},
	} {
		for _, busy := range []time.Duration{5 * time.Millisecond, 10 * time.Millisecond, 20 * time.Millisecond} {
			play := run.play
			play.Rate, play.For, play.Busy = rate, length, busy
			result, err := play.Run(ctx)
			if err != nil {
				return err
			}
			fmt.Printf("%-28s %6s %8d %9d %9.2f%% %8s %8s\n", run.name, busy, result.Taken, result.UsedUp,
				result.AgainShare(), result.Percentile(50), result.Percentile(99))
		}
	}
	return nil
}
