package task

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"dangol/shared/platform/backoff"
	"dangol/shared/platform/due"
	"dangol/shared/platform/id"
	"dangol/shared/platform/table"
)

// Delivery says what becomes of an attempt whose answer never came.
type Delivery string

// The deliveries; see the package comment.
const (
	AtLeastOnce Delivery = "at_least_once"
	AtMostOnce  Delivery = "at_most_once"
)

// Outcome is how an attempt went that took effect, or may still.
type Outcome struct {
	// Record returns the writes that are stored with the outcome, in one transaction. It is called again when a
	// condition of one of them failed, so it reads what it depends on. nil for none.
	Record func(ctx context.Context) ([]table.Write, error)
	// Again, when set, says that the outcome is still to come (a refund that the bank has accepted): the task is asked
	// about at that time.
	Again time.Time
}

// Kind is one kind of task that is stored in items of its own. Its name is the kind of the due jobs as well.
type Kind[P any] struct {
	Engine
	Name     string
	Delivery Delivery
	// Do makes an attempt. Errors: ErrLater when nothing happened, Permanent when nothing happened and nothing ever
	// will; everything else means that the outcome is not known.
	Do func(ctx context.Context, t *Task[P]) (Outcome, error)
	// Ask asks what became of the attempt before, for one without an answer. Errors: ErrNotSeen when it may be made
	// again; others as Do. nil when nobody can be asked.
	Ask func(ctx context.Context, t *Task[P]) (Outcome, error)
	// Abandon returns the writes that compensate for a task that can never succeed and tell about it. They are stored
	// with the end of the task. nil when there is nothing to compensate: the alarm still rings.
	Abandon func(ctx context.Context, t *Task[P], cause error) ([]table.Write, error)

	Backoff     backoff.Schedule // between attempts; backoff.Provider when empty
	MaxAttempts int              // then the task is abandoned; 0 for no bound
	GiveUpAfter time.Duration    // since the task was made; then it is abandoned; 0 for never
	Timeout     time.Duration    // of Do and of Ask, less than Lease; 20 seconds when 0
}

// recordTries bounds how often an outcome is recorded again after a condition of its writes failed.
const recordTries = 8

// defaultTimeout leaves time within the lease to record the outcome.
const defaultTimeout = 20 * time.Second

// maxReason bounds the text kept of an error, in bytes.
const maxReason = 300

// Work is the handler of the due jobs of the kind. A task done at the first attempt is 1 read, 1 write and 1
// transaction (a write when nothing is recorded with it).
func (k Kind[P]) Work(ctx context.Context, job due.Job) error {
	// A job of another kind, or a key that is no task's: a fault in the wiring.
	taskID, ok := strings.CutPrefix(job.Key.PK, KeyOf(k.Name, "").PK)
	if !ok {
		return fmt.Errorf("task: %s job for %s", k.Name, job.Key)
	}
	return k.machine().Work(ctx, taskID)
}

// Run makes the first attempt of a task that was stored as Begun. What cannot be finished now stays due and is no
// error.
func (k Kind[P]) Run(ctx context.Context, t *Task[P]) error {
	m := k.machine()
	after, err := m.Run(ctx, t)
	if waits(err) {
		return m.putOff(ctx, after, err)
	}
	return err
}

// Get reads a task. 1 round trip. Errors: table.ErrNotFound.
func (k Kind[P]) Get(ctx context.Context, taskID string) (*Task[P], error) {
	var t Task[P]
	err := k.Table.Get(ctx, KeyOf(k.Name, taskID), &t)
	return &t, err
}

// machine is the kind as a machine with one step: a task has one thing to do.
func (k Kind[P]) machine() Machine[*Task[P]] {
	return Machine[*Task[P]]{
		Engine: k.Engine, Name: k.Name, Load: k.take, Step: k.step, Postpone: k.postpone, Abandon: k.abandon, MaxSteps: 1,
	}
}

// take reads a task and takes the lease.
func (k Kind[P]) take(ctx context.Context, taskID string) (*Task[P], error) {
	t, err := k.Get(ctx, taskID)
	now := k.Clock.Now()
	switch {
	case errors.Is(err, table.ErrNotFound), err == nil && t.State != Pending:
		return nil, ErrGone
	case err != nil:
		return nil, err
	case now.UnixMilli() < t.LeaseUntil:
		return nil, ErrTaken
	}
	// The copy is saved and, when that succeeded, put in the
	// place of t: a refused save leaves t as it was read.
	leased := *t
	leased.begin(now)
	return t, k.save(ctx, t, leased)
}

// step makes one attempt and records its outcome.
func (k Kind[P]) step(ctx context.Context, t *Task[P]) (*Task[P], bool, error) {
	out, err := k.attempt(ctx, t)
	// What is known of the outcome is recorded also when the time of the caller has just run out.
	ctx = context.WithoutCancel(ctx)
	switch {
	case err == nil:
		return t, true, k.record(ctx, t, out)
	case errors.Is(err, ErrLater):
		t.Unanswered = t.ask // this attempt did not happen; an earlier one may have
		return t, false, err
	case IsPermanent(err):
		return t, false, err
	// Nobody can be asked and twice is worse than never: the task ends here, as unknown.
	case k.Ask == nil && k.Delivery == AtMostOnce:
		return t, false, Permanent(errors.Join(ErrUnknown, err))
	}
	return t, false, errors.Join(ErrUnknown, err)
}

