package orders

import (
	"context"
	"slices"
	"time"

	"dangol/shared/money"
	"dangol/shared/order"
	"dangol/shared/platform/api"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
)

// searchInput are the conditions of a search; those that are given must all hold.
type searchInput struct {
	api.Paging
	Number   string    `query:"number" maxLength:"40" doc:"As people read it out; case, spaces and hyphens do not matter." example:"01K9X-7D3F8-Q7M2K"`
	Email    string    `query:"email" maxLength:"254" doc:"Exactly, case aside."`
	Customer string    `query:"customerId" maxLength:"100"`
	Text     string    `query:"q" maxLength:"200" doc:"Words that must all occur in number, recipient, mail address, titles or the shopper's note." example:"하늘"`
	Product  string    `query:"product" maxLength:"60" doc:"Id of a product or a variant."`
	State    string    `query:"state" enum:"placed,partially_fulfilled,fulfilled,delivered,canceled"`
	From     time.Time `query:"from" doc:"Placed at this moment or later."`
	To       time.Time `query:"to" doc:"Placed before this moment."`
}

// searchOutput is a page of whole orders: who searches wants to read them.
type searchOutput struct {
	Caching string `header:"Cache-Control"`
	Body    struct {
		Orders     []Order       `json:"orders" nullable:"false" doc:"Newest first."`
		NextCursor string        `json:"nextCursor,omitempty" doc:"Send as cursor to go on; a page can be empty and have one, when none of the orders looked at fits."`
		Totals     []SearchTotal `json:"totals" nullable:"false" doc:"Of the orders of this page, by currency."`
	}
}

// SearchTotal is what the orders of a page come to in one currency.
type SearchTotal struct {
	Orders int             `json:"orders"`
	Total  money.Formatted `json:"total"`
}

// search finds orders for the shop's people. Its cost is that of Store.Search.
func (f *Orders) search(ctx context.Context, in *searchInput) (*searchOutput, error) {
	out := &searchOutput{Caching: caching}
	out.Body.Orders, out.Body.Totals = []Order{}, []SearchTotal{}
	found, next, err := f.find(ctx, in)
	if err != nil {
		return nil, err
	}
	out.Body.NextCursor = string(next)
	for _, o := range found {
		out.Body.Orders = append(out.Body.Orders, view(o, true))
		// By currency, because amounts of several currencies cannot be added.
		at := slices.IndexFunc(out.Body.Totals, func(t SearchTotal) bool { return t.Total.Currency == o.Totals.Currency })
		if at < 0 {
			out.Body.Totals = append(out.Body.Totals, SearchTotal{1, o.Total().Formatted()})
			continue
		}
		t := &out.Body.Totals[at]
		t.Orders++
		t.Total = o.Money(t.Total.Amount + o.Totals.Total).Formatted()
	}
	return out, nil
}

// find reads one order by its number, or searches. A number that cannot be one finds nothing, which
// for a search is no error.
func (f *Orders) find(ctx context.Context, in *searchInput) ([]*order.Order, table.Cursor, error) {
	if in.Number != "" {
		id, possible := order.IDFromNumber(in.Number)
		if !possible {
			return nil, "", nil
		}
		o, err := f.Cashier.Orders.Get(ctx, id)
		if problem.Code(err) == "order_not_found" {
			return nil, "", nil
		}
		return []*order.Order{o}, "", err
	}
	q := order.Search{From: in.From, To: in.To, Email: in.Email, Customer: in.Customer, Product: in.Product, Text: in.Text}
	if in.State != "" {
		q.States = []order.State{order.State(in.State)}
	}
	found, next, err := f.Cashier.Orders.Search(ctx, q, in.Limit, table.Cursor(in.Cursor))
	return found, next, api.CursorProblem(err)
}
