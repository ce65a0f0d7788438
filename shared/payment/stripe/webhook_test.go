package stripe_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"dangol/shared/payment"
	"dangol/shared/payment/stripe"
	"dangol/shared/platform/clock"

	"github.com/stripe/stripe-go/v84/webhook"
)

func signed(body string, at time.Time) (http.Header, []byte) {
	out := webhook.GenerateTestSignedPayload(&webhook.UnsignedPayload{Payload: []byte(body), Secret: "whsec_1",
		Timestamp: at})
	header := http.Header{}
	header.Set("Stripe-Signature", out.Header)
	return header, []byte(body)
}

func event(kind, object string) string {
	return `{"id":"evt_1","object":"event","type":"` + kind +
		`","created":1772452800,"api_version":"2020-08-27","data":{"object":` + object + `}}`
}

func TestWebhooks(t *testing.T) {
	t.Parallel()
	p, _ := says(t, nil)
	back := `{"id":"re_1","amount":500,"currency":"krw","payment_intent":"pi_1","status":"failed"}`
	for _, tc := range []struct {
		name, body string
		check      func(payment.Notification) bool
	}{
		{"a payment", event("payment_intent.succeeded",
			intent("succeeded", `,"amount_received":12000,"latest_charge":"ch_1"`)), func(n payment.Notification) bool {
			return n.ID == "evt_1" && n.Subject == payment.SubjectPayment && n.Payment.State == payment.StateCaptured &&
				n.Payment.Key == "k"
		}},
		{"a refund that failed", event("refund.failed", back), func(n payment.Notification) bool {
			return n.Subject == payment.SubjectRefund && n.Refund.State == payment.RefundFailed && n.Refund.PaymentID == "pi_1"
		}},
		{"something else", event("customer.created", `{"id":"cus_1"}`), func(n payment.Notification) bool {
			return n.Subject == payment.SubjectOther
		}},
	} {
		header, body := signed(tc.body, noon)
		if n, err := p.ParseWebhook(header, body, noon.Add(payment.WebhookTolerance)); err != nil || !tc.check(n) {
			t.Errorf("%s: %+v, %v", tc.name, n, err)
		}
	}
}

func TestWebhooksThatAreNotFromStripeAreRefused(t *testing.T) {
	t.Parallel()
	p, _ := says(t, nil)
	good := event("payment_intent.succeeded", intent("succeeded"))
	header, body := signed(good, noon)
	refused := func(name string, q *stripe.Provider, h http.Header, b []byte, now time.Time, want error) {
		if _, err := q.ParseWebhook(h, b, now); !errors.Is(err, want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	boundary := payment.WebhookTolerance + time.Second
	refused("altered", p, header, append(body, ' '), noon, payment.ErrBadSignature)
	refused("too old", p, header, body, noon.Add(boundary), payment.ErrBadSignature)
	refused("from the future", p, header, body, noon.Add(-boundary), payment.ErrBadSignature)
	refused("unsigned", p, http.Header{}, body, noon, payment.ErrBadSignature)
	refused("rubbish", p, http.Header{"Stripe-Signature": {"t=1772452800,v1"}}, body, noon, payment.ErrBadSignature)
	refused("no secret set up", stripe.New(stripe.Config{Clock: clock.Stopped(noon)}), header, body, noon,
		payment.ErrBadSignature)
	header, body = signed(`{"object":"event"}`, noon)
	refused("signed and empty", p, header, body, noon, payment.ErrInvalid)
	header, body = signed(event("payment_intent.succeeded", `[]`), noon)
	refused("signed and misshapen", p, header, body, noon, payment.ErrInvalid)
}