// attempt asks about the attempt before where there was one without an answer, and acts where that did not take effect.
func (k Kind[P]) attempt(ctx context.Context, t *Task[P]) (Outcome, error) {
	timeout := k.Timeout
	if timeout == 0 {
		timeout = defaultTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	switch {
	case t.ask && k.Ask != nil:
		out, err := k.Ask(ctx, t)
		if !errors.Is(err, ErrNotSeen) {
			return out, err
		}
	case t.ask && k.Delivery == AtMostOnce:
		return Outcome{}, Permanent(ErrUnknown)
	}
	// begin has counted this attempt already.
	if k.MaxAttempts > 0 && t.Attempts > k.MaxAttempts {
		return Outcome{}, Permanent(fmt.Errorf("no success in %d attempts: %s", k.MaxAttempts, t.Reason))
	}
	if k.GiveUpAfter > 0 && k.Clock.Now().Sub(t.CreatedAt) > k.GiveUpAfter {
		return Outcome{}, Permanent(fmt.Errorf("no success within %s: %s", k.GiveUpAfter, t.Reason))
	}
	return k.Do(ctx, t)
}

// record stores the outcome with what follows from it. Writes whose conditions fail are asked for again: what they
// depend on has changed.
func (k Kind[P]) record(ctx context.Context, t *Task[P], out Outcome) error {
	next := *t
	if out.Again.IsZero() {
		next.close(Done, k.Clock.Now())
	} else {
		next.wait(out.Again)
	}
	if out.Record == nil {
		return k.save(ctx, t, next)
	}
	var err error
	// Only conditions of the outcome's own writes are worth
	// another try: what they depend on is read again.
	for range recordTries {
		var writes []table.Write
		if writes, err = out.Record(ctx); err != nil {
			return err
		}
		err = k.save(ctx, t, next, writes...)
		if _, refused := table.Refused(err); !refused || table.Permanent(err) {
			break
		}
	}
	// The attempt took effect, but its outcome can never be stored: that must not be lost silently.
	if table.Permanent(err) {
		return Permanent(errors.Join(ErrUnrecorded, err))
	}
	return err
}

// postpone puts a task off that could not be finished; cause is nil for one that is over or has its next time already.
func (k Kind[P]) postpone(ctx context.Context, t *Task[P], cause error) error {
	if cause == nil {
		return nil
	}
	waits := k.Backoff
	if len(waits) == 0 {
		waits = backoff.Provider
	}
	next := *t
	// Attempts counts from 1, the schedule from 0.
	next.wait(k.Clock.Now().Add(waits.After(t.Attempts - 1)))
	next.Reason = short(cause.Error())
	// Also when the caller's time is up: otherwise the task would wait for its lease.
	return k.save(context.WithoutCancel(ctx), t, next)
}

// abandon ends a task that can never succeed.
func (k Kind[P]) abandon(ctx context.Context, t *Task[P], cause error) (*Task[P], bool, error) {
	ctx = context.WithoutCancel(ctx)
	var writes []table.Write
	if k.Abandon != nil {
		var err error
		if writes, err = k.Abandon(ctx, t, cause); err != nil {
			return t, false, err
		}
	}
	next := *t
	next.close(Abandoned, k.Clock.Now())
	next.Reason = short(cause.Error())
	return t, true, k.save(ctx, t, next, writes...)
}

// save replaces a task by its next version, with further writes in the same transaction. A write of ours whose answer
// was lost is recognized by its write id. Errors: ErrTaken when the task is not as it was read; *table.Canceled when a
// condition of another write failed.
func (k Kind[P]) save(ctx context.Context, t *Task[P], next Task[P], writes ...table.Write) error {
	next.Version = t.Version + 1
	next.UpdatedAt = k.Clock.Now()
	next.WriteID = id.New("try", next.UpdatedAt)
	// only what was read is replaced
	put := table.Put{Item: next, If: "#version = :read", With: map[string]any{":read": t.Version}}
	found, err := k.write(ctx, put, next.WriteID, writes)
	if err != nil {
		return err
	}
	// Another write id: not an earlier try of this write, so another worker has it.
	if found != nil && found.Text(table.WriteIDAttribute) != next.WriteID {
		return ErrTaken
	}
	*t = next
	return nil
}

// write stores a task, and returns the item that stood in its place when it was not as it was read.
func (k Kind[P]) write(ctx context.Context, put table.Put, writeID string, writes []table.Write) (found table.Item,
	err error) {
	if len(writes) == 0 {
		err = k.Table.Put(ctx, put)
		if failed, ok := table.Failed(err); ok {
			return orEmpty(failed.Item), nil
		}
		return nil, err
	}
	err = k.Table.Transact(ctx, writeID, append([]table.Write{put}, writes...)...)
	if canceled, ok := table.Refused(err); ok && canceled.Refused(0) {
		return orEmpty(canceled.Reasons[0].Item), nil
	}
	return nil, err
}

// orEmpty is an item that stood there: an empty one when it is gone.
func orEmpty(i table.Item) table.Item {
	if i == nil {
		return table.Item{}
	}
	return i
}

// short cuts a text to what is kept of it.
func short(text string) string {
	if len(text) <= maxReason {
		return text
	}
	return strings.ToValidUTF8(text[:maxReason], "")
}
