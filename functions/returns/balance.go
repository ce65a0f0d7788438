package returns

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"dangol/shared/money"
	"dangol/shared/order"
	"dangol/shared/payment"
	"dangol/shared/platform/auth"
	"dangol/shared/platform/problem"
	"dangol/shared/refund"
	"dangol/shared/rma"
)

// balanceInput is the payment of the balance of an exchange.
type balanceInput struct {
	ReturnInput
	Body struct {
		Method    string      `json:"paymentMethod" minLength:"1" maxLength:"200" doc:"The payment provider's token of the shopper's card."`
		ReturnURL string      `json:"returnUrl,omitempty" maxLength:"500" doc:"Where the shopper comes back to after the bank's challenge."`
		Amount    money.Money `json:"amount" doc:"What the shopper was shown; nothing else is taken."`
	}
}

// checkSoon is when a payment whose outcome is not known is asked about.
const checkSoon = time.Minute

// payBalance takes the difference of an exchange, once, and sends it. The key of the payment is written down before the
// provider is asked; an outcome that is not known is asked for before anything is tried again. Errors: 402
// payment_declined; 409 return_state, total_changed; 503 payment_unavailable.
func (f *Returns) payBalance(ctx context.Context, in *balanceInput) (*output, error) {
	if err := f.may(ctx, in.ReturnInput); err != nil {
		return nil, err
	}
	if err := checkCard(in.Body.Method, in.Body.ReturnURL); err != nil {
		return nil, err
	}
	r, o, err := f.Returns.Get(ctx, in.ReturnID)
	if err != nil {
		return nil, err
	}
	// A repetition whose first answer was lost.
	if r.State == rma.Completed && r.Swap.Paid != "" {
		return answer(200, r, o, auth.From(ctx)), nil
	}
	if r.State != rma.AwaitingPayment {
		return nil, problem.Conflict("return_state", "This return is %s; there is no balance to pay.", r.State)
	}
	// Nobody pays another amount than the one they were shown.
	if asked := r.Money(r.Settled.BalanceDue); in.Body.Amount != asked {
		return nil, problem.Conflict("total_changed", "The balance is %s.", asked.Display()).With("total", asked.Formatted())
	}
	// An earlier payment of the balance may still succeed: it is looked at before a second one
	// begins.
	begun := r.Swap.Attempt.Key != ""
	if begun {
		after, next, err := f.lookAtBalance(ctx, r)
		if err != nil || next == answered {
			return after, err
		}
		begun = next == sendAgain
	}
	if !begun {
		if r, err = f.beginBalance(ctx, in.ReturnID); err != nil {
			return nil, err
		}
	}
	// The same key gets the same payment from the provider, so that nothing is taken twice.
	p, err := f.Provider.Authorize(ctx, payment.AuthorizeRequest{
		Key: r.Swap.Attempt.Key, Amount: r.Money(r.Settled.BalanceDue), MethodToken: in.Body.Method, CustomerID: r.CustomerID,
		ReturnURL: in.Body.ReturnURL, Description: order.NumberOf(r.OrderID), CaptureNow: true,
		Metadata: map[string]string{"return": r.ID, "order": r.Swap.NextID},
	})
	return f.balanceAnswered(ctx, r, p, err)
}

// beginBalance writes down under which key the balance is about to be taken. Of two who begin at once the other one
// finds it.
func (f *Returns) beginBalance(ctx context.Context, returnID string) (*rma.RMA, error) {
	r, _, err := f.change(ctx, returnID, func(r *rma.RMA, _ *order.Order) (changeSet, error) {
		if r.State != rma.AwaitingPayment {
			return changeSet{}, problem.Conflict("return_state", "This return is %s; there is no balance to pay.", r.State)
		}
		if r.Swap.Attempt.Key != "" {
			return changeSet{}, problem.Unavailable("payment_unavailable",
				"Another payment of this balance is under way; try again.")
		}
		if r.Swap.NextID == "" { // the payment names the order it will be of
			r.Swap.NextID = order.NewID(f.Clock.Now())
		}
		// A payment that failed keeps its key at the provider; the next one needs another.
		r.Swap.Attempts++
		r.Swap.Attempt = rma.Attempt{Key: r.ID + "-balance-" + strconv.Itoa(r.Swap.Attempts)}
		// If this process dies now, the job asks what became of the payment.
		r.Await(f.Clock.Now().Add(checkSoon))
		return changeSet{}, nil
	})
	return r, err
}

