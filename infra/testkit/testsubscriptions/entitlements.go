package testsubscriptions

import (
	"context"
	"reflect"
	"testing"

	"dangol/shared/membership"
	"dangol/shared/subscription/service"
)

// EntitlementsOf reads what memberships a customer has.
func (w *Shop) EntitlementsOf(t testing.TB, customerID string) membership.Entitlements {
	t.Helper()
	s, err := w.Unfaulted.Entitlements(context.Background(), customerID)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// standings are what customers should have, by customer and subscription.
type entitlementsByCustomer map[string]map[string]membership.Entitlement

func (s entitlementsByCustomer) add(r *service.Record) {
	for _, customer := range []string{r.Sub.CustomerID, r.Sub.Holder()} {
		if customer != "" && s[customer] == nil { // what nobody holds stands nowhere
			s[customer] = map[string]membership.Entitlement{}
		}
	}
	if h, ok := r.Sub.Membership(r.Title()); ok && r.Sub.Holder() != "" {
		s[r.Sub.Holder()][r.Sub.ID] = h
	}
}

// checkEntitlements holds the entitlements of each customer against their subscriptions.
func (w *Shop) checkEntitlements(t testing.TB, want entitlementsByCustomer) {
	t.Helper()
	for customer, of := range want {
		got := map[string]membership.Entitlement{}
		for _, h := range w.EntitlementsOf(t, customer) {
			got[h.SubscriptionID] = h
		}
		if !reflect.DeepEqual(got, of) {
			t.Errorf("%s has the standing %+v, and subscriptions that give %+v", customer, got, of)
		}
	}
}
