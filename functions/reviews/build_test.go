package reviews_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"

	"dangol/functions/reviews"
	"dangol/infra/testkit/apitest"
	"dangol/infra/testkit/localtest"
	"dangol/shared/address"
	"dangol/shared/order"
	"dangol/shared/platform/api"
	"dangol/shared/platform/auth"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/due"
	"dangol/shared/platform/event"
	"dangol/shared/platform/function"
	"dangol/shared/platform/table"
	"dangol/shared/pricing"
	"dangol/shared/review"
	"dangol/shared/review/store"
)

var noon = time.Date(2026, 11, 2, 3, 0, 0, 0, time.UTC)

const soap = "prod_soap"

// shop is the function with orders to review.
type shop struct {
	*reviews.Reviews
	t       *testing.T
	clock   *clock.Movable
	handler lambda.Handler
	sold    int
}

// open makes the function with tables of its own; wrap stands between it and the database.
func open(t *testing.T, wrap ...func(table.DB) table.DB) *shop {
	t.Helper()
	at := clock.Stopped(noon)
	f := reviews.With(localtest.Table(t, table.Care, wrap...), localtest.Table(t, table.Commerce, wrap...), at,
		slog.New(slog.DiscardHandler), reviews.Shop{
			Name: "HANEUL", URL: "https://shop.example.com", Media: "https://media.example.com",
		})
	h := function.Handlers{
		API:  f.Service(api.Options{Clock: at, Verify: apitest.Verify}).Lambda(),
		Jobs: f.Jobs(), Events: f.Consumers(), Log: slog.New(slog.DiscardHandler),
	}
	return &shop{Reviews: f, t: t, clock: at, handler: h.Lambda()}
}

func (s *shop) as(p auth.Principal) *apitest.Client { return apitest.New(s.t, s.handler).As(p) }

func customer(id string) auth.Principal {
	return auth.Principal{Kind: auth.Customer, Subject: id, Email: id + "@example.com"}
}

// sell makes an order of one soap and delivers it two days before now, unless told otherwise.
func (s *shop) sell(customerID string, adjust ...func(*order.Order)) string {
	s.t.Helper()
	s.sold++
	line := order.Line{ID: "line_1", VariantID: "var_soap", ProductID: soap, Title: "비누", Quantity: 1}
	cost := pricing.LineTotal{ID: "line_1", Unit: 9_000, Quantity: 1, Subtotal: 9_000, Total: 9_000}
	d := order.Draft{
		CartID: "cart_1", CustomerID: customerID, Email: customerID + "@example.com", Language: "ko",
		Lines:   table.List[order.Line]{line},
		Address: &address.Address{Name: "김하늘", Line1: fmt.Sprint("왕십리로 ", s.sold), PostalCode: "04769", Country: "KR"},
		Totals: order.Totals{Totals: pricing.Totals{Currency: "KRW", Total: 9_000, Subtotal: 9_000,
			Lines: []pricing.LineTotal{cost}}},
	}
	p := order.Payment{Provider: "sandbox", ID: "pay_1", State: order.PayCaptured, Amount: 9_000, Captured: 9_000}
	o := order.New(order.NewID(s.clock.Now()), "chk_1", d, p, s.clock.Now())
	arrived := s.clock.Now().Add(-48 * time.Hour)
	o.Fulfillments = table.List[order.Fulfillment]{
		{N: 1, Carrier: "cj", Lines: []order.Part{{LineID: "line_1", Quantity: 1}}, ShippedAt: arrived,
			DeliveredAt: &arrived},
	}
	for _, change := range adjust {
		change(o)
	}
	placed := s.Orders.Place(o)
	o.State = order.Delivered
	if err := s.Commerce.Transact(s.t.Context(), "", placed); err != nil {
		s.t.Fatal(err)
	}
	return o.ID
}

// said is the body of a new review.
func said(orderID string, stars int, text string, more ...map[string]any) map[string]any {
	body := map[string]any{"orderId": orderID, "lineId": "line_1", "stars": stars, "text": text}
	for _, m := range more {
		for k, v := range m {
			body[k] = v
		}
	}
	return body
}

// write sells to a customer and has the customer review it.
func (s *shop) write(customerID string, stars int, text string) reviews.OwnReview {
	s.t.Helper()
	var own reviews.OwnReview
	s.as(customer(customerID)).Do("POST", "/reviews", said(s.sell(customerID), stars, text)).Want(201).Into(&own)
	s.clock.Advance(time.Second) // the next one is newer
	return own
}

func path(own reviews.OwnReview) string { return "/products/" + soap + "/reviews/" + own.ID }

// listing is the product page.
type listing struct {
	Summary *reviews.SummaryView  `json:"summary"`
	Reviews []reviews.ShownReview `json:"reviews"`
}

func (s *shop) page(query string) listing {
	s.t.Helper()
	var l listing
	apitest.New(s.t, s.handler).Do("GET", "/products/"+soap+"/reviews"+query, nil).Want(200).Into(&l)
	return l
}

// exact fails the test when the summary is not what the reviews add up to.
func (s *shop) exact() {
	s.t.Helper()
	if _, drift, err := s.Store.Recount(s.t.Context(), soap); err != nil || drift != nil {
		s.t.Fatalf("drift %+v, %v", drift, err)
	}
}

// sweep does all jobs that are due, as the sweeper and the queue would.
func (s *shop) sweep() {
	s.t.Helper()
	for _, kind := range s.Jobs() {
		err := due.Overdue(s.t.Context(), s.Store.Table, kind.Name, s.clock.Now(), func(j due.Job) error {
			body, err := json.Marshal(j)
			if err != nil {
				return err
			}
			record := events.SQSMessage{MessageId: "m", Body: string(body), EventSource: "aws:sqs"}
			payload, err := json.Marshal(events.SQSEvent{Records: []events.SQSMessage{record, record}}) // twice
			if err != nil {
				return err
			}
			out, err := s.handler.Invoke(s.t.Context(), payload)
			if err == nil && string(out) != `{"batchItemFailures":null}` {
				err = fmt.Errorf("jobs failed: %s", out)
			}
			return err
		})
		if err != nil {
			s.t.Fatal(err)
		}
	}
}

// deliver delivers an event twice.
func (s *shop) deliver(body event.Body) {
	s.t.Helper()
	s.deliverTimes(2, body)
}

// deliverTimes delivers an event so many times.
func (s *shop) deliverTimes(times int, body event.Body) {
	s.t.Helper()
	e, err := event.New(s.t.Context(), s.clock.Now(), body)
	if err != nil {
		s.t.Fatal(err)
	}
	payload, err := json.Marshal(map[string]any{"detail-type": e.Type, "detail": e.Envelope()})
	if err != nil {
		s.t.Fatal(err)
	}
	for range times {
		if _, err := s.handler.Invoke(s.t.Context(), payload); err != nil {
			s.t.Fatal(err)
		}
	}
}

func (s *shop) stored(own reviews.OwnReview) *review.Review {
	s.t.Helper()
	r, err := s.Store.Get(s.t.Context(), store.ReviewID{ProductID: soap, ReviewID: own.ID})
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}
