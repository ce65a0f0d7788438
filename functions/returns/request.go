package returns

import (
	"context"
	"math/rand/v2"
	"strings"

	"dangol/events"
	"dangol/shared/order"
	"dangol/shared/platform/api"
	"dangol/shared/platform/auth"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/refund"
	"dangol/shared/returnpolicy"
	"dangol/shared/rma"
	"dangol/shared/stock"
)

// requestInput is a return with the quote it was seen under.
type requestInput struct {
	OrderInput
	Body struct {
		Wanted
		Quote string `json:"quote" minLength:"1" maxLength:"1000" doc:"The token of the quote that the customer has seen."`
	}
}

// request makes a return exactly as it was quoted, or says what changed. The units and the amount are reserved in the
// order's ledger in the same transaction, so that no unit is in two returns. 3 round trips.
func (f *Returns) request(ctx context.Context, in *requestInput) (*output, error) {
	asked, err := requestOf(ctx, in.Body)
	if err != nil {
		return nil, err
	}
	// reading is what an attempt has read and made.
	type reading struct {
		o        *order.Order
		versions []returnpolicy.Policy
		made     *rma.RMA
		repeated bool
	}
	read := func(ctx context.Context, _ table.Item) (reading, error) {
		o, versions, err := f.orderAndPolicies(ctx, in.OrderInput)
		return reading{o: o, versions: versions}, err
	}
	got, err := table.Modify(ctx, read, func(ctx context.Context, g reading) (reading, error) {
		// Before the plan: the units of the first request are reserved, so the plan would be
		// refused.
		prior, err := f.repeated(ctx, g.o, asked)
		if err != nil || prior != nil {
			g.made, g.repeated = prior, true
			return g, err
		}
		p, err := f.plan(ctx, g.o, g.versions, in.Body.Wanted)
		if err != nil {
			return g, err
		}
		// The amounts that the customer has seen are what is promised.
		if err := p.holds(g.o, in.Body.Quote); err != nil {
			return g, err
		}
		r, w, err := f.open(ctx, g.o, p, in.Body.Wanted, asked)
		if err != nil {
			return g, err
		}
		g.made = r
		// Refused when the order changed meanwhile: everything is read and planned again.
		return g, stale(f.write(ctx, r, g.o, w))
	})
	switch {
	case err != nil:
		return nil, err
	case got.repeated:
		return replayed(got.made, got.o, auth.From(ctx)), nil
	}
	return f.afterwards(ctx, got.made, got.o, 201)
}

// requestOf names the request by its key and what it asks for; the zero value when the client sent no key.
func requestOf(ctx context.Context, body any) (order.Request, error) {
	key, hash, err := api.Idempotency(ctx).Named(body)
	return order.Request{Key: key, Hash: hash}, err
}

// repeated returns the return that the same request made before. An order without returns is not asked for them. Error:
// 422 idempotency_key_reused.
func (f *Returns) repeated(ctx context.Context, o *order.Order, asked order.Request) (*rma.RMA, error) {
	// Saves a round trip for the first return of an order.
	if asked.Key == "" || o.Returns == 0 {
		return nil, nil
	}
	all, err := f.Returns.OfOrder(ctx, o.ID)
	if err != nil {
		return nil, err
	}
	for _, r := range all {
		if again, err := asked.Repeats(r.Request); again || err != nil {
			return r, err
		}
	}
	return nil, nil
}

// open builds the return of a plan and reserves its units, its amount and the goods of an exchange.
func (f *Returns) open(
	ctx context.Context, o *order.Order, p plan, w Wanted, asked order.Request,
) (*rma.RMA, changeSet, error) {
	if o.Returns >= rma.MaxPerOrder {
		return nil, changeSet{}, problem.Conflict("too_many_returns", "An order takes at most %d returns.", rma.MaxPerOrder)
	}
	now := f.Clock.Now()
	// The number is taken in the same write as the return, so no two returns have the same.
	o.Returns++
	r := &rma.RMA{
		ID: rma.IDFor(o.ID, o.Returns), State: rma.Requested, OrderID: o.ID, CustomerID: o.CustomerID, Email: o.Email,
		Name:     o.Recipient(),
		Language: o.Language, Country: country(o), Currency: o.Totals.Currency, Policy: p.policy,
		Resolution: rma.Resolution(w.Resolution),
		Way:        p.way, Lines: p.lines, Quote: p.figures, Terms: p.terms, Shipping: p.quote.Shipping,
		OutboundBack: p.outbound, Request: asked,
		CreatedAt: now, UpdatedAt: now,
	}
	// Before the approval, so that the timeline begins with the request.
	r.Opened(byWhom(ctx, o), now)
	if err := f.stockOf(ctx, r); err != nil {
		return nil, changeSet{}, err
	}
	// Booked now and not when the goods arrive, so that nobody promises the same money twice.
	e := p.quote.Entry(r.ID)
	// The reason of the first line stands for the return in the ledger.
	e.Kind, e.To, e.Reason, e.By = refund.Returned, destination(r.Resolution), string(r.Lines[0].Reason), byWhom(ctx, o)
	e.OutboundBack = r.OutboundBack
	if err := o.Book(e, now); err != nil {
		return nil, changeSet{}, err
	}
	out := changeSet{order: true}
	if len(p.goods) > 0 {
		holds, taken, err := f.hold(ctx, p.goods)
		if err != nil {
			return nil, changeSet{}, err
		}
		r.Swap = rma.Swap{Goods: p.goods, Taken: taken}
		out.must = holds
	}
	if p.approve {
		if err := r.Approve(p.send, rma.BySystem, now); err != nil {
			return nil, changeSet{}, err
		}
	}
	out.event = events.ReturnRequested{
		ReturnRef: r.Ref(), Resolution: string(r.Resolution), Lines: r.EventLines(), Quoted: r.Money(r.Quote.Refund),
		Approved: p.approve, Way: string(r.Way), SendBy: r.Deadlines.SendBy, RequestedAt: now,
	}
	return r, out, nil
}

