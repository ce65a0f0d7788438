package order_test

import (
	"slices"
	"testing"

	"dangol/shared/cart"
	"dangol/shared/order"
)

func TestAClaimedOrderGivesLimitsBackWhereTheyWereTaken(t *testing.T) {
	t.Parallel()
	o := bought(order.PayCaptured, 1)
	o.CustomerID = ""
	o.Counted = []order.LifetimeCount{{VariantID: "promo_once", Quantity: 1}}
	before := keysOf(t, o.ReleaseWrites())
	claimed, counts := o.Claim("ann")
	if !claimed || o.CustomerID != "ann" {
		t.Fatalf("the order is %q's", o.CustomerID)
	}
	// The use counts for the mail address, for later orders of the guest, and for the customer, who is the same person.
	both := append(before, cart.KeyOfPurchases("ann"))
	if keys := keysOf(t, counts); len(keys) != 1 || keys[0] != both[1] {
		t.Errorf("counted at %v as well, want the customer's", keys)
	}
	if after := keysOf(t, o.ReleaseWrites()); !slices.Equal(after, both) {
		t.Errorf("taken at %v, given back at %v", both, after)
	}
	if again, counts := o.Claim("bob"); again || counts != nil || o.CustomerID != "ann" {
		t.Errorf("the order of ann is %q's", o.CustomerID)
	}
}
