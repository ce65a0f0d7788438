package subscriptions

import (
	"context"
	"time"

	"dangol/shared/billing"
	"dangol/shared/money"
	"dangol/shared/problem"
	"dangol/shared/subscription"
)

type reportInput struct {
	Currency string    `query:"currency" pattern:"^[A-Z]{3}$" default:"KRW"`
	From     time.Time `query:"from" required:"true" example:"2026-10-01T00:00:00Z"`
	To       time.Time `query:"to" required:"true" example:"2026-11-01T00:00:00Z"`
	Days     int       `query:"days" minimum:"1" maximum:"62" default:"31" doc:"How far ahead to look for renewals and stock."`
}

// Share is a part of a whole.
type Share struct {
	Of         int        `json:"of"`
	Part       int        `json:"part"`
	BP         int64      `json:"bp" doc:"Basis points."`
	OfAmount   money.View `json:"ofAmount"`
	PartAmount money.View `json:"partAmount"`
}

// Cohort is the subscriptions whose first paid day was in one month.
type Cohort struct {
	Month  string `json:"month" example:"2026-03"`
	Paying []int  `json:"paying" nullable:"false" doc:"How many still paid so many months later; the first is the size of the cohort."`
}

// ReportOutput is the merchant's figures in one currency.
type ReportOutput struct {
	Body struct {
		Opening          money.View          `json:"opening" doc:"Recurring revenue per month at from."`
		New              money.View          `json:"new"`
		Returned         money.View          `json:"returned"`
		Expansion        money.View          `json:"expansion"`
		Contraction      money.View          `json:"contraction"`
		ChurnVoluntary   money.View          `json:"churnVoluntary"`
		ChurnInvoluntary money.View          `json:"churnInvoluntary"`
		Closing          money.View          `json:"closing" doc:"opening + new + returned + expansion - contraction - churn, always."`
		States           map[string]int      `json:"states" doc:"Subscriptions by state, as they stand."`
		Trials           Share               `json:"trials" doc:"Trials that ended, and those that turned into a payment."`
		Recovery         Share               `json:"recovery" doc:"Declined invoices that are decided, and those paid in the end."`
		Cohorts          []Cohort            `json:"cohorts" nullable:"false" doc:"Who still pays, month after month."`
		Renewals         int                 `json:"renewals" doc:"Charges to come within the days."`
		RenewalAmount    money.View          `json:"renewalAmount"`
		Stock            []subscription.Need `json:"stock" nullable:"false" doc:"Units that the parcels of these days take."`
	}
}

func (f *Subscriptions) report(ctx context.Context, in *reportInput) (*ReportOutput, error) {
	if !in.From.Before(in.To) {
		return nil, problem.InvalidField("query/to", "too_small", "after from")
	}
	var records []subscription.Record
	var trials []subscription.TrialRecord
	var cases []subscription.Case
	out := &ReportOutput{}
	out.Body.States = map[string]int{}
	err := f.Billing.Every(ctx, func(c billing.Card) error {
		if c.Currency != in.Currency {
			return nil
		}
		out.Body.States[string(c.State)]++
		records = append(records, subscription.Record{SubscriptionID: c.ID, Rates: c.Rates})
		if t := c.Trial; t != nil {
			trials = append(trials, subscription.TrialRecord{Started: t.Started, End: t.Ended, Converted: t.Converted})
		}
		for _, d := range c.Cases {
			cases = append(cases, subscription.Case{Since: d.Since, Recovered: d.Recovered, Amount: d.Amount, Closed: d.Closed})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	view := func(amount int64) money.View { return money.Of(amount, in.Currency).View() }
	part := func(s subscription.Share) Share {
		return Share{Of: s.Of, Part: s.Part, BP: s.BP(), OfAmount: view(s.OfAmount), PartAmount: view(s.PartAmount)}
	}
	m := subscription.MRR(records, in.From, in.To)
	b := &out.Body
	b.Opening, b.New, b.Returned, b.Expansion = view(m.Opening), view(m.New), view(m.Returned), view(m.Expansion)
	b.Contraction, b.ChurnVoluntary, b.ChurnInvoluntary = view(m.Contraction), view(m.ChurnVoluntary), view(m.ChurnInvoluntary)
	b.Closing = view(m.Closing)
	b.Trials, b.Recovery = part(subscription.TrialConversion(trials, in.From, in.To)), part(subscription.Recovery(cases, in.From, in.To))
	b.Cohorts = []Cohort{}
	for _, c := range subscription.Cohorts(records, f.Billing.Clock.Now()) {
		b.Cohorts = append(b.Cohorts, Cohort{Month: c.Month, Paying: c.Paying})
	}
	return out, f.ahead(ctx, in, out)
}

// ahead foresees the renewals of the days to come, and what they send.
func (f *Subscriptions) ahead(ctx context.Context, in *reportInput, out *ReportOutput) error {
	until := f.Billing.Clock.Now().AddDate(0, 0, in.Days)
	sum := map[string]int{}
	var amount int64
	err := f.Billing.Coming(ctx, until.UnixMilli(), func(r *billing.Record) error {
		if r.Sub.Terms.Currency != in.Currency {
			return nil
		}
		for _, p := range r.Sub.Upcoming(in.Days) {
			if p.At.Before(until) {
				out.Body.Renewals++
				amount += p.Amount.Amount
			}
		}
		return f.Billing.Needs(ctx, r, until, sum)
	})
	out.Body.RenewalAmount, out.Body.Stock = money.Of(amount, in.Currency).View(), billing.NeedsOf(sum)
	return err
}
