package pricing

import (
	"cmp"
	"slices"
)

// Price works out what the basket costs.
//
// Offers go first, by priority and id, each on what those before it left. Shipping is then the method's flat price, or
// nothing when the goods after discounts reach its free-from amount, when no line needs shipping, or while country or
// method are not known or do not fit. Tax is worked out for each line on what the shopper pays for it, rounded there,
// and summed exactly; shipping is taxed at the same rate when any line is taxable. While the country is not known there
// is no tax.
//
// Quantities and unit prices are not below zero, and their products fit in 64 bits many times over.
func Price(b Basket, shop Shop, offers []Offer) Totals {
	d := NewDraft(b)
	inOrder := byPriority(offers)
	taken := make([]Adjustment, len(inOrder))
	for i, o := range inOrder {
		// Reset for each offer: Take adds up what this offer takes.
		d.taken = 0
		o.Rule.Apply(b, d, i)
		taken[i] = Adjustment{OfferID: o.ID, Code: o.Code, Name: o.Name, Amount: d.taken}
	}
	return d.Totals(b, shop, taken)
}

// Share is what one offer took off a line.
type Share struct {
	OfferID string
	Amount  int64 // minor units, above zero
}

// Shares is what each offer takes off each line, by line id and in the order of their turns: together a line's
// Discount.
func Shares(b Basket, offers []Offer) map[string][]Share {
	d, shares := NewDraft(b), map[string][]Share{}
	for offer, o := range byPriority(offers) {
		before := slices.Clone(d.left)
		o.Rule.Apply(b, d, offer)
		for i, left := range d.left {
			if took := before[i] - left; took > 0 {
				id := d.lines[i].ID
				shares[id] = append(shares[id], Share{o.ID, took})
			}
		}
	}
	return shares
}

// byPriority sorts a copy: high priorities first, equal ones by
// id, so that the order of the list decides nothing.
func byPriority(offers []Offer) []Offer {
	return slices.SortedStableFunc(slices.Values(offers), func(a, b Offer) int {
		return cmp.Or(cmp.Compare(b.Priority, a.Priority), cmp.Compare(a.ID, b.ID))
	})
}

// Totals is what the basket of the draft costs. taken is what each offer took off the goods; what it takes off the
// shipping is added, and offers that took nothing are left out.
func (d *Draft) Totals(b Basket, shop Shop, taken []Adjustment) Totals {
	t := Totals{Currency: b.Currency, Lines: make([]LineTotal, len(b.Lines))}
	t.Shipping = d.Shipping(&b, shop)
	rest := d.settle(t.Shipping, func(offer int, amount int64) { taken[offer].Amount += amount })
	t.ShippingDiscount = t.Shipping - rest
	for _, a := range taken {
		if a.Amount > 0 {
			t.Adjustments = append(t.Adjustments, a)
		}
	}
	d.total(&t)
	// Tax comes after shipping, because shipping is taxed too.
	t.tax(b, shop, rest)
	t.Total = t.Subtotal - t.Discount + t.Shipping
	if !t.TaxIncluded {
		t.Total += t.Tax
	}
	return t
}

// Cost is the Total of Totals without making the lines; what each waiver
// takes off the shipping is reported by the number of the offer. The search
// for the best combination asks for nothing else, thousands of times.
func (d *Draft) Cost(b *Basket, shop Shop, took func(offer int, amount int64)) int64 {
	rest := d.settle(d.Shipping(b, shop), took)
	cost := d.Goods() + rest
	if tax, included := shop.Tax(b.Country, b.Currency); !included && !tax.none() {
		cost += d.onTop(tax, rest)
	}
	return cost
}

// Shipping is the price of the chosen method for what the goods cost now, before offers on the shipping.
func (d *Draft) Shipping(b *Basket, shop Shop) int64 {
	// A cart of gift cards or services is not shipped.
	if !slices.ContainsFunc(b.Lines, func(l Line) bool { return l.RequiresShipping && l.Quantity > 0 }) {
		return 0
	}
	amount, _ := shop.Shipping(b.Country, b.Method, b.Currency, d.Goods())
	return amount
}

// total writes the lines back in the basket's order.
func (d *Draft) total(t *Totals) {
	t.Discount = t.ShippingDiscount
	// Copied: the caller keeps the totals while the draft's memory is used again.
	units := append(make([]int64, 0, len(d.units)), d.units...)
	for i, l := range d.lines {
		line := LineTotal{
			ID: l.ID, Unit: l.Unit, Quantity: l.Quantity, Subtotal: l.Unit * int64(l.Quantity), Total: d.left[i],
			Units: units[l.first:l.end:l.end],
		}
		line.Discount = line.Subtotal - line.Total
		t.Lines[l.place] = line
		t.Subtotal += line.Subtotal
		t.Discount += line.Discount
	}
}
