package keystore_test

import (
	"sync"
	"testing"
	"time"

	"dangol/infra/testkit/localtest"
	"dangol/shared/outreach/keystore"
	"dangol/shared/outreach/tracking"
	"dangol/shared/platform/table"
)

var noon = time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)

func TestAllWorkersSignWithOneKey(t *testing.T) {
	t.Parallel()
	tb := localtest.Table(t, table.Outreach)
	tokens := make([]string, 8)
	var all sync.WaitGroup
	for i := range tokens {
		all.Go(func() {
			signer, err := (&keystore.Store{Table: tb}).Signer(t.Context(), noon)
			if err != nil {
				t.Error(err)
				return
			}
			tokens[i] = signer.Sign(tracking.Link, "m", "0")
		})
	}
	all.Wait()
	signer, err := (&keystore.Store{Table: tb}).Signer(t.Context(), noon)
	if err != nil {
		t.Fatal(err)
	}
	for _, token := range tokens {
		if _, err := signer.Verify(tracking.Link, token, 2); err != nil {
			t.Errorf("%q: %v", token, err)
		}
	}
}

func TestTheIdentityForPushIsMadeOnce(t *testing.T) {
	t.Parallel()
	tb := localtest.Table(t, table.Outreach)
	made := 0
	generate := func() (string, string, error) {
		made++
		return "public", "private", nil
	}
	for range 3 {
		v, err := (&keystore.Store{Table: tb}).VAPID(t.Context(), generate)
		if err != nil || v.Public != "public" || v.Private != "private" {
			t.Fatalf("%+v, %v", v, err)
		}
	}
	if made != 1 {
		t.Errorf("made %d times", made)
	}
}

func TestWhoOnlyChecksMakesNoKey(t *testing.T) {
	t.Parallel()
	tb := localtest.Table(t, table.Outreach)
	checks := &keystore.Store{Table: tb}
	if signer, err := checks.Known(t.Context()); signer != nil || err != nil {
		t.Fatalf("%v, %v before there is a key", signer, err)
	}
	made, err := (&keystore.Store{Table: tb}).Signer(t.Context(), noon)
	if err != nil {
		t.Fatal(err)
	}
	known, err := checks.Known(t.Context())
	if err != nil || known == nil {
		t.Fatal(known, err)
	}
	if !known.VerifyShort(tracking.Reply, made.Short(tracking.Reply, "a", "b"), "a", "b") {
		t.Error("what one process signs, another one does not know")
	}
}
