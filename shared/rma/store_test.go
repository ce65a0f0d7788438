package rma_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"dangol/infra/testkit/localtest"
	"dangol/shared/order"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/rma"
)

// newOrder stores an order and returns its id.
func newOrder(t *testing.T, s rma.Store, n int) string {
	t.Helper()
	orderID := order.NewID(noon.Add(time.Duration(n) * time.Minute))
	item := struct {
		table.Key
		ID string `dynamodbav:"id"`
	}{order.KeyOf(orderID), orderID}
	err := s.Table.Put(t.Context(), table.Put{Item: item, If: table.IfNew})
	if err != nil {
		t.Fatal(err)
	}
	return orderID
}

// store stores a return of an order at a time, after the steps.
func store(t *testing.T, s rma.Store, orderID string, n int, now time.Time, do ...string) *rma.RMA {
	t.Helper()
	r := request(rma.Pickup)
	r.ID, r.CustomerID, r.CreatedAt = rma.IDFor(orderID, n), "cus_1", now
	for _, step := range do {
		if err := steps[step](r, now); err != nil {
			t.Fatalf("%s: %v", step, err)
		}
	}
	if err := s.Table.Put(t.Context(), s.Put(r, now)); err != nil {
		t.Fatal(err)
	}
	return r
}

// ids lists a page of cards and those behind it.
func ids(t *testing.T, read func(after table.Cursor) (rma.Page, error)) (all []string) {
	t.Helper()
	for after, pages := table.Cursor(""), 0; pages == 0 || after != ""; pages++ {
		page, err := read(after)
		if err != nil || pages > 10 {
			t.Fatal(pages, err)
		}
		for _, c := range page.Cards {
			all = append(all, c.ID)
		}
		after = page.Next
	}
	return all
}

// The id of a return names its order, and the returns of an order sort by their number.
func TestTheIDOfAReturnNamesItsOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		orderID := order.NewID(noon.Add(time.Duration(rapid.IntRange(0, 1e6).Draw(t, "seconds")) * time.Second))
		var all []string
		for n := range rma.MaxPerOrder {
			returnID := rma.IDFor(orderID, n+1)
			if got, ok := rma.OrderOf(returnID); !ok || got != orderID {
				t.Fatalf("%s is of %q, want %q", returnID, got, orderID)
			}
			all = append(all, returnID)
		}
		if !slices.IsSorted(all) || len(slices.Compact(all)) != rma.MaxPerOrder {
			t.Fatalf("ids %q", all)
		}
	})
	for _, other := range []string{"", "ret_", "ret_01", "ord_01k9x7d3f8q7m2k", rma.IDFor("x", 1) + "!",
		"RET_" + strings.Repeat("0", 28)} {
		if orderID, ok := rma.OrderOf(other); ok {
			t.Errorf("%q is a return of %q", other, orderID)
		}
	}
}

