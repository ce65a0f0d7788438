package order

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"dangol/events"
	"dangol/shared/payment"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/event"
	"dangol/shared/platform/metrics"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/platform/task"
)

// Cashier moves the money of orders. Each movement is stored with its key before the provider is
// called, so any of the calls may be lost, repeated, or made by several workers at once.
type Cashier struct {
	Orders   Store
	Provider payment.Provider
	Clock    clock.Clock
	Log      *slog.Logger
	Metrics  *metrics.Writer // nil for none
}

// moneyStep is the next thing to do about the money of an order.
type moneyStep string

const (
	nothing moneyStep = "nothing"
	capture moneyStep = "capture"
	release moneyStep = "release"
	// Named refund in logs; refund is the name of a package here.
	payBack moneyStep = "refund"
)

// nextMoneyStep decides by the state of payment and refunds. It is the pure core of the task.
func (o *Order) nextMoneyStep() moneyStep {
	switch {
	// First the capture: until the money is there, nothing can be refunded.
	case o.Payment.State == PayAuthorized:
		return capture
	case o.Payment.State == PayReleasing:
		return release
	case o.pending() != nil:
		return payBack
	default:
		return nothing
	}
}

// maxSteps bounds the steps of one Settle. A release may turn into a refund, and a refund into
// another; each leaves less to do, so more steps would mean an error in the rules.
const maxSteps = 4

// Settle does what is to be done about the money of an order that was read: capture it, let it go, or give it back. It
// returns the order as it then is. A capture is 1 call and 1 round trip. Errors: task.ErrLater.
func (c Cashier) Settle(ctx context.Context, o *Order) (*Order, error) {
	return c.machine().Run(ctx, o)
}

// Work is Settle for a due job: what the provider does not answer is put off and is no failure of the job. An order
// that is not there needs nothing.
func (c Cashier) Work(ctx context.Context, orderID string) error {
	return c.machine().Work(ctx, orderID)
}

// machine is the durable task of an order's money: nextMoneyStep decides, the steps act. A step that the database
// refuses for ever cannot be compensated, because the order is what records the compensation: it stays due, and the
// alarm rings.
func (c Cashier) machine() task.Machine[*Order] {
	return task.Machine[*Order]{
		Engine:   task.Engine{Table: c.Orders.Table, Clock: c.Clock, Log: c.Log, Metrics: c.Metrics},
		Name:     "order money",
		MaxSteps: maxSteps,
		Load:     c.load,
		Step:     c.step,
		Postpone: c.postpone,
		Abandon: func(_ context.Context, o *Order, cause error) (*Order, bool, error) {
			return o, false, cause
		},
	}
}

// load reads the order of a job; one that does not exist ends the job.
func (c Cashier) load(ctx context.Context, orderID string) (*Order, error) {
	o, err := c.Orders.Get(ctx, orderID)
	if problem.Code(err) == "order_not_found" {
		return nil, task.ErrGone
	}
	return o, err
}

// step does the next step; done is true when nothing is left.
func (c Cashier) step(ctx context.Context, o *Order) (after *Order, done bool, err error) {
	switch o.nextMoneyStep() {
	case capture:
		after, err = c.capture(ctx, o)
	case release:
		after, err = c.release(ctx, o)
	case payBack:
		after, err = c.refund(ctx, o)
	default:
		after, err = c.atRest(ctx, o)
		done = true
	}
	return after, done, err
}

// postpone sets the next call of the provider to a later time, if there is still something to do.
// cause is nil when nothing is left.
func (c Cashier) postpone(ctx context.Context, o *Order, cause error) error {
	if cause == nil {
		return nil
	}
	_, err := c.Orders.Change(ctx, o.ID, func(o *Order) (bool, []table.Write, error) {
		if o.nextMoneyStep() == nothing {
			return false, nil, nil
		}
		o.Postponed(c.Clock.Now())
		return true, nil, nil
	})
	return err
}

