package orders_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"dangol/functions/orders"
	"dangol/infra/testkit/apitest"
	"dangol/infra/testkit/fault"
	"dangol/infra/testkit/localtest"
	"dangol/infra/testkit/testshop"
	"dangol/shared/cart"
	shared "dangol/shared/checkout"
	"dangol/shared/order"
	"dangol/shared/payment"
	"dangol/shared/platform/api"
	"dangol/shared/platform/event"
	"dangol/shared/platform/idempotency"
	"dangol/shared/platform/ratelimit"
	"dangol/shared/platform/table"
)

// desk is a shop with the orders function in front of it.
type desk struct {
	*testshop.Shop
	handler lambda.Handler
}

func open(t testing.TB) *desk { return openWith(t, fault.New(fault.Plan{})) }

func openWith(t testing.TB, in *fault.Injector) *desk {
	t.Helper()
	return openOn(testshop.New(t, in))
}

// openOn is the orders function over a shop.
func openOn(w *testshop.Shop) *desk {
	options := api.Options{Clock: w.Clock, Verify: apitest.Verify}
	f := &orders.Orders{Cashier: w.Service.Cashier, Limiter: ratelimit.Limiter{Table: w.Service.Table, Clock: w.Clock}}
	w.DeliverWebhook(func(ctx context.Context, body []byte, header http.Header) error {
		n, err := w.Service.Provider.ParseWebhook(header, body, w.Clock.Now())
		switch {
		case err != nil:
			return err
		case n.Subject == payment.SubjectRefund:
			return w.Service.Cashier.HandleWebhook(ctx, n.Refund.Metadata["order"], n.Refund)
		}
		return w.Service.HandleWebhook(ctx, n.Payment)
	})
	return &desk{Shop: w, handler: f.Service(options).Lambda()}
}

// sold is an order with what its owner can show.
type sold struct {
	testshop.Basket
	id string
}

// sell makes an order of three units, of a customer or, when that is empty, of a guest. Faults do not touch it when
// clean.
func (d *desk) sell(customerID string) sold {
	d.T.Helper()
	b := d.FillCart(customerID, map[string]int{d.Sell(testshop.ProductSpec{Units: 5}): 3})
	c, _, err := d.Service.Begin(d.T.Context(), shared.Start{
		Cart:    cart.Ref{CartID: b.ID, CustomerID: b.CustomerID, Token: b.Token},
		Request: idempotency.For("checkout", b.ID, d.NextKey(), nil, d.Clock.Now()), Method: "pm_card_visa",
	})
	if err != nil || c.State != shared.Completed {
		d.T.Fatalf("checkout %v, %v", c, err)
	}
	return sold{b, c.OrderID}
}

func (d *desk) client() *apitest.Client { return apitest.New(d.T, d.handler) }

func (d *desk) read(o sold) orders.Order {
	d.T.Helper()
	var v orders.Order
	d.client().As(apitest.Agent).Do("GET", "/orders/"+o.id, nil).Want(200).Into(&v)
	return v
}

func TestEachRouteForEachCaller(t *testing.T) {
	t.Parallel()
	d := open(t)
	callers := map[string]func(sold) *apitest.Client{
		"owner":     func(sold) *apitest.Client { return d.client().As(apitest.Ann) },
		"other":     func(sold) *apitest.Client { return d.client().As(apitest.Bob) },
		"guest":     func(sold) *apitest.Client { return d.client() },
		"agent":     func(sold) *apitest.Client { return d.client().As(apitest.Agent) },
		"merchant":  func(sold) *apitest.Client { return d.client().As(apitest.Merchant) },
		"bad token": func(sold) *apitest.Client { return d.client().With("Authorization", "Bearer forged") },
	}
	shipment := map[string]any{"carrier": "cj", "trackingNumber": "688900000001"}
	for _, c := range []struct {
		method, path string
		body         any
		want         map[string]int
	}{
		{"GET", "/orders", nil, map[string]int{"owner": 200, "other": 200, "guest": 401, "agent": 200, "merchant": 200,
			"bad token": 401}},
		{"GET", "/orders/{id}", nil, map[string]int{"owner": 200, "other": 404, "guest": 404, "agent": 200, "merchant": 200,
			"bad token": 401}},
		{"GET", "/admin/orders", nil, map[string]int{"owner": 403, "other": 403, "guest": 401, "agent": 200, "merchant": 200,
			"bad token": 401}},
		{"POST", "/orders/{id}/fulfillments", shipment,
			map[string]int{"owner": 403, "other": 403, "guest": 401, "agent": 201, "merchant": 201, "bad token": 401}},
		{"POST", "/orders/{id}/fulfillments/1/delivered", nil,
			map[string]int{"owner": 403, "other": 403, "guest": 401, "agent": 404, "merchant": 404, "bad token": 401}},
		{"POST", "/orders/{id}/cancel", map[string]any{"reason": "x"},
			map[string]int{"owner": 200, "other": 404, "guest": 404, "agent": 200, "merchant": 200, "bad token": 401}},
		{"POST", "/orders/{id}/notes", map[string]any{"text": "x"},
			map[string]int{"owner": 403, "other": 403, "guest": 401, "agent": 201, "merchant": 201, "bad token": 401}},
	} {
		for who, want := range c.want {
			t.Run(c.method+" "+c.path+" as "+who, func(t *testing.T) {
				o := d.AnnsOrder(t)
				path := c.path
				if i := len("/orders/{id}"); len(path) >= i && path[:i] == "/orders/{id}" {
					path = "/orders/" + o.id + path[i:]
				}
				callers[who](o).Do(c.method, path, c.body).Want(want)
			})
		}
	}
}

