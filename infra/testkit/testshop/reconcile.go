package testshop

import (
	"log/slog"
	"testing"
	"time"

	"dangol/shared/reconcile/daily"
	"dangol/shared/reconcile/report"
)

// Reconciler is the shop's own daily reconciliation, without faults.
func (w *Shop) Reconciler(t testing.TB) daily.Reconciler {
	t.Helper()
	seoul, err := time.LoadLocation("Asia/Seoul")
	if err != nil {
		t.Fatal(err)
	}
	return daily.Reconciler{
		Table: w.Table, Provider: w.unfaulted, Clock: w.Clock, Log: slog.New(slog.DiscardHandler), Zone: seoul,
	}
}

// Reconcile fails the test unless the reconciliation of all that has happened finds nothing, every payment has come to
// its end, and the bank charged each payment at most once. It returns what was looked at.
func (w *Shop) Reconcile(t testing.TB) report.Counts {
	t.Helper()
	result, err := w.Reconciler(t).Between(t.Context(), Noon.Add(-time.Hour), w.Clock.Now().Add(time.Second))
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range result.Found {
		t.Errorf("reconciliation: %s", d)
	}
	for _, p := range result.Open {
		if p.PaymentID != "" {
			t.Errorf("payment %s is left open", p.PaymentID)
		}
	}
	ledger := w.Bank.Ledger()
	for _, e := range ledger {
		if e.Charged() > 1 {
			t.Errorf("payment %s was charged %d times", e.ID, e.Charged())
		}
	}
	// A walk that skips a page would agree with everything.
	if result.Counts.Payments != len(ledger) {
		t.Errorf("the reconciliation saw %d payments of %d", result.Counts.Payments, len(ledger))
	}
	return result.Counts
}
