package checkout_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"dangol/events"
	"dangol/infra/testkit/fault"
	"dangol/infra/testkit/testshop"
	"dangol/shared/cart"
	"dangol/shared/catalog"
	"dangol/shared/checkout"
	"dangol/shared/order"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/promotion"
	"dangol/shared/promotion/store"
)

// thousand is 1,000 won off any order; change sets its limits.
func thousand(change ...func(*promotion.Promotion)) promotion.Promotion {
	p := promotion.Promotion{
		ID: "promo_thousand", Version: 1, Name: catalog.Text{"ko": "천 원"}, Kind: promotion.FixedAmount,
		Class: promotion.Order,
		State: promotion.Scheduled, Starts: testshop.Noon.AddDate(0, 0, -1), Ends: testshop.Noon.AddDate(1, 0, 0),
		Targets: promotion.Targets{All: true},
		Terms:   promotion.Terms{Amount: promotion.Amounts{"KRW": 1_000}},
	}
	for _, c := range change {
		c(&p)
	}
	return p
}

func uses(n int) func(*promotion.Promotion) {
	return func(p *promotion.Promotion) { p.Budget.Uses = n }
}
func spend(won int64) func(*promotion.Promotion) {
	return func(p *promotion.Promotion) { p.Budget.Spend = promotion.Amounts{"KRW": won} }
}
func each(n int) func(*promotion.Promotion) {
	return func(p *promotion.Promotion) { p.LimitPerCustomer = n }
}

var secret = promotion.NewBatch("batch_1", "ONE", 4)

func singleUse(p *promotion.Promotion) { p.Codes.Batch = secret }

func firstOrder(p *promotion.Promotion) { p.Conditions.FirstOrder = true }

// coded puts a code into a cart.
func coded(t testing.TB, w *testshop.Shop, b testshop.Basket, code string) testshop.Basket {
	t.Helper()
	_, err := w.Table.Update(t.Context(), table.Update{
		Key: b.Key, Do: "SET #codes = :codes", If: table.IfExists, With: map[string]any{":codes": table.List[string]{code}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// saver buys with a promotion through whatever goes wrong, and perhaps cancels.
type saver struct {
	*testshop.Shop
	basket  testshop.Basket
	card    string
	cancels bool
}

func (s *saver) Run(ctx context.Context) {
	in := start(s.Shop, s.basket, s.card)
	var c *checkout.Checkout
	var err error
	for range patience {
		if c, _, err = s.Service.Begin(ctx, in); err == nil {
			break
		}
	}
	s.DeliverWebhooks(ctx)
	if err != nil || c.State != checkout.Completed || !s.cancels {
		return
	}
	for range patience {
		o, err := s.Service.Cashier.Orders.Get(ctx, c.OrderID)
		if err == nil {
			_, err = s.Service.Cashier.Cancel(ctx, o, "changed my mind", order.ByCustomer)
		}
		if err == nil {
			return
		}
	}
}

const patience = 4

func TestWhateverBreaksNoBudgetIsOverspentAndEveryUseIsGivenBack(t *testing.T) {
	t.Parallel()
	limits := []func(*promotion.Promotion){uses(2), spend(1_500), each(1), singleUse}
	for _, tc := range []struct {
		name    string
		card    string
		cancels bool
	}{
		{"bought", "pm_card_visa", false},
		{"declined: given back", "pm_card_chargeDeclined", false},
		{"bought and canceled: given back", "pm_card_visa", true},
		{"never paid: given back when the hold runs out", "pm_card_sandbox_hangBefore", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			fault.Campaign(t, func(t testing.TB, in *fault.Injector) fault.Scenario {
				w := testshop.New(t, in)
				w.Promote(thousand(limits...))
				b := coded(t, w, w.FillCart("cust-ann", map[string]int{w.Sell(testshop.ProductSpec{Units: 2}): 1}), secret.Code(0))
				return &saver{Shop: w, basket: b, card: tc.card, cancels: tc.cancels}
			})
		})
	}
}

func TestABudgetHoldsAgainstManyAtOnce(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		limit   func(*promotion.Promotion)
		applied int
	}{
		{"five uses", uses(5), 5},
		{"money for seven orders and a half", spend(7_500), 7},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := testshop.New(t, fault.New(fault.Plan{}))
			w.Promote(thousand(tc.limit))
			soap := w.Sell(testshop.ProductSpec{Units: 100})
			var all sync.WaitGroup
			for range 20 {
				b := w.FillCart("", map[string]int{soap: 1})
				all.Go(func() {
					for range 20 { // who is told that the offer is gone buys without it
						_, _, err := w.Service.Begin(t.Context(), start(w, b, "pm_card_visa"))
						if err == nil {
							return
						}
						if code := problem.Code(err); code != "offer_changed" && code != "busy" {
							t.Errorf("%v", err)
						}
					}
				})
			}
			all.Wait()
			w.RunUntilIdle(t.Context())
			w.Check(t)
			applied := 0
			for _, o := range w.Orders(t) {
				applied += len(o.Uses)
			}
			if n := len(w.Orders(t)); n != 20 || applied != tc.applied {
				t.Errorf("%d orders, %d with the promotion; want 20 and %d", n, applied, tc.applied)
			}
		})
	}
}

