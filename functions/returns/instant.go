package returns

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"dangol/shared/money"
	"dangol/shared/order"
	"dangol/shared/payment"
	"dangol/shared/platform/auth"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/refund"
	"dangol/shared/rma"
)

// HoldView is a reservation on the customer's card, against which an exchange is sent before the goods come back.
type HoldView struct {
	Amount      money.Formatted `json:"amount" doc:"Reserved; taken only when the goods do not come back in time, or as far as the exchange is dearer than what came back."`
	State       rma.HoldState   `json:"state,omitempty" enum:"placed,settling,settled" doc:"Missing while the shopper still has to confirm it."`
	Until       *time.Time      `json:"until,omitempty" doc:"The goods arrive before this, else the amount is taken."`
	Taken       money.Formatted `json:"taken" doc:"What was taken of it in the end."`
	RedirectURL string          `json:"redirectUrl,omitempty" doc:"Where the shopper confirms it."`
}

// holdView is the reservation as the API shows it; nil when none was ever asked for.
func holdView(r *rma.RMA) *HoldView {
	h := r.Hold
	if h.State == rma.NoHold && h.Attempt.Key == "" {
		return nil
	}
	return &HoldView{
		Amount: r.Money(h.Amount).Formatted(), State: h.State, Until: moment(h.Until), Taken: r.Money(h.Take).Formatted(),
		RedirectURL: h.Attempt.RedirectURL,
	}
}

// holdFor is how long a reservation on a card is good for: the networks let it go after seven days, and a day is kept
// for what has to be repeated.
const holdFor = 6 * 24 * time.Hour

// canHold is why an exchange cannot be sent ahead.
func canHold(r *rma.RMA) error {
	open := r.State == rma.Approved || r.State == rma.Booked || r.State == rma.InTransit
	if !open || r.Resolution != rma.Exchange || r.Way == rma.Stays || len(r.Swap.Taken) == 0 {
		return problem.Conflict("return_state", "This return is %s; its exchange cannot be sent ahead.", r.State).
			With("state", string(r.State))
	}
	return nil
}

// holdCard reserves the price of an exchange on the customer's card and sends it at once. What is taken of it is
// decided when the goods have come back, or have not. The key of the reservation is written down before the provider is
// asked. Errors: 402 payment_declined; 409 return_state, total_changed; 503 payment_unavailable.
func (f *Returns) holdCard(ctx context.Context, in *balanceInput) (*output, error) {
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
	// A repetition of a call that has succeeded.
	if r.Hold.State != rma.NoHold {
		return answer(200, r, o, auth.From(ctx)), nil
	}
	if price := r.Money(r.Quote.Price); in.Body.Amount != price {
		return nil, problem.Conflict("total_changed", "The exchange costs %s.", price.Display()).With("total",
			price.Formatted())
	}
	// An earlier reservation may still succeed: it is looked at before a second one begins.
	begun := r.Hold.Attempt.Key != ""
	if begun {
		p, err := f.Provider.Lookup(ctx, r.Hold.Attempt.Key)
		switch {
		case errors.Is(err, payment.ErrNotFound): // see sendAgain
		case err == nil && p.State.Failed():
			begun = false
			if err := f.forgetHold(ctx, r); err != nil {
				return nil, err
			}
		default:
			return f.holdAnswered(ctx, r, p, err)
		}
	}
	if err := canHold(r); err != nil { // before anything is reserved
		return nil, err
	}
	if !begun {
		if r, err = f.beginHold(ctx, r.ID); err != nil {
			return nil, err
		}
	}
	// Without CaptureNow: the amount is only reserved until the goods are back.
	p, err := f.Provider.Authorize(ctx, payment.AuthorizeRequest{
		Key: r.Hold.Attempt.Key, Amount: r.Money(r.Hold.Amount), MethodToken: in.Body.Method, CustomerID: r.CustomerID,
		ReturnURL: in.Body.ReturnURL, Description: order.NumberOf(r.OrderID),
		Metadata: map[string]string{"return": r.ID, "order": r.Swap.NextID},
	})
	return f.holdAnswered(ctx, r, p, err)
}

