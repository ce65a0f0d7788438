package stripe_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"dangol/shared/money"
	"dangol/shared/payment"
)

// Shapes as Stripe's API answers them (docs.stripe.com/api, 2026-03): a refund with its PaymentIntent expanded, and the
// balance transaction of a refund that the bank sent back.
const (
	refundShape = `{"id":"re_1","object":"refund","amount":2000,"currency":"krw","created":1772452900,"status":"succeeded",` +
		`"metadata":{"dangol_key":"ord_1-refund-1","order":"ord_1"},"charge":"ch_1","payment_intent":%s}`
	failureShape = `{"id":"txn_9","object":"balance_transaction","amount":2000,"currency":"krw","created":1772460000,` +
		`"type":"refund_failure","source":{"id":"re_0","object":"refund","amount":2000,"currency":"krw",` +
		`"created":1770000000,"status":"failed","failure_reason":"expired_or_canceled_card","payment_intent":"pi_0",` +
		`"metadata":{"dangol_key":"ord_0-refund-1","order":"ord_0"}}}`
	refundList  = "GET /v1/refunds"
	balanceList = "GET /v1/balance_transactions"
)

func listOf(objects ...string) string {
	return `200{"object":"list","has_more":false,"url":"/v1/x","data":[` + strings.Join(objects, ",") + `]}`
}

func TestLedgerReadsPaymentsRefundsAndRefundsThatCameBack(t *testing.T) {
	t.Parallel()
	captured := intent("succeeded", `,"amount_received":12000`,
		`,"latest_charge":{"id":"ch_1","amount":12000,"amount_captured":12000,"amount_refunded":2000}`)
	p, stripe := says(t, map[string]string{
		list: listOf(captured, strings.Replace(intent("requires_capture"), "pi_1", "pi_2", 1)),
		// The second is of a payment of another kind, and not ours.
		refundList: listOf(fmt.Sprintf(refundShape, captured),
			`{"id":"re_2","object":"refund","amount":1,"currency":"krw"}`),
		balanceList: listOf(failureShape),
	})
	from, to := noon.Add(-24*time.Hour), noon
	var all []payment.LedgerEntry
	for cursor, first := "", true; first || cursor != ""; first = false {
		page, err := p.Ledger(t.Context(), from, to, cursor)
		if err != nil {
			t.Fatal(err)
		}
		all, cursor = append(all, page.Entries...), page.Next
	}
	if len(all) != 4 {
		t.Fatalf("%d entries: %+v", len(all), all)
	}
	won := func(n int64) money.Money { return money.Of(n, "KRW") }
	if e := all[0]; e.Kind != payment.LedgerPayment || e.Payment.State != payment.StateCaptured ||
		e.Payment.Refunded != won(2_000) || e.Payment.Metadata["checkout"] != "chk_1" {
		t.Errorf("payment: %+v", e)
	}
	if e := all[1]; e.Payment.ID != "pi_2" || e.Payment.State != payment.StateAuthorized {
		t.Errorf("reservation: %+v", e)
	}
	if e := all[2]; e.Kind != payment.LedgerRefund || e.Refund.Key != "ord_1-refund-1" || e.Refund.PaymentID != "pi_1" ||
		e.Payment.Refunded != won(2_000) {
		t.Errorf("refund: %+v", e)
	}
	if e := all[3]; e.Kind != payment.LedgerRefundFailed || e.Refund.State != payment.RefundFailed ||
		e.Refund.PaymentID != "pi_0" || e.Refund.Metadata["order"] != "ord_0" || !e.At.Equal(time.Unix(1772460000, 0)) {
		t.Errorf("refund that came back: %+v", e)
	}
	for _, asked := range stripe.seen {
		if asked.form.Get("created[gte]") != fmt.Sprint(from.Unix()) ||
			asked.form.Get("created[lt]") != fmt.Sprint(to.Unix()) ||
			asked.form.Get("limit") != "100" {
			t.Errorf("asked %+v", asked)
		}
	}
	if last := stripe.last(); last.form.Get("type") != "refund_failure" || last.form.Get("expand[0]") != "data.source" {
		t.Errorf("asked %+v", last)
	}
}

func TestAFullPageOfTheLedgerIsFollowedByTheNext(t *testing.T) {
	t.Parallel()
	var full []string
	for n := range 100 {
		full = append(full, strings.Replace(intent("succeeded"), "pi_1", fmt.Sprintf("pi_%d", n), 1))
	}
	p, stripe := says(t, map[string]string{list: listOf(full...)})
	page, err := p.Ledger(t.Context(), noon.Add(-time.Hour), noon, "")
	if err != nil || page.Next != "payments:pi_99" || len(page.Entries) != 100 || len(stripe.seen) != 1 {
		t.Fatalf("%d entries, next %q, %d requests, %v", len(page.Entries), page.Next, len(stripe.seen), err)
	}
	if _, err := p.Ledger(t.Context(), noon.Add(-time.Hour), noon, page.Next); err != nil {
		t.Fatal(err)
	}
	if got := stripe.last().form.Get("starting_after"); got != "pi_99" {
		t.Errorf("the second page began after %q", got)
	}
}

func TestALedgerThatCannotBeReadIsAnError(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, cursor string
		answers      map[string]string
		want         error
	}{
		{"the key may not read balance transactions", "refund_failures:",
			map[string]string{balanceList: `403{"error":{"type":"invalid_request_error"}}`}, payment.ErrOurFault},
		{"Stripe has trouble", "", map[string]string{list: `500{"error":{"type":"api_error"}}`}, payment.ErrUnknown},
		{"too many requests", "refunds:", map[string]string{refundList: `429{"error":{"type":"invalid_request_error"}}`},
			payment.ErrUnavailable},
		{"a cursor of something else", "invoices:in_1", nil, payment.ErrInvalid},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p, _ := says(t, tc.answers)
			if _, err := p.Ledger(t.Context(), noon.Add(-time.Hour), noon, tc.cursor); !errors.Is(err, tc.want) {
				t.Errorf("got %v, want %v", err, tc.want)
			}
		})
	}
}
