package sequence_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"dangol/shared/outreach/segment"
	"dangol/shared/outreach/sequence"
)

var (
	seoul = time.FixedZone("KST", 9*60*60)
	start = time.Date(2026, 3, 10, 12, 0, 0, 0, seoul)
)

func builtin(t testing.TB, id string) sequence.Definition {
	t.Helper()
	library, err := sequence.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range library.Latest() {
		if d.ID == id {
			return d
		}
	}
	t.Fatalf("no series %s", id)
	return sequence.Definition{}
}

// person is somebody who is not in the holdout of any series here.
func person() segment.Person { return segment.Person{ID: "ctc_in", Country: "KR"} }

func event(kind string, at time.Time, data ...string) sequence.Event {
	e := sequence.Event{Type: kind, At: at, Data: map[string]string{}}
	for i := 0; i < len(data); i += 2 {
		e.Data[data[i]] = data[i+1]
	}
	return e
}

func enter(t testing.TB, d sequence.Definition, p segment.Person, e sequence.Event) sequence.Run {
	t.Helper()
	r, why := sequence.Enter(d, p, e, time.Time{}, seoul, e.At)
	if why != sequence.Started {
		t.Fatalf("not entered: %s", why)
	}
	return r
}

// play moves a run to its end and lists what it sent, when.
func play(d sequence.Definition, r sequence.Run, p segment.Person) (sent []string, end sequence.Run) {
	for range 100 {
		if r.Status != sequence.Active {
			return sent, r
		}
		now := r.Due
		var out *sequence.Outgoing
		if r, out = sequence.Advance(d, r, p, seoul, now); out != nil {
			line := now.In(seoul).Format("01-02 15:04 ") + out.Step
			if out.Withheld != "" {
				line += " " + string(out.Withheld)
			}
			sent = append(sent, line)
		}
	}
	return sent, r
}

func TestTheWholeOfAnAbandonedCart(t *testing.T) {
	t.Parallel()
	d, p := builtin(t, "abandoned_cart"), person()
	sent, end := play(d, enter(t, d, p, event("cart.changed", start, "cartId", "cart_1")), p)
	want := []string{"03-10 14:00 reminder", "03-11 14:00 push_reminder", "03-14 10:00 with_code"}
	if !slices.Equal(sent, want) || end.Status != sequence.Done || end.Sent != 3 {
		t.Errorf("sent %q, %+v", sent, end)
	}
	p.Ordered(segment.Order{ID: "ord_0", At: start.AddDate(-1, 0, 0)})
	sent, _ = play(d, enter(t, d, p, event("cart.changed", start, "cartId", "cart_1")), p)
	if !slices.Equal(sent, []string{"03-10 14:00 reminder", "03-11 14:00 push_reminder", "03-14 10:00 last"}) {
		t.Errorf("somebody who has bought before: %q", sent)
	}
}

func TestACartThatIsStillBeingFilledIsNotAbandoned(t *testing.T) {
	t.Parallel()
	d, p := builtin(t, "abandoned_cart"), person()
	r := enter(t, d, p, event("cart.changed", start, "cartId", "cart_1"))
	r, changed := sequence.HandleEvent(d, r, event("cart.changed", start.Add(time.Hour), "cartId", "cart_1"), seoul,
		start.Add(time.Hour))
	if !changed || !r.Due.Equal(start.Add(3*time.Hour)) {
		t.Errorf("due %s, changed %t", r.Due, changed)
	}
	if _, changed := sequence.HandleEvent(d, r, event("cart.changed", start.Add(2*time.Hour), "cartId", "cart_2"), seoul,
		start.Add(2*time.Hour)); changed {
		t.Error("another cart moved the run")
	}
	r, _ = sequence.Advance(d, r, p, seoul, r.Due)
	if _, changed := sequence.HandleEvent(d, r, event("cart.changed", start.Add(4*time.Hour), "cartId", "cart_1"), seoul,
		start.Add(4*time.Hour)); changed {
		t.Error("after the first mail the series starts anew")
	}
}

