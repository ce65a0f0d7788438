package billing_test

import (
	"context"
	"flag"
	"math/rand/v2"
	"testing"

	"dangol/infra/local/fault"
	"dangol/infra/local/fault/members"
	"dangol/infra/local/fault/world"
	"dangol/shared/billing"
	"dangol/shared/subscription"
)

// patient is a subscriber whose browser repeats a request that got no clear answer.
type patient struct {
	*members.World
	who  members.Subscriber
	want int // paid invoices after two payments
}

const patience = 5

func (p *patient) Run(ctx context.Context) {
	for range patience {
		if _, _, err := p.Subscribe(ctx, p.Billing, p.who); err == nil {
			break
		}
	}
	p.Until(ctx, world.Noon.AddDate(0, 1, 1))
}

// Rest goes on for some days; what a failure has put off is made up for by then.
func (p *patient) Rest(ctx context.Context) { p.Until(ctx, world.Noon.AddDate(0, 1, 20)) }

func (p *patient) Check(t testing.TB) {
	p.World.Check(t)
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
			fault.Campaign(t, func(t testing.TB, in *fault.Injector) fault.World {
				resume := in.Pause()
				defer resume()
				w := members.New(t, in)
				var change []func(*subscription.Plan)
				if c.goods {
					change = append(change, members.Sends(w.Sell(world.Goods{Units: 9}), 2))
				}
				return &patient{World: w, who: w.Subscriber(w.Offer(change...), c.card), want: c.want}
			})
		})
	}
}

var subscribers = flag.Int("subscribers", 8, "how many subscriptions the year of lost and repeated messages has")

// TestAYearOfLostAndRepeatedMessagesWithTwoWorkers hands out each job 0 to 3 times, at once, to two workers.
func TestAYearOfLostAndRepeatedMessagesWithTwoWorkers(t *testing.T) {
	t.Parallel()
	w := calm(t)
	dice := rand.New(rand.NewPCG(1, 2))
	w.Deliveries = func(int) int { return dice.IntN(4) }
	soap := w.Sell(world.Goods{Units: 40 * *subscribers})
	plans := []*billing.Plan{w.Offer(), w.Offer(members.Sends(soap, 1))}
	cards := []string{"pm_card_visa", "pm_card_mastercard", "pm_card_sandbox_lateWebhook", "pm_card_sandbox_chargeCustomerFailTwice"}
	for n := range *subscribers {
		subscribed(t, w, plans[n%2], cards[n%4])
	}
	w.Until(t.Context(), world.Noon.AddDate(1, 0, -1))
	for _, r := range w.All(t) {
		if n := len(paid(w.InvoicesOf(t, r.Sub.ID))); n != 12 && r.Sub.State != subscription.Ended {
			t.Errorf("%s paid %d periods of 12", r.Sub.ID, n)
		}
	}
	w.Check(t)
}
