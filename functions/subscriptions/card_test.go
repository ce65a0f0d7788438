package subscriptions_test

import (
	"fmt"
	"testing"
	"time"

	"dangol/functions/subscriptions"
	"dangol/infra/testkit/apitest"
	"dangol/infra/testkit/fault"
	"dangol/shared/subscription"
)

func (s *shop) putCard(id, card string) *apitest.Response {
	return s.ann().Do("PUT", "/subscriptions/"+id+"/payment-method", map[string]any{"paymentMethod": card})
}

func TestACardThatCannotBeKeptLeavesTheOldOne(t *testing.T) {
	t.Parallel()
	s := open(t)
	v := s.subscribe(s.offer(10_000, 0), "pm_card_visa")
	s.putCard(v.ID, "pm_card_nobody_knows").WantField("/paymentMethod")
	s.putCard(v.ID, "pm card").WantField("/paymentMethod")
	s.putCard(v.ID, "").Want(422)
	s.ann().Do("PUT", "/subscriptions/"+v.ID+"/payment-method",
		map[string]any{"paymentMethod": "pm_card_visa", "returnUrl": "https://evil.example.com@shop/"}).WantField(
		"/returnUrl")
	if after := s.read(v.ID); after.Method.Last4 != "4242" || after.Version != v.Version {
		t.Errorf("it is charged to %+v, version %d", after.Method, after.Version)
	}
	s.ann().With("If-Match", `"999"`).Do("PUT", "/subscriptions/"+v.ID+"/payment-method",
		map[string]any{"paymentMethod": "pm_card_mastercard"}).WantProblem(412, "version_mismatch")
	s.change(v.ID, `{"do":"cancel_now"}`).Want(200)
	s.putCard(v.ID, "pm_card_mastercard").WantProblem(409, "subscription_ended")
}

// TestABankThatDoesNotAnswerIsNoFaultOfTheCard fails, in turn, each call that keeping a card makes.
func TestABankThatDoesNotAnswerIsNoFaultOfTheCard(t *testing.T) {
	t.Parallel()
	s := open(t)
	v := s.subscribe(s.offer(10_000, 0), "pm_card_visa")
	s.Faults.Restart(fault.Plan{})
	s.putCard(v.ID, "pm_card_mastercard").Want(200)
	calls := s.Faults.Calls()
	for n, name := range calls {
		if name != "SaveMethod" {
			continue
		}
		for _, mode := range []fault.Mode{fault.Fails, fault.Throttled, fault.Unanswered} {
			s.Faults.Restart(fault.Plan{N: n + 1, Mode: mode})
			s.putCard(v.ID, "pm_card_amex").WantProblem(503, "payment_unavailable")
		}
	}
	s.Faults.Stop()
	var after subscriptions.Subscription
	s.putCard(v.ID, "pm_card_amex").Want(200).Into(&after)
	if after.Method.Brand != "amex" {
		t.Errorf("it is charged to %+v", after.Method)
	}
	s.Check(t)
}

func TestATrialWithACardThatIsDeclinedDoesNotBegin(t *testing.T) {
	t.Parallel()
	s := open(t)
	plan := s.offer(10_000, 14)
	for card, code := range map[string]string{
		"pm_card_chargeDeclinedLostCard":          "generic_decline",
		"pm_card_chargeDeclinedInsufficientFunds": "insufficient_funds",
	} {
		p := s.ann().With("Idempotency-Key", "a-trial-with-"+card).Do("POST", "/subscriptions",
			s.request(plan, card)).WantProblem(402, "payment_declined")
		if p.Extra["declineCode"] != code {
			t.Errorf("%s is answered with %v, want %s", card, p.Extra["declineCode"], code)
		}
	}
	if v := s.subscribe(plan, "pm_card_visa"); v.State != subscription.Trialing {
		t.Errorf("the trial was used up by a declined card: %s", v.State)
	}
	s.Check(t)
}

func TestOneCardForAllLeavesOutWhatCannotBeChanged(t *testing.T) {
	t.Parallel()
	s := open(t)
	first := s.subscribe(s.offer(10_000, 0), "pm_card_visa")
	unpaid := s.subscribe(s.offer(10_000, 7), "pm_card_sandbox_chargeCustomerFailTwice")
	if err := s.Consent(t.Context(), s.Billing, unpaid.ID, s.NextKey()); err != nil {
		t.Fatal(err)
	}
	s.Until(t.Context(), s.Clock.Now().Add((7*24+1)*time.Hour))
	if got := s.read(unpaid.ID); got.State != subscription.PastDue {
		t.Fatalf("it is %s", got.State)
	}
	s.putCard(first.ID, lost).Want(200)
	all := func() (out []subscriptions.CardChange) {
		var answer struct{ Subscriptions []subscriptions.CardChange }
		s.ann().Do("PUT", "/me/payment-method", map[string]any{"subscriptionId": first.ID}).Want(200).Into(&answer)
		return answer.Subscriptions
	}
	if got := all(); len(got) != 1 || !got[0].Changed || got[0].Code != "payment_declined" {
		t.Errorf("a lost card: %+v", got)
	}
	s.putCard(first.ID, "pm_card_mastercard").Want(200)
	if got := all(); len(got) != 1 || !got[0].Changed || got[0].Code != "" || got[0].State != subscription.Active {
		t.Errorf("a good card: %+v", got)
	}
	s.ann().Do("PUT", "/me/payment-method", map[string]any{"subscriptionId": "sub_none"}).
		WantProblem(404, "subscription_not_found")
	s.Check(t)
}

