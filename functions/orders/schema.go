package orders

import (
	"time"

	"dangol/shared/address"
	"dangol/shared/money"
	"dangol/shared/order"
	"dangol/shared/platform/auth"
	"dangol/shared/promotion"
)

// Order is an order as the API shows it.
type Order struct {
	ID           string               `json:"id" example:"ord_01k9x7d3f8q7m2k"`
	Number       string               `json:"number" doc:"What people read out." example:"01K9X-7D3F8-Q7M2K"`
	State        order.State          `json:"state" enum:"placed,partially_fulfilled,fulfilled,delivered,canceled"`
	Version      int                  `json:"version"`
	CustomerID   string               `json:"customerId,omitempty" doc:"Missing for a guest's order."`
	Email        string               `json:"email"`
	Address      *address.Address     `json:"address,omitempty"`
	Shipping     string               `json:"shippingMethod,omitempty" example:"standard"`
	Note         string               `json:"note,omitempty" doc:"The shopper's."`
	Lines        []OrderLine          `json:"lines" nullable:"false"`
	Totals       OrderTotals          `json:"totals"`
	Payment      OrderPayment         `json:"payment"`
	Fulfillments []OrderFulfillment   `json:"fulfillments" nullable:"false"`
	Refunds      []OrderRefund        `json:"refunds" nullable:"false"`
	Timeline     []OrderTimelineEntry `json:"timeline" nullable:"false" doc:"What happened, oldest first."`
	Reason       string               `json:"cancelReason,omitempty"`
	Notes        []OrderNote          `json:"notes,omitempty" doc:"For the shop's people only."`
	PlacedAt     time.Time            `json:"placedAt"`
	UpdatedAt    time.Time            `json:"updatedAt"`
}

// OrderLine is one line of an order.
type OrderLine struct {
	ID         string            `json:"id"`
	VariantID  string            `json:"variantId"`
	ProductID  string            `json:"productId"`
	SKU        string            `json:"sku,omitempty"`
	Title      string            `json:"title"`
	Options    []string          `json:"options,omitempty"`
	Image      string            `json:"image,omitempty"`
	Properties map[string]string `json:"properties,omitempty"`
	Quantity   int               `json:"quantity"`
	Shipped    int               `json:"shipped" doc:"Units in parcels so far."`
	Canceled   int               `json:"canceled,omitempty" doc:"Units taken off the order before they were shipped."`
	UnitPrice  money.Formatted   `json:"unitPrice"`
	Discount   money.Formatted   `json:"discount" doc:"Its own, and its share of what the whole order got."`
	Total      money.Formatted   `json:"total"`
}

// OrderTotals is what the order costs: total = subtotal - discount + shipping, plus tax unless it is included.
type OrderTotals struct {
	Subtotal    money.Formatted `json:"subtotal"`
	Discount    money.Formatted `json:"discount"`
	Shipping    money.Formatted `json:"shipping"`
	Tax         money.Formatted `json:"tax"`
	TaxIncluded bool            `json:"taxIncluded" doc:"Whether the prices contain the tax."`
	TaxLines    []OrderTax      `json:"taxLines" nullable:"false" doc:"The tax at each rate."`
	Total       money.Formatted `json:"total"`

	Adjustments []OrderAdjustment `json:"adjustments" nullable:"false" doc:"What each promotion and each benefit of a membership took off; together the discount."`
}

// OrderTax is the tax at one rate.
type OrderTax struct {
	Name   string          `json:"name" example:"VAT"`
	Rate   int             `json:"rate" doc:"Basis points." example:"1000"`
	Amount money.Formatted `json:"amount"`
}

// OrderAdjustment is what one promotion, or a benefit of a membership, took off.
type OrderAdjustment struct {
	PromotionID string          `json:"promotionId,omitempty" doc:"Missing for a benefit of a membership."`
	PlanID      string          `json:"planId,omitempty" doc:"The plan whose benefit it was."`
	Code        string          `json:"code,omitempty"`
	Name        string          `json:"name" example:"Membership: Regular"`
	Amount      money.Formatted `json:"amount"`
}

