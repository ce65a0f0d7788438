package service_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"dangol/infra/testkit/fault"
	"dangol/infra/testkit/testshop"
	"dangol/infra/testkit/testsubscriptions"
	"dangol/shared/payment"
	"dangol/shared/platform/problem"
	"dangol/shared/subscription"
	"dangol/shared/subscription/service"
)

// scene is one subscriber's story, played with every outside call going wrong in every way.
type scene struct {
	name   string
	sells  int                                                 // units in the catalog of what the plan sends
	plan   func(soap, other string) []func(*subscription.Plan) // changes to the monthly membership
	card   string                                              // "" is a good one
	gift   bool
	there  bool // the cardholder pays, so that their bank can ask for them
	script []step
	rests  int // days after the script
	want   want
}

// want is how the story ends, whatever broke.
type want struct {
	state  subscription.State
	reason string
	paid   int   // invoices
	kept   int64 // by the shop, less what went back
	orders int
}

// over is a subscription that has ended.
func over(reason string, paid int, kept int64) want {
	return want{subscription.Ended, reason, paid, kept, 0}
}

// runs is one that goes on.
func runs(paid int, kept int64, orders int) want {
	return want{subscription.Active, "", paid, kept, orders}
}

// step is something that happens in a story.
type step func(context.Context, *actor)

// actor is the subscriber of a scene. Their browser repeats a request that got no clear answer.
type actor struct {
	*testsubscriptions.Shop
	scene
	who  testsubscriptions.Subscriber
	soap string
	id   string
}

func (a *actor) Run(ctx context.Context) {
	_, _ = testsubscriptions.Insist(ctx, func(ctx context.Context) error {
		_, _, err := a.Subscribe(ctx, a.Billing, a.who)
		return err
	}, a.Later(ctx))
	all := a.All(a.T)
	if len(all) != 1 {
		a.T.Fatalf("%d subscriptions, want 1", len(all))
	}
	a.id = all[0].Sub.ID
	for _, s := range a.script {
		s(ctx, a)
	}
}

// Rest lets what a failure has put off be made up for.
func (a *actor) RunUntilIdle(ctx context.Context) { a.Until(ctx, a.Clock.Now().AddDate(0, 0, a.rests)) }

func (a *actor) Check(t testing.TB) {
	a.Shop.Check(t)
	r := a.Of(t, a.id)
	var kept int64
	for _, e := range a.Bank.Ledger() {
		kept += e.Captured.Amount - e.Refunded.Amount
	}
	got := want{r.Sub.State, r.Sub.EndReason, len(paid(a.InvoicesOf(t, a.id))), kept, len(a.Orders(t))}
	if got != a.want {
		t.Errorf("it ends %+v, want %+v\n%s", got, a.want, a.Story(t, r))
	}
}

// days lets time pass.
func days(n int) step {
	return func(ctx context.Context, a *actor) { a.Until(ctx, a.Clock.Now().AddDate(0, 0, n)) }
}

// request makes the subscriber ask for something, which has to be granted.
func request(command func(*actor) subscription.Command) step {
	return func(ctx context.Context, a *actor) {
		w := testsubscriptions.ChangeRequest{Key: a.NextKey(), Command: command(a)}
		a.insist(ctx, func(ctx context.Context) error { return a.RequestChange(ctx, a.Billing, a.id, w) })
	}
}

func plain(c subscription.Command) step {
	return request(func(*actor) subscription.Command { return c })
}

// newCard makes the subscriber give another card.
func newCard(token string) step {
	return func(ctx context.Context, a *actor) {
		key := a.NextKey()
		a.insist(ctx, func(ctx context.Context) error { return a.ChangeCard(ctx, a.Billing, a.id, key, token) })
	}
}

