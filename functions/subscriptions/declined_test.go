package subscriptions_test

import (
	"testing"
	"time"

	"dangol/functions/subscriptions"
	"dangol/infra/testkit/apitest"
	"dangol/shared/subscription"
)

// lost is a card that can be kept, and is declined for good when it is charged.
const lost = "pm_card_sandbox_chargeCustomerFailLost"

func declined(t *testing.T, r *apitest.Response) {
	t.Helper()
	if p := r.WantProblem(402, "payment_declined"); p.Extra["declineCode"] != "generic_decline" {
		t.Errorf("a lost card is told %v", p.Extra["declineCode"])
	}
}

func TestADeclinedFirstPaymentIsNoSuccess(t *testing.T) {
	t.Parallel()
	s := open(t)
	keyed := s.ann().With("Idempotency-Key", "a-key-of-sixteen-characters")
	request := s.request(s.offer(10_000, 0), "pm_card_chargeDeclinedLostCard")
	declined(t, keyed.Do("POST", "/subscriptions", request))
	declined(t, keyed.Do("POST", "/subscriptions", request)) // the repetition has the same answer
	s.Check(t)
}

func TestADeclinedUpgradeChangesNothing(t *testing.T) {
	t.Parallel()
	s := open(t)
	v := s.subscribe(s.offer(10_000, 0), "pm_card_visa")
	s.ann().Do("PUT", "/subscriptions/"+v.ID+"/payment-method", map[string]any{"paymentMethod": lost}).Want(200)
	declined(t, s.change(v.ID, map[string]any{"do": "upgrade", "planId": s.offer(31_000, 0)}))
	var after subscriptions.Subscription
	s.ann().Do("GET", "/subscriptions/"+v.ID, nil).Want(200).Into(&after)
	if after.State != subscription.Active || after.Plan.ID != v.Plan.ID {
		t.Errorf("it is %s on %s", after.State, after.Plan.ID)
	}
	s.Check(t)
}

func TestADeclinedPaymentOfWhatIsUnpaidIsNoSuccess(t *testing.T) {
	t.Parallel()
	s := open(t)
	v := s.subscribe(s.offer(10_000, 7), "pm_card_sandbox_chargeCustomerFailTwice")
	if err := s.Consent(t.Context(), s.Billing, v.ID, s.NextKey()); err != nil {
		t.Fatal(err)
	}
	s.Until(t.Context(), s.Clock.Now().Add((7*24+1)*time.Hour))
	var after subscriptions.Subscription
	s.ann().Do("GET", "/subscriptions/"+v.ID, nil).Want(200).Into(&after)
	if after.State != subscription.PastDue {
		t.Fatalf("it is %s", after.State)
	}
	s.ann().Do("POST", "/subscriptions/"+v.ID+"/pay", nil).WantProblem(402, "payment_declined")
	declined(t, s.ann().Do("PUT", "/subscriptions/"+v.ID+"/payment-method", map[string]any{"paymentMethod": lost}))
	s.ann().Do("PUT", "/subscriptions/"+v.ID+"/payment-method",
		map[string]any{"paymentMethod": "pm_card_visa"}).Want(200).Into(&after)
	if after.State != subscription.Active {
		t.Errorf("with a good card it is %s", after.State)
	}
	s.Check(t)
}
