package service_test

import (
	"testing"
	"time"

	"dangol/shared/outbox"
	"dangol/shared/outreach/contact"
	"dangol/shared/platform/table"
)

// What can be added to the next box is of no use to who reads it after the box was charged: a mail that waits for a
// place under the cap waits no longer than its series allows.
func TestAMailOfASeriesWaitsForTheCapNoLongerThanItMayBeLate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		ago  time.Duration // when the week's mails were sent, before the mail is due
		sent bool
	}{
		{"a place is free in twelve hours", 7*24*time.Hour - 12*time.Hour, true},
		{"a place is free in five days, after the charge", 2 * 24 * time.Hour, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.agree(person)
			renews := time.Date(2026, 4, 10, 12, 0, 0, 0, seoul)
			due := time.Date(2026, 4, 7, 10, 0, 0, 0, seoul) // the first ten o'clock four days before
			_, err := f.Contacts.Change(t.Context(), person, f.clock.Now(),
				func(p *contact.Contact) ([]table.Write, bool, error) {
					for range 3 { // of four one is reserved
						p.Sent(due.Add(-c.ago))
					}
					return nil, false, nil
				})
			if err != nil {
				t.Fatal(err)
			}
			f.take(person, "subscription.renewal_due", "subscriptionId", "sub_1", "renewsAt", renews.Format(time.RFC3339))
			f.advance(40 * 24 * time.Hour)
			if got := len(f.mails) == 1; got != c.sent {
				t.Errorf("mails %v", f.templates())
			}
			for _, m := range f.mails {
				if m.Planned.After(due.Add(24 * time.Hour)) {
					t.Errorf("planned for %s, a charge on %s", m.Planned, renews)
				}
			}
			report, err := f.Outbox.Report(t.Context(), "sequence:renewal_reminder")
			if n := report["add_on"][outbox.CountWithheld]; err != nil || (n == 0) != c.sent {
				t.Errorf("%d withheld, %v", n, err)
			}
		})
	}
}
