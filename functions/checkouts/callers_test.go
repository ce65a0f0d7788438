package checkouts_test

import (
	"testing"

	"dangol/infra/testkit/apitest"
	"dangol/infra/testkit/testshop"
)

func TestEachRouteForEachCaller(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		method, path string
		want         map[string]int // of Ann's cart and checkout; then of a guest's
	}{
		{"POST", "/carts/{cart}/checkout", map[string]int{
			"ann": 201, "bob": 404, "nobody": 404, "agent": 404, "merchant": 404, "bad token": 401,
			"guest of another cart": 404}},
		{"GET", "/checkouts/{checkout}", map[string]int{
			"ann": 200, "bob": 404, "nobody": 404, "agent": 200, "merchant": 200, "bad token": 401,
			"guest of another cart": 404}},
		{"POST", "/checkouts/{checkout}/confirm", map[string]int{
			"ann": 200, "bob": 404, "nobody": 404, "agent": 200, "merchant": 200, "bad token": 401,
			"guest of another cart": 404}},
		{"POST", "/checkouts/{checkout}/cancel", map[string]int{
			"ann": 200, "bob": 404, "nobody": 404, "agent": 200, "merchant": 200, "bad token": 401,
			"guest of another cart": 404}},
	} {
		for who, want := range c.want {
			t.Run(c.method+" "+c.path+" as "+who, func(t *testing.T) {
				t.Parallel()
				s := open(t)
				b := s.FillCart(apitest.Ann.Subject, map[string]int{s.Sell(testshop.ProductSpec{Units: 2}): 1})
				path := "/carts/" + b.ID + "/checkout"
				var body any = card("pm_card_threeDSecure2Required")
				if c.path != "/carts/{cart}/checkout" {
					path = "/checkouts/" + read(t, s.buy(b, "k", body)).ID + c.path[len("/checkouts/{checkout}"):]
					body = nil
				}
				s.caller(who).With("Idempotency-Key", "k").Do(c.method, path, body).Want(want)
			})
		}
	}
}

func (s *shop) caller(who string) *apitest.Client {
	anybody := apitest.New(s.T, s.handler)
	switch who {
	case "ann":
		return anybody.As(apitest.Ann)
	case "bob":
		return anybody.As(apitest.Bob)
	case "agent":
		return anybody.As(apitest.Agent)
	case "merchant":
		return anybody.As(apitest.Merchant)
	case "bad token":
		return anybody.With("Authorization", "Bearer forged")
	case "guest of another cart":
		return anybody.With("Cart-Token", "of-another-cart")
	default:
		return anybody
	}
}

func TestAGuestsCheckoutOpensWithTheCartsTokenOnly(t *testing.T) {
	t.Parallel()
	s := open(t)
	b := s.FillCart("", map[string]int{s.Sell(testshop.ProductSpec{Units: 2}): 1})
	c := read(t, s.buy(b, "k", card("pm_card_threeDSecure2Required")).Want(201))
	for _, who := range []string{"ann", "nobody", "guest of another cart"} {
		s.caller(who).Do("GET", "/checkouts/"+c.ID, nil).WantProblem(404, "checkout_not_found")
		s.caller(who).With("Idempotency-Key", "x").Do("POST", "/carts/"+b.ID+"/checkout",
			card("pm_card_visa")).WantProblem(404, "cart_not_found")
	}
	s.as(b).Do("GET", "/checkouts/"+c.ID, nil).Want(200)
}
