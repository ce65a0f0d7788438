package outreachworker_test

import (
	"slices"
	"testing"
	"time"

	"dangol/events"
	outreachworker "dangol/functions/outreach-worker"
	"dangol/infra/testkit/apitest"
	"dangol/infra/testkit/fault"
	"dangol/shared/money"
	"dangol/shared/outreach/contact"
	"dangol/shared/outreach/segment"
	"dangol/shared/platform/event"
)

// elsewhere are the events that conditions offer and that no event of the bus brings: answers about consent, clicks
// (functions/outreach) and birthdays (the due index).
var elsewhere = []string{"consent.given", "mail.clicked", "push.clicked", "customer.birthday"}

func TestEveryEventThatConditionsOfferIsNotedOnPeople(t *testing.T) {
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
	const mina = "mina@example.com"
	ref := events.OrderRef{OrderID: "ord_1", CustomerID: "cus_mina", Email: mina, Language: "ko"}
	subscription := events.SubscriptionChanged{PeriodCloses: noon.AddDate(0, 1, 0).Format(time.DateOnly)}
	subscription.SubscriptionID, subscription.CustomerID, subscription.Email = "sub_1", "cus_mina", mina
	for _, change := range []string{"started", "activated", "trial_started", "ended"} {
		subscription.Changes = append(subscription.Changes, events.SubscriptionChange{Name: "subscription." + change})
	}
	review := events.ReviewPublished{Rating: 1}
	review.ReviewID, review.OrderID = "rev_1", "ord_1"
	for i, body := range []event.Body{
		events.CartChanged{CartID: "cart_1", Email: mina, Language: "ko", Currency: "KRW", Lines: 1},
		events.OrderPlaced{OrderRef: ref, PlacedAt: noon, Total: money.Of(9_000, "KRW")},
		events.OrderDelivered{OrderRef: ref, Complete: true},
		review,
		events.OrderCanceled{OrderRef: ref, By: "customer"},
		subscription,
	} {
		deliver(t, func(payload []byte) error { _, err := handler.Invoke(t.Context(), payload); return err },
			"evt_"+string(rune('a'+i)), noon.Add(time.Duration(i)*time.Minute), body)
	}
	c, err := contact.Store{Table: tables[0]}.Of(t.Context(), mina)
	if err != nil {
		t.Fatal(err)
	}
	for _, offered := range segment.EventTypes {
		if len(c.Person.Events[offered]) == 0 && !slices.Contains(elsewhere, offered) {
			t.Errorf("%s is offered, and no event of the shop notes it", offered)
		}
	}
	if len(c.Person.Orders) != 0 {
		t.Errorf("the canceled order still counts: %+v", c.Person.Orders)
	}
}

// An order ends once, as canceled or as never paid; in neither case has the person bought.
func TestAnOrderThatIsNeverPaidIsNoPurchase(t *testing.T) {
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
	const mina = "mina@example.com"
	ref := events.OrderRef{OrderID: "ord_1", CustomerID: "cus_mina", Email: mina, Language: "ko"}
	for i, body := range []event.Body{
		events.OrderPlaced{OrderRef: ref, PlacedAt: noon, Total: money.Of(9_000, "KRW")},
		events.OrderPaymentFailed{OrderRef: ref, PlacedAt: noon, Total: money.Of(9_000, "KRW")},
	} {
		deliver(t, func(payload []byte) error { _, err := handler.Invoke(t.Context(), payload); return err },
			"evt_"+string(rune('a'+i)), noon.Add(time.Duration(i)*time.Minute), body)
	}
	c, err := contact.Store{Table: tables[0]}.Of(t.Context(), mina)
	if err != nil || len(c.Person.Orders) != 0 || len(c.Person.Events["order.canceled"]) != 1 {
		t.Errorf("orders %+v, events %v, %v", c.Person.Orders, c.Person.Events, err)
	}
}

// An event that cannot be taken in whole comes again: without what is known of the person its series would lack the day
// on which the goods run out.
func TestADeliveryIsNotTakenInWithoutWhatIsKnownOfThePerson(t *testing.T) {
	t.Parallel()
	env := apitest.Env(t, "outreach-worker", noon, shop)
	down := fault.New(fault.Plan{N: 1, Mode: fault.Fails})
	env.WrapDB = down.DB
	handler, err := outreachworker.New(t.Context(), env)
	if err != nil {
		t.Fatal(err)
	}
	failed := 0
	for range 2 {
		deliver(t, func(payload []byte) error {
			if _, err := handler.Invoke(t.Context(), payload); err != nil {
				failed++
			}
			return nil
		}, "evt_1", noon, events.OrderDelivered{
			OrderRef: events.OrderRef{OrderID: "ord_1", Email: "mina@example.com", Language: "ko"}, Complete: true,
			Lines: []events.OrderLine{{ProductID: "prd_1"}},
		})
	}
	if failed != 1 {
		t.Errorf("%d of two deliveries failed, want the first", failed)
	}
}

// What is sent in exchange was not bought, but its delivery and reviews are its person's.
func TestAnExchangeIsNoPurchase(t *testing.T) {
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
	const dana = "dana@example.com"
	review := events.ReviewPublished{Rating: 1}
	review.ReviewID, review.OrderID = "rev_2", "ord_2"
	ref := events.OrderRef{OrderID: "ord_2", Email: dana, Language: "ko"}
	for i, body := range []event.Body{
		events.OrderPlaced{OrderRef: ref, PlacedAt: noon, Total: money.Of(9_000, "KRW"), Origin: "exchange"}, review,
	} {
		deliver(t, func(payload []byte) error { _, err := handler.Invoke(t.Context(), payload); return err },
			"evt_"+string(rune('a'+i)), noon.Add(time.Duration(i)*time.Minute), body)
	}
	c, err := contact.Store{Table: tables[0]}.Of(t.Context(), dana)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Person.Orders) != 0 || c.Person.Customer || len(c.Person.Events["order.placed"]) != 0 {
		t.Errorf("an exchange counts as bought: %+v", c.Person)
	}
	if len(c.Person.Events["review.negative"]) != 1 {
		t.Errorf("the review of the exchanged goods is nobody's: %v", c.Person.Events)
	}
}
