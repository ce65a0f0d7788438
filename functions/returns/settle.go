package returns

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"dangol/events"
	"dangol/shared/money"
	"dangol/shared/order"
	"dangol/shared/payment"
	"dangol/shared/platform/event"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/platform/task"
	"dangol/shared/refund"
	"dangol/shared/rma"
	"dangol/shared/stock"
	"dangol/shared/storecredit"
)

// settle ends a return whose goods were inspected, or need not come back: stock moves, the amount goes where the
// resolution says, and an exchange that costs more than what came back waits for its balance. results are the findings
// of the inspection, nil when there was none now. All of it is one transaction; the refund at the provider is then
// tried at once and stays due until it has an outcome. Errors: those of rma.RMA.Inspect and Complete, 503 busy.
func (f *Returns) settle(
	ctx context.Context, returnID string, inspect func(*rma.RMA, time.Time) error, by string,
) (*rma.RMA, *order.Order, error) {
	r, o, err := f.change(ctx, returnID, func(r *rma.RMA, o *order.Order) (changeSet, error) {
		now := f.Clock.Now()
		if inspect != nil {
			if err := inspect(r, now); err != nil {
				return changeSet{}, err
			}
		} else if r.Way == rma.Stays {
			// What stays with the customer is never inspected.
			acceptAll(r)
		}
		return f.settlement(ctx, r, o, by, now)
	})
	if err != nil {
		return nil, nil, err
	}
	// The provider is asked after the transaction, because its answer cannot be taken back.
	return f.settleHoldNow(ctx, r), f.payNow(ctx, o), nil
}

// acceptAll accepts goods that stay with the customer; nothing goes back into stock.
func acceptAll(r *rma.RMA) {
	for i := range r.Lines {
		r.Lines[i].Result = rma.Result{Accepted: len(r.Lines[i].Units)}
	}
}

// settlement is what ends the return, as far as it can be ended now.
func (f *Returns) settlement(
	ctx context.Context, r *rma.RMA, o *order.Order, by string, now time.Time,
) (changeSet, error) {
	w := changeSet{order: true, give: restock(r)}
	if len(r.AcceptedUnits()) == 0 {
		return f.nothingAccepted(ctx, r, o, w, by, now)
	}
	ahead := r.Hold.State == rma.HoldPlaced
	if r.Resolution.Swaps() && !ahead && !r.Whole() {
		// What is sent was chosen for all units: when only some are accepted, those are refunded.
		w.give = append(w.give, stock.Release(r.Swap.Taken)...)
		r.Resolution, r.Swap, r.Instead = rma.Refund, rma.Swap{}, rma.PartlyAccepted
	}
	key, figures, err := accepted(r, o, now)
	if err != nil {
		return w, err
	}
	// The resolution may have become a refund.
	o.Entry(key).To = destination(r.Resolution)
	switch {
	case ahead:
		return f.settleInstant(ctx, r, o, w, key, figures, by, now)
	case r.Resolution == rma.Refund:
		if r.CustomerID == "" {
			figures.Prepaid = 0 // a guest has no account for store credit, and cannot have paid ahead
		}
		o.PayOut(key, now)
		if err := giveShipping(r, o, &figures, now); err != nil {
			return w, err
		}
		figures.PaidOut = figures.Value()
		w.must = append(w.must, f.creditLot(r, figures.Prepaid, now)...)
	case r.Resolution == rma.StoreCredit:
		figures.Bonus = bonusOf(r, figures.Parts)
		o.PayOut(key, now)
		if err := giveShipping(r, o, &figures, now); err != nil {
			return w, err
		}
		// The lot is a write of its own: the ledger knows nothing of the bonus.
		w.must = append(w.must, f.creditLot(r, figures.Refund+figures.Bonus, now)...)
	case figures.BalanceDue > 0:
		if err := r.RequestBalance(now); err != nil {
			return w, err
		}
		// Kept for when the balance is paid: the exchange is then sent on these figures.
		r.Settled = figures
		w.event = events.ReturnBalanceAsked{ReturnRef: r.Ref(), Balance: r.Money(figures.BalanceDue),
			PayBy: r.Deadlines.PayBy}
		return w, nil
	default:
		sent, err := f.send(ctx, r, o, key, figures, nil, now)
		if err != nil {
			return w, err
		}
		w.must = append(w.must, sent)
		w.must = append(w.must, f.creditLot(r, max(figures.Prepaid-exchangePrice(r), 0), now)...)
	}
	return completed(r, o, w, figures, by, now)
}