func TestWhoEntersASeries(t *testing.T) {
	t.Parallel()
	d := builtin(t, "abandoned_cart")
	tests := []struct {
		name  string
		event sequence.Event
		last  time.Time
		tell  func(*segment.Person)
		want  sequence.NotEntered
	}{
		{name: "a cart was changed", event: event("cart.changed", start, "cartId", "cart_1")},
		{name: "another event", event: event("order.placed", start, "cartId", "cart_1"), want: sequence.OtherEvent},
		{name: "no key", event: event("cart.changed", start), want: sequence.NoKey},
		{name: "six days after the last run", event: event("cart.changed", start, "cartId", "cart_2"),
			last: start.AddDate(0, 0, -6), want: sequence.TooSoon},
		{name: "seven days after", event: event("cart.changed", start, "cartId", "cart_2"), last: start.AddDate(0, 0, -7)},
		{name: "bought since, and the event came late", event: event("cart.changed", start, "cartId", "cart_1"),
			tell: func(p *segment.Person) { p.Happened("order.placed", start.Add(time.Minute)) }, want: sequence.AlreadyReached},
		{name: "bought before", event: event("cart.changed", start, "cartId", "cart_1"),
			tell: func(p *segment.Person) { p.Happened("order.placed", start.Add(-time.Minute)) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := person()
			if tt.tell != nil {
				tt.tell(&p)
			}
			if _, got := sequence.Enter(d, p, tt.event, tt.last, seoul, start); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	welcome := builtin(t, "welcome")
	if _, got := sequence.Enter(welcome, person(), event("consent.given", start), start.AddDate(-5, 0, 0), seoul,
		start); got != sequence.TooSoon {
		t.Errorf("welcomed twice: %q", got)
	}
}

func TestAWaitForAnEventEndsWithItOrWithTheTime(t *testing.T) {
	t.Parallel()
	d, p := builtin(t, "welcome"), person()
	sent, _ := play(d, enter(t, d, p, event("consent.given", start)), p)
	if want := []string{"03-10 12:00 hello", "03-13 10:00 story", "03-16 10:00 nudge"}; !slices.Equal(sent, want) {
		t.Errorf("nobody bought: %q", sent)
	}
	r := enter(t, d, p, event("consent.given", start))
	for r.Step != "first_purchase" {
		r, _ = sequence.Advance(d, r, p, seoul, r.Due)
	}
	r, changed := sequence.HandleEvent(d, r, event("order.placed", r.Moved.Add(time.Hour)), seoul, r.Moved.Add(time.Hour))
	if !changed || r.Status != sequence.Done {
		t.Errorf("after the purchase: %+v", r)
	}
}

func TestAPurchaseInAnyInterleavingEndsTheCartSeries(t *testing.T) {
	t.Parallel()
	d := builtin(t, "abandoned_cart")
	rapid.Check(t, func(t *rapid.T) {
		p := person()
		var runs []sequence.Run
		bought := time.Time{}
		now := start
		for i := range rapid.IntRange(1, 30).Draw(t, "events") {
			now = now.Add(time.Duration(rapid.IntRange(0, 20).Draw(t, "hours")) * time.Hour)
			switch rapid.SampledFrom([]string{"cart", "late cart", "buy", "tick", "tick"}).Draw(t, "what") {
			case "cart":
				runs = start1(d, p, runs, event("cart.changed", now, "cartId", fmt.Sprint("cart_", i%3)), now)
			case "late cart": // from before the purchase, delivered after it
				runs = start1(d, p, runs, event("cart.changed", now.Add(-5*time.Hour), "cartId", fmt.Sprint("cart_", i%3)), now)
			case "buy":
				p.Happened("order.placed", now)
				bought = now
				for j := range runs {
					if rapid.Bool().Draw(t, "event reaches the run") {
						runs[j], _ = sequence.HandleEvent(d, runs[j], event("order.placed", now), seoul, now)
					}
				}
			}
			for j := range runs {
				var out *sequence.Outgoing
				runs[j], out = sequence.Advance(d, runs[j], p, seoul, now)
				if out != nil && !bought.IsZero() && !runs[j].Entered.After(bought) {
					t.Fatalf("%s at %s for a cart of %s, bought at %s", out.Step, now, runs[j].Entered, bought)
				}
			}
		}
	})
}

func start1(d sequence.Definition, p segment.Person, runs []sequence.Run, e sequence.Event,
	now time.Time) []sequence.Run {
	for j := range runs {
		if runs[j].Key == e.Data["cartId"] {
			runs[j], _ = sequence.HandleEvent(d, runs[j], e, seoul, now)
			return runs
		}
	}
	if r, why := sequence.Enter(d, p, e, time.Time{}, seoul, now); why == sequence.Started {
		runs = append(runs, r)
	}
	return runs
}

func TestAMessageThatIsTooLateIsSkippedAndTheSeriesGoesOn(t *testing.T) {
	t.Parallel()
	d, p := builtin(t, "abandoned_cart"), person()
	r := enter(t, d, p, event("cart.changed", start, "cartId", "cart_1"))
	outage := r.Due.Add(6*time.Hour + time.Minute)
	r, out := sequence.Advance(d, r, p, seoul, outage)
	if out == nil || out.Withheld != sequence.TooLate || r.Sent != 0 {
		t.Fatalf("%+v, %+v", out, r)
	}
	if want := outage.Add(24 * time.Hour); !r.Due.Equal(want) {
		t.Errorf("the next message is due %s, want a day after the outage", r.Due)
	}
	r = enter(t, d, p, event("cart.changed", start, "cartId", "cart_1"))
	if _, out := sequence.Advance(d, r, p, seoul, r.Due.Add(6*time.Hour)); out == nil || out.Withheld != "" {
		t.Errorf("just in time: %+v", out)
	}
}

func TestTheHoldoutGetsNothingAndIsTheSamePeopleEachTime(t *testing.T) {
	t.Parallel()
	d := builtin(t, "abandoned_cart")
	held := 0
	for i := range 10_000 {
		p := segment.Person{ID: fmt.Sprintf("ctc_%d", i)}
		first := enter(t, d, p, event("cart.changed", start, "cartId", "cart_1"))
		second := enter(t, d, p, event("cart.changed", start.AddDate(0, 1, 0), "cartId", "cart_2"))
		if first.Holdout != second.Holdout {
			t.Fatal("a person changed sides")
		}
		if !first.Holdout {
			continue
		}
		held++
		if sent, end := play(d, first, p); end.Sent != 0 || !strings.HasSuffix(sent[0], "holdout") {
			t.Fatalf("the holdout got %q", sent)
		}
	}
	if held < 900 || held > 1100 {
		t.Errorf("%d of 10,000 are held out, want about 1,000", held)
	}
}

func TestAdvanceTwiceSendsOnce(t *testing.T) {
	t.Parallel()
	library, err := sequence.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		d := rapid.SampledFrom(library.Latest()).Draw(t, "series")
		p := person()
		e := event(d.Entry.Event, start, d.Entry.Key, "key_1", "replenishAt", "2026-04-20", "renewsAt", "2026-04-20",
			"trialEndsAt", "2026-04-20T00:00:00Z")
		r, why := sequence.Enter(d, p, e, time.Time{}, seoul, start)
		if why != sequence.Started {
			t.Fatal(why)
		}
		sent := map[string]int{}
		now := start
		for range 300 {
			now = now.Add(time.Duration(rapid.IntRange(0, 12).Draw(t, "hours")) * time.Hour)
			before := r
			var out, again *sequence.Outgoing
			r, out = sequence.Advance(d, r, p, seoul, now)
			if repeated, second := sequence.Advance(d, before, p, seoul, now); repeated.Step != r.Step ||
				(second == nil) != (out == nil) {
				t.Fatal("the same question has two answers")
			}
			if out != nil {
				sent[out.Step]++
			}
			if r.Due.After(now) {
				if _, again = sequence.Advance(d, r, p, seoul, now); again != nil {
					t.Fatalf("%s sent though not due", again.Step)
				}
			}
		}
		for step, n := range sent {
			if n > 1 {
				t.Fatalf("%s sent %d times", step, n)
			}
		}
		if r.Status == sequence.Active && now.Sub(start) > 200*24*time.Hour {
			t.Fatalf("never ends: %+v", r)
		}
	})
}

func TestDatesOfARun(t *testing.T) {
	t.Parallel()
	d, p := builtin(t, "renewal_reminder"), person()
	tests := []struct{ name, date, want string }{
		{"days before, in the morning", "2026-04-20", "04-16 10:00 add_on"},
		{"an instant", "2026-04-20T15:00:00+09:00", "04-17 10:00 add_on"},
		{"a date that is near does not wait long", "2026-03-11", "03-11 10:00 add_on"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			sent, _ := play(d, enter(t, d, p,
				event("subscription.renewal_due", start, "subscriptionId", "sub_1", "renewsAt", tt.date)), p)
			if len(sent) != 1 || sent[0] != tt.want {
				t.Errorf("got %q, want %q", sent, tt.want)
			}
		})
	}
	r, _ := sequence.Enter(d, p, event("subscription.renewal_due", start, "subscriptionId", "sub_1"), time.Time{}, seoul,
		start)
	if r.Status != sequence.Exited || r.Reason != sequence.ExitNoDate {
		t.Errorf("without a date: %+v", r)
	}
}

