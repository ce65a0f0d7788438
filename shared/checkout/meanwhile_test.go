package checkout_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"dangol/infra/testkit/fault"
	"dangol/infra/testkit/localtest"
	"dangol/infra/testkit/testshop"
	"dangol/shared/cart"
	"dangol/shared/checkout"
	"dangol/shared/order"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/promotion"
)

// interrupted is a database in which something happens just before its next transaction: after a checkout was priced,
// and before it is written.
type interrupted struct {
	table.DB
	before func()
}

func (d *interrupted) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput,
	o ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	if before := d.before; before != nil {
		d.before = nil // what happens may be a transaction too
		before()
	}
	return d.DB.TransactWriteItems(ctx, in, o...)
}

// contended is a shop of which a checkout is interrupted.
type contended struct {
	*testshop.Shop
	t    *testing.T
	db   *interrupted
	soap string // three are for sale, and one customer may have three
}

func newContended(t *testing.T) *contended {
	t.Helper()
	b := &contended{t: t, db: &interrupted{DB: localtest.DB(t)}}
	b.Shop = testshop.NewOn(t, fault.New(fault.Plan{}), b.db, localtest.Name(t, table.Commerce))
	b.soap = b.Sell(testshop.ProductSpec{Units: 3, Price: 9_000, MaxPerCustomer: 3})
	return b
}

// count counts a purchase of Ann's as another checkout of hers does.
func (b *contended) count(what string, n, limit int) {
	b.t.Helper()
	if _, err := b.Table.Update(b.t.Context(), cart.CountPurchases("cust-ann",
		[]cart.LimitedPurchase{{VariantID: what, Quantity: n, Limit: limit}})); err != nil {
		b.t.Fatal(err)
	}
}

func TestWhatHappensBetweenThePriceAndTheLockDecidesTheAnswer(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		happens func(b *contended, in checkout.Start)
		code    string // "" when the checkout is the one that was begun meanwhile
		left    int    // units for sale afterwards
		paid    int    // payments at the bank afterwards
	}{
		{"the same request is served by another process", func(b *contended, in checkout.Start) {
			begin(b.t, b.Shop, in)
		}, "", 2, 1},
		{"the key is used for another card", func(b *contended, in checkout.Start) {
			in.Method = "pm_card_mastercard"
			begin(b.t, b.Shop, in)
		}, "idempotency_key_reused", 2, 1},
		{"the cart is being paid for in another window", func(b *contended, in checkout.Start) {
			begin(b.t, b.Shop, start(b.Shop, testshop.Basket{ID: in.Cart.CartID, CustomerID: "cust-ann"},
				"pm_card_threeDSecure2Required"))
		}, "checkout_running", 2, 1},
		{"the cart is changed in another window", func(b *contended, in checkout.Start) {
			if _, err := b.Table.Update(b.t.Context(), table.Update{
				Key: cart.KeyOfCustomer("cust-ann"), Do: "ADD #version :one", If: table.IfExists,
				With: map[string]any{":one": 1},
			}); err != nil {
				b.t.Fatal(err)
			}
		}, "cart_changed", 3, 0},
		{"the customer buys the last that they may have", func(b *contended, _ checkout.Start) {
			b.count(b.soap, 3, 3)
		}, "customer_limit_reached", 3, 0},
		{"the customer uses the offer that they may use once", func(b *contended, _ checkout.Start) {
			b.count("promo_thousand", 1, 1)
		}, "offer_changed", 3, 0},
		{"somebody else buys the last ones", func(b *contended, _ checkout.Start) {
			other := b.FillCart("cust-bob", map[string]int{b.soap: 3})
			begin(b.t, b.Shop, start(b.Shop, other, "pm_card_visa"))
		}, "checkout_blocked", 0, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := newContended(t)
			b.Promote(thousand(each(1)))
			in := start(b.Shop, b.FillCart("cust-ann", map[string]int{b.soap: 1}), "pm_card_visa")
			b.db.before = func() { c.happens(b, in) }
			got, replay, err := b.Service.Begin(t.Context(), in)
			if problem.Code(err) != c.code && !(c.code == "checkout_blocked" && problem.Code(err) == "out_of_stock") {
				t.Fatalf("answered %v, want %q", err, c.code)
			}
			if c.code == "" && (!replay || got.State != checkout.Completed) {
				t.Errorf("answered %s, replayed %v", got.State, replay)
			}
			if n := b.SellableUnits(t, b.soap); n != c.left || len(b.Bank.Ledger()) != c.paid {
				t.Errorf("%d for sale and %d payments, want %d and %d", n, len(b.Bank.Ledger()), c.left, c.paid)
			}
		})
	}
}

