package service_test

import (
	"slices"
	"sync"
	"testing"

	"dangol/infra/testkit/testshop"
	"dangol/infra/testkit/testsubscriptions"
	"dangol/shared/membership"
	"dangol/shared/subscription"
	"dangol/shared/subscription/service"
)

func benefits(b membership.Benefits) func(*subscription.Plan) {
	return func(p *subscription.Plan) { p.Benefits = b }
}

func command(t *testing.T, w *testsubscriptions.Shop, id string, c subscription.Command) {
	t.Helper()
	if _, _, err := w.Billing.Apply(t.Context(), w.Of(t, id), func(*service.Record) (service.Change, bool, error) {
		return service.Change{Command: c}, true, nil
	}); err != nil {
		t.Fatal(err)
	}
}

func TestWhatACustomerHasFollowsTheSubscriptionFromStartToEnd(t *testing.T) {
	t.Parallel()
	w := calm(t)
	tenth := membership.Benefits{PercentOffBP: 1_000}
	r := subscribed(t, w, w.CreatePlan(benefits(tenth), func(p *subscription.Plan) { p.TrialDays = 14 }),
		"pm_card_sandbox_chargeCustomerFailFunds")
	consent(t, w, r.Sub.ID)
	days := func(n int) func() { return func() { w.Until(t.Context(), testshop.Noon.AddDate(0, 0, n)) } }
	for _, step := range []struct {
		name  string
		do    func()
		state string // "" is nothing
		lasts bool   // beyond the moment
	}{
		{"a trial", days(1), "trialing", true},
		{"declined", days(15), "past_due", true},
		{"unpaid for eight days", days(23), "", false},
		{"another card", func() {
			m := w.SaveCard(r.Sub.CustomerID, "pm_card_visa")
			_, _, err := w.Billing.Apply(t.Context(), w.Of(t, r.Sub.ID), func(*service.Record) (service.Change, bool, error) {
				keep := func(r *service.Record) { r.Methods[m.Token] = m }
				return service.Change{Command: subscription.ChangeCard{Card: testsubscriptions.CardOf(m)}, Edit: keep}, true, nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}, "active", true},
		{"a month later", days(50), "active", true},
		{"canceled", func() { command(t, w, r.Sub.ID, subscription.Cancel{}) }, "canceled", true},
		{"over", days(90), "", false},
	} {
		step.do()
		s := w.EntitlementsOf(t, r.Sub.CustomerID)
		m := s.Member(w.Clock.Now())
		switch {
		case step.state == "" && len(s) > 0:
			t.Errorf("%s: %+v", step.name, s)
		case step.state != "" && (len(s) != 1 || s[0].State != step.state || m.HasPlan() != step.lasts ||
			m.Benefits() != tenth || s[0].Title != "단골"):
			t.Errorf("%s: %+v", step.name, s)
		}
	}
	w.Check(t)
}

func TestAnUpgradeGivesTheBenefitsOfTheDearerPlanAtOnce(t *testing.T) {
	t.Parallel()
	w := calm(t)
	r := subscribed(t, w, w.CreatePlan(benefits(membership.Benefits{PercentOffBP: 500})), "pm_card_visa")
	gold := w.CreatePlan(benefits(membership.Benefits{PercentOffBP: 2_000, FreeShipping: true}),
		func(p *subscription.Plan) { p.Prices["KRW"] = 30_000 })
	terms, err := gold.Terms("KRW", 1)
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = w.Billing.Apply(t.Context(), r, func(*service.Record) (service.Change, bool, error) {
		return service.Change{
			Command: subscription.Upgrade{Terms: terms}, Edit: func(r *service.Record) { r.Titles[gold.ID] = "골드" },
		}, true, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if s := w.EntitlementsOf(t, r.Sub.CustomerID); len(s) != 1 || s[0].PlanID != gold.ID || s[0].Title != "골드" ||
		s[0].Benefits != gold.Benefits {
		t.Errorf("%+v", s)
	}
	w.Check(t)
}

// TestTwoMembershipsOfOneCustomerThatChangeAtOnceLoseNothing cancels and reactivates both again and again, side by
// side.
func TestTwoMembershipsOfOneCustomerThatChangeAtOnceLoseNothing(t *testing.T) {
	t.Parallel()
	w := calm(t)
	who := w.Subscriber(w.CreatePlan(benefits(membership.Benefits{PercentOffBP: 500})), "pm_card_visa")
	other := w.Subscriber(w.CreatePlan(benefits(membership.Benefits{FreeShipping: true})), "pm_card_visa")
	other.Customer, other.Method = who.Customer, who.Method
	var ids []string
	for _, s := range []testsubscriptions.Subscriber{who, other} {
		r, _, err := w.Subscribe(t.Context(), w.Billing, s)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, r.Sub.ID)
	}
	both := membership.Benefits{PercentOffBP: 500, FreeShipping: true}
	if got := w.EntitlementsOf(t, who.Customer).Member(w.Clock.Now()).Benefits(); got != both {
		t.Errorf("together they give %+v", got)
	}
	var all sync.WaitGroup
	for n, id := range ids {
		all.Go(func() {
			for range 5 + n {
				command(t, w, id, subscription.Cancel{})
				command(t, w, id, subscription.Reactivate{})
			}
			command(t, w, id, subscription.Cancel{})
		})
	}
	all.Wait()
	s := w.EntitlementsOf(t, who.Customer)
	if len(s) != 2 || slices.ContainsFunc(s, func(h membership.Entitlement) bool { return h.State != "canceled" }) {
		t.Errorf("%+v", s)
	}
	w.Check(t)
}

func TestAMembershipFromElsewhereIsInForceAtOnce(t *testing.T) {
	t.Parallel()
	w := calm(t)
	there := *subscribed(t, w, w.CreatePlan(benefits(membership.Benefits{PercentOffBP: 500})), "pm_card_visa")
	there.Sub.ID, there.Sub.CustomerID = "sub_from_elsewhere", "cust-new"
	if err := w.Unfaulted.Adopt(t.Context(), &there); err != nil {
		t.Fatal(err)
	}
	if s := w.EntitlementsOf(t, "cust-new"); len(s) != 1 || !s.Member(w.Clock.Now()).HasPlan(there.Sub.Terms.PlanID) {
		t.Errorf("%+v", s)
	}
}
