package subscriptions_test

import (
	"testing"

	"dangol/functions/subscriptions"
	"dangol/infra/testkit/apitest"
	"dangol/infra/testkit/testshop"
)

// A gift that is over can become a subscription of its giver. What its recipient has told of themselves stays theirs:
// the giver sees no address, and no parcel that the giver pays goes there.
func TestWhatTheRecipientOfAGiftHasToldIsNotTheGiversAfterwards(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ goods, claimed bool }{
		"a membership that was claimed": {false, true},
		"a membership nobody claimed":   {false, false},
		"parcels that were claimed":     {true, true},
		"parcels nobody claimed":        {true, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			body := s.request(s.prepaid(), "pm_card_visa")
			if c.goods {
				var p subscriptions.PlanDocument
				s.guest.As(apitest.Merchant).Do("POST", "/plans", map[string]any{
					"kind": "replenishment", "name": map[string]string{"ko": "비누"}, "prepaid": 3,
					"interval": map[string]any{"unit": "month", "count": 1},
					"prices":   map[string]int{"KRW": 9_000}, "tax": map[string]any{"rateBp": 1_000, "included": true},
					"contents": []map[string]any{{"variantId": s.Sell(testshop.ProductSpec{Units: 9}), "quantity": 1}},
				}).Want(201).Into(&p)
				body["planId"] = p.ID
				delete(body, "address")
			}
			body["gift"] = map[string]any{"recipient": "min@example.com"}
			var v subscriptions.Subscription
			s.ann().With("Idempotency-Key", "a-key-of-sixteen-characters").Do("POST", "/subscriptions", body).Want(201).Into(&v)
			s.Until(t.Context(), s.Clock.Now()) // billing sends the mail
			if c.claimed {
				home := map[string]string{"name": "민", "line1": "왕십리로 83", "country": "KR"}
				s.guest.As(apitest.Bob).Do("POST", "/gifts/claim",
					claim(s.giftTokens(t, v.ID)[0], map[string]any{"address": home})).Want(200)
			}
			s.change(v.ID, `{"do":"cancel_now"}`).Want(200)
			answer := s.restart(v.ID)
			if c.goods {
				answer.WantProblem(409, "missing_address")
			} else {
				answer.Want(200)
			}
			var after subscriptions.Subscription
			s.ann().Do("GET", "/subscriptions/"+v.ID, nil).Want(200).Into(&after)
			if after.Address != nil {
				t.Errorf("the giver sees %+v", after.Address)
			}
			for _, o := range s.Orders(t) {
				if o.CustomerID != apitest.Bob.Subject {
					t.Errorf("the giver has the order %s to %+v", o.ID, o.Address)
				}
			}
			s.Check(t)
		})
	}
}
