package returns

import (
	"context"

	"dangol/events"
	"dangol/shared/address"
	"dangol/shared/money"
	"dangol/shared/order"
	"dangol/shared/platform/api"
	"dangol/shared/platform/event"
	"dangol/shared/platform/format"
	"dangol/shared/platform/table"
	"dangol/shared/refund"
	"dangol/shared/returnpolicy"
	"dangol/shared/stock"
)

// orderRoutes are the routes for changes of orders. They are here because they share the ledger
// with returns.
func (f *Returns) orderRoutes(s *api.Service) {
	one := "/orders/{orderId}"
	at := func(access api.Access, method, path, id, summary string, errors ...int) api.Route {
		r := route(access, method, path, id, summary, append([]int{404, 409, 503}, errors...)...)
		r.Tag = "Orders"
		return r
	}
	api.Handle(s, at(api.Shopper, "PUT", one+"/address", "changeOrderAddress",
		"Send an order that was not shipped somewhere else"), f.changeAddress)
	api.Handle(s, at(api.Shopper, "PUT", one+"/contact", "changeOrderContact",
		"Write to another mail address about an order"), f.changeContact)
	remove := at(api.Shopper, "POST", one+"/lines/remove", "removeOrderLines",
		"Take units off an order before they are shipped")
	remove.Keyed = api.KeyRequired
	remove.Description = "What they really cost goes back; gifts that what is left no longer earns are taken off too. " +
		"dryRun answers what would go back."
	api.Handle(s, remove, f.removeLines)
	api.Handle(s, at(api.Agent, "POST", one+"/hold", "holdOrder", "Keep an order from being shipped"), f.holdOrder)
	api.Handle(s, at(api.Agent, "POST", one+"/release", "releaseOrder", "Let a held order be shipped"), f.releaseOrder)
	api.Handle(s, at(api.Agent, "POST", one+"/fulfillments/{n}/split", "splitFulfillment",
		"Move units of a parcel into one of its own"), f.splitParcel)
	give := at(api.Agent, "POST", one+"/refunds", "refundOrder",
		"Refund an amount, lines or shipping although nothing comes back")
	give.Status, give.Keyed = 201, api.KeyRequired
	api.Handle(s, give, f.giveRefund)
	api.Handle(s, at(api.Agent, "POST", one+"/refunds/retry", "retryOrderRefunds", "Send refunds that failed once more"),
		f.retryRefunds)
}

// OrderState is what is left of an order after a change.
type OrderState struct {
	ID       string           `json:"id"`
	Number   string           `json:"number"`
	State    order.State      `json:"state" enum:"placed,partially_fulfilled,fulfilled,delivered,canceled"`
	Version  int              `json:"version"`
	Held     string           `json:"held,omitempty" doc:"Why it is not to be shipped for now."`
	Address  *address.Address `json:"address,omitempty"`
	Email    string           `json:"email"`
	Payment  order.PayState   `json:"payment"`
	Paid     money.Formatted  `json:"paid" doc:"Captured in all."`
	Refunded money.Formatted  `json:"refunded" doc:"Given back, or on its way."`
	Left     money.Formatted  `json:"refundable" doc:"The most that can still go back."`
	Lines    []OrderUnits     `json:"lines" nullable:"false"`
	Refunds  []Movement       `json:"refunds" nullable:"false" doc:"Money on its way back, oldest first."`
}

// OrderUnits is where the units of a line are.
type OrderUnits struct {
	LineID   string `json:"lineId"`
	Title    string `json:"title"`
	Quantity int    `json:"quantity"`
	Canceled int    `json:"canceled"`
	Shipped  int    `json:"shipped"`
	Returned int    `json:"returned" doc:"In returns that are under way or completed."`
}

// OrderStateOutput answers with an order after a change.
type OrderStateOutput struct {
	Status  int
	Caching string `header:"Cache-Control"`
	Replay  string `header:"Idempotent-Replayed" doc:"true when the request had been made before."`
	Body    OrderState
}

