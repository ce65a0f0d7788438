// Package paymenttest holds what every payment.Provider has to do, as tests, for the
// tests of each of them.
package paymenttest

import (
	"net/http"
	"testing"
	"time"

	"dangol/shared/money"
	"dangol/shared/payment"
)

// Fixture is a fresh provider with the test tokens it understands. Fields for what the Capabilities deny stay empty.
type Fixture struct {
	Provider payment.Provider
	Tokens   Tokens
	Now      func() time.Time
	// Challenge acts the shopper at Payment.NextActionURL.
	Challenge func(t *testing.T, p payment.Payment, approve bool)
	// Advance moves the provider's clock.
	Advance func(t *testing.T, d time.Duration)
	// Webhooks returns the messages sent since the last time it was asked.
	Webhooks func() []Webhook
}

// Webhook is a message as it went over the wire.
type Webhook struct {
	Header http.Header
	Body   []byte
}

// Tokens name test methods by what they do.
type Tokens struct {
	Good, Declined, InsufficientFunds, LostCard, Technical string
	Challenge, Captured, Late, Hang, HangBefore            string
	FailsOffSession                                        string
}

// Capabilities says which parts of the suite apply. The zero value asks only that each call is well formed and
// answered, which is all that a mock without memory can show.
type Capabilities struct {
	Stateful         bool // payments made can be read back; tokens decide the outcome
	Challenges       bool // Fixture.Challenge works
	ImmediateCapture bool // Tokens.Captured captures whatever was asked
	Late             bool // Tokens.Late is settled two minutes later
	Hangs            bool // Tokens.Hang and HangBefore do not answer
	Webhooks         bool // Fixture.Webhooks works
}

// Run tests a provider; fresh is called for every case.
func Run(t *testing.T, fresh func(t *testing.T) Fixture, can Capabilities) {
	t.Helper()
	group := func(name string, applies bool, cases []testCase) {
		if !applies {
			return
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, c := range cases {
				t.Run(c.name, func(t *testing.T) {
					t.Parallel()
					c.run(t, fresh(t))
				})
			}
		})
	}
	group("every call is answered", true, shapeCases)
	group("the ledger is answered", true, ledgerShapeCases)
	group("authorize", can.Stateful, authorizeCases)
	group("capture, void, refund", can.Stateful, moneyCases)
	group("kept methods", can.Stateful, methodCases)
	group("keys", can.Stateful, keyCases)
	group("ledger", can.Stateful, ledgerCases)
	group("challenge", can.Challenges, challengeCases)
	group("immediate capture", can.ImmediateCapture, captureCases)
	group("late outcome", can.Late, lateCases)
	group("unknown outcome", can.Hangs, hangCases)
	group("webhooks", can.Webhooks, webhookCases)
}

type testCase struct {
	name string
	run  func(t *testing.T, f Fixture)
}

// Order is a payment of 12,000 won on a good card, for a test to alter.
func (f Fixture) Order(key string) payment.AuthorizeRequest {
	return payment.AuthorizeRequest{
		Key: key, Amount: Won(12_000), MethodToken: f.Tokens.Good, CustomerID: "usr_1",
		ReturnURL: "https://shop.example/back",
		Metadata:  map[string]string{"checkout": "chk_1"},
	}
}

// Won is an amount in KRW.
func Won(n int64) money.Money { return money.Of(n, "KRW") }

func want(t *testing.T, p payment.Payment, err error, state payment.State, captured, refunded int64) {
	t.Helper()
	if err != nil {
		t.Fatalf("unexpected error: %v", err)
	}
	if p.State != state || p.Captured != Won(captured) || p.Refunded != Won(refunded) {
		t.Fatalf("got %s, captured %v, refunded %v; want %s, %d, %d", p.State, p.Captured, p.Refunded, state, captured,
			refunded)
	}
}

func (f Fixture) authorized(t *testing.T, key string) payment.Payment {
	t.Helper()
	p, err := f.Provider.Authorize(t.Context(), f.Order(key))
	want(t, p, err, payment.StateAuthorized, 0, 0)
	return p
}

func (f Fixture) captured(t *testing.T, key string) payment.Payment {
	t.Helper()
	req := f.Order(key)
	req.CaptureNow = true
	p, err := f.Provider.Authorize(t.Context(), req)
	want(t, p, err, payment.StateCaptured, 12_000, 0)
	return p
}
