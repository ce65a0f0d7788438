package returns_test

import (
	"context"
	"testing"
	"time"

	"dangol/functions/returns"
	"dangol/infra/testkit/apitest"
	"dangol/infra/testkit/fault"
	"dangol/infra/testkit/testshop"
	"dangol/shared/order"
	"dangol/shared/platform/due"
	"dangol/shared/platform/table"
	"dangol/shared/rma"
)

// returner returns one of two units, from the request to the money, trying each step again as a client does.
type returner struct {
	*desk
	order      *order.Order
	variant    string
	other      string // wanted in exchange
	resolution string
	last       returns.Return
	reason     string
}

func (r *returner) try(do func() *apitest.Response) *apitest.Response {
	var got *apitest.Response
	for range 6 {
		if got = do(); got.Status < 500 {
			return got
		}
		r.workReturnsQuietly()
	}
	return got
}

// workReturnsQuietly does what is due; a job that fails comes again.
func (r *returner) workReturnsQuietly() {
	ctx := context.Background()
	for _, kind := range r.f.Jobs() {
		_ = due.Overdue(ctx, r.Table, kind.Name, r.Clock.Now(), func(j due.Job) error {
			_ = kind.Handle(ctx, j)
			return nil
		})
	}
}

// Run implements fault.Scenario.
func (r *returner) Run(context.Context) {
	line := back(r.order.Lines[0].ID, 1, r.reason)
	if r.other != "" {
		line["exchangeFor"] = r.other
	}
	want := wanted(r.resolution, line)
	key := r.NextKey()
	for range 3 { // a quote that has changed is asked for again
		var q returns.Quote
		if got := r.try(func() *apitest.Response {
			return r.ann().Do("POST", "/orders/"+r.order.ID+"/returns/quote",
				want)
		}); got.Status == 200 {
			got.Into(&q)
		}
		want["quote"] = q.Token
		got := r.try(func() *apitest.Response {
			return r.ann().With("Idempotency-Key", key).Do("POST", "/orders/"+r.order.ID+"/returns", want)
		})
		delete(want, "quote")
		if got.Status == 201 {
			got.Into(&r.last)
			break
		}
	}
	if r.last.ID == "" {
		return
	}
	at := "/admin/returns/" + r.last.ID
	for _, step := range []string{"/approve", "/receive", "/inspect"} {
		r.try(func() *apitest.Response { return r.agent().Do("POST", at+step, nil) })
	}
	if r.read(r.last.ID).State == rma.AwaitingPayment {
		pay := object{"paymentMethod": "pm_card_visa", "amount": object{"amount": 5_000, "currency": "KRW"}}
		r.try(func() *apitest.Response { return r.keyed(r.ann()).Do("POST", "/returns/"+r.last.ID+"/balance", pay) })
	}
}

// Rest implements fault.Scenario.
func (r *returner) RunUntilIdle(ctx context.Context) {
	for range 6 {
		r.Clock.Advance(20 * time.Minute)
		r.workReturnsQuietly()
		r.DeliverWebhooks(ctx)
		for range 3 {
			r.workMoney(ctx)
		}
	}
}

// workMoney does what is due about the money of orders.
func (r *returner) workMoney(ctx context.Context) {
	_ = due.Overdue(ctx, r.Table, order.DueRefund, r.Clock.Now(), func(j due.Job) error {
		r.RunJob(ctx, j)
		return nil
	})
}

// Check implements fault.Scenario: the return is settled, the bank gave back what the order says, once, and the stock
// is right.
func (r *returner) Check(t testing.TB) {
	t.Helper()
	if r.last.ID == "" {
		t.Fatal("the return was never made")
	}
	got := r.read(r.last.ID)
	if got.State != rma.Completed {
		t.Fatalf("the return is %s: %+v", got.State, got.Timeline)
	}
	after := r.Orders(t)
	owed, sold := map[string]int64{}, map[string]int{}
	for _, o := range after {
		for _, m := range o.Refunds {
			if m.Method == "" && m.State == "succeeded" {
				id := m.PaymentID
				if id == "" {
					id = o.Payment.ID
				}
				owed[id] += m.Amount
			} else if m.Method == "" {
				t.Errorf("a refund of %d is left %s", m.Amount, m.State)
			}
		}
		for _, l := range o.Allocations {
			sold[l.VariantID] += l.Quantity
		}
		if o.RefundLedger().Refunded() > o.RefundLedger().Sale.Paid() {
			t.Errorf("order %s gives back more than was paid", o.ID)
		}
	}
	for _, e := range r.Bank.Ledger() {
		if e.Refunded.Amount != owed[e.ID] {
			t.Errorf("the bank gave back %d of %s, the orders say %d", e.Refunded.Amount, e.ID, owed[e.ID])
		}
	}
	r.Reconcile(t)
	kept := int64(0)
	for _, e := range r.Bank.Ledger() {
		kept += e.Refundable()
	}
	switch r.resolution {
	case "refund":
		if want := int64(63_000); kept != want { // 120,000 less 60,000, and 3,000 for the way back
			t.Errorf("the bank holds %d, want %d", kept, want)
		}
	case "exchange":
		if kept != 125_000 || len(after) != 2 {
			t.Errorf("the bank holds %d with %d orders, want 125,000 with 2", kept, len(after))
		}
	}
	wantLeft := 8 + 1
	if left := r.SellableUnits(t, r.variant); left != wantLeft {
		t.Errorf("%d in stock, want %d", left, wantLeft)
	}
	if r.other != "" && r.SellableUnits(t, r.other) != 4 {
		t.Errorf("%d of the other in stock, want 4", r.SellableUnits(t, r.other))
	}
}

