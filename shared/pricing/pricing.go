// Package pricing works out what a basket costs: lines, discounts, shipping and tax, in whole minor units that always add
// up. It is pure: the same basket, offers and shop rules at the same time give the same totals, in a cart, at checkout
// and in a preview.
package pricing

import "time"

// Line is one line to be priced.
type Line struct {
	ID               string
	VariantID        string
	ProductID        string
	Quantity         int
	Unit             int64 // shelf price of one unit, minor units
	CompareAt        int64 // struck-through price of one unit, 0 for none
	Floor            int64 // no offer takes one unit below it, minor units
	Taxable          bool
	RequiresShipping bool
	Categories, Tags []string
}

// Basket is what is priced.
type Basket struct {
	Currency   string
	Lines      []Line
	Codes      []string
	CustomerID string // empty for a guest
	Country    string // ISO 3166-1 alpha-2, empty while not known
	Method     string // id of the chosen shipping method, empty while none is
	At         time.Time
}

// Totals is what the basket costs, all amounts in minor units of Currency.
//
// It holds: Subtotal is the sum of the lines' Subtotal; Discount is the sum of the lines' Discount plus ShippingDiscount;
// Total = Subtotal - Discount + Shipping, plus Tax when TaxIncluded is false; Tax is the sum of TaxLines.
type Totals struct {
	Currency         string       `dynamodbav:"currency"`
	Lines            []LineTotal  `dynamodbav:"lines"`
	Subtotal         int64        `dynamodbav:"subtotal"`
	Discount         int64        `dynamodbav:"discount,omitempty"`
	Shipping         int64        `dynamodbav:"shipping,omitempty"`
	ShippingDiscount int64        `dynamodbav:"shippingDiscount,omitempty"`
	Tax              int64        `dynamodbav:"tax,omitempty"`
	TaxIncluded      bool         `dynamodbav:"taxIncluded,omitempty"`
	TaxLines         []TaxLine    `dynamodbav:"taxLines,omitempty"`
	Total            int64        `dynamodbav:"total"`
	Adjustments      []Adjustment `dynamodbav:"adjustments,omitempty"` // one per offer that applied
}

// LineTotal is what one line costs. Units splits Total over the units, so a refund of some of them closes the sum.
type LineTotal struct {
	ID       string  `dynamodbav:"id"`
	Unit     int64   `dynamodbav:"unit"` // shelf price of one unit
	Quantity int     `dynamodbav:"quantity"`
	Subtotal int64   `dynamodbav:"subtotal"`           // Unit * Quantity
	Discount int64   `dynamodbav:"discount,omitempty"` // own discount and share of the order's
	Tax      int64   `dynamodbav:"tax,omitempty"`      // contained in Total when tax is included, else on top of it
	Total    int64   `dynamodbav:"total"`              // Subtotal - Discount
	Units    []int64 `dynamodbav:"units,omitempty"`    // what each unit really cost; sums to Total
}

// TaxLine is the tax at one rate.
type TaxLine struct {
	Name   string `dynamodbav:"name" json:"name" doc:"Name of the tax." example:"VAT"`
	Rate   int    `dynamodbav:"rate" json:"rate" doc:"Basis points." example:"1000"`
	Amount int64  `dynamodbav:"amount" json:"amount" doc:"Minor units."`
}

// Adjustment is what one offer took off.
type Adjustment struct {
	OfferID string `dynamodbav:"offerId"`
	Code    string `dynamodbav:"code,omitempty"` // the code that brought it in
	Name    string `dynamodbav:"name"`
	Amount  int64  `dynamodbav:"amount"` // positive: what was taken off
}
