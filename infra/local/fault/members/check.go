package members

import (
	"context"
	"testing"

	"dangol/shared/billing"
	"dangol/shared/order"
	"dangol/shared/payment"
	"dangol/shared/payment/sandbox/server"
	"dangol/shared/subscription"
)

// Check fails the test unless the invoices agree with the bank's ledger: each paid invoice was charged once and for its total, nothing
// was charged for any other, the numbers of each year have no gap, each cycle that was sent has one order, and no goods are held for a
// subscription that has ended. What customers have as members is what their subscriptions give.
func (w *World) Check(t testing.TB) {
	t.Helper()
	taken := map[string][]server.Entry{} // by invoice
	for _, e := range w.Bank.Ledger() {
		if e.Charged() > 1 {
			t.Errorf("payment %s was charged %d times", e.ID, e.Charged())
		}
		if e.State == payment.StateCaptured {
			taken[e.Metadata["invoice"]] = append(taken[e.Metadata["invoice"]], e)
		}
	}
	for _, r := range w.All(t) {
		w.checkInvoices(t, r, taken)
		if r.Sub.State == subscription.Ended && len(r.Held) > 0 {
			t.Errorf("%s has ended and holds %v", r.Sub.ID, r.Held)
		}
	}
	for key, entries := range taken {
		t.Errorf("%d charges for %s, which is no paid invoice", len(entries), key)
	}
	w.checkStanding(t)
	w.checkNumbers(t)
	w.checkParcels(t)
}

func (w *World) checkInvoices(t testing.TB, r *billing.Record, taken map[string][]server.Entry) {
	t.Helper()
	seen := map[string]bool{}
	for _, i := range w.InvoicesOf(t, r.Sub.ID) {
		if seen[i.Invoice.Key] {
			t.Errorf("invoice %s is there twice", i.Invoice.Key)
		}
		seen[i.Invoice.Key] = true
		charges := taken[i.Invoice.Key]
		switch {
		case i.State == billing.InvoicePaid && i.Total > 0 && len(charges) != 1:
			t.Errorf("invoice %s over %d is paid by %d charges", i.Number, i.Total, len(charges))
		case i.State == billing.InvoicePaid && i.Total > 0 && (charges[0].Captured.Amount != i.Total || charges[0].ID != i.PaymentID):
			t.Errorf("invoice %s over %d names payment %s; the bank took %d with %s", i.Number, i.Total, i.PaymentID, charges[0].Captured.Amount, charges[0].ID)
		case i.State != billing.InvoicePaid && kept(charges) > 0:
			t.Errorf("invoice %s is %s and %d charges were made", i.Number, i.State, len(charges))
		case i.State == billing.InvoiceOpen && (r.Sub.Open == nil || r.Sub.Open.Key != i.Invoice.Key):
			t.Errorf("invoice %s is left open", i.Number)
		}
		delete(taken, i.Invoice.Key)
	}
}

// kept is what was taken and has not gone back.
func kept(entries []server.Entry) (sum int64) {
	for _, e := range entries {
		sum += e.Captured.Amount - e.Refunded.Amount
	}
	return sum
}

// checkNumbers reads the books of the years the tests play in.
func (w *World) checkNumbers(t testing.TB) {
	t.Helper()
	for _, series := range []subscription.Series{subscription.Invoices, subscription.CreditNotes} {
		for year := 2026; year < 2030; year++ {
			n := 0
			err := w.Look.Book(context.Background(), series, year, func(e billing.BookEntry) error {
				n++
				if want := subscription.NumberOf(series, year, n); e.Number != want {
					t.Errorf("number %s stands where %s should", e.Number, want)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}

func (w *World) checkParcels(t testing.TB) {
	t.Helper()
	seen := map[string]bool{}
	var live []*order.Order
	for _, o := range w.Orders(t) {
		if seen[o.CheckoutID] {
			t.Errorf("cycle %s has two orders", o.CheckoutID)
		}
		seen[o.CheckoutID] = true
		live = append(live, o)
	}
	sold := map[string]int{}
	for _, o := range live {
		for _, taken := range o.Taken {
			sold[taken.VariantID] += taken.Quantity
		}
	}
	for _, r := range w.All(t) {
		for _, taken := range r.Held {
			for _, one := range taken {
				sold[one.VariantID] += one.Quantity
			}
		}
	}
	for variant, began := range w.Began() {
		if left := w.Left(t, variant); left+sold[variant] != began {
			t.Errorf("%s: %d left and %d sold or held, of %d", variant, left, sold[variant], began)
		}
	}
}
