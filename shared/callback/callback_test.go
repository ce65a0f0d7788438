package callback_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"dangol/shared/callback"
	"dangol/shared/conversation"
	"dangol/shared/hours"
	"dangol/shared/platform/problem"
)

// monday is a Monday at ten in Seoul.
var monday = time.Date(2026, 11, 30, 1, 0, 0, 0, time.UTC)

func schedule() hours.Schedule { return conversation.DefaultTeam().Hours }

func none(time.Time) int { return 0 }

func TestSlotsComeFromTheHours(t *testing.T) {
	t.Parallel()
	slots := callback.Slots(schedule(), 30*time.Minute, 2, monday.Add(5*time.Minute), none)
	// Monday from 10:35 on: 11:00 and 11:30, then ten in the afternoon; then sixteen on each of four days, and Monday
	// morning until 10.
	if want := 2 + 10 + 4*16 + 3; len(slots) != want {
		t.Errorf("%d slots, want %d", len(slots), want)
	}
	if first := slots[0]; !first.From.Equal(monday.Add(time.Hour)) || first.Left != 2 {
		t.Errorf("first %+v", first)
	}
	full := callback.Slots(schedule(), 30*time.Minute, 2, monday, func(from time.Time) int {
		if from.Equal(monday.Add(time.Hour)) {
			return 2
		}
		return 1
	})
	if full[0].From.Equal(monday.Add(time.Hour)) || full[0].Left != 1 {
		t.Errorf("a full slot is offered: %+v", full[0])
	}
	if got := callback.Slots(schedule(), 30*time.Minute, 0, monday, none); len(got) > 0 {
		t.Errorf("a team without capacity offers %v", got)
	}
	if got := callback.Slots(hours.Schedule{Zone: "UTC"}, 30*time.Minute, 2, monday, none); len(got) > 0 {
		t.Errorf("a team without hours offers %v", got)
	}
}

func TestSlotsDoNotMoveWithTheMomentOfAsking(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		length := time.Duration(rapid.SampledFrom([]int{10, 15, 20, 30, 45, 60}).Draw(t, "length")) * time.Minute
		at := monday.Add(time.Duration(rapid.IntRange(0, 5*24*60).Draw(t, "at")) * time.Minute)
		later := at.Add(time.Duration(rapid.IntRange(0, 600).Draw(t, "later")) * time.Minute)
		known := map[time.Time]bool{}
		for _, slot := range callback.Slots(schedule(), length, 1, at, none) {
			known[slot.From] = true
			if !schedule().Open(slot.From) || schedule().Between(slot.From, slot.To) != length {
				t.Fatalf("slot %+v is not in the opening hours", slot)
			}
		}
		for _, slot := range callback.Slots(schedule(), length, 1, later, none) {
			if slot.From.Before(at.AddDate(0, 0, callback.Days)) && !known[slot.From] {
				t.Fatalf("at %s there is a slot %s that was not there at %s", later, slot.From, at)
			}
		}
	})
}

