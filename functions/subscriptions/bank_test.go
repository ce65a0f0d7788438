package subscriptions_test

import (
	"testing"
	"time"

	"dangol/functions/subscriptions"
	"dangol/infra/testkit/apitest"
	"dangol/shared/payment"
	"dangol/shared/subscription"
)

// Cards whose bank wants the cardholder.
const (
	asks        = "pm_card_threeDSecure2Required"         // for each payment; may be kept without
	asksAlways  = "pm_card_authenticationRequired"        // for each payment, and to be kept
	asksToKeep  = "pm_card_authenticationRequiredOnSetup" // to be kept, never again afterwards
	backAddress = "https://shop.example.com/back"
)

// atBank is the answer to a request that leads to the bank.
func atBank(t *testing.T, r *apitest.Response) (v subscriptions.Subscription) {
	t.Helper()
	r.Want(202).Into(&v)
	if v.Payment == nil || v.Payment.State != "requires_action" || v.Payment.RedirectURL == "" {
		t.Fatalf("the shopper is sent nowhere: %+v", v.Payment)
	}
	return v
}

// subscribeAtBank asks for a plan with a card whose bank wants the cardholder.
func (s *shop) subscribeAtBank(t *testing.T, plan, card string) subscriptions.Subscription {
	t.Helper()
	body := s.request(plan, card)
	body["returnUrl"] = backAddress
	v := atBank(t, s.ann().With("Idempotency-Key", "subscribe-"+s.NextKey()+"-0123456789").Do("POST", "/subscriptions",
		body))
	if v.State != "requires_action" {
		t.Errorf("it is %s before the bank was asked", v.State)
	}
	return v
}

func (s *shop) confirm(id string) *apitest.Response {
	return s.ann().Do("POST", "/subscriptions/"+id+"/confirm", nil)
}

func (s *shop) read(id string) (v subscriptions.Subscription) {
	s.ann().Do("GET", "/subscriptions/"+id, nil).Want(200).Into(&v)
	return v
}

// nothingThere checks that there is no subscription and no invoice number.
func (s *shop) nothingThere(t *testing.T, id string) {
	t.Helper()
	var list struct{ Subscriptions []any }
	s.ann().Do("GET", "/subscriptions", nil).Want(200).Into(&list)
	if len(list.Subscriptions) != 0 {
		t.Errorf("%d subscriptions are listed", len(list.Subscriptions))
	}
	if n := len(s.InvoicesOf(t, id)); n != 0 {
		t.Errorf("%d invoices have a number", n)
	}
}

func TestNothingBeginsBeforeTheBankHasSeenTheCardholder(t *testing.T) {
	t.Parallel()
	s := open(t)
	v := s.subscribeAtBank(t, s.offer(10_000, 0), asks)
	s.nothingThere(t, v.ID)
	atBank(t, s.confirm(v.ID)) // back too early
	s.Challenge(v.Payment.RedirectURL, true)
	var after subscriptions.Subscription
	s.confirm(v.ID).Want(200).Into(&after)
	if after.State != subscription.Active || after.Payment != nil || after.Method == nil || after.Method.Last4 != "3220" {
		t.Errorf("paid, it is %s with %+v", after.State, after.Method)
	}
	s.confirm(v.ID).Want(200) // whoever comes back twice
	if all := s.InvoicesOf(t, v.ID); len(all) != 1 || all[0].Number != "INV-2026-000001" {
		t.Errorf("invoices %+v", all)
	}
	s.Check(t)
}

