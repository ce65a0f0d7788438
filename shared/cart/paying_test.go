package cart_test

import (
	"testing"
	"time"

	"dangol/shared/address"
	"dangol/shared/cart"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
)

const checkoutID = "chk_01k9abcdefghjkmnpqrstvwxyz"

func applied(t testing.TB, s cart.Store, u table.Update) bool {
	t.Helper()
	_, err := s.Table.Update(t.Context(), u)
	if _, refused := table.Failed(err); err != nil && !refused {
		t.Fatal(err)
	}
	return err == nil
}

func loaded(t testing.TB, s cart.Store, ref cart.Ref) *cart.Cart {
	t.Helper()
	c, err := s.Load(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestACartThatIsPaidForStandsStill(t *testing.T) {
	t.Parallel()
	s, clk := cartStore(t)
	variants := stocked().with("SOAP", 9000, 10)
	for _, ref := range []cart.Ref{guestCart(t, s), mine("ann")} {
		c := mustChange(t, s, ref, adding(variants, 1))
		begin := cart.BeginPaying(c, checkoutID, noon)
		if !applied(t, s, begin) || !applied(t, s, begin) {
			t.Fatal("the checkout cannot lock the cart, or a repetition of its write is refused")
		}
		if applied(t, s, cart.BeginPaying(c, "chk_other", noon)) {
			t.Error("a second checkout locks it as well")
		}
		if _, _, err := s.Change(t.Context(), ref, cart.Attempt{}, adding(variants, 1)); problem.Code(err) != "cart_paying" {
			t.Errorf("an add while paying: %v", err)
		}
		clk.Advance(400 * 24 * time.Hour)
		if paying := loaded(t, s, ref); paying.State != cart.Paying || paying.TTL != 0 || paying.Version != c.Version {
			t.Errorf("while paying: %+v", paying)
		}
		if applied(t, s, cart.Reopen(c.Key, "chk_other", clk.Now())) {
			t.Error("another checkout opens it")
		}
		reopen := cart.Reopen(c.Key, checkoutID, clk.Now())
		if !applied(t, s, reopen) || !applied(t, s, reopen) {
			t.Error("the checkout cannot open it again, or a repetition of its write is refused")
		}
		open := loaded(t, s, ref)
		if open.State != cart.Open || open.CheckoutID != "" || open.TTL <= clk.Now().Unix() || open.Version != c.Version {
			t.Errorf("after a failed payment: %+v", open)
		}
		mustChange(t, s, ref, adding(variants, 1))
		if applied(t, s, cart.BeginPaying(open, "chk_late", clk.Now())) {
			t.Error("a checkout of a version that is gone locks the cart")
		}
	}
}

func TestAnOrderedCart(t *testing.T) {
	t.Parallel()
	s, _ := cartStore(t)
	variants := stocked().with("SOAP", 9000, 10)
	for _, ref := range []cart.Ref{guestCart(t, s), mine("ann")} {
		c := mustChange(t, s, ref, func(c *cart.Cart) error {
			c.Email, c.Address = "x@example.com", &address.Address{Name: "Ann"}
			return adding(variants, 1)(c)
		})
		if err := s.Table.Transact(t.Context(), "early-"+c.ID, cart.Close(c, checkoutID, "ord_1", noon)); err == nil {
			t.Error("a cart is ordered that no checkout holds")
		}
		applied(t, s, cart.BeginPaying(c, checkoutID, noon))
		if err := s.Table.Transact(t.Context(), "order-"+c.ID, cart.Close(c, checkoutID, "ord_1", noon)); err != nil {
			t.Fatal(err)
		}
		if applied(t, s, cart.Reopen(c.Key, checkoutID, noon)) {
			t.Error("an ordered cart opens again")
		}
		old := cart.Ref{CartID: c.ID, CustomerID: ref.CustomerID, Token: ref.Token}
		got := loaded(t, s, old)
		if got.State != cart.Ordered || got.OrderID != "ord_1" || got.CheckoutID != checkoutID || got.Email != "" ||
			got.Address != nil {
			t.Errorf("the ordered cart: %+v", got)
		}
		_, _, err := s.Change(t.Context(), old, cart.Attempt{}, adding(variants, 1))
		if p := problem.From(err); p.Code != "cart_ordered" || p.Extra["orderId"] != "ord_1" {
			t.Errorf("an add to it: %v, %v", err, p.Extra)
		}
	}
	next := loaded(t, s, mine("ann"))
	if next.ID != "cart_01k9abcdefghjkmnpqrstvwxyz" || next.Version != 1 || len(next.Lines) != 0 ||
		next.State != cart.Open || next.Currency != "KRW" {
		t.Errorf("the customer's next cart: %+v", next)
	}
	if n := quantities(mustChange(t, s, mine("ann"), adding(variants, 2)))[cart.LineID("SOAP", nil)]; n != 2 {
		t.Errorf("%d soaps in the next cart", n)
	}
}

func TestLifetimeLimitsHold(t *testing.T) {
	t.Parallel()
	s, _ := cartStore(t)
	once := []cart.LimitedPurchase{{VariantID: "var_drop", Quantity: 1, Limit: 1}}
	both := []cart.LimitedPurchase{{VariantID: "var_drop", Quantity: 1, Limit: 1},
		{VariantID: "var_mini", Quantity: 2, Limit: 5}}
	steps := []struct {
		name    string
		write   table.Update
		allowed bool
		want    map[string]int
	}{
		{"more than the limit at once is refused",
			cart.CountPurchases("ann", []cart.LimitedPurchase{{VariantID: "var_drop", Quantity: 2, Limit: 1}}), false,
			map[string]int{}},
		{"the first may be bought", cart.CountPurchases("ann", once), true, map[string]int{"var_drop": 1}},
		{"the second not", cart.CountPurchases("ann", once), false, map[string]int{"var_drop": 1}},
		{"then nothing of a purchase counts", cart.CountPurchases("ann", both), false, map[string]int{"var_drop": 1}},
		{"given back", cart.UncountPurchases("ann", once), true, map[string]int{"var_drop": 0}},
		{"but not twice", cart.UncountPurchases("ann", once), false, map[string]int{"var_drop": 0}},
		{"it may be bought again, with others", cart.CountPurchases("ann", both), true,
			map[string]int{"var_drop": 1, "var_mini": 2}},
		{"more than the limit is refused also for who has bought",
			cart.CountPurchases("ann", []cart.LimitedPurchase{{VariantID: "var_mini", Quantity: 6, Limit: 5}}), false,
			map[string]int{"var_drop": 1, "var_mini": 2}},
	}
	for _, c := range steps {
		if got := applied(t, s, c.write); got != c.allowed {
			t.Errorf("%s: %v", c.name, got)
		}
		bought := loaded(t, s, mine("ann")).Purchases
		for id, n := range c.want {
			if bought[id] != n {
				t.Errorf("%s: bought %v, want %v", c.name, bought, c.want)
			}
		}
	}
	variants := stocked().with("ONE", 1, 1, perCustomer(3)).with("ANY", 1, 1)
	c := filled(t, won(), variants, choice("ONE", 2), engraved("ONE", 1, "x"), choice("ANY", 5))
	if got := cart.LimitedPurchases(c.Lines, variants.variants); len(got) != 1 ||
		got[0].VariantID != "ONE" || got[0].Quantity != 3 || got[0].Limit != 3 {
		t.Errorf("limited %v", got)
	}
}
