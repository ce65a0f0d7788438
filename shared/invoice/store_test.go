package invoice_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"dangol/infra/testkit/localtest"
	"dangol/shared/invoice"
	"dangol/shared/platform/table"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func draft(subscription string, seq int, number string) invoice.Draft {
	return invoice.Draft{
		Key: fmt.Sprintf("%s#%d", subscription, seq), Number: number, SubscriptionID: subscription, Seq: seq, Issued: noon,
		Currency: "KRW", Subtotal: 11_000, Total: 11_000,
	}
}

func TestEverythingThatIsStoredComesBack(t *testing.T) {
	t.Parallel()
	localtest.ComesBack[invoice.Item](t)
	localtest.ComesBack[invoice.CreditItem](t)
}

func TestLinesAddUpAndTaxesAreInThem(t *testing.T) {
	t.Parallel()
	lines := []invoice.Line{
		{Kind: invoice.LinePeriod, Amount: 11_000, TaxBP: 1_000},
		{Kind: invoice.LineUnused, Amount: -5_500, TaxBP: 1_000},
		{Kind: invoice.LineSetup, Amount: 3_000},
	}
	if sum := invoice.Subtotal(lines); sum != 8_500 {
		t.Errorf("subtotal %d", sum)
	}
	want := []invoice.TaxLine{{RateBP: 1_000, Gross: 5_500, Tax: 500}, {RateBP: 0, Gross: 3_000}}
	if got := invoice.Taxes(lines); !slices.Equal(got, want) {
		t.Errorf("taxes %+v, want %+v", got, want)
	}
}

// TestManyTakeNumbersAndNoneIsMissingOrGivenTwice lets several processes number invoices of their own at once.
func TestManyTakeNumbersAndNoneIsMissingOrGivenTwice(t *testing.T) {
	t.Parallel()
	tb := localtest.Table(t, table.Commerce)
	run := invoice.Run{Series: invoice.Invoices, Year: 2026}
	const processes, each = 4, 5
	var all sync.WaitGroup
	for p := range processes {
		all.Go(func() {
			var numbers invoice.Numbers
			for seq := 0; seq < each; {
				last, err := numbers.Last(t.Context(), tb, run)
				if err != nil {
					t.Error(err)
					return
				}
				i := invoice.Invoice{Draft: draft(fmt.Sprint("sub_", p), seq, run.Number(last+1)), State: invoice.Open}
				err = tb.Transact(t.Context(), "", run.Raise(last, 1), i.Put(true))
				if _, refused := table.Refused(err); refused {
					numbers.Discard(run)
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				numbers.Remember(run, last+1)
				seq++
			}
		})
	}
	all.Wait()
	var got []string
	err := invoice.Store{Table: tb}.Book(t.Context(), invoice.Invoices, 2026, func(e invoice.BookEntry) error {
		got = append(got, e.Number)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for n := range processes * each {
		if n >= len(got) || got[n] != run.Number(n+1) {
			t.Fatalf("the book is %v", got)
		}
	}
}

func TestAnInvoiceIsMadeOnceAndClosedOnce(t *testing.T) {
	t.Parallel()
	tb := localtest.Table(t, table.Commerce)
	i := invoice.Invoice{Draft: draft("sub_1", 1, "INV-2026-000001"), State: invoice.Open}
	if err := tb.Put(t.Context(), i.Put(true)); err != nil {
		t.Fatal(err)
	}
	again := invoice.Invoice{Draft: draft("sub_1", 1, "INV-2026-000002"), State: invoice.Open}
	if _, refused := table.Failed(tb.Put(t.Context(), again.Put(true))); !refused {
		t.Error("a second invoice for the same period was stored")
	}
	i.State = invoice.Paid
	if err := tb.Put(t.Context(), i.Put(false)); err != nil {
		t.Fatal(err)
	}
	i.State = invoice.Void
	if _, refused := table.Failed(tb.Put(t.Context(), i.Put(false))); !refused {
		t.Error("a paid invoice was made void")
	}
}

func TestDocumentsAreFoundBySubscriptionAndByNumber(t *testing.T) {
	t.Parallel()
	tb := localtest.Table(t, table.Commerce)
	docs := invoice.Store{Table: tb}
	for n := 1; n <= 3; n++ {
		i := invoice.Invoice{Draft: draft("sub_1", n, invoice.NumberOf(invoice.Invoices, 2026, n)), State: invoice.Open}
		note := invoice.CreditNote{
			Number: invoice.NumberOf(invoice.CreditNotes, 2026, n), SubscriptionID: "sub_1", Issued: noon, Currency: "KRW",
			Amount: 100,
		}
		if err := tb.Transact(t.Context(), "", i.Put(true), note.Put(n, 0)); err != nil {
			t.Fatal(err)
		}
	}
	invoices, next, err := docs.Of(t.Context(), "sub_1", 2, "")
	if err != nil || len(invoices) != 2 || invoices[0].Seq != 3 || next == "" {
		t.Errorf("newest first, two at a time: %+v, %v", invoices, err)
	}
	if n, err := docs.CreditNote(t.Context(), "sub_1", "CN-2026-000002"); err != nil || n == nil || n.Amount != 100 {
		t.Errorf("credit note %+v, %v", n, err)
	}
	if n, err := docs.CreditNote(t.Context(), "sub_1", "CN-2026-000009"); err != nil || n != nil {
		t.Errorf("a credit note that does not exist: %+v, %v", n, err)
	}
	for number, want := range map[string]bool{"INV-2026-000003": true, "INV-2026-000004": false, "INV-2025-000003": false,
		"3": false} {
		if e, err := docs.Find(t.Context(), number); err != nil || (e != nil) != want {
			t.Errorf("%s: %+v, %v", number, e, err)
		}
	}
	page, next, err := docs.BookPage(t.Context(), invoice.Invoices, 2026, 2, "")
	if err != nil || len(page) != 2 || page[0].Number != "INV-2026-000001" || next == "" {
		t.Errorf("first page %+v, %v", page, err)
	}
	if page, _, err = docs.BookPage(t.Context(), invoice.Invoices, 2026, 2, next); err != nil || len(page) != 1 {
		t.Errorf("second page %+v, %v", page, err)
	}
}
