// Package testsubscriptions is a small shop with subscribers, on top of package testshop: plans to subscribe to,
// workers that bill what is due as often as the queue hands it out, and a Check that holds the invoices against the
// bank's ledger.
package testsubscriptions

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"dangol/infra/testkit/fault"
	"dangol/infra/testkit/testshop"
	"dangol/shared/address"
	"dangol/shared/catalog"
	"dangol/shared/invoice"
	"dangol/shared/payment"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/due"
	"dangol/shared/platform/idempotency"
	"dangol/shared/platform/table"
	"dangol/shared/subscription"
	"dangol/shared/subscription/service"
)

// Shop is a shop with subscribers.
type Shop struct {
	*testshop.Shop
	Billing   *service.Service // its calls go through the faults
	Unfaulted *service.Service // without faults, for looking and for setting up

	// Deliveries is how often the queue hands out the n-th job at once (0 is lost; it comes again after its lease). nil is
	// once.
	Deliveries func(n int) int
	jobs       int
	stage      *fault.Stage
}

// New opens a shop whose database and bank calls go through the injector.
func New(t testing.TB, in *fault.Injector) *Shop {
	t.Helper()
	return In(testshop.New(t, in))
}

// In opens the subscriptions of a shop.
func In(shop *testshop.Shop) *Shop {
	t, w := shop.T, &Shop{Shop: shop}
	t.Helper()
	seoul, err := time.LoadLocation("Asia/Seoul")
	if err != nil {
		t.Fatal(err)
	}
	service := func(table *table.Table) *service.Service {
		return &service.Service{
			Table: table, Catalog: catalog.NewCache(table, w.Clock, 0), Provider: w.Service.Provider, Clock: w.Clock,
			Log: slog.New(slog.DiscardHandler), FiscalZone: seoul,
		}
	}
	w.Billing, w.Unfaulted = service(w.Service.Table), service(w.Table)
	return w
}

// Worker is another process of the billing function: it knows nothing of what the first one remembers.
func (w *Shop) Worker() *service.Service {
	b := w.Billing
	return &service.Service{Table: b.Table, Catalog: b.Catalog, Provider: b.Provider, Clock: b.Clock, Log: b.Log,
		FiscalZone: b.FiscalZone}
}

// CreatePlan puts a plan up: by default a monthly membership for 10,000 won.
func (w *Shop) CreatePlan(change ...func(*subscription.Plan)) *service.Plan {
	w.T.Helper()
	p := &service.Plan{Plan: subscription.Plan{
		ID: fmt.Sprintf("plan_%s", w.NextKey()), Kind: subscription.Membership,
		Name:     map[string]string{"ko": "단골", "en": "Regular"},
		Interval: subscription.Every(1, subscription.Month), Prices: map[string]int64{"KRW": 10_000},
		Tax: subscription.Tax{RateBP: 1000, Included: true},
	}}
	for _, c := range change {
		c(&p.Plan)
	}
	if err := w.Unfaulted.SavePlan(context.Background(), p, 0); err != nil {
		w.T.Fatal(err)
	}
	return p
}

// Sends makes a plan a replenishment of goods.
func Sends(variant string, quantity int) func(*subscription.Plan) {
	return func(p *subscription.Plan) {
		p.Kind, p.Contents = subscription.Replenishment, []subscription.Item{{VariantID: variant, Quantity: quantity}}
	}
}

// SaveCard keeps a card at the bank, outside the faults. Should the bank's answer not come it asks once more.
func (w *Shop) SaveCard(customerID, card string) payment.Method {
	w.T.Helper()
	save := payment.SaveMethodRequest{Key: w.NextKey(), CustomerID: customerID, MethodToken: card}
	m, err := w.Service.Provider.SaveMethod(context.Background(), save)
	if errors.Is(err, payment.ErrUnknown) {
		m, err = w.Service.Provider.SaveMethod(context.Background(), save)
	}
	if err != nil {
		w.T.Fatal(err)
	}
	return m
}

// CardOf is a kept method as the rules know it.
func CardOf(m payment.Method) subscription.Card {
	return subscription.Card{Token: m.Token, Brand: m.Brand, ExpYear: m.ExpYear, ExpMonth: m.ExpMonth}
}

// Subscriber is a request to subscribe that can be repeated.
type Subscriber struct {
	Customer string
	Plan     *service.Plan
	Method   payment.Method
	Trial    bool
	Single   bool // one at a time
	Gift     *subscription.Gift
	Zone     string // Asia/Seoul when empty
	Key      string
	// Session, when not nil, is that of a cardholder who is there. With Keep in it Method is the token of the form.
	Session *subscription.Session
}

// Subscriber is somebody with a card who wants a plan. Call it outside the faults.
func (w *Shop) Subscriber(p *service.Plan, card string) Subscriber {
	customer := "cust-" + w.NextKey()
	return Subscriber{Customer: customer, Plan: p, Method: w.SaveCard(customer, card), Trial: p.TrialDays > 0,
		Key: w.NextKey()}
}

