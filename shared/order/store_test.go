package order_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"dangol/infra/testkit/localtest"
	"dangol/shared/order"
	"dangol/shared/platform/auth"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/table"
)

type orderShop struct {
	order.Store
	clock *clock.Movable
}

func openStore(t *testing.T) orderShop {
	t.Helper()
	at := clock.Stopped(noon)
	return orderShop{order.Store{Table: localtest.Table(t, table.Commerce), Clock: at}, at}
}

// place stores an order of two lines as the checkout does.
func (s orderShop) place(t *testing.T, adjust func(*order.Order)) *order.Order {
	t.Helper()
	o := bought(order.PayCaptured, 2, 1)
	o.ID, o.PlacedAt = order.NewID(s.clock.Now()), s.clock.Now()
	if adjust != nil {
		adjust(o)
	}
	if err := s.Table.Transact(t.Context(), o.ID, s.Place(o)); err != nil {
		t.Fatal(err)
	}
	return o
}

func TestAccessPatternsCostWhatTheySay(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	ids := make([]string, 10)
	for i := range ids {
		ids[i] = s.place(t, nil).ID
	}
	token, err := s.CreateLookupToken(t.Context(), ids[0])
	if err != nil {
		t.Fatal(err)
	}
	do := map[string]func(context.Context) error{
		"read an order": func(ctx context.Context) error { _, err := s.Get(ctx, ids[0]); return err },
		"read an order with a look-up token": func(ctx context.Context) error {
			_, err := s.GetFor(ctx, ids[0], order.Caller{LookupToken: token})
			return err
		},
		"give out a look-up token": func(ctx context.Context) error {
			_,
				err := s.CreateLookupToken(ctx, ids[0])
			return err
		},
		"a customer's orders, newest first": func(ctx context.Context) error {
			_, err := s.OfCustomer(ctx, "cust-ann", 20, "")
			return err
		},
		"the orders in a state, newest first": func(ctx context.Context) error {
			_, err := s.InState(ctx, order.Placed, 20, "")
			return err
		},
		"change an order that was read": func(ctx context.Context) error {
			o, err := s.Get(t.Context(), ids[0])
			if err != nil {
				return err
			}
			_, err = s.Apply(ctx, o, func(o *order.Order) (bool, []table.Write, error) {
				return true, nil, o.AddNote(order.Note{Text: "x"}, noon)
			})
			return err
		},
	}
	for _, p := range order.AccessPatterns {
		ctx, meter := table.Metered(t.Context())
		if do[p.Name] == nil {
			t.Errorf("%q is not measured", p.Name)
			continue
		}
		if err := do[p.Name](ctx); err != nil {
			t.Fatalf("%s: %v", p.Name, err)
		}
		if got, want := meter.Cost(), (table.Cost{Trips: p.Trips, Read: p.Read, Write: p.Write}); got != want {
			t.Errorf("%s: costs %+v, documented as %+v", p.Name, got, want)
		}
	}
	if len(do) != len(order.AccessPatterns) {
		t.Errorf("%d measured, %d documented", len(do), len(order.AccessPatterns))
	}
}

func TestListsShowEachOrderOnceNewestFirstWhateverThePageSize(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	var want []string
	for i := range 17 {
		if i%3 != 0 {
			s.clock.Advance(time.Second) // others share their moment
		}
		want = append(want, s.place(t, nil).ID)
	}
	s.place(t, func(o *order.Order) { o.CustomerID = "cust-bob" })
	for _, limit := range []int{1, 4, 17, 100} {
		pages := func(list func(after table.Cursor) (order.Page, error)) (ids []string) {
			t.Helper()
			for after := table.Cursor(""); ; {
				p, err := list(after)
				if err != nil || len(p.Orders) > limit {
					t.Fatalf("page of %d: %d cards, %v", limit, len(p.Orders), err)
				}
				for _, c := range p.Orders {
					ids = append(ids, c.ID)
				}
				if after = p.Next; after == "" {
					return ids
				}
			}
		}
		mine := pages(func(after table.Cursor) (order.Page, error) {
			return s.OfCustomer(t.Context(), "cust-ann", limit, after)
		})
		all := pages(func(after table.Cursor) (order.Page, error) {
			return s.InState(t.Context(), order.Placed, limit, after)
		})
		if len(all) != 18 || len(mine) != 17 {
			t.Fatalf("pages of %d: %d in all, %d of Ann", limit, len(all), len(mine))
		}
		sorted := func(ids []string) bool {
			return slices.IsSortedFunc(ids, func(a, b string) int { return -cmpTime(a, b) })
		}
		if slices.Sort(mine); !slices.Equal(mine, sortedCopy(want)) || !sorted(all) {
			t.Fatalf("pages of %d: %v", limit, mine)
		}
	}
}