// completed ends the return and tells so.
func completed(
	r *rma.RMA, o *order.Order, w changeSet, figures rma.Figures, by string, now time.Time,
) (changeSet, error) {
	if err := r.Complete(figures, by, now); err != nil {
		return w, err
	}
	// Only store credit has a bonus.
	credit := int64(0)
	if r.Resolution == rma.StoreCredit {
		credit = figures.Refund + figures.Bonus
	}
	done := events.ReturnCompleted{
		ReturnRef: r.Ref(), Resolution: string(r.Resolution), Lines: valued(r, o), Refund: r.Money(figures.PaidOut),
		ToCredit: r.Money(notMoney(figures)), Credit: r.Money(credit), NewOrderID: r.Swap.OrderID,
		Interest: r.Money(r.Settled.Late), Instead: r.Instead, Whole: nothingKept(o), CompletedAt: now,
	}
	for _, fee := range figures.Fees {
		done.Fees.Amount += fee.Amount
	}
	done.Fees.Currency = r.Currency
	if r.Swap.Paid != "" {
		done.Paid = r.Money(figures.BalanceDue)
	}
	w.event = done
	return w, nil
}

// valued are the lines of a settled return with what their accepted units had cost. What was not restocked is lost to
// the shop: it was written off, or stays with the customer.
func valued(r *rma.RMA, o *order.Order) []events.ReturnLine {
	lines := r.EventLines()
	for i, l := range r.Lines {
		costs := o.UnitCosts(l.LineID)
		value, lost := int64(0), int64(0)
		for n, unit := range l.Units[:min(l.Result.Accepted, len(l.Units))] {
			value += costs[unit]
			if n >= l.Result.Restocked {
				lost += costs[unit]
			}
		}
		lines[i].Value, lines[i].Lost = r.Money(value), r.Money(lost)
	}
	return lines
}

// notMoney is what of the amount paid out goes back as store credit, because the order was paid with it.
func notMoney(figures rma.Figures) int64 {
	// What pays for goods of an exchange is taken first from what was paid without money, as send does it.
	price := figures.Value() - figures.PaidOut
	_, rest := splitParts(figures.Parts, max(price-figures.Prepaid, 0))
	sum := max(figures.Prepaid-price, 0)
	for _, p := range rest {
		if p.Method != refund.Card {
			sum += p.Amount
		}
	}
	return sum
}

// nothingAccepted rejects a return of which the inspection accepted nothing; its units are free again.
func (f *Returns) nothingAccepted(
	ctx context.Context, r *rma.RMA, o *order.Order, w changeSet, by string, now time.Time,
) (changeSet, error) {
	if r.Hold.State == rma.HoldPlaced { // what was sent ahead is paid for
		put, _, err := f.takeHold(ctx, r, nil, 0, now)
		if err != nil {
			return w, err
		}
		w.must = append(w.must, put)
	}
	if err := r.Reject("nothing_accepted", nil, by, now); err != nil {
		return w, err
	}
	o.Unreserve(r.ID, r.Terms, now)
	w.give = append(w.give, stock.Release(r.Swap.Taken)...)
	r.Swap.Taken = nil
	w.event = events.ReturnRejected{ReturnRef: r.Ref(), Lines: r.EventLines(), Reason: r.Rejection}
	return w, nil
}

