package service_test

import (
	"strings"
	"testing"
	"time"

	"dangol/shared/outreach/contact"
	"dangol/shared/outreach/sequence"
	"dangol/shared/outreach/service"
	"dangol/shared/platform/due"
	"dangol/shared/platform/table"
)

// note tells the service what happened to a return of an order.
func (f *fixture) note(e contact.ReturnEvent) {
	f.t.Helper()
	e.OrderID, e.At = "ord_1", f.clock.Now()
	h := service.TriggerEvent{Event: sequence.Event{At: e.At}, Return: &e}
	if e.Undone {
		h.Event.Type, h.Event.Data = "order.returned", map[string]string{"orderId": e.OrderID}
	}
	if err := f.Take(f.t.Context(), person, h); err != nil {
		f.t.Fatal(err)
	}
}

// runsOf are the runs of the person that are under way.
func (f *fixture) runsOf() []string {
	f.t.Helper()
	c, err := f.Contacts.Of(f.t.Context(), person)
	if err != nil {
		f.t.Fatal(err)
	}
	return c.Runs
}

const days = 24 * time.Hour

func TestMessagesAboutAnOrderWaitWhileAReturnOfItIsOpen(t *testing.T) {
	t.Parallel()
	open := contact.ReturnEvent{ReturnID: "ret_1"}
	over := contact.ReturnEvent{ReturnID: "ret_1", Over: true}
	back := contact.ReturnEvent{ReturnID: "ret_1", Over: true, Undone: true}
	for _, c := range []struct {
		name  string
		open  time.Duration        // after the delivery
		end   *contact.ReturnEvent // nil while it stays open
		after time.Duration
		mails string
	}{
		{"no return: tips, and two requests for a review", 0, nil, 0, "tips ask ask_again"},
		{"a return that stays open", days, nil, 0, ""},
		{"one that is rejected in time for everything", days, &over, 2 * days, "tips ask ask_again"},
		{"one that is canceled when it is too late for the tips", days, &over, 8 * days, "ask ask_again"},
		{"one that comes back", days, &back, 8 * days, ""},
		{"one that begins after the tips", 5 * days, &over, 15 * days, "tips ask_again"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.agree(person)
			f.take(person, "order.delivered", "orderId", "ord_1")
			if c.open > 0 {
				f.advance(c.open)
				f.note(open)
			}
			if c.end != nil {
				f.advance(c.after)
				f.note(*c.end)
				f.note(open) // the event of the request comes once more, late
			}
			f.advance(40 * days)
			if got := strings.Join(f.templates(), " "); got != c.mails {
				t.Errorf("mails %q, want %q", got, c.mails)
			}
		})
	}
}

// A mail that was planned just before the return is stopped while it waits for its turn.
func TestARequestForAReviewThatWaitsInTheOutboxIsStoppedByAReturn(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.agree(person)
	f.take(person, "order.delivered", "orderId", "ord_1")
	f.advance(5 * days)
	tips := len(f.mails)
	f.clock.Advance(4 * days)
	// The run is moved, and the mailer is not there yet.
	for _, key := range f.runsOf() {
		if err := f.WorkRun(t.Context(), due.Job{Key: table.Key{PK: key, SK: "RUN"}}); err != nil {
			t.Fatal(err)
		}
	}
	f.note(contact.ReturnEvent{ReturnID: "ret_1"})
	f.advance(2 * days)
	if tips != 1 || len(f.mails) != tips {
		t.Errorf("mails %q", f.templates())
	}
}

func TestADeliveryThatIsHeardOfAfterTheReturnStartsNothing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		back   contact.ReturnEvent
		late   bool // the delivery happened before the return was settled
		starts bool
	}{
		{"all of the order came back before", contact.ReturnEvent{ReturnID: "ret_1", Over: true, Undone: true, Whole: true},
			false, false},
		{"a part came back, and the event is late", contact.ReturnEvent{ReturnID: "ret_1", Over: true, Undone: true}, true,
			false},
		{"a part came back, and then the rest arrived", contact.ReturnEvent{ReturnID: "ret_1", Over: true, Undone: true},
			false, true},
		{"the shop accepted nothing", contact.ReturnEvent{ReturnID: "ret_1", Over: true}, true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.agree(person)
			f.note(c.back)
			at := f.clock.Now().Add(-time.Hour)
			if !c.late {
				f.clock.Advance(2 * time.Hour)
				at = f.clock.Now()
			}
			h := service.TriggerEvent{Event: sequence.Event{Type: "order.delivered", At: at,
				Data: map[string]string{"orderId": "ord_1"}}}
			if err := f.Take(t.Context(), person, h); err != nil {
				t.Fatal(err)
			}
			if n := len(f.runsOf()); (n > 0) != c.starts {
				t.Errorf("%d runs", n)
			}
		})
	}
}