// A crowd of buyers, each of whom tries again, while every so-manieth call to database and provider goes wrong.
func TestABudgetHoldsAgainstManyAtOnceWhateverBreaks(t *testing.T) {
	t.Parallel()
	const buyers, patience = 12, 40
	for _, every := range []int{3, 5, 7, 11} {
		for name, limit := range map[string]func(*promotion.Promotion){"uses": uses(4), "spend": spend(4_500)} {
			t.Run(fmt.Sprintf("%s, every call no. %d", name, every), func(t *testing.T) {
				t.Parallel()
				in := fault.New(fault.Plan{Every: every})
				w := testshop.New(t, in)
				resume := in.Pause()
				w.Promote(thousand(limit))
				soap := w.Sell(testshop.ProductSpec{Units: 100})
				var baskets []testshop.Basket
				for range buyers {
					baskets = append(baskets, w.FillCart("", map[string]int{soap: 1}))
				}
				resume()
				var all sync.WaitGroup
				for _, b := range baskets {
					request := start(w, b, "pm_card_visa")
					all.Go(func() {
						for range patience {
							if _, _, err := w.Service.Begin(t.Context(), request); err == nil {
								return
							}
						}
					})
				}
				all.Wait()
				in.Stop()
				w.RunUntilIdle(t.Context())
				w.Check(t)
				applied := 0
				for _, o := range w.Orders(t) {
					applied += len(o.Uses)
				}
				if applied == 0 || applied > 4 || len(in.Calls()) < buyers {
					t.Errorf("%d orders have what 4 may have, in %d calls", applied, len(in.Calls()))
				}
			})
		}
	}
}

func TestOneSingleUseCodeForManyAtOnce(t *testing.T) {
	t.Parallel()
	w := testshop.New(t, fault.New(fault.Plan{}))
	w.Promote(thousand(singleUse))
	soap := w.Sell(testshop.ProductSpec{Units: 100})
	var mu sync.Mutex
	outcomes := map[string]int{}
	var all sync.WaitGroup
	for range 10 {
		b := coded(t, w, w.FillCart("", map[string]int{soap: 1}), secret.Code(1))
		all.Go(func() {
			_, _, err := w.Service.Begin(t.Context(), start(w, b, "pm_card_visa"))
			mu.Lock()
			defer mu.Unlock()
			outcomes[problem.Code(err)]++
		})
	}
	all.Wait()
	with := 0
	for _, o := range w.Orders(t) {
		with += len(o.Uses)
	}
	if with != 1 {
		t.Errorf("%d orders have the code: %v", with, outcomes)
	}
	w.RunUntilIdle(t.Context())
	w.Check(t)
}

func TestWhoMayHaveAPromotion(t *testing.T) {
	t.Parallel()
	w := testshop.New(t, fault.New(fault.Plan{}))
	limited, first := thousand(each(1)), thousand(firstOrder)
	first.ID, first.Priority, first.CombinesWith = "promo_first", 1, []promotion.Class{promotion.Order}
	limited.CombinesWith = first.CombinesWith
	w.Promote(limited, first)
	soap := w.Sell(testshop.ProductSpec{Units: 100})
	buy := func(b testshop.Basket) *checkout.Checkout { return begin(t, w, start(w, b, "pm_card_visa")) }
	for n, want := range []int64{2_000, 0, 0} {
		b := w.FillCart
		if n > 0 {
			b = w.AnotherCart
		}
		if c := buy(b("cust-ann", map[string]int{soap: 1})); c.Totals.Discount != want {
			t.Errorf("ann's order %d has %d off, want %d", n+1, c.Totals.Discount, want)
		}
	}
	for n, want := range []int64{1_000, 0} { // by their mail address; a first order takes an account
		if c := buy(w.FillCart("", map[string]int{soap: 1})); c.Totals.Discount != want {
			t.Errorf("a guest's order %d has %d off, want %d", n+1, c.Totals.Discount, want)
		}
	}
	bob := buy(w.FillCart("cust-bob", map[string]int{soap: 1}))
	o, err := w.Service.Cashier.Orders.Get(t.Context(), bob.OrderID)
	if err == nil {
		_, err = w.Service.Cashier.Cancel(t.Context(), o, "changed my mind", order.ByCustomer)
	}
	if err != nil {
		t.Fatal(err)
	}
	if c := buy(w.AnotherCart("cust-bob", map[string]int{soap: 1})); c.Totals.Discount != 2_000 {
		t.Errorf("after a canceled order bob has %d off, want both again", c.Totals.Discount)
	}
	w.RunUntilIdle(t.Context())
}

