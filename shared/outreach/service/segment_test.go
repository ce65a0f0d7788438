package service_test

import (
	"slices"
	"testing"
	"time"

	"dangol/infra/testkit/localtest"
	"dangol/shared/outreach/contact"
	"dangol/shared/outreach/segment"
	"dangol/shared/outreach/sequence"
	"dangol/shared/outreach/service"
	"dangol/shared/platform/table"
	"dangol/shared/promotion/store"
)

func (f *fixture) in(email, name string) bool {
	f.t.Helper()
	c, err := f.Contacts.Of(f.t.Context(), email)
	if err != nil {
		f.t.Fatal(err)
	}
	return slices.Contains(c.Segments, name)
}

func TestPeopleComeIntoSegmentsAndLeaveThem(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Commerce = localtest.Table(t, table.Commerce)
	order := func(email, id string) {
		at := f.clock.Now()
		h := service.TriggerEvent{
			Event:   sequence.Event{Type: "order.placed", At: at, Data: map[string]string{"orderId": id}},
			Order:   &segment.Order{ID: id, At: at, Amount: 10_000, Currency: "KRW"},
			Profile: func(c *contact.Contact) { c.CustomerID = "cust_" + id },
		}
		if err := f.Take(t.Context(), email, h); err != nil {
			t.Fatal(err)
		}
	}
	order("early@example.com", "1")
	saved, err := f.SaveSegment(t.Context(), "recent",
		segment.Condition{Orders: &segment.OrderCondition{AtLeast: 1, Days: 30}})
	if err != nil || saved.Ready {
		t.Fatal(saved, err)
	}
	f.advance(5 * time.Minute)
	order("late@example.com", "2")
	for _, email := range []string{"early@example.com", "late@example.com"} {
		if !f.in(email, "recent") {
			t.Errorf("%s is not in the segment", email)
		}
	}
	var promotions struct {
		Segments []string `dynamodbav:"segments"`
	}
	if err := f.Commerce.Get(t.Context(), store.KeyOfSegments("cust_2"), &promotions); err != nil ||
		!slices.Equal(promotions.Segments, []string{"recent"}) {
		t.Errorf("promotions see %v, %v", promotions.Segments, err)
	}
	f.advance(31 * 24 * time.Hour) // nothing happens but time
	for _, email := range []string{"early@example.com", "late@example.com"} {
		if f.in(email, "recent") {
			t.Errorf("%s is still in the segment after 31 days", email)
		}
	}
	all, err := f.Segments(t.Context())
	if err != nil || len(all) != 1 || !all[0].Ready {
		t.Errorf("%+v, %v", all, err)
	}
}
