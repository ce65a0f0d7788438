package subscriptions

import (
	"context"
	"maps"
	"net/http"
	"time"

	"dangol/shared/money"
	"dangol/shared/platform/problem"
	"dangol/shared/subscription"
	"dangol/shared/subscription/report"
	"dangol/shared/subscription/service"
)

// reportInput asks for the movement between two instants and for a forecast of some days. The
// report is in one currency: amounts of several are never added.
type reportInput struct {
	Currency string    `query:"currency" pattern:"^[A-Z]{3}$" default:"KRW"`
	From     time.Time `query:"from" required:"true" example:"2026-10-01T00:00:00Z"`
	To       time.Time `query:"to" required:"true" example:"2026-11-01T00:00:00Z"`
	Days     int       `query:"days" minimum:"1" maximum:"62" default:"31" doc:"How far ahead to look for renewals and stock."`
}

// ReportRatio is a part of a whole.
type ReportRatio struct {
	Of         int             `json:"of"`
	Part       int             `json:"part"`
	BP         int64           `json:"bp" doc:"Basis points."`
	OfAmount   money.Formatted `json:"ofAmount"`
	PartAmount money.Formatted `json:"partAmount"`
}

// SubscriberCohort is the subscriptions whose first paid day was in one month.
type SubscriberCohort struct {
	Month  string `json:"month" example:"2026-03"`
	Paying []int  `json:"paying" nullable:"false" doc:"How many still paid so many months later; the first is the size of the cohort."`
}

// ReportOutput is the merchant's figures in one currency.
type ReportOutput struct {
	Status     int
	RetryAfter string `header:"Retry-After" doc:"Seconds, while the figures are not ready."`
	Body       struct {
		Ready            bool                `json:"ready" doc:"false: the figures are being added up and are 0 until then. Ask again in a minute or a few."`
		AsOf             time.Time           `json:"asOf,omitzero" doc:"When the figures were begun to be added up."`
		Opening          money.Formatted     `json:"opening" doc:"Recurring revenue per month at from."`
		New              money.Formatted     `json:"new"`
		Returned         money.Formatted     `json:"returned"`
		Expansion        money.Formatted     `json:"expansion"`
		Contraction      money.Formatted     `json:"contraction"`
		ChurnVoluntary   money.Formatted     `json:"churnVoluntary"`
		ChurnInvoluntary money.Formatted     `json:"churnInvoluntary"`
		Closing          money.Formatted     `json:"closing" doc:"opening + new + returned + expansion - contraction - churn, always."`
		States           map[string]int      `json:"states" doc:"Subscriptions by state, as they stand."`
		Trials           ReportRatio         `json:"trials" doc:"Trials that ended, and those that turned into a payment."`
		Recovery         ReportRatio         `json:"recovery" doc:"Declined invoices that are decided, and those paid in the end."`
		Cohorts          []SubscriberCohort  `json:"cohorts" nullable:"false" doc:"Who still pays, month after month."`
		Renewals         int                 `json:"renewals" doc:"Charges to come within the days."`
		RenewalAmount    money.Formatted     `json:"renewalAmount"`
		Stock            []subscription.Need `json:"stock" nullable:"false" doc:"Units that the parcels of these days take."`
	}
}

// report answers at once from stored totals. Where the subscriptions are too many to add up within
// a request it answers 202 and a job does it; the next request gets the result.
func (f *Subscriptions) report(ctx context.Context, in *reportInput) (*ReportOutput, error) {
	// An empty period would show a movement of 0 that looks like a result.
	if !in.From.Before(in.To) {
		return nil, problem.InvalidField("query/to", "too_small", "after from")
	}
	r, err := report.Reports{Service: f.Billing}.Get(ctx,
		report.Query{Currency: in.Currency, From: in.From, To: in.To, Days: in.Days})
	if err != nil {
		return nil, err
	}
	view := func(amount int64) money.Formatted { return money.Of(amount, in.Currency).Formatted() }
	part := func(s subscription.Share) ReportRatio {
		return ReportRatio{Of: s.Of, Part: s.Part, BP: s.BP(), OfAmount: view(s.OfAmount), PartAmount: view(s.PartAmount)}
	}
	out, m := &ReportOutput{Status: http.StatusOK}, r.Movement
	b := &out.Body
	if b.Ready = r.Ready; !r.Ready {
		// A minute is about what the job needs for a shop of ordinary size.
		out.Status, out.RetryAfter = http.StatusAccepted, "60"
	}
	b.AsOf = r.AsOf
	b.Opening, b.New, b.Returned, b.Expansion = view(m.Opening), view(m.New), view(m.Returned), view(m.Expansion)
	b.Contraction, b.ChurnVoluntary, b.ChurnInvoluntary = view(m.Contraction), view(m.ChurnVoluntary), view(
		m.ChurnInvoluntary)
	b.Closing = view(m.Closing)
	b.Trials, b.Recovery = part(r.Trials), part(r.Recovery)
	b.States, b.Cohorts = map[string]int{}, []SubscriberCohort{}
	// Copied into a map that is never nil, so that the field is an object in every answer.
	maps.Copy(b.States, r.States)
	for _, c := range r.Cohorts {
		b.Cohorts = append(b.Cohorts, SubscriberCohort{Month: c.Month, Paying: c.Paying})
	}
	b.Renewals, b.RenewalAmount, b.Stock = r.Renewals, view(r.Amount), service.NeedsOf(r.Needs)
	return out, nil
}
