package stripe

import (
	"cmp"
	"maps"
	"strings"
	"time"

	"dangol/shared/payment"

	stripego "github.com/stripe/stripe-go/v84"
)

// fromIntent reads a PaymentIntent as a Payment. latest_charge and payment_method have to be
// expanded, else refunds and the card are missing; webhooks do not expand them.
func fromIntent(in *stripego.PaymentIntent) payment.Payment {
	code := strings.ToUpper(string(in.Currency))
	p := payment.Payment{
		ID: in.ID, Key: in.Metadata[metaKey], State: state(in),
		Amount: fromUnits(in.Amount, code), Captured: fromUnits(in.AmountReceived, code), Refunded: fromUnits(0, code),
		CustomerID: in.Metadata[metaCustomer], Metadata: withoutKey(in.Metadata), CreatedAt: time.Unix(in.Created, 0).UTC(),
	}
	if in.PaymentMethod != nil {
		p.Method.Token = in.PaymentMethod.ID
		card(&p.Method, in.PaymentMethod)
	}
	if in.Customer != nil {
		p.Method.CustomerRef = in.Customer.ID
	}
	if c := in.LatestCharge; c != nil {
		// Stripe counts what was reserved and not captured as refunded too.
		released := c.Amount - c.AmountCaptured
		p.Refunded = fromUnits(max(0, c.AmountRefunded-released), code)
	}
	if in.NextAction != nil && in.NextAction.RedirectToURL != nil {
		p.NextActionURL = in.NextAction.RedirectToURL.URL
	}
	if p.State == payment.StateDeclined {
		p.DeclineCode, p.DeclineKind = lastDecline(in)
	}
	return p
}

// state is the state of a PaymentIntent in our terms.
func state(in *stripego.PaymentIntent) payment.State {
	switch in.Status {
	case stripego.PaymentIntentStatusRequiresCapture:
		return payment.StateAuthorized
	case stripego.PaymentIntentStatusSucceeded:
		return payment.StateCaptured
	case stripego.PaymentIntentStatusProcessing:
		return payment.StateProcessing
	case stripego.PaymentIntentStatusCanceled:
		// A reservation that was let go shows as refunded; a payment that never got so far does
		// not.
		if in.LatestCharge != nil && (in.LatestCharge.Refunded || in.LatestCharge.AmountRefunded > 0) {
			return payment.StateVoided
		}
		return payment.StateCanceled
	// The status of both a new intent and a declined one; only the last error tells them apart.
	case stripego.PaymentIntentStatusRequiresPaymentMethod:
		// that one says nothing about the card
		if e := in.LastPaymentError; e != nil && e.Type != stripego.ErrorTypeIdempotency {
			return payment.StateDeclined
		}
	}
	return payment.StateRequiresAction
}

// lastDecline is code and kind of the last decline, with the network's advice where the charge has
// it.
func lastDecline(in *stripego.PaymentIntent) (string, payment.Kind) {
	code := cmp.Or(string(in.LastPaymentError.DeclineCode), string(in.LastPaymentError.Code), "processing_error")
	if in.LatestCharge == nil || in.LatestCharge.Outcome == nil {
		return code, payment.Classify(code)
	}
	o := in.LatestCharge.Outcome
	return code, payment.ClassifyAdvised(code, string(o.AdviceCode), o.NetworkAdviceCode)
}

// fromSetup is the saved card, or the page the shopper has to visit first.
func fromSetup(setup *stripego.SetupIntent, customer string) payment.Method {
	m := payment.Method{CustomerRef: customer}
	if setup.PaymentMethod != nil {
		m.Token = setup.PaymentMethod.ID
		card(&m, setup.PaymentMethod)
	}
	if setup.NextAction != nil && setup.NextAction.RedirectToURL != nil {
		m.NextActionURL, m.SetupID = setup.NextAction.RedirectToURL.URL, setup.ID
	}
	return m
}

// card copies what people recognize a card by.
func card(m *payment.Method, from *stripego.PaymentMethod) {
	if c := from.Card; c != nil {
		m.Brand, m.Last4, m.ExpMonth, m.ExpYear = string(c.Brand), c.Last4, int(c.ExpMonth), int(c.ExpYear)
		m.Fingerprint = c.Fingerprint
	}
}

// fromRefund reads a refund. pending and requires_action are both on their way.
func fromRefund(back *stripego.Refund) payment.Refund {
	r := payment.Refund{
		ID: back.ID, Key: back.Metadata[metaKey], Amount: fromUnits(back.Amount, strings.ToUpper(string(back.Currency))),
		State: payment.RefundPending, Metadata: withoutKey(back.Metadata), CreatedAt: time.Unix(back.Created, 0).UTC(),
	}
	if back.PaymentIntent != nil {
		r.PaymentID = back.PaymentIntent.ID
	}
	switch back.Status {
	// Anything else is still pending.
	case stripego.RefundStatusSucceeded:
		r.State = payment.RefundSucceeded
	case stripego.RefundStatusFailed, stripego.RefundStatusCanceled:
		r.State = payment.RefundFailed
	}
	return r
}

// withoutKey is the metadata without what this package added.
func withoutKey(meta map[string]string) map[string]string {
	out := maps.Clone(meta)
	delete(out, metaKey)
	delete(out, metaCustomer)
	return out
}
