package order

import (
	"slices"
	"time"

	"dangol/shared/platform/problem"
	"dangol/shared/refund"
)

// Fulfillment is one parcel.
type Fulfillment struct {
	Request
	N              int        `json:"n"` // 1 for the first
	Carrier        string     `json:"carrier"`
	TrackingNumber string     `json:"trackingNumber,omitempty"`
	TrackingURL    string     `json:"trackingUrl,omitempty"`
	Lines          []Part     `json:"lines"`
	ShippedAt      time.Time  `json:"shippedAt"`
	DeliveredAt    *time.Time `json:"deliveredAt,omitempty"`
}

// Part is some units of a line.
type Part struct {
	LineID   string `json:"lineId" doc:"A line of the order." example:"line_k3v9"`
	Quantity int    `json:"quantity" minimum:"1" maximum:"100000" doc:"Units of it."`
}

// maxFulfillments bounds the parcels of an order, and with them its timeline.
const maxFulfillments = 50

// Fulfill adds a parcel with the given units, or with all that are left when there are none given. Errors: 409
// order_canceled, order_fulfilled, payment_not_captured, too_many_parcels; 422 for units that are not there to ship.
func (o *Order) Fulfill(f Fulfillment, by string, now time.Time) (*Fulfillment, error) {
	switch {
	case o.State == Canceled:
		return nil, problem.Conflict("order_canceled", "This order is canceled.")
	case o.State == Fulfilled || o.State == Delivered:
		return nil, problem.Conflict("order_fulfilled", "Everything in this order has been shipped.")
	// Held for a check, for example of the address or of a suspected fraud.
	case o.Held != "":
		return nil, problem.Conflict("order_held", "This order is held: %s", o.Held)
	// Shipping before the capture could leave the shop without money.
	case o.Payment.State == PayAuthorized:
		return nil, problem.Conflict("payment_not_captured", "The payment is not captured yet; nothing is shipped before.")
	case len(o.Fulfillments) >= maxFulfillments:
		return nil, problem.Conflict("too_many_parcels", "An order has at most %d parcels.", maxFulfillments)
	}
	if err := checkParcel(f.Carrier, f.TrackingNumber, f.TrackingURL); err != nil {
		return nil, err
	}
	parts, err := o.parts(f.Lines)
	if err != nil {
		return nil, err
	}
	f.N, f.Lines, f.ShippedAt = len(o.Fulfillments)+1, parts, now
	o.Fulfillments = append(o.Fulfillments, f)
	o.State = PartlyFulfilled
	if len(o.Unshipped()) == 0 {
		o.State = Fulfilled
	}
	o.addEntry(now, EntryShipped, f.Carrier+" "+f.TrackingNumber, by)
	return &o.Fulfillments[f.N-1], nil
}

// parts checks units to be shipped or removed against what is left; with none given it is all that
// is left.
func (o *Order) parts(wanted []Part) ([]Part, error) {
	left := o.Unshipped()
	if len(wanted) == 0 {
		return left, nil
	}
	for i, w := range wanted {
		have := slices.IndexFunc(left, func(p Part) bool { return p.LineID == w.LineID })
		twice := slices.ContainsFunc(wanted[:i], func(p Part) bool { return p.LineID == w.LineID })
		switch {
		case twice:
			return nil, problem.InvalidField(pointer(i, "lineId"), "duplicate", "each line once")
		case have < 0:
			return nil, problem.InvalidField(pointer(i, "lineId"), "not_allowed", "a line of this order with units to ship")
		}
		var wrong problem.Fields
		if wrong.Between(w.Quantity, 1, left[have].Quantity, pointer(i, "quantity")); len(wrong) > 0 {
			return nil, wrong.Err()
		}
	}
	return slices.Clone(wanted), nil
}

// Unshipped is what is still to be shipped, by line: neither in a parcel nor taken off.
func (o *Order) Unshipped() []Part {
	shipped := map[string]int{}
	for _, f := range o.Fulfillments {
		for _, p := range f.Lines {
			shipped[p.LineID] += p.Quantity
		}
	}
	var left []Part
	canceled := o.entryUnits(refund.Canceled)
	for _, l := range o.Lines {
		if n := l.Quantity - shipped[l.ID] - canceled[l.ID]; n > 0 {
			left = append(left, Part{LineID: l.ID, Quantity: n})
		}
	}
	return left
}

// Deliver notes that parcel n has arrived; changed is false when that was known. Error: 404 no_such_fulfillment.
func (o *Order) Deliver(n int, by string, now time.Time) (f *Fulfillment, changed bool, err error) {
	if n < 1 || n > len(o.Fulfillments) {
		return nil, false, problem.NotFound("no_such_fulfillment", "This order has no parcel %d.", n)
	}
	// A pointer into the list, so that the parcel itself is changed.
	f = &o.Fulfillments[n-1]
	if f.DeliveredAt != nil {
		return f, false, nil
	}
	f.DeliveredAt = &now
	o.addEntry(now, EntryDelivered, f.Carrier+" "+f.TrackingNumber, by)
	o.deliveredIfAllArrived()
	return f, true, nil
}

// deliveredIfAllArrived makes an order delivered of which everything was shipped and has arrived. Rights of withdrawal
// count from then on, so each change that may be the last one ends with it.
func (o *Order) deliveredIfAllArrived() {
	arrived := !slices.ContainsFunc(o.Fulfillments, func(f Fulfillment) bool { return f.DeliveredAt == nil })
	if o.State == Fulfilled && arrived {
		o.State = Delivered
	}
}

// DeliveredAt is when the last parcel arrived, the day from which rights of withdrawal count; ok is false before.
func (o *Order) DeliveredAt() (last time.Time, ok bool) {
	for _, f := range o.Fulfillments {
		if f.DeliveredAt == nil {
			return last, false
		}
		if f.DeliveredAt.After(last) {
			last = *f.DeliveredAt
		}
	}
	// A partly shipped order has not arrived, even when all its parcels have.
	return last, o.State == Delivered
}
