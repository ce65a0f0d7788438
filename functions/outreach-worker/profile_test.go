package outreachworker_test

import (
	"encoding/json"
	"testing"
	"time"

	"dangol/events"
	outreachworker "dangol/functions/outreach-worker"
	"dangol/infra/testkit/apitest"
	"dangol/shared/money"
	"dangol/shared/outreach/contact"
	"dangol/shared/platform/event"
	"dangol/shared/platform/table"
)

// deliver hands a domain event to the function, as the bus does.
func deliver(t *testing.T, invoke func([]byte) error, id string, at time.Time, body event.Body) {
	t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	detail, err := json.Marshal(event.Envelope{ID: id, Type: body.EventType(), Time: at, Data: data})
	if err != nil {
		t.Fatal(err)
	}
	payload, err := json.Marshal(map[string]any{
		"id": id, "source": event.Source, "detail-type": body.EventType(), "detail": json.RawMessage(detail),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := invoke(payload); err != nil {
		t.Fatal(err)
	}
}

// An address is typed by whoever fills a cart. Nobody may change what is known of the person behind it, or be taken for
// them where promotions ask for segments.
func TestWhoTypesAnAddressIsNotTakenForThePersonBehindIt(t *testing.T) {
	t.Parallel()
	env := apitest.Env(t, "outreach-worker", noon, shop)
	handler, err := outreachworker.New(t.Context(), env)
	if err != nil {
		t.Fatal(err)
	}
	invoke := func(payload []byte) error { _, err := handler.Invoke(t.Context(), payload); return err }
	tables, err := env.Tables(t.Context(), "OUTREACH_TABLE")
	if err != nil {
		t.Fatal(err)
	}
	const mina = "mina@example.com"
	known := func() contact.Contact {
		t.Helper()
		c, err := contact.Store{Table: tables[0]}.Of(t.Context(), mina)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	order := func(id, customer, name, language string) events.OrderPlaced {
		o := events.OrderPlaced{PlacedAt: noon, Total: money.Of(9_000, "KRW")}
		o.OrderID, o.CustomerID, o.Email, o.Name, o.Language = id, customer, mina, name, language
		return o
	}
	deliver(t, invoke, "evt_1", noon, order("ord_1", "cus_mina", "김미나", "ko"))
	deliver(t, invoke, "evt_2", noon.Add(time.Minute), events.CartChanged{
		CartID: "cart_1", CustomerID: "cus_mallory", Email: mina, Language: "en", Currency: "KRW", Lines: 1,
	})
	deliver(t, invoke, "evt_3", noon.Add(2*time.Minute), order("ord_2", "cus_mallory", "Visit evil.example", "en"))
	if c := known(); c.CustomerID != "cus_mina" || c.Name != "김미나" || c.Language != "ko" || len(c.Person.Orders) != 2 {
		t.Errorf("a stranger made the contact %+v", c)
	}
	deliver(t, invoke, "evt_4", noon.Add(3*time.Minute), order("ord_3", "cus_mina", "김 미나", "en"))
	if c := known(); c.Name != "김 미나" || c.Language != "en" {
		t.Errorf("she cannot change it herself: %+v", c)
	}
}

func TestACartAloneMakesNobodyACustomer(t *testing.T) {
	t.Parallel()
	env := apitest.Env(t, "outreach-worker", noon, shop)
	handler, err := outreachworker.New(t.Context(), env)
	if err != nil {
		t.Fatal(err)
	}
	invoke := func(payload []byte) error { _, err := handler.Invoke(t.Context(), payload); return err }
	deliver(t, invoke, "evt_1", noon, events.CartChanged{
		CartID: "cart_1", CustomerID: "cus_mallory", Email: "mina@example.com", Language: "en", Currency: "KRW", Lines: 1,
	})
	tables, err := env.Tables(t.Context(), "OUTREACH_TABLE")
	if err != nil {
		t.Fatal(err)
	}
	c, err := contact.Store{Table: tables[0]}.Of(t.Context(), "mina@example.com")
	if err != nil || c.CustomerID != "" || c.Person.Customer || c.Language != "en" {
		t.Errorf("%+v, %v", c, err)
	}
	var delivered map[string]any
	commerce, err := env.Tables(t.Context(), "COMMERCE_TABLE")
	if err != nil {
		t.Fatal(err)
	}
	if err := commerce[0].Get(t.Context(), table.Key{PK: "CUSTOMER#cus_mallory", SK: "SEGMENTS"}, &delivered); err == nil {
		t.Errorf("promotions are told of %v", delivered)
	}
}
