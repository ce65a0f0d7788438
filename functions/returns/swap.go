package returns

import (
	"slices"

	"dangol/shared/catalog"
	"dangol/shared/money"
	"dangol/shared/order"
	"dangol/shared/platform/problem"
	"dangol/shared/pricing"
	"dangol/shared/refund"
	"dangol/shared/rma"
)

// swap works out what is sent instead and who owes the difference. Goods of an exchange cost what was paid for the unit
// that comes back, plus what their catalog price is above that unit's: what a discount or a sale took off stays off.
// Cheaper goods cost less by the same share, else a discount could be more than they cost. A replacement costs what was
// paid.
func (f facts) swap(p *plan, w Wanted) error {
	for i, l := range w.Lines {
		variant := l.For
		line, _ := f.order.Line(l.LineID)
		if w.Resolution == string(rma.Replacement) {
			variant = line.VariantID
		}
		g, ok := f.variants[variant]
		// A replacement may be of a product that is not shown any more, an exchange not.
		if !ok || g.Product.Status != catalog.Active && w.Resolution == string(rma.Exchange) {
			return problem.Conflict("variant_not_sold", "Variant %s is not for sale.", variant).With("lineId", l.LineID)
		}
		// Checkout counts what a customer has had of limited goods, and knows who may have those of a drop; an exchange
		// would go around it.
		scarce := g.Variant.MaxPerCustomer > 0 || f.drops[variant]
		if w.Resolution == string(rma.Exchange) && scarce && g.Product.ID != line.ProductID {
			return problem.Conflict("variant_limited", "Variant %s is limited by customer and is not given in exchange.",
				variant).With("lineId", l.LineID)
		}
		if w.Resolution == string(rma.Exchange) && !g.Variant.Open(f.now) {
			return notOpen(variant).With("lineId", l.LineID)
		}
		if g.Available < l.Quantity {
			return problem.Conflict("out_of_stock", "Of variant %s there are %d.", variant, max(g.Available, 0)).With("lineId",
				l.LineID)
		}
		unit, err := f.swapPrice(i, line, g, w)
		if err != nil {
			return err
		}
		p.goods = append(p.goods, swapUnits(f.order, p.quote, line, g, l.Quantity, unit)...)
	}
	price := int64(0)
	for _, g := range p.goods {
		price += g.Unit * int64(g.Quantity)
	}
	p.figures.Price = price
	p.figures.BalanceDue = max(price-p.figures.Value(), 0)
	p.figures.PaidOut = max(p.figures.Value()-price, 0)
	// A difference by rounding is not asked for either.
	if w.Resolution == string(rma.Replacement) {
		p.figures.BalanceDue, p.figures.PaidOut = 0, 0
	}
	return nil
}

// unitPrice is what is paid for a new unit in place of one that comes back, tax included, and how much of that is tax.
type unitPrice func(refund.Unit) (cost, tax int64)

// swapPrice is what new units of a variant cost in place of those of a line.
func (f facts) swapPrice(i int, line order.Line, g catalog.SellableVariant, w Wanted) (unitPrice, error) {
	if w.Resolution == string(rma.Replacement) {
		return func(u refund.Unit) (cost, tax int64) { return u.Cost, u.Tax }, nil
	}
	if g.Variant.ID == line.VariantID {
		return nil, problem.InvalidField(at(i, "exchangeFor"), "not_allowed", "another variant")
	}
	price, sold := g.Variant.Prices[f.order.Totals.Currency]
	if !sold {
		return nil, problem.Conflict("not_in_currency", "Variant %s has no price in %s.", g.Variant.ID,
			f.order.Totals.Currency)
	}
	// Catalog prices on both sides, outside sales: discounts of today play no part, and what a sale took off stays off.
	// Both are with tax, or both without.
	l := f.order.LineTotal(line.ID)
	more := price.Amount - f.order.ListPrice(line)
	if more < 0 {
		weights := []int64{price.Amount, -more}
		return func(u refund.Unit) (cost, tax int64) {
			return money.Allocate(u.Cost, weights)[0], money.Allocate(u.Tax, weights)[0]
		}, nil
	}
	rate := int64(l.TaxRate)
	tax := money.TaxIncluded(more, rate)
	if !f.order.Totals.TaxIncluded {
		// Where tax comes on top, the difference has to carry its own.
		tax = money.Percent(more, rate)
		more += tax
	}
	return func(u refund.Unit) (int64, int64) { return u.Cost + more, u.Tax + tax }, nil
}

