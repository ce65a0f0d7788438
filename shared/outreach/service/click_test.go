package service_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"dangol/shared/compliance"
	"dangol/shared/outbox"
	"dangol/shared/outreach/consent"
	"dangol/shared/outreach/tracking"
)

// A click of a program is taken back from its person also when that fails the first time: the program's next request
// comes within a second.
func TestAClickOfAProgramIsTakenBackInTheEnd(t *testing.T) {
	t.Parallel()
	db := &interceptor{}
	f := newFixture(t, db.wrap)
	f.agree(person)
	m := outbox.Mail{
		ID: "m1", Kind: compliance.Marketing, To: person, Template: "cart_reminder", Contact: consent.ContactID(person),
		Source: outbox.Source{Name: "sequence:test", Step: "mail"}, Topic: "cart", Compose: &outbox.Compose{},
	}
	links := []string{f.Shop.URL + "/1", f.Shop.URL + "/2", f.Shop.URL + "/3", f.Shop.URL + "/4"}
	if err := f.Outbox.Begin(t.Context(), m, links, f.clock.Now()); err != nil {
		t.Fatal(err)
	}
	f.clock.Advance(time.Hour)
	failed := 0
	for place := range links {
		// At the third link it is seen to be a program; the contact cannot be written then.
		if place == 2 {
			db.before = func(operation, pk string) error {
				if operation == "GetItem" || !strings.HasPrefix(pk, "CONTACT#") {
					return nil
				}
				db.before = nil
				return errDown
			}
		}
		r, err := f.Outbox.Get(t.Context(), "m1")
		if err != nil {
			t.Fatal(err)
		}
		err = f.Hit(t.Context(), r, place, tracking.Hit{At: f.clock.Now(), Delivered: f.clock.Now().Add(-time.Hour),
			Method: http.MethodGet, UserAgent: "Mozilla/5.0 (iPhone) Safari/604.1"})
		if err != nil {
			failed++
		}
		f.clock.Advance(time.Second)
	}
	c, err := f.Contacts.Of(t.Context(), person)
	if err != nil || failed != 1 || len(c.Touches) != 0 || len(c.Person.Events["mail.clicked"]) != 0 {
		t.Errorf("%d failed, touches %+v, events %v, %v", failed, c.Touches, c.Person.Events, err)
	}
	report, err := f.Outbox.Report(t.Context(), "sequence:test")
	if n := report["mail"]; err != nil || n["clicked"] != 0 || n["machine_clicked"] != 1 {
		t.Errorf("counted %v, %v", n, err)
	}
}
