package checkout_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"dangol/infra/testkit/fault"
	"dangol/infra/testkit/testshop"
	"dangol/shared/cart"
	"dangol/shared/checkout"
	"dangol/shared/order"
	"dangol/shared/payment"
	"dangol/shared/platform/due"
	"dangol/shared/platform/idempotency"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/promotion/store"
)

func start(w *testshop.Shop, b testshop.Basket, card string) checkout.Start {
	return checkout.Start{
		Cart:    cart.Ref{CartID: b.ID, CustomerID: b.CustomerID, Token: b.Token},
		Request: idempotency.For("checkout", b.ID, w.NextKey(), []byte(card), w.Clock.Now()), Method: card,
		ReturnURL: "https://shop.example.com/",
	}
}

func begin(t *testing.T, w *testshop.Shop, in checkout.Start) *checkout.Checkout {
	t.Helper()
	c, _, err := w.Service.Begin(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAccessPatternsCostWhatTheySay(t *testing.T) {
	t.Parallel()
	w := testshop.New(t, fault.New(fault.Plan{}))
	soap, drop := w.Sell(testshop.ProductSpec{Units: 50}), w.Sell(testshop.ProductSpec{Units: 50, Buckets: 4,
		MaxPerCustomer: 3})
	warm := func(ctx context.Context, ids ...string) { // a function that has run for a while knows the shape of its goods
		if _, err := w.Service.Catalog.Variants(ctx, ids); err != nil {
			t.Fatal(err)
		}
	}
	warm(t.Context(), soap, drop)
	basket := func(customer, variant string) testshop.Basket {
		return w.FillCart(customer, map[string]int{variant: 1})
	}
	good, pending := start(w, basket("", soap), "pm_card_visa"), start(w, basket("", soap),
		"pm_card_threeDSecure2Required")
	first, second, third := begin(t, w, good), begin(t, w, pending), begin(t, w,
		start(w, basket("", soap), "pm_card_threeDSecure2Required"))
	hung := begin(t, w, start(w, basket("", soap), "pm_card_sandbox_hangBefore"))
	w.Challenge(second.Payment.RedirectURL, true)
	do := map[string]func(context.Context) error{
		"buy a cart with a card that is good at once": func(ctx context.Context) error {
			_, _, err := w.Service.Begin(ctx, start(w, basket("", soap), "pm_card_visa"))
			return err
		},
		"buy a limited edition with a lifetime limit": func(ctx context.Context) error {
			_, _, err := w.Service.Begin(ctx, start(w, basket("cust-ann", drop), "pm_card_visa"))
			return err
		},
		"answer a repeated checkout": func(ctx context.Context) error {
			c, replay, err := w.Service.Begin(ctx, good)
			if err == nil && (!replay || c.OrderID != first.OrderID) {
				return fmt.Errorf("replay %v, order %s", replay, c.OrderID)
			}
			return err
		},
		"read a checkout": func(ctx context.Context) error {
			_, err := w.Service.GetFor(ctx, first.ID, order.Caller{Operator: true})
			return err
		},
		"claim a checkout after a challenge": func(ctx context.Context) error {
			return w.Service.HandleWebhook(ctx, payment.Payment{Metadata: map[string]string{"checkout": second.ID}})
		},
		"give a checkout up": func(ctx context.Context) error {
			c, err := w.Service.GetFor(ctx, third.ID, order.Caller{Operator: true})
			if err == nil {
				_, err = w.Service.Abandon(ctx, c)
			}
			return err
		},
		"put a question to a silent provider off": func(ctx context.Context) error { return w.Service.Work(ctx, hung.ID) },
	}
	for _, p := range checkout.AccessPatterns {
		ctx, meter := table.Metered(t.Context())
		if do[p.Name] == nil {
			t.Errorf("%q is not measured", p.Name)
			continue
		}
		if err := do[p.Name](ctx); err != nil {
			t.Fatalf("%s: %v", p.Name, err)
		}
		if got, want := meter.Cost(), (table.Cost{Trips: p.Trips, Read: p.Read, Write: p.Write}); got != want {
			t.Errorf("%s: costs %+v, documented as %+v", p.Name, got, want)
		}
	}
}

func TestAMessageAboutAnOrderThatWasJustMadeReadsNothing(t *testing.T) {
	t.Parallel()
	w := testshop.New(t, fault.New(fault.Plan{}))
	w.Service.Completed = checkout.NewCompletedCheckouts()
	soap := w.Sell(testshop.ProductSpec{Units: 10, Price: 9_000})
	for name, c := range map[string]struct {
		card  string
		state checkout.State
		trips int
	}{
		"completed while the shopper waited": {"pm_card_visa", checkout.Completed, 0},
		"waiting for the bank":               {"pm_card_threeDSecure2Required", checkout.Paying, 1},
	} {
		begun := begin(t, w, start(w, w.FillCart("", map[string]int{soap: 1}), c.card))
		ctx, meter := table.Metered(t.Context())
		err := w.Service.HandleWebhook(ctx, payment.Payment{Metadata: map[string]string{"checkout": begun.ID}})
		if trips := meter.Cost().Trips; err != nil || begun.State != c.state || trips != c.trips {
			t.Errorf("%s: %s, %d round trips, %v", name, begun.State, trips, err)
		}
	}
}

func TestAnOrderNumberThatIsTakenIsReplacedByAnother(t *testing.T) {
	t.Parallel()
	w := testshop.New(t, fault.New(fault.Plan{}))
	b := w.FillCart("", map[string]int{w.Sell(testshop.ProductSpec{Units: 2}): 1})
	c := begin(t, w, start(w, b, "pm_card_threeDSecure2Required"))
	squatter := order.New(c.OrderID, "chk_other", c.Draft, order.Payment{State: order.PayCaptured}, w.Clock.Now())
	if err := w.Table.Put(t.Context(), w.Service.Cashier.Orders.Place(squatter)); err != nil {
		t.Fatal(err)
	}
	w.Challenge(c.Payment.RedirectURL, true)
	done, err := w.Service.Confirm(t.Context(), c)
	if err != nil || done.State != checkout.Completed || done.OrderID == squatter.ID {
		t.Fatalf("%s as %s, %v", done.State, done.OrderID, err)
	}
	if o, err := w.Service.Cashier.Orders.Get(t.Context(), done.OrderID); err != nil || o.CheckoutID != c.ID {
		t.Fatalf("order %v, %v", o, err)
	}
}

func TestAPaidCheckoutBecomesAnOrderEvenWhenItsCartIsGone(t *testing.T) {
	t.Parallel()
	w := testshop.New(t, fault.New(fault.Plan{}))
	b := w.FillCart("", map[string]int{w.Sell(testshop.ProductSpec{Units: 2}): 1})
	c := begin(t, w, start(w, b, "pm_card_threeDSecure2Required"))
	if err := w.Table.Delete(t.Context(), table.Delete{Key: b.Key, If: table.IfExists}); err != nil {
		t.Fatal(err)
	}
	w.Challenge(c.Payment.RedirectURL, true)
	if done, err := w.Service.Confirm(t.Context(), c); err != nil || done.State != checkout.Completed {
		t.Fatalf("%s, %v", done.State, err)
	}
}

func TestStockOfGoodsThatAreGoneDoesNotKeepACheckoutFromEnding(t *testing.T) {
	t.Parallel()
	w := testshop.New(t, fault.New(fault.Plan{}))
	soap, oil := w.Sell(testshop.ProductSpec{Units: 2}), w.Sell(testshop.ProductSpec{Units: 2})
	b := w.FillCart("", map[string]int{soap: 1, oil: 1})
	c := begin(t, w, start(w, b, "pm_card_threeDSecure2Required"))
	w.DeleteStock(t, soap)
	if done, err := w.Service.Abandon(t.Context(), c); err != nil || done.State != checkout.Canceled {
		t.Fatalf("%v, %v", done, err)
	}
	if w.SellableUnits(t, oil) != 2 {
		t.Fatalf("the other stock is not back: %d", w.SellableUnits(t, oil))
	}
}

func TestAnAmountThatIsNotThePriceIsNotTaken(t *testing.T) {
	t.Parallel()
	w := testshop.New(t, fault.New(fault.Plan{}))
	w.Service.Provider = cheap{w.Service.Provider}
	b := w.FillCart("", map[string]int{w.Sell(testshop.ProductSpec{Units: 2}): 1})
	c := begin(t, w, start(w, b, "pm_card_visa"))
	if c.State != checkout.Refunded || c.Reason != "amount_mismatch" {
		t.Fatalf("%s, %s", c.State, c.Reason)
	}
	w.RunUntilIdle(t.Context())
	w.Check(t)
}

// cheap is a provider that authorizes less than it is asked for.
type cheap struct{ payment.Provider }

func (p cheap) Authorize(ctx context.Context, r payment.AuthorizeRequest) (payment.Payment, error) {
	r.Amount.Amount -= 1_000
	return p.Provider.Authorize(ctx, r)
}

func TestASilentProviderIsAskedEverLessOftenAndNothingIsGivenAwayMeanwhile(t *testing.T) {
	t.Parallel()
	w := testshop.New(t, fault.New(fault.Plan{}))
	soap := w.Sell(testshop.ProductSpec{Units: 1})
	c := begin(t, w, start(w, w.FillCart("", map[string]int{soap: 1}), "pm_card_sandbox_hang"))
	w.Service.Provider = silent{w.Service.Provider}
	began, asked := w.Clock.Now(), 0
	for w.Clock.Now().Sub(began) < 48*time.Hour {
		asked += w.RunDueJobs(t.Context())
		at, ok, err := due.Next(t.Context(), w.Table, checkout.DueCheckout)
		if err != nil || !ok {
			t.Fatalf("the checkout is no longer due: %v", err)
		}
		w.Clock.MoveTo(at)
	}
	if asked < 6 || asked > 12 || w.SellableUnits(t, soap) != 0 {
		t.Fatalf("asked %d times in two days, %d for sale", asked, w.SellableUnits(t, soap))
	}
	w.Service.Provider = w.Service.Provider.(silent).Provider
	w.RunUntilIdle(t.Context())
	w.Check(t)
	got, err := w.Service.GetFor(t.Context(), c.ID, order.Caller{Operator: true})
	if err != nil || got.State != checkout.Completed {
		t.Fatalf("in the end %s, %v", got.State, err)
	}
}

// silent is a provider that answers no question.
type silent struct{ payment.Provider }

func (silent) Lookup(context.Context, string) (payment.Payment, error) {
	return payment.Payment{}, payment.ErrUnknown
}

func TestACartChangedMeanwhileIsNotSold(t *testing.T) {
	t.Parallel()
	w := testshop.New(t, fault.New(fault.Plan{}))
	soap := w.Sell(testshop.ProductSpec{Units: 1})
	b := w.FillCart("", map[string]int{soap: 1})
	in := start(w, b, "pm_card_visa")
	w.Service.Promotions = meanwhile{store.None, func() { // between reading and locking
		_, err := w.Table.Update(t.Context(),
			table.Update{Key: b.Key, Do: "ADD #version :one", If: table.IfExists, With: map[string]any{":one": 1}})
		if err != nil {
			t.Error(err)
		}
	}}
	if _, _, err := w.Service.Begin(t.Context(), in); problem.Code(err) != "cart_changed" {
		t.Fatalf("got %v", err)
	}
	if w.SellableUnits(t, soap) != 1 || len(w.Bank.Ledger()) != 0 {
		t.Fatal("stock or money moved")
	}
}

// meanwhile is promotions that do something else at a bad moment.
type meanwhile struct {
	store.Reader
	do func()
}

func (m meanwhile) Current(ctx context.Context) (*store.Snapshot, error) {
	m.do()
	return m.Reader.Current(ctx)
}

func TestAProviderThatTurnsUsAwayChangesNothingAndMayBeTriedAgain(t *testing.T) {
	t.Parallel()
	w := testshop.New(t, fault.New(fault.Plan{}))
	b := w.FillCart("", map[string]int{w.Sell(testshop.ProductSpec{Units: 1}): 1})
	in := start(w, b, "pm_card_visa")
	bank := w.Service.Provider
	w.Service.Provider = busy{bank}
	if _, _, err := w.Service.Begin(t.Context(), in); problem.Code(err) != "payment_unavailable" {
		t.Fatalf("got %v", err)
	}
	w.Service.Provider = bank
	if c := begin(t, w, in); c.State != checkout.Completed {
		t.Fatalf("the same request again: %s", c.State)
	}
	w.RunUntilIdle(t.Context())
	w.Check(t)
}

type busy struct{ payment.Provider }

func (busy) Authorize(context.Context, payment.AuthorizeRequest) (payment.Payment, error) {
	return payment.Payment{}, errors.Join(payment.ErrUnavailable)
}
