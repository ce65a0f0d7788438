package id_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"dangol/shared/platform/id"
)

func TestLaterIdsSortLater(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		early := time.UnixMilli(rapid.Int64Range(0, 1<<46).Draw(t, "early"))
		gap := rapid.Int64Range(1, 1<<40).Draw(t, "gap")
		a, b := id.New("ord", early), id.New("ord", early.Add(time.Duration(gap)*time.Millisecond))
		if a >= b {
			t.Fatalf("%s (made first) does not sort before %s", a, b)
		}
	})
}

func TestIdsAreWellFormedAndDistinct(t *testing.T) {
	t.Parallel()
	now, seen := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC), map[string]bool{}
	for range 10_000 {
		s := id.New("cart", now)
		if !id.Is("cart", s) {
			t.Fatalf("%q is not accepted as its own kind", s)
		}
		if seen[s] {
			t.Fatalf("%q came twice", s)
		}
		seen[s] = true
	}
}

func TestIsRefusesForeignAndBrokenIds(t *testing.T) {
	t.Parallel()
	good := id.New("cart", time.UnixMilli(1))
	for _, s := range []string{"", "cart", "cart_", good[1:], good + "0", "ord" + good[4:], good[:len(good)-1] + "U",
		good[:len(good)-1] + "\x00"} {
		if id.Is("cart", s) {
			t.Errorf("%q was accepted", s)
		}
	}
}
