package events

import (
	"time"

	"dangol/shared/money"
)

// OrderRef begins every event about an order: which one, and who to tell in which language.
type OrderRef struct {
	OrderID    string `json:"orderId"`
	Number     string `json:"number"` // as people write it
	CustomerID string `json:"customerId,omitempty"`
	Email      string `json:"email"`
	Name       string `json:"name,omitempty"` // of the recipient
	Language   string `json:"language"`
}

// OrderLine is one line of an order, or some units of it.
type OrderLine struct {
	LineID    string   `json:"lineId"`
	ProductID string   `json:"productId"`
	VariantID string   `json:"variantId"`
	SKU       string   `json:"sku,omitempty"`
	Title     string   `json:"title"`
	Options   []string `json:"options,omitempty"`
	Quantity  int      `json:"quantity"`
	// Properties is what the shopper had put on it: an engraving, a gift note.
	Properties map[string]string `json:"properties,omitempty"`
	Total      money.Money       `json:"total,omitzero"` // what the line cost after its discounts; not on parcels
	// Discounted says that it was sold below its list price: by a sale price, or by what was taken off.
	Discounted bool `json:"discounted,omitempty"`
}

// Place is where an order goes, without the street.
type Place struct {
	City       string `json:"city,omitempty"`
	Region     string `json:"region,omitempty"`
	PostalCode string `json:"postalCode,omitempty"`
	Country    string `json:"country,omitempty"`
}

// OrderPlaced says that an order has been made. Its money is reserved or taken.
type OrderPlaced struct {
	OrderRef
	CheckoutID  string           `json:"checkoutId"`
	Lines       []OrderLine      `json:"lines"`
	Subtotal    money.Money      `json:"subtotal"`
	Discount    money.Money      `json:"discount"`
	Shipping    money.Money      `json:"shipping"`
	Tax         money.Money      `json:"tax"`
	TaxIncluded bool             `json:"taxIncluded"`
	Total       money.Money      `json:"total"`
	Codes       []string         `json:"codes,omitempty"`
	Promotions  []OrderPromotion `json:"promotions,omitempty"`
	FirstOrder  bool             `json:"firstOrder,omitempty"` // of this customer
	Member      *OrderMember     `json:"member,omitempty"`     // with a membership in force
	Place       Place            `json:"place,omitzero"`
	Method      string           `json:"shippingMethod,omitempty"`
	// MethodName, ShipTo and PaidWith are for the confirmation: the method in the customer's language, the address in one
	// line, the card ("visa 4242").
	MethodName string    `json:"shippingMethodName,omitempty"`
	ShipTo     string    `json:"shipTo,omitempty"`
	PaidWith   string    `json:"paidWith,omitempty"`
	PlacedAt   time.Time `json:"placedAt"`
	// Origin is why the order was made when nobody bought it: exchange, replacement. Its goods are paid by what came back.
	Origin string `json:"origin,omitempty"`
}

// OrderMember is what of somebody's memberships matters to an order after it was placed.
type OrderMember struct {
	Plans []string `json:"plans"`
	// PointsTimes is what the order's points are to be multiplied by, 1 without that benefit: what was promised when it
	// was placed.
	PointsTimes int `json:"pointsTimes"`
}

// EventType is "order.placed".
func (OrderPlaced) EventType() string { return "order.placed" }

// OrderShipped says that a parcel is on its way.
type OrderShipped struct {
	OrderRef
	Fulfillment    int         `json:"fulfillment"` // 1 for the first parcel
	Carrier        string      `json:"carrier"`     // as people call it
	TrackingNumber string      `json:"trackingNumber,omitempty"`
	TrackingURL    string      `json:"trackingUrl,omitempty"`
	Lines          []OrderLine `json:"lines"`
	Complete       bool        `json:"complete"` // nothing is left to ship
	ShippedAt      time.Time   `json:"shippedAt"`
}

// EventType is "order.shipped".
func (OrderShipped) EventType() string { return "order.shipped" }

// OrderDelivered says that a parcel has arrived.
type OrderDelivered struct {
	OrderRef
	Fulfillment int         `json:"fulfillment"`
	Lines       []OrderLine `json:"lines"`
	Complete    bool        `json:"complete"` // everything has arrived
	DeliveredAt time.Time   `json:"deliveredAt"`
}

// EventType is "order.delivered".
func (OrderDelivered) EventType() string { return "order.delivered" }

// OrderCanceled says that an order will not be delivered. Refund is what goes back; it is zero when nothing had been
// taken and the reservation is let go.
type OrderCanceled struct {
	OrderRef
	Reason     string           `json:"reason"`
	By         string           `json:"by"` // customer, shop
	Lines      []OrderLine      `json:"lines"`
	Total      money.Money      `json:"total"`
	Refund     money.Money      `json:"refund"`
	Promotions []OrderPromotion `json:"promotions,omitempty"`
	FirstOrder bool             `json:"firstOrder,omitempty"`
	PlacedAt   time.Time        `json:"placedAt,omitzero"`
}

// EventType is "order.canceled".
func (OrderCanceled) EventType() string { return "order.canceled" }

// OrderPaymentFailed says that an order was canceled because its payment could not be taken in the end.
type OrderPaymentFailed struct {
	OrderRef
	Lines      []OrderLine      `json:"lines"`
	Total      money.Money      `json:"total"`
	Promotions []OrderPromotion `json:"promotions,omitempty"`
	FirstOrder bool             `json:"firstOrder,omitempty"`
	PlacedAt   time.Time        `json:"placedAt,omitzero"`
}

// EventType is "order.payment_failed".
func (OrderPaymentFailed) EventType() string { return "order.payment_failed" }
