package customer_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"dangol/shared/address"
	"dangol/shared/customer"
	"dangol/shared/platform/problem"
)

var noon = time.Date(2026, 11, 2, 3, 0, 0, 0, time.UTC)

func home(n int) address.Address {
	return address.Address{Name: "김하늘", Line1: fmt.Sprintf("왕십리로 %d", n), PostalCode: "04769", Country: "KR"}
}

// lines are the house numbers of a book, in its order.
func lines(p *customer.Profile) (all []string) {
	for _, a := range p.Addresses {
		all = append(all, a.Address.Line1)
	}
	return all
}

func TestTheAddressBookPutsTheDefaultFirstAndKeepsAnAddressOnce(t *testing.T) {
	t.Parallel()
	p := &customer.Profile{}
	var ids []string
	for _, step := range []struct {
		n     int
		first bool
		want  []string
	}{
		{1, false, []string{"왕십리로 1"}},
		{2, false, []string{"왕십리로 1", "왕십리로 2"}},
		{3, true, []string{"왕십리로 3", "왕십리로 1", "왕십리로 2"}},
		{1, false, []string{"왕십리로 3", "왕십리로 1", "왕십리로 2"}}, // there already, and no new default
		{2, true, []string{"왕십리로 2", "왕십리로 3", "왕십리로 1"}},  // there already, and now the default
	} {
		saved, err := p.AddAddress(home(step.n), step.first, noon)
		if got := lines(p); err != nil || !slices.Equal(got, step.want) {
			t.Fatalf("after %d: %q, want %q, %v", step.n, got, step.want, err)
		}
		ids = append(ids, saved.ID)
	}
	if ids[3] != ids[0] || ids[4] != ids[1] || ids[0] == ids[1] {
		t.Errorf("an address that is there already gets another id: %q", ids)
	}
}

func TestAFullAddressBookTakesNoOtherAddressButAnotherDefault(t *testing.T) {
	t.Parallel()
	p := &customer.Profile{}
	for n := range 20 {
		if _, err := p.AddAddress(home(n), false, noon); err != nil {
			t.Fatal(err)
		}
	}
	_, err := p.AddAddress(home(20), true, noon)
	if problem.Code(err) != "too_many_addresses" {
		t.Errorf("the 21st address: %v", err)
	}
	if saved, err := p.AddAddress(home(19), true, noon); err != nil || p.Addresses[0] != saved || len(p.Addresses) != 20 {
		t.Errorf("the default of a full book: %q, %v", lines(p), err)
	}
}

func TestReplacingAndRemovingAnAddress(t *testing.T) {
	t.Parallel()
	p := &customer.Profile{}
	var ids []string
	for n := range 3 {
		saved, err := p.AddAddress(home(n), false, noon)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, saved.ID)
	}
	if err := p.ReplaceAddress(ids[2], home(7), true); err != nil || p.Addresses[0].ID != ids[2] {
		t.Errorf("a changed address as the default: %q, %v", lines(p), err)
	}
	if err := p.ReplaceAddress(ids[1], home(8), false); err != nil ||
		!slices.Equal(lines(p), []string{"왕십리로 7", "왕십리로 0", "왕십리로 8"}) {
		t.Errorf("a changed address: %q, %v", lines(p), err)
	}
	if err := p.RemoveAddress(ids[2]); err != nil || p.Addresses[0].ID != ids[0] {
		t.Errorf("without its default the book begins with %q, %v", lines(p), err)
	}
	for name, err := range map[string]error{
		"removed twice":        p.RemoveAddress(ids[2]),
		"of somebody else":     p.ReplaceAddress("adr_other", home(1), false),
		"removed and replaced": p.ReplaceAddress(ids[2], home(1), true),
	} {
		if problem.Code(err) != "address_not_found" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Whatever is done with the book: ids are its own, it is never over its size, and a default stands first.
func TestTheAddressBookKeepsItsRules(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := &customer.Profile{}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			n, first := rapid.IntRange(0, 25).Draw(t, "n"), rapid.Bool().Draw(t, "first")
			if len(p.Addresses) > 0 && n > 20 {
				i := n % len(p.Addresses)
				if err := p.RemoveAddress(p.Addresses[i].ID); err != nil {
					t.Fatal(err)
				}
				continue
			}
			saved, err := p.AddAddress(home(n), first, noon)
			if err != nil {
				if len(p.Addresses) != 20 {
					t.Fatalf("refused with %d addresses: %v", len(p.Addresses), err)
				}
				continue
			}
			if first && p.Addresses[0] != saved {
				t.Fatalf("the default %s is not first: %q", saved.Address.Line1, lines(p))
			}
		}
		ids, places := map[string]bool{}, map[address.Address]bool{}
		for _, a := range p.Addresses {
			ids[a.ID], places[a.Address] = true, true
		}
		if len(ids) != len(p.Addresses) || len(places) != len(p.Addresses) || len(ids) > 20 {
			t.Fatalf("%d addresses, %d ids, %d different", len(p.Addresses), len(ids), len(places))
		}
	})
}

