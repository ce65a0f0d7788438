package checkout

import (
	"context"
	"time"

	"dangol/events"
	"dangol/shared/order"
	"dangol/shared/payment"
	"dangol/shared/platform/event"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/storecredit"
)

// planCredit plans to pay by store credit, as far as the customer has it, when the request asks for it, and the rest at
// the provider. 1 round trip. Errors: 422 without a card for what credit does not pay; 409 account_required.
func (s Service) planCredit(ctx context.Context, c *Checkout, in Start, now time.Time) error {
	// Planned again after a collision, so an earlier plan is dropped.
	c.Credit = nil
	switch {
	case !in.Credit && c.Totals.Total > 0:
		c.Payment.Provider = s.Provider.Name()
		return nil
	case !in.Credit:
		return nil
	case c.CustomerID == "":
		return problem.Conflict("account_required", "Store credit needs a customer account.")
	}
	lots, err := storecredit.Store{Table: s.Table}.Lots(ctx, c.CustomerID, c.Totals.Currency)
	if err != nil {
		return err
	}
	c.Credit, _ = storecredit.Plan(lots, c.Totals.Total, now)
	// A card is needed for what credit does not pay; only now is it known whether there is such a
	// rest.
	if c.ToPay().Amount > 0 && in.Method == "" {
		return problem.InvalidField("/paymentMethod", "required",
			"the payment provider's token of the shopper's card, for %s", c.ToPay().Display())
	}
	if c.ToPay().Amount > 0 {
		c.Payment.Provider = s.Provider.Name()
	}
	return nil
}

// HandleConsoleRefund takes over a refund that was made at the provider's own console. It names no
// order, so the order is found by what the payment was for. One whose checkout is no longer kept is
// logged for a person. Errors: those of the provider.
func (s Service) HandleConsoleRefund(ctx context.Context, r payment.Refund) error {
	p, err := s.Provider.Get(ctx, r.PaymentID)
	if err != nil {
		return err
	}
	c, err := s.get(ctx, p.Metadata["checkout"])
	if problem.Code(err) == "checkout_not_found" {
		s.Log.ErrorContext(ctx, "a refund at the provider is of no order that is known", "payment", r.PaymentID, "refund",
			r.ID)
		return nil
	}
	// A checkout without an order handles its own refunds.
	if err != nil || c.State != Completed {
		return err
	}
	_, err = s.Cashier.Orders.Change(ctx, c.OrderID, func(o *order.Order) (bool, []table.Write, error) {
		now := s.Clock.Now()
		heard, first := o.RecordConsoleRefund(r.ID, r.Amount.Amount, r.State, now)
		// Already known: only its state may have changed, and consumers were told before.
		if !first {
			return heard, nil, nil
		}
		o.Event, err = event.New(ctx, now, events.OrderRefunded{
			OrderRef: o.Ref(), Amount: r.Amount, Reason: "provider_console", AtProvider: true,
			Whole: o.RefundLedger().Left() == 0,
		})
		return true, nil, err
	})
	return err
}
