// Package refund is the money side of what goes back to a customer after a purchase: what each unit really cost, what a
// return of some units is worth, which charges come off, and how the amount is spread over the ways the order was paid.
// It is pure: no clock, no storage, no knowledge of orders or returns beyond the numbers it is given.
//
// # How a refund is computed
//
// The ledger does not add up single refunds. It computes what all returned units together are worth, less what the kept
// units are charged, and refunds the difference to what has been given for units before. Returning the last unit
// therefore refunds what is left of the amount paid, in whichever order and pieces the units came back.
//
//	worth(returned) = cost of the returned units + outbound shipping given back
//	                - gifts kept that are no longer earned     (with Terms.ChargeGifts)
//	                - discounts of promotions on kept units whose condition is no longer met
//	                  (with Terms.ChargePromotions)
//	refund          = worth(after) - given before - fees, at least 0 and at most what is left of the amount paid
//
// When nothing is kept there is nothing to charge: the full return refunds what was paid, less fees.
package refund

import "fmt"

// Sale is what was sold and how it was paid. Amounts are minor units of Currency.
type Sale struct {
	Currency string
	Lines    []Line
	// Shipping is what was paid for the way to the customer, less its discount, with its tax.
	Shipping int64
	// Payments are the ways it was paid, in the order in which they are refunded; see Order.
	Payments   []Payment
	Promotions []Promotion
	// Prepaid is what no payment of this sale paid for, although nothing is owed: a plan that was paid ahead, or the
	// credit of an account. It cannot go back as money, but goods that are given again for what comes back are paid by it.
	Prepaid int64
}

// Line is one line of a sale.
type Line struct {
	ID    string
	Title string
	List  int64  // catalog price of one unit
	Units []Unit // in order; the unit numbers of the ledger index this list
	Gift  string // id of the promotion that gave the line; its units cost nothing
	Value int64  // of one unit of a gift: what is charged when it is kept without being earned
}

// Unit is what one unit cost.
type Unit struct {
	Cost     int64 // what was paid for it: price less discounts, tax included
	Discount int64 // its own discount and its share of the order's
	Tax      int64 // contained in Cost
}

// Promotion is one promotion that applied to the sale, with the condition it had.
type Promotion struct {
	ID     string
	Name   string
	Amount int64 // taken off the goods
	// MinAmount and MinUnits are what the goods had to be worth, and how many units there had to be. Zero is no condition.
	MinAmount int64
	MinUnits  int
}

// Method is a way to pay.
type Method string

// The methods. The order of refunds is card, store credit, points: the customer gets money back before credit.
const (
	Card        Method = "card" // any payment at the payment provider
	StoreCredit Method = "store_credit"
	Points      Method = "points"
)

// Payment is one way in which part of the sale was paid.
type Payment struct {
	ID       string // unique within the sale
	Method   Method
	Captured int64
}

// Paid is what the units and the shipping cost together.
func (s Sale) Paid() int64 {
	sum := s.Shipping
	for _, l := range s.Lines {
		for _, u := range l.Units {
			sum += u.Cost
		}
	}
	return sum
}

// Captured is what was really taken over all payments.
func (s Sale) Captured() int64 {
	sum := int64(0)
	for _, p := range s.Payments {
		sum += p.Captured
	}
	return sum
}

// line finds a line of the sale by its id.
func (s Sale) line(id string) (Line, bool) {
	for _, l := range s.Lines {
		if l.ID == id {
			return l, true
		}
	}
	return Line{}, false
}

// UnitRef names one unit of a line, counted from 0.
type UnitRef struct {
	LineID string `json:"lineId"`
	N      int    `json:"n"`
}

// Refusal is why a refund is not possible. Code is stable and machine-readable.
type Refusal struct {
	Code   string // one of the codes below
	LineID string // of the units concerned, if any
	Most   int64  // units or minor units that are left
}

// The codes.
const (
	UnknownLine     = "unknown_line"      // the sale has no such line
	BadQuantity     = "bad_quantity"      // fewer than one unit, or a negative amount
	UnitsGone       = "units_returned"    // more units than are left: they were refunded, or are in another return
	ShippingGone    = "shipping_refunded" // more than is left of the shipping
	TooMuch         = "refund_too_large"  // more than is left of what was paid
	NothingCaptured = "nothing_captured"  // nothing has been paid that could be given back
)

// Error implements error.
func (r *Refusal) Error() string {
	if r.LineID == "" {
		return fmt.Sprintf("refund: %s (%d left)", r.Code, r.Most)
	}
	return fmt.Sprintf("refund: %s: line %s (%d left)", r.Code, r.LineID, r.Most)
}
