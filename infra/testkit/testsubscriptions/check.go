package testsubscriptions

import (
	"context"
	"testing"

	"dangol/shared/invoice"
	"dangol/shared/order"
	"dangol/shared/payment/sandbox/server"
	"dangol/shared/subscription"
	"dangol/shared/subscription/service"
)

// Tally is what a check has seen.
type Tally struct {
	Subscriptions int
	States        map[subscription.State]int
	Periods       int // paid stretches of days or cycles
	Invoices      map[invoice.State]int
	Charges       int   // successful
	Declines      int   // at the bank
	Taken         int64 // minor units
	Refunds       int
	Refunded      int64
	CreditNotes   int
	Orders        int
}

// told bounds how many wrong subscriptions a failing check tells the story of.
const maxReported = 5

// Check fails the test unless the daily reconciliation finds nothing and the invoices agree with the bank's ledger:
// each paid invoice was charged once and for its total, nothing was charged for any other, and what went back is in the
// credit notes; the periods follow each other without a gap and each that is paid has its invoice; money less credit is
// what the days used cost; the numbers of each year have no gap; each cycle that was sent has one order; stock is
// conserved; what customers have as members is what their subscriptions give; nothing is left to be done. It reads
// every subscription once.
func (w *Shop) Check(t testing.TB) Tally {
	t.Helper()
	return w.CheckEach(t, func(*Records) []string { return nil })
}

// CheckEach is Check with more to be asked of each subscription.
func (w *Shop) CheckEach(t testing.TB, more func(*Records) []string) Tally {
	t.Helper()
	w.Reconcile(t)
	sum := Tally{States: map[subscription.State]int{}, Invoices: map[invoice.State]int{}}
	ledger := map[string][]server.Entry{}
	for _, e := range w.Bank.Ledger() {
		ledger[e.Metadata["subscription"]] = append(ledger[e.Metadata["subscription"]], e)
	}
	sold, standings, accounts, bad := map[string]int{}, entitlementsByCustomer{}, accounts{}, 0
	err := w.Unfaulted.Every(context.Background(), func(c service.Summary) error {
		b := w.RecordsOf(t, c.ID, ledger[c.ID])
		delete(ledger, c.ID)
		sum.add(b)
		standings.add(b.Record)
		accounts.add(b)
		for _, taken := range b.Held {
			for _, one := range taken {
				sold[one.VariantID] += one.Quantity
			}
		}
		if wrong := append(b.Audit(), more(b)...); len(wrong) > 0 {
			if bad++; bad <= maxReported {
				t.Errorf("%q\n%s", wrong, b.Story())
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if bad > maxReported {
		t.Errorf("%d subscriptions are wrong", bad)
	}
	for id, entries := range ledger {
		t.Errorf("%d charges for subscription %q, which is not there", len(entries), id)
	}
	w.checkEntitlements(t, standings)
	w.checkAccounts(t, accounts)
	w.checkNumbers(t, &sum)
	w.checkParcels(t, &sum, sold)
	return sum
}

func (s *Tally) add(b *Records) {
	s.Subscriptions++
	s.States[b.Sub.State]++
	for _, e := range b.Spans() {
		if e.Span.Kind == subscription.SpanPaid && e.Span.Paid {
			s.Periods++
		}
	}
	for _, i := range b.Invoices {
		s.Invoices[i.State]++
	}
	s.CreditNotes += len(b.Notes)
	for _, e := range b.Ledger {
		s.Taken, s.Refunded = s.Taken+e.Captured.Amount, s.Refunded+e.Refunded.Amount
		if e.DeclineCode != "" {
			s.Declines++
		}
		for _, m := range e.Moves {
			switch m.Kind {
			case "capture":
				s.Charges++
			case "refund":
				s.Refunds++
			}
		}
	}
}

// Add puts the tallies of two worlds together.
func (s *Tally) Add(o Tally) {
	s.Subscriptions, s.Periods, s.Charges = s.Subscriptions+o.Subscriptions, s.Periods+o.Periods, s.Charges+o.Charges
	s.Declines, s.Taken, s.Refunds = s.Declines+o.Declines, s.Taken+o.Taken, s.Refunds+o.Refunds
	s.Refunded, s.CreditNotes, s.Orders = s.Refunded+o.Refunded, s.CreditNotes+o.CreditNotes, s.Orders+o.Orders
	if s.States == nil {
		s.States, s.Invoices = map[subscription.State]int{}, map[invoice.State]int{}
	}
	for k, n := range o.States {
		s.States[k] += n
	}
	for k, n := range o.Invoices {
		s.Invoices[k] += n
	}
}

// checkNumbers reads the books of the years the tests play in: without a gap, and as many numbers as there are
// documents.
func (w *Shop) checkNumbers(t testing.TB, sum *Tally) {
	t.Helper()
	documents := map[invoice.Series]int{invoice.CreditNotes: sum.CreditNotes}
	for _, n := range sum.Invoices {
		documents[invoice.Invoices] += n
	}
	for series, want := range documents {
		all := 0
		for year := 2026; year < 2030; year++ {
			n := 0
			err := w.Unfaulted.Documents().Book(context.Background(), series, year, func(e invoice.BookEntry) error {
				n++
				if want := invoice.NumberOf(series, year, n); e.Number != want {
					t.Errorf("number %s stands where %s should", e.Number, want)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			all += n
		}
		if all != want {
			t.Errorf("series %s gave %d numbers to %d documents", series, all, want)
		}
	}
}

// checkParcels reads the orders; sold is what subscriptions hold.
func (w *Shop) checkParcels(t testing.TB, sum *Tally, sold map[string]int) {
	t.Helper()
	seen := map[string]bool{}
	w.EachOrder(t, func(o *order.Order) {
		sum.Orders++
		if seen[o.CheckoutID] {
			t.Errorf("cycle %s has two orders", o.CheckoutID)
		}
		seen[o.CheckoutID] = true
		for _, taken := range o.Allocations {
			sold[taken.VariantID] += taken.Quantity
		}
	})
	for variant, began := range w.InitialUnits() {
		if left := w.SellableUnits(t, variant); left+sold[variant] != began {
			t.Errorf("%s: %d left and %d sold or held, of %d", variant, left, sold[variant], began)
		}
	}
}