// atRest removes an order with nothing to do from the due index. Its entry may be there because the
// outcome came by a webhook.
func (c Cashier) atRest(ctx context.Context, o *Order) (*Order, error) {
	// No entry: the usual case costs no write.
	if o.Shard == "" {
		return o, nil
	}
	return c.Orders.Apply(ctx, o, func(o *Order) (bool, []table.Write, error) {
		if o.nextMoneyStep() != nothing {
			return false, nil, nil
		}
		o.rest()
		return true, nil, nil
	})
}

// capture takes the reserved money. The key names the order, so a repeated call captures once.
func (c Cashier) capture(ctx context.Context, o *Order) (*Order, error) {
	p, err := c.Provider.Capture(ctx, o.Payment.ID, "capture-"+o.ID, o.Money(o.Payment.Amount))
	// It was captured or let go before; the payment itself says which.
	if errors.Is(err, payment.ErrStateConflict) || errors.Is(err, payment.ErrNotFound) {
		p, err = c.Provider.Get(ctx, o.Payment.ID)
	}
	switch {
	// The reservation has expired (after about 7 days at most providers) or was canceled at the
	// provider.
	case errors.Is(err, payment.ErrNotFound) || err == nil && p.State.Failed():
		return c.unpaid(ctx, o)
	case err == nil && p.State == payment.StateCaptured:
		return c.Orders.Apply(ctx, o, func(o *Order) (bool, []table.Write, error) {
			return o.Paid(p.Captured.Amount, c.Clock.Now()), nil, nil
		})
	default:
		return o, c.later(err)
	}
}

// unpaid cancels an order whose reservation is gone: nobody can be made to pay for it any more.
func (c Cashier) unpaid(ctx context.Context, o *Order) (*Order, error) {
	return c.Orders.Apply(ctx, o, func(o *Order) (bool, []table.Write, error) {
		now := c.Clock.Now()
		if !o.Unpaid(now) {
			return false, nil, nil
		}
		return o.ended(ctx, events.OrderPaymentFailed{
			OrderRef: o.ref(), Total: o.Total(), Lines: o.eventLines(), Promotions: o.promotions(), FirstOrder: o.First,
			PlacedAt: o.PlacedAt,
		}, now)
	})
}

// Cancel cancels an order that was read, gives back what it took, and starts to give back the money. What the provider
// does not answer now stays due. Errors: 409 order_shipped.
func (c Cashier) Cancel(ctx context.Context, o *Order, reason, by string) (*Order, error) {
	o, err := c.Orders.Apply(ctx, o, func(o *Order) (bool, []table.Write, error) {
		now, first := c.Clock.Now(), o.State != Canceled
		changed, err := o.Cancel(reason, by, now)
		// Stock and counters go back with the first cancellation only; a later call retries a
		// refund.
		if err != nil || !changed || !first {
			return changed, nil, err
		}
		return o.ended(ctx, events.OrderCanceled{
			OrderRef: o.ref(), Reason: reason, By: by, Lines: o.eventLines(), Total: o.Total(), Refund: o.Money(o.toReturn()),
			Promotions: o.promotions(), FirstOrder: o.First, PlacedAt: o.PlacedAt,
		}, now)
	})
	if err != nil {
		return nil, err
	}
	// The provider is called within the request, so that most customers see the refund at once.
	settled, err := c.Settle(ctx, o)
	if errors.Is(err, task.ErrLater) {
		c.Log.WarnContext(ctx, "refund is due", "order", o.ID, "error", err)
		return settled, nil
	}
	return settled, err
}

// HandleWebhook records what the provider reports about a refund. A message about an order or
// refund that is not ours changes nothing.
func (c Cashier) HandleWebhook(ctx context.Context, orderID string, r payment.Refund) error {
	_, err := c.Orders.Change(ctx, orderID, func(o *Order) (bool, []table.Write, error) {
		return o.Refunded(r.Key, r.ID, r.State, c.Clock.Now()), nil, nil
	})
	// The account may serve another stage of the shop as well.
	if problem.Code(err) == "order_not_found" {
		return nil
	}
	return err
}

