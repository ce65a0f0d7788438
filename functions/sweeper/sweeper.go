// Package sweeper queues what is due. Each minute it asks the due index (package due)
// for the jobs whose time has come, claims them and puts them into the queue of their
// kind, where the function that handles the job takes them from. It owns no items; it
// only moves the due time of other functions' items, and it publishes no events.
//
// Trigger: EventBridge Scheduler, rate 1 minute, input {}.
//
// A job is handed out once per lease (due.Lease): the claim is conditional on the time that was read, so of two sweeps
// at once one gets it. Between claim and queue a sweep can die; the job is due again when the lease ends. A job that
// could not be queued is given back at once. A job that was handed out due.MaxTries times without getting done goes to
// the dead queue, and only then leaves the index: it may be there twice, never nowhere. Workers are idempotent.
//
// A queue is filled only as far as its workers can empty it within a lease; the rest of a large run waits in the index
// for the next sweeps.
//
// The sweep stops some seconds before Lambda would stop it; the next one goes on with what is left.
package sweeper

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"golang.org/x/sync/errgroup"

	"dangol/shared/platform/boot"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/due"
	"dangol/shared/platform/function"
	"dangol/shared/platform/metrics"
	"dangol/shared/platform/table"
)

// spare is how long before the end of its time a sweep begins no further batch.
const spare = 5 * time.Second

// parallel bounds how many shards are swept at a time, over all kinds: 256 MB
// have a fraction of a processor, and more would only wait for each other.
const parallel = 8

// Queue is the part of the SQS client in use.
type Queue interface {
	SendMessageBatch(context.Context, *sqs.SendMessageBatchInput, ...func(*sqs.Options)) (*sqs.SendMessageBatchOutput,
		error)
	GetQueueAttributes(context.Context, *sqs.GetQueueAttributesInput,
		...func(*sqs.Options)) (*sqs.GetQueueAttributesOutput, error)
}

// Kind is one kind of job: the table whose items carry it and the URL of the queue it goes to.
type Kind struct {
	Name  string
	Table *table.Table
	Queue string // its URL
}

// Sweeper hands out due jobs.
type Sweeper struct {
	kinds   []Kind
	dead    string // URL of the dead queue
	most    int    // jobs that may wait in one queue
	queue   Queue
	clock   clock.Clock
	log     *slog.Logger
	metrics *metrics.Writer
}

// Spec describes the function.
func Spec() function.Spec {
	return function.Spec{
		Name: "sweeper", Purpose: "Finds what is due and queues it",
		New: New, Memory: 256, Timeout: 55 * time.Second,
		Environment: []string{"COMMERCE_TABLE", "OUTREACH_TABLE", "CARE_TABLE", "DUE_KINDS", "DEAD_QUEUE_URL"},
		Tables: []function.Grant{
			{Table: table.Commerce.Name, Actions: []string{"UpdateItem"}, Indexes: []string{table.Due}},
			{Table: table.Outreach.Name, Actions: []string{"UpdateItem"}, Indexes: []string{table.Due}},
			{Table: table.Care.Name, Actions: []string{"UpdateItem"}, Indexes: []string{table.Due}},
		},
		Schedule:    &function.Schedule{Rate: time.Minute},
		Permissions: []function.Permission{function.SendDue},
	}
}

// New builds the function. Environment: DUE_KINDS, a list kind+kind=queue URL, with kind@VARIABLE for kinds whose items
// are in the table named by another variable than COMMERCE_TABLE
// ("checkout+refund=https://...,send@OUTREACH_TABLE=https://...");
// DEAD_QUEUE_URL; the table variables; SQS_ENDPOINT where it is not the usual one.
func New(ctx context.Context, env *boot.Env) (lambda.Handler, error) {
	var config struct {
		Kinds []string `env:"DUE_KINDS"`
		Dead  string   `env:"DEAD_QUEUE_URL"`
	}
	if err := env.Config(&config); err != nil {
		return nil, err
	}
	kinds, err := readKinds(ctx, env, config.Kinds)
	if err != nil {
		return nil, err
	}
	queue := sqs.NewFromConfig(env.AWS(), func(o *sqs.Options) { o.BaseEndpoint = env.Endpoint("SQS") })
	return lambda.NewHandler(With(kinds, config.Dead, queue, env).Handle), nil
}

// With returns a sweeper of the kinds.
func With(kinds []Kind, dead string, queue Queue, env *boot.Env) *Sweeper {
	return &Sweeper{kinds: kinds, dead: dead, most: mostWaiting, queue: queue, clock: env.Clock, log: env.Log,
		metrics: env.Metrics()}
}

// Handle sweeps all kinds once and says what it did with each. An error of one shard does not keep the others from
// being swept; it is returned in the end, so that it shows in the function's error metric.
func (s *Sweeper) Handle(ctx context.Context, _ struct{}) (map[string]Tally, error) {
	reading, done := limited(ctx)
	defer done()
	rooms, unknown := s.rooms(ctx)
	shards := make([]shard, 0, len(s.kinds)*due.Shards)
	for n := range due.Shards { // shard by shard, so that no kind waits for another to be finished
		for _, k := range s.kinds {
			shards = append(shards, shard{Sweeper: s, kind: k, number: n, now: s.clock.Now(), room: rooms[k.Queue]})
		}
	}
	failed := make([]error, len(shards))
	var all errgroup.Group
	all.SetLimit(parallel)
	for i := range shards {
		all.Go(func() error {
			failed[i] = shards[i].sweep(ctx, reading)
			return nil
		})
	}
	_ = all.Wait() // errors are kept by shard
	report := map[string]Tally{}
	for _, sh := range shards {
		// After all shards have ended, so that no lock is needed.
		report[sh.kind.Name] = report[sh.kind.Name].plus(sh.tally)
	}
	return report, errors.Join(unknown, errors.Join(failed...), s.count(report))
}

// limited returns a context that ends so long before ctx that what was begun can be finished.
func limited(ctx context.Context) (context.Context, context.CancelFunc) {
	if end, ok := ctx.Deadline(); ok {
		return context.WithDeadline(ctx, end.Add(-spare))
	}
	// Without a deadline, as in tests, there is no end to keep a distance from.
	return context.WithCancel(ctx)
}