// Subscribe sends the request.
func (w *Shop) Subscribe(ctx context.Context, s *service.Service, who Subscriber) (*service.Record, bool, error) {
	terms, err := who.Plan.Terms("KRW", 1)
	if err != nil {
		w.T.Fatal(err)
	}
	r := &service.Record{
		Contact:   service.Contact{Email: who.Customer + "@example.com", Name: "김하늘", Language: "ko"},
		Titles:    map[string]string{who.Plan.ID: who.Plan.Name["ko"]},
		Methods:   map[string]payment.Method{who.Method.Token: who.Method},
		Addresses: map[string]address.Address{"home": {Name: "김하늘", Line1: "왕십리로 83", Country: "KR"}},
	}
	if who.Session != nil && who.Session.Keep {
		r.Methods = nil
	}
	return s.StartOnSession(ctx, r, subscription.Start{
		CustomerID: who.Customer, Region: "KR", Zone: cmp.Or(who.Zone, "Asia/Seoul"), AddressID: "home", Terms: terms,
		Trial: who.Trial, Single: who.Single, Card: CardOf(who.Method),
		Gift: who.Gift,
	}, who.Session, idempotency.For("subscribe", who.Customer, who.Key, nil, w.Clock.Now()))
}

// Until lets everything happen that is due by an instant, each at its time, by two workers at once where a job is
// handed out more than once.
func (w *Shop) Until(ctx context.Context, end time.Time) {
	w.T.Helper()
	workers := []*service.Service{w.Billing, w.Worker()}
	if w.stage != nil { // of those who take turns nobody may wait for another: each is a process of its own
		workers = append(workers, w.Worker())
		workers[1].Clock = Skewed{w.Clock, fast}
	}
	for range maxSteps {
		w.sweep(ctx, workers)
		at, ok, err := due.Next(ctx, w.Table, service.DueSubscription)
		if err != nil {
			w.T.Fatal(err)
		}
		if !ok || at.After(end) {
			w.Clock.MoveTo(end)
			return
		}
		if at.After(w.Clock.Now()) {
			w.Clock.MoveTo(at)
		}
	}
	w.T.Fatal("the subscriptions do not come to rest")
}

// maxSteps bounds how long a shop may take.
const maxSteps = 20_000

// sweep hands out what is due, as the sweeper and the queue do. A job that fails comes again when its claim runs out.
func (w *Shop) sweep(ctx context.Context, workers []*service.Service) {
	w.T.Helper()
	now := w.Clock.Now()
	var jobs []due.Job
	err := due.Overdue(ctx, w.Table, service.DueSubscription, now, func(j due.Job) error {
		jobs = append(jobs, j)
		return nil
	})
	if err != nil {
		w.T.Fatal(err)
	}
	for _, j := range jobs {
		claimed, err := due.Claim(ctx, w.Table, j, now)
		if err != nil {
			w.T.Fatal(err)
		}
		if !claimed {
			continue
		}
		times := 1
		if w.Deliveries != nil {
			times = w.Deliveries(w.jobs)
		}
		w.jobs++
		w.deliver(ctx, workers, j, times)
	}
}

// deliver hands a job to the workers. One that fails is due again.
func (w *Shop) deliver(ctx context.Context, workers []*service.Service, j due.Job, times int) {
	if w.stage == nil {
		var all sync.WaitGroup
		for n := range times {
			all.Go(func() { w.work(fault.Mortal(ctx), workers[n%len(workers)], j) })
		}
		all.Wait()
		return
	}
	for n := range times {
		w.stage.Enter(ctx, func(ctx context.Context) { w.work(ctx, workers[n], j) })
	}
	for w.stage.Step() {
	}
}

// work has a worker do a job, and notes why it is to come again for whoever reads a test that failed.
func (w *Shop) work(ctx context.Context, worker *service.Service, j due.Job) {
	for _, err := range worker.Jobs(ctx, []due.Job{j}) {
		if err != nil {
			w.T.Logf("the job of %s comes again: %v", j.Key.PK, err)
		}
	}
}

// RunConcurrently lets workers who get the same job, three at most, meet in an order drawn from the dice, a call of one
// after a call of another. The second one's clock is so fast that it takes the first one's leases for over.
func (w *Shop) RunConcurrently(dice *rand.Rand) { w.stage = fault.NewStage(w.Clock, dice) }

const fast = 90 * time.Second

// Skewed is a clock that goes wrong.
type Skewed struct {
	clock.Clock
	By time.Duration
}

// Now is the wrong time.
func (c Skewed) Now() time.Time { return c.Clock.Now().Add(c.By) }

// Of reads a subscription.
func (w *Shop) Of(t testing.TB, id string) *service.Record {
	t.Helper()
	r, err := w.Unfaulted.Load(context.Background(), id)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// All reads every subscription.
func (w *Shop) All(t testing.TB) []*service.Record {
	t.Helper()
	var out []*service.Record
	if err := w.Unfaulted.Every(context.Background(),
		func(c service.Summary) error { out = append(out, w.Of(t, c.ID)); return nil }); err != nil {
		t.Fatal(err)
	}
	return out
}

// InvoicesOf reads the invoices of a subscription, oldest first.
func (w *Shop) InvoicesOf(t testing.TB, id string) []invoice.Invoice {
	t.Helper()
	all, _, err := w.Unfaulted.Documents().Of(context.Background(), id, 1000, "")
	if err != nil {
		t.Fatal(err)
	}
	for i, j := 0, len(all)-1; i < j; i, j = i+1, j-1 {
		all[i], all[j] = all[j], all[i]
	}
	return all
}