// orderState is what the API tells of an order after a change.
func orderState(status int, o *order.Order) *OrderStateOutput {
	ledger := o.RefundLedger()
	paid := int64(0)
	// Everything that was taken, of exchanges and balances too.
	for _, p := range ledger.Sale.Payments {
		paid += p.Captured
	}
	v := OrderState{
		ID: o.ID, Number: order.NumberOf(o.ID), State: o.State, Version: o.Version, Held: o.Held, Address: o.Address,
		Email:   o.Email,
		Payment: o.Payment.State, Paid: o.Money(paid).Formatted(), Refunded: o.Money(ledger.Refunded()).Formatted(),
		Left:  o.Money(ledger.Left()).Formatted(),
		Lines: make([]OrderUnits, len(o.Lines)), Refunds: make([]Movement, len(o.Refunds)),
	}
	for i, l := range o.Lines {
		v.Lines[i] = OrderUnits{
			LineID: l.ID, Title: l.Title, Quantity: l.Quantity, Canceled: o.CanceledUnits(l.ID), Shipped: o.SentUnits(l.ID),
			// Shipped units less those that may still be returned.
			Returned: o.SentUnits(l.ID) - o.ShippedUnits(l.ID),
		}
	}
	for i, m := range o.Refunds {
		v.Refunds[i] = movementOf(o, m)
	}
	return &OrderStateOutput{Status: status, Caching: caching, Body: v}
}

// changeOrder changes an order for a caller who may see it.
func (f *Returns) changeOrder(
	ctx context.Context, in OrderInput, rule func(*order.Order) (body event.Body, with []table.Write, err error),
) (*order.Order, error) {
	o, err := f.Orders.GetFor(ctx, in.OrderID, caller(ctx, in.CartToken, in.Token))
	if err != nil {
		return nil, err
	}
	return f.Orders.Apply(ctx, o, func(o *order.Order) (bool, []table.Write, error) {
		body, with, err := rule(o)
		// No event means that the rule found nothing to change.
		if err != nil || body == nil {
			return false, nil, err
		}
		o.Event, err = event.New(ctx, f.Clock.Now(), body)
		return true, with, err
	})
}

// addressInput is another address.
type addressInput struct {
	OrderInput
	Body address.Address
}

// changeAddress sends an order elsewhere, until a parcel of it is shipped.
func (f *Returns) changeAddress(ctx context.Context, in *addressInput) (*OrderStateOutput, error) {
	to, err := in.Body.Normalize("")
	if err != nil {
		return nil, err
	}
	o, err := f.changeOrder(ctx, in.OrderInput, func(o *order.Order) (event.Body, []table.Write, error) {
		changed, err := o.ChangeAddress(to, byWhom(ctx, o), f.Clock.Now())
		if err != nil || !changed {
			return nil, nil, err
		}
		return events.OrderChanged{OrderRef: o.Ref(), What: []string{"address"}, By: byWhom(ctx, o)}, nil, nil
	})
	if err != nil {
		return nil, err
	}
	return orderState(200, o), nil
}

// contactInput is another mail address.
type contactInput struct {
	OrderInput
	Body struct {
		Email string `json:"email" format:"email" maxLength:"254"`
	}
}

// changeContact changes where mails about an order go. It opens nothing to whoever reads them
// there.
func (f *Returns) changeContact(ctx context.Context, in *contactInput) (*OrderStateOutput, error) {
	email, err := format.Email("/email", in.Body.Email)
	if err != nil {
		return nil, err
	}
	o, err := f.changeOrder(ctx, in.OrderInput, func(o *order.Order) (event.Body, []table.Write, error) {
		changed, err := o.ChangeContact(email, byWhom(ctx, o), f.Clock.Now())
		if err != nil || !changed {
			return nil, nil, err
		}
		return events.OrderChanged{OrderRef: o.Ref(), What: []string{"contact"}, By: byWhom(ctx, o)}, nil, nil
	})
	if err != nil {
		return nil, err
	}
	return orderState(200, o), nil
}

// removeInput are units to take off.
type removeInput struct {
	OrderInput
	DryRun bool `query:"dryRun" doc:"Answer what would go back; change nothing."`
	Body   struct {
		Lines  []order.Part `json:"lines" minItems:"1" maxItems:"200"`
		Reason string       `json:"reason,omitempty" maxLength:"500"`
	}
}

