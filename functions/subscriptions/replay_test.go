package subscriptions_test

import (
	"fmt"
	"testing"
	"time"

	"dangol/functions/subscriptions"
	"dangol/infra/testkit/apitest"
	"dangol/infra/testkit/fault"
)

// allPlans counts the plans that the merchant has.
func (s *shop) allPlans() int {
	var list struct{ Plans []any }
	s.guest.As(apitest.Merchant).Do("GET", "/admin/plans?limit=100", nil).Want(200).Into(&list)
	return len(list.Plans)
}

func TestAPlanIsMadeOncePerKey(t *testing.T) {
	t.Parallel()
	s := open(t)
	keyed := s.guest.As(apitest.Merchant).With("Idempotency-Key", "a-plan-of-sixteen-characters")
	var first, again subscriptions.PlanDocument
	keyed.Do("POST", "/plans", fmt.Sprintf(membership, 10_000, 0)).Want(201).Into(&first)
	r := keyed.Do("POST", "/plans", fmt.Sprintf(membership, 10_000, 0)).Want(201).Into(&again)
	if again.ID != first.ID || r.Headers.Get("Idempotent-Replayed") != "true" || s.allPlans() != 1 {
		t.Errorf("%s and %s, %d plans", first.ID, again.ID, s.allPlans())
	}
	keyed.Do("POST", "/plans", fmt.Sprintf(membership, 20_000, 0)).WantProblem(422, "idempotency_key_reused")
	keyed.With("Idempotency-Key", "another-plan-of-sixteen").Do("POST", "/plans",
		fmt.Sprintf(membership, 20_000, 0)).Want(201)
	if n := s.allPlans(); n != 2 {
		t.Errorf("%d plans, want 2", n)
	}
}

func TestOnePlanIsMadeByRequestsAtOnceWithOneKey(t *testing.T) {
	t.Parallel()
	s := open(t)
	ids := make(chan string, 4)
	for range cap(ids) {
		go func() {
			var p subscriptions.PlanDocument
			r := s.guest.As(apitest.Merchant).With("Idempotency-Key", "a-plan-of-sixteen-characters").Do("POST", "/plans",
				fmt.Sprintf(membership, 10_000, 0))
			if r.Status == 201 {
				r.Into(&p)
			}
			ids <- p.ID
		}()
	}
	made := map[string]int{}
	for range cap(ids) {
		if id := <-ids; id != "" {
			made[id]++
		}
	}
	if len(made) != 1 || s.allPlans() != 1 {
		t.Errorf("made %v, %d plans", made, s.allPlans())
	}
}

// TestARepetitionIsAnsweredWhateverHasChangedSince repeats requests whose answer was lost after something has changed
// that would refuse them today.
func TestARepetitionIsAnsweredWhateverHasChangedSince(t *testing.T) {
	t.Parallel()
	s := open(t)
	merchant := s.guest.As(apitest.Merchant)
	keyed := s.ann().With("Idempotency-Key", "a-key-of-sixteen-characters")
	plan := s.offer(10_000, 0)
	var first, again subscriptions.Subscription
	keyed.Do("POST", "/subscriptions", s.request(plan, "pm_card_visa")).Want(201).Into(&first)
	merchant.Do("POST", "/plans/"+plan+"/archive", nil).Want(200)
	keyed.Do("POST", "/subscriptions", s.request(plan, "pm_card_visa")).Want(201).Into(&again)
	if again.ID != first.ID {
		t.Errorf("subscribed to %s, then to %s", first.ID, again.ID)
	}
	other := s.request(plan, "pm_card_visa")
	other["quantity"] = 2
	keyed.Do("POST", "/subscriptions", other).WantProblem(422, "idempotency_key_reused")
	s.ann().With("Idempotency-Key", "a-new-key-of-characters").Do("POST", "/subscriptions",
		s.request(plan, "pm_card_visa")).WantProblem(404, "plan_not_found")

	dear := s.offer(31_000, 0)
	upgrade := s.ann().With("Idempotency-Key", "an-upgrade-of-sixteen")
	path, change := "/subscriptions/"+first.ID+"/changes", map[string]any{"do": "upgrade", "planId": dear}
	upgrade.Do("POST", path, change).Want(200)
	merchant.Do("POST", "/plans/"+dear+"/archive", nil).Want(200)
	r := upgrade.Do("POST", path, change).Want(200).Into(&again)
	if again.Plan.ID != dear || r.Headers.Get("Idempotent-Replayed") != "true" {
		t.Errorf("it is on %s", again.Plan.ID)
	}
	if n := len(s.Bank.Ledger()); n != 2 {
		t.Errorf("%d payments, want 2", n)
	}
	s.Check(t)
}

