package contact_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"dangol/shared/outreach/contact"
)

func TestWhatIsKnownOfReturnsDoesNotDependOnTheOrderOfTheEvents(t *testing.T) {
	t.Parallel()
	at := func(hours int) time.Time {
		return time.Date(2026, 11, 30, hours, 0, 0, 0, time.UTC)
	}
	events := []contact.ReturnEvent{
		{OrderID: "ord_1", ReturnID: "ret_1", At: at(1)},
		{OrderID: "ord_1", ReturnID: "ret_1", At: at(3), Over: true, Undone: true},
		{OrderID: "ord_1", ReturnID: "ret_2", At: at(2)},
		{OrderID: "ord_2", ReturnID: "ret_3", At: at(4)},
		{OrderID: "ord_2", ReturnID: "ret_3", At: at(5), Over: true},
		{OrderID: "ord_3", At: at(6), Undone: true, Whole: true},
	}
	rapid.Check(t, func(t *rapid.T) {
		c := contact.New("mina@example.com")
		// Each event at least once, in any order.
		for _, e := range rapid.Permutation(append(events, events...)).Draw(t, "events") {
			c.NoteReturn(e)
		}
		for order, want := range map[string]bool{"ord_1": true, "ord_2": false, "ord_3": false, "ord_4": false} {
			if c.ReturnOpen(order, at(9)) != want {
				t.Fatalf("%s: a return is open: %v", order, !want)
			}
		}
		for _, q := range []struct {
			order string
			at    int
			want  bool
		}{{"ord_1", 2, true}, {"ord_1", 4, false}, {"ord_2", 9, false}, {"ord_3", 9, true}, {"ord_4", 1, false}} {
			if got := c.OrderUndone(q.order, at(q.at)); got != q.want {
				t.Fatalf("%s, what happened at %d is undone: %v", q.order, q.at, got)
			}
		}
	})
}

func TestReturnsAreRememberedOfTheLatestOrdersOnly(t *testing.T) {
	t.Parallel()
	c := contact.New("mina@example.com")
	for n := range 30 {
		c.NoteReturn(contact.ReturnEvent{OrderID: fmt.Sprintf("ord_%02d", n), ReturnID: "ret", At: time.Unix(int64(n), 0)})
	}
	if len(c.Returning) != 20 || c.ReturnOpen("ord_09", time.Unix(99, 0)) ||
		!c.ReturnOpen("ord_10", time.Unix(99, 0)) || c.ReturnOpen("ord_10", time.Unix(99, 0).AddDate(0, 5, 0)) {
		t.Errorf("%d orders are remembered", len(c.Returning))
	}
}
