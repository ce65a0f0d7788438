package service

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dangol/shared/payment"
	"dangol/shared/platform/id"
	"dangol/shared/platform/idempotency"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/subscription"
)

// Setup is a card that the bank lets the shop keep only after the cardholder has passed a challenge. Until then the
// subscription goes on with the card it has; one that is to begin with the card has not begun. No money moves, so
// nothing has to be watched: a setup that nobody comes back for is forgotten.
type Setup struct {
	ID    string    `json:"id"` // at the provider
	URL   string    `json:"url"`
	Until time.Time `json:"until"`
	// Start begins the subscription once the card is kept; nil for a card of one that there is.
	Start     *subscription.Start `json:"start,omitempty"`
	ReturnURL string              `json:"returnUrl,omitempty"` // of the payment that may follow
}

// MarshalDynamoDBAttributeValue implements attributevalue.Marshaler.
func (s Setup) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) { return table.Pack(s) }

// UnmarshalDynamoDBAttributeValue implements attributevalue.Unmarshaler.
func (s *Setup) UnmarshalDynamoDBAttributeValue(av types.AttributeValue) error {
	return table.Unpack(av, s)
}

// SetupOf is the setup of a method that the bank asks about.
func (s *Service) SetupOf(m payment.Method, start *subscription.Start, returnURL string) *Setup {
	return &Setup{
		ID: m.SetupID, URL: m.NextActionURL, Until: s.Clock.Now().Add(subscription.ActionTime), Start: start,
		ReturnURL: returnURL,
	}
}

// StartWhenKept stores a request to subscribe that begins once its card is kept. The record has everything but the
// subscription. 1 transaction. Errors: 422 idempotency_key_reused.
func (s *Service) StartWhenKept(ctx context.Context, r *Record, setup *Setup,
	request idempotency.Request) (_ *Record, replay bool, err error) {
	setup.Start.ID = id.New(Prefix, s.Clock.Now())
	r.Key, r.Setup = KeyOf(setup.Start.ID), setup
	r.Sub = subscription.Subscription{
		ID: setup.Start.ID, CustomerID: setup.Start.CustomerID, Terms: setup.Start.Terms, Unbegun: true,
	}
	w, err := s.plan(ctx, r, Change{Edit: func(*Record) {}, Request: request})
	if err != nil {
		return nil, false, err
	}
	if err = s.commit(ctx, w); err != nil {
		if prior, ok := err.(replayed); ok {
			return s.replay(ctx, request, prior)
		}
		return nil, false, err
	}
	return w.next, false, nil
}

// ConfirmSetup asks whether the card may be kept by now, and carries out what waited for it. It returns the
// subscription as it then is; with the setup still in it the cardholder has to go to the bank. Errors:
// *payment.Declined when they did not pass, or not in time; payment.ErrUnavailable, payment.ErrUnknown; those of the
// command; 503 busy.
func (s *Service) ConfirmSetup(ctx context.Context, r *Record) (*Record, error) {
	m, err := s.Provider.SavedMethod(ctx, r.Setup.ID)
	_, declined := errors.AsType[*payment.Declined](err)
	open := err == nil && m.NextActionURL != ""
	switch {
	case open && s.Clock.Now().Before(r.Setup.Until):
		return r, nil
	case open:
		declined, err = true, &payment.Declined{Code: subscription.CodeActionExpired, Kind: payment.KindAction}
	case err != nil && !declined:
		return r, err
	}
	setup := r.Setup
	if declined {
		_, forgetting := s.change(ctx, r, func(r *Record) (Change, bool, error) {
			return Change{Edit: func(r *Record) { r.Setup = nil }}, r.isFor(setup) && setup.Start == nil, nil
		})
		return r, errors.Join(err, forgetting)
	}
	m.SetupID = ""
	session := &subscription.Session{ReturnURL: setup.ReturnURL}
	if setup.Start != nil {
		return s.startKept(ctx, r, m, session)
	}
	after, _, err := s.Apply(ctx, r, func(r *Record) (Change, bool, error) {
		return Change{
			Command: subscription.ChangeCard{Card: CardOf(m)}, Session: session,
			Edit: func(r *Record) { r.UseMethod(m) },
		}, r.isFor(setup), nil
	})
	return after, err
}

// isFor reports whether the record still waits for this setup: a later one replaces it.
func (r *Record) isFor(setup *Setup) bool { return r.Setup != nil && r.Setup.ID == setup.ID }

// startKept begins the subscription of a request whose card is kept now.
func (s *Service) startKept(ctx context.Context, r *Record, m payment.Method,
	session *subscription.Session) (*Record, error) {
	start := *r.Setup.Start
	start.Card = CardOf(m)
	ready := r.clone()
	ready.Setup, ready.Methods = nil, map[string]payment.Method{m.Token: m}
	after, _, err := s.startNow(ctx, ready, start, session, idempotency.Request{})
	if c, refused := table.Refused(err); refused && c.Refused(0) {
		return s.Load(ctx, r.Sub.ID) // whoever came back at the same time has begun it
	}
	if problem.Code(err) == "not_in_this_state" {
		return s.Load(ctx, r.Sub.ID)
	}
	return after, err
}

// CardOf is a kept method as the rules know it.
func CardOf(m payment.Method) subscription.Card {
	return subscription.Card{Token: m.Token, Brand: m.Brand, ExpYear: m.ExpYear, ExpMonth: m.ExpMonth}
}

// UseMethod keeps a method that is about to be charged, and the one before, whose charges may be under way.
func (r *Record) UseMethod(m payment.Method) {
	kept := map[string]payment.Method{m.Token: m}
	if old, ok := r.Methods[r.Sub.Card.Token]; ok {
		kept[r.Sub.Card.Token] = old
	}
	r.Methods, r.Setup = kept, nil
}
