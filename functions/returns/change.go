package returns

import (
	"context"
	"fmt"

	"dangol/shared/order"
	"dangol/shared/platform/event"
	"dangol/shared/platform/table"
	"dangol/shared/rma"
)

// changeSet is what a step of a return writes.
type changeSet struct {
	order   bool          // the order changed as well
	event   event.Body    // rides on the return
	must    []table.Write // in the same transaction; their conditions must hold
	give    []table.Write // in the same transaction; left out where their target is gone
	nothing bool
}

// pair is a return and its order, as they were read together.
type pair struct {
	r *rma.RMA
	o *order.Order
}

// change reads a return and its order, applies the step, and writes both in one transaction. A step that met another
// one is applied again to what that left. 2 round trips when nobody else changes them. Errors: 404 return_not_found,
// those of the step, 503 busy.
func (f *Returns) change(
	ctx context.Context, returnID string, step func(*rma.RMA, *order.Order) (changeSet, error),
) (*rma.RMA, *order.Order, error) {
	read := func(ctx context.Context, _ table.Item) (pair, error) {
		r, o, err := f.Returns.Get(ctx, returnID)
		return pair{r, o}, err
	}
	got, err := table.Modify(ctx, read, func(ctx context.Context, p pair) (pair, error) {
		w, err := step(p.r, p.o)
		if err != nil || w.nothing {
			return p, err
		}
		// write sets the id and version of r, so r is as it was stored.
		return p, stale(f.write(ctx, p.r, p.o, w))
	})
	return got.r, got.o, err
}

// stale makes a write that met another one be decided again.
func stale(err error) error {
	if _, refused := table.Refused(err); refused {
		return table.Stale(err, nil)
	}
	return err
}

// write stores the return, and the order when it changed. A write of ours whose answer was lost is recognized by its
// mark.
func (f *Returns) write(ctx context.Context, r *rma.RMA, o *order.Order, w changeSet) error {
	now := f.Clock.Now()
	if w.event != nil {
		e, err := event.New(ctx, now, w.event)
		if err != nil {
			return err
		}
		r.Event = e
	}
	// The return is the first write: AlreadyWritten looks there for its mark.
	must := []table.Write{f.Returns.Put(r, now)}
	if w.order {
		// Replace also gives the writes of store credit that the order has granted.
		put, grants := f.Orders.Replace(o)
		must = append(must, put)
		must = append(must, grants...)
	}
	must = append(must, w.must...)
	// WriteID as the token, so that the SDK's own repetition is recognized.
	err := f.Table.TransactReleasing(ctx, r.WriteID, must, w.give)
	if table.AlreadyWritten(err, 0, r.WriteID) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("return %s: %w", r.ID, err)
	}
	return nil
}
