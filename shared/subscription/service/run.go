package service

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"dangol/shared/platform/due"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/platform/task"
	"dangol/shared/subscription"
)

// maxSteps bounds the steps of one job for a subscription that was not worked on for long; the rest is still due.
const maxSteps = 100

// holdsLease says that the caller of the machine has just written the tasks or taken them over.
const holdsLease = true

// machine is the durable task of a subscription: while this worker holds the lease it does one task after the other;
// with whatIsDue it then takes over what another worker left, or does the next thing that is due.
func (s *Service) machine(leased, whatIsDue bool) task.Machine[*Record] {
	return task.Machine[*Record]{
		Engine:   task.Engine{Table: s.Table, Clock: s.Clock, Log: s.Log, Metrics: s.Metrics},
		Name:     "subscription",
		MaxSteps: maxSteps,
		Load:     s.loadDue,
		Step: func(ctx context.Context, r *Record) (after *Record, done bool, err error) {
			if t, ok := r.first(); ok && leased {
				after, err = s.runTask(ctx, r, t)
				return after, false, err
			}
			if !whatIsDue {
				return r, true, nil
			}
			after, leased, err = s.step(ctx, r)
			return after, !leased, err
		},
		// The record says itself when it is looked at again: see place.
		Postpone: func(context.Context, *Record, error) error { return nil },
		// What the database refuses for ever cannot be compensated, because the record is what keeps the compensation.
		Abandon: func(_ context.Context, r *Record, cause error) (*Record, bool, error) { return r, false, cause },
	}
}

// loadDue reads the subscription of a job. One that was erased ends the job.
func (s *Service) loadDue(ctx context.Context, id string) (*Record, error) {
	r, err := s.Load(ctx, id)
	if problem.Code(err) == "subscription_not_found" {
		return nil, task.ErrGone
	}
	return r, err
}

// Work does what a subscription is due for: first the tasks that another worker left, then one thing after the other.
// It may be called twice and by several workers at once; of those one goes on and the others stop. A renewal is 1 read
// and 2 transactions; one that sends goods is 4. Errors: the job is to come again.
func (s *Service) Work(ctx context.Context, id string) error {
	return s.machine(false, true).Work(ctx, id)
}

// workOn is Work for a subscription that was read; leased says that its tasks are this worker's.
func (s *Service) workOn(ctx context.Context, r *Record, leased bool) error {
	_, err := s.machine(leased, true).Run(ctx, r)
	if errors.Is(err, task.ErrLater) {
		return nil // the record is due again
	}
	return err
}

// step takes over what another worker left, or does the next thing that is due. mine is false when
// there is nothing to do, or another worker holds the lease.
func (s *Service) step(ctx context.Context, r *Record) (_ *Record, mine bool, err error) {
	next, err := s.change(ctx, r, func(r *Record) (c Change, _ bool, _ error) {
		c, mine = r.nextChange(s.Clock.Now())
		return c, mine, nil
	})
	return next, mine, err
}

// nextChange is the next thing to do at an instant; ok is false when there is nothing to do, or
// another worker holds the lease.
func (r *Record) nextChange(now time.Time) (c Change, ok bool) {
	if len(r.Tasks) > 0 {
		return Change{Edit: func(r *Record) { r.takeOver(now) }, TakesLease: true}, !now.Before(r.Lease)
	}
	return Change{Command: subscription.Due{}, TakesLease: true}, !r.Sub.Due.IsZero() && !now.Before(r.Sub.Due)
}

// idOf is the subscription that a job is about.
func idOf(j due.Job) (string, error) {
	id, ok := strings.CutPrefix(j.Key.PK, "SUBSCRIPTION#")
	if !ok {
		return "", fmt.Errorf("subscription: %s job for %s", j.Kind, j.Key)
	}
	return id, nil
}

// DueBefore hands the subscriptions of one page of one shard, from 0 to due.Shards-1, that have something to do before
// an instant to each: the renewals to come, and what they send, are among them. It costs what is due until then, not
// what exists.
func (s *Service) DueBefore(ctx context.Context, n int, until int64, after table.Cursor,
	each func(*Record) error) (table.Cursor, error) {
	page, err := s.Table.Query(ctx, table.Query{
		Index: table.Due, Where: "#duePk = :shard AND #dueAt < :until", Limit: comingAtOnce, After: after,
		With: map[string]any{":shard": fmt.Sprintf("%s#%d", DueSubscription, n), ":until": until},
	})
	if err != nil || len(page.Items) == 0 {
		return page.Next, err
	}
	keys := make([]table.Key, len(page.Items))
	for i, item := range page.Items {
		keys[i] = item.Key()
	}
	// Eventually consistent: it is a forecast, and half the price.
	items, err := s.Table.BatchGet(ctx, false, keys...)
	if err != nil {
		return "", err
	}
	for _, key := range keys {
		var r Record
		// Deleted since the index was read.
		if item, ok := items[key]; ok {
			if err := item.Decode(&r); err != nil {
				return "", err
			}
			if err := each(&r); err != nil {
				return "", err
			}
		}
	}
	return page.Next, nil
}

// comingAtOnce is how many subscriptions are read for one page of the forecast.
const comingAtOnce = 500
