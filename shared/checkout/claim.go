package checkout

import (
	"context"
	"errors"

	"dangol/shared/cart"
	"dangol/shared/order"
	"dangol/shared/payment"
	"dangol/shared/platform/due"
	"dangol/shared/platform/event"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
)

// claim makes the order of a paid checkout, closes the checkout and the cart, in one transaction, and then captures. Of
// several who claim at once one succeeds; the others see what it made. 1 read, 1 transaction, 1 call, 1 write.
func (s Service) claim(ctx context.Context, c *Checkout, p payment.Payment) (*Checkout, error) {
	basket, err := s.lockedCart(ctx, c)
	if err != nil {
		return nil, err
	}
	for range 3 { // once more without a cart that is gone, once more under another id
		o, err := s.orderOf(ctx, c, p)
		if err != nil {
			return nil, err
		}
		writes := []table.Write{s.completed(c, p, o.ID), s.Cashier.Orders.Place(o)}
		if basket != nil {
			writes = append(writes, cart.Close(basket, c.ID, o.ID, o.PlacedAt))
		}
		err = s.Table.Transact(ctx, token(s.Clock), writes...)
		canceled, refused := table.Refused(err)
		switch {
		case err == nil:
			return s.captured(ctx, c, o)
		case !refused:
			return nil, err
		// Another claim was first: its result counts.
		case canceled.Refused(0):
			return s.get(ctx, c.ID)
		case canceled.Refused(1):
			c.OrderID = order.NewID(s.Clock.Now()) // another order of the same millisecond has it
		case canceled.Refused(2):
			basket = nil // it was replaced or deleted; the paid order matters more
		default:
			return nil, problem.Busy(err)
		}
	}
	return nil, problem.Busy(errors.New("another order has each id that was tried"))
}

// lockedCart reads the cart that this checkout holds; nil when it holds it no longer. Without a
// cart the order is made all the same: it is paid.
func (s Service) lockedCart(ctx context.Context, c *Checkout) (*cart.Cart, error) {
	if c.basket != nil {
		return c.basket, nil
	}
	var b cart.Cart
	err := s.Table.Get(ctx, c.CartKey, &b)
	if errors.Is(err, table.ErrNotFound) || err == nil && b.CheckoutID != c.ID {
		return nil, nil
	}
	return &b, err
}

// orderOf is the order that the checkout becomes, with the event that says so.
func (s Service) orderOf(ctx context.Context, c *Checkout, p payment.Payment) (*order.Order, error) {
	now := s.Clock.Now()
	o := order.New(c.OrderID, c.ID, c.Draft, order.PaymentOf(c.Payment.Provider, p), now)
	var err error
	o.Event, err = event.New(ctx, now, o.PlacedEvent())
	return o, err
}

// completed is the write that ends the checkout with an order. The condition makes it happen once.
func (s Service) completed(c *Checkout, p payment.Payment, orderID string) table.Update {
	now := s.Clock.Now()
	paid := c.Payment
	paid.ID, paid.State, paid.RedirectURL = p.ID, p.State, ""
	return table.Update{
		Key: c.Key, If: "#state = :paying",
		Do: "SET #state = :completed, #orderId = :order, #payment = :paid, #updatedAt = :now, #ttl = :ttl " + due.Remove,
		With: map[string]any{
			":paying": Paying, ":completed": Completed, ":order": orderID, ":paid": paid, ":now": now, ":ttl": forget(now),
		},
	}
}

// captured takes the money of the order that was made. When the provider does not answer now, the
// capture stays due on the order.
func (s Service) captured(ctx context.Context, c *Checkout, o *order.Order) (*Checkout, error) {
	// Built here instead of read again: the transaction has just written these values.
	done := *c
	done.State, done.OrderID, done.Due = Completed, o.ID, due.Due{}
	if _, err := s.Cashier.Settle(ctx, o); err != nil {
		s.Log.WarnContext(ctx, "capture is due", "order", o.ID, "error", err)
	}
	return &done, nil
}
