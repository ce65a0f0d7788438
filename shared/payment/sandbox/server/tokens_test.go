package server_test

import (
	"errors"
	"fmt"
	"testing"

	"dangol/shared/money"
	"dangol/shared/payment"
)

// declineOf is the code with which a payment was declined; "" for one that was not.
func declineOf(t *testing.T, err error) string {
	t.Helper()
	declined, ok := errors.AsType[*payment.Declined](err)
	if err != nil && !ok {
		t.Fatal(err)
	}
	if !ok {
		return ""
	}
	return declined.Code
}

// save keeps a card of usr_1 and returns it.
func (b *bank) save(t *testing.T, token string) payment.Method {
	t.Helper()
	m, err := b.SaveMethod(t.Context(), payment.SaveMethodRequest{
		Key: "save-" + token, CustomerID: "usr_1", MethodToken: token,
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// renew charges a kept card of usr_1 while the shopper is away.
func (b *bank) renew(t *testing.T, key string, m payment.Method) (payment.Payment, error) {
	t.Helper()
	return b.ChargeOffSession(t.Context(), payment.ChargeRequest{
		Key: key, Amount: money.Of(9_900, "KRW"), CustomerID: "usr_1", CustomerRef: m.CustomerRef, MethodToken: m.Token,
	})
}

func TestATestCardIsKnownByEachNameThatStripeGivesIt(t *testing.T) {
	t.Parallel()
	b := open(t)
	for token, last4 := range map[string]string{
		"pm_card_visa": "4242", "pm_visa": "4242", "tok_visa": "4242", "visa": "4242", "PM_CARD_VISA": "4242",
		"tok_visa_debit": "5556", "pm_card_visa_debit": "5556", "pm_card_mastercard": "4444", "pm_card_jcb": "0505",
		"tok_amex": "8431", "pm_card_kr": "0001",
	} {
		if p := b.pay(t, token, token); p.State != payment.StateAuthorized || p.Method.Last4 != last4 {
			t.Errorf("%s: %s with the card %s, want authorized with %s", token, p.State, p.Method.Last4, last4)
		}
	}
	for _, token := range []string{
		"", "pm_", "pm_card_", "pm_card_diners", "pm_card_visa2", "visa_charge", "pm_card_tok_visa",
		"pm_sandbox_declines_0_times", "pm_sandbox_declines_-1_times", "pm_sandbox_declines_many_times",
	} {
		if p, err := b.Authorize(t.Context(), order("no-"+token, token)); !errors.Is(err, payment.ErrInvalid) {
			t.Errorf("%q: %+v, %v; want it refused as unknown", token, p, err)
		}
	}
}

func TestACardIsDeclinedWithTheCodeOfItsName(t *testing.T) {
	t.Parallel()
	b := open(t)
	for _, c := range []struct {
		token, code string
		kind        payment.Kind
	}{
		{"pm_card_chargeDeclined", "generic_decline", payment.KindSoft},
		{"pm_card_visa_chargeDeclinedInsufficientFunds", "insufficient_funds", payment.KindSoft},
		{"tok_visa_chargeDeclinedLostCard", "lost_card", payment.KindHard},
		{"pm_card_chargeDeclinedStolenCard", "stolen_card", payment.KindHard},
		{"tok_chargeDeclinedExpiredCard", "expired_card", payment.KindHard},
		{"pm_card_chargeDeclinedFraudulent", "fraudulent", payment.KindHard},
		{"pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", payment.KindHard},
		{"pm_card_chargeDeclinedProcessingError", "processing_error", payment.KindTechnical},
		{"pm_card_chargeDeclinedVelocityLimit", "card_velocity_exceeded", payment.KindSoft},
	} {
		p, err := b.Authorize(t.Context(), order(c.token, c.token))
		if got := declineOf(t, err); got != c.code || p.DeclineKind != c.kind || p.State != payment.StateDeclined {
			t.Errorf("%s: %q as %q, want %q as %q", c.token, got, p.DeclineKind, c.code, c.kind)
		}
	}
	for _, e := range b.server.Ledger() {
		if len(e.Moves) != 0 || e.Refundable() != 0 {
			t.Errorf("money moved for %s: %+v", e.Key, e.Moves)
		}
	}
}

func TestACardThatIsKeptFailsLaterAsItsNameSays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		token, away, present string // how a charge of the kept card is declined
	}{
		{"pm_card_visa", "", ""},
		{"pm_card_chargeCustomerFail", "generic_decline", "generic_decline"},
		{"pm_sandbox_chargeCustomerFailFunds", "insufficient_funds", "insufficient_funds"},
		{"pm_sandbox_chargeCustomerFailLost", "lost_card", "lost_card"},
		{"pm_sandbox_chargeCustomerFailTech", "processing_error", "processing_error"},
		{"pm_card_threeDSecure2Required", "authentication_required", ""}, // the cardholder can confirm when present
	} {
		t.Run(c.token, func(t *testing.T) {
			t.Parallel()
			b := open(t)
			m := b.save(t, c.token)
			if m.Token == "" || m.NextActionURL != "" {
				t.Fatalf("not kept: %+v", m)
			}
			for n := range 3 { // it fails each time, and not only the first
				if _, err := b.renew(t, fmt.Sprint("away-", n), m); declineOf(t, err) != c.away {
					t.Errorf("charge %d while the shopper is away: %v, want %q", n+1, err, c.away)
				}
			}
			present := order("present", m.Token)
			present.CustomerRef = m.CustomerRef
			if _, err := b.Authorize(t.Context(), present); declineOf(t, err) != c.present {
				t.Errorf("with the shopper: %v, want %q", err, c.present)
			}
		})
	}
}

// TestACardThatRefusesItsFirstPaymentsCountsByCustomer tries a card whether it is kept or typed in: both are the same
// card of the same customer.
func TestACardThatRefusesItsFirstPaymentsCountsByCustomer(t *testing.T) {
	t.Parallel()
	b := open(t)
	const card = "pm_sandbox_declines_3_times"
	m := b.save(t, card)
	typed := func(key, customer string) error {
		req := order(key, card)
		req.CustomerID = customer
		_, err := b.Authorize(t.Context(), req)
		return err
	}
	kept := func(key string) error {
		_, err := b.renew(t, key, m)
		return err
	}
	for _, step := range []struct {
		name string
		err  error
		want string
	}{
		{"the first, typed in", typed("k1", "usr_1"), "generic_decline"},
		{"the first again", typed("k1", "usr_1"), "generic_decline"},
		{"the second, of the kept card", kept("k2"), "generic_decline"},
		{"another customer's first", typed("k3", "usr_2"), "generic_decline"},
		{"the third", kept("k4"), "generic_decline"},
		{"the fourth", kept("k5"), ""},
		{"the fifth, typed in", typed("k6", "usr_1"), ""},
		{"another customer's second", typed("k7", "usr_2"), "generic_decline"},
		{"the first is still what it was", typed("k1", "usr_1"), "generic_decline"},
	} {
		if got := declineOf(t, step.err); got != step.want {
			t.Errorf("%s: %q, want %q", step.name, got, step.want)
		}
	}
}
