package order_test

import (
	"slices"
	"testing"

	"dangol/shared/order"
)

func TestAClaimedOrderGivesLimitsBackWhereTheyWereTaken(t *testing.T) {
	t.Parallel()
	o := bought(order.PayCaptured, 1)
	o.CustomerID = ""
	o.Counted = []order.LifetimeCount{{VariantID: "promo_once", Quantity: 1}}
	before := keysOf(t, o.ReleaseWrites())
	if !o.Claim("ann") || o.CustomerID != "ann" {
		t.Fatalf("the order is %q's", o.CustomerID)
	}
	if after := keysOf(t, o.ReleaseWrites()); !slices.Equal(after, before) {
		t.Errorf("taken at %v, given back at %v", before, after)
	}
	if o.Claim("bob") || o.CustomerID != "ann" {
		t.Errorf("the order of ann is %q's", o.CustomerID)
	}
}
