package checkouts_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"

	"dangol/infra/testkit/apitest"
	"dangol/infra/testkit/testshop"
	"dangol/shared/payment"
	"dangol/shared/payment/sandbox"
	"dangol/shared/platform/metrics"
	"dangol/shared/subscription/service"
)

// TestARefundThatNamesOnlyAReturn plays the provider's message about what was left of a reservation for an exchange,
// whose metadata names a return and no order. The return counts it as sent: one that failed needs a person, so it is
// logged with the return's id and rings the alarm of refused refunds; one that succeeded changes nothing. Neither is
// taken for a refund that somebody made in the provider's console.
func TestARefundThatNamesOnlyAReturn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		state  payment.RefundState
		alarms int
	}{{payment.RefundFailed, 1}, {payment.RefundSucceeded, 0}, {payment.RefundPending, 0}} {
		t.Run(string(c.state), func(t *testing.T) {
			t.Parallel()
			var log, counted bytes.Buffer
			s := open(t, func(w *testshop.Shop) {
				w.Service.Log = slog.New(slog.NewJSONHandler(&log, nil))
				w.Service.Metrics = metrics.New(&counted, w.Clock, nil)
			})
			b := s.FillCart("", map[string]int{s.Sell(testshop.ProductSpec{Units: 5}): 1})
			s.buy(b, "k", card("pm_card_visa")).Want(201)
			s.RunUntilIdle(t.Context())
			paid := s.Bank.Ledger()[0]
			before := s.Orders(t)
			log.Reset()
			counted.Reset()

			body, err := json.Marshal(payment.Notification{
				ID: "evt_return", Type: "refund." + string(c.state), Subject: payment.SubjectRefund, Refund: payment.Refund{
					ID: "re_1", PaymentID: paid.ID, State: c.state, Amount: paid.Amount,
					Metadata: map[string]string{"return": "rma_01k9abcdefghjkmnpqrstvwxyz"},
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			apitest.New(t, s.handler).
				With(sandbox.SignatureHeader, sandbox.Sign(testshop.WebhookSecret, body, s.Clock.Now())).
				Do("POST", "/payments/webhooks/sandbox", body).Want(200)

			if n := strings.Count(counted.String(), fmt.Sprintf("%q:1", service.MetricRefused)); n != c.alarms {
				t.Errorf("%d times counted as refused, want %d: %s", n, c.alarms, &counted)
			}
			if n := strings.Count(log.String(), "rma_01k9abcdefghjkmnpqrstvwxyz"); n != c.alarms {
				t.Errorf("the return is named %d times in the log, want %d: %s", n, c.alarms, &log)
			}
			s.RunUntilIdle(t.Context())
			if after := s.Orders(t); !reflect.DeepEqual(after, before) {
				t.Errorf("the order became %+v", after)
			}
			s.Check(t)
		})
	}
}
