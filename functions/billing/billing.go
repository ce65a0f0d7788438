// Package billing is the worker that does what subscriptions are due for: it opens periods, invoices and charges them,
// follows up failed payments, asks for consent, announces renewals, and sends boxes. Once a day it holds the shop's
// books against the payment provider's (package daily). It serves nobody directly; without it nothing renews.
//
// It works off the queue of the due kinds subscription, subscription_report (the merchant's figures) and
// reconciliation, which the sweeper fills, and changes the items of shared/subscription/service and
// shared/reconcile/report. It makes orders and emits subscription.changed, subscription.notice_issued and order.placed.
//
// Triggers: SQS with partial batch failures, and EventBridge Scheduler once a day, which begins a reconciliation. Each
// job may come twice, late, or to two workers at once; see shared/subscription/service for why nothing is charged
// twice.
package billing

import (
	"context"
	"slices"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"dangol/shared/payment/providers"
	"dangol/shared/platform/boot"
	"dangol/shared/platform/due"
	"dangol/shared/platform/function"
	"dangol/shared/platform/table"
	"dangol/shared/platform/worker"
	"dangol/shared/reconcile/daily"
	reconciliation "dangol/shared/reconcile/report"
	"dangol/shared/subscription/report"
	"dangol/shared/subscription/service"
)

// Worker is the function with what it needs.
type Worker struct {
	Billing *service.Service
	Books   daily.Reconciler
}

// Spec describes the function.
func Spec() function.Spec {
	return function.Spec{
		Name: "billing", Purpose: "Renews subscriptions: invoices, charges once, follows up, sends boxes; reconciles each " +
			"day's books",
		// 45 seconds are less than the lease of a minute, so a worker that is cut off never
		// overlaps with the one that takes over. 512 MB: a batch of ten subscriptions waits for the
		// provider at once.
		New: New, Memory: 512, Timeout: 45 * time.Second,
		Environment: append(providers.Variables(), "COMMERCE_TABLE", "SHOP_TIMEZONE"),
		Tables: []function.Grant{{
			Table:   table.Commerce.Name,
			Actions: []string{"GetItem", "BatchGetItem", "PutItem", "UpdateItem"},
			Indexes: []string{table.ByTwo, table.Due},
		}},
		Jobs:        Worker{}.Jobs(),
		Permissions: []function.Permission{function.ReadPayments},
		Schedule:    &function.Schedule{Rate: 24 * time.Hour},
		Alarms:      slices.Concat([]function.Alarm{service.RefundsRefused}, daily.Alarms),
	}
}

// New builds the function. Environment: what service.FromEnv names.
func New(ctx context.Context, env *boot.Env) (lambda.Handler, error) {
	billing, err := service.FromEnv(ctx, env)
	if err != nil {
		return nil, err
	}
	return Worker{Billing: billing, Books: BooksOf(billing)}.Lambda(), nil
}

// BooksOf reconciles with the table and the provider of the billing, in the zone of its books.
func BooksOf(s *service.Service) daily.Reconciler {
	return daily.Reconciler{
		Table: s.Table, Provider: s.Provider, Clock: s.Clock, Log: s.Log, Metrics: s.Metrics, Zone: s.FiscalZone,
	}
}

// Jobs are the jobs that the function does.
func (w Worker) Jobs() worker.Kinds {
	return worker.Kinds{
		// Together, because the invoices of a batch take their numbers in one step.
		{Name: service.DueSubscription, Table: table.Commerce.Name, HandleAll: w.renew},
		{Name: report.Due, Table: table.Commerce.Name, Handle: w.report},
		{Name: reconciliation.Due, Table: table.Commerce.Name, Handle: w.reconcile},
	}
}

// renew does the jobs of a batch and returns an error for each; SQS repeats only those.
func (w Worker) renew(ctx context.Context, jobs []due.Job) []error { return w.Billing.Jobs(ctx, jobs) }

// report continues the walk of a report by one slice.
func (w Worker) report(ctx context.Context, job due.Job) error {
	return report.Reports{Service: w.Billing}.Continue(ctx, job.Key)
}

// reconcile continues the reconciliation of a day by one slice.
func (w Worker) reconcile(ctx context.Context, job due.Job) error {
	return w.Books.Continue(ctx, job.Key)
}

// Lambda returns the function's handler: the jobs of its queue, and the schedule, whose payload says nothing.
func (w Worker) Lambda() lambda.Handler {
	return function.Handlers{Jobs: w.Jobs(), Other: lambda.NewHandler(w.Books.Start), Log: w.Billing.Log}.Lambda()
}
