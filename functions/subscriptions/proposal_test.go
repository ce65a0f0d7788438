package subscriptions_test

import (
	"testing"

	"dangol/functions/subscriptions"
	"dangol/infra/testkit/apitest"
	"dangol/infra/testkit/testshop"
)

// The price of a plan is that of its own goods. Whoever has chosen others is brought a price for those, with the plan's
// discount on them.
func TestAPriceIsBroughtToTheGoodsThatSomebodyHasChosen(t *testing.T) {
	t.Parallel()
	s := open(t)
	soap, balm := s.Sell(testshop.ProductSpec{Price: 10_000, Units: 50}), s.Sell(testshop.ProductSpec{Price: 20_000,
		Units: 50})
	plan := func(price, rate int) map[string]any {
		return map[string]any{
			"kind": "replenishment", "name": map[string]string{"ko": "비누"},
			"interval": map[string]any{"unit": "month", "count": 1},
			"prices":   map[string]int{"KRW": price}, "tax": map[string]any{"rateBp": rate, "included": true},
			"contents": []map[string]any{{"variantId": soap, "quantity": 1}},
		}
	}
	merchant := s.guest.As(apitest.Merchant)
	var p subscriptions.PlanDocument
	merchant.Do("POST", "/plans", plan(8_000, 1_000)).Want(201).Into(&p)
	body := s.request(p.ID, "pm_card_visa")
	body["address"] = map[string]string{"name": "김하늘", "line1": "왕십리로 83", "country": "KR"}
	var v subscriptions.Subscription
	s.ann().With("Idempotency-Key", "a-key-of-sixteen-characters").Do("POST", "/subscriptions", body).Want(201).Into(&v)
	s.change(v.ID, map[string]any{"do": "swap", "contents": []map[string]any{{"variantId": balm, "quantity": 1}}}).
		Want(200).Into(&v)
	if v.Next.Amount.Amount != 16_000 {
		t.Fatalf("the balm costs %d, want 16,000", v.Next.Amount.Amount)
	}
	merchant.Do("PUT", "/plans/"+p.ID, plan(9_000, 2_000)).Want(200)

	if n := s.propose(p.ID); n != 1 {
		t.Fatalf("brought to %d", n)
	}

	s.ann().Do("GET", "/subscriptions/"+v.ID, nil).Want(200).Into(&v)
	if v.Question == nil || v.Question.Old.Amount != 16_000 || v.Question.New.Amount != 18_000 {
		t.Errorf("asked %+v; the next payment is %+v, want to be asked about 18,000 instead of 16,000", v.Question, v.Next)
	}
}
