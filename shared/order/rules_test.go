package order_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"dangol/shared/order"
)

func TestFulfill(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		order   *order.Order
		parcels []order.Fulfillment
		want    order.State
		refused string // of the last parcel
	}{
		{"everything at once", bought(order.PayCaptured, 2, 1), []order.Fulfillment{parcel()}, order.Fulfilled, ""},
		{"some of it", bought(order.PayCaptured, 2, 1), []order.Fulfillment{parcel(units("line_1", 1))},
			order.PartlyFulfilled, ""},
		{"the rest", bought(order.PayCaptured, 2, 1), []order.Fulfillment{parcel(units("line_1", 1)), parcel()},
			order.Fulfilled, ""},
		{"more than is left", bought(order.PayCaptured, 2),
			[]order.Fulfillment{parcel(units("line_1", 1)), parcel(units("line_1", 2))},
			order.PartlyFulfilled, "/lines/0/quantity too_large"},
		{"a line of another order", bought(order.PayCaptured, 2), []order.Fulfillment{parcel(units("line_9", 1))},
			order.Placed, "/lines/0/lineId not_allowed"},
		{"the same line twice in a parcel", bought(order.PayCaptured, 2),
			[]order.Fulfillment{parcel(units("line_1", 1), units("line_1", 1))},
			order.Placed, "/lines/1/lineId duplicate"},
		{"a negative quantity", bought(order.PayCaptured, 2), []order.Fulfillment{parcel(units("line_1", -1))},
			order.Placed, "/lines/0/quantity too_small"},
		{"again when all is shipped", bought(order.PayCaptured, 2), []order.Fulfillment{parcel(), parcel()}, order.Fulfilled,
			"order_fulfilled"},
		{"before the money is taken", bought(order.PayAuthorized, 2), []order.Fulfillment{parcel()}, order.Placed,
			"payment_not_captured"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var err error
			for _, p := range c.parcels {
				_, err = c.order.Fulfill(p, order.ByShop, noon)
			}
			if c.order.State != c.want || codeOf(err) != c.refused {
				t.Fatalf("state %s, refused %q; want %s, %q", c.order.State, codeOf(err), c.want, c.refused)
			}
		})
	}
}

func TestAnOrderIsDeliveredWhenItsLastParcelHasArrived(t *testing.T) {
	t.Parallel()
	o := bought(order.PayCaptured, 2)
	must(t, o, parcel(units("line_1", 1)), parcel())
	if _, changed, err := o.Deliver(2, order.ByShop, noon.Add(time.Hour)); err != nil || !changed ||
		o.State != order.Fulfilled {
		t.Fatalf("after one of two: %s, %v", o.State, err)
	}
	if _, changed, _ := o.Deliver(2, order.ByShop, noon.Add(2*time.Hour)); changed {
		t.Fatal("a parcel arrived twice")
	}
	if _, _, err := o.Deliver(1, order.ByShop, noon.Add(3*time.Hour)); err != nil || o.State != order.Delivered {
		t.Fatalf("after both: %s, %v", o.State, err)
	}
	if at, ok := o.DeliveredAt(); !ok || !at.Equal(noon.Add(3*time.Hour)) {
		t.Fatalf("delivered at %v, %v; want the last parcel's time", at, ok)
	}
	if _, _, err := o.Deliver(3, order.ByShop, noon); codeOf(err) != "no_such_fulfillment" {
		t.Fatalf("a parcel that is not there: %v", err)
	}
}

func must(t *testing.T, o *order.Order, parcels ...order.Fulfillment) {
	t.Helper()
	for _, p := range parcels {
		if _, err := o.Fulfill(p, order.ByShop, noon); err != nil {
			t.Fatal(err)
		}
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	shipped := bought(order.PayCaptured, 2)
	must(t, shipped, parcel(units("line_1", 1)))
	for _, c := range []struct {
		name    string
		order   *order.Order
		pay     order.PayState
		refund  int64
		refused string
	}{
		{"paid: everything goes back", bought(order.PayCaptured, 2, 1), order.PayRefunding, 6_000, ""},
		{"only reserved: let go, nothing to refund", bought(order.PayAuthorized, 2, 1), order.PayReleasing, 0, ""},
		{"partly shipped: that is a return", shipped, order.PayCaptured, 0, "order_shipped"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := c.order.Cancel("mind", order.ByCustomer, noon)
			if codeOf(err) != c.refused || c.order.Payment.State != c.pay {
				t.Fatalf("refused %q, payment %s; want %q, %s", codeOf(err), c.order.Payment.State, c.refused, c.pay)
			}
			if sum := refunds(c.order); sum != c.refund {
				t.Fatalf("%d goes back, want %d", sum, c.refund)
			}
			if changed, err := c.order.Cancel("again", order.ByCustomer, noon); changed || codeOf(err) != c.refused {
				t.Fatalf("canceling again: changed %v, %v", changed, err)
			}
		})
	}
}

