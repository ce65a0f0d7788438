package paymenttest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"dangol/shared/payment"
)

// walk reads the ledger of a window to its end.
func (f Fixture) walk(t *testing.T, from, to time.Time) (all []payment.LedgerEntry, pages int) {
	t.Helper()
	// More pages than any test makes: a cursor that leads nowhere ends the test and not the run.
	for cursor := ""; pages < 50; {
		page, err := f.Provider.Ledger(t.Context(), from, to, cursor)
		if err != nil {
			t.Fatalf("page %d: %v", pages, err)
		}
		if len(page.Entries) > payment.LedgerPageSize {
			t.Fatalf("page %d has %d entries", pages, len(page.Entries))
		}
		all = append(all, page.Entries...)
		pages++
		if cursor = page.Next; cursor == "" {
			return all, pages
		}
	}
	t.Fatal("the ledger has no end")
	return nil, 0
}

// kinds counts entries by kind.
func kinds(all []payment.LedgerEntry) map[payment.LedgerKind]int {
	n := map[payment.LedgerKind]int{}
	for _, e := range all {
		n[e.Kind]++
	}
	return n
}

var ledgerShapeCases = []testCase{
	{"the ledger of a day can be walked to its end", func(t *testing.T, f Fixture) {
		now := f.Now()
		all, _ := f.walk(t, now.Add(-24*time.Hour), now.Add(time.Hour))
		for _, e := range all {
			if e.Payment.ID == "" {
				t.Errorf("an entry without a payment: %+v", e)
			}
		}
	}},
}

var ledgerCases = []testCase{
	{"each payment is in the ledger once, as it is now", func(t *testing.T, f Fixture) {
		captured, held := f.captured(t, "l1-a"), f.authorized(t, "l1-b")
		declined := f.Order("l1-c")
		declined.MethodToken = f.Tokens.Declined
		if _, err := f.Provider.Authorize(t.Context(), declined); err == nil {
			t.Fatal("the card was to be declined")
		}
		all, _ := f.walk(t, f.Now().Add(-time.Hour), f.Now().Add(time.Hour))
		states := map[string]payment.State{}
		for _, e := range all {
			if e.Kind != payment.LedgerPayment || states[e.Payment.Key] != "" {
				t.Errorf("unexpected entry %+v", e)
			}
			states[e.Payment.Key] = e.Payment.State
			if e.Payment.Metadata["checkout"] != "chk_1" || e.At.IsZero() {
				t.Errorf("entry %+v does not say what it is for", e)
			}
		}
		if len(all) != 3 || states[captured.Key] != payment.StateCaptured || states[held.Key] != payment.StateAuthorized ||
			states["l1-c"] != payment.StateDeclined {
			t.Errorf("got %v", states)
		}
	}},
	{"a refund has a line of its own, and the payment knows of it", func(t *testing.T, f Fixture) {
		p := f.captured(t, "l2")
		back := payment.RefundRequest{
			Key: "l2-r", PaymentID: p.ID, Amount: Won(5_000), Metadata: map[string]string{"order": "ord_1"},
		}
		if _, err := f.Provider.Refund(t.Context(), back); err != nil {
			t.Fatal(err)
		}
		all, _ := f.walk(t, f.Now().Add(-time.Hour), f.Now().Add(time.Hour))
		if n := kinds(all); n[payment.LedgerPayment] != 1 || n[payment.LedgerRefund] != 1 || len(all) != 2 {
			t.Fatalf("got %v", n)
		}
		for _, e := range all {
			if e.Payment.ID != p.ID || e.Payment.Captured != Won(12_000) || e.Payment.Refunded != Won(5_000) {
				t.Errorf("payment in %s: %+v", e.Kind, e.Payment)
			}
			if e.Kind == payment.LedgerRefund && (e.Refund.Key != "l2-r" || e.Refund.Amount != Won(5_000) ||
				e.Refund.Metadata["order"] != "ord_1" || e.Refund.PaymentID != p.ID) {
				t.Errorf("refund %+v", e.Refund)
			}
		}
	}},
	{"a window has what was begun in it, its end not included", func(t *testing.T, f Fixture) {
		f.captured(t, "l3-a")
		first := f.Now()
		f.Advance(t, time.Hour)
		p := f.captured(t, "l3-b")
		second := f.Now()
		for _, w := range []struct {
			from, to time.Time
			want     int
		}{
			{first.Add(-time.Minute), second.Add(time.Minute), 2},
			{first.Add(-time.Minute), p.CreatedAt, 1},
			{p.CreatedAt, second.Add(time.Minute), 1},
			{second.Add(time.Minute), second.Add(time.Hour), 0},
		} {
			if all, _ := f.walk(t, w.from, w.to); len(all) != w.want {
				t.Errorf("from %v to %v: %d entries, want %d", w.from, w.to, len(all), w.want)
			}
		}
	}},
	{"pages join: nothing twice, nothing left out", func(t *testing.T, f Fixture) {
		const made = 2*payment.LedgerPageSize + 7
		for n := range made {
			f.captured(t, fmt.Sprintf("l4-%d", n))
		}
		all, pages := f.walk(t, f.Now().Add(-time.Hour), f.Now().Add(time.Hour))
		seen := map[string]bool{}
		for _, e := range all {
			seen[e.Payment.ID] = true
		}
		if len(all) != made || len(seen) != made || pages < 3 {
			t.Errorf("%d entries of %d payments on %d pages, want %d", len(all), len(seen), pages, made)
		}
	}},
	{"a cursor that somebody made up is refused", func(t *testing.T, f Fixture) {
		for _, cursor := range []string{"x", "9.0", "-1.0", "0.-5", "payments", "0"} {
			_, err := f.Provider.Ledger(t.Context(), f.Now().Add(-time.Hour), f.Now(), cursor)
			if !errors.Is(err, payment.ErrInvalid) {
				t.Errorf("cursor %q: %v", cursor, err)
			}
		}
	}},
}
