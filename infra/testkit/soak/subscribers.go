package soak

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"dangol/infra/testkit/testshop"
	"dangol/infra/testkit/testsubscriptions"
	"dangol/shared/platform/civil"
	"dangol/shared/platform/problem"
	"dangol/shared/subscription"
	"dangol/shared/subscription/service"
)

// person is a subscriber. A steady one has a good card, changes nothing, and pays every period.
type person struct {
	n      int
	who    testsubscriptions.Subscriber
	steady bool
	id     string // of the subscription, once it is there
}

// market is what can be subscribed to.
type market struct {
	steady []*service.Plan
	lively []*service.Plan
}

// open puts goods and plans up. Some goods will run out.
func (y *Simulation) open() market {
	soap := y.Sell(testshop.ProductSpec{Units: 100 * y.Subscribers})
	rare := func() string { return y.Sell(testshop.ProductSpec{Units: y.Subscribers / 4}) }
	other := []subscription.Item{{VariantID: soap, Quantity: 1}}
	withStock := func(do subscription.StockAction) func(*subscription.Plan) {
		return func(p *subscription.Plan) { p.Policy.Stock.Do, p.Policy.Substitutes = do, other }
	}
	quiet := func(p *subscription.Plan) { p.Policy.RenewalDays = -1 }
	prepaid := func(p *subscription.Plan) { p.Prepaid = 3 }
	every := func(n int, unit subscription.Unit) func(*subscription.Plan) {
		return func(p *subscription.Plan) { p.Interval = subscription.Every(n, unit) }
	}
	return market{
		steady: []*service.Plan{y.CreatePlan(quiet), y.CreatePlan(), y.CreatePlan(quiet, testsubscriptions.Sends(soap, 1)),
			y.CreatePlan(testsubscriptions.Sends(soap, 2))},
		lively: []*service.Plan{
			y.CreatePlan(), y.CreatePlan(quiet), y.CreatePlan(testsubscriptions.Sends(soap, 1)),
			y.CreatePlan(func(p *subscription.Plan) { p.TrialDays = 14 }),
			y.CreatePlan(func(p *subscription.Plan) { p.SetupFees = map[string]int64{"KRW": 3_000} }, quiet),
			y.CreatePlan(prepaid, quiet), y.CreatePlan(prepaid, quiet, testsubscriptions.Sends(soap, 1)),
			y.CreatePlan(every(4, subscription.Week), quiet),
			y.CreatePlan(every(2, subscription.Month), quiet, testsubscriptions.Sends(soap, 1)),
			y.CreatePlan(quiet, testsubscriptions.Sends(rare(), 1), withStock(subscription.StockSkip)),
			y.CreatePlan(quiet, prepaid, testsubscriptions.Sends(rare(), 1), withStock(subscription.StockRefund)),
			y.CreatePlan(quiet, testsubscriptions.Sends(rare(), 1), withStock(subscription.StockSubstitute)),
			y.CreatePlan(quiet, testsubscriptions.Sends(rare(), 1), withStock(subscription.StockWait)),
		},
	}
}

// Cards that pay, at once or in the end, and those that do not always.
var (
	goodCards = []string{
		"pm_card_visa", "pm_card_visa", "pm_card_mastercard", "pm_card_amex", "pm_card_sandbox_lateWebhook",
		"pm_card_sandbox_hang",
	}
	badCards = []string{
		"pm_card_sandbox_chargeCustomerFailTwice", "pm_card_sandbox_chargeCustomerFailTwice",
		"pm_card_sandbox_chargeCustomerFailFunds",
		"pm_card_sandbox_chargeCustomerFailLost", "pm_card_sandbox_chargeCustomerFailTech", "pm_card_threeDSecure2Required",
		"pm_card_chargeCustomerFail",
	}
	zones = []string{"Asia/Seoul", "Asia/Seoul", "Asia/Seoul", "America/New_York", "Europe/Berlin", "America/Santiago"}
)