func refunds(o *order.Order) (sum int64) {
	for _, r := range o.Refunds {
		if r.State != "failed" {
			sum += r.Amount
		}
	}
	return sum
}

func TestNotesAreBoundedAndOldOnesStay(t *testing.T) {
	t.Parallel()
	o := bought(order.PayCaptured, 1)
	for i := range order.MaxNotes {
		if err := o.AddNote(order.Note{Text: "note", By: "agent-1"}, noon.Add(time.Duration(i))); err != nil {
			t.Fatal(err)
		}
	}
	if err := o.AddNote(order.Note{Text: "one more"}, noon); codeOf(err) != "too_many_notes" {
		t.Fatalf("got %v", err)
	}
	if len(o.Notes) != order.MaxNotes || !o.Notes[0].At.Equal(noon) {
		t.Fatal("an old note went")
	}
}

func TestARepeatedRequestIsKnownByItsKey(t *testing.T) {
	t.Parallel()
	o := bought(order.PayCaptured, 2)
	p := parcel(units("line_1", 1))
	p.Request = order.Request{Key: "k", Hash: "h"}
	must(t, o, p)
	for _, c := range []struct {
		name     string
		request  order.Request
		repeated bool
		refused  string
	}{
		{"the same", order.Request{Key: "k", Hash: "h"}, true, ""},
		{"another body", order.Request{Key: "k", Hash: "x"}, false, "idempotency_key_reused"},
		{"another key", order.Request{Key: "k2", Hash: "h"}, false, ""},
		{"no key", order.Request{}, false, ""},
	} {
		if got, err := o.Repeated(c.request); got != c.repeated || codeOf(err) != c.refused {
			t.Errorf("%s: %v %v", c.name, got, err)
		}
	}
}

// allowed are the steps an order may take.
var allowed = map[order.State][]order.State{
	order.Placed:          {order.PartlyFulfilled, order.Fulfilled, order.Canceled},
	order.PartlyFulfilled: {order.Fulfilled},
	order.Fulfilled:       {order.Delivered},
}

func TestWhateverIsDoneToAnOrderItMovesOnlyForwards(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		o := bought(rapid.SampledFrom([]order.PayState{order.PayAuthorized, order.PayCaptured}).Draw(t, "payment"),
			rapid.IntRange(1, 3).Draw(t, "line 1"), rapid.IntRange(1, 3).Draw(t, "line 2"))
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			before, entries := o.State, len(o.Timeline)
			act(t, o)
			if o.State != before && !slices.Contains(allowed[before], o.State) {
				t.Fatalf("from %s to %s", before, o.State)
			}
			if o.State != before && len(o.Timeline) == entries {
				t.Fatalf("from %s to %s without a word in the timeline", before, o.State)
			}
			checkUnits(t, o)
		}
	})
}

func act(t *rapid.T, o *order.Order) {
	switch rapid.IntRange(0, 5).Draw(t, "action") {
	case 0:
		_, _ = o.Fulfill(parcel(units("line_1", rapid.IntRange(-1, 3).Draw(t, "units"))), order.ByShop, noon)
	case 1:
		_, _ = o.Fulfill(parcel(), order.ByShop, noon)
	case 2:
		_, _, _ = o.Deliver(rapid.IntRange(0, 3).Draw(t, "parcel"), order.ByShop, noon)
	case 3:
		_, _ = o.Cancel("x", order.ByShop, noon)
	case 4:
		o.Paid(o.Totals.Total, noon)
	case 5:
		o.Unpaid(noon)
	}
}

func checkUnits(t *rapid.T, o *order.Order) {
	shipped := 0
	for _, f := range o.Fulfillments {
		for _, p := range f.Lines {
			shipped += p.Quantity
		}
	}
	left, all := 0, 0
	for _, p := range o.Unshipped() {
		left += p.Quantity
	}
	for _, l := range o.Lines {
		all += l.Quantity
	}
	canceled := 0
	for _, e := range o.Ledger {
		canceled += len(e.Units)
	}
	if shipped+left+canceled != all {
		t.Fatalf("%d shipped, %d left and %d canceled of %d", shipped, left, canceled, all)
	}
	if o.State == order.Canceled && shipped > 0 {
		t.Fatal("a canceled order has parcels")
	}
}
