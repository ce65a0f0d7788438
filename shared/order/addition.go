package order

import (
	"time"

	"dangol/shared/money"
	"dangol/shared/platform/problem"
	"dangol/shared/pricing"
	"dangol/shared/refund"
	"dangol/shared/stock"
)

// maxLines bounds the lines of an order that is added to, and with it the size of its item. A cart has at most 100.
const maxLines = 150

// AddedVariant is units of a variant that are to be added to an order.
type AddedVariant struct {
	Line    Line
	List    int64 // catalog price of one unit
	TaxRate int   // of goods of its class where the order goes to, basis points; 0 for what is not taxed
}

// Added is goods that are added to an order before it is shipped, with what they cost.
type Added struct {
	Lines  []Line              `json:"lines"`
	Totals []pricing.LineTotal `json:"totals"`
	Tax    int64               `json:"tax,omitempty"`
	// TaxName is the name of the tax, for a rate that the order did not have before.
	TaxName string `json:"taxName,omitempty"`
	Amount  int64  `json:"amount"` // to be paid, tax included
}

// CanAdd is why nothing can be added to the order. Errors: 409 order_shipped, order_canceled, payment_not_captured,
// too_many_lines.
func (o *Order) CanAdd(lines int) error {
	if err := o.open(); err != nil {
		return err
	}
	// Before the capture it is not known whether there will be an order to add to.
	if o.Payment.State == PayAuthorized || o.Payment.State == PayFailed {
		return problem.Conflict("payment_not_captured", "The payment is not captured yet; try again in a minute.")
	}
	if len(o.Lines)+lines > maxLines {
		return problem.Conflict("too_many_lines", "An order has at most %d lines.", maxLines)
	}
	return nil
}

// PriceAdded says what added goods cost: their catalog price with the tax of where the order goes to, each at its own
// rate, contained in the price or on top as in the order. Discounts and shipping of the order stay as they were agreed;
// who wants those of now orders anew.
func (o *Order) PriceAdded(variants []AddedVariant, taxName string) Added {
	a := Added{TaxName: taxName}
	for _, g := range variants {
		n := int64(g.Line.Quantity)
		t := pricing.LineTotal{ID: g.Line.ID, Unit: g.List, Quantity: g.Line.Quantity, Subtotal: g.List * n,
			Total: g.List * n, TaxRate: g.TaxRate}
		for range g.Line.Quantity {
			t.Units = append(t.Units, g.List)
		}
		if o.Totals.TaxIncluded {
			t.Tax = money.TaxIncluded(t.Total, int64(g.TaxRate))
		} else {
			t.Tax = money.TaxOnTop(t.Total, int64(g.TaxRate))
			a.Amount += t.Tax
		}
		a.Amount += t.Total
		a.Tax += t.Tax
		a.Lines, a.Totals = append(a.Lines, g.Line), append(a.Totals, t)
	}
	return a
}

// AddLines adds goods that were paid for. taken is what they hold of the stock; paid is their payment, nil when they
// cost nothing. Errors: those of CanAdd.
func (o *Order) AddLines(a Added, taken []stock.Allocation, paid *MorePayment, by string, now time.Time) error {
	if err := o.CanAdd(len(a.Lines)); err != nil {
		return err
	}
	t := &o.Totals.Totals
	for _, l := range a.Totals {
		t.Lines = append(t.Lines, l)
		t.Subtotal += l.Subtotal
		t.TaxLines = pricing.AddTax(t.TaxLines, a.TaxName, l.TaxRate, l.Tax)
	}
	o.Lines = append(o.Lines, a.Lines...)
	t.Tax += a.Tax
	t.Total += a.Amount
	o.Allocations = append(o.Allocations, taken...)
	if paid != nil {
		paid.Method = refund.Card
		o.More = append(o.More, *paid)
	}
	o.addEntry(now, LinesAdded, o.Money(a.Amount).Display(), by)
	return nil
}
