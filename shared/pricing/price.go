package pricing

import (
	"cmp"
	"slices"

	"dangol/shared/money"
)

// Price works out what the basket costs.
//
// Offers go first, by priority and id, each on what those before it left. Shipping is then the method's flat price, or
// nothing when the goods after discounts reach its free-from amount, when no line needs shipping, or while country or
// method are not known or do not fit. Tax is worked out for each line on what the shopper pays for it, rounded there, and
// summed exactly; shipping is taxed at the same rate when any line is taxable. While the country is not known there is no
// tax.
//
// Quantities and unit prices are not below zero, and their products fit in 64 bits many times over.
func Price(b Basket, shop Shop, offers []Offer) Totals {
	d := newDraft(b.Lines)
	t := Totals{Currency: b.Currency, Lines: make([]LineTotal, len(b.Lines))}
	waived := d.apply(b, offers)
	if slices.ContainsFunc(b.Lines, func(l Line) bool { return l.RequiresShipping && l.Quantity > 0 }) {
		t.Shipping, _ = shop.Shipping(b.Country, b.Method, b.Currency, d.Goods())
	}
	rest := t.Shipping
	for i, w := range waived {
		took := min(w.shipping, rest)
		rest -= took
		waived[i].Amount += took
	}
	t.ShippingDiscount = t.Shipping - rest
	for _, w := range waived {
		if w.Amount > 0 {
			t.Adjustments = append(t.Adjustments, w.Adjustment)
		}
	}
	d.total(&t)
	t.tax(b, shop, rest)
	t.Total = t.Subtotal - t.Discount + t.Shipping
	if !t.TaxIncluded {
		t.Total += t.Tax
	}
	return t
}

// turn is what one offer took, and what it would take off the shipping.
type turn struct {
	Adjustment
	shipping int64
}

// apply gives each offer its turn.
func (d *Draft) apply(b Basket, offers []Offer) []turn {
	inOrder := slices.SortedStableFunc(slices.Values(offers), func(a, b Offer) int {
		return cmp.Or(cmp.Compare(b.Priority, a.Priority), cmp.Compare(a.ID, b.ID))
	})
	turns := make([]turn, len(inOrder))
	for i, o := range inOrder {
		d.taken, d.waive = 0, 0
		o.Rule.Apply(b, d)
		turns[i] = turn{Adjustment{OfferID: o.ID, Code: o.Code, Name: o.Name, Amount: d.taken}, d.waive}
	}
	return turns
}

// total writes the lines back in the basket's order.
func (d *Draft) total(t *Totals) {
	t.Discount = t.ShippingDiscount
	for i, l := range d.lines {
		line := LineTotal{
			ID: l.ID, Unit: l.Unit, Quantity: l.Quantity, Subtotal: l.Unit * int64(l.Quantity), Total: d.Left(i), Units: l.units,
		}
		line.Discount = line.Subtotal - line.Total
		t.Lines[l.place] = line
		t.Subtotal += line.Subtotal
		t.Discount += line.Discount
	}
}

// tax taxes lines and shipping, which costs charged after its discount.
func (t *Totals) tax(b Basket, shop Shop, charged int64) {
	rate, included := shop.Tax(b.Country, b.Currency)
	if rate.Rate == 0 {
		return
	}
	t.TaxIncluded = included
	of := money.TaxOnTop
	if included {
		of = money.TaxIncluded
	}
	taxable := false
	for i, l := range b.Lines {
		if !l.Taxable {
			continue
		}
		taxable = true
		t.Lines[i].Tax = of(t.Lines[i].Total, int64(rate.Rate))
		t.Tax += t.Lines[i].Tax
	}
	if taxable {
		t.Tax += of(charged, int64(rate.Rate))
	}
	if taxable {
		t.TaxLines = []TaxLine{{Name: rate.Name, Rate: rate.Rate, Amount: t.Tax}}
	}
}