func TestACardholderWhoIsRefusedOrDoesNotComeGetsNoSubscription(t *testing.T) {
	t.Parallel()
	s := open(t)
	plan := s.offer(10_000, 0)
	refused := s.subscribeAtBank(t, plan, asks)
	s.Challenge(refused.Payment.RedirectURL, false)
	s.confirm(refused.ID).WantProblem(402, "payment_declined")
	s.ann().Do("GET", "/subscriptions/"+refused.ID, nil).WantProblem(404, "subscription_not_found")
	s.nothingThere(t, refused.ID)

	left := s.subscribeAtBank(t, plan, asks)
	s.Until(t.Context(), s.Clock.Now().Add(subscription.ActionTime+time.Minute))
	s.nothingThere(t, left.ID)
	s.Challenge(left.Payment.RedirectURL, true) // too late: the payment was withdrawn
	if p := s.confirm(left.ID).WantProblem(402,
		"payment_declined"); p.Extra["declineCode"] != subscription.CodeActionExpired {
		t.Errorf("it says %v", p.Extra["declineCode"])
	}
	for _, e := range s.Bank.Ledger() {
		if e.Captured.Amount != 0 || e.State.Open() {
			t.Errorf("payment %s is %s", e.ID, e.State)
		}
	}
	s.subscribe(plan, "pm_card_visa")
	s.Check(t) // the first number is the first paid subscription's
}

func TestACardholderWhoNeverComesBackIsStillServed(t *testing.T) {
	t.Parallel()
	s := open(t)
	v := s.subscribeAtBank(t, s.offer(10_000, 0), asks)
	s.Challenge(v.Payment.RedirectURL, true)
	s.Until(t.Context(), s.Clock.Now().Add(subscription.ActionTime+time.Minute))
	if after := s.read(v.ID); after.State != subscription.Active {
		t.Errorf("it is %s", after.State)
	}
	s.Check(t)
}

func TestAnUpgradeWaitsForTheBank(t *testing.T) {
	t.Parallel()
	s := open(t)
	v := s.subscribeAtBank(t, s.offer(10_000, 0), asks)
	s.Challenge(v.Payment.RedirectURL, true)
	s.confirm(v.ID).Want(200)
	dear := s.offer(31_000, 0)
	change := map[string]any{"do": "upgrade", "planId": dear, "returnUrl": backAddress}

	first := atBank(t, s.change(v.ID, change))
	if first.Plan.ID == dear || first.State != subscription.Active {
		t.Errorf("unpaid, it is %s on %s", first.State, first.Plan.ID)
	}
	s.Until(t.Context(), s.Clock.Now().Add(subscription.ActionTime+time.Minute))
	if after := s.read(v.ID); after.Plan.ID == dear || after.Payment != nil {
		t.Errorf("broken off, it is on %s, %+v", after.Plan.ID, after.Payment)
	}
	second := atBank(t, s.change(v.ID, change))
	s.Challenge(second.Payment.RedirectURL, true)
	var after subscriptions.Subscription
	s.confirm(v.ID).Want(200).Into(&after)
	if after.Plan.ID != dear {
		t.Errorf("paid, it is on %s", after.Plan.ID)
	}
	if n := len(s.InvoicesOf(t, v.ID)); n != 2 {
		t.Errorf("%d invoices, want 2", n)
	}
	s.Check(t)
}

// trialOf takes a subscription to the renewal that its card's bank does not allow without the cardholder.
func (s *shop) trialOf(t *testing.T, card string) subscriptions.Subscription {
	t.Helper()
	v := s.subscribe(s.offer(10_000, 7), card)
	if err := s.Consent(t.Context(), s.Billing, v.ID, s.NextKey()); err != nil {
		t.Fatal(err)
	}
	s.Until(t.Context(), s.Clock.Now().Add((7*24+1)*time.Hour))
	return s.read(v.ID)
}