func TestGiftsAreTakenFromStockAndStandOnTheOrder(t *testing.T) {
	t.Parallel()
	w := testshop.New(t, fault.New(fault.Plan{}))
	soap, sample := w.Sell(testshop.ProductSpec{Units: 10}), w.Sell(testshop.ProductSpec{Units: 1})
	gift := thousand(func(p *promotion.Promotion) {
		p.Kind, p.Terms = promotion.FreeGift, promotion.Terms{
			Gifts: []promotion.GiftTier{{From: promotion.Amounts{"KRW": 10_000}, Variants: []string{sample}}}}
	})
	w.Promote(gift)
	c := begin(t, w, start(w, w.FillCart("", map[string]int{soap: 1}), "pm_card_visa"))
	if len(c.Lines) != 2 || c.Lines[1].Gift != gift.ID || c.Totals.Total != 15_000 || w.SellableUnits(t, sample) != 0 {
		t.Errorf("lines %+v, total %d, %d samples left", c.Lines, c.Totals.Total, w.SellableUnits(t, sample))
	}
	if c := begin(t, w, start(w, w.FillCart("", map[string]int{soap: 1}), "pm_card_visa")); len(c.Lines) != 1 {
		t.Errorf("without samples there are %d lines", len(c.Lines))
	}
	w.RunUntilIdle(t.Context())
	w.Check(t)
}

func TestACartHeldAcrossAnEdgeIsNotSoldAtAPriceNobodyWasShown(t *testing.T) {
	t.Parallel()
	w := testshop.New(t, fault.New(fault.Plan{}))
	ends := testshop.Noon.Add(time.Hour)
	w.Promote(thousand(func(p *promotion.Promotion) { p.Ends = ends }))
	b := w.FillCart("", map[string]int{w.Sell(testshop.ProductSpec{Units: 10}): 1})
	show(t, w, b)
	w.Clock.MoveTo(ends)
	_, _, err := w.Service.Begin(t.Context(), start(w, b, "pm_card_visa"))
	if problem.Code(err) != "checkout_blocked" || fmt.Sprint(problem.From(err).Extra["problems"]) == "" {
		t.Fatalf("got %v", err)
	}
	show(t, w, b, (*cart.Cart).AcceptPromotions)
	if c := begin(t, w, start(w, b, "pm_card_visa")); c.Totals.Discount != 0 {
		t.Errorf("it was sold with %d off", c.Totals.Discount)
	}
}