// OrderPayment is where the money of an order is.
type OrderPayment struct {
	State    order.PayState  `json:"state" enum:"authorized,captured,failed,releasing,released,refunding,partially_refunded,refunded,refund_failed"`
	Provider string          `json:"provider,omitempty" doc:"Missing when there was nothing to pay."`
	ID       string          `json:"id,omitempty" doc:"The provider's; for the shop's people only."`
	Brand    string          `json:"brand,omitempty" example:"visa"`
	Last4    string          `json:"last4,omitempty" example:"4242"`
	Captured money.Formatted `json:"captured"`
	Refunded money.Formatted `json:"refunded"`
}

// OrderFulfillment is one parcel.
type OrderFulfillment struct {
	N              int          `json:"n" doc:"1 for the first parcel."`
	Carrier        string       `json:"carrier" example:"cj"`
	CarrierName    string       `json:"carrierName" example:"CJ대한통운"`
	TrackingNumber string       `json:"trackingNumber,omitempty"`
	TrackingURL    string       `json:"trackingUrl,omitempty"`
	Lines          []order.Part `json:"lines" nullable:"false"`
	ShippedAt      time.Time    `json:"shippedAt"`
	DeliveredAt    *time.Time   `json:"deliveredAt,omitempty"`
}

// OrderRefund is money on its way back.
type OrderRefund struct {
	Amount money.Formatted `json:"amount"`
	State  string          `json:"state" enum:"pending,succeeded,failed"`
	Reason string          `json:"reason,omitempty"`
	At     time.Time       `json:"at"`
}

// OrderTimelineEntry is one thing that happened.
type OrderTimelineEntry struct {
	At   time.Time       `json:"at"`
	Type order.EntryType `json:"type" example:"shipped"`
	Text string          `json:"text,omitempty" doc:"Facts: carrier and number, amount."`
	By   string          `json:"by" enum:"customer,shop,system"`
}

// OrderNote is a remark of the shop's people.
type OrderNote struct {
	At   time.Time `json:"at"`
	Text string    `json:"text"`
	By   string    `json:"by" doc:"Subject of the agent."`
}

// OrderSummary is an order in a list.
type OrderSummary struct {
	ID       string          `json:"id"`
	Number   string          `json:"number"`
	State    order.State     `json:"state"`
	Payment  order.PayState  `json:"payment"`
	Total    money.Formatted `json:"total"`
	Units    int             `json:"units"`
	Title    string          `json:"title" doc:"Of the first line."`
	Image    string          `json:"image,omitempty"`
	PlacedAt time.Time       `json:"placedAt"`
}

// output is the answer of every route that returns one order.
type output struct {
	Status  int
	Caching string `header:"Cache-Control"`
	Replay  string `header:"Idempotent-Replayed" doc:"true when the request had been made before."`
	Body    Order
}

// listOutput is the answer of the two lists.
type listOutput struct {
	Caching string `header:"Cache-Control"`
	Body    OrderList
}

// OrderList is one page of orders.
type OrderList struct {
	Orders     []OrderSummary `json:"orders" nullable:"false"`
	NextCursor string         `json:"nextCursor,omitempty" doc:"Missing on the last page."`
}

// caching forbids storing answers: they hold names and addresses.
const caching = "no-store"

// answer shows an order to the caller who is signed in.
func answer(status int, o *order.Order, who auth.Principal) *output {
	return &output{Status: status, Caching: caching, Body: view(o, who.Operator())}
}

