package service_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"dangol/infra/testkit/fault"
	"dangol/shared/outreach/segment"
	"dangol/shared/outreach/sequence"
	"dangol/shared/outreach/service"
)

func TestASecondOrderIsCountedForTheSeriesThatItStartsAnew(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.agree(person)
	f.take(person, "order.placed", "orderId", "ord_1")
	f.advance(24 * time.Hour)
	// It counts for the lift of win_back, which the first order started, and is counted as an entry into win_back.
	f.take(person, "order.placed", "orderId", "ord_2")
	report, err := f.Outbox.Report(t.Context(), "sequence:win_back")
	if err != nil {
		t.Fatal(err)
	}
	if n := report["lift"]; n["entered"] != 2 || n["bought"] != 1 {
		t.Errorf("lift %v", n)
	}
}

func TestEveryOrderOfEventsIsTakenIn(t *testing.T) {
	t.Parallel()
	events := []string{
		"cart.changed", "order.placed", "order.delivered", "subscription.renewal_due", "review.negative", "consent.given",
	}
	for seed := range uint64(4) {
		random := rand.New(rand.NewPCG(seed, 13))
		f := newFixture(t)
		f.agree(person)
		for range 5 {
			n := fmt.Sprint(random.IntN(3))
			// take fails the test when the transaction is refused.
			f.take(person, events[random.IntN(len(events))], "cartId", "cart_"+n, "orderId", "ord_"+n, "subscriptionId",
				"sub_"+n, "reviewId", "rev_"+n, "renewsAt", f.clock.Now().Add(30*24*time.Hour).Format(time.RFC3339))
			f.advance(time.Duration(random.IntN(10)) * time.Hour)
		}
	}
}

// Whether there is a run with the key is found out by the write: most events are the first with theirs.
func TestAnEventStartsARunOnceAndReadsTheRunsOnlyWhenThereIsOne(t *testing.T) {
	t.Parallel()
	calls := fault.New(fault.Plan{})
	f := newFixture(t, calls.DB)
	for _, c := range []struct {
		what string
		want []string
	}{
		// The query reads the shop's segments, which a process keeps for a while.
		{"the first", []string{"GetItem", "Query", "TransactWriteItems"}},
		// The run is over, and was its cart's only one.
		{"again, after the run", []string{"GetItem", "Query", "TransactWriteItems", "GetItem", "BatchGetItem",
			"PutItem"}},
	} {
		calls.Restart(fault.Plan{})
		f.take(person, "cart.changed", "cartId", "cart_1")
		if got := calls.Calls(); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.what, got, c.want)
		}
		f.advance(8 * 24 * time.Hour)
	}
	report, err := f.Outbox.Report(t.Context(), "sequence:abandoned_cart")
	if n := report["lift"]; err != nil || n["entered"]+n["entered_held_out"] != 1 {
		t.Errorf("entries %v, %v", n, err)
	}
}

func TestWhoHasBoughtIsNotHelpedWithAFirstPurchase(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.agree(person)
	f.take(person, "consent.given")
	f.advance(24 * time.Hour)
	f.take(person, "order.placed", "orderId", "ord_1") // before the series waits for it
	f.advance(10 * 24 * time.Hour)
	for _, step := range f.templates() {
		if step == "nudge" {
			t.Errorf("sent %q", f.templates())
		}
	}
}

// The event of a cancellation may overtake that of its order, and that of the order may come again after it.
func TestAnOrderThatIsCanceledIsNoPurchaseWhenItsEventComesLater(t *testing.T) {
	t.Parallel()
	for _, order := range []string{"canceled placed", "placed canceled placed"} {
		f := newFixture(t)
		f.agree(person)
		at := f.clock.Now()
		for name := range strings.FieldsSeq(order) {
			h := service.TriggerEvent{Event: sequence.Event{Type: "order." + name, At: at,
				Data: map[string]string{"orderId": "ord_1"}}}
			if name == "placed" {
				h.Order = &segment.Order{ID: "ord_1", At: at, Amount: 12_000, Currency: "KRW", Products: []string{"prd_1"}}
			} else {
				h.Canceled = "ord_1"
			}
			if err := f.Take(t.Context(), person, h); err != nil {
				t.Fatal(err)
			}
		}
		c, err := f.Contacts.Of(t.Context(), person)
		if err != nil || len(c.Person.Orders) != 0 {
			t.Errorf("%s: purchases %+v, %v", order, c.Person.Orders, err)
		}
		year, week := at.UTC().ISOWeek()
		sold, err := f.Outbox.Report(t.Context(), fmt.Sprintf("sales:%d-W%02d", year, week))
		if n := sold["prd_1"]["orders"]; err != nil || n != strings.Count(order, "placed")-1 {
			t.Errorf("%s: sold in %d orders, %v", order, n, err)
		}
	}
}
