// Package reviewauditor is the function that counts the reviews of every product again and compares them with the
// summaries, which are kept by differences. It reads only: a summary that has drifted is a mistake in the software, and
// it says so.
//
// Trigger: EventBridge Scheduler, once a day. It writes the metrics SummaryDrift (with an alarm) and SummaryReviews.
package reviewauditor

import (
	"context"
	"log/slog"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"dangol/shared/platform/boot"
	"dangol/shared/platform/function"
	"dangol/shared/platform/metrics"
	"dangol/shared/platform/table"
	"dangol/shared/review/store"
)

// Auditor is the function with what it needs.
type Auditor struct {
	Store   store.Store
	Log     *slog.Logger
	Metrics *metrics.Writer
}

// driftMetric counts the products whose summary is not what their reviews add up to.
const driftMetric = "SummaryDrift"

// Spec describes the function.
func Spec() function.Spec {
	return function.Spec{
		Name: "review-auditor", Purpose: "Counts the reviews of every product again and compares the summaries",
		// 15 minutes is the most that Lambda gives, and nothing else bounds the work.
		New: New, Memory: 256, Timeout: 15 * time.Minute, Environment: []string{"CARE_TABLE"},
		Tables: []function.Grant{{
			Table: table.Care.Name, Actions: []string{"BatchGetItem", "Query"}, Indexes: []string{table.ByTwo},
		}},
		Schedule: &function.Schedule{Rate: 24 * time.Hour},
		Alarms: []function.Alarm{{
			Name: "drift", Metric: driftMetric,
			What: "The review summary of a product is not what its reviews add up to; the log names it",
		}},
	}
}

// New builds the function. Environment: CARE_TABLE.
func New(ctx context.Context, env *boot.Env) (lambda.Handler, error) {
	tables, err := env.Tables(ctx, "CARE_TABLE")
	if err != nil {
		return nil, err
	}
	a := Auditor{Store: store.Store{Table: tables[0], Clock: env.Clock}, Log: env.Log, Metrics: env.Metrics()}
	return lambda.NewHandler(a.Handle), nil
}

// Result is what an audit found.
type Result struct {
	Products int           `json:"products"`
	Reviews  int           `json:"reviews"`
	Drift    []store.Drift `json:"drift"`
	Moving   []string      `json:"moving,omitempty"` // products that changed too fast to be counted
}

// Handle counts every product once.
func (a Auditor) Handle(ctx context.Context, _ struct{}) (Result, error) {
	audit, err := a.Store.Audit(ctx)
	if err != nil {
		return Result{}, err
	}
	for _, d := range audit.Drift {
		a.Log.ErrorContext(ctx, "review summary has drifted", "product", d.ProductID, "summary", d.Summary, "recount",
			d.Recount)
	}
	// An empty list and not null in the answer.
	out := Result{Products: audit.Products, Reviews: audit.Reviews, Drift: append([]store.Drift{}, audit.Drift...),
		Moving: audit.Moving}
	// Zero is written too: the alarm needs data points to end.
	return out, a.Metrics.Emit(nil,
		metrics.Metric{Name: driftMetric, Unit: metrics.Count, Value: float64(len(audit.Drift))},
		metrics.Metric{Name: "SummaryReviews", Unit: metrics.Count, Value: float64(audit.Reviews)},
	)
}
