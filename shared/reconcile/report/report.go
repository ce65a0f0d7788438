// Package report keeps what the daily reconciliation found: a report for each day and its differences. Package daily
// writes them, a route shows them to the merchant.
package report

import (
	"context"
	"errors"
	"fmt"
	"time"

	"dangol/shared/platform/civil"
	"dangol/shared/platform/due"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/reconcile"
)

// State is how far a reconciliation has come.
type State string

// The states of a report.
const (
	Running State = "running"
	Done    State = "done"
)

// Report is the reconciliation of one day of the shop.
type Report struct {
	Day        civil.Date             `json:"day"`
	State      State                  `json:"state"`
	From       time.Time              `json:"from"` // the day as times, to is not part of it
	To         time.Time              `json:"to"`
	StartedAt  time.Time              `json:"startedAt"`
	FinishedAt time.Time              `json:"finishedAt,omitzero"`
	Counts     Counts                 `json:"counts"`
	Found      int                    `json:"found"` // differences, those beyond Most included
	ByKind     map[reconcile.Kind]int `json:"byKind,omitempty"`
}

// Counts is how much a reconciliation has looked at.
type Counts struct {
	Payments int `json:"payments"` // of the provider
	Refunds  int `json:"refunds"`  // of the provider, those that came back included
	Orders   int `json:"orders"`
	Invoices int `json:"invoices"`
	Carried  int `json:"carried"` // open payments and invoices of earlier days
}

// Progress is where the walk of a reconciliation stands, so that another invocation can go on with it.
type Progress struct {
	Phase  int    `json:"phase"`
	Cursor string `json:"cursor,omitempty"` // within the phase
	// Seen compares the books' ids of payments with the provider's.
	Seen reconcile.Fingerprint `json:"seen,omitempty"`
	// Number is the last number of a book that was read, backwards.
	Number  string    `json:"number,omitempty"`
	Carried []Pending `json:"carried,omitempty"` // from the day before, not looked at yet
	Next    []Pending `json:"next,omitempty"`    // for the day after
}

// Pending is what had not come to its end and is looked at again the next day: a payment, or an invoice.
type Pending struct {
	PaymentID string    `json:"paymentId,omitempty"`
	Invoice   string    `json:"invoice,omitempty"` // its key
	Since     time.Time `json:"since"`
}

// Item is a report as stored, with its walk. It is due while the walk goes on.
type Item struct {
	table.Key
	due.Due
	Report  table.Packed[Report]   `dynamodbav:"report"`
	Walk    table.Packed[Progress] `dynamodbav:"walk"`
	Version int                    `dynamodbav:"version"`
	TTL     int64                  `dynamodbav:"ttl"`
}

// Due is the kind of the due jobs on reports.
const Due = "reconciliation"

// Most is how many differences of a day are stored. Where there are more, one cause has made them all, and the counts
// say how many there are.
const Most = 1_000

// Kept is how long reports are kept: a year's books can be closed with them.
const Kept = 400 * 24 * time.Hour

// partition is one for all reports: one item a day, written by a single worker.
const partition = "RECONCILIATIONS"

// KeyOf is the key of the report of a day.
func KeyOf(day civil.Date) table.Key { return table.Key{PK: partition, SK: "DAY#" + string(day)} }

// difference is a difference as stored, under its day.
type difference struct {
	table.Key
	Difference table.Packed[reconcile.Difference] `dynamodbav:"difference"`
	TTL        int64                              `dynamodbav:"ttl"`
}

// differencesOf is the partition of a day's differences.
func differencesOf(day civil.Date) string { return "RECONCILIATION#" + string(day) }

// PutDifference is the write of the n-th difference of a day, from 1. The same one may be written again: its number is
// part of the key, and the walk that found it is repeated from the same point.
func PutDifference(day civil.Date, n int, d reconcile.Difference, ttl int64) table.Put {
	return table.Put{Item: difference{
		Key:        table.Key{PK: differencesOf(day), SK: fmt.Sprintf("DIFFERENCE#%06d", n)},
		Difference: table.Packed[reconcile.Difference]{Value: d}, TTL: ttl,
	}}
}

// Store reads reports.
type Store struct{ Table *table.Table }

// notFound is the answer for a day without a report.
func notFound() error {
	return problem.NotFound("reconciliation_not_found", "There is no reconciliation of this day.")
}

// Get reads the report of a day. 1 round trip, 0.5 RCU per 4 KB. Errors: 404 reconciliation_not_found.
func (s Store) Get(ctx context.Context, day civil.Date) (Report, error) {
	var i Item
	err := s.Table.Peek(ctx, KeyOf(day), &i)
	if errors.Is(err, table.ErrNotFound) {
		return Report{}, notFound()
	}
	return i.Report.Value, err
}

// List lists the reports, newest first. 1 round trip, 0.5 RCU per 4 KB. Errors: table.ErrCursor.
func (s Store) List(ctx context.Context, limit int, after table.Cursor) ([]Report, table.Cursor, error) {
	return page(ctx, s.Table, table.Query{
		Where: "#pk = :pk", With: map[string]any{":pk": partition}, Limit: limit, After: after, Backwards: true,
	}, func(i Item) Report { return i.Report.Value })
}

// Differences lists what a day's reconciliation found, in the order in which it was found. 1 round trip, 0.5 RCU per
// 4 KB. Errors: table.ErrCursor.
func (s Store) Differences(
	ctx context.Context, day civil.Date, limit int, after table.Cursor,
) ([]reconcile.Difference, table.Cursor, error) {
	return page(ctx, s.Table, table.Query{
		Where: "#pk = :pk", With: map[string]any{":pk": differencesOf(day)}, Limit: limit, After: after,
	}, func(d difference) reconcile.Difference { return d.Difference.Value })
}

// page reads one page of a query and turns each stored item into what the caller shows.
func page[Stored, T any](
	ctx context.Context, t *table.Table, q table.Query, of func(Stored) T,
) ([]T, table.Cursor, error) {
	got, err := t.Query(ctx, q)
	if err != nil {
		return nil, "", err
	}
	out := make([]T, len(got.Items))
	for i, item := range got.Items {
		var stored Stored
		if err := item.Decode(&stored); err != nil {
			return nil, "", err
		}
		out[i] = of(stored)
	}
	return out, got.Next, nil
}
