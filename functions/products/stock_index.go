package products

import (
	"context"

	"dangol/events"
	"dangol/shared/platform/event"
	"dangol/shared/platform/function"
)

// consumers are the events that change by which availability lists find a product. Each reads what is there now instead
// of believing the event, so events that come twice, late or in another order do no harm.
func (c *Products) consumers() function.Consumers {
	return function.Consumers{
		function.On(func(ctx context.Context, _ event.Envelope, e events.StockLevelChanged) error {
			return c.index.LevelChanged(ctx, e.VariantID)
		}),
		function.On(func(ctx context.Context, _ event.Envelope, e events.ProductCreated) error {
			return c.index.ProductChanged(ctx, e.ProductID)
		}),
		function.On(func(ctx context.Context, _ event.Envelope, e events.ProductUpdated) error {
			return c.index.ProductChanged(ctx, e.ProductID)
		}),
	}
}
