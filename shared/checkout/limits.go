package checkout

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dangol/shared/cart"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/pricing"
	"dangol/shared/promotion"
	"dangol/shared/promotion/store"
)

// limitedOf lists what counts against a customer's lifetime limits: limited variants, uses of
// promotions with a limit, units of limited editions, and the order itself, which shows whether the
// next one is their first. For a guest only uses of promotions count, under their mail address.
func limitedOf(p cart.Priced) []cart.LimitedPurchase {
	var limited []cart.LimitedPurchase
	if p.Cart.CustomerID != "" {
		limited = cart.LimitedPurchases(p.Cart.Lines, p.Variants)
	}
	for _, a := range p.Outcome.Applied {
		if most := p.Promotions.CustomerLimit(a.PromotionID); most > 0 {
			limited = append(limited, cart.LimitedPurchase{VariantID: a.PromotionID, Quantity: 1, Limit: most})
		}
	}
	if p.Cart.CustomerID == "" {
		// Sorted, so that the same cart always makes the same expression.
		slices.SortFunc(limited, func(a, b cart.LimitedPurchase) int { return cmp.Compare(a.VariantID, b.VariantID) })
		return limited
	}
	for id, d := range p.Promotions.Set.DropPurchases(linesOf(p)) {
		if most := p.Promotions.CustomerLimit(id); most > 0 {
			limited = append(limited, cart.LimitedPurchase{VariantID: id, Quantity: d.Units, Limit: most, Of: d.Variants})
		}
	}
	// Counted without a limit: only the number is wanted.
	limited = append(limited, cart.LimitedPurchase{VariantID: store.Orders, Quantity: 1, Limit: math.MaxInt32})
	slices.SortFunc(limited, func(a, b cart.LimitedPurchase) int { return cmp.Compare(a.VariantID, b.VariantID) })
	return limited
}

// linesOf are the lines as promotions see them. Gifts are left out, because a promotion must not
// earn another.
func linesOf(p cart.Priced) []pricing.Line {
	var lines []pricing.Line
	for _, l := range p.Cart.Lines {
		if g, ok := p.Variants[l.VariantID]; ok && l.Gift == "" {
			lines = append(lines, pricing.Line{
				ID: l.ID, VariantID: l.VariantID, ProductID: l.ProductID, Quantity: l.Quantity,
				Categories: g.Product.Categories, Tags: g.Product.Tags,
			})
		}
	}
	return lines
}

// overLimit says which lifetime limit the purchase would pass, by the counters that the refused
// write returned.
func (s Service) overLimit(limited []cart.LimitedPurchase, counted table.Item, p cart.Priced) error {
	for _, l := range limited {
		if count(counted, l.VariantID)+l.Quantity <= l.Limit {
			continue
		}
		// A limited edition is not an offer that changes the price: it has the general answer.
		if o := p.Promotions.Promotion(l.VariantID); o != nil && o.Kind != promotion.Drop {
			return s.offerChanged(store.Refusal{PromotionID: o.ID, Reason: promotion.LimitReached})
		}
	}
	return problem.Conflict("customer_limit_reached", "More of this than one customer may buy.")
}

// count reads a number from a raw item; 0 when it is missing. The item is decoded by hand because
// its attributes are named after variants.
func count(counted table.Item, id string) int {
	n, ok := counted[id].(*types.AttributeValueMemberN)
	if !ok {
		return 0
	}
	value, err := strconv.Atoi(n.Value)
	if err != nil {
		return 0
	}
	return value
}

// offerChanged is the error when nothing is left of a promotion for the purchase. The cart then costs something else,
// so the shopper has to see it again. It drops the cache, so that the next quote no longer shows the offer.
func (s Service) offerChanged(r store.Refusal) error {
	if cache, ok := s.Promotions.(*store.Cache); ok {
		cache.Invalidate()
	}
	return problem.Conflict("offer_changed", "An offer in this cart no longer applies; read the cart again.").
		With("promotionId", r.PromotionID).With("reason", r.Reason)
}
