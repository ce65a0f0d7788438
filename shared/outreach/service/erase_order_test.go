package service_test

import (
	"fmt"
	"testing"
	"time"

	"dangol/shared/outreach/contact"
	"dangol/shared/outreach/segment"
	"dangol/shared/outreach/sequence"
	"dangol/shared/outreach/service"
	"dangol/shared/platform/table"
)

// Orders that the profile no longer lists are the person's all the same: those that were canceled, and the oldest of a
// regular who has ordered very often.
func TestAnErasureFindsOrdersThatTheProfileDoesNotListAnyMore(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.buy("ord_canceled", f.clock.Now())
	err := f.Take(t.Context(), person, service.TriggerEvent{
		Event: sequence.Event{Type: "order.canceled", At: f.clock.Now(),
			Data: map[string]string{"orderId": "ord_canceled"}},
		Canceled: "ord_canceled",
	})
	if err != nil {
		t.Fatal(err)
	}
	f.buy("ord_0", f.clock.Now())
	_, err = f.Contacts.Change(t.Context(), person, f.clock.Now(), func(c *contact.Contact) ([]table.Write, bool, error) {
		for n := range segment.MaxOrders {
			c.Person.Ordered(segment.Order{ID: fmt.Sprint("ord_in_between_", n), At: f.clock.Now().Add(time.Minute)})
		}
		return nil, false, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	f.clock.Advance(time.Hour)
	f.buy("ord_100", f.clock.Now())
	for _, order := range []string{"ord_canceled", "ord_0", "ord_100"} {
		if email, err := f.BuyerOf(t.Context(), order); err != nil || email != person {
			t.Errorf("the buyer of %s is %q, %v", order, email, err)
		}
	}
	if err := f.Erase(t.Context(), person); err != nil {
		t.Fatal(err)
	}
	for _, order := range []string{"ord_canceled", "ord_0", "ord_100"} {
		if email, err := f.BuyerOf(t.Context(), order); err != nil || email != "" {
			t.Errorf("after the erasure the buyer of %s is %q, %v", order, email, err)
		}
	}
	if found := f.holding(person); len(found) > 0 {
		t.Errorf("the address is still in %q", found)
	}
	if email, err := f.BuyerOf(t.Context(), "ord_unknown"); err != nil || email != "" {
		t.Errorf("the buyer of an order that nobody knows is %q, %v", email, err)
	}
}
