package subscriptions_test

import (
	"fmt"
	"testing"

	"dangol/functions/subscriptions"
	"dangol/infra/testkit/apitest"
	"dangol/shared/subscription"
)

func TestOffersComeAfterCancelingAndAreAccepted(t *testing.T) {
	t.Parallel()
	s := open(t)
	cheap, dear := s.offer(5_000, 0), s.offer(50_000, 0)
	var p subscriptions.PlanDocument
	s.guest.As(apitest.Merchant).Do("POST", "/plans", fmt.Sprintf(`{"kind":"membership","name":{"ko":"단골"},"interval":{"unit":"month","count":1},
		"prices":{"KRW":10000},"tax":{"rateBp":1000,"included":true},"policy":{"offers":[{"kind":"pause","days":60},{"kind":"plan","planId":%q},
		{"kind":"plan","planId":%q},{"kind":"plan","planId":"plan_none"}]}}`, cheap, dear)).Want(201).Into(&p)
	v := s.subscribe(p.ID, "pm_card_visa")
	path := "/subscriptions/" + v.ID
	s.ann().Do("POST", path+"/cancel/reason", `{"reason":"x"}`).WantProblem(409, "not_in_this_state")
	s.ann().Do("POST", path+"/cancel", nil).Want(200).Into(&v)
	if v.State != subscription.Canceled || v.AfterCancel == nil || len(v.AfterCancel.Offers) != 2 {
		t.Fatalf("it is %s with %+v; want the pause and the cheaper plan", v.State, v.AfterCancel)
	}
	pause, plan := v.AfterCancel.Offers[0], v.AfterCancel.Offers[1]
	if pause.Next.On != "2026-06-01" || plan.Next.Amount.Amount != 5_000 || plan.Title == "" {
		t.Errorf("offered %+v and %+v", pause, plan)
	}
	s.ann().Do("POST", v.AfterCancel.ReasonPath, `{"reason":"too dear"}`).Want(200)
	s.ann().Do("POST", path+"/reactivate", `{"offer":"pause-9"}`).WantProblem(409, "offer_not_made")
	var back subscriptions.Subscription
	s.ann().Do("POST", path+"/reactivate", map[string]string{"offer": plan.ID}).Want(200).Into(&back)
	if back.State != subscription.Active || back.Next.Amount.Amount != 5_000 || back.AfterCancel != nil {
		t.Errorf("it is %s, next %+v", back.State, back.Next)
	}
	s.ann().Do("POST", path+"/reactivate", map[string]string{"offer": pause.ID}).WantProblem(409, "not_in_this_state")
	s.Check(t)
}

func TestABadOfferNamesItsField(t *testing.T) {
	t.Parallel()
	s := open(t)
	r := s.guest.As(apitest.Merchant).Do("POST", "/plans", `{"kind":"membership","name":{"ko":"단골"},"interval":{"unit":"month","count":1},
		"prices":{"KRW":10000},"tax":{"rateBp":1000,"included":true},"policy":{"offers":[{"kind":"pause"},{"kind":"plan"}]}}`)
	r.WantField("/policy/offers/0/days")
	r.WantField("/policy/offers/1/planId")
}
