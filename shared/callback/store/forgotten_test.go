package store_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"dangol/infra/testkit/localtest"
	"dangol/shared/callback"
	"dangol/shared/callback/store"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
)

func TestARequestIsCanceledWhateverIsForgottenBesideIt(t *testing.T) {
	t.Parallel()
	listed := func(r callback.Request) table.Key { return table.Key{PK: "CUSTOMER#ann", SK: "CALL#" + r.ID} }
	slot := func(r callback.Request) table.Key {
		return table.Key{PK: "SLOT#care", SK: r.SlotFrom.UTC().Format(time.RFC3339)}
	}
	for _, test := range []struct {
		name string
		gone []func(callback.Request) table.Key
	}{
		{"nothing", nil},
		{"its slot", []func(callback.Request) table.Key{slot}},
		{"its place in the customer's list", []func(callback.Request) table.Key{listed}},
		{"both", []func(callback.Request) table.Key{slot, listed}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := store.Store{Table: localtest.Table(t, table.Care), Clock: clock.Stopped(monday)}
			r := bookFor(t, s, "ann", "client-01")
			for _, key := range test.gone {
				if err := s.Table.Delete(t.Context(), table.Delete{Key: key(r)}); err != nil {
					t.Fatal(err)
				}
			}
			got, err := s.Change(t.Context(), r.ID, callback.Request.Cancel)
			if err != nil || got.State != callback.Canceled || got.Version != r.Version+1 {
				t.Fatalf("%+v, %v", got, err)
			}
			// What was gone is not made anew, without what it needs to be erased by.
			for _, key := range test.gone {
				var item struct{ table.Key }
				if err := s.Table.Get(t.Context(), key(r), &item); !errors.Is(err, table.ErrNotFound) {
					t.Errorf("%s is there again: %v", key(r), err)
				}
			}
			if open, err := s.Open(t.Context(), "care", 10); err != nil || len(open) != 0 {
				t.Errorf("to be called are %+v, %v", open, err)
			}
			// The place is free once: of three, none is taken.
			if slots := free(t, s); slots[0].Left != 3 {
				t.Errorf("the slot has room for %d", slots[0].Left)
			}
		})
	}
}

// Whoever cancels, whether the shopper or the erasure, the place is given back once.
func TestCanceledAndErasedAtOnceARequestGivesItsPlaceBackOnce(t *testing.T) {
	t.Parallel()
	s := store.Store{Table: localtest.Table(t, table.Care), Clock: clock.Stopped(monday)}
	for round := range 8 {
		other := bookFor(t, s, "bob", "client-01") // keeps its place; the same one each time
		r := bookFor(t, s, "ann", "client-01")
		var at sync.WaitGroup
		at.Go(func() {
			if _, err := s.EraseOf(t.Context(), "ann"); err != nil {
				t.Errorf("erasing: %v", err)
			}
		})
		at.Go(func() {
			_, err := s.Change(t.Context(), r.ID, callback.Request.Cancel)
			if code := problem.Code(err); err != nil && code != "call_not_found" {
				t.Errorf("canceling: %v", err)
			}
		})
		at.Wait()
		if left, err := s.ExportOf(t.Context(), "ann"); err != nil || len(left) != 0 {
			t.Fatalf("round %d: left are %+v, %v", round, left, err)
		}
		if slots := free(t, s); slots[0].Left != 2 || slots[0].From != other.SlotFrom {
			t.Fatalf("round %d: %+v", round, slots[0])
		}
	}
}

func TestARuleThatRefusesLeavesTheRequestAsItIs(t *testing.T) {
	t.Parallel()
	s := store.Store{Table: localtest.Table(t, table.Care), Clock: clock.Stopped(monday)}
	r := bookFor(t, s, "ann", "client-01")
	refusal := errors.New("no")
	_, err := s.Change(t.Context(), r.ID, func(r callback.Request) (callback.Request, error) {
		r.Name = "somebody"
		return r, refusal
	})
	if !errors.Is(err, refusal) {
		t.Errorf("it is %v", err)
	}
	if now, err := s.Get(t.Context(), r.ID); err != nil || now.Name != r.Name || now.Version != r.Version {
		t.Errorf("%+v, %v", now, err)
	}
	for _, id := range []string{"call_00000000000000000000000000", "x", ""} {
		if _, err := s.Change(t.Context(), id, callback.Request.Cancel); problem.Code(err) != "call_not_found" {
			t.Errorf("%q: %v", id, err)
		}
	}
}
