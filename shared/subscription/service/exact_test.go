package service_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"dangol/infra/testkit/testshop"
	"dangol/shared/payment"
	"dangol/shared/platform/problem"
	"dangol/shared/subscription"
	"dangol/shared/subscription/service"
)

// keyless is a provider that refuses the shop's key while wrong is set.
type keyless struct {
	payment.Provider
	wrong bool
}

func (k *keyless) refusal() error { return payment.OurFault(errors.New("401")) }

func (k *keyless) ChargeOffSession(ctx context.Context, r payment.ChargeRequest) (payment.Payment, error) {
	if k.wrong {
		return payment.Payment{}, k.refusal()
	}
	return k.Provider.ChargeOffSession(ctx, r)
}

func (k *keyless) Authorize(ctx context.Context, r payment.AuthorizeRequest) (payment.Payment, error) {
	if k.wrong {
		return payment.Payment{}, k.refusal()
	}
	return k.Provider.Authorize(ctx, r)
}

func (k *keyless) Lookup(ctx context.Context, key string) (payment.Payment, error) {
	if k.wrong {
		return payment.Payment{}, k.refusal()
	}
	return k.Provider.Lookup(ctx, key)
}

func TestAWrongKeyAtARenewalIsNotBookedAgainstTheCustomer(t *testing.T) {
	t.Parallel()
	w := calm(t)
	r := subscribed(t, w, w.CreatePlan(), "pm_card_visa")
	bank := &keyless{Provider: w.Billing.Provider, wrong: true}
	w.Billing.Provider = bank
	w.Until(t.Context(), testshop.Noon.AddDate(0, 1, 3))
	r = w.Of(t, r.Sub.ID)
	if r.Sub.State != subscription.Active || r.Sub.Open == nil || len(r.Sub.Open.Failures) != 0 || len(r.Cases) != 0 {
		t.Errorf("with the wrong key it is %s, open %+v, cases %+v", r.Sub.State, r.Sub.Open, r.Cases)
	}
	bank.wrong = false
	w.Until(t.Context(), testshop.Noon.AddDate(0, 1, 6))
	if r = w.Of(t, r.Sub.ID); r.Sub.State != subscription.Active || r.Sub.Open != nil {
		t.Errorf("with the right key it is %s, open %+v", r.Sub.State, r.Sub.Open)
	}
	w.Check(t)
}

func TestAWrongKeyAtAChangeIsToldAtOnceAndTheChangeCanBeMadeLater(t *testing.T) {
	t.Parallel()
	w := calm(t)
	r := subscribed(t, w, w.CreatePlan(), "pm_card_visa")
	dear, err := w.CreatePlan(func(p *subscription.Plan) { p.Prices = map[string]int64{"KRW": 29_000} }).Terms("KRW", 1)
	if err != nil {
		t.Fatal(err)
	}
	bank := &keyless{Provider: w.Billing.Provider, wrong: true}
	w.Billing.Provider = bank
	upgrade := func() *service.Record {
		t.Helper()
		after, _, err := w.Billing.Apply(t.Context(), w.Of(t, r.Sub.ID), func(*service.Record) (service.Change, bool, error) {
			return service.Change{Command: subscription.Upgrade{Terms: dear}, Session: &subscription.Session{}}, true, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return after
	}
	before := w.Of(t, r.Sub.ID)
	refused := upgrade()
	if a, failed := refused.DeclinedSince(before); !failed || a.Kind != payment.KindTechnical {
		t.Errorf("with the wrong key the caller is told %+v, %v", a, failed)
	}
	if refused.Sub.Open != nil || refused.Sub.Terms.PlanID != before.Sub.Terms.PlanID || len(refused.Tasks) != 0 {
		t.Errorf("it is on %s, open %+v, tasks %+v", refused.Sub.Terms.PlanID, refused.Sub.Open, refused.Tasks)
	}
	bank.wrong = false
	if done := upgrade(); done.Sub.Terms.PlanID != dear.PlanID {
		t.Errorf("with the right key it is on %s, open %+v", done.Sub.Terms.PlanID, done.Sub.Open)
	}
	w.Check(t)
}

func TestOfManyRequestsAtOnceOneGetsTheTrial(t *testing.T) {
	t.Parallel()
	w := calm(t)
	plan := w.CreatePlan(func(p *subscription.Plan) { p.TrialDays = 14 })
	first := w.Subscriber(plan, "pm_card_visa")
	var all sync.WaitGroup
	for range 6 {
		who := first
		who.Key = w.NextKey()
		all.Go(func() {
			if _, _, err := w.Subscribe(t.Context(), w.Billing, who); err != nil && problem.Code(err) != "trial_used" {
				t.Error(err)
			}
		})
	}
	all.Wait()
	trials, paid := 0, 0
	for _, r := range w.All(t) {
		switch r.Sub.State {
		case subscription.Trialing:
			trials++
		case subscription.Active:
			paid++
		}
	}
	if trials != 1 || paid != 0 {
		t.Errorf("%d trials and %d that pay, want one trial and nobody charged instead", trials, paid)
	}
}

func TestOfManyRequestsAtOnceOneBeginsTheMembership(t *testing.T) {
	t.Parallel()
	w := calm(t)
	first := w.Subscriber(w.CreatePlan(), "pm_card_visa")
	first.Single = true
	var all sync.WaitGroup
	for range 6 {
		who := first
		who.Key = w.NextKey()
		all.Go(func() {
			if _, _, err := w.Subscribe(t.Context(), w.Billing, who); err != nil &&
				problem.Code(err) != "already_subscribed" {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if charges := len(w.Bank.Ledger()); len(w.All(t)) != 1 || charges != 1 {
		t.Errorf("%d subscriptions and %d payments, want one of each", len(w.All(t)), charges)
	}
	w.Check(t)
}

func TestAMembershipBeginsAgainWhenTheOneBeforeIsOver(t *testing.T) {
	t.Parallel()
	w := calm(t)
	who := w.Subscriber(w.CreatePlan(), "pm_card_sandbox_chargeCustomerFailLost")
	who.Single = true
	declined, _, err := w.Subscribe(t.Context(), w.Billing, who)
	if err != nil || declined.Sub.State != subscription.Ended {
		t.Fatalf("a declined card: %+v, %v", declined, err)
	}
	who.Method, who.Key = w.SaveCard(who.Customer, "pm_card_visa"), w.NextKey()
	begun, _, err := w.Subscribe(t.Context(), w.Billing, who)
	if err != nil || begun.Sub.State != subscription.Active {
		t.Fatalf("another card after that: %+v, %v", begun, err)
	}
	if again, replay, err := w.Subscribe(t.Context(), w.Billing, who); err != nil || !replay ||
		again.Sub.ID != begun.Sub.ID {
		t.Errorf("the same request again: %+v, %v, %v", again, replay, err)
	}
	who.Key = w.NextKey()
	if _, _, err := w.Subscribe(t.Context(), w.Billing, who); problem.Code(err) != "already_subscribed" {
		t.Errorf("another request: %v", err)
	}
	w.Check(t)
}
