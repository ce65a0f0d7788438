package orders

import (
	"context"
	"time"

	"dangol/shared/money"
	"dangol/shared/platform/api"
	"dangol/shared/platform/civil"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/reconcile"
	"dangol/shared/reconcile/report"
)

// reconciliations registers the routes on which the merchant reads what the daily reconciliation found.
func (f *Orders) reconciliations(s *api.Service) {
	route := func(path, id, summary string, errors ...int) api.Route {
		return api.Route{
			Method: "GET", Path: "/admin/reconciliations" + path, ID: id, Summary: summary, Tag: "Reconciliation",
			Access: api.MerchantIs, Errors: append([]int{422}, errors...),
		}
	}
	list := route("", "listReconciliations", "The reconciliations of the last days, newest first")
	list.Description = "Each day the shop's orders, invoices and refunds are held against the payment provider's " +
		"ledger. A report without differences says that they agree."
	api.Handle(s, list, f.listReconciliations)
	api.Handle(s, route("/{day}", "getReconciliation", "The reconciliation of a day", 404), f.getReconciliation)
	differences := route("/{day}/differences", "listDifferences",
		"What does not agree, in the order in which it was found",
		404)
	differences.Description = "At most 1,000 are kept; the report has the number of all."
	api.Handle(s, differences, f.listDifferences)
}

// Reconciliation is the report of a day.
type Reconciliation struct {
	Day         civil.Date             `json:"day" example:"2026-11-29" doc:"In the shop's time zone."`
	State       report.State           `json:"state" enum:"running,done"`
	From        time.Time              `json:"from"`
	To          time.Time              `json:"to" doc:"Not part of the day."`
	StartedAt   time.Time              `json:"startedAt"`
	FinishedAt  *time.Time             `json:"finishedAt,omitempty"`
	Differences int                    `json:"differences" doc:"0: the books agree."`
	ByKind      map[reconcile.Kind]int `json:"byKind" doc:"Differences of each kind."`
	Payments    int                    `json:"payments" doc:"Of the provider's ledger, as far as they were looked at."`
	Refunds     int                    `json:"refunds" doc:"Of the provider's ledger, those included that came back."`
	Orders      int                    `json:"orders" doc:"Placed on the day."`
	Invoices    int                    `json:"invoices" doc:"Issued on the day."`
	CarriedOver int                    `json:"carriedOver" doc:"Open payments and invoices of earlier days that were looked at again."`
}

// reconciliationOf is a report as the API shows it.
func reconciliationOf(r report.Report) Reconciliation {
	v := Reconciliation{
		Day: r.Day, State: r.State, From: r.From, To: r.To, StartedAt: r.StartedAt, Differences: r.Found,
		ByKind: map[reconcile.Kind]int{}, Payments: r.Counts.Payments, Refunds: r.Counts.Refunds, Orders: r.Counts.Orders,
		Invoices: r.Counts.Invoices, CarriedOver: r.Counts.Carried,
	}
	for kind, n := range r.ByKind {
		v.ByKind[kind] = n
	}
	if !r.FinishedAt.IsZero() {
		v.FinishedAt = &r.FinishedAt
	}
	return v
}

// ReconciliationList is a page of reports.
type ReconciliationList struct {
	Body struct {
		Reconciliations []Reconciliation `json:"reconciliations" nullable:"false"`
		NextCursor      string           `json:"nextCursor,omitempty"`
	}
}

// books reads reports of the reconciliation.
func (f *Orders) books() report.Store { return report.Store{Table: f.Cashier.Orders.Table} }

// listReconciliations lists the reports. 1 round trip.
func (f *Orders) listReconciliations(ctx context.Context, in *api.Paging) (*ReconciliationList, error) {
	all, next, err := f.books().List(ctx, in.Limit, table.Cursor(in.Cursor))
	if err != nil {
		return nil, api.CursorProblem(err)
	}
	out := &ReconciliationList{}
	out.Body.Reconciliations, out.Body.NextCursor = make([]Reconciliation, len(all)), string(next)
	for i, r := range all {
		out.Body.Reconciliations[i] = reconciliationOf(r)
	}
	return out, nil
}

// DayInput names a day.
type DayInput struct {
	Day civil.Date `path:"day" maxLength:"10" example:"2026-11-29"`
}

// day reads the day of a path. Error: 422.
func (in DayInput) day() (civil.Date, error) {
	day, err := civil.ParseDate(string(in.Day))
	if err != nil {
		return "", problem.InvalidField("path/day", "no_date", "a date, YYYY-MM-DD")
	}
	return day, nil
}

// ReconciliationOutput is one report.
type ReconciliationOutput struct{ Body Reconciliation }

// getReconciliation reads the report of a day. 1 round trip. Errors: 404 reconciliation_not_found, 422.
func (f *Orders) getReconciliation(ctx context.Context, in *DayInput) (*ReconciliationOutput, error) {
	day, err := in.day()
	if err != nil {
		return nil, err
	}
	r, err := f.books().Get(ctx, day)
	if err != nil {
		return nil, err
	}
	return &ReconciliationOutput{Body: reconciliationOf(r)}, nil
}

// Difference is one thing that does not agree.
type Difference struct {
	Kind      reconcile.Kind   `json:"kind" example:"money_without_order" doc:"docs/reconciliation.md says what each means and what to do."`
	Subject   string           `json:"subject" doc:"The order, invoice, subscription or job that it is about."`
	PaymentID string           `json:"paymentId,omitempty" doc:"The provider's."`
	Books     *money.Formatted `json:"books,omitempty" doc:"By the shop's books."`
	Provider  *money.Formatted `json:"provider,omitempty" doc:"By the provider's."`
	Note      string           `json:"note,omitempty"`
}

// DifferenceList is a page of differences.
type DifferenceList struct {
	Body struct {
		Differences []Difference `json:"differences" nullable:"false"`
		NextCursor  string       `json:"nextCursor,omitempty"`
	}
}

// differencesInput names a day and a page.
type differencesInput struct {
	DayInput
	api.Paging
}

// listDifferences lists what a day's reconciliation found. 2 round trips: a day without a report is told from one whose
// books agree. Errors: 404 reconciliation_not_found, 422.
func (f *Orders) listDifferences(ctx context.Context, in *differencesInput) (*DifferenceList, error) {
	day, err := in.day()
	if err != nil {
		return nil, err
	}
	if _, err := f.books().Get(ctx, day); err != nil {
		return nil, err
	}
	all, next, err := f.books().Differences(ctx, day, in.Limit, table.Cursor(in.Cursor))
	if err != nil {
		return nil, api.CursorProblem(err)
	}
	out := &DifferenceList{}
	out.Body.Differences, out.Body.NextCursor = make([]Difference, len(all)), string(next)
	for i, d := range all {
		out.Body.Differences[i] = differenceOf(d)
	}
	return out, nil
}

// differenceOf is a difference as the API shows it: amounts only where it is about amounts.
func differenceOf(d reconcile.Difference) Difference {
	v := Difference{Kind: d.Kind, Subject: d.Subject, PaymentID: d.PaymentID, Note: d.Note}
	if d.Currency != "" {
		books, provider := money.Of(d.Books, d.Currency).Formatted(), money.Of(d.Provider, d.Currency).Formatted()
		v.Books, v.Provider = &books, &provider
	}
	return v
}
