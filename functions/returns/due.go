package returns

import (
	"context"
	"errors"
	"strings"
	"time"

	"dangol/events"
	"dangol/shared/money"
	"dangol/shared/order"
	"dangol/shared/payment"
	"dangol/shared/platform/due"
	"dangol/shared/platform/event"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/platform/worker"
	"dangol/shared/rma"
	"dangol/shared/stock"
	"dangol/shared/storecredit"
)

// Signals that alarms watch.
const (
	RefundDueSoon = "ReturnRefundDueSoon"
	RefundLate    = "ReturnRefundLate"
)

// Jobs are the jobs that the function does.
func (f *Returns) Jobs() worker.Kinds {
	return worker.Kinds{
		{Name: rma.DueKind, Table: table.Commerce.Name, Handle: f.returnDue},
		{Name: storecredit.DueKind, Table: table.Commerce.Name, Handle: f.creditDue},
		{Name: AdditionKind, Table: table.Commerce.Name, Handle: f.additionDue},
		{Name: PaymentReturnKind, Table: table.Commerce.Name, Handle: f.returnPaymentDue},
	}
}

// returnDue does what is due about a return: it expires, its refund is almost or really late, or the balance of its
// exchange was not paid. A job may come early, late and twice.
func (f *Returns) returnDue(ctx context.Context, job due.Job) error {
	// Not the key of a return: there is nothing to do.
	id, ok := strings.CutPrefix(job.Key.SK, "RETURN#")
	if !ok {
		return nil
	}
	r, _, err := f.Returns.Get(ctx, id)
	if problem.Code(err) == "return_not_found" {
		return nil
	}
	if err != nil {
		return err
	}
	if wait, err := f.paymentsDue(ctx, r); err != nil || wait {
		return err
	}
	// What needs reads and writes of its own is found here and checked again there.
	switch r.DueAt(f.Clock.Now()) {
	case rma.ChargeHold:
		return f.chargeHold(ctx, id)
	case rma.SettleHold:
		_, err := f.settleHold(ctx, r)
		return err
	case rma.Lapse:
		return f.lapse(ctx, id)
	}
	// Set in the step and used behind it: the step may run several times, and the last run counts.
	var passed rma.TimerResult
	r, o, err := f.change(ctx, id, func(r *rma.RMA, o *order.Order) (changeSet, error) {
		now := f.Clock.Now()
		passed = r.DueAt(now)
		return passDeadline(r, o, passed, now), nil
	})
	if err != nil {
		return err
	}
	if signal := signalOf[passed]; signal != "" {
		f.Log.ErrorContext(ctx, "the law's time for a refund", "return", r.ID, "signal", signal, "refundBy",
			r.Deadlines.RefundBy)
		f.Signal(ctx, signal)
	}
	// Voiding a return may have made another one worth more.
	if passed == rma.Expire {
		f.payNow(ctx, o)
	}
	return nil
}

// paymentsDue looks at payments that were begun, before what they pay for lapses: they may still succeed. wait is true
// while an outcome is to come.
func (f *Returns) paymentsDue(ctx context.Context, r *rma.RMA) (wait bool, err error) {
	if r.State == rma.AwaitingPayment && r.Swap.Attempt.Key != "" {
		if wait, err := f.balanceDue(ctx, r); err != nil || wait {
			return wait, err
		}
	}
	if r.Hold.State == rma.NoHold && r.Hold.Attempt.Key != "" {
		return f.holdDue(ctx, r)
	}
	return false, nil
}

// signalOf is what alarms are told when a deadline has passed.
var signalOf = map[rma.TimerResult]string{rma.Warn: RefundDueSoon, rma.NoteLate: RefundLate}

// passDeadline changes a return whose deadline has passed: it expires, its refund is almost or really late, or goods
// that are held for its exchange are sold.
func passDeadline(r *rma.RMA, o *order.Order, passed rma.TimerResult, now time.Time) changeSet {
	// The quoted amount is the most that is at stake: an inspection can only lower it.
	delayed := events.ReturnRefundDelayed{ReturnRef: r.Ref(), RefundBy: r.Deadlines.RefundBy,
		Amount: r.Money(r.Quote.Refund)}
	switch passed {
	case rma.Expire:
		r.Expired(now)
		w := release(r, o, now)
		// The goods were never handed over, so the customer is told that the return is over.
		w.event = events.ReturnCanceled{ReturnRef: r.Ref(), Expired: true, Lines: r.EventLines()}
		return w
	case rma.Warn:
		r.Warned(now)
		return changeSet{event: delayed}
	case rma.NoteLate:
		r.WasLate(now)
		delayed.Late = true
		return changeSet{event: delayed}
	case rma.Unhold:
		w := changeSet{order: true, give: stock.Release(r.Swap.Taken)}
		r.Unheld(now)
		o.Entry(r.ID).To = destination(r.Resolution)
		return w
	}
	// Nothing is due yet, or something else than when the job came: the next deadline is put into the index.
	r.Settle()
	return changeSet{}
}

