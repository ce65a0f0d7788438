package returns

import (
	"context"
	"fmt"

	"dangol/events"
	"dangol/shared/money"
	"dangol/shared/order"
	"dangol/shared/platform/event"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/refund"
)

// giveInput is a refund without a return.
type giveInput struct {
	OrderInput
	Body struct {
		Amount   *money.Money `json:"amount,omitempty" doc:"An amount for no line; alone."`
		Lines    []order.Part `json:"lines,omitempty" maxItems:"200" doc:"Units that are refunded and kept by the customer."`
		Shipping int64        `json:"shipping,omitempty" minimum:"0" doc:"Of the shipping to the customer, in minor units."`
		Reason   string       `json:"reason" minLength:"1" maxLength:"500"`
	}
}

// giveRefund refunds although nothing comes back, once for each Idempotency-Key.
func (f *Returns) giveRefund(ctx context.Context, in *giveInput) (*OrderStateOutput, error) {
	b := in.Body
	// An amount belongs to no line, so both together could not be booked as one entry.
	if (b.Amount != nil) == (len(b.Lines) > 0 || b.Shipping != 0) {
		return nil, problem.InvalidField("/amount", "required", "either an amount, or lines and shipping")
	}
	asked, err := requestOf(ctx, b)
	if err != nil {
		return nil, err
	}
	replay := false
	o, err := f.changeOrder(ctx, in.OrderInput, func(o *order.Order) (event.Body, []table.Write, error) {
		prior, err := repeatedEntry(o, asked)
		if replay = prior != nil; err != nil || replay {
			return nil, nil, err
		}
		// The difference is what this refund adds, with or without lines.
		before := o.RefundLedger().Refunded()
		if err := f.give(o, in); err != nil {
			return nil, nil, err
		}
		e := &o.Ledger[len(o.Ledger)-1]
		e.Request, e.Hash = asked.Key, asked.Hash
		after := o.RefundLedger()
		return events.OrderRefunded{
			OrderRef: o.Ref(), Amount: o.Money(after.Refunded() - before), Reason: b.Reason, Lines: o.EventParts(b.Lines),
			Whole: after.Left() == 0,
		}, nil, nil
	})
	if err != nil {
		return nil, err
	}
	out := orderState(201, f.payNow(ctx, o))
	if replay {
		out.Replay = "true"
	}
	return out, nil
}

// give books a refund as a gesture: an amount, or units and shipping.
func (f *Returns) give(o *order.Order, in *giveInput) error {
	b, now := in.Body, f.Clock.Now()
	var wrong problem.Fields
	wrong.Text(b.Reason, 1, maxReason, "/reason")
	wrong.Count(len(b.Lines), 0, maxParts, "/lines")
	for i, p := range b.Lines {
		wrong.Between(p.Quantity, 1, maxPartUnits, fmt.Sprintf("/lines/%d/quantity", i))
	}
	if err := wrong.Err(); err != nil {
		return err
	}
	if b.Amount != nil {
		if b.Amount.Currency != o.Totals.Currency {
			return problem.InvalidField("/amount/currency", "not_allowed", "%s", o.Totals.Currency)
		}
		return o.GiveGoodwill(b.Amount.Amount, b.Reason, order.ByShop, now)
	}
	ask := refund.Request{Units: map[string]int{}, Shipping: b.Shipping}
	for _, p := range b.Lines {
		ask.Units[p.LineID] += p.Quantity
	}
	_, err := o.GiveRefund(ask, refund.Gesture, b.Reason, order.ByShop, now)
	return err
}

// retryRefunds sends refunds again that the provider has refused, for example when a card was
// replaced.
func (f *Returns) retryRefunds(ctx context.Context, in *OrderInput) (*OrderStateOutput, error) {
	o, err := f.Orders.Change(ctx, in.OrderID, func(o *order.Order) (bool, []table.Write, error) {
		return o.RetryRefunds(order.ByShop, f.Clock.Now()), nil, nil
	})
	if err != nil {
		return nil, err
	}
	return orderState(200, f.payNow(ctx, o)), nil
}
