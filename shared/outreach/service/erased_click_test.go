package service_test

import (
	"net/http"
	"testing"
	"time"

	"dangol/shared/compliance"
	"dangol/shared/outbox"
	"dangol/shared/outreach/consent"
	"dangol/shared/outreach/tracking"
)

// The mails of an erased person stay in their mailbox, and links in them work for as long as records are kept. A click
// leads where it should and brings back nothing of the profile.
func TestAClickInAnOldMailOfAnErasedPersonIsNotKept(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.agree(person)
	m := outbox.Mail{
		ID: "m1", Kind: compliance.Marketing, To: person, Template: "cart_reminder", Contact: consent.ContactID(person),
		Source: outbox.Source{Name: "sequence:test", Step: "mail"}, Topic: "cart", Compose: &outbox.Compose{},
	}
	if err := f.Outbox.Begin(t.Context(), m, []string{f.Shop.URL + "/cart"}, f.clock.Now()); err != nil {
		t.Fatal(err)
	}
	if err := f.Erase(t.Context(), person); err != nil {
		t.Fatal(err)
	}
	f.clock.Advance(time.Hour)
	r, err := f.Outbox.Get(t.Context(), "m1")
	if err != nil {
		t.Fatal(err)
	}
	err = f.Hit(t.Context(), r, 0, tracking.Hit{
		At: f.clock.Now(), Delivered: f.clock.Now().Add(-time.Hour), Method: http.MethodGet,
		UserAgent: "Mozilla/5.0 (iPhone) Safari/604.1",
	})
	if err != nil {
		t.Fatal(err)
	}
	c, err := f.Contacts.Get(t.Context(), consent.ContactID(person))
	if err != nil || len(c.Touches) != 0 || len(c.Person.Events) != 0 {
		t.Errorf("touches %+v, events %v, %v", c.Touches, c.Person.Events, err)
	}
}
