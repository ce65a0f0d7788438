package service_test

import (
	"fmt"
	"testing"
	"time"

	"dangol/shared/outreach/segment"
	"dangol/shared/outreach/sequence"
	"dangol/shared/outreach/service"
)

// buySoap lets somebody buy soap; the event may come again.
func (f *fixture) buySoap(email, orderID string, times int) {
	f.t.Helper()
	at := f.clock.Now()
	for range times {
		err := f.Take(f.t.Context(), email, service.TriggerEvent{
			Event: sequence.Event{Type: "order.placed", At: at, Data: map[string]string{"orderId": orderID}},
			Order: &segment.Order{ID: orderID, At: at, Amount: 9_000, Currency: "KRW", Products: []string{"soap", "soap"}},
		})
		if err != nil {
			f.t.Fatal(err)
		}
	}
}

// replenish is how long after their last purchase somebody is reminded; ok is false for never.
func (f *fixture) replenish(email string) (after time.Duration, ok bool) {
	f.t.Helper()
	c, err := f.Contacts.Of(f.t.Context(), email)
	if err != nil {
		f.t.Fatal(err)
	}
	at, ok, err := f.ReplenishAt(f.t.Context(), c.Person, "soap")
	if err != nil {
		f.t.Fatal(err)
	}
	last, _ := c.Person.LastOrder()
	return at.Sub(last.At), ok
}

func TestWhoBuysForTheFirstTimeIsRemindedByTheMedianOfTheOthers(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const day = 24 * time.Hour
	for i := range 9 {
		f.buySoap(fmt.Sprintf("reader%d@example.com", i), fmt.Sprint("first", i), 1)
	}
	f.clock.Advance(30 * day)
	for i := range 9 {
		f.buySoap(fmt.Sprintf("reader%d@example.com", i), fmt.Sprint("second", i), 2) // comes twice, counts once
	}
	f.buySoap(person, "new", 1)
	if after, ok := f.replenish(person); ok {
		t.Errorf("nine intervals are too few, and say %s", after)
	}
	f.clock.Advance(90 * day)
	f.buySoap("reader0@example.com", "third", 1)
	after, ok := f.replenish(person)
	if !ok || after < 30*day || after > 33*day {
		t.Errorf("%s, %t; nine of ten bought again after 30 days", after, ok)
	}
	// Their own median goes before: (30 + 90) / 2.
	if after, ok := f.replenish("reader0@example.com"); !ok || after != 60*day {
		t.Errorf("their own interval is %s, %t", after, ok)
	}
}
