package store_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"dangol/infra/testkit/localtest"
	"dangol/shared/callback"
	"dangol/shared/callback/store"
	"dangol/shared/conversation"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
)

// monday is a Monday at ten in Seoul.
var monday = time.Date(2026, 11, 30, 1, 0, 0, 0, time.UTC)

func TestTheLastPlaceOfASlotIsBookedOnceAndFreeAgainAfterCanceling(t *testing.T) {
	t.Parallel()
	s := store.Store{Table: localtest.Table(t, table.Care), Clock: clock.Stopped(monday)}
	hours, from := conversation.DefaultTeam().Hours, monday.Add(30*time.Minute)
	slots, err := s.Slots(t.Context(), "care", hours, 30*time.Minute, 2)
	if err != nil || !slots[0].From.Equal(from) {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var booked []callback.Request
	var all sync.WaitGroup
	for _, client := range []string{"a", "b", "c", "d", "e", "f"} {
		all.Go(func() {
			r, err := s.Book(t.Context(), callback.Request{Team: "care", Number: "+821012345678"}, slots, from, 2, "someone",
				client)
			mu.Lock()
			defer mu.Unlock()
			p, _ := errors.AsType[*problem.Problem](err)
			switch {
			case err == nil:
				booked = append(booked, r)
			case p == nil || p.Code != "slot_taken":
				t.Errorf("%s: %v", client, err)
			}
		})
	}
	if all.Wait(); len(booked) != 2 {
		t.Fatalf("%d were booked in a slot for 2", len(booked))
	}
	if left, _ := s.Slots(t.Context(), "care", hours, 30*time.Minute, 2); left[0].From.Equal(from) {
		t.Error("a full slot is offered")
	}
	for range 2 { // canceling twice frees one place
		if _, err := s.Change(t.Context(), booked[0].ID, callback.Request.Cancel); err != nil {
			t.Fatal(err)
		}
	}
	left, _ := s.Slots(t.Context(), "care", hours, 30*time.Minute, 2)
	if !left[0].From.Equal(from) || left[0].Left != 1 {
		t.Errorf("after canceling: %+v", left[0])
	}
	open, err := s.Open(t.Context(), "care", 10)
	if err != nil || len(open) != 1 || open[0].ID != booked[1].ID {
		t.Errorf("open are %+v, %v", open, err)
	}
}

func TestTheSameClientIDBooksOneCall(t *testing.T) {
	t.Parallel()
	s := store.Store{Table: localtest.Table(t, table.Care), Clock: clock.Stopped(monday)}
	slots, err := s.Slots(t.Context(), "care", conversation.DefaultTeam().Hours, 30*time.Minute, 1)
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	for range 3 {
		r, err := s.Book(t.Context(), callback.Request{Team: "care"}, slots, slots[0].From, 1, "someone", "client-01")
		if err != nil {
			t.Fatal(err)
		}
		ids[r.ID] = true
	}
	if len(ids) != 1 {
		t.Errorf("booked %v", ids)
	}
}
