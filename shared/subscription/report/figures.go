package report

import (
	"context"
	"time"

	"dangol/shared/subscription"
	"dangol/shared/subscription/service"
)

// Query is what the merchant asks for: the figures of one currency, compared at two instants, and what is to come
// within some days.
type Query struct {
	Currency string    `json:"currency"`
	From     time.Time `json:"from"`
	To       time.Time `json:"to"`
	Days     int       `json:"days"`
}

// Figures answer a question for some of the subscriptions. Those of two parts of a shop add up to those of both.
type Figures struct {
	States   map[string]int        `json:"states,omitempty"` // subscriptions
	Movement subscription.Movement `json:"movement,omitzero"`
	Trials   subscription.Share    `json:"trials,omitzero"`
	Recovery subscription.Share    `json:"recovery,omitzero"`
	Cohorts  []subscription.Cohort `json:"cohorts,omitempty"`
	Renewals int                   `json:"renewals,omitempty"` // charges to come
	Amount   int64                 `json:"amount,omitempty"`   // of them, minor units
	Needs    map[string]int        `json:"needs,omitempty"`    // units to be sent, by variant
}

// addCards adds what the cards of some subscriptions say. now is when the walk began.
func (f *Figures) addCards(q Query, cards []service.Summary, now time.Time) {
	// A map of the zero value cannot be written to.
	if f.States == nil {
		f.States = map[string]int{}
	}
	var records []subscription.Record
	var trials []subscription.TrialRecord
	var cases []subscription.Case
	for _, c := range cards {
		// Each report is in one currency.
		if c.Currency != q.Currency {
			continue
		}
		f.States[string(c.State)]++
		records = append(records, subscription.Record{SubscriptionID: c.ID, Rates: c.Rates})
		if t := c.Trial; t != nil {
			trials = append(trials, subscription.TrialRecord{Started: t.Started, End: t.Ended, Converted: t.Converted})
		}
		// Cases of declined payments, whether they were recovered or not.
		for _, d := range c.Cases {
			cases = append(cases, subscription.Case{Since: d.Since, Recovered: d.Recovered, Amount: d.Amount, Closed: d.Closed})
		}
	}
	// Each part of the shop adds to the sums: no figure needs all subscriptions at once.
	f.Movement = f.Movement.Plus(subscription.MRR(records, q.From, q.To))
	f.Trials = f.Trials.Plus(subscription.TrialConversion(trials, q.From, q.To))
	f.Recovery = f.Recovery.Plus(subscription.Recovery(cases, q.From, q.To))
	f.Cohorts = subscription.MergeCohorts(f.Cohorts, subscription.Cohorts(records, now))
}

// addComing adds the charges and parcels to come of one subscription.
func (r Reports) addComing(ctx context.Context, f *Figures, q Query, due *service.Record, now time.Time) error {
	// Each report is in one currency.
	if due.Sub.Terms.Currency != q.Currency {
		return nil
	}
	// Counted from the beginning of the walk, the same for every page.
	until := now.AddDate(0, 0, q.Days)
	// At most one charge a day, so as many as there are days are enough.
	for _, p := range due.Sub.Upcoming(q.Days) {
		if p.At.Before(until) {
			f.Renewals++
			f.Amount += p.Amount.Amount
		}
	}
	if f.Needs == nil {
		f.Needs = map[string]int{}
	}
	return r.Needs(ctx, due, until, f.Needs)
}
