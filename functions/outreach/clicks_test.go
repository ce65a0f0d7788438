package outreach_test

import (
	"net/http"
	"slices"
	"strconv"
	"testing"
	"time"

	"dangol/shared/outreach/segment"
	"dangol/shared/outreach/tracking"
)

func TestAProgramThatFollowsEveryLinkIsNoPerson(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.agree()
	b.record("m1", "https://shop.example.com/cart", "https://shop.example.com/a", "https://shop.example.com/b")
	b.clock.Advance(time.Hour) // long after the delivery, under the name of a browser
	for _, place := range []string{"0", "1", "2", "2"} {
		b.guest.With("User-Agent", phone).Do("GET", "/outreach/links/"+b.sign(tracking.Link, "m1", place), nil).
			Want(http.StatusFound)
		b.clock.Advance(time.Second)
	}
	report, err := b.service.Outbox.Report(t.Context(), "sequence:abandoned_cart")
	if n := report["reminder"]; err != nil || n["clicked"] != 0 || n["machine_clicked"] != 1 {
		t.Errorf("counted %v, %v", n, err)
	}
	if c := b.contact(reader); len(c.Touches) != 0 || len(c.Person.Events["mail.clicked"]) != 0 {
		t.Errorf("a purchase would count for the mail: %+v", c.Touches)
	}
}

func TestAPersonMayComeBackForAnotherLink(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.agree()
	b.record("m1", "https://shop.example.com/cart", "https://shop.example.com/a", "https://shop.example.com/b")
	for _, place := range []string{"0", "1", "2"} {
		b.clock.Advance(time.Minute)
		b.guest.With("User-Agent", phone).Do("GET", "/outreach/links/"+b.sign(tracking.Link, "m1", place), nil).
			Want(http.StatusFound)
	}
	report, err := b.service.Outbox.Report(t.Context(), "sequence:abandoned_cart")
	if n := report["reminder"]; err != nil || n["clicked"] != 1 || n["machine_clicked"] != 0 {
		t.Errorf("counted %v, %v", n, err)
	}
}

// Segments follow a click, and the taking back of one, at once.
func TestAClickMovesIntoTheSegmentThatAsksForItAndOneOfAProgramOutAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.agree()
	_, err := b.service.SaveSegment(t.Context(), "clickers",
		segment.Condition{Event: &segment.EventCondition{Type: "mail.clicked", AtLeast: 1, Days: 30}})
	if err != nil {
		t.Fatal(err)
	}
	b.record("m1", "https://shop.example.com/cart", "https://shop.example.com/a", "https://shop.example.com/b")
	b.clock.Advance(time.Hour)
	for place, want := range [][]string{{"clickers"}, {"clickers"}, nil} {
		b.guest.With("User-Agent", phone).
			Do("GET", "/outreach/links/"+b.sign(tracking.Link, "m1", strconv.Itoa(place)), nil).Want(http.StatusFound)
		b.clock.Advance(time.Second)
		if c := b.contact(reader); !slices.Equal(c.Segments, want) {
			t.Errorf("after link %d in %v, want %v: %v", place, c.Segments, want, c.Person.Events)
		}
	}
}
