package checkout

import (
	"context"
	"errors"

	"dangol/events"
	"dangol/shared/cart"
	"dangol/shared/payment"
	"dangol/shared/platform/backoff"
	"dangol/shared/platform/due"
	"dangol/shared/platform/event"
	"dangol/shared/platform/table"
	"dangol/shared/platform/task"
	"dangol/shared/storecredit"
)

// ReasonNotPossible is the reason of a checkout that was paid and could never become an order.
const ReasonNotPossible = "order_not_possible"

// ReasonAmount is the reason of a checkout whose amount the provider does not take, such as what store credit left of a
// price.
const ReasonAmount = "amount_not_payable"

// outcome is how a checkout ends without an order. watch keeps it due, because the payment may
// still succeed.
type outcome struct {
	state   State
	reason  string
	decline string
	watch   bool
}

// release gives everything back in one transaction: stock, lifetime counters, store credit, the
// cart. Of several who release at once one succeeds; the others see the result.
func (s Service) release(ctx context.Context, c *Checkout, end outcome) (*Checkout, error) {
	now := s.Clock.Now()
	paid := c.Payment
	paid.DeclineCode, paid.RedirectURL = end.decline, ""
	u := table.Update{
		Key: c.Key, If: "#state = :paying", // what is given back is given back once
		Do: "SET #state = :end, #reason = :reason, #payment = :paid, #updatedAt = :now, #asked = :none, ",
		With: map[string]any{
			":paying": Paying, ":end": end.state, ":reason": end.reason, ":paid": paid, ":now": now, ":none": 0,
		},
	}
	if end.watch {
		d := due.On(DueRefund, c.ID, now.Add(backoff.Provider.After(0)))
		u.Do += "#duePk = :shard, #dueAt = :at, #dueTries = :none"
		u.With[":shard"], u.With[":at"] = d.Shard, d.At
		// The record is deleted after keepFor only when no money can turn up for it.
	} else {
		u.Do += "#ttl = :ttl " + due.Remove
		u.With[":ttl"] = forget(now)
	}
	back := append(c.ReleaseWrites(), cart.Reopen(c.CartKey, c.ID, now))
	customer := storecredit.CustomerContact{Email: c.Email, Language: c.Language}
	back = append(back, storecredit.GiveBack(c.Credit, customer, c.ID, now)...)
	err := s.Table.TransactReleasing(ctx, token(s.Clock), []table.Write{u}, back)
	// Another release or an order was first: that is the outcome.
	if canceled, ok := table.Refused(err); err != nil && !(ok && canceled.Refused(0)) {
		return nil, err
	}
	return s.get(ctx, c.ID)
}

// unwind records that money has turned up for a checkout that has no stock any more. From here on
// the money goes back, even if this worker stops in between.
func (s Service) unwind(ctx context.Context, c *Checkout) (*Checkout, error) {
	d := due.On(DueRefund, c.ID, s.Clock.Now().Add(backoff.Provider.After(0)))
	after, _, err := s.change(ctx, c, "#state = :refunding, #duePk = :shard, #dueAt = :at, #asked = :none REMOVE #ttl",
		map[string]any{
			":refunding": Refunding, ":shard": d.Shard, ":at": d.At, ":none": 0,
		})
	return after, err
}

// refund gives the money back under one key. A refund that the bank still works on counts as sent.
// One that it refuses needs a person, and is tried again meanwhile.
func (s Service) refund(ctx context.Context, c *Checkout, p payment.Payment) (*Checkout, error) {
	// Given back already, perhaps at the provider's console.
	if p.Refundable() <= 0 {
		return s.finish(ctx, c, p)
	}
	amount := p.Captured
	amount.Amount = p.Refundable()
	r, err := s.Provider.Refund(ctx, payment.RefundRequest{
		Key: "refund-" + c.ID, PaymentID: p.ID, Amount: amount, Reason: c.Reason,
		Metadata: map[string]string{"checkout": c.ID},
	})
	if err != nil || r.State == payment.RefundFailed {
		s.Log.ErrorContext(ctx, "late payment not refunded yet", "checkout", c.ID, "state", r.State, "error", err)
		return nil, errors.Join(task.ErrLater, err)
	}
	return s.finish(ctx, c, p)
}

// finish ends the checkout with the event that tells the shopper that the money is on its way back.
func (s Service) finish(ctx context.Context, c *Checkout, p payment.Payment) (*Checkout, error) {
	evt, err := event.New(ctx, s.Clock.Now(), events.CheckoutRefunded{
		CheckoutID: c.ID, CustomerID: c.CustomerID, Email: c.Email, Name: c.Recipient(), Language: c.Language,
		Amount: c.ToPay(), Taken: p.State == payment.StateCaptured, Reason: c.Reason,
	})
	if err != nil {
		return nil, err
	}
	after, _, err := s.change(ctx, c, "#state = :refunded, #event = :event "+due.Remove, map[string]any{
		":refunded": Refunded, ":event": evt,
	})
	return after, err
}

// rest removes a checkout with nothing to do from the due index, if it is there.
func (s Service) rest(ctx context.Context, c *Checkout) (*Checkout, error) {
	if c.Shard == "" {
		return nil, nil
	}
	after, moved, err := s.change(ctx, c, "#ttl = :ttl "+due.Remove, map[string]any{":ttl": forget(s.Clock.Now())})
	if err != nil || moved {
		return after, err
	}
	// The caller's record is brought up to date; nil says that there is no further step.
	*c = *after
	return nil, nil
}
