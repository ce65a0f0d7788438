package subscriptions

import (
	"context"

	"dangol/shared/money"
	"dangol/shared/platform/api"
	"dangol/shared/platform/auth"
	"dangol/shared/subscription/service"
)

// payouts registers the routes by which account credit of somebody who left goes back to a card.
func (f *Subscriptions) payouts(s *api.Service) {
	const path = "/admin/subscriptions/{subscriptionId}/credit-payouts"
	route := func(method, id, summary string, errors ...int) api.Route {
		return api.Route{
			Method: method, Path: path, ID: id, Summary: summary, Tag: "Credit notes", Access: api.MerchantIs,
			Errors: append([]int{404, 422, 503}, errors...),
		}
	}
	quote := route("GET", "getCreditPayout", "How much account credit can go back to the card")
	quote.Description = "Of the subscription's customer, in its currency. The latest payments of the subscription " +
		"take it back, as far as nothing of them has gone back or is still owed to the customer."
	api.Handle(s, quote, f.quotePayout)
	pay := route("POST", "payOutCredit", "Refund account credit to the card", 409)
	// Money goes out, and a second request could send what the first one has left.
	pay.Keyed = api.KeyRequired
	pay.Description = "For somebody who left and will not use it. The refunds are tried like any other: `GET " +
		"/admin/refunds` lists those that the provider refuses. No credit note is made: the one that made the " +
		"credit has taken the tax back."
	api.Handle(s, pay, f.payOut)
}

// CreditPayout is what there is on account and what of it can go back.
type CreditPayout struct {
	Credit  money.Formatted      `json:"credit" doc:"On account now."`
	Most    *money.Formatted     `json:"most,omitempty" doc:"What the payments of this subscription can take back; in the answer to GET only, for which the provider is asked."`
	Refunds []SubscriptionRefund `json:"refunds" nullable:"false" doc:"Payouts so far, newest first."`
}

// CreditPayoutOutput is the answer of both routes.
type CreditPayoutOutput struct {
	Replayed string `header:"Idempotent-Replayed" doc:"true when the request had been made before."`
	Body     CreditPayout
}

// quotePayout reads the credit and asks the provider what the payments can take back. Errors: 404, 503.
func (f *Subscriptions) quotePayout(ctx context.Context, in *Which) (*CreditPayoutOutput, error) {
	r, err := f.Billing.Load(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	p, err := f.Billing.PayoutOf(ctx, r)
	if err != nil {
		return nil, err
	}
	most := p.Most.Formatted()
	return f.payoutView(ctx, r, CreditPayout{Credit: p.Credit.Formatted(), Most: &most})
}

// payoutView adds the payouts so far.
func (f *Subscriptions) payoutView(ctx context.Context, r *service.Record, view CreditPayout) (*CreditPayoutOutput,
	error) {
	refunds, _, err := f.Billing.Refunds(ctx, r.Sub.ID, refundsRead, "")
	if err != nil {
		return nil, err
	}
	view.Refunds = []SubscriptionRefund{}
	for _, one := range refunds {
		if one.PaysCreditOut() {
			view.Refunds = append(view.Refunds, refundOf(one.RefundDetails, true))
		}
	}
	return &CreditPayoutOutput{Body: view}, nil
}

// payoutInput says how much goes back, and why.
type payoutInput struct {
	Which
	Body struct {
		Amount int64  `json:"amount,omitempty" minimum:"0" doc:"Minor units; 0 is as much as can go back."`
		Note   string `json:"note" minLength:"1" maxLength:"500" doc:"Why; for the shop only." example:"Asked by telephone"`
	}
}

// payOut pays account credit out. Errors: 404, 409 no_account_credit, 422, 503.
func (f *Subscriptions) payOut(ctx context.Context, in *payoutInput) (*CreditPayoutOutput, error) {
	r, replayed, err := f.Billing.PayOut(ctx, in.ID, in.Body.Amount, auth.From(ctx).Subject, in.Body.Note,
		api.Idempotency(ctx))
	if err != nil {
		return nil, err
	}
	// From what is stored: the money is on its way, and a provider that does not answer now must not hide that.
	left, err := f.Billing.CreditFor(ctx, r)
	if err != nil {
		return nil, err
	}
	out, err := f.payoutView(ctx, r, CreditPayout{Credit: left.Formatted()})
	if err == nil && replayed {
		out.Replayed = "true"
	}
	return out, err
}
