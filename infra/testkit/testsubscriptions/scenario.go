package testsubscriptions

import (
	"context"
	"time"

	"dangol/infra/testkit/fault"
	"dangol/shared/payment"
	"dangol/shared/platform/idempotency"
	"dangol/shared/platform/problem"
	"dangol/shared/subscription"
	"dangol/shared/subscription/service"
)

// Patience is how often a subscriber repeats a request that got no clear answer.
const Patience = 6

// Insist repeats a request until it has a clear answer, as a page and its reader do: at once after a failure of the
// line or the machine, later when it says that a payment is running. clear is false when they have given up. later lets
// time pass.
func Insist(ctx context.Context, request func(context.Context) error, later func(try int)) (err error, clear bool) {
	for try := range Patience {
		err = request(fault.Mortal(ctx))
		if err == nil {
			return nil, true
		}
		switch p := problem.From(err); {
		case p.Code == "payment_running", p.Code == "busy":
			later(try)
		case p.Status < 500:
			return err, true
		}
	}
	return err, false
}

// ChangeRequest is something a subscriber asks for: a command, and what is stored around it. The same key is the same
// wish.
type ChangeRequest struct {
	Key     string
	Command subscription.Command
	Edit    func(*service.Record)
	Session *subscription.Session // of a cardholder who is there; nil for a charge without them
}

// RequestChange sends a wish about a subscription once, as the subscriptions function does.
func (w *Shop) RequestChange(ctx context.Context, s *service.Service, id string, change ChangeRequest) error {
	r, err := s.Load(ctx, id)
	if err != nil {
		return err
	}
	_, _, err = s.Apply(ctx, r, func(r *service.Record) (service.Change, bool, error) {
		c := service.Change{Command: change.Command, Edit: change.Edit, Session: change.Session}
		if change.Key != "" {
			c.Request = idempotency.For("change", r.Sub.CustomerID, change.Key, nil, w.Clock.Now())
		}
		return c, true, nil
	})
	return err
}

// ChangeCard keeps another card and charges it from then on, at once what is unpaid.
func (w *Shop) ChangeCard(ctx context.Context, s *service.Service, id, key, token string) error {
	r, err := s.Load(ctx, id)
	if err != nil {
		return err
	}
	m, err := s.Provider.SaveMethod(ctx, payment.SaveMethodRequest{
		Key: "save-" + key, CustomerID: r.Sub.CustomerID, CustomerRef: r.Methods[r.Sub.Card.Token].CustomerRef,
		MethodToken: token,
	})
	if err != nil {
		return err
	}
	return w.RequestChange(ctx, s, id,
		ChangeRequest{Key: key, Command: subscription.ChangeCard{Card: CardOf(m)}, Edit: func(r *service.Record) {
			kept := map[string]payment.Method{m.Token: m}
			if old, ok := r.Methods[r.Sub.Card.Token]; ok {
				kept[r.Sub.Card.Token] = old
			}
			r.Methods = kept
		}})
}

// Consent says yes to what the subscription asks.
func (w *Shop) Consent(ctx context.Context, s *service.Service, id, key string) error {
	r, err := s.Load(ctx, id)
	if err != nil {
		return err
	}
	notice, ok := r.Sub.ConsentNotice("visa 4242", "in one step", "it ends")
	if !ok {
		return problem.NotFound("nothing_asked", "Nothing is asked.")
	}
	c := subscription.Consent{Notice: notice}
	c.Answer.NoticeID, c.Answer.Explicit, c.Answer.Separate, c.Answer.Channel = notice.ID, true, true, "web"
	return w.RequestChange(ctx, s, id, ChangeRequest{Key: key, Command: c})
}

// Later is what somebody does who is told that a payment is running: look again after five minutes, after an hour, then
// daily. What is due meanwhile happens.
func (w *Shop) Later(ctx context.Context) func(try int) {
	return func(try int) {
		pause := []time.Duration{6 * time.Minute, 65 * time.Minute}
		wait := 25 * time.Hour
		if try < len(pause) {
			wait = pause[try]
		}
		w.Until(ctx, w.Clock.Now().Add(wait))
	}
}
