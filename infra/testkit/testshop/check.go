package testshop

import (
	"context"
	"maps"
	"testing"

	"dangol/shared/cart"
	"dangol/shared/checkout"
	"dangol/shared/order"
	"dangol/shared/platform/event"
	"dangol/shared/platform/table"
	"dangol/shared/stock"
)

// Check fails the test unless, with nothing left to be done, the shop's books agree with the bank's: each payment was
// charged at most once, and stands behind an order or has gone back; each order is paid; stock plus what was sold is
// what there was; no cart is locked; nothing is due.
func (w *Shop) Check(t testing.TB) {
	t.Helper()
	w.Reconcile(t)
	orders := w.Orders(t)
	w.checkStock(t, orders)
	w.checkCarts(t, orders)
	w.checkOffers(t, orders)
	if at, more := w.nextDue(t.Context()); more {
		t.Errorf("something is still due, at %v", at)
	}
}

// checkStock adds what the live orders took to what is left.
func (w *Shop) checkStock(t testing.TB, orders []*order.Order) {
	t.Helper()
	sold := map[string]int{}
	for _, o := range orders {
		if o.State == order.Canceled && len(o.Allocations) > 0 {
			t.Errorf("order %s is canceled and still has stock", o.ID)
		}
		for _, taken := range o.Allocations {
			sold[taken.VariantID] += taken.Quantity
		}
	}
	for variant, began := range w.stock {
		if left := w.SellableUnits(t, variant); left < 0 || left+sold[variant] != began {
			t.Errorf("%s: %d left and %d sold, of %d", variant, left, sold[variant], began)
		}
	}
}

func (w *Shop) checkCarts(t testing.TB, orders []*order.Order) {
	t.Helper()
	ofCart := map[string]string{}
	for _, o := range orders {
		if o.CartID == "" || ofCart[o.CartID] != "" {
			t.Errorf("cart %q has orders %s and %s", o.CartID, ofCart[o.CartID], o.ID)
		}
		ofCart[o.CartID] = o.ID
	}
	for _, key := range w.carts {
		var c cart.Cart
		if err := w.Table.Get(t.Context(), key, &c); err != nil {
			t.Fatal(err)
		}
		switch {
		case c.State == cart.Paying:
			t.Errorf("cart %s is left locked by %s", c.ID, c.CheckoutID)
		case c.State == cart.Open && ofCart[c.ID] != "":
			t.Errorf("cart %s is open and has order %s", c.ID, ofCart[c.ID])
		case c.State == cart.Ordered && ofCart[c.ID] != c.OrderID:
			t.Errorf("cart %s names order %q, not %q", c.ID, c.OrderID, ofCart[c.ID])
		}
	}
}

// SellableUnits is how many units of a variant can be sold.
func (w *Shop) SellableUnits(t testing.TB, variantID string) int {
	t.Helper()
	wants := []stock.Request{{VariantID: variantID, Quantity: 1, Buckets: w.counts[variantID]}}
	levels, err := stock.Read(t.Context(), w.Table, stock.Keys(wants))
	if err != nil {
		t.Fatal(err)
	}
	for l := range maps.Values(levels) {
		if l.Available < 0 {
			t.Errorf("bucket %s has %d units", l.Key, l.Available)
		}
	}
	return stock.Available(levels, variantID, w.counts[variantID])
}

// Orders reads all orders.
func (w *Shop) Orders(t testing.TB) []*order.Order {
	t.Helper()
	var out []*order.Order
	w.EachOrder(t, func(o *order.Order) { out = append(out, o) })
	return out
}

// EachOrder hands each order to see, state by state.
func (w *Shop) EachOrder(t testing.TB, see func(*order.Order)) {
	t.Helper()
	store := order.Store{Table: w.Table, Clock: w.Clock}
	for _, state := range order.States {
		for next, first := table.Cursor(""), true; first || next != ""; first = false {
			page, err := store.InState(context.Background(), state, ordersAtOnce, next)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range page.Orders {
				o, err := store.Get(context.Background(), c.ID)
				if err != nil {
					t.Fatal(err)
				}
				see(o)
			}
			next = page.Next
		}
	}
}

const ordersAtOnce = 200

// Event is the last event of a checkout.
func (w *Shop) Event(t testing.TB, checkoutID string) event.Event {
	t.Helper()
	var c checkout.Checkout
	if err := w.Table.Get(t.Context(), checkout.KeyOf(checkoutID), &c); err != nil || c.Event == nil {
		t.Fatalf("checkout %s has no event: %v", checkoutID, err)
	}
	return *c.Event
}

// InitialUnits is how many units each stocked variant began with.
func (w *Shop) InitialUnits() map[string]int { return maps.Clone(w.stock) }
