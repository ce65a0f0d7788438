package store

import (
	"context"

	"dangol/shared/order"
	"dangol/shared/platform/problem"
	"dangol/shared/review"
)

// Authored reads a review for its author: whoever bought what it is about. The order is read too. 2 round trips.
// Errors: 404 review_not_found, for everybody else and for imported reviews as well.
func (s Store) Authored(ctx context.Context, orders order.Store, i ReviewID, who order.Caller) (*review.Review,
	*order.Order, error) {
	r, err := s.Get(ctx, i)
	if err != nil {
		return nil, nil, err
	}
	if r.OrderID == "" {
		return nil, nil, NotFound() // imported: nobody here has written it
	}
	o, err := orders.GetFor(ctx, r.OrderID, who)
	if problem.Code(err) == "order_not_found" {
		return nil, nil, NotFound()
	}
	return r, o, err
}
