package returns

import (
	"context"
	"errors"

	"dangol/shared/money"
	"dangol/shared/payment"
	"dangol/shared/platform/due"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/platform/task"
)

// collection is what came of asking the provider for money.
type collection struct {
	payment payment.Payment
	paid    bool  // the money is ours
	over    bool  // it came to nothing, and another attempt may begin
	err     error // for the caller; nil while the shopper has something to do
}

// afterLook is what follows for a caller who wants to pay when an earlier payment was looked at.
type afterLook int

const (
	// answered: the earlier payment is the answer, whatever became of it.
	answered afterLook = iota
	// sendAgain: the provider does not know the earlier payment. Its request got lost, or another caller is just sending
	// it; under the same key it is one payment in both cases, where another key would make a second one.
	sendAgain
	// beginAnother: the earlier payment failed, and is forgotten.
	beginAnother
)

// collected says what an answer of the provider means, and takes what was only reserved. An answer that never came is
// neither paid nor over.
func (f *Returns) collected(ctx context.Context, p payment.Payment, err error) collection {
	if err == nil && p.State == payment.StateAuthorized {
		p, err = f.Provider.Capture(ctx, p.ID, "capture-"+p.Key, p.Amount)
	}
	_, declined := errors.AsType[*payment.Declined](err)
	switch {
	case declined || err == nil && p.State.Failed():
		return collection{over: true,
			err: problem.PaymentRequired("payment_declined", "The payment was declined; try another card.")}
	case errors.Is(err, payment.ErrAmount):
		return collection{over: true,
			err: problem.Conflict("amount_not_payable", "No card can be charged this amount; ask the shop to help.")}
	case errors.Is(err, payment.ErrInvalid):
		return collection{over: true,
			err: problem.InvalidField("/paymentMethod", "not_allowed", "a token of the payment provider")}
	case err != nil:
		return collection{err: problem.Unavailable("payment_unavailable",
			"The payment provider does not answer; try again, nothing is taken twice.").Because(err)}
	}
	return collection{payment: p, paid: p.State == payment.StateCaptured}
}

// PaymentReturnKind is the kind of the tasks that give back a payment which came too late for what it was for.
const PaymentReturnKind = "payment_return"

// PaymentReturn is a payment that goes back whole.
type PaymentReturn struct {
	PaymentID string            `json:"paymentId"`
	Key       string            `json:"key"` // of the refund
	Amount    money.Money       `json:"amount"`
	Reason    string            `json:"reason"`
	Metadata  map[string]string `json:"metadata,omitempty"`
}

// giveBack refunds a payment whole, or lets a reservation go of which nothing was taken. It is a task: it is stored
// before the provider is asked, and repeated until the provider has taken it, whatever becomes of the caller. Repeating
// changes nothing. 2 round trips and the provider's.
func (f *Returns) giveBack(ctx context.Context, p payment.Payment, reason string, metadata map[string]string) error {
	key := "refund-" + p.Key
	t := task.Begun(PaymentReturnKind, key, PaymentReturn{
		PaymentID: p.ID, Key: key, Amount: p.Captured, Reason: reason, Metadata: metadata,
	}, f.Clock.Now())
	err := f.Table.Put(ctx, table.Put{Item: t, If: table.IfNew}) // a payment goes back once
	if _, stored := table.Failed(err); stored {
		return nil
	}
	if err != nil {
		return err
	}
	if err := f.paymentReturns().Run(ctx, t); err != nil {
		f.Log.WarnContext(ctx, "a payment that came too late is left to the queue", "payment", p.ID, "error", err)
	}
	return nil
}

// returnPaymentDue tries again to give a payment back.
func (f *Returns) returnPaymentDue(ctx context.Context, job due.Job) error {
	return f.paymentReturns().Work(ctx, job)
}

// paymentReturns is the kind of task that giveBack stores. A request without an answer is asked about by its key before
// it is repeated.
func (f *Returns) paymentReturns() task.Kind[PaymentReturn] {
	return task.Kind[PaymentReturn]{
		Engine: task.Engine{Table: f.Table, Clock: f.Clock, Log: f.Log, Metrics: f.Metrics},
		Name:   PaymentReturnKind, Delivery: task.AtLeastOnce, Do: f.returnPayment,
		Ask: func(ctx context.Context, t *task.Task[PaymentReturn]) (task.Outcome, error) {
			if t.Payload.Value.Amount.Amount == 0 {
				return task.Outcome{}, task.ErrNotSeen // letting go twice is harmless
			}
			r, err := f.Provider.LookupRefund(ctx, t.Payload.Value.PaymentID, t.Payload.Value.Key)
			if errors.Is(err, payment.ErrNotFound) {
				return task.Outcome{}, task.ErrNotSeen
			}
			return task.Outcome{}, refundTaken(r, err)
		},
	}
}

// returnPayment asks the provider for the refund. The provider takes each key once.
func (f *Returns) returnPayment(ctx context.Context, t *task.Task[PaymentReturn]) (task.Outcome, error) {
	w := t.Payload.Value
	if w.Amount.Amount == 0 {
		_, err := f.Provider.Void(ctx, w.PaymentID, w.Key)
		return task.Outcome{}, refundTaken(payment.Refund{}, err)
	}
	r, err := f.Provider.Refund(ctx, payment.RefundRequest{
		Key: w.Key, PaymentID: w.PaymentID, Amount: w.Amount, Reason: w.Reason, Metadata: w.Metadata,
	})
	return task.Outcome{}, refundTaken(r, err)
}

// refundTaken says whether the provider has taken a refund. One that the bank refuses is asked for again: the money is
// not the shop's.
func refundTaken(r payment.Refund, err error) error {
	switch {
	case errors.Is(err, payment.ErrUnavailable):
		return errors.Join(task.ErrLater, err)
	case errors.Is(err, payment.ErrStateConflict): // all of it has gone back
		return nil
	case err == nil && r.State == payment.RefundFailed:
		return errors.Join(task.ErrLater, errors.New("the bank has refused the refund"))
	}
	return err
}
