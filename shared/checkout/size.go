package checkout

import (
	"context"

	"dangol/shared/order"
	"dangol/shared/payment"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
)

// The sizes of an order that may be paid for, in bytes. Nothing after the payment may need more than was checked before
// it.
const (
	// maxOrder leaves a quarter of the item for what is added later: parcels, refunds, notes, the timeline.
	maxOrder = table.MaxItem * 3 / 4
	// maxEvent leaves room for the envelope in an entry of EventBridge, which is at most 256 KB.
	maxEvent = 240 * 1024
)

// surelySmall is how many lines without properties are surely within both limits: a title, options and an image address
// take 4 KB at most.
const surelySmall = 10

// storable checks, before anything is held or paid, that the order which the checkout becomes can be stored and its
// event sent. Errors: 409 order_too_large.
func (s Service) storable(ctx context.Context, c *Checkout) error {
	// Encoding an order to measure it costs more than the rest of the checks, so small ones are not measured.
	if c.small() {
		return nil
	}
	o, err := s.orderOf(ctx, c, payment.Payment{Amount: c.ToPay(), State: payment.StateCaptured})
	if err != nil {
		return err
	}
	o.Key = order.KeyOf(o.ID)
	size, err := table.Size(o)
	if err != nil {
		return err
	}
	// The event is limited on its own: it is stored in the order and sent alone.
	if size > maxOrder || len(o.Event.Data) > maxEvent {
		return problem.Conflict("order_too_large",
			"This cart is too large for one order; buy it in two, or with shorter line properties.").
			With("bytes", size).With("limit", maxOrder)
	}
	return nil
}

// small reports whether a checkout is too small to be measured.
func (c *Checkout) small() bool {
	for _, l := range c.Lines {
		// Properties are free text of the shopper, such as an engraving.
		if len(l.Properties) > 0 {
			return false
		}
	}
	return len(c.Lines) <= surelySmall
}