func pick[T any](y *Simulation, from []T) T { return from[y.dice.IntN(len(from))] }

// arrivals are the days over which the subscribers come.
const arrivals = 25

// plan notes down what will happen in the year.
func (y *Simulation) plan() {
	for n := range y.Subscribers {
		p := &person{n: n, steady: n%2 == 0}
		card, plan := pick(y, goodCards), pick(y, y.market.lively)
		switch {
		case p.steady:
			plan = pick(y, y.market.steady)
		case plan.TrialDays > 0 && y.dice.IntN(2) == 0:
			card = pick(y, badCards)
		}
		p.who = y.Subscriber(plan, card)
		p.who.Zone = pick(y, zones)
		if plan.Prepaid > 1 && y.dice.IntN(4) == 0 {
			p.who.Gift = &subscription.Gift{Recipient: "friend@example.com"}
		}
		y.people[p.who.Customer] = p
		at := testshop.Noon.Add(time.Duration(y.dice.IntN(arrivals*24*60)) * time.Minute)
		y.agenda.note(at, func(ctx context.Context) { y.request(ctx, p, "subscribe", y.subscribing(p), 0) })
		if !p.steady {
			y.look(p, at)
			y.whim(p, at)
		}
	}
	for range y.Months / 3 {
		y.agenda.note(y.someday(), func(context.Context) {
			y.Outages++
			y.down = y.Clock.Now().Add(48 * time.Hour)
		})
		y.agenda.note(y.someday(), func(context.Context) {
			y.Jumps++
			y.Clock.Advance(3 * time.Hour)
		})
	}
}

func (y *Simulation) someday() time.Time {
	return testshop.Noon.Add(time.Duration(y.dice.IntN(y.Months*30*24)) * time.Hour)
}

// request is something a person sends from a page: tried again with the same key until there is a clear answer.
func (y *Simulation) request(ctx context.Context, p *person, name string,
	send func(context.Context, *service.Service) error, try int) {
	if y.calm {
		return
	}
	y.enter(ctx, func(ctx context.Context, s *service.Service) {
		err := send(ctx, s)
		switch code := problem.Code(err); {
		case err == nil:
			y.Wishes[name]++
		case code != "" && code != "busy" && code != "payment_running" && problem.From(err).Status < 500:
			y.Refused[code]++
		case try < requestTries || name == "subscribe":
			again := y.Clock.Now().Add(time.Duration(1+y.dice.IntN(10<<min(try, 6))) * time.Minute)
			y.agenda.note(again, func(ctx context.Context) { y.request(ctx, p, name, send, try+1) })
		}
	})
}

const requestTries = 8

func (y *Simulation) subscribing(p *person) func(context.Context, *service.Service) error {
	return func(ctx context.Context, s *service.Service) error {
		r, _, err := y.Subscribe(ctx, s, p.who)
		if err == nil {
			p.id, y.byID[r.Sub.ID] = r.Sub.ID, p
		}
		return err
	}
}

// personOf is whose subscription has the key.
func (y *Simulation) personOf(ctx context.Context, key string) *person {
	y.t.Helper()
	id := strings.TrimPrefix(key, service.KeyOf("").PK)
	if p, ok := y.byID[id]; ok {
		return p
	}
	r, err := y.Unfaulted.Load(ctx, id)
	if err != nil {
		y.t.Fatal(err)
	}
	p := y.people[r.Sub.CustomerID]
	p.id, y.byID[id] = id, p
	return p
}