// lookAtBalance asks what became of a payment that was begun.
func (f *Returns) lookAtBalance(ctx context.Context, r *rma.RMA) (out *output, next afterLook, err error) {
	p, err := f.Provider.Lookup(ctx, r.Swap.Attempt.Key)
	switch {
	case errors.Is(err, payment.ErrNotFound):
		return nil, sendAgain, nil
	case err == nil && p.State.Failed():
		return nil, beginAnother, f.forgetBalance(ctx, r.ID, r.Swap.Attempt.Key)
	}
	out, err = f.balanceAnswered(ctx, r, p, err)
	return out, answered, err
}

// balanceAnswered acts on what the provider said about the payment of a balance. r is the return as it was when the
// payment began: another payment that began since is not touched.
func (f *Returns) balanceAnswered(ctx context.Context, r *rma.RMA, p payment.Payment, err error) (*output, error) {
	c, key := f.collected(ctx, p, err), r.Swap.Attempt.Key
	if c.over {
		if err := f.forgetBalance(ctx, r.ID, key); err != nil {
			return nil, err
		}
	}
	switch {
	case c.err != nil:
		return nil, c.err
	case c.paid:
		return f.balancePaid(ctx, r.ID, c.payment)
	}
	changed, o, err := f.change(ctx, r.ID, func(r *rma.RMA, _ *order.Order) (changeSet, error) {
		if r.Swap.Attempt.Key != key || r.Swap.Attempt.RedirectURL == c.payment.NextActionURL {
			return changeSet{nothing: true}, nil
		}
		r.Swap.Attempt.RedirectURL = c.payment.NextActionURL
		return changeSet{}, nil
	})
	if err != nil {
		return nil, err
	}
	return answer(http.StatusAccepted, changed, o, auth.From(ctx)), nil
}

// forgetBalance lets another payment begin after one that came to nothing.
func (f *Returns) forgetBalance(ctx context.Context, returnID, key string) error {
	_, _, err := f.change(ctx, returnID, func(r *rma.RMA, _ *order.Order) (changeSet, error) {
		// Another payment may have begun since.
		if r.Swap.Attempt.Key != key || key == "" {
			return changeSet{nothing: true}, nil
		}
		r.Swap.Attempt = rma.Attempt{}
		r.Settle()
		return changeSet{}, nil
	})
	return err
}

// balancePaid sends the exchange whose balance was taken, once. A return that has become a refund meanwhile gives the
// balance back.
func (f *Returns) balancePaid(ctx context.Context, returnID string, p payment.Payment) (*output, error) {
	tries := 0
	r, o, err := f.change(ctx, returnID, func(r *rma.RMA, o *order.Order) (changeSet, error) {
		now := f.Clock.Now()
		// Lapsed or paid meanwhile; what this means for the money is decided below.
		if r.State != rma.AwaitingPayment {
			return changeSet{nothing: true}, nil
		}
		if tries++; tries > 1 { // another order may have the id; what is paid has to be sent all the same
			r.Swap.NextID = ""
		}
		// The id of the return is the key of its entry in the ledger.
		key, figures := r.ID, r.Settled
		r.Swap.Paid, r.Swap.Attempt = p.ID, rma.Attempt{}
		sent, err := f.send(ctx, r, o, key, figures, &order.MorePayment{
			ID: "balance", Method: refund.Card, Provider: o.Payment.Provider, ProviderID: p.ID, Captured: p.Captured.Amount,
		}, now)
		if err != nil {
			return changeSet{}, err
		}
		w := changeSet{order: true}
		w.must = append(w.must, sent)
		return completed(r, o, w, figures, rma.ByCustomer, now)
	})
	if err != nil {
		return nil, err
	}
	// Either this payment was the second, or the return became a refund: the money is not ours.
	if r.Swap.Paid != p.ID {
		if err := f.giveBack(ctx, p, "return_ended", map[string]string{"return": returnID}); err != nil {
			return nil, err
		}
		return nil, problem.Conflict("return_state", "This return is %s; the balance goes back.", r.State)
	}
	return answer(200, r, f.payNow(ctx, o), auth.From(ctx)), nil
}

// balanceView is what is asked for before an exchange is sent; nil when nothing is.
func balanceView(r *rma.RMA) *Balance {
	switch {
	case r.State == rma.AwaitingPayment && r.Swap.Attempt.Key != "":
		return &Balance{
			Amount: r.Money(r.Settled.BalanceDue).Formatted(), PayBy: r.Deadlines.PayBy, State: "pending",
			RedirectURL: r.Swap.Attempt.RedirectURL,
		}
	case r.State == rma.AwaitingPayment:
		return &Balance{Amount: r.Money(r.Settled.BalanceDue).Formatted(), PayBy: r.Deadlines.PayBy, State: "open"}
	case r.Swap.Paid != "":
		return &Balance{Amount: r.Money(r.Settled.BalanceDue).Formatted(), PayBy: r.Deadlines.PayBy, State: "paid"}
	}
	return nil
}