// beginHold writes down under which key the price is about to be reserved. Of two who begin at once the other one finds
// it.
func (f *Returns) beginHold(ctx context.Context, returnID string) (*rma.RMA, error) {
	r, _, err := f.change(ctx, returnID, func(r *rma.RMA, _ *order.Order) (changeSet, error) {
		if r.Hold.Attempt.Key != "" || r.Hold.State != rma.NoHold {
			return changeSet{}, problem.Unavailable("payment_unavailable",
				"Another payment of this exchange is under way; try again.")
		}
		// A payment that failed keeps its key at the provider; the next one needs another.
		r.Hold.Attempts++
		r.Hold.Amount = r.Quote.Price
		r.Hold.Attempt = rma.Attempt{Key: r.ID + "-hold-" + strconv.Itoa(r.Hold.Attempts)}
		r.Swap.NextID = order.NewID(f.Clock.Now())
		r.Await(f.Clock.Now().Add(checkSoon)) // in case the answer is lost with its caller
		return changeSet{}, canHold(r)
	})
	return r, err
}

// holdAnswered acts on what the provider said about a reservation.
func (f *Returns) holdAnswered(ctx context.Context, r *rma.RMA, p payment.Payment, err error) (*output, error) {
	if err == nil && (p.State == payment.StateAuthorized || p.State == payment.StateCaptured) {
		return f.sendAhead(ctx, r, p)
	}
	c := f.collected(ctx, p, err)
	if c.over {
		if err := f.forgetHold(ctx, r); err != nil {
			return nil, err
		}
	}
	if c.err != nil {
		return nil, c.err
	}
	key := r.Hold.Attempt.Key
	changed, o, err := f.change(ctx, r.ID, func(r *rma.RMA, _ *order.Order) (changeSet, error) {
		if r.Hold.Attempt.Key != key || r.Hold.Attempt.RedirectURL == p.NextActionURL {
			return changeSet{nothing: true}, nil
		}
		r.Hold.Attempt.RedirectURL = p.NextActionURL
		return changeSet{}, nil
	})
	if err != nil {
		return nil, err
	}
	return answer(http.StatusAccepted, changed, o, auth.From(ctx)), nil
}

// forgetHold lets another reservation begin after one that came to nothing. was is the return as it was read: a
// reservation that began since, or was placed, is not touched.
func (f *Returns) forgetHold(ctx context.Context, was *rma.RMA) error {
	_, _, err := f.change(ctx, was.ID, func(r *rma.RMA, _ *order.Order) (changeSet, error) {
		if r.Hold.Attempt.Key != was.Hold.Attempt.Key || r.Hold.State != rma.NoHold {
			return changeSet{nothing: true}, nil
		}
		r.Hold.Attempt = rma.Attempt{}
		r.Settle()
		return changeSet{}, nil
	})
	return err
}

// holdDue asks about a reservation that was begun, and sends the exchange when it is placed. wait is true while its
// outcome is to come.
func (f *Returns) holdDue(ctx context.Context, r *rma.RMA) (wait bool, err error) {
	p, err := f.Provider.Lookup(ctx, r.Hold.Attempt.Key)
	switch {
	case errors.Is(err, payment.ErrNotFound) || err == nil && p.State.Failed():
		return false, f.forgetHold(ctx, r)
	case err == nil && (p.State == payment.StateAuthorized || p.State == payment.StateCaptured):
		_, err = f.sendAhead(ctx, r, p)
		if problem.Code(err) == "return_state" {
			err = nil // the reservation is let go
		}
		return true, err
	// The shopper did not finish the challenge in time, or the return ended meanwhile.
	case err == nil && (!f.Clock.Now().Before(r.Deadlines.SendBy) || canHold(r) != nil):
		if err := f.letGo(ctx, p); err != nil {
			return true, err
		}
		return false, f.forgetHold(ctx, r)
	}
	if err != nil {
		f.Log.WarnContext(ctx, "provider silent", "return", r.ID, "error", err)
	}
	key := r.Hold.Attempt.Key
	_, _, err = f.change(ctx, r.ID, func(r *rma.RMA, _ *order.Order) (changeSet, error) {
		if r.Hold.Attempt.Key != key {
			return changeSet{nothing: true}, nil
		}
		r.Await(f.Clock.Now().Add(15 * checkSoon))
		return changeSet{}, nil
	})
	return true, err
}

