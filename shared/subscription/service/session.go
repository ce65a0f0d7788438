package service

import (
	"context"
	"errors"
	"net/url"

	"dangol/shared/payment"
	"dangol/shared/subscription"
)

// pay makes the charge of a task: with the cardholder, where they are there, else without.
func (s *Service) pay(ctx context.Context, r *Record, t Task) (payment.Payment, error) {
	metadata := map[string]string{"subscription": r.Sub.ID, "invoice": t.Key}
	customerRef := r.Methods[t.Card].CustomerRef
	if t.Session == nil {
		return s.Provider.ChargeOffSession(ctx, payment.ChargeRequest{
			Key: t.AttemptKey, Amount: r.Money(t.Amount), CustomerID: r.Sub.CustomerID, CustomerRef: customerRef,
			MethodToken: t.Card, Description: r.Title(), Metadata: metadata,
		})
	}
	return s.Provider.Authorize(ctx, payment.AuthorizeRequest{
		Key: t.AttemptKey, Amount: r.Money(t.Amount), CustomerID: r.Sub.CustomerID, CustomerRef: customerRef,
		MethodToken: t.Card, Description: r.Title(), Metadata: metadata,
		CaptureNow: true, KeepMethod: t.Session.Keep, ReturnURL: returnTo(t.Session.ReturnURL, r.Sub.ID),
	})
}

// returnTo is the address that the bank sends the shopper back to, with the subscription in the query: a page that was
// opened anew does not know what it was waiting for.
func returnTo(address, subscriptionID string) string {
	u, err := url.Parse(address)
	if err != nil || address == "" {
		return address
	}
	q := u.Query()
	q.Set("subscription", subscriptionID)
	u.RawQuery = q.Encode()
	return u.String()
}

// requireAction writes down that the bank wants the cardholder. Where nobody is there, or nobody came in time, the
// payment is withdrawn first, so that what is written down as failed cannot succeed any more.
func (s *Service) requireAction(ctx context.Context, r *Record, t Task, p payment.Payment) (*Record, error) {
	if t.Session != nil && !t.Withdraw {
		return s.finish(ctx, r, t, Change{Command: subscription.ActionRequired{
			Key: t.Key, Attempt: t.Attempt, URL: p.NextActionURL,
		}})
	}
	call, cancel := context.WithTimeout(ctx, callFor)
	defer cancel()
	ended, err := s.Provider.Void(call, p.ID, "void-"+t.AttemptKey)
	if errors.Is(err, payment.ErrStateConflict) {
		ended, err = s.Provider.Get(call, p.ID) // the cardholder was faster
	}
	switch {
	case err == nil && ended.State == payment.StateCanceled, err == nil && ended.State == payment.StateVoided:
		return s.finish(ctx, r, t, Change{Command: subscription.ChargeFailed{
			Key: t.Key, Attempt: t.Attempt, Kind: payment.KindAction, Code: subscription.CodeActionExpired,
		}})
	case err == nil && ended.State == payment.StateRequiresAction:
		return s.finish(ctx, r, t, Change{}) // neither withdrawn nor passed: the rules come back to ask
	default:
		return s.recordAnswer(ctx, r, t, ended, err)
	}
}

// Confirm asks what became of the payment that the bank wanted the cardholder for. It may be called any number of
// times. Errors: 503 busy.
func (s *Service) Confirm(ctx context.Context, r *Record) (*Record, error) {
	if r.Sub.OpenAction() == nil {
		return r, nil
	}
	after, _, err := s.Apply(ctx, r, func(r *Record) (Change, bool, error) {
		o := r.Sub.Open
		if r.Sub.OpenAction() == nil || len(r.Tasks) > 0 {
			return Change{}, false, nil // somebody is asking already
		}
		return Change{Command: subscription.ChargeReport{Key: o.Key, Attempt: o.Attempt}}, true, nil
	})
	return after, err
}
