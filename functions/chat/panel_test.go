package chat

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"dangol/infra/testkit/fault"
	"dangol/infra/testkit/memory"
	"dangol/shared/compliance"
	"dangol/shared/customer"
	"dangol/shared/order"
	"dangol/shared/outreach/consent"
	"dangol/shared/outreach/contact"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/table"
	"dangol/shared/pricing"
	"dangol/shared/review"
	reviews "dangol/shared/review/store"
	"dangol/shared/rma"
	"dangol/shared/subscription/service"
)

// panelTime is when the panels of these tests are read.
var panelTime = time.Date(2026, 11, 30, 1, 0, 0, 0, time.UTC)

// panelOf is a side panel whose calls to the three tables go through the injector and are told to observe.
func panelOf(in *fault.Injector, observe func(table.Op)) customers {
	open := func(s table.Schema) *table.Table { return table.New(in.DB(memory.New(s)), s.Name, observe) }
	care, commerce, outreach := open(table.Care), open(table.Commerce), open(table.Outreach)
	c := clock.Stopped(panelTime)
	return newCustomers(care, commerce, outreach, business{
		orders: order.Store{Table: commerce, Clock: c}, subscriptions: &service.Service{Table: commerce, Clock: c},
	})
}

// fill gives customer ann so many orders, with two returns, a review and consent to advertising by mail.
func fill(t *testing.T, k customers, orders int) {
	t.Helper()
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for n := range orders {
		at := panelTime.AddDate(0, 0, n-orders)
		o := &order.Order{ID: order.NewID(at), PlacedAt: at, State: order.Delivered, Draft: order.Draft{
			CustomerID: "ann", Totals: order.Totals{Totals: pricing.Totals{Currency: "KRW"}},
			Lines: []order.Line{{ID: "l", Title: "Soap"}},
		}}
		must(k.orders.Table.Transact(ctx, o.ID, k.orders.Place(o)))
		if n < 2 {
			r := &rma.RMA{ID: rma.IDFor(o.ID, 1), CustomerID: "ann", State: rma.Requested, CreatedAt: at, Currency: "KRW",
				Lines: []rma.Line{{Title: fmt.Sprintf("Soap %d", n)}}}
			must(k.returns.Table.Put(ctx, k.returns.Put(r, at)))
		}
	}
	must(k.reviews.Create(ctx, &review.Review{
		ID: "rev_1", ProductID: "prod_1", OrderID: "ord_1", LineID: "l", AuthorID: "ann", State: review.Published,
		Written: panelTime,
		Content: review.Content{Stars: 2, Text: strings.Repeat("비", shownOfReview+1), Language: "ko"},
	}, &reviews.Screening{}, false, reviews.Effect{}))
	_, err := k.profiles.Change(ctx, "ann", func(p *customer.Profile) (bool, error) {
		return p.Met("ann@example.com", "Ann", "ko"), nil
	})
	must(err)
	_, err = k.contacts.Change(ctx, "ann@example.com", panelTime, func(c *contact.Contact) ([]table.Write, bool, error) {
		c.Consent = map[compliance.Channel]consent.State{compliance.Email: {Answer: compliance.Given}}
		return nil, false, nil
	})
	must(err)
}

func TestThePanelShowsTheNewestOfEachSourceInOrder(t *testing.T) {
	t.Parallel()
	k := panelOf(fault.New(fault.Plan{}), nil)
	fill(t, k, listed+2)
	v, err := k.View(t.Context(), "ann")
	if err != nil {
		t.Fatal(err)
	}
	if len(v.Orders) != listed || len(v.Returns) != 2 || len(v.Reviews) != 1 || !v.VIP {
		t.Fatalf("%d orders, %d returns, %d reviews, VIP %v", len(v.Orders), len(v.Returns), len(v.Reviews), v.VIP)
	}
	for i, o := range v.Orders {
		if want := panelTime.AddDate(0, 0, -1-i); !o.PlacedAt.Equal(want) {
			t.Errorf("order %d is of %s, want %s", i, o.PlacedAt, want)
		}
	}
	if v.Returns[0].Title != "Soap 1" || v.Returns[1].Title != "Soap 0" {
		t.Errorf("returns: %+v", v.Returns)
	}
	if text := v.Reviews[0].Text; text != strings.Repeat("비", shownOfReview)+"…" {
		t.Errorf("the review is shown as %q", text)
	}
	if v.Consent[compliance.Email] != compliance.Given {
		t.Errorf("consent: %v", v.Consent)
	}
}

func TestThePanelReadsItsSourcesSideBySideUpToABound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const trip = 10 * time.Millisecond
		var mu sync.Mutex
		trips, inFlight, most := 0, 0, 0
		k := panelOf(fault.New(fault.Plan{}), func(table.Op) {
			mu.Lock()
			trips++
			inFlight++
			most = max(most, inFlight)
			mu.Unlock()
			<-time.After(trip)
			mu.Lock()
			inFlight--
			mu.Unlock()
		})
		fill(t, k, 3)
		trips, most = 0, 0
		start := time.Now()
		if _, err := k.View(t.Context(), "ann"); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); trips != 8 || most != readsAtOnce || took > 3*trip {
			t.Errorf("%d round trips, %d at once, in the time of %d", trips, most, took/trip)
		}
	})
}

// What cannot be read is not shown as if there was nothing: an agent would tell the customer so.
func TestThePanelIsNotShownWithoutOneOfItsSources(t *testing.T) {
	t.Parallel()
	for n := 1; n <= 8; n++ {
		in := fault.New(fault.Plan{})
		k := panelOf(in, nil)
		fill(t, k, 1)
		in.Restart(fault.Plan{N: n, Mode: fault.Fails})
		v, err := k.View(t.Context(), "ann")
		if !errors.Is(err, fault.ErrInjected) {
			t.Errorf("call %d fails: %v", n, err)
		}
		if v.VIP || len(v.Orders)+len(v.Returns)+len(v.Reviews)+len(v.Consent) > 0 {
			t.Errorf("call %d fails, and the panel has a part: %+v", n, v)
		}
	}
}

func TestThePanelOfACustomerWhoDidNothingHasEmptyLists(t *testing.T) {
	t.Parallel()
	v, err := panelOf(fault.New(fault.Plan{}), nil).View(t.Context(), "nobody")
	if err != nil {
		t.Fatal(err)
	}
	// Lists and not null, as the types of the API say.
	if v.Orders == nil || v.Returns == nil || v.Subscriptions == nil || v.Reviews == nil || v.Cases == nil ||
		v.Consent == nil || v.VIP {
		t.Errorf("%+v", v)
	}
}
