package subscriptions

import (
	"context"

	"dangol/shared/money"
	"dangol/shared/platform/problem"
	"dangol/shared/subscription"
	"dangol/shared/subscription/service"
)

// AfterCancel is what may follow a cancellation that is done. Nothing of it is needed.
type AfterCancel struct {
	ReasonPath string           `json:"reasonPath" doc:"POST here to say why, if you like."`
	Offers     []RetentionOffer `json:"offers" nullable:"false" doc:"What the shop offers instead; accepted by reactivate with its id."`
}

// RetentionOffer is what somebody who has canceled is offered, with what it would cost.
type RetentionOffer struct {
	ID     string                 `json:"id" example:"pause-60"`
	Kind   subscription.OfferKind `json:"kind" enum:"pause,plan"`
	Days   int                    `json:"days,omitempty"`
	PlanID string                 `json:"planId,omitempty"`
	Title  string                 `json:"title,omitempty" doc:"Of the plan."`
	Price  *money.Formatted       `json:"price,omitempty" doc:"Of one payment of the plan."`
	Next   *NextPayment           `json:"next,omitempty" doc:"The next charge if it is accepted."`
}

// afterCancel lists the offers of the plan, as it is sold today, that the subscription could take.
// When the plan cannot be read the list is empty: canceling must not depend on it.
func (f *Subscriptions) afterCancel(ctx context.Context, r *service.Record) *AfterCancel {
	out := &AfterCancel{ReasonPath: "/subscriptions/" + r.Sub.ID + "/cancel/reason", Offers: []RetentionOffer{}}
	// A subscription that ended at once has nothing left to go on with.
	if r.Sub.State != subscription.Canceled {
		return out
	}
	p, err := f.Billing.Plan(ctx, r.Sub.Terms.PlanID)
	if err != nil {
		f.Billing.Log.WarnContext(ctx, "offers not read", "plan", r.Sub.Terms.PlanID, "error", err)
		return out
	}
	for _, o := range p.Policy.Offers {
		want, view, err := f.offer(ctx, r, o)
		if err != nil {
			continue // a plan no longer sold
		}
		// The quote runs the command on a copy, so an offer is shown only if accepting it would
		// work.
		q, err := r.Sub.Quote(want.command, f.Billing.Clock.Now())
		if err != nil {
			continue // not for this subscription
		}
		if q.NextPayment != "" {
			view.Next = &NextPayment{On: q.NextPayment, Amount: q.NextAmount.Formatted()}
		}
		out.Offers = append(out.Offers, view)
	}
	return out
}

// offer works out the change behind an offer, and how it is shown. 1 round trip for another plan.
func (f *Subscriptions) offer(ctx context.Context, r *service.Record, o subscription.Offer) (resolvedChange,
	RetentionOffer, error) {
	view := RetentionOffer{ID: o.ID(), Kind: o.Kind, Days: o.Days, PlanID: o.PlanID}
	if o.Kind == subscription.OfferPause {
		return resolvedChange{command: subscription.AcceptOffer{PauseDays: o.Days}}, view, nil
	}
	t, c, err := f.toPlan(ctx, r, o.PlanID, 0)
	if err != nil {
		return resolvedChange{}, view, err
	}
	// A copy, because only the title is wanted here; the subscription itself is edited when the
	// offer is accepted.
	named := *r
	named.Titles = map[string]string{}
	c.edit(&named)
	price := t.Money(t.Payment()).Formatted()
	view.Title, view.Price = named.Titles[o.PlanID], &price
	c.command = subscription.AcceptOffer{Terms: &t}
	return c, view, nil
}

// accept finds an offer by its id among those that the plan makes now. An offer that was removed
// from the plan after it was shown is refused. Errors: 409 offer_not_made.
func (f *Subscriptions) accept(ctx context.Context, r *service.Record, id string) (resolvedChange, error) {
	p, err := f.Billing.Plan(ctx, r.Sub.Terms.PlanID)
	if err != nil {
		return resolvedChange{}, err
	}
	for _, o := range p.Policy.Offers {
		if o.ID() == id {
			want, _, err := f.offer(ctx, r, o)
			return want, err
		}
	}
	return resolvedChange{}, problem.Conflict("offer_not_made", "This plan does not make that offer.")
}

// reasonInput is the answer to a question that is asked after canceling only.
type reasonInput struct {
	Changing
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"500" example:"Too many creams at home"`
	}
}

// explain stores why somebody left. It changes nothing else.
func (f *Subscriptions) explain(ctx context.Context, in *reasonInput) (*SubscriptionOutput, error) {
	return f.do(ctx, in.Changing, func(*service.Record) (resolvedChange, error) {
		if err := problem.CheckText(in.Body.Reason, 1, maxText, "/reason"); err != nil {
			return resolvedChange{}, err
		}
		return resolvedChange{command: subscription.Explain{Reason: in.Body.Reason}}, nil
	})
}
