// Package pricing works out what a basket costs: lines, discounts, shipping and tax, in whole minor units that always
// add up. It is pure: the same basket, offers and shop rules at the same time give the same totals, in a cart, at
// checkout and in a preview.
package pricing

import "time"

// Line is one line to be priced.
type Line struct {
	ID               string
	VariantID        string
	ProductID        string
	Quantity         int
	Unit             int64  // catalog price of one unit, minor units
	CompareAt        int64  // struck-through price of one unit, 0 for none
	Floor            int64  // no offer takes one unit below it, minor units
	Taxable          bool   // whether it is taxed at all
	TaxClass         string // of the product, empty for the standard one; see Tax.Classes
	RequiresShipping bool
	Categories, Tags []string // of the product; promotions target by them
}

// Basket is what is priced.
type Basket struct {
	Currency   string
	Lines      []Line
	Codes      []string  // of promotions, as the shopper entered them
	CustomerID string    // empty for a guest
	Country    string    // ISO 3166-1 alpha-2, empty while not known
	Method     string    // id of the chosen shipping method, empty while none is
	At         time.Time // decides which promotions are live
}

// Totals is what the basket costs, all amounts in minor units of Currency.
//
// It holds: Subtotal is the sum of the lines' Subtotal; Discount is the sum of the lines' Discount plus
// ShippingDiscount; Total = Subtotal - Discount + Shipping, plus Tax when TaxIncluded is false; Tax is the sum of
// TaxLines.
type Totals struct {
	Currency         string      `json:"currency"`
	Lines            []LineTotal `json:"lines"`
	Subtotal         int64       `json:"subtotal"`           // of the lines, before discounts
	Discount         int64       `json:"discount,omitempty"` // of lines and shipping together
	Shipping         int64       `json:"shipping,omitempty"` // before ShippingDiscount
	ShippingDiscount int64       `json:"shippingDiscount,omitempty"`
	Tax              int64       `json:"tax,omitempty"` // contained in Total when TaxIncluded, else part of it on top
	TaxIncluded      bool        `json:"taxIncluded,omitempty"`
	// whose tax it is: the address's, the shop's home without one
	TaxCountry  string       `json:"taxCountry,omitempty"`
	TaxLines    []TaxLine    `json:"taxLines,omitempty"`
	Total       int64        `json:"total"`                 // what the shopper pays
	Adjustments []Adjustment `json:"adjustments,omitempty"` // one per offer that applied
}

// LineTotal is what one line costs. Units splits Total over the units, so a refund of some of them closes the sum.
type LineTotal struct {
	ID       string  `json:"id"`
	Unit     int64   `json:"unit"` // catalog price of one unit
	Quantity int     `json:"quantity"`
	Subtotal int64   `json:"subtotal"`           // Unit * Quantity
	Discount int64   `json:"discount,omitempty"` // own discount and share of the order's
	Tax      int64   `json:"tax,omitempty"`      // contained in Total when tax is included, else on top of it
	TaxRate  int     `json:"taxRate,omitempty"`  // of Tax, basis points; 0 for what is not taxed
	Total    int64   `json:"total"`              // Subtotal - Discount
	Units    []int64 `json:"units,omitempty"`    // what each unit really cost; sums to Total
}

// TaxLine is the tax at one rate.
type TaxLine struct {
	Name   string `json:"name" doc:"Name of the tax." example:"VAT"`
	Rate   int    `json:"rate" doc:"Basis points." example:"1000"`
	Amount int64  `json:"amount" doc:"Minor units."`
}

// Adjustment is what one offer took off.
type Adjustment struct {
	OfferID string `json:"offerId"`
	Code    string `json:"code,omitempty"` // the code that brought it in
	Name    string `json:"name"`
	Amount  int64  `json:"amount"` // positive: what was taken off
}
