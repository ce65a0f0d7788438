package subscriptions_test

import (
	"fmt"
	"testing"
	"time"

	"dangol/functions/subscriptions"
	"dangol/infra/testkit/apitest"
	"dangol/shared/subscription"
)

// prepaid makes a membership of three months that can be given away.
func (s *shop) prepaid() string {
	var p subscriptions.PlanDocument
	s.guest.As(apitest.Merchant).Do("POST", "/plans", `{"kind":"membership","name":{"ko":"단골"},"interval":{"unit":"month","count":1},
		"prices":{"KRW":10000},"tax":{"rateBp":1000,"included":true},"prepaid":3}`).Want(201).Into(&p)
	return p.ID
}

func (s *shop) give(gift map[string]any) *apitest.Response {
	body := s.request(s.prepaid(), "pm_card_visa")
	body["gift"] = gift
	return s.ann().With("Idempotency-Key", "give-"+s.NextKey()+"-0123456789").Do("POST", "/subscriptions", body)
}

func TestAGiftIsNobodysBeforeItIsClaimed(t *testing.T) {
	t.Parallel()
	s := open(t)
	var v subscriptions.Subscription
	s.give(map[string]any{"recipient": "min@example.com", "on": "2026-05-05"}).Want(201).Into(&v)
	if v.State != subscription.Active || v.Gift == nil || !v.Gift.Waits || v.Gift.Mails != 0 ||
		v.Gift.On != "2026-05-05" || v.Gift.Until != "2026-08-03" {
		t.Errorf("it is %s with the gift %+v", v.State, v.Gift)
	}
	bob := s.guest.As(apitest.Bob)
	bob.Do("GET", "/gifts/"+v.ID, nil).WantProblem(404, "gift_not_found")
	bob.Do("GET", "/subscriptions/"+v.ID, nil).WantProblem(404, "subscription_not_found")
	bob.Do("POST", "/gifts/"+v.ID+"/changes", `{"do":"resume"}`).WantProblem(404, "gift_not_found")
	bob.Do("POST", "/subscriptions/"+v.ID+"/gift/mail", nil).WantProblem(404, "subscription_not_found")
	for _, token := range []string{"x", v.ID, v.ID + ".", v.ID + ".GUESS", "sub_none.GUESS"} {
		s.guest.Do("POST", "/gifts/look", map[string]string{"token": token}).WantProblem(404, "gift_not_found")
		bob.Do("POST", "/gifts/claim",
			map[string]string{"token": token, "email": "b@example.com", "language": "ko"}).WantProblem(404, "gift_not_found")
	}
	s.change(v.ID, `{"do":"pause","until":"2026-08-01"}`).WantProblem(409, "gift_waiting")
	s.change(v.ID, `{"do":"cancel_now"}`).Want(200).Into(&v)
	if e := s.Bank.Ledger()[0]; v.State != subscription.Ended || e.Refunded.Amount != 30_000 {
		t.Errorf("taken back it is %s, %d went back", v.State, e.Refunded.Amount)
	}
	s.Check(t)
}

func TestGiftMailsToStrangersAreFew(t *testing.T) {
	t.Parallel()
	s := open(t)
	var v subscriptions.Subscription
	for range 4 {
		s.give(map[string]any{"recipient": "min@example.com"}).Want(201).Into(&v)
	}
	again := "/subscriptions/" + v.ID + "/gift/mail"
	s.ann().Do("POST", again, nil).Want(200)
	s.ann().Do("POST", again, nil).WantProblem(429, "too_many_attempts")
	s.give(map[string]any{"recipient": "Min@Example.com"}).WantProblem(429, "too_many_attempts")
	s.Clock.Advance(24 * time.Hour)
	s.ann().Do("POST", again, nil).Want(200)

	for n := range 19 {
		s.give(map[string]any{"recipient": fmt.Sprintf("friend%d@example.com", n)}).Want(201)
	}
	s.give(map[string]any{"recipient": "one-more@example.com"}).WantProblem(429, "too_many_attempts")
}

func TestAGiversNameIsATextForSomebodyElse(t *testing.T) {
	t.Parallel()
	s := open(t)
	body := s.request(s.prepaid(), "pm_card_visa")
	body["name"], body["gift"] = "win at example.com", map[string]any{"recipient": "min@example.com"}
	s.ann().With("Idempotency-Key", "a-key-of-sixteen-characters").Do("POST", "/subscriptions", body).WantField("/name")
}

func TestABadGiftNamesItsField(t *testing.T) {
	t.Parallel()
	s := open(t)
	for field, gift := range map[string]map[string]any{
		"/gift/on":      {"recipient": "min@example.com", "on": "2026-01-01"},
		"/gift/message": {"recipient": "min@example.com", "message": "win at example。com"},
		"/gift/name":    {"recipient": "min@example.com", "name": "ｅｘａｍｐｌｅ．ｃｏｍ"},
	} {
		s.give(gift).WantField(field)
	}
	s.give(map[string]any{"recipient": "nobody"}).Want(422)
	body := s.request(s.offer(10_000, 0), "pm_card_visa")
	body["gift"] = map[string]any{"recipient": "min@example.com"}
	s.ann().With("Idempotency-Key", "a-key-of-sixteen-characters").Do("POST", "/subscriptions", body).WantField("/gift")
	v := s.subscribe(s.offer(10_000, 0), "pm_card_visa")
	s.ann().Do("POST", "/subscriptions/"+v.ID+"/gift/mail", nil).WantProblem(409, "no_gift")
}
