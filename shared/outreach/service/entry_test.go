package service_test

import (
	"testing"
	"time"

	"dangol/shared/compliance"
	"dangol/shared/outreach/contact"
	"dangol/shared/outreach/segment"
	"dangol/shared/outreach/sequence"
	"dangol/shared/platform/table"
)

// thanks is a series for people who come into a segment.
func (f *fixture) thanks(reentry string) {
	f.t.Helper()
	library, err := sequence.NewLibrary(sequence.Definition{
		ID: "thanks", Version: 1, Purpose: "Thanks regulars", Kind: compliance.Marketing, Topic: "news",
		Entry: sequence.Entry{Segment: "regulars"}, Reentry: reentry, MaxLateness: "1d",
		Steps: []sequence.Step{{ID: "thank", Send: &sequence.Send{Channel: compliance.Email, Template: "win_back"}}},
	})
	if err != nil {
		f.t.Fatal(err)
	}
	f.Library = library
	condition := segment.Condition{Orders: &segment.OrderCondition{AtLeast: 1, Days: 30}}
	if _, err := f.SaveSegment(f.t.Context(), "regulars", condition); err != nil {
		f.t.Fatal(err)
	}
	f.advance(5 * time.Minute)
}

func TestComingIntoASegmentStartsASeriesEachTimeThatItsRuleAllows(t *testing.T) {
	t.Parallel()
	for reentry, want := range map[string]int{"never": 1, "60d": 2} {
		f := newFixture(t)
		f.agree(person)
		f.thanks(reentry)
		for _, order := range []string{"ord_1", "ord_2", "ord_3"} {
			f.take(person, "order.placed", "orderId", order)
			f.take(person, "order.placed", "orderId", order) // delivered twice
			f.advance(time.Hour)
			if order == "ord_1" {
				f.take(person, "cart.changed", "cartId", "cart_1") // a member already
			}
			f.advance(40 * 24 * time.Hour) // leaves it again
		}
		if got := len(f.mails); got != want {
			t.Errorf("re-entry %s: %d mails %q, want %d", reentry, got, f.templates(), want)
		}
	}
}

func TestWhoIsAMemberAlreadyEntersWhenTheSegmentIsSaved(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.agree(person)
	f.take(person, "order.placed", "orderId", "ord_1")
	f.thanks("never")
	f.advance(time.Hour)
	if len(f.mails) != 1 {
		t.Errorf("sent %q", f.templates())
	}
}

func TestABirthdayIsOneDayInTheZoneOfThePerson(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		birthday, zone string
		want           []string // UTC
	}{
		"in Seoul":                {"03-21", "Asia/Seoul", []string{"2026-03-21 00:00", "2027-03-21 00:00"}},
		"on the other side":       {"03-21", "America/Los_Angeles", []string{"2026-03-21 16:00", "2027-03-21 16:00"}},
		"today, after nine":       {"03-10", "Asia/Seoul", []string{"2027-03-10 00:00"}},
		"29 February":             {"02-29", "Asia/Seoul", []string{"2027-02-28 00:00", "2028-02-29 00:00"}},
		"the day the clock jumps": {"03-14", "America/New_York", []string{"2026-03-14 13:00", "2027-03-14 13:00"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			d, ok := f.Library.Version("birthday", 1)
			if !ok {
				t.Fatal("no birthday series")
			}
			for i := range d.Steps { // without the code, which needs a promotion
				if d.Steps[i].Send != nil {
					d.Steps[i].Send = &sequence.Send{Channel: compliance.Email, Template: "birthday"}
				}
			}
			library, err := sequence.NewLibrary(d)
			if err != nil {
				t.Fatal(err)
			}
			f.Library = library
			f.agree(person)
			_, err = f.Contacts.Change(t.Context(), person, f.clock.Now(),
				func(p *contact.Contact) ([]table.Write, bool, error) {
					p.Person.Birthday, p.Zone = c.birthday, c.zone
					return nil, false, nil
				})
			if err != nil {
				t.Fatal(err)
			}
			f.take(person, "mail.clicked") // any change looks at the contact
			if name == "29 February" {
				f.advance(2 * 366 * 24 * time.Hour)
			} else {
				f.advance(380 * 24 * time.Hour)
			}
			var got []string
			for _, m := range f.mails {
				if m.Template == "birthday" {
					got = append(got, m.Planned.UTC().Format("2006-01-02 15:04"))
				}
			}
			if len(got) != len(c.want) {
				t.Fatalf("mails at %q, want %q", got, c.want)
			}
			for i := range got {
				if got[i] != c.want[i] {
					t.Errorf("mails at %q, want %q", got, c.want)
				}
			}
		})
	}
}
