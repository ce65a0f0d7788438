package checkouts_test

import (
	"context"
	"testing"
	"time"

	"dangol/functions/checkouts"
	"dangol/infra/testkit/apitest"
	"dangol/infra/testkit/fault"
	"dangol/infra/testkit/testshop"
)

// buyer is a shop in which one shopper buys, as patiently as a browser does: an answer that is no answer is asked for
// again, by the same request.
type buyer struct {
	*shop
	basket testshop.Basket
	card   string
	before func(*buyer, checkouts.Checkout) // what happens between the challenge and the way back
	leaves bool                             // the browser is closed instead of coming back
	shy    bool                             // the challenge is left alone
	orders int                              // how many there have to be in the end
}

const patience = 4

// insist repeats a request that got no clear answer.
func insist(do func() *apitest.Response) *apitest.Response {
	r := do()
	for n := 1; n < patience && r.Status >= 500; n++ {
		r = do()
	}
	return r
}

func (b *buyer) Run(ctx context.Context) {
	b.T.Helper()
	send := func() *apitest.Response { return b.buy(b.basket, "k", card(b.card)) }
	r := insist(send)
	for n := 1; n < patience && r.Status == 202; n++ {
		r = insist(send)
	}
	if r.Status >= 400 {
		return
	}
	c := read(b.T, r)
	if c.State == "requires_action" && !b.shy {
		b.Challenge(c.RedirectURL, true)
	}
	if b.before != nil {
		b.before(b, c)
	}
	if !b.leaves && c.State != "completed" {
		insist(func() *apitest.Response { return b.confirm(b.basket, c.ID) })
	}
	b.DeliverWebhooks(ctx)
}

// Check also wants the order of whoever has paid: to give the money back would be an easy way to keep the books
// straight.
func (b *buyer) Check(t testing.TB) {
	b.shop.Check(t)
	if n := len(b.Orders(t)); n != b.orders {
		t.Errorf("%d orders, want %d", n, b.orders)
	}
}

func TestWhateverBreaksACheckoutNoOrderIsLostAndNothingIsChargedTwice(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		customer string
		variants testshop.ProductSpec
		buyer    buyer
	}{
		{"a guest pays by card", "", testshop.ProductSpec{Units: 3}, buyer{card: "pm_card_visa", orders: 1}},
		{"a customer buys a limited edition", "cust-ann", testshop.ProductSpec{Units: 3, Buckets: 3, MaxPerCustomer: 2},
			buyer{card: "pm_card_visa", orders: 1}},
		{"a card that is declined", "cust-ann", testshop.ProductSpec{Units: 3, MaxPerCustomer: 2},
			buyer{card: "pm_card_chargeDeclined"}},
		{"the bank takes the money at once", "", testshop.ProductSpec{Units: 3},
			buyer{card: "pm_card_sandbox_captured", orders: 1}},
		{"a challenge, and back to the shop", "", testshop.ProductSpec{Units: 3},
			buyer{card: "pm_card_threeDSecure2Required", orders: 1}},
		{"a challenge, and the webhook is faster", "", testshop.ProductSpec{Units: 3}, buyer{
			card: "pm_card_threeDSecure2Required", orders: 1,
			before: func(b *buyer, _ checkouts.Checkout) { b.DeliverWebhooks(b.T.Context()) }}},
		{"a challenge, and only the webhook comes", "cust-ann", testshop.ProductSpec{Units: 3},
			buyer{card: "pm_card_threeDSecure2Required", leaves: true, orders: 1}},
		{"the bank says later", "", testshop.ProductSpec{Units: 3}, buyer{card: "pm_card_sandbox_lateWebhook", orders: 1}},
		{"the bank's answer never comes", "", testshop.ProductSpec{Units: 3}, buyer{card: "pm_card_sandbox_hang", orders: 1}},
		{"the bank never sees the request", "", testshop.ProductSpec{Units: 3}, buyer{card: "pm_card_sandbox_hangBefore"}},
		{"a canceled checkout", "cust-ann", testshop.ProductSpec{Units: 3, MaxPerCustomer: 2}, buyer{
			card: "pm_card_threeDSecure2Required", leaves: true, shy: true,
			before: func(b *buyer, c checkouts.Checkout) {
				insist(func() *apitest.Response { return b.as(b.basket).Do("POST", "/checkouts/"+c.ID+"/cancel", nil) })
			}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			fault.Campaign(t, func(t testing.TB, in *fault.Injector) fault.Scenario {
				b := c.buyer
				b.shop = openWith(t, in)
				b.basket = b.FillCart(c.customer, map[string]int{b.Sell(c.variants): 2})
				return &b
			})
		})
	}
}

// latecomer pays after the hold has run out and the stock was given back.
type latecomer struct{ *buyer }

func (l latecomer) Run(ctx context.Context) {
	l.T.Helper()
	c := read(l.T, insist(func() *apitest.Response { return l.buy(l.basket, "k", card("pm_card_sandbox_lateWebhook")) }))
	l.Clock.Advance(time.Minute) // the bank needs two
	insist(func() *apitest.Response { return l.as(l.basket).Do("POST", "/checkouts/"+c.ID+"/cancel", nil) })
	l.Clock.Advance(2 * time.Minute)
	l.DeliverWebhooks(ctx)
}

// Check asks for no number of orders: when the bank cannot be asked to stop, the checkout goes on and may be paid.
func (l latecomer) Check(t testing.TB) { l.shop.Check(t) }

func TestWhateverBreaksALatePaymentGoesBack(t *testing.T) {
	t.Parallel()
	fault.Campaign(t, func(t testing.TB, in *fault.Injector) fault.Scenario {
		b := &buyer{shop: openWith(t, in)}
		b.basket = b.FillCart("", map[string]int{b.Sell(testshop.ProductSpec{Units: 3}): 2})
		return latecomer{b}
	})
}
