package order_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"dangol/shared/order"
)

func TestNumberAndIDAreTwoWritingsOfTheSame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		at := time.UnixMilli(rapid.Int64Range(0, 1<<45-1).Draw(t, "ms"))
		id := order.NewID(at)
		number := order.NumberOf(id)
		if len(number) != 17 || number[5] != '-' || number[11] != '-' {
			t.Fatalf("number %q", number)
		}
		mangled := number
		if rapid.Bool().Draw(t, "lower case") {
			mangled = strings.ToLower(mangled)
		}
		mangled = rapid.SampledFrom([]string{mangled, strings.ReplaceAll(mangled, "-", ""),
			strings.ReplaceAll(mangled, "-", " ")}).Draw(t, "groups")
		mangled = rapid.SampledFrom([]string{mangled, strings.ReplaceAll(mangled, "1", "l"),
			strings.ReplaceAll(mangled, "0", "O")}).Draw(t, "misread")
		if back, ok := order.IDFromNumber(mangled); !ok || back != id {
			t.Fatalf("%q read as %q, want %q", mangled, back, id)
		}
	})
}

func TestLaterOrdersSortLater(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.Int64Range(0, 1<<45-2).Draw(t, "first")
		b := rapid.Int64Range(a+1, 1<<45-1).Draw(t, "second")
		if first, second := order.NewID(time.UnixMilli(a)), order.NewID(time.UnixMilli(b)); first >= second {
			t.Fatalf("%s of %d sorts after %s of %d", first, a, second, b)
		}
	})
}

func TestWhatIsNoOrderNumber(t *testing.T) {
	t.Parallel()
	for _, number := range []string{"", "1K9X7", "1K9X7-D3F8Q-7M2KU", "1K9X7-D3F8Q-7M2K", "1K9X7-D3F8Q-7M2KA0", "주문번호",
		"1K9X7-D3F8Q-7M2K\x00"} {
		if id, ok := order.IDFromNumber(number); ok {
			t.Errorf("%q was read as %s", number, id)
		}
	}
	for _, id := range []string{"", "ord_", "chk_1k9x7d3f8q7m2ka", "ord_1K9X7D3F8Q7M2KA", "ord_1k9x7d3f8q7m2ki"} {
		if order.IsID(id) {
			t.Errorf("%q passes as an order id", id)
		}
	}
}