// stockOf notes what each unit takes out of stock, so that it can go back there. Goods that are no longer in the
// catalog go nowhere. 1 round trip for what is not cached.
func (f *Returns) stockOf(ctx context.Context, r *rma.RMA) error {
	ids := make([]string, len(r.Lines))
	for i, l := range r.Lines {
		ids[i] = l.VariantID
	}
	items, err := f.Catalog.Variants(ctx, ids)
	if err != nil {
		return err
	}
	for i := range r.Lines {
		for _, part := range items[r.Lines[i].VariantID].StockRequests(1) {
			r.Lines[i].Stock = append(r.Lines[i].Stock, rma.StockPart{VariantID: part.VariantID, Quantity: part.Quantity})
		}
	}
	return nil
}

// destination is where the ledger sends the amount of a resolution.
func destination(r rma.Resolution) refund.Destination {
	switch r {
	case rma.StoreCredit:
		return refund.ToStoreCredit
	case rma.Exchange, rma.Replacement:
		return refund.ToExchange
	}
	return refund.ToPayments
}

// hold takes the goods of an exchange out of stock until the return ends. Errors: 409 out_of_stock.
func (f *Returns) hold(ctx context.Context, goods []rma.ExchangeItem) ([]table.Write, []stock.Allocation, error) {
	ids := make([]string, len(goods))
	for i, g := range goods {
		ids[i] = g.VariantID
	}
	// Past the cache, because stock is taken.
	items, err := f.Catalog.ConsistentVariants(ctx, ids)
	if err != nil {
		return nil, nil, err
	}
	var wants []stock.Request
	for _, g := range goods {
		wants = append(wants, items[g.VariantID].StockRequests(g.Quantity)...)
	}
	return f.takeOut(ctx, wants)
}

// takeOut plans to take units out of stock. 1 round trip. Errors: 409 out_of_stock.
func (f *Returns) takeOut(ctx context.Context, wants []stock.Request) ([]table.Write, []stock.Allocation, error) {
	levels, err := stock.Read(ctx, f.Table, stock.Keys(wants))
	if err != nil {
		return nil, nil, err
	}
	// The random number chooses the bucket of the stock that is tried first, so that buyers do not wait for each other.
	writes, taken, short := stock.Hold(levels, wants, rand.Int())
	if len(short) > 0 {
		return nil, nil, problem.Conflict("out_of_stock", "Of %s there is not enough.", strings.Join(short, ", "))
	}
	return writes, taken, nil
}

// byWhom says in timelines whether the customer or the shop did it.
func byWhom(ctx context.Context, o *order.Order) string {
	// One of the shop's people may be a customer too.
	if who := auth.From(ctx); who.Operator() && !who.Owns(o.CustomerID) {
		return rma.ByShop
	}
	return rma.ByCustomer
}

// subject is the caller's id.
func subject(ctx context.Context) string { return auth.From(ctx).Subject }

// afterwards does at once what follows from a step: goods that need not come back are settled.
func (f *Returns) afterwards(ctx context.Context, r *rma.RMA, o *order.Order, status int) (*output, error) {
	if r.State == rma.Approved && r.Way == rma.Stays {
		settled, so, err := f.settle(ctx, r.ID, nil, rma.BySystem)
		// The return is made in any case; the shop's people find it in the list and settle it.
		if err != nil {
			f.Log.ErrorContext(ctx, "a refund without return is not settled yet", "return", r.ID, "error", err)
		} else {
			r, o = settled, so
		}
	}
	return answer(status, r, o, auth.From(ctx)), nil
}
