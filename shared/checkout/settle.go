package checkout

import (
	"context"
	"errors"
	"time"

	"dangol/shared/payment"
	"dangol/shared/platform/backoff"
	"dangol/shared/platform/due"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/task"
)

// maxSteps bounds the steps of one Settle: even a late payment with a challenge needs fewer.
const maxSteps = 8

// Settle brings a checkout that was read as far as it can get: it asks the provider, decides, writes, and goes on until
// there is nothing to do but wait. giveUp says that the shopper wants to stop. Any number of callers may do this at
// once. Paid at once, it costs 1 call, 2 round trips and 1 transaction. Errors: task.ErrLater.
func (s Service) Settle(ctx context.Context, c *Checkout, giveUp bool) (*Checkout, error) {
	return s.machine(giveUp, nil).Run(ctx, c)
}

// machine is the durable task of a checkout: next decides, advance acts. known, when not nil, is
// the provider's answer of a moment ago, so that the first step does not ask again.
func (s Service) machine(giveUp bool, known *payment.Payment) task.Machine[*Checkout] {
	return task.Machine[*Checkout]{
		Engine:   task.Engine{Table: s.Table, Clock: s.Clock, Log: s.Log, Metrics: s.Metrics},
		Name:     "checkout",
		MaxSteps: maxSteps,
		Load:     s.load,
		Postpone: s.postpone,
		Abandon:  s.abandon,
		Step: func(ctx context.Context, c *Checkout) (*Checkout, bool, error) {
			if c.Finished() {
				return c, true, nil
			}
			p, err := s.known(ctx, c, known)
			// Used once: after a step the answer is old.
			known = nil
			if err != nil {
				return c, false, err
			}
			after, err := s.advance(ctx, c, p, giveUp)
			if err != nil || after == nil {
				return c, true, err
			}
			return after, false, nil
		},
	}
}

// known is the provider's answer of a moment ago, or a new one.
func (s Service) known(ctx context.Context, c *Checkout, known *payment.Payment) (payment.Payment, error) {
	if known != nil {
		return *known, nil
	}
	return s.lookup(ctx, c)
}

// load reads the checkout of a due job.
func (s Service) load(ctx context.Context, checkoutID string) (*Checkout, error) {
	c, err := s.get(ctx, checkoutID)
	if problem.Code(err) == "checkout_not_found" {
		return nil, task.ErrGone // it was over, and its time to be kept as well
	}
	return c, err
}

// abandon ends a checkout whose next step the database refuses for ever, mostly an order that is
// too large to be stored. Before there is an order everything is given back and the payment is
// watched: next then refunds the money, and the shopper is told. When the money is already on its
// way back, only a person can help.
func (s Service) abandon(ctx context.Context, c *Checkout, cause error) (*Checkout, bool, error) {
	if c.State != Paying {
		return c, false, cause
	}
	after, err := s.release(ctx, c, outcome{state: Failed, reason: ReasonNotPossible, watch: true})
	return after, false, err
}

// lookup asks what became of the payment; one that the provider has not seen is absent.
func (s Service) lookup(ctx context.Context, c *Checkout) (payment.Payment, error) {
	// Nothing to pay is treated like a payment that succeeded, so that one set of rules serves
	// both.
	if c.ToPay().Amount == 0 {
		return payment.Payment{State: payment.StateCaptured, Amount: c.ToPay()}, nil
	}
	p, err := s.ask(ctx, c)
	switch {
	case errors.Is(err, payment.ErrNotFound):
		return payment.Payment{State: absent}, nil
	case err != nil:
		return p, errors.Join(task.ErrLater, err)
	}
	return p, nil
}

// ask reads the payment by the provider's id, when that is known, because searching by key costs a provider more.
func (s Service) ask(ctx context.Context, c *Checkout) (payment.Payment, error) {
	if c.Payment.ID != "" {
		return s.Provider.Get(ctx, c.Payment.ID)
	}
	return s.Provider.Lookup(ctx, c.ID)
}

// advance makes one step; nil means that there is none but to wait.
func (s Service) advance(ctx context.Context, c *Checkout, p payment.Payment, giveUp bool) (*Checkout, error) {
	now := s.Clock.Now()
	timeUp := giveUp || !now.Before(c.HeldUntil)
	switch do := next(c.State, p.State, timeUp, now.Sub(c.HeldUntil) >= watchFor); do {
	// Paid another amount than the cart costs: no order may come of it.
	case claim:
		if p.Amount != c.ToPay() {
			return s.release(ctx, c, outcome{state: Failed, reason: "amount_mismatch", watch: true})
		}
		return s.claim(ctx, c, p)
	case fail, expire:
		return s.release(ctx, c, outcomeOf(p, timeUp, giveUp, do == expire))
	case void:
		return s.void(ctx, c, p)
	case unwind:
		return s.unwind(ctx, c)
	case refund:
		return s.refund(ctx, c, p)
	case finish:
		return s.finish(ctx, c, p)
	case rest:
		return s.rest(ctx, c)
	default:
		return s.see(ctx, c, p)
	}
}

