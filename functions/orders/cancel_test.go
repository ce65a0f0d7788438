package orders_test

import (
	"context"
	"sync"
	"testing"

	"dangol/events"
	"dangol/infra/testkit/apitest"
	"dangol/infra/testkit/fault"
	"dangol/shared/money"
	"dangol/shared/order"
	"dangol/shared/payment"
)

func TestCancelingGivesEverythingBackOnce(t *testing.T) {
	t.Parallel()
	d := open(t)
	o := d.sell(apitest.Ann.Subject)
	var group sync.WaitGroup
	for range 5 {
		group.Go(func() { d.client().As(apitest.Ann).Do("POST", "/orders/"+o.id+"/cancel", nil).Want(200) })
	}
	group.Wait()
	v := d.read(o)
	if v.State != order.Canceled || v.Payment.State != order.PayRefunded || v.Payment.Refunded != v.Totals.Total ||
		len(v.Refunds) != 1 {
		t.Fatalf("%s, payment %+v, %d refunds", v.State, v.Payment, len(v.Refunds))
	}
	d.RunUntilIdle(t.Context())
	d.Check(t)
}

func TestTheShopGivesAReason(t *testing.T) {
	t.Parallel()
	d := open(t)
	o := d.sell(apitest.Ann.Subject)
	d.client().As(apitest.Agent).Do("POST", "/orders/"+o.id+"/cancel", nil).WantField("/reason")
	d.client().As(apitest.Agent).Do("POST", "/orders/"+o.id+"/cancel",
		map[string]any{"reason": "broken in the warehouse"}).Want(200)
	if v := d.read(o); v.Reason != "broken in the warehouse" || v.Timeline[len(v.Timeline)-1].By != order.ByShop {
		t.Fatalf("%+v", v.Timeline)
	}
}

func TestAGuestCancelsWithTheCartsToken(t *testing.T) {
	t.Parallel()
	d := open(t)
	o := d.sell("")
	d.client().With("Cart-Token", "guess").Do("POST", "/orders/"+o.id+"/cancel", nil).WantProblem(404, "order_not_found")
	d.client().With("Cart-Token", o.Token).Do("POST", "/orders/"+o.id+"/cancel", nil).Want(200)
	d.RunUntilIdle(t.Context())
	d.Check(t)
}

// canceller is a shop in which a customer buys and cancels, patiently.
type canceller struct {
	*desk
	order sold
}

func (c *canceller) Run(context.Context) {
	for range 4 {
		r := c.client().As(apitest.Ann).Do("POST", "/orders/"+c.order.id+"/cancel", nil)
		if r.Status < 500 {
			return
		}
	}
}

// Check also wants the order canceled: the customer asked often enough.
func (c *canceller) Check(t testing.TB) {
	c.desk.Check(t)
	if v := c.read(c.order); v.State != order.Canceled {
		t.Errorf("the order is %s", v.State)
	}
}

func TestWhateverBreaksACancellationTheMoneyGoesBackOnce(t *testing.T) {
	t.Parallel()
	for _, captured := range []bool{true, false} {
		t.Run(map[bool]string{true: "paid", false: "not captured yet"}[captured], func(t *testing.T) {
			t.Parallel()
			fault.Campaign(t, func(t testing.TB, in *fault.Injector) fault.Scenario {
				setup := in.Pause()
				d := openWith(t, in)
				bank := d.Service.Cashier.Provider
				if !captured {
					d.Service.Cashier.Provider = noCapture{bank}
				}
				o := d.sell(apitest.Ann.Subject)
				d.Service.Cashier.Provider = bank
				setup()
				return &canceller{desk: d, order: o}
			})
		})
	}
}

// noCapture is a provider that is silent about captures.
type noCapture struct{ payment.Provider }

func (noCapture) Capture(context.Context, string, string, money.Money) (payment.Payment, error) {
	return payment.Payment{}, payment.ErrUnknown
}

func TestACaptureThatCannotBeMadeCancelsTheOrder(t *testing.T) {
	t.Parallel()
	d := open(t)
	bank := d.Service.Cashier.Provider
	d.Service.Cashier.Provider = noCapture{bank}
	o := d.sell(apitest.Ann.Subject)
	d.Service.Cashier.Provider = bank
	d.client().As(apitest.Agent).Do("POST", "/orders/"+o.id+"/fulfillments",
		map[string]any{"carrier": "cj"}).WantProblem(409, "payment_not_captured")
	entry := d.Bank.Ledger()[0]
	// somebody lets the reservation go at the bank
	if _, err := bank.Void(t.Context(), entry.ID, "at-the-bank"); err != nil {
		t.Fatal(err)
	}
	d.RunUntilIdle(t.Context())
	d.Check(t)
	v := d.read(o)
	got, err := d.Service.Cashier.Orders.Get(t.Context(), o.id)
	if err != nil || v.State != order.Canceled || v.Payment.State != order.PayFailed ||
		got.Event.Type != "order.payment_failed" {
		t.Fatalf("%s, payment %s, event %s, %v", v.State, v.Payment.State, got.Event.Type, err)
	}
	var evt events.OrderPaymentFailed
	if err := got.Event.Envelope().Into(&evt); err != nil || !evt.PlacedAt.Equal(got.PlacedAt) ||
		evt.Total != got.Total() || len(evt.Lines) != len(got.Lines) {
		t.Errorf("the figures cannot be taken off again by %+v (%v)", evt, err)
	}
}

func TestARefundThatFailsWaitsForAPersonAndCanBeTriedAgain(t *testing.T) {
	t.Parallel()
	d := open(t)
	o := d.sell(apitest.Ann.Subject)
	got, err := d.Service.Cashier.Orders.Get(t.Context(), o.id)
	if err != nil {
		t.Fatal(err)
	}
	refusing := d.Service.Cashier
	refusing.Provider = noRefund{refusing.Provider}
	if _, err := refusing.Cancel(t.Context(), got, "mind", order.ByCustomer); err != nil {
		t.Fatal(err)
	}
	if v := d.read(o); v.Payment.State != order.PayRefundFailed {
		t.Fatalf("payment %s", v.Payment.State)
	}
	d.client().As(apitest.Ann).Do("POST", "/orders/"+o.id+"/cancel", nil).Want(200)
	if v := d.read(o); v.Payment.State != order.PayRefundFailed {
		t.Fatalf("the customer retried the refund: %s", v.Payment.State)
	}
	d.client().As(apitest.Agent).Do("POST", "/orders/"+o.id+"/cancel", map[string]any{"reason": "again"}).Want(200)
	if v := d.read(o); v.Payment.State != order.PayRefunded {
		t.Fatalf("payment %s", v.Payment.State)
	}
	d.RunUntilIdle(t.Context())
	d.Check(t)
}

// noRefund is a provider that refuses refunds for good.
type noRefund struct{ payment.Provider }

func (noRefund) Refund(context.Context, payment.RefundRequest) (payment.Refund, error) {
	return payment.Refund{}, payment.ErrStateConflict
}
