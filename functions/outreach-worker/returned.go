package outreachworker

import (
	"context"

	"dangol/events"
	"dangol/shared/outreach/contact"
	"dangol/shared/outreach/sequence"
	"dangol/shared/outreach/service"
	"dangol/shared/platform/event"
)

// returnRequested lets messages about the order wait: the goods may come back.
func (w Worker) returnRequested(ctx context.Context, e event.Envelope, b events.ReturnRequested) error {
	return w.noteReturn(ctx, b.ReturnRef, contact.ReturnEvent{At: e.Time})
}

// returnRejected lets messages about the order go on.
func (w Worker) returnRejected(ctx context.Context, e event.Envelope, b events.ReturnRejected) error {
	return w.noteReturn(ctx, b.ReturnRef, contact.ReturnEvent{At: e.Time, Over: true})
}

// returnCanceled lets messages about the order go on, also when the goods were not sent in time.
func (w Worker) returnCanceled(ctx context.Context, e event.Envelope, b events.ReturnCanceled) error {
	return w.noteReturn(ctx, b.ReturnRef, contact.ReturnEvent{At: e.Time, Over: true})
}

// noteReturn notes what happened to a return, of which series are not told.
func (w Worker) noteReturn(ctx context.Context, ref events.ReturnRef, r contact.ReturnEvent) error {
	r.OrderID, r.ReturnID = ref.OrderID, ref.ReturnID
	return w.take(ctx, ref.Email, service.TriggerEvent{Event: sequence.Event{At: r.At}, Return: &r})
}

// returnCompleted ends what an order has started of which something came back and was paid back. What was exchanged is
// still with the person, and so is what the shop did not accept.
func (w Worker) returnCompleted(ctx context.Context, e event.Envelope, b events.ReturnCompleted) error {
	over := contact.ReturnEvent{OrderID: b.OrderID, ReturnID: b.ReturnID, At: e.Time, Over: true, Whole: b.Whole}
	if b.Refund.Amount == 0 && b.Credit.Amount == 0 {
		return w.noteReturn(ctx, b.ReturnRef, over)
	}
	over.Undone = true
	return w.returned(ctx, e, b.OrderRef, over)
}

// orderRefunded ends what an order has started of which units were refunded without a return, or all of it. An amount
// is a gesture: the person has what they bought.
func (w Worker) orderRefunded(ctx context.Context, e event.Envelope, b events.OrderRefunded) error {
	if len(b.Lines) == 0 && !b.Whole {
		return nil
	}
	return w.returned(ctx, e, b.OrderRef, contact.ReturnEvent{
		OrderID: b.OrderID, At: e.Time, Undone: true, Whole: b.Whole,
	})
}

// returned is what returnCompleted and orderRefunded have in common.
func (w Worker) returned(ctx context.Context, e event.Envelope, order events.OrderRef, r contact.ReturnEvent) error {
	return w.take(ctx, order.Email, service.TriggerEvent{
		Event:  happened("order.returned", e, "orderId", order.OrderID, "url", w.Service.Shop.URL+"/"),
		Return: &r,
	})
}