// visits makes the cardholder go where their bank wants them, pass the challenge or not, and come back.
func visits(pass bool) step {
	return func(ctx context.Context, a *actor) {
		for range testsubscriptions.Patience {
			if action := a.Of(a.T, a.id).Sub.OpenAction(); action != nil {
				a.Challenge(action.URL, pass)
				a.insist(ctx, func(ctx context.Context) error {
					r, err := a.Billing.Load(ctx, a.id)
					if err == nil {
						_, err = a.Billing.Confirm(ctx, r)
					}
					return err
				})
				return
			}
			a.Until(ctx, a.Clock.Now().Add(6*time.Minute)) // the answer was lost; it is asked for again
			if o := a.Of(a.T, a.id).Sub.Open; o != nil && !o.InFlight {
				pays(ctx, a) // the bank could not be reached, and said so
			}
		}
		a.T.Error("the bank never asks for the cardholder")
	}
}

// pays makes the subscriber pay what is unpaid, being there.
func pays(ctx context.Context, a *actor) {
	w := testsubscriptions.ChangeRequest{Key: a.NextKey(), Command: subscription.PayNow{},
		Session: &subscription.Session{}}
	a.insist(ctx, func(ctx context.Context) error { return a.RequestChange(ctx, a.Billing, a.id, w) })
}

// consents makes the subscriber say yes to what is asked.
func consents(ctx context.Context, a *actor) {
	key := a.NextKey()
	a.insist(ctx, func(ctx context.Context) error { return a.Consent(ctx, a.Billing, a.id, key) })
}

// claims makes the friend who was given the subscription take it.
func claims(ctx context.Context, a *actor) {
	friend := subscription.ClaimGift{CustomerID: "cust-friend", Zone: "Asia/Seoul", Region: "KR"}
	a.insist(ctx, func(ctx context.Context) error {
		r, err := a.Billing.Load(ctx, a.id)
		if err != nil {
			return err
		}
		_, err = a.Billing.Claim(ctx, r, friend, service.Contact{Email: "friend@example.com", Language: "ko"}, nil)
		return err
	})
}

func (a *actor) insist(ctx context.Context, request func(context.Context) error) {
	a.T.Helper()
	if err, clear := testsubscriptions.Insist(ctx, request, a.Later(ctx)); err != nil || !clear {
		a.T.Errorf("refused: %v (%s)", err, problem.Code(err))
	}
}

// terms are those of another plan.
func terms(a *actor, price int64, quantity int) subscription.Terms {
	t := a.Of(a.T, a.id).Sub.Terms
	t.PlanID, t.Price, t.Quantity = "plan_other", price, quantity
	return t
}

func upgrade(price int64) step {
	return request(func(a *actor) subscription.Command { return subscription.Upgrade{Terms: terms(a, price, 1)} })
}

func downgrade(price int64) step {
	return request(func(a *actor) subscription.Command { return subscription.Downgrade{Terms: terms(a, price, 1)} })
}

func again(a *actor) subscription.Command {
	t := a.Of(a.T, a.id).Sub.Terms
	return subscription.Reactivate{Terms: &t}
}

// Pieces of plans.
func prepaid(n int) func(*subscription.Plan) { return func(p *subscription.Plan) { p.Prepaid = n } }
func trial(n int) func(*subscription.Plan)   { return func(p *subscription.Plan) { p.TrialDays = n } }
func outOfStock(do subscription.StockAction) func(*subscription.Plan) {
	return func(p *subscription.Plan) { p.Policy.Stock.Do = do }
}
func plans(change ...func(*subscription.Plan)) func(string, string) []func(*subscription.Plan) {
	return func(string, string) []func(*subscription.Plan) { return change }
}
func boxes(change ...func(*subscription.Plan)) func(string, string) []func(*subscription.Plan) {
	return func(soap, other string) []func(*subscription.Plan) {
		return append(change, testsubscriptions.Sends(soap, 1), func(p *subscription.Plan) {
			p.Policy.Substitutes = []subscription.Item{{VariantID: other, Quantity: 2}}
		})
	}
}
func quick(p *subscription.Plan) {
	p.Policy.Dunning = subscription.Dunning{MoneyDays: []int{1, 3}, TechnicalTries: 2, SuspendDays: 4, CancelDays: 6}
}