func TestARenewalThatTheBankAsksAboutIsPaidByTheCardholder(t *testing.T) {
	t.Parallel()
	s := open(t)
	v := s.trialOf(t, asks)
	if v.State != subscription.PastDue || v.Unpaid.Wait != subscription.WaitShopper {
		t.Fatalf("it is %s, unpaid %+v", v.State, v.Unpaid)
	}
	pay := map[string]any{"returnUrl": backAddress}
	first := atBank(t, s.ann().Do("POST", "/subscriptions/"+v.ID+"/pay", pay))
	again := atBank(t, s.ann().Do("POST", "/subscriptions/"+v.ID+"/pay", pay))
	if first.Payment.RedirectURL != again.Payment.RedirectURL {
		t.Error("whoever asks twice has two payments")
	}
	s.Until(t.Context(), s.Clock.Now().Add(subscription.ActionTime+time.Minute)) // broken off
	if after := s.read(v.ID); after.State != subscription.PastDue || after.Unpaid.Wait != subscription.WaitShopper {
		t.Errorf("broken off, it is %s, unpaid %+v", after.State, after.Unpaid)
	}
	third := atBank(t, s.ann().Do("POST", "/subscriptions/"+v.ID+"/pay", pay))
	s.Challenge(third.Payment.RedirectURL, true)
	s.confirm(v.ID).Want(200)
	if after := s.read(v.ID); after.State != subscription.Active {
		t.Errorf("paid, it is %s", after.State)
	}
	keys := map[string]bool{}
	for _, e := range s.Bank.Ledger() {
		keys[e.Key] = true
	}
	if len(keys) != 3 {
		t.Errorf("%d keys for one charge without and two with the cardholder: %v", len(keys), keys)
	}
	s.Check(t)
}

func TestACardIsUsedOnceTheBankLetsItBeKept(t *testing.T) {
	t.Parallel()
	s := open(t)
	v := s.subscribe(s.offer(10_000, 0), "pm_card_visa")
	put := func(card string) *apitest.Response {
		return s.ann().Do("PUT", "/subscriptions/"+v.ID+"/payment-method",
			map[string]any{"paymentMethod": card, "returnUrl": backAddress})
	}
	refused := atBank(t, put(asksToKeep))
	s.Challenge(refused.Payment.RedirectURL, false)
	s.confirm(v.ID).WantProblem(402, "payment_declined")
	if after := s.read(v.ID); after.Method.Last4 != "4242" || after.Payment != nil {
		t.Errorf("refused, the card is %+v, %+v", after.Method, after.Payment)
	}
	passed := atBank(t, put(asksToKeep))
	s.Challenge(passed.Payment.RedirectURL, true)
	s.confirm(v.ID).Want(200)
	if after := s.read(v.ID); after.Method.Last4 != "3155" {
		t.Errorf("passed, the card is %+v", after.Method)
	}
	s.Until(t.Context(), s.Clock.Now().AddDate(0, 1, 1))
	if after := s.read(v.ID); after.State != subscription.Active {
		t.Errorf("renewed, it is %s", after.State)
	}
	s.Check(t)
}

func TestATrialBeginsOnceTheBankLetsTheCardBeKept(t *testing.T) {
	t.Parallel()
	s := open(t)
	v := s.subscribeAtBank(t, s.offer(10_000, 7), asksAlways)
	s.nothingThere(t, v.ID)
	s.Challenge(v.Payment.RedirectURL, true)
	var after subscriptions.Subscription
	s.confirm(v.ID).Want(200).Into(&after)
	if after.State != subscription.Trialing || after.Payment != nil {
		t.Errorf("it is %s, %+v", after.State, after.Payment)
	}
	s.confirm(v.ID).Want(200)
	if s.read(v.ID).State != subscription.Trialing {
		t.Error("the second confirmation changed it")
	}
	s.Check(t)
}

func TestACardThatDeclinesTwiceTakesTheThirdPayment(t *testing.T) {
	t.Parallel()
	s := open(t)
	plan, card := s.offer(10_000, 0), "pm_card_sandbox_declines_2_times"
	for range 2 {
		key := "subscribe-" + s.NextKey() + "-0123456789"
		s.ann().With("Idempotency-Key", key).Do("POST", "/subscriptions", s.request(plan, card)).
			WantProblem(402, "payment_declined")
	}
	if v := s.subscribe(plan, card); v.State != subscription.Active {
		t.Errorf("it is %s", v.State)
	}
	var taken int
	for _, e := range s.Bank.Ledger() {
		if e.State == payment.StateCaptured {
			taken++
		}
	}
	if taken != 1 {
		t.Errorf("%d payments were taken", taken)
	}
	s.Check(t)
}
