package returns

import (
	"context"
	"fmt"
	"time"

	"dangol/events"
	"dangol/shared/order"
	"dangol/shared/platform/auth"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/rma"
	"dangol/shared/stock"
)

// ReturnInput names a return. Exported because Huma fills only exported embedded structs.
type ReturnInput struct {
	ReturnID  string `path:"returnId" maxLength:"40" example:"ret_01k9x7d3f8q7m2k01"`
	CartToken string `header:"Cart-Token" maxLength:"200" doc:"The token of the guest's cart that was ordered."`
	Token     string `header:"Order-Token" maxLength:"200" doc:"The token from a look-up."`
}

// may reports whether the caller may see and change the return: whoever may see its order. Errors: 404
// return_not_found.
func (f *Returns) may(ctx context.Context, in ReturnInput) error {
	// The id of a return contains its order's.
	orderID, ok := rma.OrderOf(in.ReturnID)
	if !ok {
		return rma.NotFound()
	}
	_, err := f.Orders.GetFor(ctx, orderID, caller(ctx, in.CartToken, in.Token))
	// Whoever may not see the order is told the same as for a return that does not exist.
	if problem.Code(err) == "order_not_found" {
		return rma.NotFound()
	}
	return err
}

// step does one step of a return for a caller who may.
func (f *Returns) step(
	ctx context.Context, in ReturnInput, do func(*rma.RMA, *order.Order) (changeSet, error),
) (*output, error) {
	if err := f.may(ctx, in); err != nil {
		return nil, err
	}
	corrected := false
	r, o, err := f.change(ctx, in.ReturnID, func(r *rma.RMA, o *order.Order) (changeSet, error) {
		w, err := do(r, o)
		// The step may run several times; what the last run has changed counts.
		corrected = err == nil && w.order && !w.nothing
		return w, err
	})
	if err != nil {
		return nil, err
	}
	// Voiding the entry of this return may have made another one worth more.
	if corrected {
		o = f.payNow(ctx, o)
	}
	return f.afterwards(ctx, f.settleHoldNow(ctx, r), o, 200)
}

// approveInput may say that the goods need not come back.
type approveInput struct {
	ReturnInput
	Body *struct {
		Keep bool `json:"keep,omitempty" doc:"The goods need not come back: the return is settled at once."`
	}
}

// approve approves a return. The time to send is that of the policy the order was sold under.
func (f *Returns) approve(ctx context.Context, in *approveInput) (*output, error) {
	versions, err := f.Policies.All(ctx)
	if err != nil {
		return nil, err
	}
	return f.step(ctx, in.ReturnInput, func(r *rma.RMA, _ *order.Order) (changeSet, error) {
		if in.Body != nil && in.Body.Keep {
			r.Way = rma.Stays
		}
		// For a version that is not stored any more; two weeks as in the European Union's law
		// (2011/83/EU, Art. 14(1)).
		days := 14
		for _, p := range versions {
			if p.Version == r.Policy {
				days = p.Section(r.Country).SendWithinDays
			}
		}
		if err := r.Approve(days, rma.ByShop, f.Clock.Now()); err != nil {
			return changeSet{}, err
		}
		return changeSet{event: events.ReturnApproved{
			ReturnRef: r.Ref(), Lines: r.EventLines(), Way: string(r.Way), SendBy: r.Deadlines.SendBy,
		}}, nil
	})
}

// rejectInput is why a return is rejected.
type rejectInput struct {
	ReturnInput
	Body struct {
		Reason   string   `json:"reason" minLength:"1" maxLength:"1000" doc:"The customer reads it."`
		Evidence []string `json:"evidence,omitempty" maxItems:"8" doc:"Addresses (https) of photos."`
	}
}

// reject refuses a return; its units are free again, and held goods for sale.
func (f *Returns) reject(ctx context.Context, in *rejectInput) (*output, error) {
	// The message of photos would name a line.
	if err := photos(0, in.Body.Evidence); err != nil {
		return nil, problem.InvalidField("/evidence", "wrong_format", "https addresses of JPEG, PNG or WebP photos")
	}
	return f.step(ctx, in.ReturnInput, func(r *rma.RMA, o *order.Order) (changeSet, error) {
		now := f.Clock.Now()
		if err := r.Reject(in.Body.Reason, in.Body.Evidence, rma.ByShop, now); err != nil {
			return changeSet{}, err
		}
		var taken []table.Write
		if r.Hold.State == rma.HoldPlaced { // what was sent ahead is paid for
			put, _, err := f.takeHold(ctx, r, nil, 0, now)
			if err != nil {
				return changeSet{}, err
			}
			taken = []table.Write{put}
		}
		w := release(r, o, now)
		w.must = taken
		w.event = events.ReturnRejected{ReturnRef: r.Ref(), Lines: r.EventLines(), Reason: r.Rejection, Evidence: r.Evidence}
		return w, nil
	})
}

