package customer_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"dangol/infra/testkit/fault"
	"dangol/infra/testkit/localtest"
	"dangol/shared/customer"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/table"
)

func newStore(t *testing.T, wrap ...func(table.DB) table.DB) customer.Store {
	t.Helper()
	return customer.Store{Table: localtest.Table(t, table.Commerce, wrap...), Clock: clock.Stopped(noon)}
}

func named(email, name string) func(*customer.Profile) (bool, error) {
	return func(p *customer.Profile) (bool, error) { return p.Met(email, name, "ko"), nil }
}

func TestWhoHasNoProfileYetHasAnEmptyOneThatIsNotStored(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	p, err := s.Get(t.Context(), "cus_1")
	if err != nil || p.ID != "cus_1" || !p.Since.Equal(noon) || p.Version != 0 {
		t.Errorf("%+v, %v", p, err)
	}
	refused := errors.New("the rule says no")
	for name, rule := range map[string]func(*customer.Profile) (bool, error){
		"nothing to change": func(*customer.Profile) (bool, error) { return false, nil },
		"refused":           func(*customer.Profile) (bool, error) { return true, refused },
	} {
		if _, err := s.Change(t.Context(), "cus_1", rule); err != nil && !errors.Is(err, refused) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if found, _, err := s.Find(t.Context(), "", 10, ""); err != nil || len(found) != 0 {
		t.Errorf("listed %+v, %v", found, err)
	}
}

func TestAddressesAddedAtOnceAreAllInTheBook(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	var devices sync.WaitGroup
	for n := range 5 {
		devices.Go(func() {
			_, err := s.Change(t.Context(), "cus_1", func(p *customer.Profile) (bool, error) {
				_, err := p.AddAddress(home(n), n == 4, noon)
				return true, err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	devices.Wait()
	p, err := s.Get(t.Context(), "cus_1")
	if err != nil || len(p.Addresses) != 5 || p.Version != 5 || !slices.Contains(lines(p), "왕십리로 4") {
		t.Errorf("version %d with %q, %v", p.Version, lines(p), err)
	}
}

// An order event comes twice, and the write of one of them is made twice: the profile says the same.
func TestAProfileWhoseWriteFailsOrIsRepeatedIsWholeInTheEnd(t *testing.T) {
	t.Parallel()
	for _, mode := range fault.Modes {
		in := fault.New(fault.Plan{N: 2, Mode: mode})
		s := newStore(t, in.DB)
		for range 3 {
			_, _ = s.Change(t.Context(), "cus_1", named("haneul@example.com", "김하늘"))
		}
		in.Stop()
		p, err := s.Get(t.Context(), "cus_1")
		if err != nil || p.Version != 1 || p.Email != "haneul@example.com" {
			t.Errorf("a write that %s: version %d, %q, %v", mode, p.Version, p.Email, err)
		}
	}
}

func TestCustomersAreFoundByTheBeginningOfTheirAddressAndListedOnceEach(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	for n := range 7 {
		email := fmt.Sprintf("Reader%d@Example.com", n)
		if _, err := s.Change(t.Context(), fmt.Sprint("cus_", n), named(email, "")); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Change(t.Context(), "cus_other", named("other@example.com", "")); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		begins string
		want   int
	}{{"", 8}, {"reader", 7}, {"READER3@", 1}, {"reader3@example.com", 1}, {"eader", 0}, {"zzz", 0}} {
		seen := map[string]bool{}
		for after, pages := table.Cursor(""), 0; ; pages++ {
			found, next, err := s.Find(t.Context(), c.begins, 3, after)
			if err != nil || pages > 8 {
				t.Fatalf("%q: page %d, %v", c.begins, pages, err)
			}
			for _, one := range found {
				if seen[one.ID] {
					t.Errorf("%q lists %s twice", c.begins, one.ID)
				}
				seen[one.ID] = true
			}
			if after = next; next == "" {
				break
			}
		}
		if len(seen) != c.want {
			t.Errorf("%q finds %d, want %d", c.begins, len(seen), c.want)
		}
	}
}

func TestACustomerWithAnotherAddressIsFoundUnderItOnly(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	for _, email := range []string{"before@example.com", "after@example.com"} {
		if _, err := s.Change(t.Context(), "cus_1", named(email, "김하늘")); err != nil {
			t.Fatal(err)
		}
	}
	if found, _, err := s.Find(t.Context(), "before", 10, ""); err != nil || len(found) != 0 {
		t.Errorf("still under the old address: %+v, %v", found, err)
	}
	found, _, err := s.Find(t.Context(), "after", 10, "")
	want := customer.Summary{ID: "cus_1", Email: "after@example.com", Name: "김하늘", Since: noon}
	if err != nil || len(found) != 1 || found[0] != want {
		t.Errorf("%+v, %v", found, err)
	}
	if _, _, err := s.Find(t.Context(), "", 10, "no cursor"); !errors.Is(err, table.ErrCursor) {
		t.Errorf("a cursor that is none: %v", err)
	}
}