// lapse turns an exchange whose balance was not paid into a refund: the held goods are for sale again, the money goes
// back.
func (f *Returns) lapse(ctx context.Context, returnID string) error {
	_, o, err := f.change(ctx, returnID, func(r *rma.RMA, o *order.Order) (changeSet, error) {
		now := f.Clock.Now()
		// A payment that has begun meanwhile is waited for: it would come too late for goods that are gone.
		if r.DueAt(now) != rma.Lapse || r.Swap.Attempt.Key != "" {
			return changeSet{nothing: true}, nil
		}
		// Kept for the release below, before the exchange is forgotten.
		held := r.Swap.Taken
		r.Swap = rma.Swap{}
		r.Lapsed(now)
		w, err := f.settlement(ctx, r, o, rma.BySystem, now)
		w.give = stock.Release(held) // what came back was restocked when it was inspected
		return w, err
	})
	if err != nil {
		return err
	}
	f.payNow(ctx, o)
	return nil
}

// balanceDue asks about the payment of a balance that was begun. wait is true while its outcome is to come.
func (f *Returns) balanceDue(ctx context.Context, r *rma.RMA) (wait bool, err error) {
	// By the key, because the process that began the payment may have died before it had an id.
	p, err := f.Provider.Lookup(ctx, r.Swap.Attempt.Key)
	switch {
	case errors.Is(err, payment.ErrNotFound) || err == nil && p.State.Failed():
		return false, f.forgetBalance(ctx, r.ID, r.Swap.Attempt.Key)
	// Taken: the exchange is sent, whatever the deadline says.
	case err == nil && (p.State == payment.StateCaptured || p.State == payment.StateAuthorized):
		_, err = f.balanceAnswered(ctx, r, p, nil)
		return true, err
	// The shopper did not finish the challenge in time. Voiding first makes sure that nothing is
	// taken later.
	case err == nil && !f.Clock.Now().Before(r.Deadlines.PayBy):
		if _, err = f.Provider.Void(ctx, p.ID, "void-"+p.Key); err == nil {
			return false, f.forgetBalance(ctx, r.ID, r.Swap.Attempt.Key)
		}
	}
	if err != nil {
		f.Log.WarnContext(ctx, "provider silent", "return", r.ID, "error", err)
	}
	// Not known yet, or the provider is silent: a look every quarter of an hour from now on.
	_, _, err = f.change(ctx, r.ID, func(r *rma.RMA, _ *order.Order) (changeSet, error) {
		if r.Swap.Attempt.Key == "" {
			return changeSet{nothing: true}, nil
		}
		r.Await(f.Clock.Now().Add(15 * checkSoon))
		return changeSet{}, nil
	})
	return true, err
}

// creditDue tells a customer that a lot of store credit is about to expire, and ends it when it has.
func (f *Returns) creditDue(ctx context.Context, job due.Job) error {
	var l storecredit.Lot
	err := f.Table.Get(ctx, job.Key, &l)
	if errors.Is(err, table.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	now := f.Clock.Now()
	// nil when nothing is due: the lot was spent, or its end was moved.
	u := l.Tick(now)
	if u == nil {
		return nil
	}
	// A lot without anything left ends without a word.
	if l.Left > 0 {
		lot := events.CreditLot{
			LotID: l.ID, CustomerID: l.CustomerID, Email: l.Email, Language: l.Language, Left: money.Of(l.Left, l.Currency),
			ExpiresAt: l.ExpiresAt,
		}
		var body event.Body = events.CreditExpiryAnnounced{CreditLot: lot}
		if !now.Before(l.ExpiresAt) {
			body = events.CreditExpired{CreditLot: lot}
		}
		e, err := event.New(ctx, now, body)
		if err != nil {
			return err
		}
		// The event must be in the same write, or it could be lost between the two.
		u.Do = strings.Replace(u.Do, "SET ", "SET #event = :event, ", 1)
		u.With[":event"] = e
	}
	_, err = f.Table.Update(ctx, *u)
	if _, failed := table.Failed(err); failed {
		return nil // spent or given back meanwhile; the job comes again
	}
	return err
}
