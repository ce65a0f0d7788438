package stripe

import (
	"context"
	"fmt"
	"strings"
	"time"

	"dangol/shared/payment"

	stripego "github.com/stripe/stripe-go/v84"
)

// The lists that make up the ledger, in the order in which they are read; each is the first part of a cursor. Refunds
// that failed are found by the balance transaction of their coming back, because the list of refunds only knows when a
// refund was made, and a bank may return one weeks later.
const (
	listPayments = "payments"
	listRefunds  = "refunds"
	listFailures = "refund_failures"
)

// Ledger implements payment.Provider. Cost: 1 request for every 100 payments, refunds or returned refunds of the
// window, and at least 3 for the whole of it. Needs a key that may read PaymentIntents, refunds and balance
// transactions.
func (p *Provider) Ledger(ctx context.Context, from, to time.Time, cursor string) (payment.LedgerPage, error) {
	list, after, _ := strings.Cut(cursor, ":")
	window := &stripego.RangeQueryParams{GreaterThanOrEqual: from.Unix(), LesserThan: to.Unix()}
	params := stripego.ListParams{Single: true, Limit: stripego.Int64(pageSize), StartingAfter: optional(after)}
	switch list {
	case "", listPayments:
		in := &stripego.PaymentIntentListParams{
			ListParams: params, CreatedRange: window,
			Expand: []*string{stripego.String("data.latest_charge"), stripego.String("data.payment_method")},
		}
		return ledgerPage(p.api.V1PaymentIntents.List(ctx, in), listPayments, listRefunds, paymentLine)
	case listRefunds:
		in := &stripego.RefundListParams{
			ListParams: params, CreatedRange: window,
			Expand: []*string{stripego.String("data.payment_intent"), stripego.String("data.payment_intent.latest_charge")},
		}
		return ledgerPage(p.api.V1Refunds.List(ctx, in), listRefunds, listFailures, refundLine)
	case listFailures:
		in := &stripego.BalanceTransactionListParams{
			ListParams: params, CreatedRange: window,
			Type:   stripego.String(string(stripego.BalanceTransactionTypeRefundFailure)),
			Expand: []*string{stripego.String("data.source")},
		}
		return ledgerPage(p.api.V1BalanceTransactions.List(ctx, in), listFailures, "", failureLine)
	}
	return payment.LedgerPage{}, fmt.Errorf("%w: no such cursor", payment.ErrInvalid)
}

// ledgerPage reads one page of a list. line makes an entry of an object and returns its id. A full page may have
// another one behind it; after a shorter one the next list begins.
func ledgerPage[T any](
	objects stripego.Seq2[T, error], list, next string, line func(T) (payment.LedgerEntry, string, bool),
) (payment.LedgerPage, error) {
	page := payment.LedgerPage{Entries: []payment.LedgerEntry{}}
	read, last := 0, ""
	for object, err := range objects {
		if err != nil {
			return payment.LedgerPage{}, failure(err)
		}
		entry, id, ok := line(object)
		if read, last = read+1, id; ok {
			page.Entries = append(page.Entries, entry)
		}
	}
	switch {
	case read >= pageSize:
		page.Next = list + ":" + last
	case next != "":
		page.Next = next + ":"
	}
	return page, nil
}

// paymentLine is the entry of a payment.
func paymentLine(in *stripego.PaymentIntent) (payment.LedgerEntry, string, bool) {
	p := fromIntent(in)
	return payment.LedgerEntry{Kind: payment.LedgerPayment, At: p.CreatedAt, Payment: p}, in.ID, true
}

// refundLine is the entry of a refund. Refunds of other kinds of payment than this package makes have no PaymentIntent
// and are left out.
func refundLine(back *stripego.Refund) (payment.LedgerEntry, string, bool) {
	if back.PaymentIntent == nil {
		return payment.LedgerEntry{}, back.ID, false
	}
	r := fromRefund(back)
	return payment.LedgerEntry{
		Kind: payment.LedgerRefund, At: r.CreatedAt, Payment: fromIntent(back.PaymentIntent), Refund: r,
	}, back.ID, true
}

// failureLine is the entry of a refund that came back from the bank.
func failureLine(moved *stripego.BalanceTransaction) (payment.LedgerEntry, string, bool) {
	if moved.Source == nil || moved.Source.Refund == nil || moved.Source.Refund.PaymentIntent == nil {
		return payment.LedgerEntry{}, moved.ID, false
	}
	r := fromRefund(moved.Source.Refund)
	return payment.LedgerEntry{
		Kind: payment.LedgerRefundFailed, At: time.Unix(moved.Created, 0).UTC(),
		Payment: payment.Payment{ID: r.PaymentID}, Refund: r,
	}, moved.ID, true
}