// sendAhead makes the order of an exchange whose price is reserved. The order has no payment yet: what pays for it is
// known when the goods are back. A return that ended meanwhile lets the reservation go.
func (f *Returns) sendAhead(ctx context.Context, was *rma.RMA, p payment.Payment) (*output, error) {
	tries := 0
	r, o, err := f.change(ctx, was.ID, func(r *rma.RMA, o *order.Order) (changeSet, error) {
		now := f.Clock.Now()
		if r.Hold.PaymentID == p.ID || r.Hold.State != rma.NoHold || canHold(r) != nil {
			return changeSet{nothing: true}, nil
		}
		if tries++; tries > 1 { // another order may have the id
			r.Swap.NextID = ""
		}
		sent, err := f.exchangeOrder(ctx, r, o, nil, 0, now)
		if err != nil {
			return changeSet{}, err
		}
		r.SendAhead(p.ID, now.Add(holdFor), now)
		return changeSet{must: []table.Write{sent}}, nil
	})
	if err != nil {
		return nil, err
	}
	// Either this reservation was the second, or the return ended before it was placed.
	if r.Hold.PaymentID != p.ID {
		if err := f.letGo(ctx, p); err != nil {
			return nil, err
		}
		return nil, problem.Conflict("return_state", "This return is %s; the reservation is let go.", r.State)
	}
	return answer(200, r, o, auth.From(ctx)), nil
}

// letGo releases a reservation that nothing was sent for, or gives back what a provider without reservations took.
func (f *Returns) letGo(ctx context.Context, p payment.Payment) error {
	return f.giveBack(ctx, p, "return_ended", nil)
}

// takeHold decides what is taken of the reservation and makes it a payment of the order that was sent. An order that
// was canceled takes nothing. Besides value, prepaid pays for it. It returns the write of that order, and how much it
// cost.
func (f *Returns) takeHold(ctx context.Context, r *rma.RMA, value []refund.Part, prepaid int64, now time.Time) (
	table.Put, int64, error) {
	next, err := f.Orders.Get(ctx, r.Swap.OrderID)
	if err != nil {
		return table.Put{}, 0, err
	}
	price := r.Hold.Amount
	if next.State == order.Canceled {
		price = 0
	}
	// What came back pays first, so that as little as possible is taken of the card.
	next.PaidAhead = min(prepaid, price)
	open := price - next.PaidAhead
	used, _ := splitParts(value, open)
	paid := int64(0)
	for i, p := range used {
		next.More = append(next.More, order.MorePayment{
			ID: "value-" + strconv.Itoa(i+1), Method: p.Method, Provider: f.Provider.Name(), ProviderID: p.PaymentID,
			Captured: p.Amount,
		})
		paid += p.Amount
	}
	if rest := open - paid; rest > 0 {
		next.More = append(next.More, order.MorePayment{
			ID: "hold", Method: refund.Card, Provider: f.Provider.Name(), ProviderID: r.Hold.PaymentID, Captured: rest,
		})
	}
	r.TakeHold(open-paid, now)
	put, _ := f.Orders.Replace(next)
	return put, price, nil
}

// settleInstant ends a return whose exchange was sent ahead: what came back pays for it, and the rest is taken of the
// reservation. What it is cheaper by goes back.
func (f *Returns) settleInstant(
	ctx context.Context, r *rma.RMA, o *order.Order, w changeSet, key string, figures rma.Figures, by string,
	now time.Time,
) (changeSet, error) {
	// Parts name payments of the returned order; the order that was sent knows only the provider's ids.
	value := make([]refund.Part, len(figures.Parts))
	for i, p := range figures.Parts {
		value[i] = refund.Part{PaymentID: o.ProviderPayment(p.PaymentID), Method: p.Method, Amount: p.Amount}
	}
	put, price, err := f.takeHold(ctx, r, value, figures.Prepaid, now)
	if err != nil {
		return w, err
	}
	figures.Price, figures.BalanceDue, figures.PaidOut = price, r.Hold.Take, max(figures.Value()-price, 0)
	_, rest := splitParts(figures.Parts, max(price-figures.Prepaid, 0))
	o.PayOut(key, now)
	o.PayParts(key, rest, now)
	w.must = append(w.must, put)
	w.must = append(w.must, f.creditLot(r, max(figures.Prepaid-price, 0), now)...)
	return completed(r, o, w, figures, by, now)
}

