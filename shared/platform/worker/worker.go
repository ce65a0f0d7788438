// Package worker works off jobs from a queue: each job fails alone, so that a bad message comes back by itself and the
// good ones do not come back with it. A function declares its jobs as kind -> handler (Kinds), as it declares its
// routes.
//
// The event source mapping must have ReportBatchItemFailures set; without it Lambda takes any answer for success.
package worker

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"

	"github.com/aws/aws-lambda-go/events"

	"dangol/shared/platform/due"
)

// parallel bounds how many messages of one invocation are worked on at a time:
// jobs mostly wait for the network, and more would meet each other's writes.
const parallel = 5

// Kind is one kind of job and what does it.
type Kind struct {
	Name  string // the due kind; see package due
	Table string // name of the table whose items carry the jobs
	// Handle does one job. An error leaves the message in the queue: it comes back after the visibility timeout, and goes
	// to the dead-letter queue when it has come back too often. A job may come twice, late, or to two workers at once.
	Handle func(context.Context, due.Job) error
	// HandleAll, when set, is called instead with all jobs of the kind in a batch and returns an error, or nil, for each:
	// for jobs that are cheaper together.
	HandleAll func(context.Context, []due.Job) []error
}

// Kinds are all jobs that a function does.
type Kinds []Kind

// Names lists the due kinds.
func (k Kinds) Names() []string {
	names := make([]string, len(k))
	for i, one := range k {
		names[i] = one.Name
	}
	return names
}

// Handler returns the Lambda handler of a queue of jobs. A body that cannot be decoded, a kind that is not declared, an
// error and a panic are failures of that message alone. The answer lists failed messages by message id, in the order of
// the batch. When the context ends, messages not begun are reported as failed. Log lines name the message, never its
// body.
func (k Kinds) Handler(log *slog.Logger) func(context.Context, events.SQSEvent) (events.SQSEventResponse, error) {
	return func(ctx context.Context, in events.SQSEvent) (events.SQSEventResponse, error) {
		b := &batch{kinds: k, records: in.Records, jobs: make([]due.Job, len(in.Records)),
			errs: make([]error, len(in.Records))}
		b.work(ctx)
		var answer events.SQSEventResponse
		for i, err := range b.errs {
			if err == nil {
				continue
			}
			log.ErrorContext(ctx, "job failed", "messageId", in.Records[i].MessageId, "kind", b.jobs[i].Kind,
				"receives", in.Records[i].Attributes["ApproximateReceiveCount"], "error", err)
			answer.BatchItemFailures = append(answer.BatchItemFailures,
				events.SQSBatchItemFailure{ItemIdentifier: in.Records[i].MessageId})
		}
		return answer, nil
	}
}

// batch is the messages of one invocation. Each goroutine writes the errors of its own messages only.
type batch struct {
	kinds   Kinds
	records []events.SQSMessage
	jobs    []due.Job // decoded, by the index of the message
	errs    []error   // of each message; nil for one that is done
}

// work does all jobs. Those of kinds with HandleAll are gathered first and handled together.
func (b *batch) work(ctx context.Context) {
	together := map[string][]int{}
	slots := make(chan struct{}, parallel)
	var all sync.WaitGroup
	run := func(work func()) {
		// Taken here and not in the goroutine, so that
		// messages are begun in the order of the batch.
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			work()
		})
	}
	for i := range b.records {
		kind, err := b.read(i)
		switch {
		case err != nil:
			b.errs[i] = err
		case kind.HandleAll != nil:
			together[kind.Name] = append(together[kind.Name], i)
		default:
			run(func() { b.errs[i] = safely(ctx, func() error { return kind.Handle(ctx, b.jobs[i]) }) })
		}
	}
	for _, kind := range b.kinds {
		if jobs := together[kind.Name]; len(jobs) > 0 {
			run(func() { b.handleAll(ctx, kind, jobs) })
		}
	}
	all.Wait()
}

// read decodes a message and finds what does its job.
func (b *batch) read(i int) (Kind, error) {
	if err := json.Unmarshal([]byte(b.records[i].Body), &b.jobs[i]); err != nil {
		return Kind{}, fmt.Errorf("the body is not a job: %w", err)
	}
	n := slices.IndexFunc(b.kinds, func(k Kind) bool { return k.Name == b.jobs[i].Kind })
	if n < 0 {
		return Kind{}, fmt.Errorf("no job of the kind %q is known here", b.jobs[i].Kind)
	}
	return b.kinds[n], nil
}

// handleAll does all jobs of one kind in the batch. A panic, or another number of outcomes, fails all of them.
func (b *batch) handleAll(ctx context.Context, kind Kind, members []int) {
	jobs := make([]due.Job, len(members))
	for n, i := range members {
		jobs[n] = b.jobs[i]
	}
	var errs []error
	failed := safely(ctx, func() error {
		errs = kind.HandleAll(ctx, jobs)
		// Which job the missing outcome belongs to is not known: all come again, which each of them has to bear.
		if len(errs) != len(jobs) {
			return fmt.Errorf("%s answered %d outcomes for %d jobs", kind.Name, len(errs), len(jobs))
		}
		return nil
	})
	for n, i := range members {
		if b.errs[i] = failed; failed == nil {
			b.errs[i] = errs[n]
		}
	}
}

// safely does the work unless the time is up, and turns a panic into an error.
func safely(ctx context.Context, work func() error) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
		}
	}()
	// Not begun: the message comes back to the queue and is done by the next invocation.
	if err := ctx.Err(); err != nil {
		return err
	}
	return work()
}
