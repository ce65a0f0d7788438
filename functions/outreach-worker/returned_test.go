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

// The other way round: the delivery of goods that are on their way back is heard of when the return has begun.
func TestAReturnLetsTheSeriesOfItsOrderWait(t *testing.T) {
	t.Parallel()
	const mina = "mina@example.com"
	order := events.OrderRef{OrderID: "ord_1", CustomerID: "cus_mina", Email: mina, Language: "ko"}
	ref := events.ReturnRef{ReturnID: "ret_1", OrderRef: order}
	for _, c := range []struct {
		name  string
		end   event.Body
		open  bool
		undid bool
	}{
		{"while it is open", nil, true, false},
		{"until it is rejected", events.ReturnRejected{ReturnRef: ref}, false, false},
		{"until it is canceled", events.ReturnCanceled{ReturnRef: ref}, false, false},
		{"until it is exchanged", events.ReturnCompleted{ReturnRef: ref}, false, false},
		{"for good when all of it is refunded", events.ReturnCompleted{ReturnRef: ref, Refund: money.Of(9_000, "KRW"),
			Whole: true}, false, true},
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
			invoke := func(payload []byte) error { _, err := handler.Invoke(t.Context(), payload); return err }
			deliver(t, invoke, "evt_1", noon, events.ReturnRequested{ReturnRef: ref})
			if c.end != nil {
				deliver(t, invoke, "evt_2", noon.Add(time.Hour), c.end)
			}
			deliver(t, invoke, "evt_3", noon.Add(2*time.Hour), events.OrderDelivered{OrderRef: order, Complete: true})
			person, err := contact.Store{Table: tables[0]}.Of(t.Context(), mina)
			if err != nil {
				t.Fatal(err)
			}
			if person.ReturnOpen("ord_1", noon.Add(2*time.Hour)) != c.open || (len(person.Runs) == 0) != c.undid {
				t.Errorf("returns %+v, runs %q", person.Returning, person.Runs)
			}
		})
	}
}
