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

// goods is one reading of a cart's goods: what it was priced with is what is taken. It is the cart.GoodsReader of one
// checkout.
type goods struct {
	shelf *catalog.Shelf
	items map[string]catalog.Item
}

// Goods reads the variants, strongly consistent. Round trips are those of catalog.Shelf.
func (g *goods) Goods(ctx context.Context, variantIDs []string) (cart.Goods, error) {
	items, err := g.shelf.Fresh(ctx, variantIDs)
	if err != nil {
		return nil, err
	}
	if g.items == nil {
		g.items = map[string]catalog.Item{}
	}
	maps.Copy(g.items, items) // gifts are read after what earns them
	out := make(cart.Goods, len(items))
	for id, i := range items {
		if i.Product.Status == catalog.Active {
			out[id] = cart.NewGood(i.Product, i.Variant, i.Left)
		}
	}
	return out, nil
}

// wants is what the lines take out of stock, part by part.
func (g *goods) wants(lines []cart.Line) []stock.Want {
	var wants []stock.Want
	for _, l := range lines {
		wants = append(wants, g.items[l.VariantID].Wants(l.Quantity)...)
	}
	return wants
}

// levels are the counters of the wants. Those of goods with one counter are known from the reading; the buckets of a limited
// edition are read, 1 round trip.
func (g *goods) levels(ctx context.Context, t *table.Table, wants []stock.Want) (map[table.Key]stock.Level, error) {
	var spread []stock.Want
	for _, w := range wants {
		if w.Buckets > 1 {
			spread = append(spread, w)
		}
	}
	levels, err := stock.Read(ctx, t, stock.Keys(spread))
	if err != nil {
		return nil, err
	}
	for _, i := range g.items {
		for id, left := range i.Left {
			if key := stock.KeyOf(id, 0); !slices.ContainsFunc(spread, func(w stock.Want) bool { return w.VariantID == id }) {
				levels[key] = stock.Level{Key: key, Available: left}
			}
		}
	}
	return levels, nil
}

// shortOf names the lines that want a part of which there is not enough.
func shortOf(p cart.Priced, short []string) []string {
	var out []string
	for _, l := range p.Cart.Lines {
		parts := p.Goods[l.VariantID].Variant.Parts()
		if slices.ContainsFunc(parts, func(c catalog.Component) bool { return slices.Contains(short, c.VariantID) }) {
			out = append(out, l.ID)
		}
	}
	return out
}
