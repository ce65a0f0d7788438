package subscriptions

import (
	"context"
	"errors"

	"dangol/shared/payment"
	"dangol/shared/platform/auth"
	"dangol/shared/platform/format"
	"dangol/shared/platform/problem"
	"dangol/shared/subscription"
	"dangol/shared/subscription/service"
)

// BankReturn is in the body of every request that may lead to the bank.
type BankReturn struct {
	ReturnURL string `json:"returnUrl,omitempty" maxLength:"2000" pattern:"^https?://[^/]+" doc:"Where the bank's challenge sends the shopper back to; the subscription's id is added to the query." example:"https://shop.example.com/account/subscriptions/back"`
}

// checked is the address, refused where people could be sent anywhere else. Errors: 422 at /returnUrl.
func (b BankReturn) checked() (string, error) {
	if b.ReturnURL == "" {
		return "", nil
	}
	return format.URL("/returnUrl", b.ReturnURL)
}

// confirmInput names the subscription.
type confirmInput struct{ Which }

// confirm tells whoever is back from the bank what came of it: the subscription as it is now, or why the payment was
// not made. It asks the provider, so it does not depend on the provider's message.
func (f *Subscriptions) confirm(ctx context.Context, in *confirmInput) (*SubscriptionOutput, error) {
	// Only the owner, although the bank's page may be visited by anybody.
	r, err := f.Billing.LoadOf(ctx, in.ID, auth.From(ctx).Subject)
	if err != nil {
		return nil, err
	}
	// Keeping a card moves no money, so it has a confirmation of its own.
	if r.Setup != nil {
		r, err = f.Billing.ConfirmSetup(ctx, r)
		if _, declined := errors.AsType[*payment.Declined](err); declined {
			return nil, methodProblem(err)
		}
	} else {
		r, err = f.Billing.Confirm(ctx, r)
	}
	switch {
	case errors.Is(err, payment.ErrUnavailable), errors.Is(err, payment.ErrUnknown):
		return nil, methodProblem(err)
	case err != nil:
		return nil, err
	}
	// A request that came to nothing is answered with the reason, not with an ended subscription.
	if err := notBegun(r); err != nil {
		return nil, err
	}
	// The subscription goes on; what failed is the payment that this challenge was about.
	if a := r.Sub.Action; a != nil && a.State == subscription.ActionFailed {
		return nil, paymentDeclined(r, subscription.Attempt{Kind: payment.KindAction, Code: a.Code})
	}
	return f.output(200, r, false), nil
}

// notBegun is the answer about a request to subscribe that came to nothing; nil about any other subscription.
func notBegun(r *service.Record) error {
	if r.Sub.Begun() || r.Sub.State != subscription.Ended {
		return nil
	}
	if r.Sub.EndReason == subscription.EndNothingToBuy {
		return problem.Conflict("out_of_stock", "What the plan sends is out of stock; nothing was charged.").
			With("subscriptionId", r.Sub.ID)
	}
	a, _ := r.LastDecline()
	return paymentDeclined(r, a)
}