func TestARepetitionCountsNoFurtherGiftMail(t *testing.T) {
	t.Parallel()
	s := open(t)
	body := s.request(s.prepaid(), "pm_card_visa")
	body["gift"] = map[string]any{"recipient": "min@example.com"}
	keyed := s.ann().With("Idempotency-Key", "a-gift-of-sixteen-characters")
	var first, again subscriptions.Subscription
	keyed.Do("POST", "/subscriptions", body).Want(201).Into(&first)
	for range 6 { // more often than there may be mails to one person in a day
		keyed.Do("POST", "/subscriptions", body).Want(201).Into(&again)
	}
	if again.ID != first.ID {
		t.Errorf("the gifts %s and %s", first.ID, again.ID)
	}
	mail := s.ann().With("Idempotency-Key", "a-mail-of-sixteen-characters")
	for range 6 {
		mail.Do("POST", "/subscriptions/"+first.ID+"/gift/mail", nil).Want(200).Into(&again)
	}
	if again.Gift.Mails != 1 {
		t.Errorf("%d mails, want 1", again.Gift.Mails)
	}
	s.Check(t)
}

func TestADeclinedRequestIsDeclinedAgainByItsKeyAndNotByANewOne(t *testing.T) {
	t.Parallel()
	s := open(t)
	plan := s.offer(10_000, 0)
	keyed := s.ann().With("Idempotency-Key", "a-key-of-sixteen-characters")
	keyed.Do("POST", "/subscriptions", s.request(plan, "pm_card_chargeDeclined")).WantProblem(402, "payment_declined")
	s.guest.As(apitest.Merchant).Do("POST", "/plans/"+plan+"/archive", nil).Want(200)
	keyed.Do("POST", "/subscriptions", s.request(plan, "pm_card_chargeDeclined")).WantProblem(402, "payment_declined")
	if n := len(s.Bank.Ledger()); n != 1 {
		t.Errorf("%d tries at the bank, want 1", n)
	}
	s.Check(t)
}

// TestALostAnswerOfTheBankChargesOnce loses each call of subscribing once, and repeats the request as a page does.
func TestALostAnswerOfTheBankChargesOnce(t *testing.T) {
	t.Parallel()
	for n := 1; n <= 8; n++ {
		for _, mode := range []fault.Mode{fault.Fails, fault.Unanswered, fault.Twice} {
			s := open(t)
			plan := s.offer(10_000, 0)
			s.Faults.Restart(fault.Plan{N: n, Mode: mode})
			keyed := s.ann().With("Idempotency-Key", "a-key-of-sixteen-characters")
			var v subscriptions.Subscription
			r := keyed.Do("POST", "/subscriptions", s.request(plan, "pm_card_visa"))
			for range 5 {
				if r.Status == 201 {
					break
				}
				if r.Status != 202 && r.Status < 500 {
					t.Fatalf("call %d %s: %d %s", n, mode, r.Status, r.Body)
				}
				s.Until(t.Context(), s.Clock.Now().Add(10*time.Minute))
				r = keyed.Do("POST", "/subscriptions", s.request(plan, "pm_card_visa"))
			}
			r.Want(201).Into(&v)
			s.Faults.Stop()
			if taken := len(s.Bank.Ledger()); taken != 1 || s.read(v.ID).State != "active" {
				t.Errorf("call %d %s: %d payments", n, mode, taken)
			}
			s.Check(t)
		}
	}
}
