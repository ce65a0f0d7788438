package cart

import (
	"context"
	"slices"
	"time"

	"dangol/shared/catalogue"
	"dangol/shared/pricing"
)

// Endless is what is left of a part that never runs out: untracked, or sold on backorder.
const Endless = catalogue.Unlimited

// GoodsReader finds goods with their stock by variant id. A variant that cannot be bought (unknown, draft, archived) is
// not in the answer.
type GoodsReader interface {
	Goods(ctx context.Context, variantIDs []string) (Goods, error)
}

// NewGood is a good with left units of each of its stocked parts, by variant id; a part that is not in left has none.
func NewGood(p *catalogue.Product, v catalogue.Variant, left map[string]int) Good {
	g := Good{Product: p, Variant: v, Available: Endless, Left: map[string]int{}}
	for part, quantity := range partsOf(v) {
		n := left[part]
		g.Left[part] = n
		if n < Endless {
			g.Available = min(g.Available, max(n, 0)/quantity)
		}
	}
	return g
}

// partsOf is what one unit takes out of stock, by the part's variant id.
func partsOf(v catalogue.Variant) map[string]int {
	parts := map[string]int{}
	for _, part := range v.Parts() {
		if part.Quantity > 0 {
			parts[part.VariantID] += part.Quantity
		}
	}
	return parts
}

// Shelf reads goods from a catalogue shelf. Products that are not active are not goods.
type Shelf struct {
	Of *catalogue.Shelf
	// Strong reads everything anew and strongly consistent, at twice the price, for the moment of truth.
	Strong bool
}

// Goods reads the variants and the stock of their parts. Nothing when all is fresh on the shelf; else the round trips of
// catalogue.Shelf.Goods.
func (s Shelf) Goods(ctx context.Context, variantIDs []string) (Goods, error) {
	if len(variantIDs) == 0 {
		return Goods{}, nil
	}
	read := s.Of.Goods
	if s.Strong {
		read = s.Of.Fresh
	}
	items, err := read(ctx, variantIDs)
	if err != nil {
		return nil, err
	}
	left, err := s.left(ctx, items)
	if err != nil {
		return nil, err
	}
	goods := make(Goods, len(items))
	for id, item := range items {
		if item.Product.Status == catalogue.Active {
			goods[id] = NewGood(item.Product, item.Variant, left)
		}
	}
	return goods, nil
}

// left is what is left of every part. The parts of gift sets were put on the shelf together with the sets.
func (s Shelf) left(ctx context.Context, items map[string]catalogue.Item) (map[string]int, error) {
	left := map[string]int{}
	var parts []string
	for id, item := range items {
		if len(item.Variant.Components) == 0 {
			left[id] = item.Available
			continue
		}
		for part := range partsOf(item.Variant) {
			parts = append(parts, part)
		}
	}
	if parts == nil {
		return left, nil
	}
	slices.Sort(parts)
	found, err := s.Of.Goods(ctx, slices.Compact(parts))
	if err != nil {
		return nil, err
	}
	for id, item := range found {
		left[id] = item.Available
	}
	return left, nil
}

// CodeRule says what codes do for a cart: the offers they bring in, and which of them do nothing and why. Reasons are
// stable: unknown_code, expired, not_yet, minimum_not_reached and so on.
type CodeRule interface {
	Check(ctx context.Context, codes []string, c *Cart, at time.Time) (offers []pricing.Offer, refused []RefusedCode, err error)
}

// NoCodes is the rule of a shop that has given out no codes: it knows none.
type NoCodes struct{}

// Check refuses every code as unknown.
func (NoCodes) Check(_ context.Context, codes []string, _ *Cart, _ time.Time) ([]pricing.Offer, []RefusedCode, error) {
	refused := make([]RefusedCode, len(codes))
	for i, code := range codes {
		refused[i] = RefusedCode{Code: code, Reason: "unknown_code", Detail: "There is no code " + code + "."}
	}
	return nil, refused, nil
}
