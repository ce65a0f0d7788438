package checkout

import (
	"context"
	"errors"
	"time"

	"dangol/shared/money"
	"dangol/shared/order"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/id"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/pricing"
)

// NotFound is the answer for a checkout that is not there or not the caller's.
func NotFound() error {
	return problem.NotFound("checkout_not_found", "There is no such checkout, or it is not yours.")
}

// get reads a checkout, strongly consistent. 1 round trip, 1 RCU per 4 KB. Errors: 404 checkout_not_found.
func (s Service) get(ctx context.Context, checkoutID string) (*Checkout, error) {
	if !id.Is(Prefix, checkoutID) {
		return nil, NotFound()
	}
	var c Checkout
	err := s.Table.Get(ctx, KeyOf(checkoutID), &c)
	if errors.Is(err, table.ErrNotFound) {
		return nil, NotFound()
	}
	return &c, err
}

// GetFor reads a checkout for the one who began it, or the shop's people. 1 round trip. Errors: 404 checkout_not_found.
func (s Service) GetFor(ctx context.Context, checkoutID string, who order.Caller) (*Checkout, error) {
	c, err := s.get(ctx, checkoutID)
	if err != nil {
		return nil, err
	}
	if !who.Operator && !who.Owns(c.Draft) {
		return nil, NotFound()
	}
	return c, nil
}

// change updates a checkout that is still in the state in which it was read. It returns what is
// stored afterwards; moved is true when somebody else has changed the state, and nothing was
// written. 1 round trip.
func (s Service) change(ctx context.Context, c *Checkout, do string, with map[string]any) (after *Checkout, moved bool,
	err error) {
	with[":was"], with[":now"] = c.State, s.Clock.Now()
	item, err := s.Table.Update(ctx, table.Update{
		Key: c.Key, Do: "SET #updatedAt = :now, " + do, If: "#state = :was", With: with, WriteID: token(s.Clock),
	})
	// A failed condition returns the stored item, so the caller sees the newer state without a
	// read.
	if failed, ok := table.Failed(err); ok {
		item, moved, err = failed.Item, true, nil
	}
	if err != nil {
		return nil, false, err
	}
	if item == nil {
		return nil, false, NotFound()
	}
	after = &Checkout{}
	return after, moved, item.Decode(after)
}

// token names one attempt to write, by which a repetition of the same attempt is recognized.
func token(c clock.Clock) string { return id.New("try", c.Now()) }

// price is the total in its currency.
func price(t pricing.Totals) money.Money { return money.Of(t.Total, t.Currency) }

// forget is the time, in Unix seconds, after which DynamoDB may delete the record.
func forget(now time.Time) int64 { return now.Add(keepFor).Unix() }
