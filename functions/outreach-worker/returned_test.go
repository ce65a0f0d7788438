package outreachworker_test

import (
	"strings"
	"testing"
	"time"

	"dangol/events"
	outreachworker "dangol/functions/outreach-worker"
	"dangol/infra/testkit/apitest"
	"dangol/shared/money"
	"dangol/shared/outreach/contact"
	"dangol/shared/platform/event"
)

// Nobody is asked how they like what they gave back, told how to use it, or that it will run out.
func TestWhatAnOrderHasStartedEndsWhenItIsUndone(t *testing.T) {
	t.Parallel()
	const mina = "mina@example.com"
	order := func(id string) events.OrderRef {
		return events.OrderRef{OrderID: id, CustomerID: "cus_mina", Email: mina, Language: "ko"}
	}
	won := func(amount int64) money.Money { return money.Of(amount, "KRW") }
	returned := func(refund, credit int64) events.ReturnCompleted {
		return events.ReturnCompleted{ReturnRef: events.ReturnRef{ReturnID: "ret_1", OrderRef: order("ord_1")},
			Refund: won(refund), Credit: won(credit)}
	}
	for _, c := range []struct {
		name string
		body event.Body
		ends bool
	}{
		{"canceled", events.OrderCanceled{OrderRef: order("ord_1"), By: "merchant"}, true},
		{"returned", returned(9_000, 0), true},
		{"returned for store credit", returned(0, 9_000), true},
		{"exchanged, or not accepted", returned(0, 0), false},
		{"refunded without a return", events.OrderRefunded{OrderRef: order("ord_1"), Amount: won(9_000),
			Lines: []events.OrderLine{{LineID: "line_1"}}}, true},
		{"refunded at the provider's console",
			events.OrderRefunded{OrderRef: order("ord_1"), Amount: won(9_000), Whole: true},
			true},
		{"a gesture", events.OrderRefunded{OrderRef: order("ord_1"), Amount: won(1_000)}, false},
		{"another order", events.OrderCanceled{OrderRef: order("ord_2"), By: "merchant"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			env := apitest.Env(t, "outreach-worker", noon, shop)
			handler, err := outreachworker.New(t.Context(), env)
			if err != nil {
				t.Fatal(err)
			}
			tables, err := env.Tables(t.Context(), "OUTREACH_TABLE")
			if err != nil {
				t.Fatal(err)
			}
			runs := func() (about int) {
				person, err := contact.Store{Table: tables[0]}.Of(t.Context(), mina)
				if err != nil {
					t.Fatal(err)
				}
				for _, run := range person.Runs {
					if strings.HasSuffix(run, "#ord_1") {
						about++
					}
				}
				return about
			}
			invoke := func(payload []byte) error { _, err := handler.Invoke(t.Context(), payload); return err }
			deliver(t, invoke, "evt_1", noon, events.OrderDelivered{OrderRef: order("ord_1"), Complete: true})
			before := runs()
			deliver(t, invoke, "evt_2", noon.Add(24*time.Hour), c.body)
			if after := runs(); before == 0 || (after == 0) != c.ends || !c.ends && after != before {
				t.Errorf("%d runs before, %d after", before, after)
			}
		})
	}
}
