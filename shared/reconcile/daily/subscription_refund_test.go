package daily

import (
	"testing"

	"dangol/shared/money"
	"dangol/shared/payment"
	"dangol/shared/reconcile"
	"dangol/shared/subscription/service"
)

func TestARefundOfASubscriptionIsHeldAgainstTheLastAttemptInItsBooks(t *testing.T) {
	t.Parallel()
	const last = "refund-2"
	for _, c := range []struct {
		name   string
		books  service.RefundState
		amount int64
		key    string
		bank   payment.RefundState
		want   reconcile.Kind // "" when they agree
	}{
		{"both say that it went back", service.RefundDone, 5_000, last, payment.RefundSucceeded, ""},
		{"both say that it is under way", service.RefundPending, 5_000, last, payment.RefundPending, ""},
		{"both say that it failed", service.RefundFailed, 5_000, last, payment.RefundFailed, ""},
		{"the books know of a success that the bank took back", service.RefundDone, 5_000, last, payment.RefundFailed,
			reconcile.RefundDiffers},
		{"the books know of a failure, and the money went back", service.RefundFailed, 5_000, last,
			payment.RefundSucceeded, reconcile.RefundDiffers},
		{"another amount went back", service.RefundDone, 4_999, last, payment.RefundSucceeded, reconcile.RefundDiffers},
		{"an attempt before the last one failed", service.RefundDone, 5_000, "refund-1", payment.RefundFailed, ""},
		{"an attempt before the last one went back too", service.RefundDone, 5_000, "refund-1", payment.RefundSucceeded,
			reconcile.RefundDiffers},
	} {
		books := service.RefundDetails{
			SubscriptionID: "sub_1", Amount: c.amount, Currency: "KRW", State: c.books, SendKey: last,
		}
		found := subscriptionRefund(books, payment.Refund{
			Key: c.key, Amount: money.Of(5_000, "KRW"), State: c.bank, PaymentID: "pay_1",
		})
		switch {
		case c.want == "" && len(found) != 0:
			t.Errorf("%s: %v", c.name, found)
		case c.want != "" && (len(found) != 1 || found[0].Kind != c.want || found[0].Subject != "sub_1"):
			t.Errorf("%s: %v, want %s", c.name, found, c.want)
		}
	}
}
