// Package checkoutworker is the worker for payments that are not settled: checkouts whose
// hold runs out or whose provider did not answer, orders whose capture is due, refunds that
// are due. No client calls it; without it a payment whose answer was lost would stay unknown.
//
// It works off the queues of the due kinds checkout, capture and refund, which
// the sweeper fills, and changes the items of shared/checkout and shared/order.
// It publishes order.placed, order.payment_failed and checkout.refunded.
//
// Trigger: SQS with partial batch failures. Each job may come twice; what is done is not done again. A provider that
// does not answer is no failure: the job is put off, ever longer, and the message is done with.
package checkoutworker

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"

	"dangol/shared/checkout"
	"dangol/shared/order"
	"dangol/shared/payment/providers"
	"dangol/shared/platform/boot"
	"dangol/shared/platform/due"
	"dangol/shared/platform/function"
	"dangol/shared/platform/table"
	"dangol/shared/platform/worker"
)

// Worker is the function with what it needs.
type Worker struct {
	Checkouts checkout.Service
}

// Spec describes the function.
func Spec() function.Spec {
	return function.Spec{
		Name: "checkout-worker", Purpose: "Finishes what a checkout left open: holds that ran out, captures, refunds",
		New: New, Memory: 256, Timeout: 30 * time.Second,
		Environment: append(providers.Variables(), "COMMERCE_TABLE", "SHOP_CONFIG"),
		Tables:      []function.Grant{{Table: table.Commerce.Name, Actions: []string{"GetItem", "PutItem", "UpdateItem"}}},
		Jobs:        Worker{}.Jobs(),
		Permissions: []function.Permission{function.ReadPayments},
	}
}

// New builds the function. Environment: what checkout.FromEnv names.
func New(ctx context.Context, env *boot.Env) (lambda.Handler, error) {
	service, err := checkout.FromEnv(ctx, env)
	if err != nil {
		return nil, err
	}
	return lambda.NewHandler(Worker{Checkouts: *service}.Handler()), nil
}

// Jobs are the jobs that the function does.
func (w Worker) Jobs() worker.Kinds {
	return worker.Kinds{
		// All three kinds lead to the same handler, see work.
		{Name: checkout.DueCheckout, Table: table.Commerce.Name, Handle: w.work},
		{Name: order.DueCapture, Table: table.Commerce.Name, Handle: w.work},
		{Name: order.DueRefund, Table: table.Commerce.Name, Handle: w.work},
	}
}

// Handler returns the Lambda handler of the function's queue.
func (w Worker) Handler() func(context.Context, events.SQSEvent) (events.SQSEventResponse, error) {
	return w.Jobs().Handler(w.Checkouts.Log)
}

// work does one job. The item decides what is done and not the kind: a refund can be due on a checkout and on an order.
// A job about an item that no longer exists needs nothing.
func (w Worker) work(ctx context.Context, job due.Job) error {
	item, id, _ := strings.Cut(job.Key.PK, "#")
	switch item {
	case "CHECKOUT":
		return w.Checkouts.Work(ctx, id)
	case "ORDER":
		return w.Checkouts.Cashier.Work(ctx, id)
	// Failing brings the message to the dead-letter queue, where somebody looks at it.
	default:
		return fmt.Errorf("checkout-worker: %s job for %s", job.Kind, job.Key)
	}
}