// release frees what a return that came to nothing reserved: units and amount in the ledger, and held goods.
func release(r *rma.RMA, o *order.Order, now time.Time) changeSet {
	// Voiding the entry may make another return worth more, which is booked here.
	o.Unreserve(r.ID, r.Terms, now)
	w := changeSet{order: true, give: stock.Release(r.Swap.Taken)}
	// Forgotten, so that nothing gives the goods back a second time.
	r.Swap.Taken = nil
	return w
}

// cancel ends a return of which nothing is on its way, for the customer or the shop. Repeating it changes nothing.
func (f *Returns) cancel(ctx context.Context, in *ReturnInput) (*output, error) {
	return f.step(ctx, *in, func(r *rma.RMA, o *order.Order) (changeSet, error) {
		now := f.Clock.Now()
		changed, err := r.Cancel(byWhom(ctx, o), now)
		if err != nil || !changed {
			return changeSet{nothing: true}, err
		}
		w := release(r, o, now)
		w.event = events.ReturnCanceled{ReturnRef: r.Ref(), Lines: r.EventLines()}
		return w, nil
	})
}

// sentInput is what the customer knows of the parcel.
type sentInput struct {
	ReturnInput
	Body *struct {
		Carrier        string `json:"carrier,omitempty" maxLength:"40" example:"cj"`
		TrackingNumber string `json:"trackingNumber,omitempty" maxLength:"60"`
	}
}

// handOver notes that the goods are on their way. Without it they might expire while they travel.
func (f *Returns) handOver(ctx context.Context, in *sentInput) (*output, error) {
	var s rma.Shipment
	if in.Body != nil {
		s = rma.Shipment{
			Carrier: in.Body.Carrier, TrackingNumber: in.Body.TrackingNumber,
			TrackingURL: order.TrackingURL(in.Body.Carrier, in.Body.TrackingNumber),
		}
	}
	return f.step(ctx, in.ReturnInput, func(r *rma.RMA, o *order.Order) (changeSet, error) {
		changed, err := r.HandOver(s, byWhom(ctx, o), f.Clock.Now())
		return changeSet{nothing: !changed}, err
	})
}

// bookInput is when the carrier may come.
type bookInput struct {
	ReturnInput
	Body *struct {
		PickupFrom *time.Time `json:"pickupFrom,omitempty" doc:"With the way pickup: when the carrier may come."`
	}
}

// book books the way back with the carrier, before the return is changed: a booking that is repeated answers as the
// first did.
func (f *Returns) book(ctx context.Context, in *bookInput) (*output, error) {
	if err := f.may(ctx, in.ReturnInput); err != nil {
		return nil, err
	}
	r, o, err := f.Returns.Get(ctx, in.ReturnID)
	if err != nil {
		return nil, err
	}
	// Goods on the customer's own account, or that stay, have nothing to book.
	if r.State != rma.Approved && r.State != rma.Booked || r.Way != rma.Label && r.Way != rma.Pickup {
		return nil, problem.Conflict("return_state", "This return is %s and comes back by %s; nothing can be booked.",
			r.State, r.Way)
	}
	b := Booking{Pickup: r.Way == rma.Pickup}
	if o.Address != nil {
		b.From = *o.Address
	}
	if in.Body != nil && in.Body.PickupFrom != nil {
		b.PickupFrom = in.Body.PickupFrom.UTC()
	}
	b.Reference = bookingReference(r.ID, b)
	if b.Pickup && !b.PickupFrom.After(f.Clock.Now()) {
		return nil, problem.InvalidField("/pickupFrom", "required", "a time to come")
	}
	s, err := f.Carrier.Book(ctx, b)
	if err != nil {
		return nil, problem.Unavailable("carrier_unavailable",
			"The carrier does not answer; nothing was booked.").Because(err)
	}
	return f.step(ctx, in.ReturnInput, func(r *rma.RMA, _ *order.Order) (changeSet, error) {
		// A repetition: the carrier answered with the same booking.
		if r.State == rma.Booked && r.Shipment.TrackingNumber == s.TrackingNumber {
			return changeSet{nothing: true}, nil
		}
		if err := r.Book(s, rma.ByShop, f.Clock.Now()); err != nil {
			return changeSet{}, err
		}
		return changeSet{event: events.ReturnBooked{
			ReturnRef: r.Ref(), Way: string(r.Way), Carrier: order.CarrierName(s.Carrier), TrackingNumber: s.TrackingNumber,
			TrackingURL: s.TrackingURL, PickupFrom: s.PickupFrom, SendBy: r.Deadlines.SendBy,
		}}, nil
	})
}

// bookingReference names a booking to the carrier, who books each reference once however often it is asked: one label
// for a return, and a pickup for each time that the carrier is to come. A pickup that was missed is booked again by its
// new time.
func bookingReference(returnID string, b Booking) string {
	if !b.Pickup {
		return returnID
	}
	return returnID + "-" + b.PickupFrom.Format("20060102T150405")
}

