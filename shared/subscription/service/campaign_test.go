package service_test

import (
	"context"
	"flag"
	"fmt"
	"sync"
	"testing"
	"time"

	"dangol/infra/testkit/fault"
	"dangol/infra/testkit/memory"
	"dangol/infra/testkit/soak"
	"dangol/infra/testkit/testshop"
	"dangol/infra/testkit/testsubscriptions"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/table"
	"dangol/shared/subscription"
)

// patient is a subscriber whose browser repeats a request that got no clear answer.
type patient struct {
	*testsubscriptions.Shop
	who  testsubscriptions.Subscriber
	want int // paid invoices after two payments
}

const patience = 5

func (p *patient) Run(ctx context.Context) {
	for range patience {
		if _, _, err := p.Subscribe(ctx, p.Billing, p.who); err == nil {
			break
		}
	}
	p.Until(ctx, testshop.Noon.AddDate(0, 1, 1))
}

// Rest goes on for some days; what a failure has put off is made up for by then.
func (p *patient) RunUntilIdle(ctx context.Context) { p.Until(ctx, testshop.Noon.AddDate(0, 1, 20)) }

func (p *patient) Check(t testing.TB) {
	p.Shop.Check(t)
	all := p.All(t)
	if len(all) != 1 {
		t.Fatalf("%d subscriptions, want 1", len(all))
	}
	if got := len(paid(p.InvoicesOf(t, all[0].Sub.ID))); got != p.want {
		t.Errorf("%d invoices are paid, want %d; it is %s %s", got, p.want, all[0].Sub.State, all[0].Sub.EndReason)
	}
}

// TestWhateverBreaksEachPeriodIsChargedOnce lets every outside call go wrong in every way.
func TestWhateverBreaksEachPeriodIsChargedOnce(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		card  string
		goods bool
		want  int
	}{
		{name: "a membership", card: "pm_card_visa", want: 2},
		{name: "goods every month", card: "pm_card_visa", goods: true, want: 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			fault.Campaign(t, func(t testing.TB, in *fault.Injector) fault.Scenario {
				resume := in.Pause()
				defer resume()
				w := testsubscriptions.New(t, in)
				var change []func(*subscription.Plan)
				if c.goods {
					change = append(change, testsubscriptions.Sends(w.Sell(testshop.ProductSpec{Units: 9}), 2))
				}
				return &patient{Shop: w, who: w.Subscriber(w.CreatePlan(change...), c.card), want: c.want}
			})
		})
	}
}

// The year that TestAYearInWhichEverythingGoesWrong plays. `make campaign` sets them.
var (
	subscribers = flag.Int("subscribers", 24, "how many subscriptions the year has")
	months      = flag.Int("months", 12, "how long the year is")
	seed        = flag.Uint64("seed", 1, "of everything that happens by chance in the year")
	shops       = flag.Int("shops", 1, "over how many shops the subscriptions are spread, side by side")
	onEngine    = flag.Bool("on-engine", false, "keep the shops of scenes and year in the engine, not in memory")
	odds        = flag.Int("odds", 150, "each kind of fault happens to one outside call in so many")
)

// TestAYearInWhichEverythingGoesWrong is the crash campaign: exactly one successful charge for each period, none
// missing, and the books agree with the bank's, whatever happens to calls, workers, messages and clocks.
func TestAYearInWhichEverythingGoesWrong(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var all soak.Report
	began := clock.System{}.Now()
	took := func() time.Duration { return clock.System{}.Now().Sub(began).Round(time.Second) }
	t.Cleanup(func() { t.Logf("%s\n%s", took(), all) })
	for n := range *shops {
		t.Run(fmt.Sprintf("shop %d", n+1), func(t *testing.T) {
			t.Parallel()
			y := soak.New(t, soak.Settings{
				Subscribers: *subscribers / *shops, Months: *months, Seed: *seed<<8 + uint64(n), Odds: fault.Even(*odds),
				Open: func(in *fault.Injector) *testshop.Shop { return opened(t, in) },
				Progress: func(month int, so soak.Report) {
					t.Logf("month %d after %s: %d jobs, %d outside calls", month, took(), so.Jobs, so.Calls)
				},
			})
			r := y.Run(t.Context())
			if t.Failed() {
				t.Logf("again: make campaign SUBSCRIBERS=%d SHOPS=%d SEED=%d MONTHS=%d ODDS=%d", *subscribers, *shops, *seed,
					*months, *odds)
			}
			mu.Lock()
			defer mu.Unlock()
			all.Add(r)
		})
	}
}

// opened is a shop in memory, or on the engine of all tests.
func opened(t testing.TB, in *fault.Injector) *testshop.Shop {
	if *onEngine {
		return testshop.New(t, in)
	}
	return testshop.NewOn(t, in, memory.New(table.Commerce), "Commerce")
}
