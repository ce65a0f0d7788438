package idempotency_test

import (
	"testing"
	"time"

	"dangol/shared/platform/idempotency"
)

func TestARequestIsNamedByItsKeyAndWhatItAsksFor(t *testing.T) {
	t.Parallel()
	type body struct {
		Quantity int
		Note     string `json:",omitempty"`
	}
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	named := func(caller, key string, raw string, b body) [2]string {
		t.Helper()
		name, hash, err := idempotency.For("addLine", caller, key, []byte(raw), now).Named(b)
		if err != nil {
			t.Fatal(err)
		}
		return [2]string{name, hash}
	}
	first := named("ann", "key-1", `{"Quantity":1}`, body{Quantity: 1})
	if first[0] == "" || first[1] == "" {
		t.Fatalf("%q", first)
	}
	if again := named("ann", "key-1", `{ "Quantity": 1 }`, body{Quantity: 1}); again != first {
		t.Errorf("with other spaces it is %q, not %q", again, first)
	}
	if other := named("ann", "key-1", `{"Quantity":2}`, body{Quantity: 2}); other[0] != first[0] || other[1] == first[1] {
		t.Errorf("another body under the key is %q, the first %q", other, first)
	}
	if bob := named("bob", "key-1", `{"Quantity":1}`, body{Quantity: 1}); bob[0] == first[0] {
		t.Error("two callers with one key have the same name")
	}
	if none := named("ann", "", `{"Quantity":1}`, body{Quantity: 1}); none != [2]string{} {
		t.Errorf("without a key it is named %q", none)
	}
	if _, _, err := idempotency.For("addLine", "ann", "key-1", nil, now).Named(func() {}); err == nil {
		t.Error("a body that is no JSON is named")
	}
}
