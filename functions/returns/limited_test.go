package returns_test

import (
	"testing"
	"time"

	"dangol/infra/testkit/apitest"
	"dangol/infra/testkit/testshop"
	"dangol/shared/cart"
	"dangol/shared/catalog"
	"dangol/shared/checkout"
	"dangol/shared/order"
	"dangol/shared/platform/idempotency"
	"dangol/shared/platform/problem"
	"dangol/shared/promotion"
)

// dropOf is a limited edition of the product of a variant that opens to all after a time.
func dropOf(variant string, opens time.Time) promotion.Promotion {
	return promotion.Promotion{
		ID: "promo_drop", Name: catalog.Text{"en": "Drop"}, Kind: promotion.Drop, State: promotion.Live,
		Class: promotion.Product, Starts: opens, LimitPerCustomer: 1,
		Targets: promotion.Targets{Products: []string{catalog.ProductOf(variant)}},
	}
}

// opensIn makes the first variant of a product a limited edition that opens after a time.
func opensIn(d *desk, after time.Duration) func(*catalog.Product) {
	return func(p *catalog.Product) {
		p.Variants[0].Edition = &catalog.Edition{OpensAt: d.Clock.Now().Add(after), Buckets: 1}
	}
}

func TestALimitedEditionIsNotAddedBeforeItOpens(t *testing.T) {
	t.Parallel()
	d, o, oil := waiting(t)
	d.edit(oil, opensIn(d, time.Hour))
	d.keyed(d.ann()).Do("POST", d.additionsOf(o), goods(oil, 1)).WantProblem(409, "variant_not_sold")
	d.Clock.Advance(time.Hour)
	d.keyed(d.ann()).Do("POST", d.additionsOf(o), goods(oil, 1)).Want(201)
}

// Who may have goods of a drop, and how many, is checked and counted at checkout.
func TestGoodsOfADropAreNotAdded(t *testing.T) {
	t.Parallel()
	d, o, oil := waiting(t)
	d.Promote(dropOf(oil, d.Clock.Now().Add(-time.Hour)))
	d.keyed(d.ann()).Do("POST", d.additionsOf(o), goods(oil, 1)).WantProblem(409, "variant_limited")
	if n := d.SellableUnits(t, oil); n != 9 {
		t.Errorf("%d in stock, want 9", n)
	}
}

// What was never sent was not bought; what was sent was, also when it comes back. So a limited edition is the same as
// codes, budgets and limits of variants.
func TestTheLimitOfADropComesBackWithWhatWasNeverSent(t *testing.T) {
	t.Parallel()
	d := open(t)
	soap := d.Sell(testshop.ProductSpec{Price: 9_000, Units: 9})
	drop := dropOf(soap, d.Clock.Now().Add(-time.Hour))
	drop.LimitPerCustomer = 2
	d.Promote(drop)
	bought := func() int {
		t.Helper()
		c, err := cart.Store{Table: d.Table, Clock: d.Clock}.Customer(t.Context(), apitest.Ann.Subject)
		if err != nil {
			t.Fatal(err)
		}
		return c.Bought[drop.ID]
	}
	line := func(o *order.Order) object { return object{"lineId": o.Lines[0].ID, "quantity": 1} }
	o := d.buy(map[string]int{soap: 2})
	d.keyed(d.ann()).Do("POST", "/orders/"+o.ID+"/lines/remove", object{"lines": []object{line(o)}}).Want(200)
	if n := bought(); n != 1 {
		t.Fatalf("%d of 2 counted after one of 2 was taken off", n)
	}
	// The unit that came free is bought in another order, and that order is canceled.
	another := d.buy(map[string]int{soap: 1})
	if _, err := d.Service.Cashier.Cancel(t.Context(), another, "changed my mind", order.ByCustomer); err != nil {
		t.Fatal(err)
	}
	if n := bought(); n != 1 {
		t.Fatalf("%d of 2 counted after the other order was canceled", n)
	}
	d.settle(d.approved(d.request(d.deliver(o), wanted("refund", back(o.Lines[0].ID, 1, "faulty")))))
	if n := bought(); n != 1 {
		t.Fatalf("%d of 2 counted after the unit came back; it was sent", n)
	}
	d.buy(map[string]int{soap: 1})
	b := d.AnotherCart(apitest.Ann.Subject, map[string]int{soap: 1})
	_, _, err := d.Service.Begin(t.Context(), checkout.Start{
		Cart:    cart.Ref{CartID: b.ID, CustomerID: b.CustomerID, Token: b.Token},
		Request: idempotency.For("checkout", b.ID, d.NextKey(), nil, d.Clock.Now()), Method: "pm_card_visa",
	})
	if problem.Code(err) != "checkout_blocked" {
		t.Fatalf("a third unit: %v", err)
	}
}

func TestALimitedEditionIsNotGivenInExchangeBeforeItOpens(t *testing.T) {
	t.Parallel()
	d := open(t)
	soap, oil := d.Sell(testshop.ProductSpec{Price: 9_000, Units: 3}), d.Sell(testshop.ProductSpec{Price: 9_000, Units: 3})
	o := d.deliver(d.buy(map[string]int{soap: 1}))
	d.edit(oil, opensIn(d, time.Hour))
	line := back(o.Lines[0].ID, 1, "not_as_described")
	line["exchangeFor"] = oil
	quote := func() *apitest.Response {
		return d.ann().Do("POST", "/orders/"+o.ID+"/returns/quote", wanted("exchange", line))
	}
	quote().WantProblem(409, "variant_not_sold")
	d.Clock.Advance(time.Hour)
	quote().Want(200)
	d.Promote(dropOf(oil, d.Clock.Now().Add(-time.Hour)))
	d.Clock.Advance(time.Minute) // promotions are looked at anew
	quote().WantProblem(409, "variant_limited")
}
