package store_test

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"dangol/infra/testkit/localtest"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/verification"
	"dangol/shared/verification/store"
)

var noon = time.Date(2026, 11, 30, 3, 0, 0, 0, time.UTC)

const number = "+821012345678"

func open(t *testing.T) (store.Store, *clock.Movable) {
	t.Helper()
	c := clock.Stopped(noon)
	return store.Store{Table: localtest.Table(t, table.Care), Clock: c}, c
}

// other is a code that is not this one.
func other(code string) string {
	if code == "000000" {
		return "000001"
	}
	return "000000"
}

func TestANumberIsProvedByItsCode(t *testing.T) {
	t.Parallel()
	s, c := open(t)
	secret, code, expires, err := s.Begin(t.Context(), number)
	if err != nil || !expires.Equal(noon.Add(verification.Life)) {
		t.Fatal(err, expires)
	}
	if ok, err := s.Proved(t.Context(), secret, number); ok || err != nil {
		t.Fatalf("proved before the code was entered: %v", err)
	}
	if _, err := s.Prove(t.Context(), secret, other(code)); problem.Code(err) != "code_wrong" {
		t.Fatalf("a wrong code: %v", err)
	}
	if got, err := s.Prove(t.Context(), secret, code); err != nil || got != number {
		t.Fatalf("%s, %v", got, err)
	}
	for _, test := range []struct {
		name, secret, number string
		want                 bool
	}{
		{"the number", secret, number, true},
		{"another number", secret, "+821099999999", false},
		{"a secret that was made up", strings.Repeat("0", 32), number, false},
		{"no secret", "", number, false},
	} {
		if ok, err := s.Proved(t.Context(), test.secret, test.number); ok != test.want || err != nil {
			t.Errorf("%s: %v, %v", test.name, ok, err)
		}
	}
	c.Advance(store.ProvedFor)
	if ok, err := s.Proved(t.Context(), secret, number); ok || err != nil {
		t.Errorf("still proved a day later: %v", err)
	}
}

func TestOfManyGuessesAtOnceOnlyFiveAreLookedAt(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	secret, code, _, err := s.Begin(t.Context(), number)
	if err != nil {
		t.Fatal(err)
	}
	var wrong atomic.Int32
	var all sync.WaitGroup
	for range 12 {
		all.Go(func() {
			_, err := s.Prove(t.Context(), secret, other(code))
			switch problem.Code(err) {
			case "code_wrong":
				wrong.Add(1)
			case "code_used_up", "busy":
			default:
				t.Errorf("%v", err)
			}
		})
	}
	if all.Wait(); wrong.Load() > verification.MaxWrong {
		t.Errorf("%d codes were tried", wrong.Load())
	}
	// Those that were busy have not been counted; with the rest of the tries the challenge is over for the right code too.
	for range verification.MaxWrong {
		_, _ = s.Prove(t.Context(), secret, other(code))
	}
	if _, err := s.Prove(t.Context(), secret, code); problem.Code(err) != "code_used_up" {
		t.Errorf("the right code after five wrong ones: %v", err)
	}
}

func TestTheTableHasNeitherCodeNorSecret(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	secret, code, _, err := s.Begin(t.Context(), number)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(secret))
	page, err := s.Table.Query(t.Context(), table.Query{Where: "#pk = :pk",
		With: map[string]any{":pk": "VERIFY#" + hex.EncodeToString(sum[:])}})
	if err != nil || len(page.Items) != 1 {
		t.Fatalf("%d items, %v", len(page.Items), err)
	}
	for _, item := range page.Items {
		for name := range item {
			if text := item.Text(name); strings.Contains(text, secret) || text == code {
				t.Errorf("%s has %q", name, text)
			}
		}
	}
}
