package subscriptions

import (
	"context"
	"maps"
	"slices"
	"strconv"

	"dangol/shared/money"
	"dangol/shared/platform/api"
	"dangol/shared/platform/civil"
	"dangol/shared/platform/table"
	"dangol/shared/subscription"
	"dangol/shared/subscription/service"
)

// PlanOffer is a plan as shoppers see it: what it costs and gives, and nothing of how the shop runs it (dunning, offers
// to those who leave, boxes to come). The merchant's document has its own route.
type PlanOffer struct {
	ID        string                `json:"id" example:"plan_01k9x7d3f8q7m2k"`
	Version   int                   `json:"version"`
	Kind      subscription.Kind     `json:"kind" enum:"membership,box,replenishment"`
	Title     string                `json:"title" example:"단골 멤버십"`
	Interval  subscription.Interval `json:"interval"`
	Prices    []PlanPrice           `json:"prices" nullable:"false"`
	TrialDays int                   `json:"trialDays,omitempty"`
	MinCycles int                   `json:"minCycles,omitempty" doc:"Paid cycles before a cancellation takes effect."`
	Prepaid   int                   `json:"prepaid,omitempty" doc:"Cycles paid at once, where more than one."`
	Several   bool                  `json:"several,omitempty" doc:"May be had more than once at a time."`
	Benefits  subscription.Benefits `json:"benefits"`
	Contents  []subscription.Item   `json:"contents,omitempty" doc:"What is sent each cycle; of a box what it holds today. GET /variants says what the ids are."`
	Edition   string                `json:"edition,omitempty" doc:"Name of what a box holds today."`
}

// PlanPrice is what a plan costs in one currency, tax included.
type PlanPrice struct {
	Cycle    money.Formatted  `json:"cycle" doc:"Of one unit and one cycle."`
	Payment  money.Formatted  `json:"payment" doc:"Charged at once: the cycles that are paid together."`
	SetupFee *money.Formatted `json:"setupFee,omitempty" doc:"Once, with the first payment."`
	TaxRate  int64            `json:"taxRateBp" doc:"Contained in the amounts, basis points."`
}

func (f *Subscriptions) planOffer(p subscription.Plan, language string) PlanOffer {
	out := PlanOffer{
		ID: p.ID, Version: p.Version, Kind: p.Kind, Title: titleOf(&service.Plan{Plan: p}, language), Interval: p.Interval,
		Prices: []PlanPrice{}, TrialDays: p.TrialDays, MinCycles: p.MinCycles, Several: p.Several, Benefits: p.Benefits,
		Contents: p.Contents,
	}
	if p.Prepaid > 1 {
		out.Prepaid = p.Prepaid
	}
	if e, ok := p.EditionOn(civil.DateAt(f.Billing.Clock.Now(), f.Billing.FiscalZone)); ok {
		out.Edition, out.Contents = e.Name, e.Contents
	}
	for _, currency := range slices.Sorted(maps.Keys(p.Prices)) {
		t, err := p.Terms(currency, 1)
		if err != nil {
			continue // a currency is left out rather than the plan
		}
		price := PlanPrice{
			Cycle: t.Money(t.Cycle()).Formatted(), Payment: t.Money(t.Payment()).Formatted(), TaxRate: t.TaxBP,
		}
		if t.SetupFee > 0 {
			fee := t.Money(t.SetupFee).Formatted()
			price.SetupFee = &fee
		}
		out.Prices = append(out.Prices, price)
	}
	return out
}

type offersInput struct {
	api.Paging
	Language string `query:"language" maxLength:"8" default:"ko" doc:"Of the titles."`
}

// PlanOfferList is a page of plans on offer.
type PlanOfferList struct {
	Body struct {
		Plans      []PlanOffer `json:"plans" nullable:"false"`
		NextCursor string      `json:"nextCursor,omitempty"`
	}
}

func (f *Subscriptions) offers(ctx context.Context, in *offersInput) (*PlanOfferList, error) {
	cards, next, err := f.Billing.Plans(ctx, in.Limit, table.Cursor(in.Cursor))
	if err != nil {
		return nil, api.CursorProblem(err)
	}
	out := &PlanOfferList{}
	out.Body.Plans, out.Body.NextCursor = []PlanOffer{}, string(next)
	for _, c := range cards {
		if !c.Archived {
			out.Body.Plans = append(out.Body.Plans, f.planOffer(c.Plan, in.Language))
		}
	}
	return out, nil
}

type offerInput struct {
	PlanPath
	Language string `query:"language" maxLength:"8" default:"ko" doc:"Of the title."`
}

// PlanOfferOutput is one plan on offer.
type PlanOfferOutput struct {
	ETag string `header:"ETag" doc:"The version."`
	Body PlanOffer
}

// offered shows a plan that is sold; one that is not sold any more is not there for shoppers.
func (f *Subscriptions) offered(ctx context.Context, in *offerInput) (*PlanOfferOutput, error) {
	p, err := f.onOffer(ctx, in.PlanID)
	if err != nil {
		return nil, err
	}
	return &PlanOfferOutput{ETag: api.ETag(strconv.Itoa(p.Version)), Body: f.planOffer(p.Plan, in.Language)}, nil
}