// RemovedView is what taking units off an order gives back.
type RemovedView struct {
	Lines  []order.Part    `json:"lines" nullable:"false" doc:"The units taken off, gifts that are no longer earned included."`
	Refund money.Formatted `json:"refund"`
	Charge []QuoteCharge   `json:"charges" nullable:"false"`
	Order  OrderState      `json:"order"`
}

// removeOutput is what they give back.
type removeOutput struct {
	Caching string `header:"Cache-Control"`
	Replay  string `header:"Idempotent-Replayed" doc:"true when the request had been made before."`
	Body    RemovedView
}

// removeLines takes units off an order, once for each Idempotency-Key: the key is kept in the entry of the ledger.
func (f *Returns) removeLines(ctx context.Context, in *removeInput) (*removeOutput, error) {
	o, versions, err := f.orderAndPolicies(ctx, in.OrderInput)
	if err != nil {
		return nil, err
	}
	asked, err := requestOf(ctx, in.Body)
	if err != nil {
		return nil, err
	}
	// Read before the change: catalog data may be a minute old, what a set is made of does not
	// change that fast.
	stocked, err := f.stockedOf(ctx, o)
	if err != nil {
		return nil, err
	}
	// Set by the rule, which may run several times.
	var done order.RemovedLine
	rule := func(o *order.Order) (bool, []table.Write, error) {
		if repeated, err := repeatedEntry(o, asked); err != nil || repeated != nil {
			return false, nil, err
		}
		by := byWhom(ctx, o)
		terms := removeTerms(o, versions, in.Body.Lines)
		reason := in.Body.Reason
		if reason == "" {
			reason = "customer_request"
		}
		var err error
		if done, err = o.Remove(in.Body.Lines, stocked, terms, reason, by, f.Clock.Now()); err != nil {
			return false, nil, err
		}
		// The entry that Remove has just added.
		o.Ledger[len(o.Ledger)-1].Request, o.Ledger[len(o.Ledger)-1].Hash = asked.Key, asked.Hash
		o.Event, err = event.New(ctx, f.Clock.Now(), events.OrderChanged{
			OrderRef: o.Ref(), What: []string{"lines"}, Removed: o.EventParts(done.Parts), Refund: o.Money(done.Quote.Refund),
			By: by,
		})
		return true, done.Writes, err
	}
	if in.DryRun {
		// The rule changes only what was read; nothing is written.
		_, _, err = rule(o)
	} else {
		o, err = f.Orders.Apply(ctx, o, rule)
	}
	if err != nil {
		return nil, err
	}
	out := &removeOutput{Caching: caching}
	// done is empty when the rule found the entry of an earlier request.
	if prior, err := repeatedEntry(o, asked); prior != nil && done.Parts == nil && err == nil {
		out.Replay = "true"
		out.Body = RemovedView{Lines: partsOf(prior), Refund: o.Money(prior.Amount).Formatted(), Charge: []QuoteCharge{},
			Order: orderState(200, o).Body}
		return out, nil
	}
	if !in.DryRun {
		o = f.payNow(ctx, o)
	}
	out.Body = RemovedView{Lines: done.Parts, Refund: o.Money(done.Quote.Refund).Formatted(), Charge: []QuoteCharge{},
		Order: orderState(200, o).Body}
	for _, c := range done.Quote.Charges {
		out.Body.Charge = append(out.Body.Charge, QuoteCharge{
			Kind: c.Kind, LineID: c.LineID, PromotionID: c.PromotionID, Name: c.Name, Amount: o.Money(c.Amount).Formatted(),
		})
	}
	return out, nil
}

// repeatedEntry is the entry that the same request made before. Error: 422 idempotency_key_reused.
func repeatedEntry(o *order.Order, asked order.Request) (*refund.Entry, error) {
	for i, e := range o.Ledger {
		again, err := asked.Repeats(order.Request{Key: e.Request, Hash: e.Hash})
		if err != nil {
			return nil, err
		}
		if again {
			return &o.Ledger[i], nil
		}
	}
	return nil, nil
}

