package checkout

import (
	"context"
	"maps"
	"slices"

	"dangol/shared/cart"
	"dangol/shared/catalog"
	"dangol/shared/platform/table"
	"dangol/shared/stock"
)

// pricedVariants is one reading of a cart's variants: the stock is taken for exactly what the cart
// was priced with. It is the cart.VariantReader of one checkout.
type pricedVariants struct {
	cache *catalog.Cache
	items map[string]catalog.SellableVariant
}

// Variants reads the variants, strongly consistent. Round trips are those of catalog.Cache.
func (g *pricedVariants) Variants(ctx context.Context, variantIDs []string) (cart.Variants, error) {
	items, err := g.cache.ConsistentVariants(ctx, variantIDs)
	if err != nil {
		return nil, err
	}
	if g.items == nil {
		g.items = map[string]catalog.SellableVariant{}
	}
	maps.Copy(g.items, items) // gifts are read after what earns them
	// Variants that are no longer sold are left out, and the cart then reports them as a problem.
	out := make(cart.Variants, len(items))
	for id, i := range items {
		if i.Product.Status == catalog.Active {
			out[id] = cart.NewSellableVariant(i.Product, i.Variant, i.Left)
		}
	}
	return out, nil
}

// wants is what the lines take out of stock. A gift set takes each of its components.
func (g *pricedVariants) wants(lines []cart.Line) []stock.Request {
	var wants []stock.Request
	for _, l := range lines {
		wants = append(wants, g.items[l.VariantID].StockRequests(l.Quantity)...)
	}
	return wants
}

// levels are the counters of the wants. Those of goods with one counter are known from the reading; the buckets of a
// limited edition are read, 1 round trip.
func (g *pricedVariants) levels(ctx context.Context, t *table.Table, wants []stock.Request) (map[table.Key]stock.Level,
	error) {
	var spread []stock.Request
	for _, w := range wants {
		if w.Buckets > 1 {
			spread = append(spread, w)
		}
	}
	levels, err := stock.Read(ctx, t, stock.Keys(spread))
	if err != nil {
		return nil, err
	}
	// One counter: its level was read together with the product.
	for _, i := range g.items {
		for id, left := range i.Left {
			if key := stock.KeyOf(id, 0); !slices.ContainsFunc(spread, func(w stock.Request) bool { return w.VariantID == id }) {
				levels[key] = stock.Level{Key: key, Available: left}
			}
		}
	}
	return levels, nil
}

// shortOf names the lines with a component of which there is not enough.
func shortOf(p cart.Priced, short []string) []string {
	var out []string
	for _, l := range p.Cart.Lines {
		parts := p.Variants[l.VariantID].Variant.StockComponents()
		if slices.ContainsFunc(parts, func(c catalog.Component) bool { return slices.Contains(short, c.VariantID) }) {
			out = append(out, l.ID)
		}
	}
	return out
}