// settleHold takes of the reservation what was decided, and lets the rest go. It is repeated by the due job until the
// provider has answered. 2 round trips and the provider's.
func (f *Returns) settleHold(ctx context.Context, r *rma.RMA) (*rma.RMA, error) {
	// Its state decides what is still to do, so that a repetition does not take or release anything again.
	p, err := f.Provider.Get(ctx, r.Hold.PaymentID)
	if err != nil {
		return r, err
	}
	take := r.Money(r.Hold.Take)
	switch {
	case p.State == payment.StateAuthorized && take.Amount > 0:
		_, err = f.Provider.Capture(ctx, p.ID, "capture-"+p.Key, take)
	case p.State == payment.StateAuthorized:
		_, err = f.Provider.Void(ctx, p.ID, "void-"+p.Key)
	case p.State == payment.StateCaptured && p.Refundable() > take.Amount: // a provider without reservations
		_, err = f.Provider.Refund(ctx, payment.RefundRequest{
			Key: "unhold-" + p.Key, PaymentID: p.ID, Amount: r.Money(p.Refundable() - take.Amount), Reason: "exchange_settled",
			Metadata: map[string]string{"return": r.ID},
		})
	}
	if err != nil {
		return r, err
	}
	lost := p.State.Failed() && take.Amount > 0
	if lost {
		// The bank let the reservation go before it was taken: the goods are with the customer and were not paid for.
		f.Log.ErrorContext(ctx, "a reservation was gone before it was taken", "return", r.ID, "amount", take.Amount)
	}
	r, _, err = f.change(ctx, r.ID, func(r *rma.RMA, _ *order.Order) (changeSet, error) {
		if r.Hold.State != rma.HoldSettling {
			return changeSet{nothing: true}, nil
		}
		var w changeSet
		if lost { // what was never taken is no payment that could go back
			next, err := f.Orders.Get(ctx, r.Swap.OrderID)
			if err != nil {
				return w, err
			}
			next.More = slices.DeleteFunc(next.More, func(p order.MorePayment) bool { return p.ID == "hold" })
			put, _ := f.Orders.Replace(next)
			w.must, r.Hold.Take = []table.Write{put}, 0
		}
		r.HoldSettled()
		return w, nil
	})
	return r, err
}

// settleHoldNow tries settleHold at once; what the provider does not answer stays due.
func (f *Returns) settleHoldNow(ctx context.Context, r *rma.RMA) *rma.RMA {
	if r.Hold.State != rma.HoldSettling {
		return r
	}
	settled, err := f.settleHold(ctx, r)
	if err != nil {
		f.Log.WarnContext(ctx, "a reservation is settled later", "return", r.ID, "error", err)
		return r
	}
	return settled
}

// chargeHold takes the whole price, because the goods did not come back in time. The return stays open: goods that
// arrive later are refunded.
func (f *Returns) chargeHold(ctx context.Context, returnID string) error {
	r, _, err := f.change(ctx, returnID, func(r *rma.RMA, o *order.Order) (changeSet, error) {
		now := f.Clock.Now()
		if r.DueAt(now) != rma.ChargeHold {
			return changeSet{nothing: true}, nil
		}
		put, _, err := f.takeHold(ctx, r, nil, 0, now)
		if err != nil {
			return changeSet{}, err
		}
		r.HoldCharged(now)
		o.Entry(r.ID).To = refund.ToPayments
		return changeSet{order: true, must: []table.Write{put}}, nil
	})
	if err != nil {
		return err
	}
	f.settleHoldNow(ctx, r)
	return nil
}
