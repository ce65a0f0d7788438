package orders

import (
	"context"
	"strings"
	"time"

	"dangol/shared/order"
	"dangol/shared/platform/api"
	"dangol/shared/platform/auth"
	"dangol/shared/platform/format"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/ratelimit"
	"dangol/shared/platform/table"
)

// mineInput asks for a page.
type mineInput struct{ api.Paging }

// mine lists the caller's own orders. 1 round trip.
func (f *Orders) mine(ctx context.Context, in *mineInput) (*listOutput, error) {
	page, err := f.Cashier.Orders.OfCustomer(ctx, auth.From(ctx).Subject, in.Limit, table.Cursor(in.Cursor))
	if err != nil {
		return nil, api.CursorProblem(err)
	}
	return listed(page), nil
}

// inStateInput asks for a page of the orders in one state.
type inStateInput struct {
	api.Paging
	State string `query:"state" enum:"placed,partially_fulfilled,fulfilled,delivered,canceled" default:"placed" doc:"placed is what waits to be shipped."`
}

// inState lists orders for the people who work through them, newest first.
func (f *Orders) inState(ctx context.Context, in *inStateInput) (*listOutput, error) {
	page, err := f.Cashier.Orders.InState(ctx, order.State(in.State), in.Limit, table.Cursor(in.Cursor))
	if err != nil {
		return nil, api.CursorProblem(err)
	}
	return listed(page), nil
}

// OrderInput names an order and what opens it. Exported because Huma fills only exported embedded structs.
type OrderInput struct {
	OrderID   string `path:"orderId" maxLength:"40" example:"ord_01k9x7d3f8q7m2k"`
	CartToken string `header:"Cart-Token" maxLength:"200" doc:"The token of the guest's cart that was ordered."`
	Token     string `header:"Order-Token" maxLength:"200" doc:"The token from a look-up."`
}

// order reads the order if the caller may see it. 1 round trip. Errors: 404, also when it is
// somebody else's.
func (in OrderInput) order(ctx context.Context, s order.Store) (*order.Order, error) {
	return s.GetFor(ctx, in.OrderID, caller(ctx, in.CartToken, in.Token))
}

// get reads an order. The answer is not cached anywhere: it holds an address.
func (f *Orders) get(ctx context.Context, in *OrderInput) (*output, error) {
	o, err := in.order(ctx, f.Cashier.Orders)
	if err != nil {
		return nil, err
	}
	return answer(200, o, auth.From(ctx)), nil
}

// Guests' look-ups are limited by address and by number: one address could try many numbers, and
// many addresses one number.
const (
	lookupsPerAddress = 30
	lookupsPerNumber  = 10
	lookupWindow      = time.Hour
)

// lookupInput has the two things that a guest knows from the confirmation mail.
type lookupInput struct {
	Body struct {
		Number string `json:"number" minLength:"1" maxLength:"40" doc:"As in the confirmation mail; case, spaces and hyphens do not matter." example:"01K9X-7D3F8-Q7M2K"`
		Email  string `json:"email" format:"email" maxLength:"254" example:"haneul@example.com"`
	}
}

// lookupOutput has a token for further requests, so that the address need not be sent again.
type lookupOutput struct {
	Caching string `header:"Cache-Control"`
	Body    struct {
		Token     string    `json:"token" doc:"Send it as Order-Token to GET /orders/{orderId}."`
		ExpiresAt time.Time `json:"expiresAt"`
		Order     Order     `json:"order"`
	}
}

// lookup finds a guest's order. A number that does not exist and one with another address get the
// same answer, so nobody learns which numbers exist. 3 round trips. Errors: 404, 429.
func (f *Orders) lookup(ctx context.Context, in *lookupInput) (*lookupOutput, error) {
	email, err := format.Email("/email", in.Body.Email)
	if err != nil {
		return nil, err
	}
	// Before the limit only the form of the input is checked: every attempt at an order counts.
	id, possible := order.IDFromNumber(in.Body.Number)
	err = f.Limiter.Take(ctx,
		ratelimit.Limit{Name: "order-lookup-address", Subject: api.SourceIP(ctx), Max: lookupsPerAddress,
			Window: lookupWindow},
		ratelimit.Limit{Name: "order-lookup-number", Subject: id, Max: lookupsPerNumber, Window: lookupWindow},
	)
	if err != nil {
		return nil, err
	}
	if !possible {
		return nil, noMatch()
	}
	o, err := f.Cashier.Orders.Get(ctx, id)
	switch {
	case problem.Code(err) == "order_not_found":
		return nil, noMatch()
	case err != nil:
		return nil, err
	// The address that it was placed with opens it also after somebody gave another one.
	case email != strings.ToLower(o.Email) && email != strings.ToLower(o.Opener()):
		return nil, noMatch()
	}
	out := &lookupOutput{Caching: caching}
	out.Body.Order, out.Body.ExpiresAt = view(o, false), f.Cashier.Clock.Now().Add(order.LookupTokenLife)
	out.Body.Token, err = f.Cashier.Orders.CreateLookupToken(ctx, id)
	return out, err
}

// noMatch is the answer for everything that does not fit together.
func noMatch() error {
	return problem.NotFound("order_not_found", "There is no order with this number and mail address.")
}
