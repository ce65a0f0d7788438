package cart_test

import (
	"testing"

	"dangol/shared/cart"
)

func TestGuestsAreCountedByTheirMailbox(t *testing.T) {
	t.Parallel()
	want := cart.CounterOf("", "haneul.kim@gmail.com")
	for _, same := range []string{"Haneul.Kim@GMail.com", " haneulkim@gmail.com ", "haneul.kim+shop@googlemail.com",
		"ｈaneulkim@gmail.com"} {
		if got := cart.CounterOf("", same); got != want {
			t.Errorf("%q is counted as somebody else", same)
		}
	}
	for _, other := range []string{"haneul.kim@example.com", "haneulkim@example.com", "other@gmail.com"} {
		if got := cart.CounterOf("", other); got == want {
			t.Errorf("%q is counted as the same", other)
		}
	}
	if cart.CounterOf("", "a.b@example.com") == cart.CounterOf("", "ab@example.com") {
		t.Error("a dot counts but at Google")
	}
	if cart.CounterOf("cus_1", "a@example.com") != "cus_1" || cart.CounterOf("", "") != "" {
		t.Error("a customer is counted by their id, and nobody who is not known")
	}
}
