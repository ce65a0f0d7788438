package orders

import (
	"context"
	"time"

	"dangol/shared/order"
	"dangol/shared/platform/api"
	"dangol/shared/platform/auth"
	"dangol/shared/platform/event"
	"dangol/shared/platform/format"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
)

// fulfillInput is one parcel; without lines it has all that is left.
type fulfillInput struct {
	OrderID string `path:"orderId" maxLength:"40" example:"ord_01k9x7d3f8q7m2k"`
	Body    struct {
		Carrier        string       `json:"carrier" minLength:"1" maxLength:"40" doc:"cj, hanjin, lotte, epost, dhl, fedex, ups, usps, or any other." example:"cj"`
		TrackingNumber string       `json:"trackingNumber,omitempty" maxLength:"60" example:"688912345678"`
		TrackingURL    string       `json:"trackingUrl,omitempty" maxLength:"500" pattern:"^https://[^/]+" doc:"For carriers that are not listed."`
		Lines          []order.Part `json:"lines,omitempty" maxItems:"200" doc:"What is in the parcel; everything that is left when missing."`
	}
}

// fulfill ships a parcel and publishes order.shipped. Errors: 404, 409, 422, 503.
func (f *Orders) fulfill(ctx context.Context, in *fulfillInput) (*output, error) {
	b := in.Body
	if b.TrackingURL != "" {
		var err error
		if b.TrackingURL, err = format.URL("/trackingUrl", b.TrackingURL); err != nil {
			return nil, err
		}
	}
	parcel := order.Fulfillment{
		Carrier: b.Carrier, TrackingNumber: b.TrackingNumber, TrackingURL: b.TrackingURL, Lines: b.Lines,
	}
	// A link that was given counts more than the one we know for the carrier.
	if parcel.TrackingURL == "" {
		parcel.TrackingURL = order.TrackingURL(b.Carrier, b.TrackingNumber)
	}
	return f.once(ctx, in.OrderID, b, func(o *order.Order, r order.Request, now time.Time) (event.Body, error) {
		parcel.Request = r
		made, err := o.Fulfill(parcel, order.ByShop, now)
		if err != nil {
			return nil, err
		}
		return o.ShippedEvent(made), nil
	})
}

// deliverInput names a parcel by its number in the order.
type deliverInput struct {
	OrderID string `path:"orderId" maxLength:"40" example:"ord_01k9x7d3f8q7m2k"`
	N       int    `path:"n" minimum:"1" maximum:"1000" doc:"The parcel; 1 is the first." example:"1"`
}

// deliver records that a parcel has arrived. Repeating it changes nothing and publishes nothing, so
// it needs no idempotency key.
func (f *Orders) deliver(ctx context.Context, in *deliverInput) (*output, error) {
	o, err := f.Cashier.Orders.Change(ctx, in.OrderID, func(o *order.Order) (bool, []table.Write, error) {
		now := f.Cashier.Clock.Now()
		parcel, changed, err := o.Deliver(in.N, order.ByShop, now)
		if err != nil || !changed {
			return false, nil, err
		}
		o.Event, err = event.New(ctx, now, o.DeliveredEvent(parcel))
		return true, nil, err
	})
	if err != nil {
		return nil, err
	}
	return answer(200, o, auth.From(ctx)), nil
}

// cancelInput has an optional body: a customer need not say why.
type cancelInput struct {
	OrderInput
	Body *struct {
		Reason string `json:"reason,omitempty" maxLength:"500" doc:"Agents have to give one; the customer reads it." example:"Changed my mind"`
	}
}

// cancel cancels an order for its owner or for the shop. Errors: 404, 409 order_shipped, 422, 503.
func (f *Orders) cancel(ctx context.Context, in *cancelInput) (*output, error) {
	o, err := in.order(ctx, f.Cashier.Orders)
	if err != nil {
		return nil, err
	}
	reason, by := "customer_request", order.ByCustomer
	if in.Body != nil && in.Body.Reason != "" {
		reason = in.Body.Reason
	}
	// An agent who cancels an order of their own does it as a customer.
	if who := auth.From(ctx); who.Operator() && !who.Owns(o.CustomerID) {
		if by = order.ByShop; in.Body == nil || in.Body.Reason == "" {
			return nil, problem.InvalidField("/reason", "required", "why the shop cancels it")
		}
	}
	if o, err = f.Cashier.Cancel(ctx, o, reason, by); err != nil {
		return nil, err
	}
	return answer(200, o, auth.From(ctx)), nil
}

// noteInput is a remark for colleagues.
type noteInput struct {
	OrderID string `path:"orderId" maxLength:"40" example:"ord_01k9x7d3f8q7m2k"`
	Body    struct {
		Text string `json:"text" minLength:"1" maxLength:"1000" example:"고객이 부재 시 경비실에 맡겨 달라고 함"`
	}
}

// note adds a remark that customers never see. It publishes no event.
func (f *Orders) note(ctx context.Context, in *noteInput) (*output, error) {
	return f.once(ctx, in.OrderID, in.Body, func(o *order.Order, r order.Request, now time.Time) (event.Body, error) {
		return nil, o.AddNote(order.Note{Request: r, Text: in.Body.Text, By: auth.From(ctx).Subject}, now)
	})
}

// once changes an order once for each Idempotency-Key, when there is one: the key is stored with
// what it made. A repetition is answered with the order as it is now. 2 round trips.
func (f *Orders) once(
	ctx context.Context, orderID string, body any, rule func(*order.Order, order.Request, time.Time) (event.Body, error),
) (*output, error) {
	request, err := requestOf(ctx, body)
	if err != nil {
		return nil, err
	}
	replayed := false
	o, err := f.Cashier.Orders.Change(ctx, orderID, func(o *order.Order) (bool, []table.Write, error) {
		now := f.Cashier.Clock.Now()
		// Looked at in the version that is written, so two requests at the same time are told apart
		// too.
		replayed, err = o.Repeated(request)
		if err != nil || replayed {
			return false, nil, err
		}
		evt, err := rule(o, request, now)
		if err == nil && evt != nil {
			o.Event, err = event.New(ctx, now, evt)
		}
		return true, nil, err
	})
	if err != nil {
		return nil, err
	}
	out := answer(201, o, auth.From(ctx))
	if replayed {
		out.Replay = "true"
	}
	return out, nil
}

// requestOf names the request by its key and the hash of its body; the zero value when the client
// sent no key.
func requestOf(ctx context.Context, body any) (order.Request, error) {
	key, hash, err := api.Idempotency(ctx).Named(body)
	return order.Request{Key: key, Hash: hash}, err
}
