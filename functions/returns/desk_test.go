package returns_test

import (
	"log/slog"
	"net/http"
	"testing"
	"time"

	"context"

	"github.com/aws/aws-lambda-go/lambda"

	"dangol/functions/returns"
	"dangol/infra/testkit/apitest"
	"dangol/infra/testkit/fault"
	"dangol/infra/testkit/testshop"
	"dangol/shared/cart"
	"dangol/shared/checkout"
	"dangol/shared/order"
	"dangol/shared/payment"
	"dangol/shared/platform/api"
	"dangol/shared/platform/due"
	"dangol/shared/platform/idempotency"
	"dangol/shared/rma"
)

// desk is a shop with the returns function in front of it.
type desk struct {
	*testshop.Shop
	f       *returns.Returns
	handler lambda.Handler
	signals []string
}

func open(t testing.TB) *desk { return openWith(t, fault.New(fault.Plan{})) }

func openWith(t testing.TB, in *fault.Injector) *desk {
	t.Helper()
	w := testshop.New(t, in)
	d := &desk{Shop: w}
	d.f = returns.Build(w.Service.Table, w.Service.Provider, w.Service.Shop, w.Clock, slog.New(slog.DiscardHandler))
	d.f.Signal = func(_ context.Context, name string) { d.signals = append(d.signals, name) }
	d.handler = d.f.Service(api.Options{Clock: w.Clock, Verify: apitest.Verify}).Lambda()
	w.DeliverWebhook(func(ctx context.Context, body []byte, header http.Header) error {
		n, err := w.Service.Provider.ParseWebhook(header, body, w.Clock.Now())
		if err != nil {
			return err
		}
		if n.Subject == payment.SubjectRefund {
			return w.Service.Cashier.HandleWebhook(ctx, n.Refund.Metadata["order"], n.Refund)
		}
		return w.Service.HandleWebhook(ctx, n.Payment)
	})
	return d
}

func (d *desk) client() *apitest.Client { return apitest.New(d.T, d.handler) }

func (d *desk) ann() *apitest.Client { return d.client().As(apitest.Ann) }

func (d *desk) agent() *apitest.Client { return d.client().As(apitest.Agent) }

// keyed is a client with an idempotency key that nobody has used.
func (d *desk) keyed(c *apitest.Client) *apitest.Client {
	return c.With("Idempotency-Key", d.NextKey())
}

// buy makes an order of Ann's.
func (d *desk) buy(wants map[string]int) *order.Order {
	d.T.Helper()
	return d.checkOut(d.AnotherCart(apitest.Ann.Subject, wants))
}

// checkOut makes a cart an order.
func (d *desk) checkOut(b testshop.Basket) *order.Order {
	d.T.Helper()
	c, _, err := d.Service.Begin(d.T.Context(), checkout.Start{
		Cart:    cart.Ref{CartID: b.ID, CustomerID: b.CustomerID, Token: b.Token},
		Request: idempotency.For("checkout", b.ID, d.NextKey(), nil, d.Clock.Now()), Method: "pm_card_visa",
	})
	if err != nil || c.State != checkout.Completed {
		d.T.Fatalf("checkout %+v, %v", c, err)
	}
	return d.order(c.OrderID)
}

func (d *desk) order(id string) *order.Order {
	d.T.Helper()
	o, err := d.Service.Cashier.Orders.Get(d.T.Context(), id)
	if err != nil {
		d.T.Fatal(err)
	}
	return o
}

// deliver ships everything that is left of an order, and has it arrive now.
func (d *desk) deliver(o *order.Order) *order.Order {
	d.T.Helper()
	o, err := d.Service.Cashier.Orders.Change(d.T.Context(), o.ID, func(o *order.Order) (bool, []tableWrite, error) {
		f, err := o.Fulfill(order.Fulfillment{Carrier: "cj", TrackingNumber: "1"}, order.ByShop, d.Clock.Now())
		if err != nil {
			return false, nil, err
		}
		_, _, err = o.Deliver(f.N, order.ByShop, d.Clock.Now())
		return true, nil, err
	})
	if err != nil {
		d.T.Fatal(err)
	}
	return o
}

type object = map[string]any

// back is one line of a request for a return.
func back(lineID string, quantity int, reason string) object {
	return object{"lineId": lineID, "quantity": quantity, "reason": reason}
}

func wanted(resolution string, lines ...object) object {
	return object{"resolution": resolution, "lines": lines}
}

func (d *desk) quote(o *order.Order, want object) returns.Quote {
	d.T.Helper()
	var q returns.Quote
	d.ann().Do("POST", "/orders/"+o.ID+"/returns/quote", want).Want(200).Into(&q)
	return q
}

// request asks for a return as it is quoted.
func (d *desk) request(o *order.Order, want object) returns.Return {
	d.T.Helper()
	q := d.quote(o, want)
	want["quote"] = q.Token
	var r returns.Return
	d.keyed(d.ann()).Do("POST", "/orders/"+o.ID+"/returns", want).Want(201).Into(&r)
	if r.Quoted.Refund.Amount != q.Refund.Amount {
		d.T.Fatalf("quoted %d, committed %d", q.Refund.Amount, r.Quoted.Refund.Amount)
	}
	return r
}

// settle receives and inspects a return as it was announced.
func (d *desk) settle(r returns.Return) returns.Return {
	d.T.Helper()
	d.agent().Do("POST", "/admin/returns/"+r.ID+"/receive", nil).Want(200)
	d.agent().Do("POST", "/admin/returns/"+r.ID+"/inspect", nil).Want(200).Into(&r)
	return r
}

// workReturns does what is due about returns and store credit.
func (d *desk) workReturns() int {
	d.T.Helper()
	n := 0
	for _, kind := range d.f.Jobs() {
		err := due.Overdue(d.T.Context(), d.Table, kind.Name, d.Clock.Now(), func(j due.Job) error {
			n++
			return kind.Handle(d.T.Context(), j)
		})
		if err != nil {
			d.T.Fatal(err)
		}
	}
	return n
}

func (d *desk) read(id string) *rma.RMA {
	d.T.Helper()
	r, _, err := rma.Store{Table: d.Table}.Get(d.T.Context(), id) // past the faults
	if err != nil {
		d.T.Fatal(err)
	}
	return r
}

// bank is what the bank took and gave back for an order's payment.
func (d *desk) bank(paymentID string) (captured, refunded int64) {
	d.T.Helper()
	for _, e := range d.Bank.Ledger() {
		if e.ID == paymentID {
			return e.Captured.Amount, e.Refunded.Amount
		}
	}
	d.T.Fatalf("the bank knows no payment %s", paymentID)
	return 0, 0
}

const day = 24 * time.Hour
