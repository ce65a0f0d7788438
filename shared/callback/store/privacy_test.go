package store_test

import (
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

// bookFor books the first slot, which takes 3 calls, for a customer.
func bookFor(t *testing.T, s store.Store, customerID, clientID string) callback.Request {
	t.Helper()
	slots := free(t, s)
	r, err := s.Book(t.Context(), callback.Request{
		Team: "care", CustomerID: customerID, Name: "이보라", Number: "+821012345678",
	}, slots, slots[0].From, 3, customerID, clientID)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// free are the slots of the team, which take 3 calls each.
func free(t *testing.T, s store.Store) []callback.Slot {
	t.Helper()
	slots, err := s.Slots(t.Context(), "care", conversation.DefaultTeam().Hours, 30*time.Minute, 3)
	if err != nil {
		t.Fatal(err)
	}
	return slots
}

func TestACustomersRequestsAreExportedAndErasedAndNobodyElses(t *testing.T) {
	t.Parallel()
	s := store.Store{Table: localtest.Table(t, table.Care), Clock: clock.Stopped(monday)}
	open, canceled := bookFor(t, s, "ann", "client-01"), bookFor(t, s, "ann", "client-02")
	if _, err := s.Change(t.Context(), canceled.ID, callback.Request.Cancel); err != nil {
		t.Fatal(err)
	}
	other := bookFor(t, s, "bob", "client-01")
	exported, err := s.ExportOf(t.Context(), "ann")
	if err != nil || len(exported) != 2 || exported[0].Number != "+821012345678" || exported[0].Name != "이보라" {
		t.Fatalf("exported %+v, %v", exported, err)
	}
	if n, err := s.EraseOf(t.Context(), "ann"); err != nil || n != 2 {
		t.Errorf("erased %d, %v", n, err)
	}
	for _, r := range []callback.Request{open, canceled} {
		if _, err := s.Get(t.Context(), r.ID); problem.Code(err) != "call_not_found" {
			t.Errorf("%s is still there: %v", r.ID, err)
		}
	}
	if left, err := s.ExportOf(t.Context(), "ann"); err != nil || len(left) != 0 {
		t.Errorf("left are %+v, %v", left, err)
	}
	// The canceled one had given its place back before, so one of 3 is taken: by the other customer.
	if slots := free(t, s); slots[0].Left != 2 {
		t.Errorf("after erasing: %+v", slots[0])
	}
	listed, err := s.Open(t.Context(), "care", 10)
	if err != nil || len(listed) != 1 || listed[0].ID != other.ID {
		t.Errorf("to be called are %+v, %v", listed, err)
	}
	if n, err := s.EraseOf(t.Context(), "ann"); err != nil || n != 0 {
		t.Errorf("erased again %d, %v", n, err)
	}
	// The client's key went too: the same id books anew.
	if again := bookFor(t, s, "ann", "client-01"); again.ID == open.ID {
		t.Error("an erased request is answered again")
	}
}

func TestARequestIsErasedAlsoWhenItsSlotWasForgotten(t *testing.T) {
	t.Parallel()
	s := store.Store{Table: localtest.Table(t, table.Care), Clock: clock.Stopped(monday)}
	r := bookFor(t, s, "ann", "client-01")
	slot := table.Key{PK: "SLOT#care", SK: r.SlotFrom.UTC().Format(time.RFC3339)}
	if err := s.Table.Delete(t.Context(), table.Delete{Key: slot}); err != nil {
		t.Fatal(err)
	}
	if n, err := s.EraseOf(t.Context(), "ann"); err != nil || n != 1 {
		t.Errorf("erased %d, %v", n, err)
	}
	if _, err := s.Get(t.Context(), r.ID); problem.Code(err) != "call_not_found" {
		t.Errorf("it is still there: %v", err)
	}
}

func TestACanceledRequestLeavesTheListOfItsCustomerWhenItExpires(t *testing.T) {
	t.Parallel()
	s := store.Store{Table: localtest.Table(t, table.Care), Clock: clock.Stopped(monday)}
	r := bookFor(t, s, "ann", "client-01")
	expires := func(key table.Key) int64 {
		t.Helper()
		var item struct {
			TTL int64 `dynamodbav:"ttl"`
		}
		if err := s.Table.Get(t.Context(), key, &item); err != nil {
			t.Fatal(err)
		}
		return item.TTL
	}
	listed := table.Key{PK: "CUSTOMER#ann", SK: "CALL#" + r.ID}
	if at := expires(listed); at != 0 {
		t.Errorf("an open request leaves the list at %d", at)
	}
	if _, err := s.Change(t.Context(), r.ID, callback.Request.Cancel); err != nil {
		t.Fatal(err)
	}
	if at := expires(listed); at == 0 || at != expires(store.KeyOf(r.ID)) {
		t.Errorf("it leaves the list at %d, the request expires at %d", at, expires(store.KeyOf(r.ID)))
	}
	// Who cancels after the slot was forgotten cancels all the same.
	late := bookFor(t, s, "ann", "client-02")
	slot := table.Key{PK: "SLOT#care", SK: late.SlotFrom.UTC().Format(time.RFC3339)}
	if err := s.Table.Delete(t.Context(), table.Delete{Key: slot}); err != nil {
		t.Fatal(err)
	}
	got, err := s.Change(t.Context(), late.ID, callback.Request.Cancel)
	if err != nil || got.State != callback.Canceled {
		t.Errorf("%+v, %v", got, err)
	}
}
