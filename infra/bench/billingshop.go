package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"golang.org/x/sync/errgroup"

	function "dangol/functions/billing"
	"dangol/functions/sweeper"
	"dangol/shared/catalog"
	"dangol/shared/payment"
	"dangol/shared/platform/boot"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/table"
	"dangol/shared/subscription/service"
)

// shop is what a billing run goes through: the sweeper's
// handler, a queue, the worker's handler, all in this process.
type shop struct {
	sweeper lambda.Handler
	worker  func() lambda.Handler // another process of the function
	billing *service.Service      // as another function uses it
	belt    *belt
	till    *till
	tally   *tally
}

// newShop opens the shop a month after the subscriptions began. From there its clock runs, so that leases do.
func newShop(db table.DB, wall clock.Clock) *shop {
	// The channel is longer than the most that a sweep hands
	// out, so that the sweeper never waits for workers.
	s := &shop{belt: &belt{batches: make(chan []events.SQSMessage, 20_000)}, till: &till{}, tally: newTally()}
	at := clock.Running(start.AddDate(0, 1, 0), wall)
	t := table.New(db, table.Commerce.Name, func(op table.Op) { s.tally.observe("", op) })
	env := &boot.Env{Function: "sweeper", Clock: at, Log: slog.New(slog.DiscardHandler), Out: io.Discard}
	// Each worker has a service of its own, as each Lambda instance would.
	service := func() *service.Service {
		return &service.Service{
			Table: t, Catalog: catalog.NewCache(t, at, time.Minute), Provider: s.till, Clock: at, Log: slog.Default(),
			FiscalZone: time.UTC,
		}
	}
	s.billing = service()
	var kinds []sweeper.Kind
	// All kinds of the worker go through one queue, as on AWS.
	for _, name := range (function.Worker{}).Jobs().Names() {
		kinds = append(kinds, sweeper.Kind{Name: name, Table: t, Queue: "billing"})
	}
	s.sweeper = lambda.NewHandler(sweeper.With(kinds, "dead", s.belt, env).Handle)
	s.worker = func() lambda.Handler {
		b := service()
		return function.Worker{Billing: b, Books: function.BooksOf(b)}.Lambda()
	}
	return s
}

// bill sweeps and works until as many renewals are paid as there are, and nothing is left in the queue.
func (s *shop) bill(ctx context.Context, renewals, workers int) error {
	defer tell("renewals paid", renewals, func() int { return int(s.till.taken.Load()) })()
	all, ctx := errgroup.WithContext(ctx)
	for range workers {
		worker := s.worker()
		all.Go(func() error {
			for batch := range s.belt.batches {
				if err := s.work(ctx, worker, batch); err != nil {
					return err
				}
			}
			return nil
		})
	}
	all.Go(func() error {
		defer close(s.belt.batches)
		return s.sweep(ctx, renewals)
	})
	if err := all.Wait(); err != nil {
		return err
	}
	// Every subscription must be charged once: a figure of wrong work is worth nothing.
	if taken := int(s.till.taken.Load()); taken != renewals {
		return fmt.Errorf("billing: %d charges for %d renewals", taken, renewals)
	}
	return nil
}

// sweep fills the queue each time it is half empty; on AWS a sweep comes each minute.
func (s *shop) sweep(ctx context.Context, renewals int) error {
	pause := time.NewTicker(20 * time.Millisecond)
	defer pause.Stop()
	// full is how many messages the last sweep left in the queue.
	for full := int64(0); int(s.till.taken.Load()) < renewals || s.belt.waiting.Load() > 0; {
		if s.belt.waiting.Load() <= full/2 && int(s.till.taken.Load()) < renewals {
			if _, err := s.sweeper.Invoke(ctx, []byte(`{}`)); err != nil {
				return err
			}
			full = s.belt.waiting.Load()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-pause.C:
		}
	}
	return nil
}

// work gives a batch to the worker; what it reports as failed ends the run.
func (s *shop) work(ctx context.Context, worker lambda.Handler, batch []events.SQSMessage) error {
	defer s.belt.waiting.Add(int64(-len(batch)))
	payload, err := json.Marshal(events.SQSEvent{Records: batch})
	if err != nil {
		return err
	}
	raw, err := worker.Invoke(ctx, payload)
	if err != nil {
		return err
	}
	var answer events.SQSEventResponse
	if err := json.Unmarshal(raw, &answer); err != nil {
		return err
	}
	// Nothing fails here on purpose, so any failure is a fault of the shop.
	if n := len(answer.BatchItemFailures); n > 0 {
		return fmt.Errorf("billing: %d of %d jobs failed", n, len(batch))
	}
	return nil
}

// belt is the queue between sweeper and workers: each call's messages are one batch of a worker.
type belt struct {
	batches chan []events.SQSMessage
	waiting atomic.Int64 // sent and not done
	sent    atomic.Int64 // numbers the messages
}

// SendMessageBatch takes the messages.
func (b *belt) SendMessageBatch(_ context.Context, in *sqs.SendMessageBatchInput,
	_ ...func(*sqs.Options)) (*sqs.SendMessageBatchOutput, error) {
	// The other queue is the dead one.
	if *in.QueueUrl != "billing" {
		return nil, fmt.Errorf("billing: %d jobs were given up", len(in.Entries))
	}
	out := &sqs.SendMessageBatchOutput{}
	batch := make([]events.SQSMessage, len(in.Entries))
	for i, e := range in.Entries {
		batch[i] = events.SQSMessage{MessageId: strconv.FormatInt(b.sent.Add(1), 10), Body: *e.MessageBody,
			EventSource: "aws:sqs"}
		out.Successful = append(out.Successful,
			types.SendMessageBatchResultEntry{Id: e.Id, MessageId: aws.String(batch[i].MessageId)})
	}
	b.waiting.Add(int64(len(batch)))
	b.batches <- batch
	return out, nil
}

// GetQueueAttributes tells how many messages wait or are being worked on.
func (b *belt) GetQueueAttributes(context.Context, *sqs.GetQueueAttributesInput,
	...func(*sqs.Options)) (*sqs.GetQueueAttributesOutput, error) {
	return &sqs.GetQueueAttributesOutput{Attributes: map[string]string{
		string(types.QueueAttributeNameApproximateNumberOfMessages): strconv.FormatInt(b.waiting.Load(), 10),
		// Batches are counted until a worker is done with them, so none is hidden here.
		string(types.QueueAttributeNameApproximateNumberOfMessagesNotVisible): "0",
	}}, nil
}

// till is a provider that takes the money and answers at once: the run measures the shop and not a bank.
type till struct {
	payment.Provider
	taken atomic.Int64 // charges
}

// Name is "till".
func (*till) Name() string { return "till" }

// ChargeOffSession takes the money.
func (b *till) ChargeOffSession(_ context.Context, r payment.ChargeRequest) (payment.Payment, error) {
	n := b.taken.Add(1)
	return payment.Payment{ID: fmt.Sprintf("pay_%d", n), Key: r.Key, State: payment.StateCaptured, Amount: r.Amount,
		Captured: r.Amount}, nil
}
