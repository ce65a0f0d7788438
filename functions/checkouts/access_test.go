package checkouts_test

import (
	"testing"

	"dangol/functions/checkouts"
	"dangol/infra/testkit/system"
)

func TestAccess(t *testing.T) {
	t.Parallel()
	system.Check(t, system.Function{
		Spec: checkouts.Spec(),
		Routes: system.Routes{
			"startCheckout": {Needs: system.OwnCart, Owned: true, Body: `{"paymentMethod":"pm_card_visa"}`, Guarded: map[string]string{
				"/total/currency minLength": "the total has to be the one that was shown, its currency included",
				"/total/currency maxLength": "the total has to be the one that was shown, its currency included",
			}},
			"getCheckout":     {Needs: system.OwnCheckout, Owned: true, Operators: true},
			"confirmCheckout": {Needs: system.OwnCheckout, Owned: true, Operators: true},
			"cancelCheckout":  {Needs: system.OwnCheckout, Owned: true, Operators: true},
			"paymentWebhook":  {Needs: sandboxProvider, Body: `{}`},
		},
		Journey: everyWayToPay,
	})
}

func sandboxProvider(*system.Shop) system.Things {
	return system.Things{Fill: system.Fill{"provider": "sandbox"}}
}

// everyWayToPay buys a limited product with cards that succeed, fail, ask and answer late, and one with a limited code.
func everyWayToPay(s *system.Shop) {
	product, limited := s.Product(20, map[string]any{"maxPerCustomer": 2})
	for _, method := range []string{
		"pm_card_visa", "pm_card_visa_chargeDeclined", "pm_sandbox_captured", "pm_card_threeDSecure2Required",
		"pm_sandbox_late_webhook",
	} {
		s.Buy(s.CustomerWith(system.Unique("erin"), limited, 1), method)
	}
	credited := s.CustomerWith(system.Unique("cleo"), limited, 1)
	s.Do(s.Merchant().With("Idempotency-Key", system.Unique("key-for-the-credit")), "POST",
		"/admin/customers/"+credited.Name+"/store-credit", `{"amount":{"amount":5000,"currency":"KRW"},"reason":"sorry"}`)
	s.Do(credited.With("Idempotency-Key", system.Unique("key-for-the-checkout")), "POST",
		"/carts/"+credited.Cart+"/checkout",
		`{"paymentMethod":"pm_card_visa","useStoreCredit":true}`)
	s.Publish(system.Sale(product, "2026-11-20T10:00", "2026-11-30T12:00", map[string]any{
		"kind": "percentage", "budget": map[string]any{"uses": 5}, "limitPerCode": 5, "code": "FIVE", "limitPerCustomer": 1,
	}))
	saver := s.CustomerWith(system.Unique("sam"), limited, 1)
	s.Do(saver.Caller, "PUT", "/carts/mine/codes", `{"codes":["FIVE"]}`)
	s.Buy(saver, "pm_card_visa")
}