func TestAnOrderTellsWhatASaleOnTheShelfBrought(t *testing.T) {
	t.Parallel()
	w := testshop.New(t, fault.New(fault.Plan{}))
	sale := thousand(func(p *promotion.Promotion) { p.Priority = 1 })
	sale.ID, sale.Kind, sale.Class, sale.Terms = "promo_sale", promotion.SalePrice, promotion.Product, promotion.Terms{
		BasisPoints: 2_000}
	w.Promote(thousand(), sale)
	b := w.FillCart("", map[string]int{w.Sell(testshop.ProductSpec{Units: 10, Price: 10_000}): 2,
		w.Sell(testshop.ProductSpec{Units: 10, Price: 5_000}): 1})
	show(t, w, b, (*cart.Cart).AcceptPromotions, func(c *cart.Cart) {
		for i := range c.Lines {
			c.Lines[i].SeenPrice = c.Lines[i].SeenPrice * 8 / 10
		}
	})
	c := begin(t, w, start(w, b, "pm_card_visa"))
	o, err := w.Service.Cashier.Orders.Get(t.Context(), c.OrderID)
	if err != nil {
		t.Fatal(err)
	}
	want := []events.OrderPromotion{{PromotionID: "promo_thousand", Amount: 1_000},
		{PromotionID: "promo_sale", Amount: 5_000}}
	if got := o.PlacedEvent().Promotions; !slices.Equal(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// show stores a guest's cart as the shopper has been shown it.
func show(t *testing.T, w *testshop.Shop, b testshop.Basket, change ...func(*cart.Cart)) {
	t.Helper()
	store := cart.Store{Table: w.Table, Clock: w.Clock}
	q := cart.Quoter{Shop: w.Service.Shop,
		Variants: cart.CatalogReader{Cache: catalog.NewCache(w.Table, w.Clock,
			time.Second)}, Promotions: w.Service.Promotions}
	_, _, err := store.Change(t.Context(), cart.Ref{CartID: b.ID, Token: b.Token}, cart.Attempt{},
		func(c *cart.Cart) error {
			_, err := q.ApplyChange(t.Context(), c, w.Clock.Now(), func(c *cart.Cart) error {
				for _, f := range change {
					f(c)
				}
				return nil
			})
			return err
		})
	if err != nil {
		t.Fatal(err)
	}
}

var _ store.Reader = (*store.Cache)(nil)

func TestAGuestUsesALimitedPromotionOncePerMailAddress(t *testing.T) {
	t.Parallel()
	w := testshop.New(t, fault.New(fault.Plan{}))
	soap := w.Sell(testshop.ProductSpec{Units: 10, Price: 9_000})
	w.Promote(thousand(each(1)))
	buy := func(email string) *checkout.Checkout {
		b := w.FillCart("", map[string]int{soap: 1})
		if _, err := w.Table.Update(t.Context(), table.Update{
			Key: b.Key, Do: "SET #email = :email", If: "attribute_exists(#pk)", With: map[string]any{":email": email},
		}); err != nil {
			t.Fatal(err)
		}
		return begin(t, w, start(w, b, "pm_card_visa"))
	}
	first, again, other := buy("haneul.kim@gmail.com"), buy("HaneulKim+shop@googlemail.com"), buy("minseo@example.com")
	if first.Totals.Discount != 1_000 || again.Totals.Discount != 0 || other.Totals.Discount != 1_000 {
		t.Errorf("took off %d, then %d with the same mailbox, %d with another", first.Totals.Discount, again.Totals.Discount,
			other.Totals.Discount)
	}
	o, err := w.Service.Cashier.Orders.Get(t.Context(), first.OrderID)
	if err != nil {
		t.Fatal(err)
	}
	for _, write := range o.ReleaseWrites() {
		if u, ok := write.(table.Update); ok && u.Key == cart.KeyOfPurchases(cart.CounterOf("", "haneul.kim@gmail.com")) {
			if _, err := w.Table.Update(t.Context(), u); err != nil {
				t.Fatal(err)
			}
		}
	}
	if after := buy("haneul.kim@gmail.com"); after.Totals.Discount != 1_000 {
		t.Errorf("what is given back cannot be used again: %d", after.Totals.Discount)
	}
}

// A person who has bought as a guest, and proves the address with an account, has one limit and not two.
func TestWhatAGuestUsedOfALimitCountsForTheAccountThatClaimsTheOrder(t *testing.T) {
	t.Parallel()
	w := testshop.New(t, fault.New(fault.Plan{}))
	soap := w.Sell(testshop.ProductSpec{Units: 10, Price: 9_000})
	w.Promote(thousand(each(1)))
	guests := begin(t, w, start(w, w.FillCart("", map[string]int{soap: 1}), "pm_card_visa"))
	discount := func() int64 {
		t.Helper()
		return begin(t, w, start(w, w.AnotherCart("ann", map[string]int{soap: 1}), "pm_card_visa")).Totals.Discount
	}
	orders := w.Service.Cashier.Orders
	o, err := orders.Change(t.Context(), guests.OrderID, func(o *order.Order) (bool, []table.Write, error) {
		claimed, counts := o.Claim("ann")
		return claimed, counts, nil
	})
	if err != nil || guests.Totals.Discount != 1_000 {
		t.Fatalf("%d off, %v", guests.Totals.Discount, err)
	}
	if got := discount(); got != 0 {
		t.Errorf("after the order was claimed its customer gets %d off once more", got)
	}
	if _, err := w.Service.Cashier.Cancel(t.Context(), o, "changed my mind", order.ByCustomer); err != nil {
		t.Fatal(err)
	}
	if got := discount(); got != 1_000 {
		t.Errorf("after it was canceled %d off, want 1,000", got)
	}
}
