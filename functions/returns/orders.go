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
	contact := at(api.Shopper, "PUT", one+"/contact", "changeOrderContact",
		"Write to another mail address about an order")
	contact.Description = "The address before is told. A guest's order can be claimed by an account with the new one " +
		"when it is given with the `Cart-Token` or by the shop; given with an `Order-Token` alone it only gets the mails."
	api.Handle(s, contact, f.changeContact)
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
		return events.OrderChanged{OrderRef: o.Ref(), What: []string{"address"}, By: byWhom(ctx, o),
			Former: o.PlacedWith}, nil, nil
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

// changeContact changes where mails about an order go. Given with a look-up token alone, the address opens nothing to
// whoever reads there.
func (f *Returns) changeContact(ctx context.Context, in *contactInput) (*OrderStateOutput, error) {
	email, err := format.Email("/email", in.Body.Email)
	if err != nil {
		return nil, err
	}
	who := caller(ctx, in.CartToken, in.Token)
	o, err := f.changeOrder(ctx, in.OrderInput, func(o *order.Order) (event.Body, []table.Write, error) {
		former := o.Email
		if former == email { // confirmed: the address that it was placed with has to hear of it
			former = o.Opener()
		}
		changed, err := o.ChangeContact(email, who.Proves(o), byWhom(ctx, o), f.Clock.Now())
		if err != nil || !changed {
			return nil, nil, err
		}
		return events.OrderChanged{OrderRef: o.Ref(), What: []string{"contact"}, By: byWhom(ctx, o), Former: former}, nil, nil
	})
	if err != nil {
		return nil, err
	}
	return orderState(200, o), nil
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
