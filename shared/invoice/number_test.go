package invoice_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"dangol/shared/invoice"
)

func TestInvoiceNumbers(t *testing.T) {
	t.Parallel()
	if got := invoice.NumberOf(invoice.Invoices, 2026, 123); got != "INV-2026-000123" {
		t.Errorf("got %s", got)
	}
	if a, b := invoice.NumberOf(invoice.CreditNotes, 2026, 999_999), invoice.NumberOf(invoice.CreditNotes, 2026,
		1_000_000); a >= b && len(a) == len(b) {
		t.Errorf("%s does not grow into %s", a, b)
	}
	rapid.Check(t, func(t *rapid.T) {
		series := rapid.SampledFrom([]invoice.Series{invoice.Invoices, invoice.CreditNotes}).Draw(t, "series")
		year, n := rapid.IntRange(2000, 2999).Draw(t, "year"), rapid.IntRange(1, 10_000_000).Draw(t, "n")
		s, y, m, err := invoice.ParseNumber(invoice.NumberOf(series, year, n))
		if err != nil || s != series || y != year || m != n {
			t.Fatalf("%s reads back as %s %d %d, %v", invoice.NumberOf(series, year, n), s, y, m, err)
		}
	})
	for _, bad := range []string{"", "INV-2026-0", "INV-2026-000000", "INV-26-000001", "XYZ-2026-000001", "INV-2026-123",
		"INV-2026-000001-2", "INV-2026--00001"} {
		if _, _, _, err := invoice.ParseNumber(bad); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
	z := time.FixedZone("KST", 9*60*60)
	if y := invoice.YearOf(time.Date(2027, 1, 1, 0, 0, 0, 0, z), z); y != 2027 {
		t.Errorf("midnight of new year in Seoul is in %d", y)
	}
	if y := invoice.YearOf(time.Date(2026, 12, 31, 23, 59, 0, 0, z), z); y != 2026 {
		t.Errorf("a minute before is in %d", y)
	}
}
