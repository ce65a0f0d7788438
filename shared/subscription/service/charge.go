package service

import (
	"context"
	"errors"
	"time"

	"dangol/shared/payment"
	"dangol/shared/platform/backoff"
	"dangol/shared/platform/due"
	"dangol/shared/platform/task"
	"dangol/shared/stock"
	"dangol/shared/subscription"
)

// callFor is how long the provider may take to answer. It is shorter than the lease, so that a slow
// call never overlaps with another worker.
const callFor = 20 * time.Second

// run carries out the tasks of a subscription in order and returns it as it then is. Only the
// worker that wrote or took over the lease may call it. A task that others have done ends it
// without error.
func (s *Service) run(ctx context.Context, r *Record) (*Record, error) {
	after, err := s.machine(holdsLease, false).Run(ctx, r)
	if errors.Is(err, task.ErrLater) {
		return after, nil // due again
	}
	return after, err
}

// runTask does one task. Each stores its own outcome in the transaction that removes the task.
func (s *Service) runTask(ctx context.Context, r *Record, t Task) (*Record, error) {
	switch t.Kind {
	case TaskHold:
		return s.hold(ctx, r, t, true)
	case TaskRelease:
		return s.release(ctx, r, t)
	case TaskDeliver:
		return s.deliver(ctx, r, t)
	case TaskRefund:
		return s.refund(ctx, r, t)
	default:
		return s.charge(ctx, r, t)
	}
}

// finish removes the first task in one transaction with its outcome and the writes that belong to
// it.
func (s *Service) finish(ctx context.Context, r *Record, t Task, c Change) (*Record, error) {
	return s.finishBy(ctx, r, t, func(*Record, Task) (Change, bool) { return c, true })
}

// finishBy is finish for an outcome that depends on the subscription as it is when it is written:
// another worker may have taken the task over and done a part of it. outcome gets the stored task;
// ok is false when it is the other worker's to finish.
func (s *Service) finishBy(ctx context.Context, r *Record, t Task,
	outcome func(*Record, Task) (c Change, ok bool)) (*Record, error) {
	ours := false
	next, err := s.change(ctx, r, func(r *Record) (Change, bool, error) {
		var c Change
		first, ok := r.first()
		// By number and not by content: see Task.is.
		if ours = ok && first.is(t); ours {
			c, ours = outcome(r, first)
		}
		if !ours {
			return Change{}, false, nil
		}
		// Without stock the delivery of the same cycle must not run either.
		_, failed := c.Command.(subscription.StockFailed)
		full := c
		full.TakesLease = true
		full.Edit = func(r *Record) {
			r.complete(failed)
			if c.Edit != nil {
				c.Edit(r)
			}
		}
		return full, true, nil
	})
	// The task is no longer the first one: somebody else has finished it.
	if err == nil && !ours {
		err = task.ErrTaken
	}
	return next, err
}

// charge looks the attempt up where it may have been made before, reserves the stock, and charges.
// At most 2 calls of the provider.
func (s *Service) charge(ctx context.Context, r *Record, t Task) (*Record, error) {
	ctx, cancel := context.WithTimeout(ctx, callFor)
	defer cancel()
	// An attempt that another worker may have begun. Only "not found" proves that nothing was
	// charged.
	if t.AskFirst {
		p, err := s.Provider.Lookup(ctx, t.AttemptKey)
		if !errors.Is(err, payment.ErrNotFound) {
			return s.recordAnswer(ctx, r, t, p, err)
		}
	}
	// Reserved before the charge: nobody pays for what is not there.
	if t.Holds && !r.holds(t.Key) {
		held, err := s.hold(ctx, r, t, false)
		if err != nil {
			return held, err
		}
		if first, ok := held.first(); !ok || !first.is(t) {
			return held, nil // out of stock
		}
		r = held
	}
	// The invoice was paid or given up while the task waited.
	if o := r.Sub.Open; o == nil || o.Key != t.Key {
		return s.finish(ctx, r, t, Change{}) // paid by now, or given up
	}
	p, err := s.pay(ctx, r, t)
	return s.recordAnswer(ctx, r, t, p, err)
}