func TestWhateverBreaksAReturnIsSettledOnce(t *testing.T) {
	t.Parallel()
	for _, resolution := range []string{"refund", "exchange"} {
		t.Run(resolution, func(t *testing.T) {
			t.Parallel()
			fault.Sample(t, 3, func(t testing.TB, in *fault.Injector) fault.Scenario {
				setup := in.Pause()
				d := openWith(t, in)
				r := &returner{desk: d, resolution: resolution, reason: "changed_mind",
					variant: d.Sell(testshop.ProductSpec{Price: 60_000, Units: 10})}
				if resolution == "exchange" {
					r.reason, r.other = "not_as_described", d.Sell(testshop.ProductSpec{Price: 65_000, Units: 5})
				}
				r.order = d.deliver(d.buy(map[string]int{r.variant: 2}))
				setup()
				return r
			})
		})
	}
}

func TestOfManyRequestsForOneUnitOneIsMade(t *testing.T) {
	t.Parallel()
	d := open(t)
	soap := d.Sell(testshop.ProductSpec{Price: 60_000, Units: 9})
	o := d.deliver(d.buy(map[string]int{soap: 1}))
	want := wanted("refund", back(o.Lines[0].ID, 1, "changed_mind"))
	want["quote"] = d.quote(o, want).Token
	statuses := make(chan int, 8)
	for range 8 {
		go func() {
			statuses <- d.keyed(d.ann()).Do("POST", "/orders/"+o.ID+"/returns", want).Status
		}()
	}
	made := 0
	for range 8 {
		switch s := <-statuses; s {
		case 201:
			made++
		case 409, 503:
		default:
			t.Errorf("status %d", s)
		}
	}
	if all, err := d.f.Returns.OfOrder(t.Context(), o.ID); err != nil || made != 1 || len(all) != 1 {
		t.Fatalf("%d made, %d stored, %v", made, len(all), err)
	}
}

func TestARequestThatComesTwiceIsMadeOnce(t *testing.T) {
	t.Parallel()
	d := open(t)
	soap := d.Sell(testshop.ProductSpec{Price: 60_000, Units: 9})
	o := d.deliver(d.buy(map[string]int{soap: 3}))
	want := wanted("refund", back(o.Lines[0].ID, 1, "changed_mind"))
	want["quote"] = d.quote(o, want).Token
	c := d.ann().With("Idempotency-Key", "mine")
	var first, second returns.Return
	c.Do("POST", "/orders/"+o.ID+"/returns", want).Want(201).Into(&first)
	again := c.Do("POST", "/orders/"+o.ID+"/returns", want).Want(201).Into(&second)
	if first.ID != second.ID || again.Headers.Get("Idempotent-Replayed") != "true" {
		t.Fatalf("%s and %s", first.ID, second.ID)
	}
	want["resolution"] = "store_credit"
	c.Do("POST", "/orders/"+o.ID+"/returns", want).WantProblem(422, "idempotency_key_reused")
}

func TestAJobThatComesTwiceOrForNothingChangesNothing(t *testing.T) {
	t.Parallel()
	d := open(t)
	soap := d.Sell(testshop.ProductSpec{Price: 60_000, Units: 9})
	o := d.deliver(d.buy(map[string]int{soap: 3}))
	r := d.request(o, wanted("refund", back(o.Lines[0].ID, 1, "changed_mind")))
	before := d.read(r.ID).Version
	for _, key := range []table.Key{rma.KeyOf(r.ID), rma.KeyOf(rma.IDFor(o.ID, 9)),
		{PK: "ORDER#x", SK: "RETURN#nonsense"}} {
		for range 2 {
			if err := d.f.Jobs()[0].Handle(t.Context(), due.Job{Kind: rma.DueKind, Key: key}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if after := d.read(r.ID); after.State != rma.Approved || after.Shard == "" || after.Version > before+2 {
		t.Fatalf("%s, due %q, version %d", after.State, after.Shard, after.Version)
	}
}
