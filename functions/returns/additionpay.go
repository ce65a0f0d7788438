package returns

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"time"

	"dangol/events"
	"dangol/shared/money"
	"dangol/shared/order"
	"dangol/shared/payment"
	"dangol/shared/platform/event"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
)

// payAdditionInput names the card and repeats the price that the shopper agreed to.
type payAdditionInput struct {
	AdditionInput
	Body struct {
		Method    string      `json:"paymentMethod" minLength:"1" maxLength:"200" doc:"The payment provider's token of the shopper's card."`
		ReturnURL string      `json:"returnUrl,omitempty" maxLength:"500" doc:"Where the shopper comes back to after the bank's challenge."`
		Amount    money.Money `json:"amount" doc:"What the shopper was shown; nothing else is taken."`
	}
}

// payAddition takes the price of what is added, once, and adds it. The key of the payment is written down before the
// provider is asked; an outcome that is not known is asked for before anything is tried again. Errors: 402
// payment_declined; 409 addition_over, total_changed, order_shipped, order_canceled; 503 payment_unavailable.
func (f *Returns) payAddition(ctx context.Context, in *payAdditionInput) (*additionOutput, error) {
	o, a, err := f.mayAdd(ctx, in.AdditionInput)
	if err != nil {
		return nil, err
	}
	if err := checkCard(in.Body.Method, in.Body.ReturnURL); err != nil {
		return nil, err
	}
	if a.State == AdditionPaid {
		out := additionAnswer(200, a)
		out.Replay = "true" // an addition is paid once, whatever the key
		return out, nil
	}
	if asked := o.Money(a.Goods.Amount); in.Body.Amount != asked {
		return nil, problem.Conflict("total_changed", "The goods cost %s.", asked.Display()).With("total", asked.Formatted())
	}
	// An earlier payment may still succeed: it is looked at before a second one begins.
	begun := a.Attempt.Key != ""
	if begun {
		out, next, err := f.lookAtAddition(ctx, a)
		if err != nil || next == answered {
			return out, err
		}
		begun = next == sendAgain
	}
	// Before anything is taken, also where a payment that got lost is sent again.
	if err := cmp.Or(o.CanAdd(len(a.Goods.Lines)), a.payable(f.Clock.Now())); err != nil {
		return nil, err
	}
	if !begun {
		a, err = f.changeAddition(ctx, o.ID, a.N, func(a *Addition) (bool, []table.Write, error) {
			return true, nil, a.begin(f.Clock.Now())
		})
		if err != nil {
			return nil, err
		}
	}
	// The same key gets the same payment from the provider, so that nothing is taken twice.
	p, err := f.Provider.Authorize(ctx, payment.AuthorizeRequest{
		Key: a.Attempt.Key, Amount: o.Money(a.Goods.Amount), MethodToken: in.Body.Method, CustomerID: o.CustomerID,
		ReturnURL: in.Body.ReturnURL, Description: order.NumberOf(o.ID), CaptureNow: true,
		Metadata: map[string]string{"order": o.ID},
	})
	return f.additionAnswered(ctx, a, p, err)
}

// lookAtAddition asks what became of a payment that was begun.
func (f *Returns) lookAtAddition(ctx context.Context, a *Addition) (out *additionOutput, next afterLook, err error) {
	p, err := f.Provider.Lookup(ctx, a.Attempt.Key)
	switch {
	case errors.Is(err, payment.ErrNotFound):
		return nil, sendAgain, nil
	case err == nil && p.State.Failed():
		return nil, beginAnother, f.forgetAddition(ctx, a)
	}
	out, err = f.additionAnswered(ctx, a, p, err)
	return out, answered, err
}

// forgetAddition lets another payment begin after one that came to nothing. A payment that began since is not touched.
func (f *Returns) forgetAddition(ctx context.Context, a *Addition) error {
	_, err := f.changeAddition(ctx, a.OrderID, a.N, func(now *Addition) (bool, []table.Write, error) {
		return now.forget(a.Attempt.Key), nil, nil
	})
	return err
}

// additionAnswered acts on what the provider said about the payment of an addition.
func (f *Returns) additionAnswered(ctx context.Context, a *Addition, p payment.Payment, err error) (*additionOutput,
	error) {
	c := f.collected(ctx, p, err)
	if c.over {
		if err := f.forgetAddition(ctx, a); err != nil {
			return nil, err
		}
	}
	switch {
	case c.err != nil:
		return nil, c.err
	case c.paid:
		return f.additionPaid(ctx, a, c.payment)
	}
	changed, err := f.changeAddition(ctx, a.OrderID, a.N, func(now *Addition) (bool, []table.Write, error) {
		if now.Attempt.Key != a.Attempt.Key || now.Attempt.RedirectURL == c.payment.NextActionURL {
			return false, nil, nil
		}
		now.Attempt.RedirectURL = c.payment.NextActionURL
		return true, nil, nil
	})
	if err != nil {
		return nil, err
	}
	return additionAnswer(http.StatusAccepted, changed), nil
}

