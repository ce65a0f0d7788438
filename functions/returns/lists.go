package returns

import (
	"context"

	"dangol/shared/order"
	"dangol/shared/platform/api"
	"dangol/shared/platform/auth"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/rma"
)

// get reads a return for those who may see its order.
func (f *Returns) get(ctx context.Context, in *ReturnInput) (*output, error) {
	if err := f.may(ctx, *in); err != nil {
		return nil, err
	}
	r, o, err := f.Returns.Get(ctx, in.ReturnID)
	if err != nil {
		return nil, err
	}
	return answer(200, r, o, auth.From(ctx)), nil
}

// ofOrder lists the returns of an order for those who may see it.
func (f *Returns) ofOrder(ctx context.Context, in *OrderInput) (*listOutput, error) {
	o, err := f.Orders.GetFor(ctx, in.OrderID, caller(ctx, in.CartToken, in.Token))
	if err != nil {
		return nil, err
	}
	all, err := f.Returns.OfOrder(ctx, o.ID)
	if err != nil {
		return nil, err
	}
	// The summaries are stored with the returns, so lists and details cannot differ.
	cards := make([]rma.ReturnSummary, len(all))
	for i, r := range all {
		cards[i] = r.Card
	}
	return listed(cards, ""), nil
}

// mineInput is a page of one's own returns.
type mineInput struct{ api.Paging }

// mine lists the caller's returns, newest first.
func (f *Returns) mine(ctx context.Context, in *mineInput) (*listOutput, error) {
	page, err := f.Returns.OfCustomer(ctx, auth.From(ctx).Subject, in.Limit, table.Cursor(in.Cursor))
	if err != nil {
		return nil, api.CursorProblem(err)
	}
	return listed(page.Cards, page.Next), nil
}

// inStateInput is a page of the returns in a state.
type inStateInput struct {
	api.Paging
	State string `query:"state" enum:"requested,approved,booked,in_transit,received,inspected,awaiting_payment,completed,rejected,canceled,expired" default:"requested"`
}

// inState is the work list: open returns by deadline, the next first; ended ones by their end, the last first.
func (f *Returns) inState(ctx context.Context, in *inStateInput) (*listOutput, error) {
	page, err := f.Returns.InState(ctx, rma.State(in.State), in.Limit, table.Cursor(in.Cursor))
	if err != nil {
		return nil, api.CursorProblem(err)
	}
	return listed(page.Cards, page.Next), nil
}

// receiveManyInput are the returns of a delivery to the warehouse.
type receiveManyInput struct {
	Body struct {
		Returns []string `json:"returns" minItems:"1" maxItems:"50" doc:"Ids, as on the labels."`
	}
}

// ReceivedOne is how one return of many went.
type ReceivedOne struct {
	ID      string    `json:"id"`
	State   rma.State `json:"state,omitempty"`
	Problem string    `json:"problem,omitempty" doc:"The code of what went wrong; missing when it was received."`
	Detail  string    `json:"detail,omitempty"`
}

// receiveManyOutput says how each one went.
type receiveManyOutput struct {
	Body struct {
		Returns []ReceivedOne `json:"returns" nullable:"false" doc:"In the order of the request."`
	}
}

// receiveMany receives returns as they were announced. Each fails alone.
func (f *Returns) receiveMany(ctx context.Context, in *receiveManyInput) (*receiveManyOutput, error) {
	out := &receiveManyOutput{}
	out.Body.Returns = make([]ReceivedOne, len(in.Body.Returns))
	// One after the other: two returns of one order would only meet each other.
	for i, id := range in.Body.Returns {
		one := ReceivedOne{ID: id}
		r, _, err := f.change(ctx, id, func(r *rma.RMA, o *order.Order) (changeSet, error) { return f.received(nil)(r, o) })
		if err != nil {
			p := problem.From(err)
			one.Problem, one.Detail = p.Code, p.Detail
		} else {
			one.State = r.State
		}
		out.Body.Returns[i] = one
	}
	return out, nil
}
