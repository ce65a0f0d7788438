package members

import (
	"context"
	"reflect"
	"testing"

	"dangol/shared/membership"
)

// StandingOf reads what memberships a customer has.
func (w *World) StandingOf(t testing.TB, customerID string) membership.Standing {
	t.Helper()
	s, err := w.Look.Standing(context.Background(), customerID)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// checkStanding holds the standing of each customer against their subscriptions.
func (w *World) checkStanding(t testing.TB) {
	t.Helper()
	want := map[string]map[string]membership.Held{}
	for _, r := range w.All(t) {
		of := want[r.Sub.CustomerID]
		if of == nil {
			of = map[string]membership.Held{}
			want[r.Sub.CustomerID] = of
		}
		if h, ok := r.Sub.Membership(r.Title()); ok {
			of[r.Sub.ID] = h
		}
	}
	for customer, of := range want {
		got := map[string]membership.Held{}
		for _, h := range w.StandingOf(t, customer) {
			got[h.SubscriptionID] = h
		}
		if !reflect.DeepEqual(got, of) {
			t.Errorf("%s has the standing %+v, and subscriptions that give %+v", customer, got, of)
		}
	}
}
