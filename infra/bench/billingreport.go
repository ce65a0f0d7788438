package main

import (
	"context"
	"fmt"

	"github.com/aws/aws-lambda-go/events"

	"dangol/shared/platform/clock"
	"dangol/shared/subscription/report"
)

// report asks for the merchant's figures after a billing run, has the worker add them up, and prints what that took.
// Error: the figures leave a subscription out.
func (s *shop) report(ctx context.Context, subscriptions int, wall clock.Clock) error {
	// A small queue: the report's jobs come one at a time.
	s.belt.batches = make(chan []events.SQSMessage, 1)
	q := report.Query{Currency: "KRW", From: start, To: start.AddDate(0, 1, 1), Days: 31}
	high, before, began, worker, jobs := watchHeap(), s.tally.cost(), wall.Now(), s.worker(), 0
	reports := report.Reports{Service: s.billing}
	got, err := reports.Get(ctx, q)
	// The report is made by jobs; each sweep hands out what is due of it.
	for ; err == nil && !got.Ready; got, err = reports.Get(ctx, q) {
		if _, err := s.sweeper.Invoke(ctx, []byte(`{}`)); err != nil {
			return err
		}
		select {
		case batch := <-s.belt.batches:
			jobs++
			if err := s.work(ctx, worker, batch); err != nil {
				return err
			}
		default: // the job is due a moment later
		}
	}
	if err != nil {
		return err
	}
	// All states together must be all subscriptions.
	found := 0
	for _, n := range got.States {
		found += n
	}
	if found != subscriptions {
		return fmt.Errorf("billing: a report on %d of %d subscriptions", found, subscriptions)
	}
	cost := s.tally.cost()
	fmt.Printf("report on %d subscriptions, %d renewals to come: %.1f s in %d jobs, %d round trips, %.0f read units, "+
		"heap %d MB\n",
		found, got.Renewals, wall.Now().Sub(
			began).Seconds(), jobs, cost.Trips-before.Trips, cost.Read-before.Read, high()>>20)
	return nil
}