func book(t *testing.T, from time.Time) callback.Request {
	t.Helper()
	slots := callback.Slots(schedule(), 30*time.Minute, 2, monday, none)
	r, err := callback.Book(callback.Request{ID: "call_1"}, slots, from, monday)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func code(err error) string {
	if p, ok := errors.AsType[*problem.Problem](err); ok {
		return p.Code
	}
	return ""
}

func TestACallIsRemindedCalledAndNoted(t *testing.T) {
	t.Parallel()
	slot := monday.Add(4 * time.Hour)
	r := book(t, slot)
	if _, ring := r.Rings(schedule(), slot.Add(-16*time.Minute)); ring != callback.RingNothing {
		t.Errorf("rings too early: %s", ring)
	}
	r, ring := r.Rings(schedule(), slot.Add(-15*time.Minute))
	if ring != callback.RingRemind || !r.NextAt.Equal(slot) {
		t.Fatalf("%s, next %s", ring, r.NextAt)
	}
	r, ring = r.Rings(schedule(), slot)
	if ring != callback.RingCall || r.State != callback.Due {
		t.Fatalf("%s %s", ring, r.State)
	}
	if _, ring = r.Rings(schedule(), slot.Add(10*time.Minute)); ring != callback.RingAgain {
		t.Errorf("a call that nobody makes: %s", ring)
	}
	r, err := r.Begin("a", slot)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Begin("b", slot); code(err) != "call_taken" {
		t.Errorf("two agents call: %v", err)
	}
	if _, err := r.Finish("b", callback.Reached, "", schedule(), slot); code(err) != "not_calling" {
		t.Errorf("another agent finishes: %v", err)
	}
	r, err = r.Finish("a", callback.Reached, "wants a refund", schedule(), slot.Add(5*time.Minute))
	if err != nil || r.State != callback.Done || len(r.Attempts) != 1 || r.Attempts[0].Note == "" {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := r.Begin("a", slot); code(err) != "call_ended" {
		t.Errorf("called after the end: %v", err)
	}
}

func TestWhoIsNotReachedIsCalledAgainInOpeningHours(t *testing.T) {
	t.Parallel()
	slot := monday.Add(7*time.Hour + 30*time.Minute) // 17:30
	r := book(t, slot)
	for n, want := range []time.Time{slot.Add(20 * time.Minute), monday.Add(24*time.Hour + 55*time.Minute)} {
		at := r.CallFrom.Add(5 * time.Minute)
		begun, err := r.Begin("a", at)
		if err != nil {
			t.Fatal(err)
		}
		r, err = begun.Finish("a", callback.NoAnswer, "", schedule(), at)
		if err != nil || r.State != callback.Reminded {
			t.Fatalf("%+v, %v", r, err)
		}
		if !r.CallFrom.Equal(want) {
			t.Errorf("after attempt %d call again at %s, want %s", n+1, r.CallFrom.In(time.FixedZone("KST", 9*3600)),
				want.In(time.FixedZone("KST", 9*3600)))
		}
	}
	begun, err := r.Begin("a", r.CallFrom)
	if err != nil {
		t.Fatal(err)
	}
	last, err := begun.Finish("a", callback.Busy, "", schedule(), r.CallFrom)
	if err != nil || last.State != callback.Failed || len(last.Attempts) != callback.MaxAttempts {
		t.Errorf("after the last attempt: %+v, %v", last, err)
	}
	wrong, err := begun.Finish("a", callback.WrongNumber, "", schedule(), r.CallFrom)
	if err != nil || wrong.State != callback.Failed {
		t.Errorf("a wrong number: %+v, %v", wrong, err)
	}
}

func TestBookingRefusesWhatIsNotOffered(t *testing.T) {
	t.Parallel()
	slots := callback.Slots(schedule(), 30*time.Minute, 2, monday, none)
	for _, from := range []time.Time{monday, monday.Add(3 * time.Hour), monday.Add(61 * time.Minute),
		monday.AddDate(0, 0, 30)} {
		if from.Equal(slots[0].From) {
			continue
		}
		found := false
		for _, slot := range slots {
			found = found || slot.From.Equal(from)
		}
		_, err := callback.Book(callback.Request{}, slots, from, monday)
		if found != (err == nil) {
			t.Errorf("%s: offered %v, %v", from, found, err)
		}
	}
}

func TestCanceling(t *testing.T) {
	t.Parallel()
	r := book(t, monday.Add(4*time.Hour))
	canceled, err := r.Cancel()
	if err != nil || canceled.State != callback.Canceled {
		t.Fatal(err)
	}
	if _, err := canceled.Cancel(); err != nil {
		t.Errorf("twice: %v", err)
	}
	if _, ring := canceled.Rings(schedule(), monday.Add(100*time.Hour)); ring != callback.RingNothing {
		t.Errorf("a canceled call rings: %s", ring)
	}
	begun, err := r.Begin("a", monday)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := begun.Cancel(); code(err) != "call_ended" {
		t.Errorf("canceled while calling: %v", err)
	}
}

func TestACallThatNobodyMakesRingsLessAndLessOftenInOpeningHoursAndEnds(t *testing.T) {
	t.Parallel()
	slot := monday.Add(4 * time.Hour)
	r := book(t, slot)
	var waits []time.Duration
	last, ring := r.NextAt, callback.RingNothing
	for n := range 100 {
		r, ring = r.Rings(schedule(), r.NextAt)
		if r.Ended() {
			break
		}
		if n > 0 && !schedule().Open(r.NextAt.Add(-time.Second)) {
			t.Errorf("ring %d at %s, when nobody is there", n, r.NextAt)
		}
		waits, last = append(waits, schedule().Between(last, r.NextAt)), r.NextAt
	}
	if ring != callback.RingMissed || r.State != callback.Failed {
		t.Fatalf("in the end: %s %s", ring, r.State)
	}
	if len(waits) > 12 || !slices.IsSorted(waits[1:]) {
		t.Errorf("waits %s", waits)
	}
	if after := last.Sub(slot); after > callback.Days*24*time.Hour {
		t.Errorf("it rang for %s", after)
	}
}
