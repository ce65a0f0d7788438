package stripe

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"dangol/shared/payment"

	stripego "github.com/stripe/stripe-go/v84"
)

// outcome turns Stripe's answer about a PaymentIntent into a Payment. A decline carries the payment
// too.
func outcome(intent *stripego.PaymentIntent, err error) (payment.Payment, error) {
	if err == nil {
		p := fromIntent(intent)
		return p, p.Declined()
	}
	mapped := failure(err)
	declined, isDecline := errors.AsType[*payment.Declined](mapped)
	said, isStripe := errors.AsType[*stripego.Error](err)
	// Declines of SetupIntents and customers come without a payment.
	if !isDecline || !isStripe || said.PaymentIntent == nil {
		return payment.Payment{}, mapped
	}
	p := fromIntent(said.PaymentIntent)
	// The intent in an error answer still has the state from before the attempt.
	p.State, p.DeclineCode, p.DeclineKind = payment.StateDeclined, declined.Code, declined.Kind
	return p, mapped
}

// conflicts are the codes that mean "not in this state".
var conflicts = map[stripego.ErrorCode]bool{
	stripego.ErrorCodePaymentIntentUnexpectedState: true,
	stripego.ErrorCodeChargeAlreadyCaptured:        true,
	stripego.ErrorCodeChargeAlreadyRefunded:        true,
}

// failure says what an error of the client means for the money (docs.stripe.com/error-low-level): a 5xx, a broken
// connection or a request still in progress elsewhere leave it unknown; 4xx moved nothing.
func failure(err error) error {
	e, ok := errors.AsType[*stripego.Error](err)
	if !ok {
		return payment.UnansweredError(err)
	}
	meaning := payment.ErrInvalid
	switch {
	// A key in use: the first request with it is still being worked on.
	case e.HTTPStatusCode >= http.StatusInternalServerError, e.Code == stripego.ErrorCodeIdempotencyKeyInUse:
		meaning = payment.ErrUnknown
	// Also a parameter that the API version does not know: the program and not the shopper is
	// wrong.
	case e.HTTPStatusCode == http.StatusUnauthorized, e.HTTPStatusCode == http.StatusForbidden,
		e.Code == stripego.ErrorCodeParameterUnknown, e.Code == stripego.ErrorCodeParameterMissing:
		meaning = payment.OurFault(errors.New("check the key and its permissions"))
	// The least is 50 cents or as much in another currency (docs.stripe.com/currencies).
	case e.Code == stripego.ErrorCodeAmountTooSmall, e.Code == stripego.ErrorCodeAmountTooLarge:
		meaning = errAmount
	case e.Type == stripego.ErrorTypeCard:
		// The bank's code where there is one: "card_declined" alone says too little.
		code := cmp.Or(string(e.DeclineCode), string(e.Code))
		return &payment.Declined{Code: code, Kind: payment.ClassifyAdvised(code, advice(e)...), Message: e.Msg}
	case e.Type == stripego.ErrorTypeIdempotency:
		meaning = payment.ErrKeyReused
	case e.HTTPStatusCode == http.StatusTooManyRequests:
		meaning = payment.ErrUnavailable
	case e.HTTPStatusCode == http.StatusNotFound, missing(e):
		meaning = payment.ErrNotFound
	case conflicts[e.Code], e.HTTPStatusCode == http.StatusConflict:
		meaning = payment.ErrStateConflict
	}
	return fmt.Errorf("%w: stripe %d %s %s (request %s)", meaning, e.HTTPStatusCode, e.Code, e.Msg, e.RequestID)
}

// errAmount is an amount that Stripe does not take.
var errAmount = fmt.Errorf("%w: %w", payment.ErrInvalid, payment.ErrAmount)

// refundFailure is failure for refunds. Too large an amount has no code of its own, and a
// PaymentIntent without a charge is reported by the name of the parameter.
func refundFailure(err error) error {
	e, ok := errors.AsType[*stripego.Error](err)
	tooMuch := ok && e.Type == stripego.ErrorTypeInvalidRequest && e.Param == "amount"
	nothing := ok && e.Type == stripego.ErrorTypeInvalidRequest && e.Param == "payment_intent" && !missing(e)
	if tooMuch || nothing {
		return fmt.Errorf("%w: stripe: %s (request %s)", payment.ErrStateConflict, e.Msg, e.RequestID)
	}
	return failure(err)
}

// missing reports a payment that does not exist: Stripe sends 400 for one named in a parameter.
func missing(e *stripego.Error) bool {
	return e.Code == stripego.ErrorCodeResourceMissing && (e.Param == "intent" || e.Param == "payment_intent")
}

// advice is what the card network and Stripe say about trying again. The library reads it from
// charges but not from errors.
func advice(e *stripego.Error) []string {
	if e.LastResponse == nil {
		return nil
	}
	var raw struct {
		Error struct {
			Advice  string `json:"advice_code"`
			Network string `json:"network_advice_code"`
		} `json:"error"`
	}
	if json.Unmarshal(e.LastResponse.RawJSON, &raw) != nil {
		return nil
	}
	return []string{raw.Error.Advice, raw.Error.Network}
}
