package cart

import (
	"context"

	"dangol/shared/catalog"
)

// Unlimited is what is left of a part that never runs out: untracked, or sold on backorder.
const Unlimited = catalog.Unlimited

// VariantReader finds variants with their stock by id. A variant that cannot be bought (unknown, draft, archived) is
// not in the answer; others than those asked for may be.
type VariantReader interface {
	Variants(ctx context.Context, variantIDs []string) (Variants, error)
}

// NewSellableVariant is a good with left units of each of its stocked parts, by variant id; a part that is not in left
// has none.
func NewSellableVariant(p *catalog.Product, v catalog.Variant, left map[string]int) SellableVariant {
	g := SellableVariant{Product: p, Variant: v, Available: Unlimited, Left: map[string]int{}}
	for part, quantity := range partsOf(v) {
		// A part that left does not name has 0 units.
		n := left[part]
		g.Left[part] = n
		if n < Unlimited {
			g.Available = min(g.Available, max(n, 0)/quantity)
		}
	}
	return g
}

// partsOf is what one unit takes out of stock, by the part's variant id.
func partsOf(v catalog.Variant) map[string]int {
	parts := map[string]int{}
	for _, part := range v.StockComponents() {
		// A quantity of 0 would divide by zero in NewSellableVariant; the
		// catalog does not accept it, an imported product might have it.
		if part.Quantity > 0 {
			parts[part.VariantID] += part.Quantity
		}
	}
	return parts
}

// CatalogReader reads variants from a catalog cache. Products
// that are not active cannot be bought and are left out.
type CatalogReader struct{ Cache *catalog.Cache }

// Variants reads the variants and the stock of their parts. No round trip when all is fresh in the cache, else those of
// catalog.Cache.Variants.
func (s CatalogReader) Variants(ctx context.Context, variantIDs []string) (Variants, error) {
	items, err := s.Cache.Variants(ctx, variantIDs)
	if err != nil {
		return nil, err
	}
	variants := make(Variants, len(items))
	for id, item := range items {
		if item.Product.Status == catalog.Active {
			variants[id] = NewSellableVariant(item.Product, item.Variant, item.Left)
		}
	}
	return variants, nil
}