// view shows an order. Notes and the provider's payment id are for the shop's people only.
func view(o *order.Order, operator bool) Order {
	in := func(amount int64) money.Formatted { return o.Money(amount).Formatted() }
	t, p := o.Totals, o.Payment
	v := Order{
		ID: o.ID, Number: order.NumberOf(o.ID), State: o.State, Version: o.Version, CustomerID: o.CustomerID, Email: o.Email,
		Address: o.Address, Shipping: o.Shipping, Note: o.Note, Reason: o.Reason, PlacedAt: o.PlacedAt,
		UpdatedAt: o.UpdatedAt,
		Totals: OrderTotals{
			Subtotal: in(t.Subtotal), Discount: in(t.Discount), Shipping: in(t.Shipping), Tax: in(t.Tax),
			TaxIncluded: t.TaxIncluded, Total: in(t.Total), Adjustments: make([]OrderAdjustment, len(t.Adjustments)),
			TaxLines: make([]OrderTax, len(t.TaxLines)),
		},
		Payment: OrderPayment{
			State: p.State, Provider: p.Provider, Brand: p.Brand, Last4: p.Last4, Captured: in(p.Captured),
			Refunded: in(p.Refunded),
		},
		Lines: make([]OrderLine, len(o.Lines)), Fulfillments: make([]OrderFulfillment, len(o.Fulfillments)),
		Refunds: make([]OrderRefund, len(o.Refunds)), Timeline: make([]OrderTimelineEntry, len(o.Timeline)),
	}
	for i, l := range t.TaxLines {
		v.Totals.TaxLines[i] = OrderTax{l.Name, l.Rate, in(l.Amount)}
	}
	for i, a := range t.Adjustments {
		v.Totals.Adjustments[i] = OrderAdjustment{PromotionID: a.OfferID, Code: a.Code, Name: a.Name, Amount: in(a.Amount)}
		// A member's benefit is stored like an offer; the API shows it as the plan it comes from.
		if plan, ok := promotion.PlanOfBenefit(a.OfferID); ok {
			v.Totals.Adjustments[i].PromotionID, v.Totals.Adjustments[i].PlanID = "", plan
		}
	}
	viewLines(&v, o, in)
	for i, f := range o.Fulfillments {
		v.Fulfillments[i] = OrderFulfillment{
			N: f.N, Carrier: f.Carrier, CarrierName: order.CarrierName(f.Carrier), TrackingNumber: f.TrackingNumber,
			TrackingURL: f.TrackingURL, Lines: f.Lines, ShippedAt: f.ShippedAt, DeliveredAt: f.DeliveredAt,
		}
	}
	for i, r := range o.Refunds {
		v.Refunds[i] = OrderRefund{Amount: in(r.Amount), State: string(r.State), Reason: r.Reason, At: r.At}
	}
	for i, e := range o.Timeline {
		v.Timeline[i] = OrderTimelineEntry{At: e.At, Type: e.Type, Text: e.Text, By: e.By}
	}
	if operator {
		v.Payment.ID = p.ID
		for _, n := range o.Notes {
			v.Notes = append(v.Notes, OrderNote{At: n.At, Text: n.Text, By: n.By})
		}
	}
	return v
}

// viewLines fills in the lines with what they cost and how far they have been shipped.
func viewLines(v *Order, o *order.Order, in func(int64) money.Formatted) {
	for i, l := range o.Lines {
		c := o.LineTotal(l.ID)
		v.Lines[i] = OrderLine{
			ID: l.ID, VariantID: l.VariantID, ProductID: l.ProductID, SKU: l.SKU, Title: l.Title, Options: l.Options,
			Image:      l.Image,
			Properties: l.Properties, Quantity: l.Quantity, Shipped: o.SentUnits(l.ID), Canceled: o.CanceledUnits(l.ID),
			UnitPrice: in(c.Unit), Discount: in(c.Discount), Total: in(c.Total),
		}
	}
}

// listed shows a page; amounts are formatted here, because the index stores them as numbers.
func listed(p order.Page) *listOutput {
	out := &listOutput{Caching: caching,
		Body: OrderList{Orders: make([]OrderSummary, len(p.Orders)), NextCursor: string(p.Next)}}
	for i, c := range p.Orders {
		out.Body.Orders[i] = OrderSummary{
			ID: c.ID, Number: order.NumberOf(c.ID), State: c.State, Payment: c.Payment,
			Total: money.Of(c.Total, c.Currency).Formatted(),
			Units: c.Units, Title: c.Title, Image: c.Image, PlacedAt: c.PlacedAt,
		}
	}
	return out
}
