package products

import (
	"context"

	"dangol/shared/catalog"
	"dangol/shared/platform/table"
	"dangol/shared/stock"
)

// importStock sets the stock of variants that were there before, and counts the product; new variants begin with
// theirs. Each variant remembers the quantity of its last import, so a repetition after a failure in between sets what
// is left to set.
func (c *Products) importStock(ctx context.Context, p incoming, levels map[table.Key]stock.Level, t *tally) error {
	wrote := p.differs
	for _, v := range p.product.Variants {
		quantity, named := p.quantities[v.ID]
		if !named || !v.HasOwnStock() {
			continue
		}
		set, err := c.importQuantity(ctx, p, v, levels, quantity)
		if err != nil {
			return err
		}
		wrote = wrote || set
	}
	switch {
	case p.before == nil:
		t.count(&t.Created)
	case wrote:
		t.count(&t.Updated)
	default:
		t.count(&t.Unchanged)
	}
	return nil
}

// importQuantity sets or adds the quantity that the file has for a variant, and reports whether it wrote.
func (c *Products) importQuantity(
	ctx context.Context, p incoming, v catalog.Variant, levels map[table.Key]stock.Level, quantity int,
) (bool, error) {
	_, fresh := p.units[v.ID]
	switch {
	case p.delivery != "" && quantity == 0:
		return false, nil
	case p.delivery != "":
		return stock.Receive(ctx, c.table, levels, v.ID, v.Buckets(), quantity, p.delivery, c.now())
	case fresh:
		return false, nil // it was made with its stock
	}
	return stock.Import(ctx, c.table, levels, v.ID, v.Buckets(), quantity, c.now())
}

// setsStock reports whether the file says another quantity than the last import of the variant.
func (p incoming) setsStock(v catalog.Variant, levels map[table.Key]stock.Level) bool {
	quantity, named := p.quantities[v.ID]
	if p.delivery != "" {
		return named && quantity > 0 && v.HasOwnStock() // whether it was counted before is not looked up
	}
	// A new variant has got its stock with the product.
	if _, fresh := p.units[v.ID]; fresh || !named || !v.HasOwnStock() {
		return false
	}
	last := levels[stock.KeyOf(v.ID, 0)].Imported
	return last == nil || *last != quantity
}