// look makes a person see after their account now and then, and give another card when something is unpaid, or their
// consent when it is asked.
func (y *Simulation) look(p *person, last time.Time) {
	at := last.Add(time.Duration(24*4+y.dice.IntN(24*8)) * time.Hour)
	y.agenda.note(at, func(ctx context.Context) {
		defer y.look(p, at)
		if p.id == "" || y.calm || y.dice.IntN(3) == 0 {
			return
		}
		r := y.Of(y.t, p.id)
		key := y.NextKey()
		switch {
		case r.Sub.ConsentRequest != nil && r.Sub.ConsentRequest.Answer == "":
			y.request(ctx, p, "consent", func(ctx context.Context,
				s *service.Service) error {
				return y.Consent(ctx, s, p.id, key)
			}, 0)
		case r.Sub.Gift != nil && r.Sub.Gift.ClaimedBy == "" && r.Sub.State == subscription.Active:
			claim := testsubscriptions.ChangeRequest{Key: key,
				Command: subscription.ClaimGift{CustomerID: "friend-of-" + p.who.Customer, Zone: pick(y, zones), Region: "KR"}}
			y.request(ctx, p, "claim", func(ctx context.Context,
				s *service.Service) error {
				return y.RequestChange(ctx, s, p.id, claim)
			}, 0)
		case r.Sub.State == subscription.PastDue, r.Sub.State == subscription.Suspended:
			y.request(ctx, p, "card_after_decline", y.newCard(p, key, goodCards), 0)
		}
	})
}

func (y *Simulation) newCard(p *person, key string, from []string) func(context.Context, *service.Service) error {
	token := pick(y, from)
	return func(ctx context.Context, s *service.Service) error { return y.ChangeCard(ctx, s, p.id, key, token) }
}

// whim makes a person want something every few weeks.
func (y *Simulation) whim(p *person, last time.Time) {
	at := last.Add(time.Duration(24*10+y.dice.IntN(24*90)) * time.Hour)
	y.agenda.note(at, func(ctx context.Context) {
		defer y.whim(p, at)
		if p.id == "" || y.calm {
			return
		}
		r, key := y.Of(y.t, p.id), y.NextKey()
		if y.dice.IntN(5) == 0 {
			y.request(ctx, p, "card", y.newCard(p, key, slices.Concat(goodCards, badCards)), 0)
			return
		}
		name, command := y.changeOf(r)
		if command == nil {
			return
		}
		change := testsubscriptions.ChangeRequest{Key: key, Command: command}
		y.request(ctx, p, name, func(ctx context.Context,
			s *service.Service) error {
			return y.RequestChange(ctx, s, p.id, change)
		}, 0)
	})
}

// changeOf is something that makes sense, mostly, as the subscription stands.
func (y *Simulation) changeOf(r *service.Record) (string, subscription.Command) {
	t := r.Sub.Terms
	today := civil.DateAt(y.Clock.Now(), time.UTC)
	other := t
	other.PlanID = fmt.Sprintf("plan_other_%d", y.dice.IntN(3))
	switch r.Sub.State {
	case subscription.Ended:
		t.PlanID = r.Sub.Terms.PlanID
		return "begin_again", subscription.Reactivate{Terms: &t}
	case subscription.Canceled:
		return "take_back", subscription.Reactivate{}
	case subscription.Paused:
		return "resume", subscription.Resume{}
	case subscription.PastDue, subscription.Suspended:
		return "pay_now", subscription.PayNow{}
	}
	switch y.dice.IntN(12) {
	case 0, 1:
		return "skip", subscription.SkipNext{}
	case 2, 3:
		return "pause", subscription.Pause{Until: r.Sub.Span.Closes.Add(5 + y.dice.IntN(40))}
	case 4:
		return "quantity", subscription.ChangeQuantity{Quantity: 1 + y.dice.IntN(3)}
	case 5, 6:
		other.Price += 1_000 + y.dice.Int64N(20_000)
		return "upgrade", subscription.Upgrade{Terms: other}
	case 7:
		other.Price -= y.dice.Int64N(other.Price/2 + 1)
		return "downgrade", subscription.Downgrade{Terms: other}
	case 8:
		return "date", subscription.ChangeDate{To: today.Add(2 + y.dice.IntN(40))}
	case 9:
		return "cancel", subscription.Cancel{Reason: "too much"}
	case 10:
		return "cancel_now", subscription.Cancel{Now: true}
	default:
		return "move", subscription.Move{Zone: pick(y, zones), Region: "KR"}
	}
}
