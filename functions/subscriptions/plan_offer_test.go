package subscriptions_test

import (
	"strings"
	"testing"

	"dangol/functions/subscriptions"
	"dangol/infra/testkit/apitest"
)

func TestShoppersSeeWhatAPlanCostsAndNotHowTheShopRunsIt(t *testing.T) {
	t.Parallel()
	s := open(t)
	merchant := s.guest.As(apitest.Merchant)
	var p subscriptions.PlanDocument
	merchant.Do("POST", "/plans", `{"kind":"membership","name":{"ko":"단골","en":"Regular"},"prepaid":3,
		"interval":{"unit":"month","count":1},"prices":{"KRW":10000,"USD":900},"setupFees":{"KRW":2000},
		"tax":{"rateBp":1000,"included":false},
		"policy":{"offers":[{"kind":"pause","days":60}],"dunning":{"moneyDays":[1,2]}}}`).Want(201).Into(&p)
	got := s.guest.Do("GET", "/plans/"+p.ID+"?language=en", nil).Want(200)
	var offer subscriptions.PlanOffer
	got.Into(&offer)
	won := offer.Prices[0]
	if offer.Title != "Regular" || len(offer.Prices) != 2 || won.Cycle.Display != "₩11,000" ||
		won.Payment.Amount != 33_000 || won.SetupFee.Amount != 2_200 || offer.Prices[1].SetupFee != nil {
		t.Errorf("%+v", offer)
	}
	list := s.guest.Do("GET", "/plans", nil).Want(200)
	for _, secret := range []string{"dunning", "moneyDays", "offers", "pause", "policy", "editions"} {
		if strings.Contains(got.Body+list.Body, secret) {
			t.Errorf("shoppers read %q: %s", secret, got.Body)
		}
	}
	if !strings.Contains(list.Body, `"title":"단골"`) {
		t.Errorf("no title in %s", list.Body)
	}
	edit := merchant.Do("GET", "/admin/plans/"+p.ID, nil).Want(200)
	if !strings.Contains(edit.Body, `"pause"`) {
		t.Errorf("the merchant does not read the offers: %s", edit.Body)
	}
	merchant.Do("POST", "/plans/"+p.ID+"/archive", nil).Want(200)
	s.guest.Do("GET", "/plans/"+p.ID, nil).WantProblem(404, "plan_not_found")
	if all := merchant.Do("GET", "/admin/plans", nil).Want(200); !strings.Contains(all.Body, p.ID) {
		t.Error("an archived plan is not listed for the merchant")
	}
	s.guest.Do("GET", "/admin/plans", nil).WantProblem(401, "token_required")
}
