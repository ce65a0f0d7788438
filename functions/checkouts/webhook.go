package checkouts

import (
	"context"
	"errors"
	"net/http"

	"dangol/shared/payment"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/task"
	"dangol/shared/subscription/service"
)

// webhookInput is a provider's message. The signature is
// over the bytes, so the body is kept undecoded.
type webhookInput struct {
	Provider string `path:"provider" maxLength:"40" example:"stripe"`
	Stripe   string `header:"Stripe-Signature" maxLength:"2000"`
	Sandbox  string `header:"Sandbox-Signature" maxLength:"2000"`
	RawBody  []byte // what was signed
	Body     any    // whatever the provider sends
}

// webhookOutput tells the provider that the message has arrived and need not be sent again.
type webhookOutput struct {
	Body struct {
		Received bool `json:"received"`
	}
}

// handleWebhook checks a provider's signature and settles what the message is about. An answer other than 200 makes the
// provider send it again, which is what we want when we could not look.
func (f *Checkouts) handleWebhook(ctx context.Context, in *webhookInput) (*webhookOutput, error) {
	provider := f.Checkouts.Provider
	// The path names the provider so that another one can be set up beside it without a new route.
	if in.Provider != provider.Name() {
		return nil, problem.NotFound("no_such_provider", "This shop does not take payments by %s.", in.Provider)
	}
	header := http.Header{}
	header.Set("Stripe-Signature", in.Stripe)
	header.Set("Sandbox-Signature", in.Sandbox)
	n, err := provider.ParseWebhook(header, in.RawBody, f.Checkouts.Clock.Now())
	switch {
	// Forged, or recorded and sent again later: neither is looked at further.
	case errors.Is(err, payment.ErrBadSignature):
		return nil, problem.Unauthorized("bad_signature", "The signature is not the provider's, or too old.")
	// A message that cannot be read will not be readable when
	// it is sent again; 400 makes the provider's log show it.
	case err != nil:
		return nil, problem.BadRequest("bad_webhook", "The message cannot be read.").Because(err)
	}
	if err := f.settle(ctx, n); err != nil {
		return nil, err
	}
	out := &webhookOutput{}
	out.Body.Received = true
	return out, nil
}

// settle leads a message to the part of the shop that it is about. Metadata, which the shop itself
// set when it charged, says which; a refund without any was made in the provider's console.
func (f *Checkouts) settle(ctx context.Context, n payment.Notification) error {
	var err error
	switch {
	case n.Subject == payment.SubjectMethod,
		n.Payment.Metadata["subscription"] != "",
		n.Refund.Metadata["subscription"] != "":
		err = f.Subscriptions.HandleWebhook(ctx, n)
	case n.Subject == payment.SubjectPayment:
		err = f.Checkouts.HandleWebhook(ctx, n.Payment)
	case n.Subject == payment.SubjectRefund && n.Refund.Metadata["order"] == "" && n.Refund.Metadata["checkout"] == "" &&
		n.Refund.Metadata["return"] == "":
		err = f.Checkouts.HandleConsoleRefund(ctx, n.Refund)
	case n.Subject == payment.SubjectRefund && n.Refund.Metadata["order"] != "":
		err = f.Checkouts.Cashier.HandleWebhook(ctx, n.Refund.Metadata["order"], n.Refund)
	case n.Subject == payment.SubjectRefund && n.Refund.Metadata["checkout"] != "":
		err = f.Checkouts.HandleRefund(ctx, n.Refund.Metadata["checkout"], n.Refund)
	// What is left of a reservation for an exchange. The return counts it as sent, so a failure needs a person.
	case n.Subject == payment.SubjectRefund && n.Refund.State == payment.RefundFailed:
		f.Checkouts.Log.ErrorContext(ctx, "the refund of a return failed", "return", n.Refund.Metadata["return"], "refund",
			n.Refund.ID)
		if f.Checkouts.Metrics != nil {
			err = f.Checkouts.Metrics.Signal(service.MetricRefused)
		}
	}
	// 503 makes the provider send the message again.
	if errors.Is(err, task.ErrLater) {
		return problem.Unavailable("try_again", "The payment could not be looked up; send the message again.").Because(err)
	}
	return err
}
