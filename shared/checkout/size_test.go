package checkout

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"time"

	"dangol/shared/order"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/problem"
	"dangol/shared/pricing"
)

// checkoutOf has a number of lines, each with a property of so many bytes.
func checkoutOf(lines, bytes int) *Checkout {
	c := &Checkout{ID: "chk_1", OrderID: order.NewID(time.Unix(0, 0))}
	c.Totals = order.Totals{Totals: pricing.Totals{Currency: "KRW"}}
	for i := range lines {
		id := strconv.Itoa(i)
		c.Lines = append(c.Lines, order.Line{
			ID: "ln_" + id, VariantID: "var_" + id, ProductID: "prd_" + id, Quantity: 1, Title: "비누 " + id,
			Properties: map[string]string{"engraving": strings.Repeat("가", bytes/3)},
		})
		c.Totals.Lines = append(c.Totals.Lines, pricing.LineTotal{ID: "ln_" + id, Quantity: 1, Units: []int64{0}})
	}
	return c
}

// The cart refuses by an estimate; what is stored is measured before anything is held or paid.
func TestAnOrderThatCannotBeStoredIsRefusedByItsMeasuredSize(t *testing.T) {
	t.Parallel()
	s := Service{Clock: clock.Stopped(time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC))}
	for _, test := range []struct {
		name         string
		lines, bytes int
		fits         bool
	}{
		{"one line with an engraving", 1, 300, true},
		{"95 lines with short engravings", 95, 300, true},
		{"a text that fills the order", 1, maxOrder, false},
		{"many texts that fill it together", 95, maxOrder / 90, false},
		// The order would fit; its event, which is sent alone, would not.
		{"an event beyond what the bus takes", 1, maxEvent + 1024, false},
	} {
		err := s.storable(context.Background(), checkoutOf(test.lines, test.bytes))
		if fits := err == nil; fits != test.fits {
			t.Errorf("%s: %v", test.name, err)
		}
		if err != nil && problem.Code(err) != "order_too_large" {
			t.Errorf("%s: %v, want order_too_large", test.name, err)
		}
	}
}

// Encoding an order to measure it is dear, so a small one is not measured; what is not measured must fit for certain.
func TestASmallCheckoutThatIsNotMeasuredFits(t *testing.T) {
	t.Parallel()
	c := checkoutOf(surelySmall, 0)
	for i := range c.Lines {
		c.Lines[i].Properties = nil
		c.Lines[i].Title = strings.Repeat("가", 255)
		c.Lines[i].Image = "https://cdn.example/" + strings.Repeat("x", 2000)
	}
	if !c.small() {
		t.Fatal("it is measured")
	}
	c.Lines[0].Properties = map[string]string{"engraving": "x"} // so that it is measured
	s := Service{Clock: clock.Stopped(time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC))}
	if err := s.storable(context.Background(), c); err != nil {
		t.Errorf("%d lines of the longest texts: %v", surelySmall, err)
	}
}
