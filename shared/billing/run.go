package billing

import (
	"context"
	"fmt"
	"strings"

	"dangol/shared/due"
	"dangol/shared/problem"
	"dangol/shared/subscription"
	"dangol/shared/table"
)

// atOnce bounds how many things one job does for a subscription that was asleep for long; the rest is still due.
const atOnce = 20

// Work does what a subscription is due for: first the tasks that somebody else left, then one thing after the other. It may be called twice
// and by several workers at once; whoever is outrun leaves it to the other. A renewal is 1 read and 2 transactions; one that
// sends goods is 4. Errors: the job is to come again.
func (s *Service) Work(ctx context.Context, id string) error {
	r, err := s.Load(ctx, id)
	if problem.Code(err) == "subscription_not_found" {
		return nil
	}
	if err != nil {
		return err
	}
	for range atOnce {
		var mine bool
		if r, mine, err = s.step(ctx, r); err != nil || !mine {
			return err
		}
		if r, err = s.carry(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

// step takes over what another worker left, or does the next thing that is due. mine is false when there is nothing to be done, or
// somebody else is at it.
func (s *Service) step(ctx context.Context, r *Record) (_ *Record, mine bool, err error) {
	next, err := s.change(ctx, r, func(r *Record) (Change, bool, error) {
		now := s.Clock.Now()
		due := &r.Sub.Due
		switch {
		case len(r.Tasks) > 0:
			mine = !now.Before(r.Lease)
			return Change{Edit: func(r *Record) { r.resume(now) }, Lead: true}, mine, nil
		case due.IsZero() || now.Before(*due):
			mine = false
		default:
			mine = true
		}
		return Change{Command: subscription.Due{}, Lead: true}, mine, nil
	})
	return next, mine, err
}

// Job does one job of the kind subscription.
func (s *Service) Job(ctx context.Context, j due.Job) error {
	id, ok := strings.CutPrefix(j.Key.PK, "SUBSCRIPTION#")
	if !ok {
		return fmt.Errorf("billing: %s job for %s", j.Kind, j.Key)
	}
	return s.Work(ctx, id)
}

// Coming reads the subscriptions that have something to do before an instant and hands them to each: the renewals to come, and what they
// send, are among them. It costs what is due until then, and not what exists.
func (s *Service) Coming(ctx context.Context, until int64, each func(*Record) error) error {
	var keys []table.Key
	flush := func() error {
		items, err := s.Table.BatchGet(ctx, false, keys...)
		if err != nil {
			return err
		}
		for _, key := range keys {
			var r Record
			if item, ok := items[key]; ok {
				if err := item.Decode(&r); err != nil {
					return err
				}
				if err := each(&r); err != nil {
					return err
				}
			}
		}
		keys = keys[:0]
		return nil
	}
	for n := range due.Shards {
		shard := fmt.Sprintf("%s#%d", DueSubscription, n)
		err := s.Table.All(ctx, table.Query{
			Index: table.Due, Where: "#duePk = :shard AND #dueAt < :until", With: map[string]any{":shard": shard, ":until": until},
		}, func(item table.Item) error {
			keys = append(keys, item.Key())
			if len(keys) < batch {
				return nil
			}
			return flush()
		})
		if err != nil {
			return err
		}
	}
	if len(keys) == 0 {
		return nil
	}
	return flush()
}

// batch is how many subscriptions are read at once.
const batch = 100