// cmpTime compares the moments in two ids.
func cmpTime(a, b string) int {
	switch a, b := a[:len("ord_")+9], b[:len("ord_")+9]; {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func sortedCopy(ids []string) []string { return slices.Sorted(slices.Values(ids)) }

func TestACursorThatIsNotOneOfOursIsRefused(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	for _, c := range []table.Cursor{"%%%", table.Cursor(fmt.Sprintf("%0300d", 1))} {
		if _, err := s.OfCustomer(t.Context(), "cust-ann", 10, c); err != table.ErrCursor {
			t.Errorf("customer's list, %q: %v", c, err)
		}
		if _, err := s.InState(t.Context(), order.Placed, 10, c); err != table.ErrCursor {
			t.Errorf("list by state, %q: %v", c, err)
		}
	}
}

func TestAnOrderIsSeenByItsOwnersOnly(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	customers := s.place(t, nil)
	guests := s.place(t, func(o *order.Order) { o.CustomerID, o.TokenHash = "", auth.HashToken("the-cart-token") })
	pass, err := s.CreateLookupToken(t.Context(), guests.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		id   string
		who  order.Caller
		sees bool
	}{
		{"its customer", customers.ID, order.Caller{CustomerID: "cust-ann"}, true},
		{"another customer", customers.ID, order.Caller{CustomerID: "cust-bob"}, false},
		{"the shop", customers.ID, order.Caller{CustomerID: "agent-1", Operator: true}, true},
		{"nobody in particular", customers.ID, order.Caller{}, false},
		{"a guest with some token", customers.ID, order.Caller{CartToken: "x"}, false},
		{"nobody, for a guest's order", guests.ID, order.Caller{}, false},
		{"the guest with the cart's token", guests.ID, order.Caller{CartToken: "the-cart-token"}, true},
		{"a guest with another cart's token", guests.ID, order.Caller{CartToken: "another"}, false},
		{"the guest with a look-up token", guests.ID, order.Caller{LookupToken: pass}, true},
		{"a look-up token for another order", customers.ID, order.Caller{LookupToken: pass}, false},
		{"a made-up look-up token", guests.ID, order.Caller{LookupToken: "guess"}, false},
		{"a customer who also sends a stale look-up token", customers.ID,
			order.Caller{CustomerID: "cust-ann", LookupToken: "stale"}, true},
		{"nonsense for an id", "ord_../../x", order.Caller{Operator: true}, false},
	} {
		o, err := s.GetFor(t.Context(), c.id, c.who)
		if seen := err == nil; seen != c.sees || (!seen && (o != nil || codeOf(err) != "order_not_found")) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	s.clock.Advance(order.LookupTokenLife)
	if _, err := s.GetFor(t.Context(), guests.ID, order.Caller{LookupToken: pass}); codeOf(err) != "order_not_found" {
		t.Errorf("a look-up token after its time: %v", err)
	}
}

func TestChangesAtOnceLoseNothing(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	o := s.place(t, nil)
	var group sync.WaitGroup
	for i := range 5 {
		group.Go(func() {
			_, err := s.Change(t.Context(), o.ID, func(o *order.Order) (bool, []table.Write, error) {
				return true, nil, o.AddNote(order.Note{Text: fmt.Sprint(i)}, noon)
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	got, err := s.Get(t.Context(), o.ID)
	if err != nil || len(got.Notes) != 5 || got.Version != 6 {
		t.Fatalf("%d notes, version %d, %v", len(got.Notes), got.Version, err)
	}
}
