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

// HandleConsoleRefund takes over a refund that was made at the provider's own console. The order is the one that the
// payment was begun for, which the payment names for as long as the provider keeps it; payments that name none are
// found by their checkout, for as long as that is kept. One of no order is logged for a person. Errors: those of the
// provider.
func (s Service) HandleConsoleRefund(ctx context.Context, r payment.Refund) error {
	p, err := s.Provider.Get(ctx, r.PaymentID)
	if err != nil {
		return err
	}
	orderID, paymentID, err := s.paidWith(ctx, p)
	if err != nil {
		return err
	}
	if paymentID == "" {
		s.Log.ErrorContext(ctx, "a refund at the provider is of no order that is known", "payment", r.PaymentID, "refund",
			r.ID)
		return nil
	}
	_, err = s.Cashier.Orders.Change(ctx, orderID, func(o *order.Order) (bool, []table.Write, error) {
		now := s.Clock.Now()
		heard, first := o.RecordConsoleRefund(paymentID, r.ID, r.Amount.Amount, r.State, now)
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

// paidWith is the order that a payment paid for, and the id of the payment in its ledger; both are empty when there is
// none. An order that the payment names but that was not paid with it was made by another checkout of the same
// millisecond.
func (s Service) paidWith(ctx context.Context, p payment.Payment) (orderID, paymentID string, err error) {
	for _, find := range []func() (string, error){
		func() (string, error) { return p.Metadata["order"], nil },
		func() (string, error) { return s.orderOfCheckout(ctx, p.Metadata["checkout"]) },
	} {
		id, err := find()
		if err != nil {
			return "", "", err
		}
		o, err := s.Cashier.Orders.Get(ctx, id)
		if problem.Code(err) == "order_not_found" {
			continue
		}
		if err != nil {
			return "", "", err
		}
		if name := o.LedgerPayment(p.ID); name != "" {
			return o.ID, name, nil
		}
	}
	return "", "", nil
}

// orderOfCheckout is the order that a checkout has become; "" when it is not kept any more or has become none.
func (s Service) orderOfCheckout(ctx context.Context, checkoutID string) (string, error) {
	c, err := s.get(ctx, checkoutID)
	if problem.Code(err) == "checkout_not_found" || err == nil && c.State != Completed {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return c.OrderID, nil
}
