package invoice_test

import (
	"slices"
	"testing"
	"time"

	"dangol/infra/testkit/localtest"
	"dangol/shared/invoice"
	"dangol/shared/platform/table"
)

// booked stores invoices with these numbers of a year, one a period of the subscription.
func booked(t *testing.T, year int, numbers ...int) (invoice.Store, []string) {
	t.Helper()
	tb := localtest.Table(t, table.Commerce)
	names := make([]string, len(numbers))
	for i, n := range numbers {
		names[i] = invoice.NumberOf(invoice.Invoices, year, n)
		one := invoice.Invoice{Draft: draft("sub_1", i+1, names[i]), State: invoice.Open}
		if err := tb.Put(t.Context(), one.Put(true)); err != nil {
			t.Fatal(err)
		}
	}
	return invoice.Store{Table: tb}, names
}

func TestTheBookGoesOnBehindTheMillionthNumber(t *testing.T) {
	t.Parallel()
	docs, want := booked(t, 2026, 1, 999_998, 999_999, 1_000_000, 1_000_001, 9_999_999, 10_000_000)
	var got []string
	err := docs.Book(t.Context(), invoice.Invoices, 2026, func(e invoice.BookEntry) error {
		got = append(got, e.Number)
		return nil
	})
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("the book is %v, %v; want %v", got, err, want)
	}
	for _, number := range want {
		if e, err := docs.Find(t.Context(), number); err != nil || e == nil || e.Number != number {
			t.Errorf("%s is found as %+v, %v", number, e, err)
		}
	}
	if e, err := docs.Find(t.Context(), "INV-2026-1000002"); err != nil || e != nil {
		t.Errorf("a number that was not given: %+v, %v", e, err)
	}
	newest, _, err := docs.Latest(t.Context(), invoice.Invoices, 2026, 2, "")
	if err != nil || len(newest) != 2 || newest[0].Number != want[6] || newest[1].Number != want[5] {
		t.Errorf("the newest are %+v, %v", newest, err)
	}
	if newest[0].Key != invoice.KeyOf("sub_1", 7) {
		t.Errorf("its document is at %s", newest[0].Key)
	}
}

func TestEachLineOfABookIsOnOnePageInBothDirections(t *testing.T) {
	t.Parallel()
	docs, want := booked(t, 2026, 1, 2, 3, 4, 5)
	for limit := 1; limit <= 6; limit++ {
		var up, down []string
		for after, n := table.Cursor(""), 0; n < 10; n++ {
			page, next, err := docs.BookPage(t.Context(), invoice.Invoices, 2026, limit, after)
			if err != nil || len(page) > limit {
				t.Fatalf("%d a page: %d lines, %v", limit, len(page), err)
			}
			for _, e := range page {
				up = append(up, e.Number)
			}
			if after = next; next == "" {
				break
			}
		}
		for after, n := table.Cursor(""), 0; n < 10; n++ {
			page, next, err := docs.Latest(t.Context(), invoice.Invoices, 2026, limit, after)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range page {
				down = append(down, e.Number)
			}
			if after = next; next == "" {
				break
			}
		}
		slices.Reverse(down)
		if !slices.Equal(up, want) || !slices.Equal(down, want) {
			t.Errorf("%d a page: upwards %v, downwards %v", limit, up, down)
		}
	}
	for _, of := range []struct {
		series invoice.Series
		year   int
	}{{invoice.CreditNotes, 2026}, {invoice.Invoices, 2025}, {invoice.Invoices, 2027}} {
		if page, _, err := docs.BookPage(t.Context(), of.series, of.year, 10, ""); err != nil || len(page) != 0 {
			t.Errorf("the book of %s in %d has %+v, %v", of.series, of.year, page, err)
		}
	}
}

// TestTheYearOfANumberIsTheShopsYear: the same instant is in two years on the two sides of midnight.
func TestTheYearOfANumberIsTheShopsYear(t *testing.T) {
	t.Parallel()
	newYear := time.Date(2026, 12, 31, 15, 0, 0, 0, time.UTC)
	for name, want := range map[string]int{"Asia/Seoul": 2027, "UTC": 2026, "America/Los_Angeles": 2026,
		"Pacific/Kiritimati": 2027} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := invoice.YearOf(newYear, zone); got != want {
			t.Errorf("in %s it is %d, want %d", name, got, want)
		}
		if got := invoice.YearOf(newYear.Add(-time.Nanosecond), zone); name == "Asia/Seoul" && got != 2026 {
			t.Errorf("a moment before midnight in %s it is %d", name, got)
		}
	}
}

func TestADiscountAndUnusedDaysLowerTheTaxOfTheirRate(t *testing.T) {
	t.Parallel()
	lines := []invoice.Line{
		{Kind: invoice.LinePeriod, Amount: 22_000, TaxBP: 1_000}, {Kind: invoice.LineSetup, Amount: 5_000, TaxBP: 500},
		{Kind: invoice.LineDiscount, Amount: -2_200, TaxBP: 1_000}, {Kind: invoice.LineUnused, Amount: -11_000, TaxBP: 1_000},
	}
	var gross int64
	for _, x := range invoice.Taxes(lines) {
		gross += x.Gross
		if x.RateBP == 1_000 && (x.Gross != 8_800 || x.Tax != 800) {
			t.Errorf("at a tenth: %+v", x)
		}
		if x.RateBP == 500 && (x.Gross != 5_000 || x.Tax != 238) {
			t.Errorf("at a twentieth: %+v", x)
		}
	}
	if sum := invoice.Subtotal(lines); sum != 13_800 || gross != sum {
		t.Errorf("the lines are %d, the taxed amounts %d", sum, gross)
	}
}
