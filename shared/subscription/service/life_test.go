package service_test

import (
	"slices"
	"testing"
	"time"

	"dangol/infra/testkit/fault"
	"dangol/infra/testkit/testshop"
	"dangol/infra/testkit/testsubscriptions"
	"dangol/shared/invoice"
	"dangol/shared/platform/civil"
	"dangol/shared/platform/idempotency"
	"dangol/shared/platform/problem"
	"dangol/shared/subscription"
	"dangol/shared/subscription/service"
)

func calm(t *testing.T) *testsubscriptions.Shop {
	t.Helper()
	return testsubscriptions.New(t, fault.New(fault.Plan{}))
}

// subscribed is somebody who has subscribed to the plan with the card.
func subscribed(t *testing.T, w *testsubscriptions.Shop, p *service.Plan, card string) *service.Record {
	t.Helper()
	r, _, err := w.Subscribe(t.Context(), w.Billing, w.Subscriber(p, card))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func paid(invoices []invoice.Invoice) (days []civil.Date) {
	for _, i := range invoices {
		if i.State == invoice.Paid {
			days = append(days, civil.Date(i.Lines[0].From))
		}
	}
	return days
}

func TestAMembershipIsPaidEveryMonthForAYear(t *testing.T) {
	t.Parallel()
	w := calm(t)
	r := subscribed(t, w, w.CreatePlan(), "pm_card_visa")
	if r.Sub.State != subscription.Active {
		t.Fatalf("after the first payment it is %s", r.Sub.State)
	}
	w.Until(t.Context(), testshop.Noon.AddDate(1, 0, -1))
	got := paid(w.InvoicesOf(t, r.Sub.ID))
	if len(got) != 12 || got[0] != "2026-03-02" || got[11] != "2027-02-02" {
		t.Errorf("paid from %v", got)
	}
	w.Check(t)
}

func TestARepeatedRequestSubscribesOnce(t *testing.T) {
	t.Parallel()
	w := calm(t)
	who := w.Subscriber(w.CreatePlan(), "pm_card_visa")
	first, _, err := w.Subscribe(t.Context(), w.Billing, who)
	if err != nil {
		t.Fatal(err)
	}
	again, replay, err := w.Subscribe(t.Context(), w.Billing, who)
	if err != nil || !replay || again.Sub.ID != first.Sub.ID {
		t.Fatalf("the repetition: replay %v, %v", replay, err)
	}
	if n := len(w.All(t)); n != 1 {
		t.Errorf("%d subscriptions", n)
	}
	w.Check(t)
}

func TestADeclinedFirstPaymentStartsNothing(t *testing.T) {
	t.Parallel()
	w := calm(t)
	r := subscribed(t, w, w.CreatePlan(), "pm_card_sandbox_chargeCustomerFailLost")
	if r.Sub.State != subscription.Ended || r.Sub.EndReason != subscription.EndNotStarted {
		t.Errorf("it is %s because of %s", r.Sub.State, r.Sub.EndReason)
	}
	w.Check(t)
}

func TestADeclinedRenewalIsTriedOnItsDaysAndRecovers(t *testing.T) {
	t.Parallel()
	w := calm(t)
	plan := w.CreatePlan(func(p *subscription.Plan) { p.TrialDays = 14 })
	r := subscribed(t, w, plan, "pm_card_sandbox_chargeCustomerFailTwice")
	if r.Sub.State != subscription.Trialing {
		t.Fatalf("it is %s", r.Sub.State)
	}
	consent(t, w, r.Sub.ID)
	w.Until(t.Context(), testshop.Noon.AddDate(0, 0, 30))
	r = w.Of(t, r.Sub.ID)
	if r.Sub.State != subscription.Active || len(r.Cases) != 1 || r.Cases[0].Recovered.IsZero() || !r.Trial.Converted {
		t.Errorf("it is %s, cases %+v, trial %+v", r.Sub.State, r.Cases, r.Trial)
	}
	w.Check(t)
}

// consent says yes to what is asked.
func consent(t *testing.T, w *testsubscriptions.Shop, id string) {
	t.Helper()
	_, _, err := w.Unfaulted.Apply(t.Context(), w.Of(t, id), func(r *service.Record) (service.Change, bool, error) {
		notice, ok := r.Sub.ConsentNotice("visa 4242", "in one step", "it ends")
		if !ok {
			t.Fatal("nothing is asked")
		}
		c := subscription.Consent{Notice: notice}
		c.Answer.NoticeID, c.Answer.Explicit, c.Answer.Separate, c.Answer.Channel = notice.ID, true, true, "web"
		return service.Change{Command: c}, true, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestATrialWithoutConsentEnds(t *testing.T) {
	t.Parallel()
	w := calm(t)
	r := subscribed(t, w, w.CreatePlan(func(p *subscription.Plan) { p.TrialDays = 14 }), "pm_card_visa")
	w.Until(t.Context(), testshop.Noon.AddDate(0, 1, 0))
	if r = w.Of(t, r.Sub.ID); r.Sub.EndReason != subscription.EndNoConsent || len(w.InvoicesOf(t, r.Sub.ID)) != 0 {
		t.Errorf("it is %s because of %q", r.Sub.State, r.Sub.EndReason)
	}
	w.Check(t)
}

func TestEachCycleOfGoodsBecomesAnOrderUntilTheyRunOut(t *testing.T) {
	t.Parallel()
	w := calm(t)
	soap := w.Sell(testshop.ProductSpec{Units: 5})
	r := subscribed(t, w, w.CreatePlan(testsubscriptions.Sends(soap, 2)), "pm_card_visa")
	w.Until(t.Context(), testshop.Noon.AddDate(0, 2, 20))
	orders := w.Orders(t)
	if len(orders) != 2 || orders[0].Totals.Total != 10_000 || orders[0].Payment.Captured != 10_000 {
		t.Fatalf("%d orders", len(orders))
	}
	states := []invoice.State{}
	for _, i := range w.InvoicesOf(t, r.Sub.ID) {
		states = append(states, i.State)
	}
	if !slices.Equal(states, []invoice.State{invoice.Paid, invoice.Paid, invoice.Void}) {
		t.Errorf("invoices are %v; want the third given up after a week without goods", states)
	}
	w.Check(t)
}

// What a coupon took off was not paid, so that none of it can go back with a part of the goods.
func TestTheOrderOfACycleCostsWhatWasPaidForIt(t *testing.T) {
	t.Parallel()
	w := calm(t)
	r := subscribed(t, w, w.CreatePlan(testsubscriptions.Sends(w.Sell(testshop.ProductSpec{Units: 9}), 2)), "pm_card_visa")
	_, _, err := w.Billing.Apply(t.Context(), r, func(*service.Record) (service.Change, bool, error) {
		return service.Change{Command: subscription.GiveCoupon{Coupon: subscription.Coupon{PercentBP: 4_000, Left: 1}}}, true,
			nil
	})
	if err != nil {
		t.Fatal(err)
	}
	w.Until(t.Context(), testshop.Noon.AddDate(0, 2, 20))
	totals := []int64{}
	for _, o := range w.Orders(t) {
		if totals = append(totals, o.Totals.Total); o.Payment.Captured != o.Totals.Total {
			t.Errorf("%d was paid for an order over %d", o.Payment.Captured, o.Totals.Total)
		}
		if costs := o.UnitCosts(o.Lines[0].ID); costs[0] != o.Totals.Total/2 {
			t.Errorf("a unit of two cost %d of %d", costs[0], o.Totals.Total)
		}
	}
	slices.Sort(totals)
	if !slices.Equal(totals, []int64{6_000, 10_000, 10_000}) {
		t.Errorf("the orders cost %d", totals)
	}
	w.Check(t)
}

func TestMoneyOfAPlanThatIsStoppedNowGoesBack(t *testing.T) {
	t.Parallel()
	w := calm(t)
	r := subscribed(t, w, w.CreatePlan(), "pm_card_visa")
	w.Clock.Advance(10 * 24 * time.Hour)
	r, _, err := w.Billing.Apply(t.Context(), r, func(*service.Record) (service.Change, bool, error) {
		return service.Change{Command: subscription.Cancel{Now: true}}, true, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	entry := w.Bank.Ledger()[0]
	notes, _, err := w.Unfaulted.Documents().CreditNotesOf(t.Context(), r.Sub.ID, 10, "")
	if err != nil || len(notes) != 1 || notes[0].ToCard != entry.Refunded.Amount || notes[0].Number != "CN-2026-000001" ||
		entry.Refunded.Amount == 0 {
		t.Errorf("refunded %d; credit notes %+v, %v", entry.Refunded.Amount, notes, err)
	}
}

func TestASubscriptionFromElsewhereRenewsHere(t *testing.T) {
	t.Parallel()
	w := calm(t)
	here := subscribed(t, w, w.CreatePlan(), "pm_card_visa")
	there := *here
	there.Sub.ID = "sub_from_elsewhere"
	if err := w.Unfaulted.Adopt(t.Context(), &there); err != nil {
		t.Fatal(err)
	}
	if err := w.Unfaulted.Adopt(t.Context(), &there); err == nil {
		t.Error("it was taken in twice")
	}
	w.Until(t.Context(), testshop.Noon.AddDate(0, 1, 5))
	if got := paid(w.InvoicesOf(t, there.Sub.ID)); !slices.Equal(got, []civil.Date{"2026-04-02"}) {
		t.Errorf("paid from %v", got)
	}
	w.Check(t)
}

func TestARepeatedWishIsAnsweredAlsoWhenItCannotBeGrantedAgain(t *testing.T) {
	t.Parallel()
	w := calm(t)
	r := subscribed(t, w, w.CreatePlan(), "pm_card_visa")
	send := func(key string) (state subscription.State, replay bool, err error) {
		after, replay, err := w.Billing.Apply(t.Context(), w.Of(t, r.Sub.ID),
			func(r *service.Record) (service.Change, bool, error) {
				request := idempotency.For("change", r.Sub.CustomerID, key, nil, w.Clock.Now())
				return service.Change{Command: subscription.Cancel{Now: true}, Request: request}, true, nil
			})
		if err == nil {
			state = after.Sub.State
		}
		return state, replay, err
	}
	for n, want := range []bool{false, true, true} {
		if state, replay, err := send("once"); err != nil || state != subscription.Ended || replay != want {
			t.Errorf("request %d: %s, replay %v, %v", n+1, state, replay, err)
		}
	}
	if _, _, err := send("twice"); problem.Code(err) != "subscription_ended" {
		t.Errorf("another request: %v", err)
	}
	w.Check(t)
}
