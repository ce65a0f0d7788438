package order

import (
	"slices"
	"strings"

	"dangol/events"
	"dangol/shared/membership"
	"dangol/shared/pricing"
	"dangol/shared/promotion"
)

// ref is the part that every event about the order begins with.
func (o *Order) ref() events.OrderRef {
	return events.OrderRef{
		OrderID: o.ID, Number: NumberOf(o.ID), CustomerID: o.CustomerID, Email: o.Email, Name: o.Recipient(),
		Language: o.Language,
	}
}

// Ref is the beginning of every event about the order.
func (o *Order) Ref() events.OrderRef { return o.ref() }

// EventParts is some units of the order's lines as events show them.
func (o *Order) EventParts(parts []Part) []events.OrderLine { return o.eventParts(parts) }

// eventLines are all lines with what they cost, for consumers that count sales and discounts.
func (o *Order) eventLines() []events.OrderLine {
	out := make([]events.OrderLine, len(o.Lines))
	// A member's price is not an offer that others could wait for, so it does not count as a
	// discount.
	offered := slices.ContainsFunc(o.Totals.Adjustments, func(a pricing.Adjustment) bool {
		_, benefit := promotion.PlanOfBenefit(a.OfferID)
		return !benefit
	})
	for i, l := range o.Lines {
		out[i] = eventLine(l, l.Quantity)
		cost := o.LineTotal(l.ID)
		out[i].Total, out[i].Discounted = o.Money(cost.Total), cost.Discount > 0 && offered || l.Sale != ""
	}
	return out
}

// eventParts are some units of lines, without amounts: parcels and returns show what, not how much.
func (o *Order) eventParts(parts []Part) []events.OrderLine {
	out := make([]events.OrderLine, 0, len(parts))
	for _, p := range parts {
		if l, ok := o.Line(p.LineID); ok {
			out = append(out, eventLine(l, p.Quantity))
		}
	}
	return out
}

// eventLine is the part of a line that all events share.
func eventLine(l Line, quantity int) events.OrderLine {
	return events.OrderLine{
		LineID: l.ID, ProductID: l.ProductID, VariantID: l.VariantID, SKU: l.SKU, Title: l.Title, Options: l.Options,
		Quantity:   quantity,
		Properties: l.Properties,
	}
}

// PlacedEvent tells that the order was made.
func (o *Order) PlacedEvent() events.OrderPlaced {
	t := o.Totals
	e := events.OrderPlaced{
		OrderRef: o.ref(), CheckoutID: o.CheckoutID, Lines: o.eventLines(),
		Subtotal: o.Money(t.Subtotal), Discount: o.Money(t.Discount), Shipping: o.Money(t.Shipping), Tax: o.Money(t.Tax),
		TaxIncluded: t.TaxIncluded, Total: o.Total(), Method: o.Shipping, PlacedAt: o.PlacedAt,
		Promotions: o.promotions(), FirstOrder: o.First, Origin: o.Origin,
	}
	// Codes are listed once more on their own, because campaigns are measured by code.
	for _, a := range t.Adjustments {
		if a.Code != "" {
			e.Codes = append(e.Codes, a.Code)
		}
	}
	if len(o.Member) > 0 {
		e.Member = o.membership()
	}
	if a := o.Address; a != nil {
		e.Place = events.Place{City: a.City, Region: a.Region, PostalCode: a.PostalCode, Country: a.Country}
		e.ShipTo = a.OneLine()
	}
	e.MethodName, e.PaidWith = o.ShippingName, strings.TrimSpace(o.Payment.Brand+" "+o.Payment.Last4)
	return e
}

// membership is the plans by which the customer was a member, and the factor for loyalty points.
func (o *Order) membership() *events.OrderMember {
	m := membership.Member(o.Member)
	e := &events.OrderMember{PointsTimes: m.PointsTimes()}
	for _, p := range m {
		e.Plans = append(e.Plans, p.ID)
	}
	return e
}

// promotions is what each promotion took off, and what each sale price saved. Both are in one list,
// because the reports treat them alike.
func (o *Order) promotions() []events.OrderPromotion {
	var out []events.OrderPromotion
	for _, u := range o.Uses {
		out = append(out, events.OrderPromotion{PromotionID: u.PromotionID, Code: u.Code, Amount: u.Amount, Gifts: u.Gifts})
	}
	for _, l := range o.Lines {
		if l.Sale == "" {
			continue
		}
		at := slices.IndexFunc(out, func(p events.OrderPromotion) bool { return p.PromotionID == l.Sale })
		if at < 0 {
			at, out = len(out), append(out, events.OrderPromotion{PromotionID: l.Sale})
		}
		out[at].Amount += l.Saved
	}
	return out
}

// ShippedEvent tells that the parcel is on its way.
func (o *Order) ShippedEvent(f *Fulfillment) events.OrderShipped {
	return events.OrderShipped{
		OrderRef: o.ref(), Fulfillment: f.N, Carrier: CarrierName(f.Carrier), TrackingNumber: f.TrackingNumber,
		TrackingURL: f.TrackingURL, Lines: o.eventParts(f.Lines), Complete: o.State != PartlyFulfilled,
		ShippedAt: f.ShippedAt,
	}
}

// DeliveredEvent says that the parcel has arrived. Right of withdrawal and review requests count
// from it.
func (o *Order) DeliveredEvent(f *Fulfillment) events.OrderDelivered {
	return events.OrderDelivered{
		OrderRef: o.ref(), Fulfillment: f.N, Lines: o.eventParts(f.Lines), Complete: o.State == Delivered,
		DeliveredAt: *f.DeliveredAt,
	}
}