// ended gives back what the order took from stock and counters, and sets the event that says so.
func (o *Order) ended(ctx context.Context, body event.Body, now time.Time) (bool, []table.Write, error) {
	back := o.ReleaseWrites()
	// Cleared, so that a later change of the order does not give them back again.
	o.Allocations, o.Counted = nil, nil // once
	for i := range o.Uses {
		o.Uses[i].Budgeted, o.Uses[i].Coded = false, false
	}
	var err error
	o.Event, err = event.New(ctx, now, body)
	return true, back, err
}

// release lets the reservation go. Its state is read first: voiding what was captured is an error
// that some providers report like any other.
func (c Cashier) release(ctx context.Context, o *Order) (*Order, error) {
	p, err := c.Provider.Get(ctx, o.Payment.ID)
	if err == nil && (p.State == payment.StateAuthorized || p.State == payment.StateRequiresAction) {
		// The key is made of the authorization's, so a repeated void is the same call.
		if p, err = c.Provider.Void(ctx, o.Payment.ID, "void-"+o.Payment.Key); errors.Is(err, payment.ErrStateConflict) {
			p, err = c.Provider.Get(ctx, o.Payment.ID) // a capture was faster
		}
	}
	now := c.Clock.Now()
	switch {
	case errors.Is(err, payment.ErrNotFound) || err == nil && p.State.Failed():
		return c.Orders.Apply(ctx, o, func(o *Order) (bool, []table.Write, error) { return o.RecordRelease(now), nil, nil })
	// A capture came first, so the money has to be refunded.
	case err == nil && p.State == payment.StateCaptured:
		return c.Orders.Apply(ctx, o, func(o *Order) (bool, []table.Write, error) {
			return o.RecordLateCapture(p.Captured.Amount, now), nil, nil
		})
	default:
		return o, c.later(err)
	}
}

// keyLife is how long a provider surely remembers an idempotency key (Stripe: 24 hours). An older
// refund is looked up before it is sent again.
const keyLife = 20 * time.Hour

// refund sends or looks up the first refund that waits. A refusal is final for this refund: an
// operator retries it with a new key.
func (c Cashier) refund(ctx context.Context, o *Order) (*Order, error) {
	// Copied, because Apply may run on a fresh read of the order.
	r := *o.pending()
	now := c.Clock.Now()
	got, err := c.askOrSend(ctx, o, r, now)
	switch {
	case err == nil:
	case errors.Is(err, payment.ErrUnknown) || errors.Is(err, payment.ErrUnavailable):
		return o, c.later(err)
	default:
		c.Log.ErrorContext(ctx, "refund refused", "order", o.ID, "key", r.Key, "error", err)
		got = payment.Refund{State: payment.RefundFailed}
	}
	settled, err := c.Orders.Apply(ctx, o, func(o *Order) (bool, []table.Write, error) {
		return o.Refunded(r.Key, got.ID, got.State, now), nil, nil
	})
	// Accepted, but the bank has not answered: the webhook or the next look-up brings the outcome.
	if err == nil && got.State == payment.RefundPending {
		return settled, task.ErrLater
	}
	return settled, err
}

// askOrSend looks a refund up that the provider may know, and sends it when it does not.
func (c Cashier) askOrSend(ctx context.Context, o *Order, r Refund, now time.Time) (payment.Refund, error) {
	if r.ProviderID != "" || now.Sub(r.At) > keyLife {
		got, err := c.Provider.LookupRefund(ctx, o.paymentOf(r), r.Key)
		if !errors.Is(err, payment.ErrNotFound) {
			return got, err
		}
	}
	return c.Provider.Refund(ctx, payment.RefundRequest{
		Key: r.Key, PaymentID: o.paymentOf(r), Amount: o.Money(r.Amount), Reason: r.Reason,
		Metadata: map[string]string{"order": o.ID},
	})
}

// later is the error of a call that settled nothing; cause may be nil.
func (c Cashier) later(cause error) error { return errors.Join(task.ErrLater, cause) }
