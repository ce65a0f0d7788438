package subscriptions

import (
	"context"

	"dangol/shared/compliance"
	"dangol/shared/money"
	"dangol/shared/platform/auth"
	"dangol/shared/platform/civil"
	"dangol/shared/platform/format"
	"dangol/shared/subscription"
	"dangol/shared/subscription/service"
)

// startQuoteInput is what a subscription would begin with: the part of the request to subscribe that decides what it
// costs.
type startQuoteInput struct {
	Body struct {
		PlanID     string `json:"planId" minLength:"1" maxLength:"64" example:"plan_01k9x7d3f8q7m2k"`
		Currency   string `json:"currency" pattern:"^[A-Z]{3}$" example:"KRW"`
		Quantity   int    `json:"quantity,omitempty" minimum:"1" maximum:"100" default:"1"`
		NoTrial    bool   `json:"noTrial,omitempty" doc:"Pay at once, although the plan has a trial."`
		BillingDay int    `json:"billingDay,omitempty" minimum:"1" maximum:"31" doc:"Day of the month to bill on."`
		Region     string `json:"region" pattern:"^[A-Z]{2}$" doc:"Country of the subscriber." example:"KR"`
		Zone       string `json:"zone" minLength:"1" maxLength:"64" doc:"IANA time zone." example:"Asia/Seoul"`
	}
}

// StartQuoteOutput is what subscribing would cost, and when.
type StartQuoteOutput struct {
	Body struct {
		State       subscription.State `json:"state" enum:"trialing,active" doc:"Afterwards, once it is paid."`
		Now         money.Formatted    `json:"now" doc:"Charged at once."`
		Lines       []InvoiceLine      `json:"lines" nullable:"false" doc:"What for."`
		Taxes       []InvoiceTax       `json:"taxes" nullable:"false"`
		CreditUsed  money.Formatted    `json:"creditUsed" doc:"Paid from the customer's account credit."`
		Trial       *TrialQuote        `json:"trial,omitempty" doc:"Missing where there is none, or the customer has had it."`
		NextPayment *NextPayment       `json:"nextPayment,omitempty" doc:"After a trial that needs consent: if it is given."`
		MinimumTerm int                `json:"minimumTerm,omitempty" doc:"Cycles that are charged even if it is canceled before."`
		Subscribed  string             `json:"alreadySubscribed,omitempty" doc:"Id of the membership that the customer has already: subscribing is refused."`
	}
}

// TrialQuote is what a trial is, and what turns it into a paid subscription.
type TrialQuote struct {
	LastDay         civil.Date `json:"lastDay"`
	ConsentRequired bool       `json:"consentRequired" doc:"Without a yes before its end nothing is charged and it ends."`
	ConsentFrom     civil.Date `json:"consentFrom,omitempty" doc:"The first day on which a yes counts."`
}

// quoteStart tells what subscribing would cost. It reads what subscribing reads and writes nothing.
func (f *Subscriptions) quoteStart(ctx context.Context, in *startQuoteInput) (*StartQuoteOutput, error) {
	b, who := in.Body, auth.From(ctx).Subject
	p, err := f.onOffer(ctx, b.PlanID)
	if err != nil {
		return nil, err
	}
	if _, err := format.Country("/region", b.Region); err != nil {
		return nil, err
	}
	terms, err := p.Terms(b.Currency, b.Quantity)
	if err != nil {
		return nil, err
	}
	earlier, err := f.earlier(ctx, who, p)
	if err != nil {
		return nil, err
	}
	// An id and a card that exist nowhere: the rules ask for both and use neither in a quote.
	start := subscription.Start{
		ID: "quote", CustomerID: who, Region: b.Region, Zone: b.Zone, Terms: terms, BillingDay: b.BillingDay,
		Trial: p.TrialDays > 0 && !b.NoTrial && !earlier.trial, Card: subscription.Card{Token: "quote"},
	}
	if start.Credit, err = f.creditIn(ctx, who, b.Currency); err != nil {
		return nil, err
	}
	q, err := subscription.Subscription{}.Quote(start, f.Billing.Clock.Now())
	if err != nil {
		return nil, err
	}
	return startQuote(start, q, earlier), nil
}

// startQuote shows a quote of a start.
func startQuote(start subscription.Start, q subscription.Quote, earlier earlierOf) *StartQuoteOutput {
	out := &StartQuoteOutput{}
	b := &out.Body
	// Amounts are formatted by a record, which takes the currency from the terms.
	r := &service.Record{Sub: subscription.Subscription{Terms: start.Terms}}
	b.State, b.MinimumTerm, b.Subscribed = q.State, start.Terms.MinCycles, earlier.running
	b.Now, b.CreditUsed = q.Now.Formatted(), q.CreditUsed.Formatted()
	b.Lines, b.Taxes = linesOf(r, q.Lines), taxesOf(r, q.Taxes)
	if q.NextPayment != "" {
		b.NextPayment = &NextPayment{On: q.NextPayment, Amount: q.NextAmount.Formatted()}
	}
	// What follows is about trials only.
	if q.State != subscription.Trialing {
		return out
	}
	b.Trial = &TrialQuote{LastDay: q.Closes.Add(-1)}
	a := q.Ask
	if a == nil {
		return out // a plan that costs nothing asks for nothing
	}
	b.Trial.ConsentRequired = a.Required
	// The quote itself assumes that no consent is given, and would show no payment.
	b.NextPayment = &NextPayment{On: a.On, Amount: r.Money(a.New).Formatted()}
	// Without a known zone there is no local day to name.
	if local, err := civil.Zone(start.Zone); err == nil && a.Required {
		from, _ := compliance.ConsentRuleFor(start.Region).Window(a.Change, local)
		b.Trial.ConsentFrom = civil.DateAt(from, local)
	}
	return out
}

// creditIn is the account credit of a customer in one currency, which a new subscription would use.
func (f *Subscriptions) creditIn(ctx context.Context, customerID, currency string) (int64, error) {
	all, err := f.Billing.AccountCredit(ctx, customerID)
	for _, m := range all {
		if m.Currency == currency {
			return m.Amount, err
		}
	}
	return 0, err
}