// recordAnswer turns the provider's answer into a command of the rules. An unknown answer is no
// outcome: the charge stays in flight and the rules look it up later.
func (s *Service) recordAnswer(ctx context.Context, r *Record, t Task, p payment.Payment, err error) (*Record, error) {
	ctx = context.WithoutCancel(ctx) // what is known about money is worth writing down also when the time has just run out
	fail := func(kind payment.Kind, code string) (*Record, error) {
		return s.finish(ctx, r, t, Change{Command: subscription.ChargeFailed{Key: t.Key, Attempt: t.Attempt, Kind: kind,
			Code: code}})
	}
	declined, refused := errors.AsType[*payment.Declined](err)
	// untouched is the failure of a charge that the provider turned away, and that nobody else has sent.
	untouched := func() (*Record, error) {
		return s.finishBy(ctx, r, t, func(_ *Record, now Task) (Change, bool) {
			if now.AskFirst { // somebody has taken the task over, and may have sent the key since
				return Change{}, true
			}
			return Change{Command: subscription.ChargeFailed{
				Key: t.Key, Attempt: t.Attempt, Kind: payment.KindTechnical, Code: "provider_unavailable",
			}}, true
		})
	}
	// Somebody waits for a first payment or a change, so its failure is an answer and not a matter
	// of dunning.
	awaited := r.Sub.Open != nil && r.Sub.Open.Kind != subscription.OpenRenewal
	// Somebody waits for this very answer: the shopper is there, or the shop makes a change in their place.
	present := t.Session != nil || r.Sub.Open != nil && r.Sub.Open.Kind == subscription.OpenChange
	switch {
	case err == nil && p.State == payment.StateCaptured:
		return s.recordPayment(ctx, r, t, p)
	case err == nil && p.State == payment.StateRequiresAction:
		return s.requireAction(ctx, r, t, p)
	case err == nil && p.State == payment.StateDeclined:
		return fail(p.DeclineKind, p.DeclineCode)
	// Expired or canceled at the provider: another attempt may succeed.
	case err == nil && p.State.Failed():
		return fail(payment.KindSoft, string(p.State))
	case refused:
		return fail(declined.Kind, declined.Code)
	// The provider does not know the card, so no retry can succeed.
	case errors.Is(err, payment.ErrInvalid):
		return fail(payment.KindHard, subscription.CodeInvalidMethod)
	case errors.Is(err, payment.ErrOurFault) && !t.AskFirst && present:
		// They are told at once that nothing was charged, and may try again when the shop's key is right.
		return untouched()
	case errors.Is(err, payment.ErrOurFault):
		// Nothing is booked against the customer: the attempt is made when the shop's key is right again.
		return s.postpone(ctx, r, t, err)
	case errors.Is(err, payment.ErrUnavailable) && !t.AskFirst && !awaited:
		// Turned away untouched, and nobody else has sent this key: the next attempt has another. A first payment, and that
		// of a change, is asked about and sent again instead, because its failure would end what has hardly begun.
		return untouched()
	default:
		s.Log.WarnContext(ctx, "charge outcome unknown", "subscription", r.Sub.ID, "key", t.AttemptKey, "state", p.State,
			"error", err)
		return s.finish(ctx, r, t, Change{})
	}
}

// recordPayment stores that the money has arrived. That is never dropped: if another worker has
// finished the task meanwhile, the rules get the command all the same. They know what was paid for
// and refund the rest.
func (s *Service) recordPayment(ctx context.Context, r *Record, t Task, p payment.Payment) (*Record, error) {
	paid := subscription.ChargeSucceeded{Key: t.Key, PaymentID: p.ID}
	c := Change{}
	if m := p.Method; t.Session != nil && t.Session.Keep && m.Token != "" {
		paid.Card = subscription.Card{Token: m.Token, Brand: m.Brand, ExpYear: m.ExpYear, ExpMonth: m.ExpMonth}
		c.Edit = func(r *Record) { r.Methods = map[string]payment.Method{m.Token: m} }
	}
	c.Command = paid
	next, err := s.finish(ctx, r, t, c)
	if !errors.Is(err, task.ErrTaken) {
		return next, err
	}
	next, err = s.change(ctx, next, func(*Record) (Change, bool, error) { return c, true, nil })
	if err != nil {
		return next, err
	}
	return next, task.ErrTaken
}

// refund gives money back under the task's key. The refund is looked up first, because a repeated
// task must not refund twice. At most 2 calls of the provider.
func (s *Service) refund(ctx context.Context, r *Record, t Task) (*Record, error) {
	call, cancel := context.WithTimeout(ctx, callFor)
	defer cancel()
	got, err := s.Provider.LookupRefund(call, t.PaymentID, t.Key)
	if errors.Is(err, payment.ErrNotFound) {
		got, err = s.Provider.Refund(call, payment.RefundRequest{
			Key: t.Key, PaymentID: t.PaymentID, Amount: r.Money(t.Amount), Reason: "subscription",
			Metadata: map[string]string{"subscription": r.Sub.ID},
		})
	}
	state, reason := RefundPending, ""
	switch {
	// Nothing is known yet, or the shop's own access is wrong: the task stays.
	case errors.Is(err, payment.ErrUnknown), errors.Is(err, payment.ErrUnavailable):
		return s.postpone(ctx, r, t, err)
	// The provider refused for good. A person has to pay the customer another way.
	case err != nil:
		state, reason = RefundFailed, err.Error()
	case got.State == payment.RefundFailed:
		state, reason = RefundFailed, "failed at the bank"
	case got.State == payment.RefundSucceeded:
		state = RefundDone
	}
	// What is known about money is stored even when the time has run out.
	ctx = context.WithoutCancel(ctx)
	noted, err := s.refundStateWrite(ctx, r.Sub.ID, t, state, reason)
	if err != nil {
		return r, err
	}
	next, err := s.finish(ctx, r, t, Change{Required: noted})
	if err == nil && state == RefundFailed {
		s.reportRefusedRefund(ctx, r.Sub.ID, t.Key, reason)
	}
	return next, err
}

// postpone leaves the task for later, with growing pauses. Errors: task.ErrLater when it was put
// off.
func (s *Service) postpone(ctx context.Context, r *Record, t Task, cause error) (*Record, error) {
	s.Log.WarnContext(ctx, "task put off", "subscription", r.Sub.ID, "task", t.Kind, "key", t.Key, "error", cause)
	next, err := s.change(ctx, r, func(r *Record) (Change, bool, error) {
		first, ok := r.first()
		return Change{Edit: func(r *Record) {
			r.Tasks[0].Tries++
			r.Due = due.Due{} // the time of the task, and not the end of the sweeper's claim
			r.Lease = s.Clock.Now().Add(backoff.Provider.After(first.Tries))
		}}, ok && first.is(t), nil
	})
	if err == nil {
		err = task.ErrLater
	}
	return next, err
}

// release gives reserved stock back. A counter that was deleted meanwhile does not stop the change.
func (s *Service) release(ctx context.Context, r *Record, t Task) (*Record, error) {
	return s.finishBy(ctx, r, t, func(r *Record, _ Task) (Change, bool) {
		return Change{GivenBack: stock.Release(r.Held[t.Key]), Edit: func(r *Record) { delete(r.Held, t.Key) }}, true
	})
}
