package checkout

import (
	"context"
	"errors"
	"time"

	"dangol/shared/order"
	"dangol/shared/payment"
	"dangol/shared/platform/backoff"
	"dangol/shared/platform/due"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/task"
)

// lastCall is how long before the end of the hold a payment may still begin: longer than a request
// may take, so that no payment succeeds when the stock is already given back.
const lastCall = time.Minute

// Begin starts to buy a cart, or answers for the checkout that the same request began before. The checkout that comes
// back may be in any state; View tells what to do. Errors: those of begin; 503 payment_unavailable.
func (s Service) Begin(ctx context.Context, in Start) (c *Checkout, replay bool, err error) {
	c, replay, err = s.begin(ctx, in)
	if err != nil || !replay {
		if err == nil {
			c, err = s.pay(ctx, c, in)
		}
		if err == nil {
			s.Completed.note(c)
		}
		return c, replay, err
	}
	// The first request may have been cut off anywhere: the provider is asked before anything is
	// sent.
	c, err = s.Confirm(ctx, c)
	if err != nil || !s.unseen(c) {
		return c, true, err
	}
	c, err = s.pay(ctx, c, in)
	return c, true, err
}

// unseen reports whether the provider has not heard of the payment although there is time for it. Sending it again is
// safe, because it carries the same key.
func (s Service) unseen(c *Checkout) bool {
	return c.State == Paying && c.Payment.State == absent && s.Clock.Now().Before(c.HeldUntil.Add(-lastCall))
}

// Confirm is Settle for a caller who waits for the answer: when the provider does not answer, the
// checkout stays as it is.
func (s Service) Confirm(ctx context.Context, c *Checkout) (*Checkout, error) {
	return s.look(ctx, c, false)
}

// Abandon gives a checkout up: the payment is stopped and everything given back, unless it has
// already succeeded.
func (s Service) Abandon(ctx context.Context, c *Checkout) (*Checkout, error) {
	return s.look(ctx, c, true)
}

// look runs the machine for Confirm and Abandon.
func (s Service) look(ctx context.Context, c *Checkout, giveUp bool) (*Checkout, error) {
	return s.patient(ctx, s.machine(giveUp, nil), c)
}

// patient runs a checkout for a caller who waits: when the provider does not answer it stays as it
// is, and due.
func (s Service) patient(ctx context.Context, m task.Machine[*Checkout], c *Checkout) (*Checkout, error) {
	c, err := m.Run(ctx, c)
	if errors.Is(err, task.ErrLater) {
		s.Log.WarnContext(ctx, "provider silent", "checkout", c.ID, "state", c.State, "error", err)
		return c, nil
	}
	return c, err
}

// pay sends the payment of a checkout that has begun. Its key is the checkout's id, so that it can
// be sent again.
func (s Service) pay(ctx context.Context, c *Checkout, in Start) (*Checkout, error) {
	// Paid by store credit, or free: there is nothing to ask the provider.
	if c.ToPay().Amount == 0 {
		return s.Confirm(ctx, c)
	}
	p, err := s.Provider.Authorize(ctx, payment.AuthorizeRequest{
		Key: c.ID, Amount: c.ToPay(), MethodToken: in.Method, CustomerID: c.CustomerID, ReturnURL: in.ReturnURL,
		Description: order.NumberOf(c.OrderID), Metadata: map[string]string{"checkout": c.ID, "order": c.OrderID},
	})
	declined, refused := errors.AsType[*payment.Declined](err)
	switch {
	case err == nil:
		return s.patient(ctx, s.machine(false, &p), c)
	case refused:
		return s.release(ctx, c, outcome{state: Failed, reason: "declined", decline: declined.Code})
	case errors.Is(err, payment.ErrAmount):
		s.Log.WarnContext(ctx, "amount refused", "checkout", c.ID, "amount", c.ToPay().Format(), "error", err)
		return s.release(ctx, c, outcome{state: Failed, reason: ReasonAmount})
	case errors.Is(err, payment.ErrInvalid):
		s.Log.WarnContext(ctx, "payment refused as invalid", "checkout", c.ID, "error", err)
		return s.release(ctx, c, outcome{state: Failed, reason: "invalid_method"})
	// Nothing was charged and the checkout stays open: the same request may be sent again.
	case errors.Is(err, payment.ErrUnavailable):
		return nil, problem.Unavailable("payment_unavailable",
			"The payment provider does not answer; nothing was charged. Try again with the same key.").Because(err)
	default: // unknown: it may have worked
		s.Log.WarnContext(ctx, "payment outcome unknown", "checkout", c.ID, "error", err)
		return s.askSoon(ctx, c)
	}
}

// askSoon makes the worker ask for the outcome before the hold runs out.
func (s Service) askSoon(ctx context.Context, c *Checkout) (*Checkout, error) {
	d := due.On(DueCheckout, c.ID, s.Clock.Now().Add(backoff.Provider.After(0)))
	after, _, err := s.change(ctx, c, "#dueAt = :at", map[string]any{":at": d.At})
	return after, err
}
