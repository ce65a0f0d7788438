package checkout

import (
	"time"

	"dangol/shared/cart"
	"dangol/shared/membership"
	"dangol/shared/order"
	"dangol/shared/platform/table"
	"dangol/shared/promotion/store"
)

// newCheckout records what is bought, as it was priced.
func newCheckout(p cart.Priced, now time.Time) *Checkout {
	b := p.Cart
	c := &Checkout{
		// The order's id is chosen now, so that the shopper's number is the same before and after
		// payment.
		State: Paying, CartKey: b.Key, CartVersion: b.Version, OrderID: order.NewID(now),
		HeldUntil: now.Add(HoldDuration), CreatedAt: now, UpdatedAt: now,
		Draft: order.Draft{
			CartID: b.ID, CustomerID: b.CustomerID, TokenHash: b.TokenHash, Email: b.Email, Language: b.Language,
			Totals: order.Totals{Totals: p.Totals}, Address: b.Address, Shipping: b.Shipping, Note: b.Note,
		},
	}
	for _, m := range p.Methods {
		if m.ID == b.Shipping {
			c.ShippingName = m.Name
		}
	}
	for _, l := range b.Lines {
		c.Lines = append(c.Lines, orderLine(l, p.Variants[l.VariantID], b))
	}
	c.Member = table.List[membership.Plan](p.Member)
	c.First = b.CustomerID != "" && b.Purchases[store.Orders] == 0
	for _, l := range limitedOf(p) {
		c.Counted = append(c.Counted, order.LifetimeCount{VariantID: l.VariantID, Quantity: l.Quantity, Of: l.Of})
	}
	return c
}

// orderLine copies what the order must still show when the product has changed or is gone.
func orderLine(l cart.Line, g cart.SellableVariant, of *cart.Cart) order.Line {
	image := g.Variant.Image
	if image == "" && len(g.Product.Images) > 0 {
		image = g.Product.Images[0].URL
	}
	line := order.Line{
		ID: l.ID, VariantID: l.VariantID, ProductID: g.Product.ID, SKU: g.Variant.SKU,
		Title:   g.Product.Title.In(of.Language, "en"),
		Options: g.Variant.Options, Image: image, Quantity: l.Quantity, Properties: l.Properties, Gift: l.Gift,
		Categories: g.Product.Categories, Tags: g.Product.Tags,
	}
	if l.Gift != "" {
		// A gift's value in the catalog, for the case that it is kept without being earned.
		line.Saved = g.Variant.Prices[of.Currency].Amount * int64(l.Quantity)
	}
	if list, ok := g.Product.Variant(l.VariantID); ok && g.Sale != nil && l.Gift == "" {
		line.Sale = g.Sale.PromotionID
		line.Saved = (list.Prices[of.Currency].Amount - g.Variant.Prices[of.Currency].Amount) * int64(l.Quantity)
	}
	return line
}
