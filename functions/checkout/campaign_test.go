package checkout_test

import (
	"context"
	"testing"
	"time"

	"dangol/functions/checkout"
	"dangol/infra/local/apitest"
	"dangol/infra/local/fault"
	"dangol/infra/local/fault/world"
)

// buyer is a world in which one shopper buys, as patiently as a browser does: an answer that is no answer is asked for
// again, with the same key.
type buyer struct {
	*shop
	basket world.Basket
	card   string
	before func(*buyer, checkout.Checkout) // what happens between the challenge and the way back
	leaves bool                            // the browser is closed instead of coming back
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
	r := insist(func() *apitest.Response { return b.buy(b.basket, "k", card(b.card)) })
	if r.Status >= 400 {
		return
	}
	c := read(b.T, r)
	if c.State == "requires_action" {
		b.Challenge(c.RedirectURL, true)
	}
	if b.before != nil {
		b.before(b, c)
	}
	if !b.leaves && c.State != "completed" {
		insist(func() *apitest.Response { return b.confirm(b.basket, c.ID) })
	}
	b.Ring(ctx)
}

func TestWhateverBreaksACheckoutNoOrderIsLostAndNothingIsChargedTwice(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		customer string
		goods    world.Goods
		buyer    buyer
	}{
		{"a guest pays by card", "", world.Goods{Units: 3}, buyer{card: "pm_card_visa"}},
		{"a customer buys a limited edition", "cust-ann", world.Goods{Units: 3, Buckets: 3, MaxPerCustomer: 2}, buyer{card: "pm_card_visa"}},
		{"a card that is declined", "cust-ann", world.Goods{Units: 3, MaxPerCustomer: 2}, buyer{card: "pm_card_chargeDeclined"}},
		{"the bank takes the money at once", "", world.Goods{Units: 3}, buyer{card: "pm_card_sandbox_captured"}},
		{"a challenge, and back to the shop", "", world.Goods{Units: 3}, buyer{card: "pm_card_threeDSecure2Required"}},
		{"a challenge, and the webhook is faster", "", world.Goods{Units: 3}, buyer{
			card: "pm_card_threeDSecure2Required", before: func(b *buyer, _ checkout.Checkout) { b.Ring(b.T.Context()) }}},
		{"a challenge, and only the webhook comes", "cust-ann", world.Goods{Units: 3}, buyer{card: "pm_card_threeDSecure2Required", leaves: true}},
		{"the bank says later", "", world.Goods{Units: 3}, buyer{card: "pm_card_sandbox_lateWebhook"}},
		{"the bank's answer never comes", "", world.Goods{Units: 3}, buyer{card: "pm_card_sandbox_hang"}},
		{"the bank never sees the request", "", world.Goods{Units: 3}, buyer{card: "pm_card_sandbox_hangBefore"}},
		{"a cancelled checkout", "cust-ann", world.Goods{Units: 3, MaxPerCustomer: 2}, buyer{
			card: "pm_card_threeDSecure2Required", leaves: true,
			before: func(b *buyer, c checkout.Checkout) {
				insist(func() *apitest.Response { return b.as(b.basket).Do("POST", "/checkouts/"+c.ID+"/cancel", nil) })
			}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			fault.Campaign(t, func(t testing.TB, in *fault.Injector) fault.World {
				b := c.buyer
				b.shop = openWith(t, in)
				b.basket = b.Fill(c.customer, map[string]int{b.Sell(c.goods): 2})
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
	l.Ring(ctx)
}

func TestWhateverBreaksALatePaymentGoesBack(t *testing.T) {
	t.Parallel()
	fault.Campaign(t, func(t testing.TB, in *fault.Injector) fault.World {
		b := &buyer{shop: openWith(t, in)}
		b.basket = b.Fill("", map[string]int{b.Sell(world.Goods{Units: 3}): 2})
		return latecomer{b}
	})
}
