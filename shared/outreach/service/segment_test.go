package service_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"dangol/infra/testkit/localtest"
	"dangol/shared/compliance"
	"dangol/shared/outreach/consent"
	"dangol/shared/outreach/contact"
	"dangol/shared/outreach/segment"
	"dangol/shared/outreach/sequence"
	"dangol/shared/outreach/service"
	"dangol/shared/platform/due"
	"dangol/shared/platform/problem"
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

// inCommerce are the segments that promotions see of a customer.
func (f *fixture) inCommerce(customerID string) []string {
	f.t.Helper()
	var found struct {
		Segments []string `dynamodbav:"segments"`
	}
	err := f.Commerce.Get(f.t.Context(), store.KeyOfSegments(customerID), &found)
	if err != nil && !errors.Is(err, table.ErrNotFound) {
		f.t.Fatal(err)
	}
	return found.Segments
}

// customer lets the person do something as a customer.
func (f *fixture) customer(customerID, event string, order *segment.Order) {
	f.t.Helper()
	err := f.Take(f.t.Context(), person, service.TriggerEvent{
		Event: sequence.Event{Type: event, At: f.clock.Now(), Data: map[string]string{"orderId": "1", "cartId": "1"}},
		Order: order, Profile: func(c *contact.Contact) { c.CustomerID = customerID },
	})
	if err != nil {
		f.t.Fatal(err)
	}
}

// Somebody may be in segments before it is known which customer they are.
func TestPromotionsSeeTheSegmentsOfSomebodyWhoBecomesACustomer(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Commerce = localtest.Table(t, table.Commerce)
	agreed := segment.Condition{Consent: &segment.ConsentCondition{Channel: compliance.Email, Is: compliance.Given}}
	if _, err := f.SaveSegment(t.Context(), "agreed", agreed); err != nil {
		t.Fatal(err)
	}
	f.agree(person)
	f.take(person, "cart.changed", "cartId", "1")
	if !f.in(person, "agreed") {
		t.Fatal("not in the segment")
	}
	f.customer("cus_1", "cart.changed", nil)
	if got := f.inCommerce("cus_1"); !slices.Equal(got, []string{"agreed"}) {
		t.Errorf("promotions see %q", got)
	}
}

// Of two changes at one time one is decided again; what it wrote for promotions the first time must not stay.
func TestPromotionsSeeTheSegmentsOfTheChangeThatWasStored(t *testing.T) {
	t.Parallel()
	db := &interceptor{}
	f := newFixture(t)
	f.Commerce = localtest.Table(t, table.Commerce, db.wrap)
	one, none := 1, 0
	for name, c := range map[string]segment.Condition{
		"bought": {Orders: &segment.OrderCondition{AtLeast: one}},
		"looked": {All: []segment.Condition{
			{Orders: &segment.OrderCondition{AtMost: &none}},
			{Event: &segment.EventCondition{Type: "cart.changed", AtLeast: one}},
		}},
	} {
		if _, err := f.SaveSegment(t.Context(), name, c); err != nil {
			t.Fatal(err)
		}
	}
	f.agree(person)
	// The order is taken in while the cart is: after its segments were decided, and before it is stored.
	db.before = func(string, string) error {
		db.before = nil
		f.customer("cus_1", "order.placed", &segment.Order{ID: "1", At: f.clock.Now(), Amount: 1_000, Currency: "KRW"})
		return nil
	}
	f.customer("cus_1", "cart.changed", nil)
	if got := f.inCommerce("cus_1"); !slices.Equal(got, []string{"bought"}) {
		t.Errorf("promotions see %q", got)
	}
}

// A change that was under way while a person was erased leaves nothing of them with the promotions.
func TestNoSegmentOutlivesTheErasureOfItsCustomer(t *testing.T) {
	t.Parallel()
	db := &interceptor{}
	f := newFixture(t, db.wrap)
	f.Commerce = localtest.Table(t, table.Commerce)
	bought := segment.Condition{Orders: &segment.OrderCondition{AtLeast: 1}}
	if _, err := f.SaveSegment(t.Context(), "bought", bought); err != nil {
		t.Fatal(err)
	}
	f.customer("cus_1", "cart.changed", nil)
	// The order is taken in by another worker when the erasure has emptied the list and is about to be stored.
	db.before = func(operation, pk string) error {
		if operation != "PutItem" && operation != "TransactWriteItems" || pk != "CONTACT#"+consent.ContactID(person) {
			return nil
		}
		db.before = nil
		return f.Commerce.Put(t.Context(), table.Put{Item: store.Segments("cus_1", "bought")})
	}
	if err := f.Erase(t.Context(), person); err != nil {
		t.Fatal(err)
	}
	if got := f.inCommerce("cus_1"); len(got) != 0 {
		t.Errorf("promotions see %q", got)
	}
}

// The people of a segment are looked at for minutes. One that is saved again meanwhile, be it at the same instant,
// keeps its new condition, and its people are looked at anew.
func TestASegmentThatIsSavedWhileItsPeopleAreLookedAtKeepsItsCondition(t *testing.T) {
	t.Parallel()
	db := &interceptor{}
	f := newFixture(t, db.wrap)
	f.agree(person)
	answered := func(is compliance.ChannelConsent) segment.Condition {
		return segment.Condition{Consent: &segment.ConsentCondition{Channel: compliance.Email, Is: is}}
	}
	saved, err := f.SaveSegment(t.Context(), "readers", answered(compliance.Refused))
	if err != nil {
		t.Fatal(err)
	}
	db.before = func(operation, pk string) error {
		if operation != "PutItem" || pk != saved.PK {
			return nil
		}
		db.before = nil
		_, err := f.SaveSegment(t.Context(), "readers", answered(compliance.Given))
		return err
	}
	if err := f.WorkSegment(t.Context(), due.Job{Key: saved.Key}); err != nil {
		t.Fatal(err)
	}
	f.advance(5 * time.Minute)
	all, err := f.Segments(t.Context())
	if err != nil || len(all) != 1 || all[0].Condition.Consent.Is != compliance.Given || !all[0].Ready ||
		!f.in(person, "readers") {
		t.Errorf("%+v, in it: %t, %v", all, f.in(person, "readers"), err)
	}
}

// TestASegmentBeyondTheLimitIsLookedAtToo: two that are saved at once can be one too many.
func TestASegmentBeyondTheLimitIsLookedAtToo(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	condition := segment.Condition{Orders: &segment.OrderCondition{AtLeast: 1}}
	var saved service.Segment
	for i := range 50 {
		var err error
		if saved, err = f.SaveSegment(t.Context(), fmt.Sprintf("s%02d", i), condition); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := f.SaveSegment(t.Context(), "z", condition); problem.Code(err) != "too_many_segments" {
		t.Errorf("one too many: %v", err)
	}
	saved.Key, saved.Name, saved.Place = segment.Key("z"), "z", "z"
	if err := f.Table.Put(t.Context(), table.Put{Item: saved, If: table.IfNew}); err != nil {
		t.Fatal(err)
	}
	all, err := f.Segments(t.Context())
	if err != nil || len(all) != 51 {
		t.Errorf("%d segments, %v", len(all), err)
	}
}
