package cart

import (
	"context"
	"time"

	"dangol/shared/catalogue"
	"dangol/shared/pricing"
)

// Endless is what is left of a part that never runs out: untracked, or sold on backorder.
const Endless = 1 << 30

// GoodsReader finds goods with their stock by variant id. A variant that cannot be bought (unknown, draft, archived) is
// not in the answer.
type GoodsReader interface {
	Goods(ctx context.Context, variantIDs []string) (Goods, error)
}

// NewGood is a good with left units of each of its stocked parts, by variant id; a part that is not in left has none.
func NewGood(p *catalogue.Product, v catalogue.Variant, left map[string]int) Good {
	g := Good{Product: p, Variant: v, Available: Endless, Left: map[string]int{}}
	for _, part := range v.Parts() {
		n := left[part.VariantID]
		if v.Backorder && len(v.Components) == 0 {
			n = Endless
		}
		g.Left[part.VariantID] = n
		if n < Endless {
			g.Available = min(g.Available, max(n, 0)/max(part.Quantity, 1))
		}
	}
	return g
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
