package sweeper

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"dangol/shared/platform/due"
)

// shard is the sweep of one shard of one kind.
type shard struct {
	*Sweeper
	kind   Kind
	number int       // 0 to due.Shards-1
	now    time.Time // one moment for the whole sweep
	room   *room     // of the kind's queue
	tally  Tally
	// failed are the errors of batches, up to maxFailed.
	failed []error
}

// maxFailed is how many batches may fail before the rest of a shard waits for the next sweep: one bad item must not
// keep the others from being handed out, and a queue that is down must not be asked for each of a million jobs.
const maxFailed = 3

// errEnough ends a sweep early.
var errEnough = errors.New("enough for this sweep")

// sweep hands out what is due, in batches of what one call to the queue takes. Reading stops with reading; a batch that
// was begun is finished with ctx.
func (s *shard) sweep(ctx, reading context.Context) error {
	batch := make([]due.Job, 0, maxSend)
	// flush hands out the batch that is full, unless time,
	// errors or the queue's room end the sweep.
	flush := func() error {
		if reading.Err() != nil || len(s.failed) >= maxFailed || !s.room.take(len(batch)) {
			return errEnough
		}
		if err := s.handOut(ctx, batch); err != nil {
			s.failed = append(s.failed, err)
		}
		batch = batch[:0]
		return nil
	}
	err := due.OverdueIn(reading, s.kind.Table, s.kind.Name, s.number, s.now, func(j due.Job) error {
		if batch = append(batch, j); len(batch) < maxSend {
			return nil
		}
		return flush()
	})
	// The rest, which does not fill a batch.
	if err == nil && len(batch) > 0 {
		err = flush()
	}
	// Not an error: what is left is due in the next sweep too.
	if reading.Err() != nil && ctx.Err() == nil {
		s.log.WarnContext(ctx, "time is up before all that is due was handed out", "kind", s.kind.Name, "shard", s.number)
	} else if err != nil && !errors.Is(err, errEnough) {
		s.failed = append(s.failed, err)
	}
	if len(s.failed) > 0 {
		return fmt.Errorf("sweep %s#%d: %w", s.kind.Name, s.number, errors.Join(s.failed...))
	}
	return nil
}

// handOut claims jobs and queues them; the ones that were handed out too often go to the dead queue.
func (s *shard) handOut(ctx context.Context, jobs []due.Job) error {
	claimed, err := s.claim(ctx, jobs)
	var work, spent []due.Job
	for _, j := range claimed {
		// The lag is noted before the job is queued: it tells how late the sweep found it.
		s.tally.note(j, s.now)
		if j.Tries >= due.MaxTries {
			spent = append(spent, j)
		} else {
			work = append(work, j)
		}
	}
	return errors.Join(err, s.queueWork(ctx, work), s.giveUp(ctx, spent))
}

// claim returns the jobs that are ours now. A claim that fails leaves its job to the next sweep.
func (s *shard) claim(ctx context.Context, jobs []due.Job) ([]due.Job, error) {
	ours := make([]bool, len(jobs))
	failed := make([]error, len(jobs))
	var all errgroup.Group
	for i, j := range jobs {
		// At the same time: each claim is a write to another item.
		all.Go(func() error {
			ours[i], failed[i] = due.Claim(ctx, s.kind.Table, j, s.now)
			return nil
		})
	}
	_ = all.Wait() // errors are kept by job
	var claimed []due.Job
	for i, j := range jobs {
		if ours[i] {
			claimed = append(claimed, j)
		}
	}
	return claimed, errors.Join(failed...)
}

// queueWork sends jobs to their queue and gives back the ones that it did not take.
func (s *shard) queueWork(ctx context.Context, jobs []due.Job) error {
	refused, cause := s.send(ctx, s.kind.Queue, jobs)
	s.tally.HandedOut += len(jobs) - len(refused)
	s.tally.GivenBack += len(refused)
	failed := []error{cause}
	for _, j := range refused {
		// Released with its old due time, so that the next sweep finds it at once.
		failed = append(failed, due.Release(ctx, s.kind.Table, j, s.now))
	}
	return errors.Join(failed...)
}

// giveUp sends jobs to the dead queue and takes those that arrived there out of the index. The others stay claimed and
// come up again when the lease ends.
func (s *shard) giveUp(ctx context.Context, jobs []due.Job) error {
	// A job is in the dead queue first and leaves the index then, see the package comment.
	refused, cause := s.send(ctx, s.dead, jobs)
	stays := map[due.Job]bool{}
	for _, j := range refused {
		stays[j] = true
	}
	failed := []error{cause}
	for _, j := range jobs {
		if stays[j] {
			continue
		}
		s.tally.GivenUp++
		s.log.ErrorContext(ctx, "job given up", "kind", j.Kind, "item", j.Key.String(), "tries", j.Tries)
		failed = append(failed, due.GiveUp(ctx, s.kind.Table, j.Claimed(s.now)))
	}
	return errors.Join(failed...)
}