// additionPaid adds what was paid for to the order, in one transaction, once. When the order cannot be added to any
// more, or the addition is over, the payment goes back. Errors: 409 order_shipped, order_canceled, addition_over.
func (f *Returns) additionPaid(ctx context.Context, paid *Addition, p payment.Payment) (*additionOutput, error) {
	// Both are read anew on each try: the order may have been shipped, or the addition canceled, meanwhile.
	type pair struct {
		a *Addition
		o *order.Order
	}
	var refused error
	read := func(ctx context.Context, _ table.Item) (pair, error) {
		o, err := f.Orders.Get(ctx, paid.OrderID)
		if err != nil {
			return pair{}, err
		}
		a, err := f.addition(ctx, paid.OrderID, paid.N)
		return pair{a, o}, err
	}
	got, err := table.Modify(ctx, read, func(ctx context.Context, g pair) (pair, error) {
		now := f.Clock.Now()
		// What an earlier try has set no longer counts.
		refused = nil
		switch {
		case g.a.State == AdditionPaid && g.a.Paid == p.ID:
			return g, nil
		case g.a.State != AdditionOpen:
			refused = g.a.refuse()
			return g, nil
		}
		// The stock that the addition holds becomes stock that the order has taken; nothing is counted twice.
		refused = g.o.AddLines(g.a.Goods.Added, g.a.Goods.Taken, &order.MorePayment{
			ID: g.a.paymentName(), Provider: f.Provider.Name(), ProviderID: p.ID, Captured: p.Captured.Amount,
		}, g.a.By, now)
		if refused != nil {
			return g, f.storeAddition(ctx, g.a, nil, g.a.end(AdditionCanceled))
		}
		g.a.end(AdditionPaid)
		g.a.Paid = p.ID
		var err error
		g.o.Event, err = event.New(ctx, now, events.OrderChanged{
			OrderRef: g.o.Ref(), What: []string{"lines"}, Added: addedLines(g.a, g.o), Paid: p.Captured, By: g.a.By,
		})
		if err != nil {
			return g, err
		}
		put, _ := f.Orders.Replace(g.o)
		return g, f.storeAddition(ctx, g.a, []table.Write{put}, nil)
	})
	if err != nil {
		return nil, err
	}
	// Only after the addition is over for good: before, a repetition could still add the goods.
	if refused != nil {
		if err := f.giveBack(ctx, p, "order_not_changed", map[string]string{"order": paid.OrderID}); err != nil {
			return nil, err
		}
		return nil, refused
	}
	return additionAnswer(200, got.a), nil
}

// additionPaymentDue asks about a payment of an addition that was begun. wait is true while its outcome is to come.
func (f *Returns) additionPaymentDue(ctx context.Context, a *Addition) (wait bool, err error) {
	p, err := f.Provider.Lookup(ctx, a.Attempt.Key)
	switch {
	case errors.Is(err, payment.ErrNotFound) || err == nil && p.State.Failed():
		return false, f.forgetAddition(ctx, a)
	case err == nil && (p.State == payment.StateCaptured || p.State == payment.StateAuthorized):
		_, err = f.additionAnswered(ctx, a, p, nil)
		if is, ok := errors.AsType[*problem.Problem](err); ok && is.Status == 409 {
			err = nil // the payment goes back
		}
		return true, err
	// The shopper did not finish the challenge in time. Voiding first makes sure that nothing is taken later.
	case err == nil && !f.Clock.Now().Before(a.PayBy):
		if _, err = f.Provider.Void(ctx, p.ID, "void-"+p.Key); err == nil {
			return false, f.forgetAddition(ctx, a)
		}
	}
	if err != nil {
		f.Log.WarnContext(ctx, "provider silent", "order", a.OrderID, "addition", a.N, "error", err)
	}
	_, err = f.changeAddition(ctx, a.OrderID, a.N, func(now *Addition) (bool, []table.Write, error) {
		if now.Attempt.Key != a.Attempt.Key {
			return false, nil, nil
		}
		// Not known yet, or the provider is silent: a look every quarter of an hour from now on.
		now.await(f.Clock.Now().Add(15 * time.Minute))
		return true, nil, nil
	})
	return true, err
}
