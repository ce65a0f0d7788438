// Package daily is the reconciliation of each day: it walks the orders and invoices of the day, the payment provider's
// ledger of the day, and what earlier days left open, and holds them against each other by the rules of package
// reconcile. Nothing is read but what belongs to the day: orders by their lists, which are sorted by time, invoices by
// the book of their year from its end, the ledger by its own window.
//
// A walk goes page by page with memory for one page, and stores after a slice of time where it stands, so a shop of any
// size is done by a worker that has less than a minute at a time. A worker that dies loses its slice and nothing else.
package daily

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"dangol/shared/order"
	"dangol/shared/payment"
	"dangol/shared/platform/civil"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/due"
	"dangol/shared/platform/function"
	"dangol/shared/platform/id"
	"dangol/shared/platform/metrics"
	"dangol/shared/platform/table"
	"dangol/shared/reconcile"
	"dangol/shared/reconcile/report"
)

// Reconciler reconciles. It is safe for concurrent use.
type Reconciler struct {
	Table    *table.Table
	Provider payment.Provider
	Clock    clock.Clock
	Log      *slog.Logger
	Metrics  *metrics.Writer // nil for none
	Zone     *time.Location  // in which the shop's days begin, and its books' years
}

// MoneyKinds are the kinds of due jobs that hold money or stock; docs/deploy.md lists them. They are names here,
// because the packages that do the jobs are far too large to be linked for them.
var MoneyKinds = []string{
	"checkout", "capture", "refund", "subscription", "return", "order_addition", "payment_return",
}

const (
	// sliceFor is how long a worker walks before it writes down how far it has come.
	sliceFor = 20 * time.Second
	// foundAtOnce bounds the differences of a slice: they are written in one transaction of at most 100 parts.
	foundAtOnce = 90
	// restAfter is how long after its end a day is left alone: a payment is settled within minutes, or asked about for
	// an hour or two.
	restAfter = 2 * time.Hour
	// daysBack is how many days are made up for when the reconciliation did not run.
	daysBack = 14
	// retryAfter is when a walk goes on that the provider did not answer.
	retryAfter = 15 * time.Minute
)

// MetricDifferences counts differences; MetricLate counts reconciliations that were not done after a day. Alarms watch
// both.
const (
	MetricDifferences = "ReconciliationDifferences"
	MetricLate        = "ReconciliationLate"
)

// Alarms are those of the function that reconciles.
var Alarms = []function.Alarm{
	{
		Name: "reconciliation", Metric: MetricDifferences, Period: time.Hour,
		What: "The books and the payment provider do not agree: see GET /admin/reconciliations and docs/reconciliation.md",
	},
	{
		Name: "reconciliation-late", Metric: MetricLate, Period: time.Hour,
		What: "The reconciliation of a day has not come to its end within another day; the log of billing says why",
	},
}

// Start begins the reconciliation of the earliest day that has ended and has none, and takes up one that stands still.
// It is called once a day, and may be called at any time. 1 round trip to look, 1 to write.
func (r Reconciler) Start(ctx context.Context) error {
	newest, err := r.newest(ctx)
	if err != nil {
		return err
	}
	late := 0
	switch {
	case newest == nil:
		err = r.begin(ctx, r.lastDay(), nil)
	case newest.Report.Value.State == report.Running:
		if r.Clock.Now().Sub(newest.Report.Value.StartedAt) > 20*time.Hour {
			late = 1
		}
		// Due again, in case its job has been given up.
		err = r.keep(ctx, newest, nil, r.Clock.Now())
	default:
		err = r.next(ctx, newest)
	}
	if err != nil {
		return err
	}
	return r.emit(metrics.Metric{Name: MetricLate, Unit: metrics.Count, Value: float64(late)})
}

// newest is the latest report of the last days; nil when there is none. 1 round trip.
func (r Reconciler) newest(ctx context.Context) (*report.Item, error) {
	last := r.lastDay()
	keys := make([]table.Key, daysBack)
	for n := range keys {
		keys[n] = report.KeyOf(last.Add(-n))
	}
	found, err := r.Table.BatchGet(ctx, true, keys...)
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		if item, ok := found[key]; ok {
			var i report.Item
			return &i, item.Decode(&i)
		}
	}
	return nil, nil
}

// lastDay is the last day that ended long enough ago.
func (r Reconciler) lastDay() civil.Date {
	return civil.DateAt(r.Clock.Now().Add(-restAfter), r.Zone).Add(-1)
}

// next begins the day after one that is done, when that has ended.
func (r Reconciler) next(ctx context.Context, done *report.Item) error {
	day := done.Report.Value.Day.Add(1)
	if day > r.lastDay() {
		return nil
	}
	return r.begin(ctx, day, done.Walk.Value.Next)
}

// begin stores the report of a day, due at once. One that somebody else has begun is theirs.
func (r Reconciler) begin(ctx context.Context, day civil.Date, carried []report.Pending) error {
	now := r.Clock.Now()
	i := &report.Item{
		Key: report.KeyOf(day),
		Report: table.Packed[report.Report]{Value: report.Report{
			Day: day, State: report.Running, From: day.Start(r.Zone), To: day.Add(1).Start(r.Zone), StartedAt: now,
		}},
		Walk: table.Packed[report.Progress]{Value: report.Progress{Carried: carried}},
	}
	return r.keep(ctx, i, nil, now)
}