// Cards.
const (
	poor      = "pm_card_sandbox_chargeCustomerFailFunds"
	poorTwice = "pm_card_sandbox_chargeCustomerFailTwice"
	lostCard  = "pm_card_sandbox_chargeCustomerFailLost"
	ill       = "pm_card_sandbox_chargeCustomerFailTech"
	slow      = "pm_card_sandbox_lateWebhook"
	silent    = "pm_card_sandbox_hang"
	asks      = "pm_card_threeDSecure2Required"
)

var scenes = []scene{
	{name: "stopped at once, the days left are refunded", script: []step{days(10), plain(subscription.Cancel{Now: true})},
		rests: 3, want: over(subscription.EndCanceled, 1, 3_548)},
	{
		name: "stopped at once after a second payment, both are refunded", rests: 3,
		want: over(subscription.EndCanceled, 2, 2_258),
		script: []step{days(1), plain(subscription.ChangeQuantity{Quantity: 3}), days(1),
			plain(subscription.Cancel{Now: true})},
	},
	{
		name: "stopped at once with prepaid cycles left", plan: plans(prepaid(3)), rests: 3,
		want:   over(subscription.EndCanceled, 1, 13_333),
		script: []step{days(40), plain(subscription.Cancel{Now: true})},
	},
	{
		name: "a prepaid box that runs out gives its money back", sells: 1,
		plan:   boxes(prepaid(3), outOfStock(subscription.StockRefund)),
		script: []step{days(70)}, rests: 3, want: runs(1, 10_000, 1),
	},
	{name: "an unpaid box that runs out is skipped", sells: 1, plan: boxes(outOfStock(subscription.StockSkip)),
		script: []step{days(35)}, rests: 3, want: runs(1, 10_000, 1)},
	{
		name: "an unpaid box that runs out is another, until that runs out too", sells: 1,
		plan:   boxes(outOfStock(subscription.StockSubstitute)),
		script: []step{days(63)}, rests: 3, want: runs(2, 20_000, 2),
	},
	{
		name: "a prepaid box that runs out is another, until that runs out too", sells: 1,
		plan:   boxes(prepaid(3), outOfStock(subscription.StockSubstitute)),
		script: []step{days(63)}, rests: 3, want: runs(1, 30_000, 2),
	},
	{name: "an unpaid box that runs out waits", sells: 1, plan: boxes(outOfStock(subscription.StockWait)),
		script: []step{days(35)}, rests: 8, want: runs(1, 10_000, 1)},

	{name: "declined twice, paid on the third day", plan: plans(trial(14)), card: poorTwice,
		script: []step{consents, days(16)}, rests: 6, want: runs(1, 10_000, 0)},
	{name: "declined until the end", plan: plans(trial(14), quick), card: poor, script: []step{consents, days(14)},
		rests: 10, want: over(subscription.EndUnpaid, 0, 0)},
	{name: "lost card, another one comes", plan: plans(trial(14)), card: lostCard,
		script: []step{consents, days(16), newCard("pm_card_visa")}, rests: 3, want: runs(1, 10_000, 0)},
	{name: "suspended, then another card", plan: plans(trial(14), quick), card: poor,
		script: []step{consents, days(19), newCard("pm_card_visa")}, rests: 3, want: runs(1, 10_000, 0)},
	{name: "another card that is poor as well", plan: plans(trial(14), quick), card: lostCard,
		script: []step{consents, days(15), newCard(poorTwice)}, rests: 6, want: runs(1, 10_000, 0)},
	{name: "pays by hand between the tries", plan: plans(trial(14)), card: poorTwice,
		script: []step{consents, days(15), plain(subscription.PayNow{})}, rests: 4, want: runs(1, 10_000, 0)},
	{name: "a machine that is ill", plan: plans(trial(14), quick), card: ill, script: []step{consents, days(14)},
		rests: 10, want: over(subscription.EndUnpaid, 0, 0)},
	{name: "the bank asks for the cardholder", plan: plans(trial(14), quick), card: asks,
		script: []step{consents, days(15), newCard("pm_card_visa")}, rests: 3, want: runs(1, 10_000, 0)},
	{name: "the bank asks at the first payment", card: asks, there: true, script: []step{visits(true)}, rests: 3,
		want: runs(1, 10_000, 0)},
	{name: "the bank asks at the first payment and refuses", card: asks, there: true, script: []step{visits(false)},
		rests: 3, want: over(subscription.EndNotStarted, 0, 0)},
	{name: "the bank asks at the first payment and nobody comes", card: asks, there: true, rests: 3,
		want: over(subscription.EndNotStarted, 0, 0)},
	{name: "the bank asks for a box", card: asks, there: true, sells: 3, plan: boxes(), script: []step{visits(true)},
		rests: 3, want: runs(1, 10_000, 1)},
	{name: "the bank asks at a renewal and the cardholder pays", plan: plans(trial(14)), card: asks,
		script: []step{consents, days(15), pays, visits(true)}, rests: 3, want: runs(1, 10_000, 0)},
	{name: "a box in dunning lets its goods go and gets them again", sells: 3, plan: boxes(trial(14)), card: poorTwice,
		script: []step{consents, days(16)}, rests: 6, want: runs(1, 10_000, 1)},
	{name: "another card with nothing unpaid", script: []step{days(5), newCard("pm_card_mastercard"), days(27)}, rests: 3,
		want: runs(2, 20_000, 0)},
	{name: "a card whose answer comes late", card: slow, script: []step{days(32)}, rests: 3, want: runs(2, 20_000, 0)},
	{name: "a card whose answers never come", card: silent, script: []step{days(32)}, rests: 3, want: runs(2, 20_000, 0)},
	{name: "canceled while the first payment runs", card: slow, script: []step{plain(subscription.Cancel{})}, rests: 3,
		want: want{subscription.Canceled, "", 1, 10_000, 0}},

	{name: "upgraded in mid-period", script: []step{days(10), upgrade(25_000), days(25)}, rests: 3,
		want: runs(3, 45_161, 0)},
	{name: "upgraded with a card that refuses", script: []step{days(5), newCard(poor), upgrade(25_000)}, rests: 3,
		want: runs(1, 10_000, 0)},
	{name: "upgraded with a card whose answer comes late", card: slow, script: []step{days(5), upgrade(25_000)}, rests: 3,
		want: runs(2, 22_581, 0)},
	{name: "downgraded at the end of the period", script: []step{days(10), downgrade(4_000), days(25)}, rests: 3,
		want: runs(2, 14_000, 0)},
	{name: "more of a membership", script: []step{days(10), plain(subscription.ChangeQuantity{Quantity: 2}), days(25)},
		rests: 3, want: runs(3, 36_774, 0)},
	{name: "more goods from the next parcel on", sells: 9, plan: boxes(),
		script: []step{days(10), plain(subscription.ChangeQuantity{Quantity: 2}), days(25)}, rests: 3,
		want: runs(2, 30_000, 2)},
	{
		name: "other goods from the next parcel on", sells: 9, plan: boxes(), rests: 3, want: runs(2, 37_000, 2),
		script: []step{days(10), request(func(a *actor) subscription.Command {
			return subscription.Swap{Contents: []subscription.Item{{VariantID: a.soap, Quantity: 3}}, Price: 27_000}
		}), days(25)},
	},
	{name: "an earlier date pays the next period with credit",
		script: []step{days(10), plain(subscription.ChangeDate{To: "2026-03-20"}), days(10)}, rests: 3,
		want: runs(2, 15_806, 0)},
	{name: "skipped once", sells: 9, plan: boxes(), script: []step{days(1), plain(subscription.SkipNext{}), days(62)},
		rests: 3, want: runs(2, 20_000, 2)},
	{name: "paused and resumed early",
		script: []step{days(1), plain(subscription.Pause{Until: "2026-05-20"}), days(39), plain(subscription.Resume{})},
		rests:  3, want: runs(2, 20_000, 0)},

	{name: "canceled and taken back",
		script: []step{days(5), plain(subscription.Cancel{}), days(5), plain(subscription.Reactivate{}), days(25)}, rests: 3,
		want: runs(2, 20_000, 0)},
	{name: "ended and begun again", script: []step{plain(subscription.Cancel{}), days(40), request(again)}, rests: 3,
		want: runs(2, 20_000, 0)},
	{name: "ended, begun again with a box", sells: 3, plan: boxes(),
		script: []step{plain(subscription.Cancel{}), days(40), request(again)}, rests: 3, want: runs(2, 20_000, 2)},
	{name: "a trial with consent", plan: plans(trial(14)), script: []step{days(7), consents, days(8)}, rests: 3,
		want: runs(1, 10_000, 0)},
	{name: "a trial without consent", plan: plans(trial(14)), script: []step{days(15)}, rests: 3,
		want: over(subscription.EndNoConsent, 0, 0)},
	{name: "a trial that is canceled", plan: plans(trial(14)),
		script: []step{days(7), consents, plain(subscription.Cancel{})}, rests: 10,
		want: over(subscription.EndCanceled, 0, 0)},
	{name: "a gift of three months", plan: plans(prepaid(3)), gift: true, script: []step{days(2), claims, days(93)},
		rests: 3, want: over(subscription.EndGiftOver, 1, 30_000)},
	{name: "a gift that nobody claims", plan: plans(prepaid(3)), gift: true, script: []step{days(91)}, rests: 3,
		want: over(subscription.EndUnclaimed, 1, 0)},
	{name: "a gift of three boxes", sells: 9, plan: boxes(prepaid(3)), gift: true, script: []step{days(93)}, rests: 3,
		want: want{subscription.Ended, subscription.EndGiftOver, 1, 30_000, 3}},
	{
		name: "a setup fee", rests: 3, want: runs(2, 23_000, 0),
		plan: plans(func(p *subscription.Plan) { p.SetupFees = map[string]int64{"KRW": 3_000} }), script: []step{days(31)},
	},
}