func TestAReturnIsReadWithItsOrder(t *testing.T) {
	t.Parallel()
	s := rma.Store{Table: localtest.Table(t, table.Commerce)}
	orderID := newOrder(t, s, 1)
	want := store(t, s, orderID, 1, noon)
	got, o, err := s.Get(t.Context(), want.ID)
	if err != nil || got.ID != want.ID || o.ID != orderID || got.Version != 1 || len(got.Lines) != 2 {
		t.Errorf("%+v of %+v, %v", got, o, err)
	}
	for name, other := range map[string]string{
		"a number that was not given": rma.IDFor(orderID, 2), "an order": orderID, "nothing": "",
		"of an order that is not there": rma.IDFor(order.NewID(noon.AddDate(1, 0, 0)), 1),
	} {
		if _, _, err := s.Get(t.Context(), other); problem.Code(err) != "return_not_found" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Two requests of one moment take the same number: the second is refused, and so is a change of what was read before.
func TestAReturnIsNeitherMadeTwiceNorChangedFromAnOldVersion(t *testing.T) {
	t.Parallel()
	s := rma.Store{Table: localtest.Table(t, table.Commerce)}
	orderID := newOrder(t, s, 1)
	first := store(t, s, orderID, 1, noon)
	again := request(rma.Pickup)
	again.ID = first.ID
	if _, refused := table.Failed(s.Table.Put(t.Context(), s.Put(again, noon))); !refused {
		t.Error("the second return of a number is stored")
	}
	old, _, err := s.Get(t.Context(), first.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Table.Put(t.Context(), s.Put(first, noon)); err != nil {
		t.Fatal(err)
	}
	if _, refused := table.Failed(s.Table.Put(t.Context(), s.Put(old, noon))); !refused {
		t.Error("a change of an old version is stored")
	}
	if got, _, err := s.Get(t.Context(), first.ID); err != nil || got.Version != 2 {
		t.Errorf("version %d, %v", got.Version, err)
	}
}

func TestTheReturnsOfAnOrderAndOfACustomer(t *testing.T) {
	t.Parallel()
	s := rma.Store{Table: localtest.Table(t, table.Commerce)}
	orders := []string{newOrder(t, s, 1), newOrder(t, s, 2)}
	var made []string
	for n := range 5 {
		r := store(t, s, orders[n%2], n/2+1, noon.Add(time.Duration(n)*time.Hour))
		made = append(made, r.ID)
	}
	guest := request(rma.Pickup)
	guest.ID = rma.IDFor(newOrder(t, s, 3), 1)
	if err := s.Table.Put(t.Context(), s.Put(guest, noon)); err != nil {
		t.Fatal(err)
	}
	found, err := s.OfOrder(t.Context(), orders[0])
	if err != nil || len(found) != 3 || found[0].ID != made[0] || found[2].ID != made[4] {
		t.Errorf("of the order %d, %v", len(found), err)
	}
	mine := ids(t, func(after table.Cursor) (rma.Page, error) { return s.OfCustomer(t.Context(), "cus_1", 2, after) })
	slices.Reverse(made)
	if !slices.Equal(mine, made) {
		t.Errorf("of the customer %q, want the newest first %q", mine, made)
	}
	if _, err := s.OfCustomer(t.Context(), "cus_1", 2, "no cursor"); !errors.Is(err, table.ErrCursor) {
		t.Errorf("a cursor that is none: %v", err)
	}
	// A guest has no list; nobody else's must show their return.
	if page, err := s.OfCustomer(t.Context(), "", 10, ""); err != nil || len(page.Cards) != 0 {
		t.Errorf("of nobody %+v, %v", page.Cards, err)
	}
}

// The shop works off what is urgent: open returns by deadline, ended ones by their end, each in the list of its state.
func TestTheWorkListsAreInTheOrderOfTheirDeadlines(t *testing.T) {
	t.Parallel()
	s := rma.Store{Table: localtest.Table(t, table.Commerce)}
	orderID := newOrder(t, s, 1)
	made := map[rma.State][]string{}
	for n := range 9 {
		do := [][]string{nil, {"approve", "book", "send", "receive"}, {"reject"}}[n%3]
		// Weeks apart, because returns of neighboring days can have the same deadline, and stored out of order.
		r := store(t, s, orderID, n+1, noon.AddDate(0, 0, 7*(n*7%9)), do...)
		made[r.State] = append(made[r.State], fmt.Sprintf("%02d %s", n*7%9, r.ID))
	}
	if len(made) != 3 {
		t.Fatalf("states %v", made)
	}
	for state, want := range made {
		slices.Sort(want)
		if state.Finished() {
			slices.Reverse(want)
		}
		got := ids(t, func(after table.Cursor) (rma.Page, error) { return s.InState(t.Context(), state, 2, after) })
		if len(got) != len(want) {
			t.Fatalf("%s: %q, want %q", state, got, want)
		}
		for i := range got {
			if got[i] != want[i][3:] {
				t.Errorf("%s: %q, want %q", state, got, want)
			}
		}
	}
}

// A return that moves on leaves the list of the state that it was in.
func TestAReturnStandsInOneWorkList(t *testing.T) {
	t.Parallel()
	s := rma.Store{Table: localtest.Table(t, table.Commerce)}
	r := store(t, s, newOrder(t, s, 1), 1, noon)
	if at := r.Deadline(); !at.Equal(noon.AddDate(0, 0, 2)) {
		t.Errorf("a request is to be decided by %s", at)
	}
	if err := r.Approve(14, rma.ByShop, noon.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if err := s.Table.Put(t.Context(), s.Put(r, noon.Add(time.Hour))); err != nil {
		t.Fatal(err)
	}
	for state, want := range map[rma.State]int{rma.Requested: 0, rma.Approved: 1} {
		page, err := s.InState(t.Context(), state, 10, "")
		if err != nil || len(page.Cards) != want {
			t.Fatalf("%s: %+v, %v", state, page.Cards, err)
		}
		if want == 0 {
			continue
		}
		if c := page.Cards[0]; c.Units != 4 || c.Reason != "changed_mind" || !c.Deadline.Equal(r.Deadlines.SendBy) ||
			c.Deadline.IsZero() {
			t.Errorf("the card %+v", c)
		}
	}
}
