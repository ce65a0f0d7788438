package daily_test

import (
	"context"
	"testing"
	"time"

	"dangol/infra/testkit/fault"
	"dangol/infra/testkit/testshop"
	"dangol/infra/testkit/testsubscriptions"
	"dangol/shared/cart"
	"dangol/shared/checkout"
	"dangol/shared/invoice"
	"dangol/shared/order"
	"dangol/shared/payment"
	"dangol/shared/platform/due"
	"dangol/shared/platform/idempotency"
	"dangol/shared/platform/table"
	"dangol/shared/reconcile"
	"dangol/shared/reconcile/daily"
	"dangol/shared/reconcile/report"
	"dangol/shared/subscription/service"
)

// shop is a shop with some orders and subscribers, and what a test wants to know of them.
type shop struct {
	*testsubscriptions.Shop
	orders []*order.Order // all paid; the last is canceled and refunded
	sub    *service.Record
	books  daily.Reconciler
	calls  *fault.Injector
}

// open opens a shop in which something of each kind has happened on the first day.
func open(t testing.TB) *shop {
	t.Helper()
	s := &shop{Shop: testsubscriptions.New(t, fault.New(fault.Plan{})), calls: fault.New(fault.Plan{})}
	s.books = s.Reconciler(t)
	for range 3 {
		s.orders = append(s.orders, s.buy(t))
	}
	canceled, err := s.Service.Cashier.Cancel(t.Context(), s.orders[2], "changed my mind", order.ByCustomer)
	if err != nil {
		t.Fatal(err)
	}
	s.orders[2] = canceled
	if s.sub, _, err = s.Subscribe(t.Context(), s.Unfaulted, s.Subscriber(s.CreatePlan(), "pm_card_visa")); err != nil {
		t.Fatal(err)
	}
	return s
}

// buy places an order of a guest.
func (s *shop) buy(t testing.TB) *order.Order {
	t.Helper()
	b := s.FillCart("", map[string]int{s.Sell(testshop.ProductSpec{Units: 5}): 1})
	done, _, err := s.Service.Begin(t.Context(), checkout.Start{
		Cart:    cart.Ref{CartID: b.ID, Token: b.Token},
		Request: idempotency.For("checkout", b.ID, s.NextKey(), nil, s.Clock.Now()), Method: "pm_card_visa",
	})
	if err != nil || done.State != checkout.Completed {
		t.Fatalf("the checkout is %+v, %v", done, err)
	}
	return s.read(t, done.OrderID)
}

func (s *shop) read(t testing.TB, id string) *order.Order {
	t.Helper()
	o, err := order.Store{Table: s.Table, Clock: s.Clock}.Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// change writes an order as no rule would.
func (s *shop) change(t testing.TB, id string, how func(*order.Order)) {
	t.Helper()
	store := order.Store{Table: s.Table, Clock: s.Clock}
	_, err := store.Change(t.Context(), id,
		func(o *order.Order) (bool, []table.Write, error) { how(o); return true, nil, nil })
	if err != nil {
		t.Fatal(err)
	}
}

// refundAtConsole gives money back as somebody does at the provider's own console: nothing says what it is for.
func (s *shop) refundAtConsole(t testing.TB, paymentID string) {
	t.Helper()
	p, err := s.books.Provider.Get(t.Context(), paymentID)
	if err != nil {
		t.Fatal(err)
	}
	p.Amount.Amount = 1
	_, err = s.books.Provider.Refund(t.Context(), payment.RefundRequest{Key: s.NextKey(), PaymentID: paymentID,
		Amount: p.Amount})
	if err != nil {
		t.Fatal(err)
	}
}

// all reconciles everything that has happened.
func (s *shop) all(t testing.TB) daily.Result {
	t.Helper()
	got, err := s.books.Between(t.Context(), testshop.Noon.Add(-time.Hour), s.Clock.Now().Add(time.Second))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// kinds are the kinds of differences, each once.
func kinds(found []reconcile.Difference) map[reconcile.Kind]bool {
	out := map[reconcile.Kind]bool{}
	for _, d := range found {
		out[d.Kind] = true
	}
	return out
}

// faulty lets the reconciliation's calls go wrong by a plan: those to the provider and those to the database.
func (s *shop) faulty(p fault.Plan) daily.Reconciler {
	r := s.books
	s.calls.Restart(p)
	r.Provider = s.calls.Provider(r.Provider)
	return r
}

// work does the jobs of the reconciliation that are due now, as the sweeper has them done, until none is left.
func (s *shop) work(ctx context.Context, t testing.TB, r daily.Reconciler) (slices int) {
	t.Helper()
	for range 200 {
		job, ok := s.nextJob(ctx, t)
		if !ok {
			return slices
		}
		slices++
		if err := r.Continue(ctx, job); err != nil {
			t.Logf("slice %d: %v", slices, err)
		}
		s.Clock.Advance(time.Minute)
	}
	t.Fatal("the reconciliation has no end")
	return slices
}

// nextJob is the key of the report that is due.
func (s *shop) nextJob(ctx context.Context, t testing.TB) (key table.Key, ok bool) {
	t.Helper()
	err := due.Overdue(ctx, s.Table, report.Due, s.Clock.Now(),
		func(j due.Job) error { key, ok = j.Key, true; return nil })
	if err != nil {
		t.Fatal(err)
	}
	return key, ok
}

// newest is the report of the latest day.
func (s *shop) newest(t testing.TB) report.Item {
	t.Helper()
	all, _, err := report.Store{Table: s.Table}.List(t.Context(), 1, "")
	if err != nil || len(all) != 1 {
		t.Fatalf("%d reports, %v", len(all), err)
	}
	var i report.Item
	if err := s.Table.Get(t.Context(), report.KeyOf(all[0].Day), &i); err != nil {
		t.Fatal(err)
	}
	return i
}

// invoice is the invoice of the subscription.
func (s *shop) invoice(t testing.TB) invoice.Invoice {
	t.Helper()
	return s.InvoicesOf(t, s.sub.Sub.ID)[0]
}

// changeInvoice writes the invoice of the subscription as no rule would.
func (s *shop) changeInvoice(t testing.TB, how func(*invoice.Invoice)) {
	t.Helper()
	i := s.invoice(t)
	how(&i)
	if err := s.Table.Put(t.Context(), table.Put{Item: i.Item()}); err != nil {
		t.Fatal(err)
	}
}
