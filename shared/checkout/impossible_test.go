package checkout_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go"

	"dangol/infra/testkit/fault"
	"dangol/infra/testkit/localtest"
	"dangol/infra/testkit/testshop"
	"dangol/shared/cart"
	"dangol/shared/checkout"
	"dangol/shared/order"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/promotion/store"
)

// engrave gives every line of a cart properties of a size.
func engrave(t *testing.T, w *testshop.Shop, b testshop.Basket, lines, bytes int) {
	t.Helper()
	var c cart.Cart
	if err := w.Table.Get(t.Context(), b.Key, &c); err != nil {
		t.Fatal(err)
	}
	first := c.Lines[0]
	c.Lines = nil
	for n := range lines {
		l := first
		l.Properties = map[string]string{"engraving": strings.Repeat("가", bytes/3)}
		l.ID = fmt.Sprintf("%s-%d", first.ID, n)
		c.Lines = append(c.Lines, l)
	}
	if err := w.Table.Put(t.Context(), table.Put{Item: c, If: table.IfExists}); err != nil {
		t.Fatal(err)
	}
}

func TestACartWhoseOrderCouldNotBeStoredIsRefusedBeforeItIsPaid(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name         string
		lines, bytes int
		code         string
	}{
		{"small", 3, 300, ""},
		{"90 KB of properties", 30, 3_000, ""},
		{"an order over its limit", 60, 3_000, "order_too_large"},
		{"a checkout over DynamoDB's limit", 90, 4_000, "order_too_large"},
	} {
		w := testshop.New(t, fault.New(fault.Plan{}))
		soap := w.Sell(testshop.ProductSpec{Units: 100})
		b := w.FillCart("", map[string]int{soap: 1})
		engrave(t, w, b, c.lines, c.bytes)
		_, _, err := w.Service.Begin(t.Context(), start(w, b, "pm_card_sandbox_captured"))
		if problem.Code(err) != c.code || c.code == "" && err != nil {
			t.Errorf("%s: %v, want %q", c.name, err, c.code)
		}
		if c.code != "" && (len(w.Bank.Ledger()) != 0 || w.SellableUnits(t, soap) != 100) {
			t.Errorf("%s: money or stock moved", c.name)
		}
		w.RunUntilIdle(t.Context())
		w.Check(t)
	}
}

// refusing is a database that refuses one write for ever, and each repetition of it.
type refusing struct {
	table.DB
	mu      sync.Mutex
	n       int    // which write, counted from 1; 0 counts only
	seen    int    // writes so far
	refused string // what is refused: action and update expression
}

// invalid is what DynamoDB answers to a write that it never takes, for example an item over 400 KB.
func invalid() error {
	return &smithy.GenericAPIError{Code: "ValidationException", Message: "Item size has exceeded the maximum allowed size"}
}

func (r *refusing) refuse(what string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen++
	if r.seen == r.n {
		r.refused = what
	}
	return what == r.refused
}

func (r *refusing) PutItem(
	ctx context.Context, in *dynamodb.PutItemInput, o ...func(*dynamodb.Options),
) (*dynamodb.PutItemOutput, error) {
	if r.refuse("put " + table.Item(in.Item).Key().SK) {
		return nil, invalid()
	}
	return r.DB.PutItem(ctx, in, o...)
}

func (r *refusing) UpdateItem(
	ctx context.Context, in *dynamodb.UpdateItemInput, o ...func(*dynamodb.Options),
) (*dynamodb.UpdateItemOutput, error) {
	if r.refuse("update " + *in.UpdateExpression) {
		return nil, invalid()
	}
	return r.DB.UpdateItem(ctx, in, o...)
}