// Continue takes the reconciliation of a day on by one slice. The job of one that is done, or that another worker has
// taken further, needs nothing.
func (r Reconciler) Continue(ctx context.Context, key table.Key) error {
	var i report.Item
	err := r.Table.Get(ctx, key, &i)
	if errors.Is(err, table.ErrNotFound) || err == nil && i.Report.Value.State == report.Done {
		return nil
	}
	if err != nil {
		return err
	}
	began, w := r.Clock.Now(), r.walkOf(&i)
	for !w.done() && len(w.found) < foundAtOnce && r.Clock.Now().Sub(began) < sliceFor {
		if err = w.step(ctx); err != nil {
			break
		}
	}
	i.Report.Value.Counts, i.Walk.Value = w.counts, w.at
	silent := errors.Is(err, payment.ErrUnavailable) || errors.Is(err, payment.ErrUnknown)
	switch {
	case err == nil && w.done():
		return r.finish(ctx, &i, w.found)
	case err == nil:
		return r.keep(ctx, &i, w.found, r.Clock.Now())
	case silent:
		// No failure of the job: what was done is kept, and the rest waits for the provider.
		r.Log.WarnContext(ctx, "the reconciliation waits for the provider", "day", i.Report.Value.Day, "error", err)
		return r.keep(ctx, &i, w.found, r.Clock.Now().Add(retryAfter))
	}
	return fmt.Errorf("reconciliation of %s: %w", i.Report.Value.Day, err)
}

// walkOf is the walk of a stored report, where it stands.
func (r Reconciler) walkOf(i *report.Item) *walk {
	return &walk{
		Reconciler: r, from: i.Report.Value.From, to: i.Report.Value.To, at: i.Walk.Value, counts: i.Report.Value.Counts,
	}
}

// finish stores the report with its last differences, writes the metrics, and goes on with the next day when that has
// ended too.
func (r Reconciler) finish(ctx context.Context, i *report.Item, found []reconcile.Difference) error {
	i.Report.Value.State, i.Report.Value.FinishedAt = report.Done, r.Clock.Now()
	i.Walk.Value = report.Progress{Next: i.Walk.Value.Next}
	if err := r.put(ctx, i, found, due.Due{}); err != nil {
		return err
	}
	n := i.Report.Value.Found
	r.Log.InfoContext(ctx, "a day was reconciled", "day", i.Report.Value.Day, "differences", n)
	// Zero is written too: the alarm needs data points to end.
	if err := r.emit(metrics.Metric{Name: MetricDifferences, Unit: metrics.Count, Value: float64(n)}); err != nil {
		return err
	}
	return r.next(ctx, i)
}

// keep stores a reconciliation that goes on at a time.
func (r Reconciler) keep(ctx context.Context, i *report.Item, found []reconcile.Difference, at time.Time) error {
	return r.put(ctx, i, found, due.On(report.Due, i.SK, at))
}

// put stores a report as the version after the one that was read, in one transaction with the differences of the slice.
// One that another worker has taken further is left to it.
func (r Reconciler) put(ctx context.Context, i *report.Item, found []reconcile.Difference, when due.Due) error {
	i.Due, i.TTL = when, r.Clock.Now().Add(report.Kept).Unix()
	first := table.Put{Item: i, If: table.IfNew}
	if i.Version > 0 {
		first.If, first.With = "#version = :read", map[string]any{":read": i.Version}
	}
	i.Version++
	writes := []table.Write{first}
	for _, d := range found {
		rep := &i.Report.Value
		if rep.ByKind == nil {
			rep.ByKind = map[reconcile.Kind]int{}
		}
		rep.ByKind[d.Kind]++
		if rep.Found++; rep.Found <= report.Most {
			writes = append(writes, report.PutDifference(rep.Day, rep.Found, d, i.TTL))
		}
		r.Log.ErrorContext(ctx, "the books do not agree", "day", rep.Day, "kind", d.Kind, "subject", d.Subject, "payment",
			d.PaymentID, "books", d.Books, "provider", d.Provider)
	}
	var err error
	if len(writes) == 1 {
		err = r.Table.Put(ctx, first)
	} else {
		err = r.Table.Transact(ctx, id.New("txn", r.Clock.Now()), writes...)
	}
	if _, outrun := table.Failed(err); outrun {
		return nil
	}
	if c, outrun := table.Refused(err); outrun && c.Refused(0) {
		return nil
	}
	return err
}

// emit writes metrics, where there is somebody to read them.
func (r Reconciler) emit(all ...metrics.Metric) error {
	if r.Metrics == nil {
		return nil
	}
	return r.Metrics.Emit(nil, all...)
}

// Result is what a reconciliation without a report found.
type Result struct {
	Found  []reconcile.Difference
	Open   []report.Pending // what had not come to its end
	Counts report.Counts
}

// Between reconciles a window of time at once, without a report: for the campaigns of the tests. Errors: those of table
// and provider.
func (r Reconciler) Between(ctx context.Context, from, to time.Time) (Result, error) {
	w := &walk{Reconciler: r, from: from, to: to}
	for !w.done() {
		if err := w.step(ctx); err != nil {
			return Result{}, err
		}
	}
	return Result{Found: w.found, Open: w.at.Next, Counts: w.counts}, nil
}

// orders reads orders.
func (r Reconciler) orders() order.Store { return order.Store{Table: r.Table, Clock: r.Clock} }
