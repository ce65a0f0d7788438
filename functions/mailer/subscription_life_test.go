package mailer

import (
	"testing"
	"time"

	"dangol/shared/compliance"
	"dangol/shared/payment"
	"dangol/shared/subscription"
	"dangol/shared/subscription/service"
)

// lost is a charge whose outcome never comes.
const lost payment.Kind = "lost"

// life plays one subscription through the rules and keeps the notices they decide on.
type life struct {
	t       *testing.T
	r       service.Record
	at      time.Time
	decline payment.Kind // "" pays
	noGoods bool
	notices []subscription.Notice
}

var dayOne = time.Date(2027, 3, 10, 1, 0, 0, 0, time.UTC) // the 10th in Seoul, the evening of the 9th in New York

func planOf(kind subscription.Kind, edit ...func(*subscription.Plan)) subscription.Plan {
	p := subscription.Plan{
		ID: "plan_a", Version: 1, Kind: kind, Name: map[string]string{"en": "Plan A"},
		Interval: subscription.Every(1, subscription.Month), Prices: map[string]int64{"KRW": 10_000},
		Tax: subscription.Tax{RateBP: 1000, Included: true},
	}
	if kind == subscription.Replenishment {
		p.Contents = []subscription.Item{{VariantID: "var_soap", Quantity: 1}}
	}
	for _, e := range edit {
		e(&p)
	}
	return p
}

func begin(t *testing.T, region, zone string, p subscription.Plan, first payment.Kind,
	edit ...func(*subscription.Start)) *life {
	t.Helper()
	terms, err := p.Terms("KRW", 1)
	if err != nil {
		t.Fatal(err)
	}
	l := &life{t: t, at: dayOne, decline: first, r: service.Record{
		Contact: service.Contact{Email: "ann@example.com", Language: "en"},
		Titles:  map[string]string{"plan_a": "Plan A", "plan_b": "Plan B"},
	}}
	start := subscription.Start{
		ID: "sub_1", CustomerID: "cus_1", Region: region, Zone: zone, AddressID: "adr_1", Terms: terms,
		Trial: p.TrialDays > 0, Card: subscription.Card{Token: "card", ExpYear: 2040, ExpMonth: 1},
	}
	for _, e := range edit {
		if e != nil {
			e(&start)
		}
	}
	l.do(start)
	return l
}

func (l *life) do(c subscription.Command) {
	l.t.Helper()
	after, effects, err := l.r.Sub.Apply(c, l.at)
	if err != nil {
		l.t.Fatalf("%T: %v", c, err)
	}
	l.r.Sub = after
	for _, e := range effects {
		switch e := e.(type) {
		case subscription.Notice:
			l.notices = append(l.notices, e)
		case subscription.HoldStock:
			if l.noGoods {
				l.do(subscription.StockFailed{Key: e.Key})
				return
			}
		case subscription.Charge:
			l.charge(e)
		}
	}
}

func (l *life) charge(e subscription.Charge) {
	switch {
	case e.Hold != nil && l.noGoods:
		l.do(subscription.StockFailed{Key: e.Hold.Key})
	case l.decline == lost: // no outcome: the rules come back to it
	case l.decline != "":
		l.do(subscription.ChargeFailed{Key: e.Key, Attempt: e.Attempt, Kind: l.decline, Code: "declined"})
	default:
		l.do(subscription.ChargeSucceeded{Key: e.Key, PaymentID: "pay"})
	}
}

// days lets so many days pass, with what falls due in them.
func (l *life) days(n int) {
	l.t.Helper()
	until := l.at.AddDate(0, 0, n)
	for !l.r.Sub.Due.IsZero() && !l.r.Sub.Due.After(until) {
		l.at = l.r.Sub.Due
		l.do(subscription.Due{})
	}
	l.at = until
}

func (l *life) terms(id string, price int64) subscription.Terms {
	t := l.r.Sub.Terms
	t.PlanID, t.Price = id, price
	return t
}

func trial(days int) func(*subscription.Plan) {
	return func(p *subscription.Plan) { p.TrialDays = days }
}
func minimum(n int) func(*subscription.Plan) { return func(p *subscription.Plan) { p.MinCycles = n } }
func prepaid(n int) func(*subscription.Plan) { return func(p *subscription.Plan) { p.Prepaid = n } }
func endsAll(p *subscription.Plan)           { p.Policy.Silence = subscription.EndsAll }
func withCredit(n int64) func(*subscription.Start) {
	return func(s *subscription.Start) { s.Credit = n }
}
func stock(do subscription.StockAction) func(*subscription.Plan) {
	return func(p *subscription.Plan) {
		p.Policy.Stock.Do = do
		p.Policy.Substitutes = []subscription.Item{{VariantID: "var_tea", Quantity: 1}}
	}
}

func (l *life) propose() {
	l.do(subscription.Propose{Version: 2, Price: 12_000, From: "2027-03-20"})
}

func (l *life) answer(granted bool) {
	if !granted {
		l.do(subscription.Refuse{})
		return
	}
	n, _ := l.r.Sub.ConsentNotice("card", "cancel", "effect")
	l.do(subscription.Consent{Notice: n, Answer: compliance.ConsentAnswer{NoticeID: n.ID, Explicit: true, Separate: true}})
}