var every = flag.Int("every", 4,
	"of the calls that can go wrong in the scenes, how many go by for each that does; 1 plays all")

// TestWhateverBreaksTheMoneyIsRight plays every scene with its outside calls going wrong in every way, one at a time.
func TestWhateverBreaksTheMoneyIsRight(t *testing.T) {
	t.Parallel()
	for _, s := range scenes {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			fault.Sample(t, *every, func(t testing.TB, in *fault.Injector) fault.Scenario { return s.open(t, in) },
				fault.Deadly...)
		})
	}
}

func (s scene) open(t testing.TB, in *fault.Injector) *actor {
	resume := in.Pause()
	defer resume()
	a := &actor{Shop: testsubscriptions.In(opened(t, in)), scene: s}
	var other string
	if s.sells > 0 {
		a.soap, other = a.Sell(testshop.ProductSpec{Units: s.sells}), a.Sell(testshop.ProductSpec{Units: 3})
	}
	var change []func(*subscription.Plan)
	if s.plan != nil {
		change = s.plan(a.soap, other)
	}
	if s.card == "" {
		a.card = "pm_card_visa"
	}
	a.who = a.Subscriber(a.CreatePlan(change...), a.card)
	if s.there {
		a.who.Method = payment.Method{Token: a.card}
		a.who.Session = &subscription.Session{Keep: true}
	}
	if s.gift {
		a.who.Gift = &subscription.Gift{Recipient: "friend@example.com"}
	}
	return a
}

// TestTwoWorkersMeetInEveryOrder plays every scene with messages that come twice or three times, to workers who take
// turns at their calls and one of whom takes the other's lease for over.
func TestTwoWorkersMeetInEveryOrder(t *testing.T) {
	t.Parallel()
	for _, s := range scenes {
		for seed := range *orders {
			t.Run(fmt.Sprintf("%s, order %d", s.name, seed), func(t *testing.T) {
				t.Parallel()
				a := s.open(t, fault.New(fault.Plan{}))
				dice := rand.New(rand.NewPCG(seed, 7))
				a.RunConcurrently(dice)
				a.Deliveries = func(int) int { return 2 + dice.IntN(2) }
				a.Run(t.Context())
				a.RunUntilIdle(t.Context())
				a.Check(t)
			})
		}
	}
}

var orders = flag.Uint64("orders", 6, "in how many orders the workers meet in each scene")
