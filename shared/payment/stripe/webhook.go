package stripe

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"dangol/shared/payment"

	stripego "github.com/stripe/stripe-go/v84"
	"github.com/stripe/stripe-go/v84/webhook"
)

// ParseWebhook implements payment.Provider. Stripe's messages do not say which card was used or
// what was refunded so far; Get does. Messages of another API version are read as well as possible,
// because losing one is worse.
func (p *Provider) ParseWebhook(header http.Header, body []byte, now time.Time) (payment.Notification, error) {
	signature := header.Get("Stripe-Signature")
	// Without a secret every signature would have to be believed.
	if p.secret == "" || !fresh(signature, now) {
		return payment.Notification{}, payment.ErrBadSignature
	}
	event, err := webhook.ConstructEventWithOptions(body, signature, p.secret, webhook.ConstructEventOptions{
		IgnoreTolerance:          true, // the library would compare with the machine's clock
		IgnoreAPIVersionMismatch: true,
	})
	switch {
	case errors.Is(err, webhook.ErrNoValidSignature), errors.Is(err, webhook.ErrInvalidHeader), errors.Is(err,
		webhook.ErrNotSigned):
		return payment.Notification{}, fmt.Errorf("%w: %w", payment.ErrBadSignature, err)
	case err != nil:
		return payment.Notification{}, fmt.Errorf("%w: %w", payment.ErrInvalid, err)
	}
	return notification(event)
}

// fresh reports whether the time in the signature is within the tolerance. The signature covers
// that time, so it cannot be changed.
func fresh(signature string, now time.Time) bool {
	for part := range strings.SplitSeq(signature, ",") {
		if stamp, ok := strings.CutPrefix(part, "t="); ok {
			at, err := strconv.ParseInt(stamp, 10, 64)
			return err == nil && now.Sub(time.Unix(at, 0)).Abs() <= payment.WebhookTolerance
		}
	}
	return false
}

// paymentEvents are the messages about payments that the shop acts on.
var paymentEvents = map[stripego.EventType]bool{
	stripego.EventTypePaymentIntentAmountCapturableUpdated: true,
	stripego.EventTypePaymentIntentCanceled:                true,
	stripego.EventTypePaymentIntentPaymentFailed:           true,
	stripego.EventTypePaymentIntentProcessing:              true,
	stripego.EventTypePaymentIntentRequiresAction:          true,
	stripego.EventTypePaymentIntentSucceeded:               true,
}

// refundEvents are the messages about refunds.
var refundEvents = map[stripego.EventType]bool{
	stripego.EventTypeRefundCreated: true,
	stripego.EventTypeRefundUpdated: true,
	stripego.EventTypeRefundFailed:  true,
}

// WebhookEvents are the types of events that the shop acts on, sorted: the endpoint in Stripe must send these, and the
// guide to deploying lists them. Others are accepted and ignored.
func WebhookEvents() []string {
	all := []string{string(stripego.EventTypePaymentMethodAutomaticallyUpdated)}
	for _, events := range []map[stripego.EventType]bool{paymentEvents, refundEvents} {
		for e := range events {
			all = append(all, string(e))
		}
	}
	slices.Sort(all)
	return all
}

// notification reads the object inside a message. Other types stay SubjectOther and are ignored by
// callers.
func notification(event stripego.Event) (payment.Notification, error) {
	n := payment.Notification{
		ID: event.ID, Type: string(event.Type), Subject: payment.SubjectOther, At: time.Unix(event.Created, 0).UTC(),
	}
	// Without an id a repetition could not be recognized.
	if event.ID == "" || event.Data == nil {
		return payment.Notification{}, fmt.Errorf("%w: a message without id or data", payment.ErrInvalid)
	}
	var err error
	switch {
	case paymentEvents[event.Type]:
		var intent stripego.PaymentIntent
		err = json.Unmarshal(event.Data.Raw, &intent)
		n.Subject, n.Payment = payment.SubjectPayment, fromIntent(&intent)
	case refundEvents[event.Type]:
		var back stripego.Refund
		err = json.Unmarshal(event.Data.Raw, &back)
		n.Subject, n.Refund = payment.SubjectRefund, fromRefund(&back)
	case event.Type == stripego.EventTypePaymentMethodAutomaticallyUpdated:
		var kept stripego.PaymentMethod
		err = json.Unmarshal(event.Data.Raw, &kept)
		n.Subject, n.Method = payment.SubjectMethod, payment.Method{Token: kept.ID}
		if kept.Customer != nil {
			n.Method.CustomerRef = kept.Customer.ID
		}
		card(&n.Method, &kept)
	}
	if err != nil {
		return payment.Notification{}, fmt.Errorf("%w: %s: %w", payment.ErrInvalid, event.Type, err)
	}
	return n, nil
}
