// Package billing is the worker that does what subscriptions are due for: it opens periods, invoices and charges them, follows up
// failed payments, asks for consent, announces renewals, and sends boxes. It serves nobody directly; without it nothing renews.
//
// It works off the queue of the due kinds subscription and subscription_report (the merchant's figures), which the sweeper fills, and
// changes the items of shared/subscription/service. It makes orders and emits subscription.changed, subscription.notice_issued and order.placed.
//
// Trigger: SQS with partial batch failures. Each job may come twice, late, or to two workers at once; see shared/subscription/service for why
// nothing is charged twice.
package billing

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"

	"dangol/shared/platform/boot"
	"dangol/shared/platform/due"
	"dangol/shared/subscription/service"
)

// Kinds are the due kinds that this function works off.
var Kinds = []string{service.DueSubscription, service.DueReport}

// Worker is the function with what it needs.
type Worker struct {
	Billing *service.Service
}

// New builds the function. Environment: what service.FromEnv names.
func New(ctx context.Context, env *boot.Env) (lambda.Handler, error) {
	service, err := service.FromEnv(ctx, env)
	if err != nil {
		return nil, err
	}
	return lambda.NewHandler(Worker{service}.Handle), nil
}

// Handle works off a batch and reports the messages that failed; the queue gives those out again.
func (w Worker) Handle(ctx context.Context, batch events.SQSEvent) (events.SQSEventResponse, error) {
	var answer events.SQSEventResponse
	jobs := make([]due.Job, len(batch.Records))
	unreadable := make([]error, len(batch.Records))
	for i, m := range batch.Records {
		if err := json.Unmarshal([]byte(m.Body), &jobs[i]); err != nil {
			unreadable[i] = fmt.Errorf("billing: no job: %w", err)
		}
	}
	for i, err := range w.Billing.Jobs(ctx, jobs) {
		m := batch.Records[i]
		if err = cmp.Or(unreadable[i], err); err != nil {
			w.Billing.Log.ErrorContext(ctx, "job failed", "message", m.MessageId, "error", err)
			answer.BatchItemFailures = append(answer.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: m.MessageId})
		}
	}
	return answer, nil
}