// accepted is the entry of the ledger that is settled, and its figures: the quoted one when everything was accepted,
// else one for what was. The other units are free again.
func accepted(r *rma.RMA, o *order.Order, now time.Time) (key string, figures rma.Figures, err error) {
	if r.Whole() {
		return r.ID, r.Quote, nil
	}
	if err := damageWithinWorth(r, o); err != nil {
		return "", figures, err
	}
	// An entry is never changed, so what was accepted gets one of its own.
	key = r.ID + "-part"
	// A second settlement, after a balance lapsed, finds the entry there.
	if e := o.Entry(key); e == nil {
		o.Entry(r.ID).Void = true
		q, err := o.QuoteRefund(partAsk(r))
		if err != nil {
			return "", figures, err
		}
		// The old entry is void before the quote, so that its units are free for the new one.
		e := q.Entry(key)
		whole := o.Entry(r.ID)
		e.Kind, e.To, e.Reason, e.By, e.OutboundBack = whole.Kind, whole.To, whole.Reason, whole.By, whole.OutboundBack
		if err := o.Book(e, now); err != nil {
			return "", figures, err
		}
		figures = rma.Figures{Refund: q.Refund, Fees: q.Fees, Parts: q.Parts, Prepaid: q.Prepaid}
	} else {
		figures = rma.Figures{Refund: e.Amount, Parts: e.Parts, Prepaid: r.Settled.Prepaid}
	}
	return key, figures, nil
}

// damageWithinWorth checks that no line keeps more for damage than its accepted units had cost: the rest would be taken
// from what other lines are worth (2011/83/EU, Art. 14(2): the diminished value of the goods). Error: 422.
func damageWithinWorth(r *rma.RMA, o *order.Order) error {
	for _, l := range r.Lines {
		costs := o.UnitCosts(l.LineID)
		worth := int64(0)
		for _, unit := range l.Units[:min(l.Result.Accepted, len(l.Units))] {
			worth += costs[unit]
		}
		if l.Result.DamageFee > worth {
			return problem.InvalidField("/lines", "too_large",
				"line %s: a fee for damage is at most %s, what its units had cost",
				l.LineID, r.Money(worth).Display())
		}
	}
	return nil
}

// partAsk asks for what was accepted. The shipping to the customer goes back as quoted when all units were accepted and
// only lost value.
func partAsk(r *rma.RMA) refund.Request {
	a := refund.Request{Exact: r.AcceptedUnits(), Fees: partFees(r), Terms: r.Terms, Swap: r.Quote.Prepaid > 0}
	if len(a.Exact) == len(r.Units()) {
		a.Shipping = r.Shipping
	}
	return a
}

// partFees are the quoted fees, and what the goods lost in value. A fee for restocking a line is for the units that
// were accepted, rounded down for the customer.
func partFees(r *rma.RMA) []refund.Fee {
	var fees []refund.Fee
	for _, fee := range r.Quote.Fees {
		if l := r.Line(fee.LineID); fee.Kind == refund.Restocking && l != nil && len(l.Units) > 0 {
			fee.Amount = fee.Amount * int64(l.Result.Accepted) / int64(len(l.Units))
		}
		if fee.Amount > 0 {
			fees = append(fees, fee)
		}
	}
	for _, l := range r.Lines {
		if l.Result.DamageFee > 0 {
			fees = append(fees, refund.Fee{Kind: refund.Damage, LineID: l.LineID, Amount: l.Result.DamageFee})
		}
	}
	return fees
}

// bonusOf is the bonus of store credit, in the proportion of the quoted one, for what was accepted.
func bonusOf(r *rma.RMA, parts []refund.Part) int64 {
	quoted, paid := inMoney(r.Quote.Parts), inMoney(parts)
	if quoted <= 0 || paid == quoted {
		return r.Quote.Bonus
	}
	// Allocate rounds so that the shares add up.
	return money.Allocate(r.Quote.Bonus, []int64{paid, max(quoted-paid, 0)})[0]
}

// inMoney is what of an amount was paid in money. Only that earns the bonus of store credit: it is for who leaves their
// money in the shop, and credit that is paid with and returned must not become more each time.
func inMoney(parts []refund.Part) (sum int64) {
	for _, p := range parts {
		if p.Method == refund.Card {
			sum += p.Amount
		}
	}
	return sum
}

// creditLot gives the store credit of a return, once.
func (f *Returns) creditLot(r *rma.RMA, amount int64, now time.Time) []table.Write {
	if amount <= 0 {
		return nil
	}
	// The id of the return as that of the lot: a repetition writes the same lot.
	return []table.Write{storecredit.Grant(storecredit.Lot{
		ID: r.ID, CustomerID: r.CustomerID, Email: r.Email, Language: r.Language, Currency: r.Currency, Amount: amount,
		Reason: "return",
		Source: r.ID,
	}, now)}
}

