package invoice

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Series is a run of numbers without gaps: one for invoices, one for credit notes, each starting over each year.
type Series string

// The series.
const (
	Invoices    Series = "INV"
	CreditNotes Series = "CN"
)

// NumberOf is the n-th number (from 1) of a series in a year: "INV-2026-000123". It grows beyond six digits rather than
// wrap.
func NumberOf(series Series, year, n int) string { return fmt.Sprintf("%s-%04d-%06d", series, year, n) }

// ParseNumber reads a number back.
func ParseNumber(s string) (series Series, year, n int, err error) {
	parts := strings.Split(s, "-")
	if len(parts) == 3 {
		year, err = strconv.Atoi(parts[1])
		if err == nil {
			n, err = strconv.Atoi(parts[2])
		}
		series = Series(parts[0])
	}
	// Written back and compared, so that only the one form that NumberOf makes is accepted.
	if err != nil || n < 1 || NumberOf(series, year, n) != s || series != Invoices && series != CreditNotes {
		return "", 0, 0, fmt.Errorf("invoice number %q: want such as INV-2026-000123", s)
	}
	return series, year, n, nil
}

// YearOf is the year whose series an invoice belongs to, in the shop's own time zone: the shop's
// books follow its day, and not the customer's.
func YearOf(issued time.Time, shop *time.Location) int { return issued.In(shop).Year() }