func TestAStepThatNoLongerExistsEndsTheRunAndNotTheWorker(t *testing.T) {
	t.Parallel()
	d, p := builtin(t, "abandoned_cart"), person()
	r := enter(t, d, p, event("cart.changed", start, "cartId", "cart_1"))
	r.Step = "removed"
	if r, out := sequence.Advance(d, r, p, seoul, r.Due); out != nil || r.Reason != sequence.ExitRemoved {
		t.Errorf("%+v, %+v", r, out)
	}
}

func TestReplenishment(t *testing.T) {
	t.Parallel()
	bought := func(days ...int) (p segment.Person) {
		for _, n := range days {
			p.Ordered(segment.Order{ID: fmt.Sprint(n), At: start.AddDate(0, 0, -n), Products: []string{"prd_soap"}})
		}
		return p
	}
	const d = 24 * time.Hour
	tests := []struct {
		name    string
		person  segment.Person
		product time.Duration
		in      time.Duration
		ok      bool
	}{
		{"own median of three intervals", bought(100, 70, 45, 10), 90 * d, 20 * d, true},
		{"own single interval", bought(50, 20), 90 * d, 10 * d, true},
		{"two parcels of one purchase are no interval", bought(30, 29), 90 * d, 61 * d, true},
		{"the product's", bought(20), 45 * d, 25 * d, true},
		{"none", bought(20), 0, 0, false},
		{"never bought", bought(), 45 * d, 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			at, ok := sequence.Replenish(tt.person, "prd_soap", tt.product)
			if ok != tt.ok || ok && at.Sub(start) != tt.in {
				t.Errorf("in %s, %t", at.Sub(start), ok)
			}
		})
	}
}