func TestAnOrderSaysWhoSomebodyIsAndDoesNotRenameThem(t *testing.T) {
	t.Parallel()
	known := customer.Profile{Email: "haneul@example.com", Name: "김하늘", Language: "ko", Version: 3}
	for name, c := range map[string]struct {
		profile               customer.Profile
		email, name, language string
		changed               bool
		want                  [3]string
	}{
		"a first order without a name": {
			email: "haneul@example.com", changed: true, want: [3]string{"haneul@example.com", "", ""},
		},
		"the same again": {
			profile: known, email: "haneul@example.com", name: "김하늘", language: "ko",
			want: [3]string{"haneul@example.com", "김하늘", "ko"},
		},
		"a gift under another name, in another language": {
			profile: known, email: "haneul@example.com", name: "박바다", language: "en",
			want: [3]string{"haneul@example.com", "김하늘", "ko"},
		},
		"another mail address": {
			profile: known, email: "new@example.com", changed: true, want: [3]string{"new@example.com", "김하늘", "ko"},
		},
		"an order that says nothing": {profile: known,
			want: [3]string{"haneul@example.com", "김하늘", "ko"}},
		"a first order that says nothing still makes a profile": {changed: true},
	} {
		p := c.profile
		if got := p.Met(c.email, c.name, c.language); got != c.changed {
			t.Errorf("%s: changed %v", name, got)
		}
		if got := [3]string{p.Email, p.Name, p.Language}; got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestTheNewestNotesAreKept(t *testing.T) {
	t.Parallel()
	p := &customer.Profile{}
	for n := range 101 {
		p.AddNote(customer.Note{At: noon.Add(time.Duration(n) * time.Minute), By: "agent", Text: fmt.Sprint(n)})
	}
	if len(p.Notes) != 100 || p.Notes[0].Text != "100" || p.Notes[99].Text != "1" {
		t.Errorf("%d notes from %q to %q", len(p.Notes), p.Notes[0].Text, p.Notes[len(p.Notes)-1].Text)
	}
}

func TestTheLongestNotesLeaveRoomForTheRestOfTheProfile(t *testing.T) {
	t.Parallel()
	for name, letter := range map[string]string{
		"Hangul": "가", "Latin": "a", "quotes": `"`, "signs that JSON writes with six": "<", "line breaks": "\n",
	} {
		p := &customer.Profile{}
		for n := range 120 {
			if err := p.AddNote(customer.Note{At: noon, By: "agent", Text: strings.Repeat(letter, 2000)}); err != nil {
				t.Fatalf("%s: note %d: %v", name, n, err)
			}
		}
		raw, err := json.Marshal(p.Notes)
		if err != nil || len(raw) > 100<<10 || len(raw) < 80<<10 {
			t.Errorf("%s: %d notes take %d bytes, %v", name, len(p.Notes), len(raw), err)
		}
		last := customer.Note{At: noon, By: "agent", Text: "the last"}
		if err := p.AddNote(last); err != nil || p.Notes[0] != last {
			t.Errorf("%s: the newest is not kept: %v", name, err)
		}
	}
}
