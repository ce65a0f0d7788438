package subscriptions_test

import (
	"testing"

	"dangol/functions/subscriptions"
	"dangol/infra/testkit/apitest"
	"dangol/infra/testkit/testshop"
	"dangol/shared/subscription"
)

// A plan with goods that is billed on another day than today charges nothing yet. The card is kept for that day all the
// same.
func TestACardIsKeptForAPlanWhoseFirstParcelComesLater(t *testing.T) {
	t.Parallel()
	s := open(t)
	var p subscriptions.PlanDocument
	s.guest.As(apitest.Merchant).Do("POST", "/plans", map[string]any{
		"kind": "replenishment", "name": map[string]string{"ko": "비누"},
		"interval": map[string]any{"unit": "month", "count": 1},
		"prices":   map[string]int{"KRW": 9_000}, "tax": map[string]any{"rateBp": 1_000, "included": true},
		"contents": []map[string]any{{"variantId": s.Sell(testshop.ProductSpec{Units: 9}), "quantity": 1}},
	}).Want(201).Into(&p)
	body := s.request(p.ID, "pm_card_visa")
	body["billingDay"] = 15
	body["address"] = map[string]string{"name": "김하늘", "line1": "왕십리로 83", "country": "KR"}
	var v subscriptions.Subscription
	s.ann().With("Idempotency-Key", "a-key-of-sixteen-characters").Do("POST", "/subscriptions", body).Want(201).Into(&v)
	if r := s.Of(t, v.ID); r.Sub.State != subscription.Active || r.Methods[r.Sub.Card.Token].Last4 != "4242" {
		t.Fatalf("it is %s with the cards %+v", r.Sub.State, r.Methods)
	}
	s.Until(t.Context(), testshop.Noon.AddDate(0, 0, 20))
	if n := len(s.Bank.Ledger()); n != 1 || len(s.Orders(t)) != 1 {
		t.Errorf("%d payments, %d orders; it is %s", n, len(s.Orders(t)), s.Of(t, v.ID).Sub.State)
	}
	s.Check(t)
}
