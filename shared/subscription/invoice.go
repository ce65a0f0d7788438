package subscription

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"dangol/shared/money"
)

// LineKind is what a line of an invoice is for.
type LineKind string

// The kinds of line.
const (
	LinePeriod LineKind = "period" // days or a cycle of a plan
	LineSetup  LineKind = "setup"
	LineUnused LineKind = "unused" // days of the plan before that were paid and are not used; negative
)

// Line is one line of an invoice. Amounts contain the tax at TaxBP.
type Line struct {
	Kind     LineKind `json:"kind"`
	PlanID   string   `json:"planId"`
	Version  int      `json:"version"`
	Quantity int      `json:"quantity"`
	Cycles   int      `json:"cycles,omitempty"`
	From     Date     `json:"from,omitempty"`
	To       Date     `json:"to,omitempty"`
	Amount   int64    `json:"amount"`
	TaxBP    int64    `json:"taxBp"`
}

// TaxLine is the tax in the lines of one rate.
type TaxLine struct {
	RateBP int64 `json:"rateBp"`
	Gross  int64 `json:"gross"`
	Tax    int64 `json:"tax"`
}

// Invoice is what is asked for one span. Its key is its identity: the same key is never invoiced twice. The number is given when it is
// stored: the year's counter goes up in the same transaction that puts the invoice, so no number is missing and none is given twice.
type Invoice struct {
	Key            string    `json:"key"`
	Number         string    `json:"number,omitempty"`
	SubscriptionID string    `json:"subscriptionId"`
	CustomerID     string    `json:"customerId"`
	Kind           OpenKind  `json:"kind"`
	Seq            int       `json:"seq"`
	Issued         time.Time `json:"issued"`
	Currency       string    `json:"currency"`
	Lines          []Line    `json:"lines"`
	Taxes          []TaxLine `json:"taxes"`
	Subtotal       int64     `json:"subtotal" doc:"Sum of the lines, never below 0."`
	CreditUsed     int64     `json:"creditUsed" doc:"Paid from account credit."`
	Total          int64     `json:"total" doc:"To be charged: subtotal less credit; at 0 nothing is."`
}

// CreditNote takes back part of what was invoiced. What does not go to the card is account credit.
type CreditNote struct {
	Number         string    `json:"number,omitempty"`
	SubscriptionID string    `json:"subscriptionId"`
	Seq            int       `json:"seq"`
	Reason         string    `json:"reason"`
	Issued         time.Time `json:"issued"`
	Currency       string    `json:"currency"`
	Amount         int64     `json:"amount"`
	ToCard         int64     `json:"toCard"`
	ToCredit       int64     `json:"toCredit"`
	Taxes          []TaxLine `json:"taxes"`
}

// subtotal adds the lines up.
func subtotal(lines []Line) int64 {
	var sum int64
	for _, l := range lines {
		sum += l.Amount
	}
	return sum
}

// taxes is the tax contained in the lines, by rate, highest first. Account credit pays an invoice and does not change its tax.
func taxes(lines []Line) []TaxLine {
	var out []TaxLine
	for _, l := range lines {
		i := slices.IndexFunc(out, func(t TaxLine) bool { return t.RateBP == l.TaxBP })
		if i < 0 {
			i, out = len(out), append(out, TaxLine{RateBP: l.TaxBP})
		}
		out[i].Gross += l.Amount
	}
	slices.SortFunc(out, func(a, b TaxLine) int { return int(b.RateBP - a.RateBP) })
	for i, t := range out {
		out[i].Tax = money.TaxIncluded(t.Gross, t.RateBP)
	}
	return out
}

// Series is a run of numbers without gaps: one for invoices, one for credit notes, each starting over each year.
type Series string

// The series.
const (
	Invoices    Series = "INV"
	CreditNotes Series = "CN"
)

// NumberOf is the n-th number (from 1) of a series in a year: "INV-2026-000123". It grows beyond six digits rather than wrap.
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
	if err != nil || n < 1 || NumberOf(series, year, n) != s || series != Invoices && series != CreditNotes {
		return "", 0, 0, fmt.Errorf("invoice number %q: want such as INV-2026-000123", s)
	}
	return series, year, n, nil
}

// YearOf is the year whose series an invoice belongs to: that of its day where the shop keeps its books.
func YearOf(issued time.Time, shop *time.Location) int { return issued.In(shop).Year() }
