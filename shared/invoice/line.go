// Package invoice keeps invoices and credit notes: their lines and taxes, their numbers without gaps, and the book of
// each year in which they stand. What is invoiced and when is decided elsewhere, today by shared/subscription; this
// package makes sure that a number is given once and none is left out.
package invoice

import (
	"slices"
	"time"

	"dangol/shared/money"
)

// LineKind is what a line of an invoice is for.
type LineKind string

// The kinds of line.
const (
	LinePeriod   LineKind = "period" // days or a cycle of a plan
	LineSetup    LineKind = "setup"
	LineDiscount LineKind = "discount" // a coupon; negative
	LineUnused   LineKind = "unused"   // days of the plan before that were paid and are not used; negative
)

// Line is one line of an invoice. Amounts contain the tax at TaxBP.
type Line struct {
	Kind     LineKind `json:"kind"`
	PlanID   string   `json:"planId"`
	Version  int      `json:"version"`
	Quantity int      `json:"quantity"`
	Cycles   int      `json:"cycles,omitempty"`
	From     string   `json:"from,omitempty"`
	To       string   `json:"to,omitempty"`
	Amount   int64    `json:"amount"`
	TaxBP    int64    `json:"taxBp"`
}

// TaxLine is the tax in the lines of one rate.
type TaxLine struct {
	RateBP int64 `json:"rateBp"`
	Gross  int64 `json:"gross"`
	Tax    int64 `json:"tax"`
}

// Draft is what an invoice asks for, as the rules make it. Its key says what is invoiced: the same key is never
// invoiced twice. The number is given when the invoice is stored; see Numbers.
type Draft struct {
	Key            string    `json:"key"`
	Number         string    `json:"number,omitempty"`
	SubscriptionID string    `json:"subscriptionId"`
	CustomerID     string    `json:"customerId"`
	Kind           string    `json:"kind"` // why it was made, in the words of whoever made it
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

// Subtotal adds the lines up, in minor units.
func Subtotal(lines []Line) int64 {
	var sum int64
	for _, l := range lines {
		sum += l.Amount
	}
	return sum
}

// Taxes is the tax contained in the lines, by rate, highest first. Account credit pays an invoice and does not change
// its tax.
func Taxes(lines []Line) []TaxLine {
	var out []TaxLine
	for _, l := range lines {
		// A handful of rates, so a list serves better than a map and keeps the order.
		i := slices.IndexFunc(out, func(t TaxLine) bool { return t.RateBP == l.TaxBP })
		if i < 0 {
			i, out = len(out), append(out, TaxLine{RateBP: l.TaxBP})
		}
		out[i].Gross += l.Amount
	}
	// Always in the same order, so that a document reads the same each time.
	slices.SortFunc(out, func(a, b TaxLine) int { return int(b.RateBP - a.RateBP) })
	for i, t := range out {
		out[i].Tax = money.TaxIncluded(t.Gross, t.RateBP)
	}
	return out
}
