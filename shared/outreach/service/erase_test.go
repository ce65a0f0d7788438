package service_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"dangol/infra/testkit/localtest"
	"dangol/shared/compliance"
	"dangol/shared/outbox"
	"dangol/shared/outreach/contact"
	"dangol/shared/outreach/segment"
	"dangol/shared/outreach/sequence"
	"dangol/shared/outreach/service"
	"dangol/shared/platform/due"
	"dangol/shared/platform/table"
	"dangol/shared/platform/task"
)

// buy is an order of somebody, as the worker takes it in.
func (f *fixture) buy(orderID string, at time.Time) {
	f.t.Helper()
	err := f.Take(f.t.Context(), person, service.TriggerEvent{
		Event:   sequence.Event{Type: "order.placed", At: at, Data: map[string]string{"orderId": orderID}},
		Order:   &segment.Order{ID: orderID, At: at, Amount: 1_000, Currency: "KRW"},
		Also:    []table.Write{service.Buyer(orderID, person, at)},
		Profile: func(c *contact.Contact) { c.Name, c.CustomerID = "Kim Haneul", "cus_1" },
	})
	if err != nil {
		f.t.Fatal(err)
	}
}

// holding lists the items of the table in which a text stands.
func (f *fixture) holding(text string) (keys []string) {
	f.t.Helper()
	name := f.Table.Name()
	found, err := localtest.DB(f.t).(interface {
		Scan(ctx context.Context, in *dynamodb.ScanInput, o ...func(*dynamodb.Options)) (*dynamodb.ScanOutput, error)
	}).Scan(f.t.Context(), &dynamodb.ScanInput{TableName: &name})
	if err != nil {
		f.t.Fatal(err)
	}
	for _, item := range found.Items {
		var all map[string]any
		if err := table.Item(item).Decode(&all); err != nil {
			f.t.Fatal(err)
		}
		if strings.Contains(strings.ToLower(fmt.Sprint(all)), text) {
			keys = append(keys, table.Item(item).Key().String())
		}
	}
	return keys
}

func TestAnErasedPersonIsNowhereInTheTable(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Commerce = localtest.Table(t, table.Commerce)
	f.agree(person)
	f.take(person, "cart.changed", "cartId", "cart_1")
	f.advance(3 * time.Hour) // the reminder is sent
	f.buy("ord_1", f.clock.Now())
	f.take(person, "order.delivered", "orderId", "ord_1")
	if len(f.mails) == 0 || len(f.holding(person)) == 0 {
		t.Fatal("nothing to erase")
	}
	for range 2 {
		if err := f.Erase(t.Context(), person); err != nil {
			t.Fatal(err)
		}
	}
	if found := slices.Concat(f.holding(person), f.holding("kim haneul")); len(found) > 0 {
		t.Errorf("the person is still in %q", found)
	}
	sent := len(f.mails)
	f.advance(60 * 24 * time.Hour)
	if len(f.mails) != sent {
		t.Errorf("mails after the erasure: %q", f.templates()[sent:])
	}
}

// TestTheContentsOfALargeMailAreErased: they are in the compressed attribute of its task.
func TestTheContentsOfALargeMailAreErased(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	now := f.clock.Now()
	lines := strings.Repeat(`{"title":"Soap","name":"Kim Haneul"},`, 60)
	letter := outbox.Mail{ID: "m1", Kind: compliance.Transactional, To: person, Template: "order_confirmation",
		Planned: now, Event: &outbox.Event{Type: "order.placed", Detail: json.RawMessage(`{"lines":[` + lines + `{}]}`)}}
	done := task.New(outbox.DueMail, letter.ID, letter, now, now)
	done.State, done.Due = task.Done, due.Due{}
	writes := append(letter.Settle(outbox.Accepted, "ses-1", "", now), table.Put{Item: done, If: table.IfNew})
	if err := f.Table.Transact(t.Context(), "", writes...); err != nil {
		t.Fatal(err)
	}
	if got := f.holding("kim haneul"); len(got) != 1 {
		t.Fatalf("the name is in %q before, want the task", got)
	}
	if err := f.Erase(t.Context(), person); err != nil {
		t.Fatal(err)
	}
	if got := append(f.holding(person), f.holding("kim haneul")...); len(got) > 0 {
		t.Errorf("the person is still in %q", got)
	}
}

func TestWhatHappenedBeforeAnErasureBringsNothingBackAndALaterOrderBeginsAnew(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.agree(person)
	f.buy("ord_1", f.clock.Now())
	before := f.clock.Now()
	f.clock.Advance(time.Hour)
	if err := f.Erase(t.Context(), person); err != nil {
		t.Fatal(err)
	}
	f.buy("ord_1", before) // delivered again
	c, err := f.Contacts.Of(t.Context(), person)
	if err != nil || c.Email != "" || len(c.Person.Orders) != 0 || !c.Gone(before) {
		t.Fatalf("an event from before brings back %+v, %v", c, err)
	}
	f.clock.Advance(time.Hour)
	f.buy("ord_2", f.clock.Now())
	c, err = f.Contacts.Of(t.Context(), person)
	if err != nil || c.Email != person || len(c.Person.Orders) != 1 || c.Suppression[compliance.Email] != "" ||
		c.Consent[compliance.Email].Answer != compliance.NoAnswer || c.Gone(f.clock.Now()) {
		t.Errorf("after another order %+v, %v", c, err)
	}
}

// What the shop and the carrier do with an order from before the erasure goes on after it, and carries the address.
func TestOnlyWhatThePersonDoesBringsAnErasedAddressBack(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		do   func(*fixture)
		back bool
	}{
		{"a parcel arrives", func(f *fixture) { f.take(person, "order.delivered", "orderId", "ord_1") }, false},
		{"an order is canceled", func(f *fixture) { f.take(person, "order.canceled", "orderId", "ord_1") }, false},
		{"a return is settled", func(f *fixture) {
			f.note(contact.ReturnEvent{ReturnID: "ret_1", Over: true, Undone: true, Whole: true})
		}, false},
		{"a subscription renews", func(f *fixture) {
			f.take(person, "subscription.renewal_due", "subscriptionId", "sub_1")
		}, false},
		{"a cart is filled", func(f *fixture) { f.take(person, "cart.changed", "cartId", "cart_2") }, true},
		{"an order is placed", func(f *fixture) { f.buy("ord_2", f.clock.Now()) }, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.buy("ord_1", f.clock.Now())
			if err := f.Erase(t.Context(), person); err != nil {
				t.Fatal(err)
			}
			f.clock.Advance(time.Hour)
			c.do(f)
			if found := f.holding(person); len(found) > 0 != c.back {
				t.Errorf("the address is in %q", found)
			}
		})
	}
}