// Counted is what arrived of one line.
type Counted struct {
	LineID string `json:"lineId" maxLength:"60"`
	rma.Count
}

// receiveInput is what arrived.
type receiveInput struct {
	ReturnInput
	Body *struct {
		Lines []Counted `json:"lines,omitempty" maxItems:"200" doc:"What arrived; everything as announced when left out."`
	}
}

// receive counts what arrived at the warehouse. A repetition with the Idempotency-Key of the first request counts no
// second parcel.
func (f *Returns) receive(ctx context.Context, in *receiveInput) (*output, error) {
	var counts []Counted
	if in.Body != nil {
		counts = in.Body.Lines
	}
	if err := onceEach(counts, func(c Counted) string { return c.LineID }); err != nil {
		return nil, err
	}
	asked, err := requestOf(ctx, counts)
	if err != nil {
		return nil, err
	}
	repeated := false
	out, err := f.step(ctx, in.ReturnInput, func(r *rma.RMA, o *order.Order) (w changeSet, err error) {
		if repeated, err = asked.RepeatsOne(r.Parcels); repeated || err != nil {
			return changeSet{nothing: true}, err
		}
		w, err = f.received(counts)(r, o)
		r.CountedFor(asked)
		return w, err
	})
	if err == nil && repeated {
		out.Replay = "true"
	}
	return out, err
}

// onceEach checks the lines of a body, which name each line of the return once at most: a second entry would replace
// the first. Errors: 422 at the entry.
func onceEach[L any](lines []L, lineID func(L) string) error {
	var wrong problem.Fields
	wrong.Count(len(lines), 0, maxParts, "/lines")
	named := map[string]bool{}
	for i, l := range lines {
		id := lineID(l)
		wrong.Require(!named[id], fmt.Sprintf("/lines/%d/lineId", i), "not_allowed", "each line once")
		named[id] = true
	}
	return wrong.Err()
}

// received counts what arrived; everything as announced when there are no counts.
func (f *Returns) received(counts []Counted) func(*rma.RMA, *order.Order) (changeSet, error) {
	return func(r *rma.RMA, _ *order.Order) (changeSet, error) {
		now := f.Clock.Now()
		by := map[string]rma.Count{}
		for _, c := range counts {
			by[c.LineID] = c.Count
		}
		// Only what is still missing, so that a second scan does not count twice.
		if len(counts) == 0 {
			for _, l := range r.Lines {
				if left := len(l.Units) - l.Count.Total(); left > 0 {
					by[l.LineID] = rma.Count{Good: left}
				}
			}
			// All has arrived: the request comes again, because its first answer was lost.
			if len(by) == 0 && r.State == rma.Received {
				return changeSet{nothing: true}, nil
			}
		}
		if err := r.Receive(by, rma.ByShop, now); err != nil {
			return changeSet{}, err
		}
		return changeSet{event: events.ReturnReceived{
			ReturnRef: r.Ref(), Lines: r.EventLines(), RefundBy: r.Deadlines.RefundBy, ReceivedAt: now,
		}}, nil
	}
}

// Found is what the inspection found of one line.
type Found struct {
	LineID    string `json:"lineId" maxLength:"60"`
	Accepted  int    `json:"accepted" minimum:"0" maximum:"100000" doc:"Units that are settled."`
	Grade     string `json:"grade,omitempty" enum:"A,B,C,D" doc:"A like new, B opened, C used, D not for sale."`
	Restocked int    `json:"restocked,omitempty" minimum:"0" maximum:"100000" doc:"Units for sale again."`
	WriteOff  int    `json:"writeOff,omitempty" minimum:"0" maximum:"100000"`
	DamageFee int64  `json:"damageFee,omitempty" minimum:"0" doc:"What the shop keeps because the goods lost value by use, in minor units. Not for faults."`
	Note      string `json:"note,omitempty" maxLength:"1000"`
}

// inspectInput is what was found.
type inspectInput struct {
	ReturnInput
	Body *struct {
		Lines []Found `json:"lines,omitempty" maxItems:"200" doc:"Lines that are left out are accepted as they arrived."`
	}
}

// inspect keeps what the inspection found and settles the return.
func (f *Returns) inspect(ctx context.Context, in *inspectInput) (*output, error) {
	results := map[string]rma.Result{}
	if in.Body != nil {
		if err := onceEach(in.Body.Lines, func(l Found) string { return l.LineID }); err != nil {
			return nil, err
		}
		for _, l := range in.Body.Lines {
			results[l.LineID] = rma.Result{
				Accepted: l.Accepted, Grade: l.Grade, Restocked: l.Restocked, WriteOff: l.WriteOff, DamageFee: l.DamageFee,
				Note: l.Note,
			}
		}
	}
	r, o, err := f.settle(ctx, in.ReturnID, func(r *rma.RMA, now time.Time) error {
		return r.Inspect(results, rma.ByShop, now)
	}, rma.ByShop)
	if err != nil {
		return nil, err
	}
	return answer(200, r, o, auth.From(ctx)), nil
}
