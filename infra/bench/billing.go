package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"time"

	"dangol/infra/local/engine"
	"dangol/infra/local/tables"
	"dangol/shared/billing"
	"dangol/shared/catalogue"
	"dangol/shared/clock"
	"dangol/shared/due"
	"dangol/shared/payment"
	"dangol/shared/subscription"
	"dangol/shared/table"
)

// start is when the subscriptions of the billing run began; a month later those that are due are due.
var start = time.Date(2026, 3, 2, 3, 0, 0, 0, time.UTC)

// billingRun renews a number of due subscriptions, once alone and once among nine times as many that are not due: what a renewal costs must
// not depend on those.
func billingRun(ctx context.Context, renewals int) error {
	fmt.Printf("\nbilling run of %d renewals, one worker, on the local engine\n", renewals)
	fmt.Printf("%-22s %9s %12s %12s %12s %10s\n", "subscriptions", "per s", "round trips", "read units", "write units", "heap MB")
	var alone time.Duration
	for _, idle := range []int{0, 9 * renewals} {
		took, err := renew(ctx, renewals, idle)
		if err != nil {
			return err
		}
		if alone == 0 {
			alone = took
			continue
		}
		fmt.Printf("wall time among nine times as many that are not due: %.2f of that alone\n", float64(took)/float64(alone))
	}
	return nil
}

// renew bills what is due and prints a line of figures.
func renew(ctx context.Context, renewals, idle int) (time.Duration, error) {
	db, err := engine.Start(ctx, engine.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return 0, err
	}
	defer db.Stop()
	client := tables.Client(db.Endpoint())
	if err := tables.Create(ctx, client, table.Commerce.Name, table.Commerce); err != nil {
		return 0, err
	}
	service, at := biller(table.New(client, table.Commerce.Name, nil))
	for n := range renewals + idle {
		if err := enrol(ctx, service, n, n < renewals); err != nil {
			return 0, err
		}
	}
	at.MoveTo(start.AddDate(0, 1, 0))
	ctx, meter := table.Metered(ctx)
	wall := clock.System{}
	began, done := wall.Now(), 0
	err = due.Overdue(ctx, service.Table, billing.DueSubscription, at.Now(), func(j due.Job) error {
		done++
		return service.Job(ctx, j)
	})
	took := wall.Now().Sub(began)
	if err != nil || done != renewals {
		return 0, fmt.Errorf("billing: %d of %d renewed: %w", done, renewals, err)
	}
	var heap runtime.MemStats
	runtime.ReadMemStats(&heap)
	cost, n := meter.Cost(), float64(done)
	fmt.Printf("%-22s %9.0f %12.2f %12.2f %12.2f %10.0f\n", fmt.Sprintf("%d due of %d", renewals, renewals+idle), n/took.Seconds(),
		float64(cost.Trips)/n, cost.Read/n, cost.Write/n, float64(heap.HeapAlloc)/(1<<20))
	return took, nil
}

// biller is the billing service with a till.
func biller(t *table.Table) (*billing.Service, *clock.Movable) {
	at := clock.Stopped(start)
	return &billing.Service{
		Table: t, Shelf: catalogue.NewShelf(t, at, time.Minute), Provider: &till{}, Clock: at,
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Books: time.UTC,
	}, at
}

// till is a provider that takes the money and answers at once: the run measures the shop and not a bank.
type till struct {
	payment.Provider
	taken int
}

// Name is "till".
func (*till) Name() string { return "till" }

// ChargeOffSession takes the money.
func (b *till) ChargeOffSession(_ context.Context, r payment.ChargeRequest) (payment.Payment, error) {
	b.taken++
	return payment.Payment{ID: fmt.Sprintf("pay_%d", b.taken), Key: r.Key, State: payment.StateCaptured, Amount: r.Amount, Captured: r.Amount}, nil
}

// enrol stores the n-th subscription as it stands after its first payment: a month long when it is to be due, else a year.
func enrol(ctx context.Context, s *billing.Service, n int, isDue bool) error {
	customer := fmt.Sprintf("cust-%d", n)
	plan := subscription.Plan{
		ID: "plan_bench", Version: 1, Kind: subscription.Membership, Name: map[string]string{"en": "Regular"},
		Interval: subscription.Every(1, subscription.Month), Prices: map[string]int64{"KRW": 9_900}, Tax: subscription.Tax{RateBP: 1000, Included: true},
		Policy: subscription.Policy{RenewalDays: -1},
	}
	if !isDue {
		plan.Interval = subscription.Every(1, subscription.Year)
	}
	terms, err := plan.Terms("KRW", 1)
	if err != nil {
		return err
	}
	method := payment.Method{Token: "pm_" + customer, CustomerRef: customer, Brand: "visa", Last4: "4242", ExpYear: 2036, ExpMonth: 12}
	id := fmt.Sprintf("sub_%08d", n)
	sub, _, err := subscription.Subscription{}.Apply(subscription.Start{
		ID: id, CustomerID: customer, Region: "KR", Zone: "UTC", Terms: terms,
		Card: subscription.Card{Token: method.Token, Brand: method.Brand, ExpYear: method.ExpYear, ExpMonth: method.ExpMonth},
	}, s.Clock.Now())
	if err != nil {
		return err
	}
	if sub, _, err = sub.Apply(subscription.ChargeSucceeded{Key: sub.Open.Key, PaymentID: "pay_first"}, s.Clock.Now()); err != nil {
		return err
	}
	return s.Adopt(ctx, &billing.Record{
		Sub: sub, Contact: billing.Contact{Email: customer + "@example.com", Language: "en"}, Titles: map[string]string{plan.ID: "Regular"},
		Methods: map[string]payment.Method{method.Token: method},
	})
}
