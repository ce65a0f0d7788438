package stripe

import (
	"cmp"
	"maps"
	"strings"
	"time"

	"dangol/shared/payment"

	stripego "github.com/stripe/stripe-go/v84"
)

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
		// Stripe writes down what was reserved and never taken as refunded too.
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

func state(in *stripego.PaymentIntent) payment.State {
	switch in.Status {
	case stripego.PaymentIntentStatusRequiresCapture:
		return payment.StateAuthorized
	case stripego.PaymentIntentStatusSucceeded:
		return payment.StateCaptured
	case stripego.PaymentIntentStatusProcessing:
		return payment.StateProcessing
	case stripego.PaymentIntentStatusCanceled:
		if in.LatestCharge != nil && (in.LatestCharge.Refunded || in.LatestCharge.AmountRefunded > 0) {
			return payment.StateVoided
		}
		return payment.StateCanceled
	case stripego.PaymentIntentStatusRequiresPaymentMethod:
		// that one says nothing about the card
		if e := in.LastPaymentError; e != nil && e.Type != stripego.ErrorTypeIdempotency {
			return payment.StateDeclined
		}
	}
	return payment.StateRequiresAction
}

func lastDecline(in *stripego.PaymentIntent) (string, payment.Kind) {
	code := cmp.Or(string(in.LastPaymentError.DeclineCode), string(in.LastPaymentError.Code), "processing_error")
	if in.LatestCharge == nil || in.LatestCharge.Outcome == nil {
		return code, payment.Classify(code)
	}
	o := in.LatestCharge.Outcome
	return code, payment.ClassifyAdvised(code, string(o.AdviceCode), o.NetworkAdviceCode)
}

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

func card(m *payment.Method, from *stripego.PaymentMethod) {
	if c := from.Card; c != nil {
		m.Brand, m.Last4, m.ExpMonth, m.ExpYear = string(c.Brand), c.Last4, int(c.ExpMonth), int(c.ExpYear)
	}
}

func fromRefund(back *stripego.Refund) payment.Refund {
	r := payment.Refund{
		ID: back.ID, Key: back.Metadata[metaKey], Amount: fromUnits(back.Amount, strings.ToUpper(string(back.Currency))),
		State: payment.RefundPending, Metadata: withoutKey(back.Metadata), CreatedAt: time.Unix(back.Created, 0).UTC(),
	}
	if back.PaymentIntent != nil {
		r.PaymentID = back.PaymentIntent.ID
	}
	switch back.Status {
	case stripego.RefundStatusSucceeded:
		r.State = payment.RefundSucceeded
	case stripego.RefundStatusFailed, stripego.RefundStatusCanceled:
		r.State = payment.RefundFailed
	}
	return r
}

func withoutKey(meta map[string]string) map[string]string {
	out := maps.Clone(meta)
	delete(out, metaKey)
	delete(out, metaCustomer)
	return out
}
