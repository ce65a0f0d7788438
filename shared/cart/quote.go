package cart

import (
	"context"
	"time"

	"dangol/shared/pricing"
)

// Quoter prices carts with all that it takes: the same way for the cart function and for the checkout.
type Quoter struct {
	Shop  pricing.Shop
	Goods GoodsReader
	Codes CodeRule
}

// Quote reads the cart's goods, asks the code rule, and evaluates. The rule is asked also when the cart has no codes:
// offers that apply by themselves come the same way. Round trips are those of Goods and Codes.
func (q Quoter) Quote(ctx context.Context, c *Cart, at time.Time) (Priced, error) {
	goods, err := q.Goods.Goods(ctx, c.VariantIDs())
	if err != nil {
		return Priced{}, err
	}
	offers, refused, err := q.Codes.Check(ctx, c.Codes, c, at)
	if err != nil {
		return Priced{}, err
	}
	return Evaluate(c, goods, q.Shop, offers, c.Bought, at).Refuse(refused), nil
}
