package carts_test

import (
	"testing"

	"dangol/functions/carts"
	"dangol/infra/testkit/system"
)

func TestAccess(t *testing.T) {
	t.Parallel()
	own := func(body string) system.Request {
		return system.Request{Needs: system.OwnCart, Owned: true, Body: body}
	}
	counted := own(`{"variantId":"{variantId}","quantity":1}`)
	counted.Harmless = map[string]string{"/quantity minimum": "a line without a quantity is one unit"}
	system.Check(t, system.Function{
		Spec: carts.Spec(),
		Routes: system.Routes{
			"createCart":        {Body: `{"currency":"KRW"}`},
			"getCart":           own(""),
			"addLine":           counted,
			"setLine":           own(`{"quantity":2}`),
			"removeLine":        own(""),
			"setCodes":          own(`{"codes":["X"]}`),
			"removeCode":        own(""),
			"setContact":        own(`{"email":"a@example.com"}`),
			"setAddress":        own(`{"name":"A","line1":"B","country":"KR"}`),
			"setShippingMethod": own(`{"methodId":"standard"}`),
			"setCurrency":       own(`{"currency":"KRW"}`),
			"setNote":           own(`{"note":"hello"}`),
			"acceptPrices":      own(""),
			"chooseGifts":       {Needs: cartAndGift, Owned: true, Body: `{"variantIds":["{variantId}"]}`},
			"mergeCart":         {Needs: guestCart, Body: `{"cartId":"{guestCart}","token":"{guestToken}"}`},
		},
		Journey: func(s *system.Shop) {
			_, limited := s.Product(5, map[string]any{"maxPerCustomer": 2})
			s.CustomerWith(system.Unique("erin"), limited, 1)
		},
	})
}

func guestCart(s *system.Shop) system.Things {
	_, variant := s.Product(10, nil)
	guest := s.GuestWith(variant, 1)
	return system.Things{Fill: system.Fill{"guestCart": guest.Cart, "guestToken": guest.Headers["Cart-Token"]}}
}

// cartAndGift is a cart and a promotion that does not reach it: the choice is stored all the same.
func cartAndGift(s *system.Shop) system.Things {
	b := system.OwnCart(s)
	b.Fill["promotionId"] = "promo_x"
	return b
}