// AnnsOrder is a fresh order of Ann's.
func (d *desk) AnnsOrder(t testing.TB) sold {
	t.Helper()
	key := cart.KeyOfCustomer(apitest.Ann.Subject)
	d.DeleteItem(t, key)
	return d.sell(apitest.Ann.Subject)
}

func TestAnOrderFromCheckoutToDelivery(t *testing.T) {
	t.Parallel()
	d := open(t)
	o := d.sell(apitest.Ann.Subject)
	agent, path := d.client().As(apitest.Agent), "/orders/"+o.id
	line := d.read(o).Lines[0].ID
	some := map[string]any{"carrier": "cj", "trackingNumber": "688900000001",
		"lines": []any{map[string]any{"lineId": line, "quantity": 1}}}
	agent.With("Idempotency-Key", "p1").Do("POST", path+"/fulfillments", some).Want(201)
	again := agent.With("Idempotency-Key", "p1").Do("POST", path+"/fulfillments", some).Want(201)
	if again.Headers.Get("Idempotent-Replayed") != "true" || len(d.read(o).Fulfillments) != 1 {
		t.Fatalf("the same parcel twice: %s", again.Body)
	}
	agent.With("Idempotency-Key", "p1").Do("POST", path+"/fulfillments", map[string]any{"carrier": "dhl"}).WantProblem(422,
		"idempotency_key_reused")
	if v := d.read(o); v.State != order.PartlyFulfilled || v.Lines[0].Shipped != 1 {
		t.Fatalf("state %s, %d shipped", v.State, v.Lines[0].Shipped)
	}
	d.client().As(apitest.Ann).Do("POST", path+"/cancel", nil).WantProblem(409, "order_shipped")
	agent.Do("POST", path+"/fulfillments",
		map[string]any{"carrier": "Kim's van", "trackingUrl": "https://kim.example/1"}).Want(201)
	agent.Do("POST", path+"/fulfillments", map[string]any{"carrier": "cj"}).WantProblem(409, "order_fulfilled")
	agent.Do("POST", path+"/notes", map[string]any{"text": "fragile"}).Want(201)
	d.Clock.Advance(26 * time.Hour)
	for range 2 {
		agent.Do("POST", path+"/fulfillments/1/delivered", nil).Want(200)
		agent.Do("POST", path+"/fulfillments/2/delivered", nil).Want(200)
	}
	var mine orders.Order
	d.client().As(apitest.Ann).Do("GET", path, nil).Want(200).Into(&mine)
	if mine.State != order.Delivered || mine.Notes != nil || mine.Payment.ID != "" {
		t.Fatalf("state %s; notes %v and payment %q are not for customers", mine.State, mine.Notes, mine.Payment.ID)
	}
	var story []order.EntryType
	for _, e := range mine.Timeline {
		story = append(story, e.Type)
	}
	if got := fmt.Sprint(story); got != "[placed paid shipped shipped delivered delivered]" {
		t.Fatalf("timeline %s", got)
	}
	if f := mine.Fulfillments[0]; f.CarrierName != "CJ대한통운" || f.TrackingURL == "" {
		t.Fatalf("parcel %+v", f)
	}
	if n := len(d.read(o).Notes); n != 1 {
		t.Fatalf("the agent sees %d notes", n)
	}
}

// TestEachStepPublishesItsEventOnce reads the events from the writes, as a stream would: an order carries an event in
// the write that made it and in no later one.
func TestEachStepPublishesItsEventOnce(t *testing.T) {
	t.Parallel()
	written := &writtenEvents{DB: localtest.DB(t), types: map[string][]string{}}
	d := openOn(testshop.NewOn(t, fault.New(fault.Plan{}), written, localtest.Name(t, table.Commerce)))
	agent := d.client().As(apitest.Agent)
	shipped, canceled := d.sell("cust-1"), d.sell("cust-2")
	agent.Do("POST", "/orders/"+shipped.id+"/fulfillments", map[string]any{"carrier": "cj"}).Want(201)
	agent.Do("POST", "/orders/"+shipped.id+"/notes", map[string]any{"text": "x"}).Want(201)
	agent.Do("POST", "/orders/"+shipped.id+"/fulfillments/1/delivered", nil).Want(200)
	agent.Do("POST", "/orders/"+canceled.id+"/cancel", map[string]any{"reason": "sold out at the warehouse"}).Want(200)
	for o, want := range map[sold][]string{
		shipped:  {"order.placed", "order.shipped", "order.delivered"},
		canceled: {"order.placed", "order.canceled"},
	} {
		if got := written.types[order.KeyOf(o.id).PK]; !slices.Equal(got, want) {
			t.Errorf("written with %v, want %v", got, want)
		}
	}
}

// writtenEvents notes the types of the events that items are written with, by the first part of their key.
type writtenEvents struct {
	table.DB
	types map[string][]string
}

func (w *writtenEvents) PutItem(ctx context.Context, in *dynamodb.PutItemInput, o ...func(*dynamodb.Options)) (
	*dynamodb.PutItemOutput, error) {
	w.note(in.Item)
	return w.DB.PutItem(ctx, in, o...)
}

func (w *writtenEvents) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput,
	o ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	for _, write := range in.TransactItems {
		if write.Put != nil {
			w.note(write.Put.Item)
		}
	}
	return w.DB.TransactWriteItems(ctx, in, o...)
}

func (w *writtenEvents) note(item table.Item) {
	var written struct {
		PK    string       `dynamodbav:"pk"`
		Event *event.Event `dynamodbav:"event"`
	}
	if err := item.Decode(&written); err == nil && written.Event != nil {
		w.types[written.PK] = append(w.types[written.PK], written.Event.Type)
	}
}