// outcomeOf says how a checkout ends that becomes no order. A decline explains more than the time
// that ran out after it, so it comes first.
func outcomeOf(p payment.Payment, timeUp, giveUp, watch bool) outcome {
	switch {
	case p.State == payment.StateDeclined:
		return outcome{state: Failed, reason: "declined", decline: p.DeclineCode}
	case giveUp:
		return outcome{state: Canceled, reason: "canceled", watch: watch}
	case timeUp:
		return outcome{state: Expired, reason: "expired", watch: watch}
	default:
		return outcome{state: Failed, reason: "payment_canceled"}
	}
}

// see stores what the provider said about an open payment when it is new, so that reading the
// checkout shows where the shopper has to go.
func (s Service) see(ctx context.Context, c *Checkout, p payment.Payment) (*Checkout, error) {
	if c.State != Paying || p.State == absent || c.Payment.State == p.State && c.Payment.RedirectURL == p.NextActionURL {
		return nil, nil
	}
	seen := c.Payment
	seen.ID, seen.State, seen.RedirectURL = p.ID, p.State, p.NextActionURL
	after, moved, err := s.change(ctx, c, "#payment = :payment", map[string]any{":payment": seen})
	if err != nil || moved {
		return after, err
	}
	*c = *after
	return nil, nil
}

// void lets a payment go. If it changed at the same moment, the next look shows how.
func (s Service) void(ctx context.Context, c *Checkout, p payment.Payment) (*Checkout, error) {
	_, err := s.Provider.Void(ctx, p.ID, "void-"+c.ID)
	// Captured or finished meanwhile.
	if err != nil && !errors.Is(err, payment.ErrStateConflict) {
		return nil, errors.Join(task.ErrLater, err)
	}
	return c, nil
}

// HandleWebhook is Settle for a provider's message about a payment. The message shows the past, so
// it only says where to look; one about a checkout that is not ours changes nothing. Errors:
// task.ErrLater.
func (s Service) HandleWebhook(ctx context.Context, p payment.Payment) error {
	checkoutID := p.Metadata["checkout"]
	// The provider tells of each payment, also of those whose order was made while the shopper waited.
	if s.Completed.has(checkoutID) {
		return nil
	}
	c, err := s.get(ctx, checkoutID)
	if problem.Code(err) == "checkout_not_found" {
		return nil
	}
	if err != nil {
		return err
	}
	// A read by the provider's id costs less than a look-up by key.
	if c.Payment.ID == "" && p.Key == c.ID {
		c.Payment.ID = p.ID
	}
	_, err = s.Settle(ctx, c, false)
	return err
}

// HandleRefund takes in what the provider reports about the refund of a late payment. A refund that failed after it had
// counted as sent puts the checkout back to where its money is to be given back, and the due job tries again and raises
// the alarm. A message about a checkout that is not ours changes nothing.
func (s Service) HandleRefund(ctx context.Context, checkoutID string, r payment.Refund) error {
	c, err := s.get(ctx, checkoutID)
	if problem.Code(err) == "checkout_not_found" {
		return nil
	}
	// A refund that is on its way or has arrived changes nothing: the checkout has counted it.
	if err != nil || r.State != payment.RefundFailed || c.State != Refunded {
		return err
	}
	s.Log.ErrorContext(ctx, "the refund of a late payment failed", "checkout", c.ID, "refund", r.ID)
	_, err = s.unwind(ctx, c)
	return err
}

// Work is Settle for a due job: what the provider does not answer is put off and is no failure of the job.
func (s Service) Work(ctx context.Context, checkoutID string) error {
	return s.machine(false, nil).Work(ctx, checkoutID)
}

// whenNext is when a checkout is looked at again: at the end of a hold exactly then, everything
// else with growing pauses.
func (s Service) whenNext(c *Checkout, silent bool) time.Time {
	now := s.Clock.Now()
	at := now.Add(backoff.Provider.After(c.ProviderAskedAt))
	// A challenge is passed by the shopper, whose return is a request of its own: asking in between
	// is of no use.
	if c.State == Paying && now.Before(c.HeldUntil) &&
		(at.After(c.HeldUntil) || !silent && c.Payment.State == payment.StateRequiresAction) {
		return c.HeldUntil
	}
	return at
}

// postpone sets the time of the next look; cause is not nil when the provider did not answer. The
// condition is that the checkout has not moved on.
func (s Service) postpone(ctx context.Context, c *Checkout, cause error) error {
	// Not due: nothing waits for it.
	if c.Shard == "" {
		return nil
	}
	kind := DueRefund
	if c.State == Paying {
		kind = DueCheckout
	}
	d := due.On(kind, c.ID, s.whenNext(c, cause != nil))
	_, _, err := s.change(ctx, c, "#duePk = :shard, #dueAt = :at, #dueTries = :none ADD #asked :one", map[string]any{
		":shard": d.Shard, ":at": d.At, ":none": 0, ":one": 1,
	})
	return err
}