// restock puts what the inspection found good back on sale. A gift set goes back as what it is made of, which the order
// remembers as what it took.
func restock(r *rma.RMA) []table.Write {
	var taken []stock.Allocation
	for _, l := range r.Lines {
		for _, part := range l.Stock {
			if n := part.Quantity * l.Result.Restocked; n > 0 {
				taken = append(taken, stock.Allocation{VariantID: part.VariantID, Quantity: n})
			}
		}
	}
	return stock.Release(taken)
}

// send makes the order in which an exchange or replacement is sent, and pays out what it is cheaper by. paid is the
// payment of the balance, nil when there was none.
func (f *Returns) send(
	ctx context.Context, r *rma.RMA, o *order.Order, key string, figures rma.Figures, paid *order.MorePayment,
	now time.Time,
) (table.Write, error) {
	// What was paid ahead pays first, so that the rest is money. It is no payment of the new order either.
	price := exchangePrice(r)
	ahead := min(figures.Prepaid, price)
	used, rest := splitParts(figures.Parts, price-ahead)
	var payments []order.MorePayment
	for i, p := range used {
		payments = append(payments, order.MorePayment{
			ID: fmt.Sprintf("value-%d", i+1), Method: p.Method, Provider: o.Payment.Provider,
			ProviderID: o.ProviderPayment(p.PaymentID), Captured: p.Amount,
		})
	}
	if paid != nil {
		payments = append(payments, *paid)
	}
	// Marks the entry as done. Its destination is the exchange, so no money moves by it.
	o.PayOut(key, now)
	o.PayParts(key, rest, now)
	return f.exchangeOrder(ctx, r, o, payments, ahead, now)
}

// exchangePrice is what the goods of an exchange or replacement cost together.
func exchangePrice(r *rma.RMA) int64 {
	sum := int64(0)
	for _, g := range r.Swap.Goods {
		sum += g.Unit * int64(g.Quantity)
	}
	return sum
}

// exchangeOrder is the write of the order in which an exchange or replacement is sent, with what pays for it: payments
// and ahead, what had been paid ahead.
func (f *Returns) exchangeOrder(ctx context.Context, r *rma.RMA, o *order.Order, payments []order.MorePayment,
	ahead int64, now time.Time) (table.Write, error) {
	next := order.New(cmp.Or(r.Swap.NextID, order.NewID(now)), "", swapDraft(o, r),
		order.Payment{Provider: o.Payment.Provider, State: order.PayCaptured}, now)
	next.Origin, next.More, next.PaidAhead = string(r.Resolution), payments, ahead
	r.Swap.OrderID, r.Swap.Taken = next.ID, nil
	var err error
	if next.Event, err = event.New(ctx, now, next.PlacedEvent()); err != nil {
		return nil, err
	}
	return f.Orders.Place(next), nil
}

// splitParts divides parts into what pays for goods of that price, and the rest. What was paid by points or store
// credit pays first, so that the rest is money.
func splitParts(parts []refund.Part, price int64) (used, rest []refund.Part) {
	// Backwards, because parts are listed with card payments first.
	for i := len(parts) - 1; i >= 0; i-- {
		p := parts[i]
		n := min(p.Amount, price)
		price -= n
		if n > 0 {
			used = append(used, refund.Part{PaymentID: p.PaymentID, Method: p.Method, Amount: n})
		}
		if p.Amount > n {
			rest = append(rest, refund.Part{PaymentID: p.PaymentID, Method: p.Method, Amount: p.Amount - n})
		}
	}
	return used, rest
}

// payNow tries to move the money of an order at once. What the provider does not answer stays due for the
// checkout-worker.
func (f *Returns) payNow(ctx context.Context, o *order.Order) *order.Order {
	settled, err := f.Cashier.Settle(ctx, o)
	if err != nil {
		level := f.Log.ErrorContext
		// Expected now and then, and tried again; anything else needs a person.
		if errors.Is(err, task.ErrLater) || errors.Is(err, payment.ErrUnknown) {
			level = f.Log.WarnContext
		}
		level(ctx, "refund is due", "order", o.ID, "error", err)
	}
	if settled == nil {
		return o
	}
	return settled
}