// swapUnits are the goods for the units of a line, with equal ones together. Units of one line may
// have cost different amounts, because discounts do not divide evenly.
func swapUnits(o *order.Order, q refund.Quote, line order.Line, g catalog.SellableVariant, quantity int,
	price unitPrice) []rma.ExchangeItem {
	image := g.Variant.Image
	if image == "" && len(g.Product.Images) > 0 {
		image = g.Product.Images[0].URL
	}
	var out []rma.ExchangeItem
	for _, l := range q.Lines {
		if l.LineID != line.ID {
			continue
		}
		for _, u := range l.Units {
			unit, tax := price(u.Unit)
			if n := len(out); n > 0 && out[n-1].Unit == unit {
				out[n-1].Quantity++
				continue
			}
			out = append(out, rma.ExchangeItem{
				VariantID: g.Variant.ID, ProductID: g.Product.ID, SKU: g.Variant.SKU, Title: g.Product.Title.In(o.Language, "en"),
				Options: g.Variant.Options, Image: image, Quantity: 1, List: g.Variant.Prices[o.Totals.Currency].Amount, Unit: unit,
				Tax: tax, TaxRate: o.LineTotal(line.ID).TaxRate,
			})
		}
	}
	return out
}

// swapDraft is the order in which the goods of an exchange or replacement are sent, as its lines and totals. Its prices
// contain their tax where those of the first order did, so that either is held against the catalog in the same way.
func swapDraft(o *order.Order, r *rma.RMA) order.Draft {
	d := order.Draft{
		// The token's hash lets a guest see the new order with the same cart token.
		CustomerID: o.CustomerID, TokenHash: o.TokenHash, Email: o.Email, PlacedWith: o.PlacedWith, Language: o.Language,
		Address:     o.Address,
		Shipping:    o.Shipping,
		Allocations: r.Swap.Taken,
		Totals: order.Totals{Totals: pricing.Totals{
			Currency: o.Totals.Currency, TaxIncluded: o.Totals.TaxIncluded,
			TaxCountry: o.Totals.TaxCountry,
		}},
	}
	t := &d.Totals.Totals
	for i, g := range r.Swap.Goods {
		// Ids within the new order; letters as in ids of lines, two when there are more than 26.
		id := r.Lines[0].LineID + "-x" + string(rune('a'+i%26))
		if i >= 26 {
			id += string(rune('a' + i/26%26))
		}
		unit, onTop := g.Unit, int64(0)
		if !t.TaxIncluded {
			unit, onTop = g.Unit-g.Tax, g.Tax*int64(g.Quantity)
		}
		// The list price may be below what it costs here; a discount is never negative.
		total, list := unit*int64(g.Quantity), max(g.List, unit)
		units := slices.Repeat([]int64{unit}, g.Quantity)
		d.Lines = append(d.Lines, order.Line{
			ID: id, VariantID: g.VariantID, ProductID: g.ProductID, SKU: g.SKU, Title: g.Title, Options: g.Options,
			Image: g.Image, Quantity: g.Quantity,
		})
		t.Lines = append(t.Lines, pricing.LineTotal{
			ID: id, Unit: list, Quantity: g.Quantity, Subtotal: list * int64(g.Quantity),
			Discount: list*int64(g.Quantity) - total, Total: total,
			Units: units, Tax: g.Tax * int64(g.Quantity), TaxRate: g.TaxRate,
		})
		t.Subtotal += list * int64(g.Quantity)
		t.Discount += list*int64(g.Quantity) - total
		t.Total += total + onTop
		t.Tax += g.Tax * int64(g.Quantity)
		// The same tax as in the first order, so its name is known by its rate.
		at := slices.IndexFunc(o.Totals.TaxLines, func(l pricing.TaxLine) bool { return l.Rate == g.TaxRate })
		if at >= 0 && g.Tax > 0 {
			t.TaxLines = pricing.AddTax(t.TaxLines, o.Totals.TaxLines[at].Name, g.TaxRate, g.Tax*int64(g.Quantity))
		}
	}
	return d
}
