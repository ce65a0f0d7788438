package order

import "slices"

// ListPrice is what a unit of a line cost in the catalog when it was bought, outside sales, in minor units; of a gift
// what it was given for.
func (o *Order) ListPrice(l Line) int64 {
	t := o.LineTotal(l.ID)
	if l.Gift != "" || l.Quantity == 0 {
		return t.Unit
	}
	// Saved is of the whole line, spread evenly over its units.
	return (t.Subtotal + l.Saved) / int64(l.Quantity)
}

// Bought reports whether the order was placed by a checkout: it is no delivery of a subscription, and nothing that was
// sent in exchange.
func (o *Order) Bought() bool {
	return o.Origin == "" && !slices.ContainsFunc(o.Lines, func(l Line) bool { return l.Box })
}
