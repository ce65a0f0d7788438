package payment

import "time"

// LedgerKind says what a line of the provider's books is about.
type LedgerKind string

// The kinds of line.
const (
	LedgerPayment      LedgerKind = "payment"       // a payment was begun; see its state for what became of it
	LedgerRefund       LedgerKind = "refund"        // a refund was made; see its state for what became of it
	LedgerRefundFailed LedgerKind = "refund_failed" // a refund of that or an earlier day came back from the bank
)

// LedgerEntry is one line of the provider's books. Payment and Refund are as they are when the line is read, and not as
// they were at At. The Payment of a refund's line may have nothing but its ID: read it by Get when more is needed.
type LedgerEntry struct {
	Kind    LedgerKind `json:"kind"`
	At      time.Time  `json:"at"`
	Payment Payment    `json:"payment"`
	Refund  Refund     `json:"refund,omitzero"` // of the two kinds about refunds
}

// LedgerPage is a page of the provider's books. Next is empty on the last page; a page may have no entries and still
// not be the last.
type LedgerPage struct {
	Entries []LedgerEntry `json:"entries"`
	Next    string        `json:"next,omitempty"`
}

// LedgerPageSize is the most entries of a page: what Stripe lists at once.
const LedgerPageSize = 100