// partsOf are the units of an entry by line. The units of a line stand side by side.
func partsOf(e *refund.Entry) []order.Part {
	out := []order.Part{}
	for _, u := range e.Units {
		if n := len(out); n > 0 && out[n-1].LineID == u.LineID {
			out[n-1].Quantity++
			continue
		}
		out = append(out, order.Part{LineID: u.LineID, Quantity: 1})
	}
	return out
}

// removeTerms is whether lost discounts are charged on what is kept: when the rule of every line says so.
func removeTerms(o *order.Order, versions []returnpolicy.Policy, parts []order.Part) refund.Terms {
	// The policy that the order was sold under.
	policy, _ := returnpolicy.InForce(versions, o.PlacedAt)
	section := policy.Section(country(o))
	t := refund.Terms{ChargePromotions: len(parts) > 0}
	for _, p := range parts {
		line, _ := o.Line(p.LineID)
		t.ChargePromotions = t.ChargePromotions && section.Rule(item(line)).Promotions == returnpolicy.Charge
	}
	return t
}

// stockedOf is what one unit of each line takes out of stock.
func (f *Returns) stockedOf(ctx context.Context, o *order.Order) (map[string][]stock.Request, error) {
	ids := make([]string, len(o.Lines))
	for i, l := range o.Lines {
		ids[i] = l.VariantID
	}
	items, err := f.Catalog.Variants(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := map[string][]stock.Request{}
	for _, l := range o.Lines {
		// A variant that is gone takes nothing out of stock.
		out[l.ID] = items[l.VariantID].StockRequests(1)
	}
	return out, nil
}

// holdInput is why an order is not to be shipped.
type holdInput struct {
	OrderInput
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"500"`
	}
}

// holdOrder keeps an order from being shipped, for example while an address is in doubt.
func (f *Returns) holdOrder(ctx context.Context, in *holdInput) (*OrderStateOutput, error) {
	o, err := f.changeOrder(ctx, in.OrderInput, func(o *order.Order) (event.Body, []table.Write, error) {
		changed, err := o.Hold(in.Body.Reason, order.ByShop, f.Clock.Now())
		if err != nil || !changed {
			return nil, nil, err
		}
		return events.OrderChanged{OrderRef: o.Ref(), What: []string{"hold"}, By: order.ByShop}, nil, nil
	})
	if err != nil {
		return nil, err
	}
	return orderState(200, o), nil
}

// releaseOrder ends a hold.
func (f *Returns) releaseOrder(ctx context.Context, in *OrderInput) (*OrderStateOutput, error) {
	o, err := f.changeOrder(ctx, *in, func(o *order.Order) (event.Body, []table.Write, error) {
		if !o.Release(order.ByShop, f.Clock.Now()) {
			return nil, nil, nil
		}
		return events.OrderChanged{OrderRef: o.Ref(), What: []string{"hold_released"}, By: order.ByShop}, nil, nil
	})
	if err != nil {
		return nil, err
	}
	return orderState(200, o), nil
}

// splitInput are units that go in a parcel of their own.
type splitInput struct {
	OrderInput
	N    int `path:"n" minimum:"1" maximum:"1000" doc:"The parcel; 1 is the first."`
	Body struct {
		Lines          []order.Part `json:"lines" minItems:"1" maxItems:"200" doc:"The units of the new parcel."`
		Carrier        string       `json:"carrier" minLength:"1" maxLength:"40" example:"cj"`
		TrackingNumber string       `json:"trackingNumber,omitempty" maxLength:"60"`
	}
}

// splitParcel moves units of a parcel that is already made into a new one.
func (f *Returns) splitParcel(ctx context.Context, in *splitInput) (*OrderStateOutput, error) {
	b := in.Body
	o, err := f.changeOrder(ctx, in.OrderInput, func(o *order.Order) (event.Body, []table.Write, error) {
		parcel, err := o.SplitParcel(in.N, b.Lines, b.Carrier, b.TrackingNumber,
			order.TrackingURL(b.Carrier, b.TrackingNumber), order.ByShop, f.Clock.Now())
		if err != nil {
			return nil, nil, err
		}
		// For the customer the new parcel is one that was shipped.
		return o.ShippedEvent(parcel), nil, nil
	})
	if err != nil {
		return nil, err
	}
	return orderState(200, o), nil
}
