// Package reconcile holds books against each other that have to agree: what the payment provider has taken and given
// back, the orders with their refunds and the stock they hold, the invoices of subscriptions and their numbers. It is
// pure: each rule gets the entries that are about the same money and returns what does not agree. The daily
// reconciliation (package daily) finds those entries a page at a time; the fault campaigns of the tests use the same
// rules.
package reconcile

import (
	"fmt"

	"dangol/shared/money"
)

// Kind names what does not agree.
type Kind string

// The kinds of difference. docs/reconciliation.md says for each what it means and what to do.
const (
	MoneyWithoutOrder   Kind = "money_without_order"
	PaymentLeftOpen     Kind = "payment_left_open"
	PaymentUnknown      Kind = "payment_unknown"
	CaptureDiffers      Kind = "capture_differs"
	ChargedTwice        Kind = "charged_twice"
	CanceledNotRefunded Kind = "canceled_not_refunded"
	OrderNotPaid        Kind = "order_not_paid"
	RefundMissing       Kind = "refund_missing"
	RefundUnknown       Kind = "refund_unknown"
	RefundDiffers       Kind = "refund_differs"
	StockNotReleased    Kind = "stock_not_released"
	InvoiceNotPaid      Kind = "invoice_not_paid"
	InvoiceMissing      Kind = "invoice_missing"
	InvoiceNotOwed      Kind = "invoice_not_owed"
	NumberMissing       Kind = "number_missing"
	JobOverdue          Kind = "job_overdue"
)

// Kinds lists every kind.
var Kinds = []Kind{
	MoneyWithoutOrder, PaymentLeftOpen, PaymentUnknown, CaptureDiffers, ChargedTwice, CanceledNotRefunded, OrderNotPaid,
	RefundMissing, RefundUnknown, RefundDiffers, StockNotReleased, InvoiceNotPaid, InvoiceMissing, InvoiceNotOwed,
	NumberMissing, JobOverdue,
}

// Difference is one thing that does not agree. Books is the amount by the shop's books and Provider the one by the
// provider's, in minor units of Currency; both are 0 where the difference is not about an amount.
type Difference struct {
	Kind      Kind   `json:"kind"`
	Subject   string `json:"subject"` // id of the order, invoice, subscription or job that it is about
	PaymentID string `json:"paymentId,omitempty"`
	Currency  string `json:"currency,omitempty"`
	Books     int64  `json:"books,omitempty"`
	Provider  int64  `json:"provider,omitempty"`
	Note      string `json:"note,omitempty"` // for people
}

// String is the difference in one line, for logs and failing tests.
func (d Difference) String() string {
	s := fmt.Sprintf("%s: %s", d.Kind, d.Subject)
	if d.PaymentID != "" {
		s += " payment " + d.PaymentID
	}
	if d.Currency != "" {
		s += fmt.Sprintf(", books %s, provider %s", money.Of(d.Books, d.Currency).Format(),
			money.Of(d.Provider, d.Currency).Format())
	}
	if d.Note != "" {
		s += ": " + d.Note
	}
	return s
}
