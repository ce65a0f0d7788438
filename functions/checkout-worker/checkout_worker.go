// Package checkoutworker is the worker for money that is still open: checkouts whose hold runs out or whose provider did not answer,
// orders whose capture is due, refunds that are due. It serves nobody directly; without it a lost answer would stay lost.
//
// It works off the queues of the due kinds checkout, capture and refund, which the sweeper fills, and changes the items of
// shared/checkout and shared/order. It emits order.placed, order.payment_failed and checkout.refunded.
//
// Trigger: SQS with partial batch failures. Each job may come twice; what is done is not done again. A provider that does not
// answer is no failure: the job is put off, ever longer, and the message is done with.
package checkoutworker

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"

	"dangol/shared/checkout"
	"dangol/shared/order"
	"dangol/shared/platform/boot"
	"dangol/shared/platform/due"
	"dangol/shared/platform/problem"
)

// Kinds are the due kinds that this function works off.
var Kinds = []string{checkout.DueCheckout, order.DueCapture, order.DueRefund}

// Worker is the function with what it needs.
type Worker struct {
	Checkouts checkout.Service
}

// New builds the function. Environment: what checkout.FromEnv names.
func New(ctx context.Context, env *boot.Env) (lambda.Handler, error) {
	service, err := checkout.FromEnv(ctx, env)
	if err != nil {
		return nil, err
	}
	return lambda.NewHandler(Worker{Checkouts: *service}.Handle), nil
}

// Handle works off a batch and reports the messages that failed; the queue gives those out again.
func (w Worker) Handle(ctx context.Context, batch events.SQSEvent) (events.SQSEventResponse, error) {
	var answer events.SQSEventResponse
	for _, m := range batch.Records {
		if err := w.message(ctx, m.Body); err != nil {
			w.Checkouts.Log.ErrorContext(ctx, "job failed", "message", m.MessageId, "error", err)
			answer.BatchItemFailures = append(answer.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: m.MessageId})
		}
	}
	return answer, nil
}

func (w Worker) message(ctx context.Context, body string) error {
	var job due.Job
	if err := json.Unmarshal([]byte(body), &job); err != nil {
		return fmt.Errorf("checkout-worker: no job: %w", err)
	}
	return w.Work(ctx, job)
}

// Work does one job. Which item it is about says what is to be done; what is not there any more needs nothing.
func (w Worker) Work(ctx context.Context, job due.Job) error {
	kind, id, _ := strings.Cut(job.Key.PK, "#")
	switch kind {
	case "CHECKOUT":
		return w.Checkouts.Work(ctx, id)
	case "ORDER":
		err := w.Checkouts.Cashier.Work(ctx, id)
		if problem.Code(err) == "order_not_found" {
			return nil
		}
		return err
	default:
		return fmt.Errorf("checkout-worker: %s job for %s", job.Kind, job.Key)
	}
}
