package returns

import (
	"context"

	"dangol/shared/catalog"
	"dangol/shared/order"
	"dangol/shared/platform/problem"
	"dangol/shared/pricing"
)

// inDrops are the variants, by id, that a drop among the merchant's promotions decides about: who may buy them, from
// when on and how many is checked at checkout, so nothing else gives them out. No round trip while promotions are
// fresh.
func (f *Returns) inDrops(ctx context.Context, variants map[string]catalog.SellableVariant) (map[string]bool, error) {
	s, err := f.Promotions.Current(ctx)
	if err != nil {
		return nil, err
	}
	drops := map[string]bool{}
	for id, g := range variants {
		if g.Product == nil {
			continue
		}
		line := pricing.Line{ID: id, VariantID: id, ProductID: g.Product.ID, Quantity: 1,
			Categories: g.Product.Categories, Tags: g.Product.Tags}
		if len(s.Set.DropPurchases([]pricing.Line{line})) > 0 {
			drops[id] = true
		}
	}
	return drops, nil
}

// limited is why no more units of a variant can be added to an order. Goods that customers may have only so many of in
// their life are counted at checkout, so they are ordered anew; so are those of a drop. A limit for each order counts
// what the order already has. Errors: 409 variant_limited.
func limited(o *order.Order, w WantedGood, g catalog.SellableVariant, drop bool) error {
	has := w.Quantity
	for _, l := range o.Lines {
		if l.VariantID == w.VariantID {
			has += l.Quantity
		}
	}
	if !drop && g.Variant.MaxPerCustomer == 0 && (g.Variant.MaxPerOrder == 0 || has <= g.Variant.MaxPerOrder) {
		return nil
	}
	return problem.Conflict("variant_limited", "Of variant %s no more can be added to this order.", w.VariantID).
		With("variantId", w.VariantID)
}

// notOpen is the answer for a limited edition whose sale has not begun.
func notOpen(variantID string) *problem.Problem {
	return problem.Conflict("variant_not_sold", "The sale of variant %s has not begun.", variantID)
}