func (r *refusing) TransactWriteItems(
	ctx context.Context, in *dynamodb.TransactWriteItemsInput, o ...func(*dynamodb.Options),
) (*dynamodb.TransactWriteItemsOutput, error) {
	what := "transact"
	for _, item := range in.TransactItems {
		switch {
		case item.Update != nil:
			what += " update " + *item.Update.UpdateExpression
		case item.Put != nil:
			what += " put " + table.Item(item.Put.Item).Key().SK
		}
	}
	if r.refuse(what) {
		return nil, invalid()
	}
	return r.DB.TransactWriteItems(ctx, in, o...)
}

// through puts the refusing database under the whole service.
func (r *refusing) through(t *testing.T, w *testshop.Shop) {
	t.Helper()
	r.DB = localtest.DB(t)
	tb := table.New(r, w.Table.Name(), nil)
	w.Service.Table = tb
	w.Service.Carts = cart.Store{Table: tb, Clock: w.Clock}
	w.Service.Cashier.Orders = order.Store{Table: tb, Clock: w.Clock}
	w.Service.Promotions = store.None
}

// TestAWriteThatIsRefusedForEverAfterAPaymentLosesNoMoney plays it for every write of every way to pay.
func TestAWriteThatIsRefusedForEverAfterAPaymentLosesNoMoney(t *testing.T) {
	t.Parallel()
	for _, card := range []string{"pm_card_visa", "pm_card_sandbox_captured", "pm_card_threeDSecure2Required",
		"pm_card_sandbox_hang"} {
		writes := buyRefusing(t, card, 0)
		if writes < 2 {
			t.Errorf("%s: only %d writes can be refused", card, writes)
		}
		for n := 1; n <= writes; n++ {
			t.Run(fmt.Sprintf("%s, write %d", card, n), func(t *testing.T) {
				t.Parallel()
				buyRefusing(t, card, n)
			})
		}
	}
}

// buyRefusing buys a cart while the n-th write is refused for ever, waits for two days, which is longer than any hold
// or watch, and checks where the money is. It returns the number of writes. Not until everything rests: what is refused
// for ever stays due for ever.
func buyRefusing(t *testing.T, card string, n int) int {
	t.Helper()
	w := testshop.New(t, fault.New(fault.Plan{}))
	b := w.FillCart("", map[string]int{w.Sell(testshop.ProductSpec{Units: 3}): 1})
	db := &refusing{n: n}
	db.through(t, w)
	c, _, err := w.Service.Begin(t.Context(), start(w, b, card))
	if n == 1 {
		if err == nil || len(w.Bank.Ledger()) != 0 {
			t.Errorf("the beginning itself is refused, before the payment: %v", err)
		}
		return db.seen
	}
	if err == nil && c.Payment.RedirectURL != "" {
		w.Challenge(c.Payment.RedirectURL, true)
	}
	for range 16 {
		w.DeliverWebhooks(t.Context())
		w.RunDueJobs(t.Context())
		w.Clock.Advance(3 * time.Hour)
	}
	checkMoney(t, w, b, db.refused)
	return db.seen
}

// checkMoney fails unless the payment stands behind an order or has gone back. Where the refused write is the one that
// tells so, the money still went the right way; a person is told by the alarm.
func checkMoney(t *testing.T, w *testshop.Shop, b testshop.Basket, refused string) {
	t.Helper()
	orders := w.Orders(t)
	for _, e := range w.Bank.Ledger() {
		if e.Charged() > 1 {
			t.Errorf("charged %d times", e.Charged())
		}
		if len(orders) == 0 && e.Refundable() > 0 {
			t.Errorf("refusing %q: %d is kept without an order", refused, e.Refundable())
		}
	}
	var c cart.Cart
	if err := w.Table.Get(t.Context(), b.Key, &c); err != nil {
		t.Fatal(err)
	}
	if c.State == cart.Paying {
		t.Errorf("refusing %q: the cart stays locked", refused)
	}
	var chk checkout.Checkout
	if err := w.Table.Get(t.Context(), checkout.KeyOf(c.CheckoutID), &chk); err == nil && chk.State == checkout.Paying {
		t.Errorf("refusing %q: the checkout is still paying", refused)
	}
}