func TestAnOfferThatSomebodyElseHasUsedUpIsNamed(t *testing.T) {
	t.Parallel()
	b := newContended(t)
	p := thousand(func(p *promotion.Promotion) { p.Budget.Uses = 1 })
	b.Promote(p)
	ann := start(b.Shop, b.FillCart("cust-ann", map[string]int{b.soap: 1}), "pm_card_visa")
	b.db.before = func() {
		begin(t, b.Shop, start(b.Shop, b.FillCart("cust-bob", map[string]int{b.soap: 1}), "pm_card_visa"))
	}
	_, _, err := b.Service.Begin(t.Context(), ann)
	is := problem.From(err)
	if is.Code != "offer_changed" || is.Extra["promotionId"] != p.ID ||
		fmt.Sprint(is.Extra["reason"]) != string(promotion.BudgetExhausted) {
		t.Fatalf("%s %+v", is.Code, is.Extra)
	}
	// Who reads the cart again and agrees to the price without the offer buys it.
	ann.Request = start(b.Shop, testshop.Basket{ID: ann.Cart.CartID, CustomerID: "cust-ann"}, "pm_card_visa").Request
	if got := begin(t, b.Shop, ann); got.Totals.Discount != 0 || got.State != checkout.Completed {
		t.Errorf("%s with %d off", got.State, got.Totals.Discount)
	}
}

func TestStoreCreditAtCheckoutNeedsAnAccountAndACardForTheRest(t *testing.T) {
	t.Parallel()
	b := newContended(t)
	oil := b.Sell(testshop.ProductSpec{Units: 3})
	guest := start(b.Shop, b.FillCart("", map[string]int{oil: 1}), "pm_card_visa")
	guest.Credit = true
	if _, _, err := b.Service.Begin(t.Context(), guest); problem.Code(err) != "account_required" {
		t.Errorf("a guest: %v", err)
	}
	ann := start(b.Shop, b.FillCart("cust-ann", map[string]int{oil: 1}), "")
	ann.Credit = true
	_, _, err := b.Service.Begin(t.Context(), ann)
	if is := problem.From(err); is.Code != "invalid_input" || len(is.Fields) != 1 ||
		is.Fields[0].Pointer != "/paymentMethod" {
		t.Errorf("without a card, and without credit: %v", err)
	}
	if n := b.SellableUnits(t, oil); n != 3 {
		t.Errorf("%d for sale", n)
	}
}

func TestAnOrderHasANumberOnceItIsMade(t *testing.T) {
	t.Parallel()
	b := newContended(t)
	oil := b.Sell(testshop.ProductSpec{Units: 3})
	open := begin(t, b.Shop, start(b.Shop, b.FillCart("", map[string]int{oil: 1}), "pm_card_threeDSecure2Required"))
	made := begin(t, b.Shop, start(b.Shop, b.FillCart("", map[string]int{oil: 1}), "pm_card_visa"))
	if open.OrderNumber() != "" || made.OrderNumber() != order.NumberOf(made.OrderID) || made.OrderNumber() == "" {
		t.Errorf("open %q, made %q", open.OrderNumber(), made.OrderNumber())
	}
}