func TestAPlanThatCostsNothingNeedsNoCard(t *testing.T) {
	t.Parallel()
	s := open(t)
	free := s.offer(0, 0)
	body := s.request(free, "")
	delete(body, "paymentMethod")
	var v subscriptions.Subscription
	s.ann().With("Idempotency-Key", "a-free-one-of-sixteen").Do("POST", "/subscriptions", body).Want(201).Into(&v)
	if v.State != subscription.Active || v.Method != nil || len(s.Bank.Ledger()) != 0 {
		t.Errorf("it is %s with %+v", v.State, v.Method)
	}
	s.ann().Do("PUT", "/me/payment-method", map[string]any{"subscriptionId": v.ID}).WantField("/subscriptionId")
	paid := s.request(s.offer(10_000, 0), "")
	delete(paid, "paymentMethod")
	s.ann().With("Idempotency-Key", "a-paid-one-of-sixteen").Do("POST", "/subscriptions", paid).WantField("/paymentMethod")
}

func TestCreditOfOneSubscriptionPaysTheNext(t *testing.T) {
	t.Parallel()
	s := open(t)
	first := s.subscribe(s.offer(10_000, 0), "pm_card_visa")
	s.guest.As(apitest.Merchant).Do("POST", "/admin/subscriptions/"+first.ID+"/changes",
		map[string]any{"do": "goodwill", "amount": 4_000, "note": "late"}).Want(200)
	s.change(first.ID, `{"do":"cancel_now"}`).Want(200)
	var list struct{ Credit []struct{ Amount int64 } }
	s.ann().Do("GET", "/subscriptions", nil).Want(200).Into(&list)
	if len(list.Credit) != 1 || list.Credit[0].Amount != 4_000 {
		t.Fatalf("account credit %+v", list.Credit)
	}
	plan := s.offer(7_000, 0)
	var quote struct{ Now, CreditUsed struct{ Amount int64 } }
	s.ann().Do("POST", "/subscriptions/quote",
		map[string]any{"planId": plan, "currency": "KRW", "region": "KR", "zone": "Asia/Seoul"}).Want(200).Into(&quote)
	v := s.subscribe(plan, "pm_card_visa")
	var charged int64
	for _, payment := range s.Bank.Ledger() {
		charged += payment.Captured.Amount
	}
	if quote.Now.Amount != 3_000 || quote.CreditUsed.Amount != 4_000 || charged != 10_000+3_000 || v.Credit.Amount != 0 {
		t.Errorf("quoted %+v, charged %d for both, %+v left", quote, charged, v.Credit)
	}
	s.ann().Do("GET", "/subscriptions", nil).Want(200).Into(&list)
	if len(list.Credit) != 0 {
		t.Errorf("the credit is there twice: %+v", list.Credit)
	}
	s.Check(t)
}

func TestAQuoteOfAStartIsRefusedLikeTheStart(t *testing.T) {
	t.Parallel()
	s := open(t)
	plan := s.offer(10_000, 0)
	archived := s.offer(10_000, 0)
	s.guest.As(apitest.Merchant).Do("POST", "/plans/"+archived+"/archive", nil).Want(200)
	for name, c := range map[string]struct {
		fields map[string]any
		status int
		code   string
	}{
		"a plan that is archived":         {map[string]any{"planId": archived}, 404, "plan_not_found"},
		"a plan that is none":             {map[string]any{"planId": "plan_none"}, 404, "plan_not_found"},
		"a currency without a price":      {map[string]any{"currency": "USD"}, 409, "plan_currency"},
		"a country that is none":          {map[string]any{"region": "XX"}, 422, "invalid_input"},
		"a time zone that is none":        {map[string]any{"zone": "Asia/Nowhere"}, 422, "invalid_input"},
		"more than a hundred":             {map[string]any{"quantity": 101}, 422, "invalid_input"},
		"a day of the month that is none": {map[string]any{"billingDay": 32}, 422, "invalid_input"},
	} {
		quote := map[string]any{"planId": plan, "currency": "KRW", "region": "KR", "zone": "Asia/Seoul"}
		start := s.request(plan, "pm_card_visa")
		for field, value := range c.fields {
			quote[field], start[field] = value, value
		}
		quoted := s.ann().Do("POST", "/subscriptions/quote", quote)
		started := s.ann().With("Idempotency-Key", fmt.Sprintf("start-%s-0123456789", s.NextKey())).Do("POST",
			"/subscriptions", start)
		t.Run(name, func(t *testing.T) {
			if quoted.Status != c.status || started.Status != c.status {
				t.Errorf("quoted %d %s, started %d %s", quoted.Status, quoted.Body, started.Status, started.Body)
				return
			}
			quoted.WantProblem(c.status, c.code)
			started.WantProblem(c.status, c.code)
		})
	}
}
