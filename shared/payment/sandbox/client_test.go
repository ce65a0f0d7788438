package sandbox_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"dangol/infra/testkit/paymenttest"
	"dangol/shared/payment"
	"dangol/shared/payment/sandbox"
	"dangol/shared/payment/sandbox/server"
	"dangol/shared/platform/clock"
)

var tokens = paymenttest.Tokens{
	Good: "pm_card_visa", Declined: "pm_card_visa_chargeDeclined",
	InsufficientFunds: "pm_card_visa_chargeDeclinedInsufficientFunds",
	LostCard:          "tok_visa_chargeDeclinedLostCard", Technical: "pm_card_chargeDeclinedProcessingError",
	Challenge: "pm_card_threeDSecure2Required", Captured: "pm_sandbox_captured", Late: "pm_sandbox_late_webhook",
	Hang: "pm_sandbox_hang", HangBefore: "pm_sandbox_hang_before", FailsOffSession: "pm_card_chargeCustomerFail",
}

// inbox collects webhooks.
type inbox struct {
	mu  sync.Mutex
	got []paymenttest.Webhook
}

func (i *inbox) deliver(_ context.Context, body []byte, header http.Header) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.got = append(i.got, paymenttest.Webhook{Header: header, Body: slices.Clone(body)})
	return nil
}

func (i *inbox) take() []paymenttest.Webhook {
	i.mu.Lock()
	defer i.mu.Unlock()
	got := i.got
	i.got = nil
	return got
}

func fixture(t *testing.T) paymenttest.Fixture {
	c, mail := clock.Stopped(time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)), &inbox{}
	s, err := server.New(server.Config{Clock: c, APIKey: "key", WebhookSecret: "whsec", Deliver: mail.deliver})
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewServer(s)
	t.Cleanup(front.Close)
	return paymenttest.Fixture{
		Provider: sandbox.New(sandbox.Config{BaseURL: front.URL, APIKey: "key", WebhookSecret: "whsec", Timeout: patience}),
		Tokens:   tokens, Now: c.Now, Webhooks: mail.take,
		Advance: func(t *testing.T, d time.Duration) {
			if _, err := s.Tick(t.Context(), c.Advance(d)); err != nil {
				t.Fatal(err)
			}
		},
		Challenge: func(t *testing.T, p payment.Payment, approve bool) {
			decision := map[bool]string{true: "approve", false: "decline"}[approve]
			stay := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
			res, err := stay.PostForm(p.NextActionURL, url.Values{"decision": {decision}})
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
		},
	}
}

// patience is how long the client waits: long for a busy machine, short for the two tokens that never answer.
const patience = 3 * time.Second

func TestSandboxIsAProvider(t *testing.T) {
	t.Parallel()
	paymenttest.Run(t, fixture, paymenttest.Capabilities{
		Stateful: true, Challenges: true, ImmediateCapture: true, Late: true, Hangs: true, Webhooks: true,
	})
}

// answering is a client whose server gives this one answer.
func answering(t *testing.T, h http.HandlerFunc) *sandbox.Client {
	t.Helper()
	front := httptest.NewServer(h)
	t.Cleanup(front.Close)
	return sandbox.New(sandbox.Config{BaseURL: front.URL, APIKey: "key", Timeout: patience})
}

func TestClientReadsBadAnswersAsUnknown(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]http.HandlerFunc{
		"a broken server":       func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) },
		"no JSON":               func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("<html>")) },
		"an error without JSON": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) },
		"an unheard-of error": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusTeapot)
			w.Write([]byte(`{"error":{"code":"short_and_stout"}}`))
		},
		"half an answer": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			w.Write([]byte(`{"id":`))
		},
		"a cut line": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := answering(t, h).Authorize(t.Context(), payment.AuthorizeRequest{Key: "k", Amount: paymenttest.Won(1)})
			if !errors.Is(err, payment.ErrUnknown) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestAServerThatIsNotThereDidNothing(t *testing.T) {
	t.Parallel()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	_, err := sandbox.New(sandbox.Config{BaseURL: gone.URL}).Lookup(t.Context(), "k")
	if !errors.Is(err, payment.ErrUnavailable) || errors.Is(err, payment.ErrUnknown) {
		t.Errorf("got %v", err)
	}
}

func TestAWrongAPIKeyIsOurMistake(t *testing.T) {
	t.Parallel()
	s, err := server.New(server.Config{Clock: clock.System{}, APIKey: "right"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := answering(t, s.ServeHTTP).Lookup(t.Context(), "k"); !errors.Is(err, payment.ErrOurFault) {
		t.Errorf("got %v", err)
	}
}

func TestSignature(t *testing.T) {
	t.Parallel()
	at, body := time.Unix(1_772_000_000, 0), []byte(`{"id":"evt_1"}`)
	good := sandbox.Sign("whsec", body, at)
	for _, tc := range []struct {
		name, secret, header string
		now                  time.Time
		want                 bool
	}{
		{"good", "whsec", good, at, true},
		{"good at the edge of the tolerance", "whsec", good, at.Add(payment.WebhookTolerance), true},
		{"too old", "whsec", good, at.Add(payment.WebhookTolerance + time.Second), false},
		{"from the future", "whsec", good, at.Add(-payment.WebhookTolerance - time.Second), false},
		{"another secret", "other", good, at, false},
		{"no secret set up", "", sandbox.Sign("", body, at), at, false},
		{"an old and a good signature while the secret changes", "whsec", good + ",v1=00ff", at, true},
		{"no time", "whsec", good[len("t=1772000000,"):], at, false},
		{"rubbish", "whsec", "t=,v1=zz,=,", at, false},
		{"empty", "whsec", "", at, false},
	} {
		if got := sandbox.Verify(tc.secret, tc.header, body, tc.now); got != tc.want {
			t.Errorf("%s: %v", tc.name, got)
		}
	}
}

func TestASignedMessageThatCannotBeReadIsInvalid(t *testing.T) {
	t.Parallel()
	c, now := sandbox.New(sandbox.Config{WebhookSecret: "whsec"}), time.Unix(1_772_000_000, 0)
	for _, body := range []string{"", "[]", "{}"} {
		header := http.Header{}
		header.Set(sandbox.SignatureHeader, sandbox.Sign("whsec", []byte(body), now))
		if _, err := c.ParseWebhook(header, []byte(body), now); !errors.Is(err, payment.ErrInvalid) {
			t.Errorf("%q: %v", body, err)
		}
	}
}
