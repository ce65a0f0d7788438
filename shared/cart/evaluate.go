package cart

import (
	"maps"
	"slices"
	"time"

	"dangol/shared/catalog"
	"dangol/shared/pricing"
	"dangol/shared/problemtext"
)

// Evaluate prices the cart and finds what keeps it from being bought.
//
// Lines that cannot be sold (gone, or without a price in the cart's currency) stay in the cart, cost nothing, and are
// problems. bought is what the customer has bought of limited variants in their lifetime; nil for a
// guest, who cannot buy such variants at all, because nobody could tell whether they did before. An
// ordered cart has no problems.
func Evaluate(
	c *Cart, variants Variants, shop pricing.Shop, offers []pricing.Offer, bought map[string]int, at time.Time,
) Priced {
	p := Priced{Cart: c, Variants: variants, Totals: pricing.Price(basketOf(c, variants, at), shop, offers)}
	country := countryOf(c)
	// What the shopper pays for the items decides whether shipping is free, as in pricing.Price;
	// the discount on shipping itself is not part of it.
	paid := p.Totals.Subtotal - (p.Totals.Discount - p.Totals.ShippingDiscount)
	for _, m := range shop.Methods(country, c.Currency) {
		price, _ := shop.Shipping(country, m.ID, c.Currency, paid)
		p.Methods = append(p.Methods, Method{ID: m.ID, Name: m.In(c.Language), Names: m.Name, Price: price})
	}
	// The prices of an ordered cart are shown again, but nothing about it can be solved any more.
	if c.State == Ordered {
		return p
	}
	if len(c.Lines) == 0 {
		p.add("empty_cart", "", true, "There is nothing in the cart.", nil)
	}
	totals := countUp(c, variants)
	for _, l := range c.Lines {
		// Gifts are chosen by the promotion and checked there for stock; they have no limits and no
		// seen price.
		if l.Gift == "" {
			p.checkLine(l, totals, bought, at)
		}
	}
	p.checkDelivery()
	p.checkSize()
	return p
}

// add says a problem once: of each code there is one for each line and promotion code. lineID is empty for a problem of
// the whole cart.
func (p *Priced) add(code, lineID string, blocking bool, detail string, facts map[string]any) {
	same := slices.IndexFunc(p.Problems, func(o Problem) bool {
		return o.Code == code && o.LineID == lineID && o.Facts["code"] == facts["code"]
	})
	if same >= 0 {
		// Said already, by the product for example before the promotion says it too: once is enough, the stricter way.
		p.Problems[same].Blocking = p.Problems[same].Blocking || blocking
		return
	}
	p.Problems = append(p.Problems, Problem{
		Code: code, LineID: lineID, Blocking: blocking, Detail: detail, Message: problemtext.For(code, p.Cart.Language),
		Facts: facts,
	})
}

// basketOf is what of the cart can be priced. A line without a price in the cart's currency is left
// out; it stays in the cart as a problem.
func basketOf(c *Cart, variants Variants, at time.Time) pricing.Basket {
	b := pricing.Basket{
		Currency: c.Currency, Codes: c.Codes, CustomerID: c.CustomerID, Country: countryOf(c), Method: c.Shipping, At: at,
	}
	for _, l := range c.Lines {
		g := variants[l.VariantID]
		price, sold := g.Variant.Prices[c.Currency]
		// A gift costs nothing, also where the variant has no price in the currency of the cart.
		if l.Gift != "" {
			price = catalog.Price{}
		} else if !sold {
			continue
		}
		b.Lines = append(b.Lines, pricing.Line{
			ID: l.ID, VariantID: l.VariantID, ProductID: g.Product.ID, Quantity: l.Quantity, Unit: price.Amount,
			CompareAt: price.CompareAt, Floor: price.Floor, Taxable: g.Variant.Taxable, TaxClass: g.Variant.TaxClass,
			RequiresShipping: g.Variant.RequiresShipping,
			Categories:       g.Product.Categories, Tags: g.Product.Tags,
		})
	}
	return b
}

// countryOf is the country to ship to, empty while it is not known.
func countryOf(c *Cart) string {
	if c.Address == nil {
		return ""
	}
	return c.Address.Country
}

// counts is what the whole cart wants of each variant and of each stocked part. Gift sets and
// single variants may share a part, so stock is checked against the sum over all lines.
type counts struct {
	variants map[string]int // units wanted, by variant id
	parts    map[string]int // units wanted, by the part's variant id
	sharers  map[string]int // how many lines want the part
}

// countUp counts gifts as parts, because they leave the same stock, but not as variants, because
// purchase limits do not apply to what a promotion gives.
func countUp(c *Cart, variants Variants) counts {
	n := counts{variants: map[string]int{}, parts: map[string]int{}, sharers: map[string]int{}}
	for _, l := range c.Lines {
		if l.Gift == "" {
			n.variants[l.VariantID] += l.Quantity
		}
		for part, quantity := range partsOf(variants[l.VariantID].Variant) {
			n.parts[part] += quantity * l.Quantity
			n.sharers[part]++
		}
	}
	return n
}

// checkLine finds what is wrong with one line. A line that is gone or not sold in the currency has
// no further problems: there is nothing to compare it with.
func (p *Priced) checkLine(l Line, n counts, bought map[string]int, at time.Time) {
	g, known := p.Variants[l.VariantID]
	price, sold := g.Variant.Price(p.Cart.Currency)
	switch {
	case !known:
		p.add("not_available", l.ID, true, "This is no longer sold.", map[string]any{"reason": "gone"})
		return
	case !sold:
		p.add("not_available", l.ID, true, "This is not sold in "+p.Cart.Currency+".",
			map[string]any{"reason": "currency", "currency": p.Cart.Currency})
		return
	}
	if e := g.Variant.Edition; e != nil && at.Before(e.OpensAt) {
		p.add("not_open_yet", l.ID, true, "The sale of this has not begun.",
			map[string]any{"opensAt": e.OpensAt.UTC().Format(time.RFC3339)})
	}
	if price.Amount != l.SeenPrice {
		// A price that fell needs nobody's consent; one that rose does.
		p.add("price_changed", l.ID, price.Amount > l.SeenPrice, "The price has changed since this was put into the cart.",
			map[string]any{"seen": l.SeenPrice, "current": price.Amount})
	}
	p.checkLimits(l, g, n.variants[l.VariantID], bought)
	p.checkStock(l, g, n)
}

// checkLimits counts all lines of a variant together, so that properties do not get around a limit.
func (p *Priced) checkLimits(l Line, g SellableVariant, wanted int, bought map[string]int) {
	if most := g.Variant.MaxPerOrder; most > 0 && wanted > most {
		p.add("order_limit_reached", l.ID, true, "More than one order may have.",
			map[string]any{"limit": most, "wanted": wanted})
	}
	most, before := g.Variant.MaxPerCustomer, bought[l.VariantID]
	if most == 0 {
		return
	}
	// For a guest nobody can tell what was bought before, see Evaluate.
	if bought == nil {
		p.add("login_required", l.ID, true, "This is limited per customer: log in to buy it.", map[string]any{"limit": most})
	}
	if before+wanted > most {
		p.add("customer_limit_reached", l.ID, true, "More than one customer may buy.",
			map[string]any{"limit": most, "bought": before, "wanted": wanted})
	}
}

// checkStock holds what all lines together want of each part against what is left of it. One problem a line is enough:
// a part of which there is not even enough for one unit, else the first by id.
func (p *Priced) checkStock(l Line, g SellableVariant, n counts) {
	parts := partsOf(g.Variant)
	var lacking []string
	for _, part := range slices.Sorted(maps.Keys(parts)) {
		left := g.Left[part]
		// The part is enough for all lines, or never runs out.
		if left >= Unlimited || n.parts[part] <= left {
			continue
		}
		// Not even one unit is left for this line: that outweighs any part that is merely short.
		if left < parts[part] {
			p.add("out_of_stock", l.ID, true, "This is sold out.", map[string]any{"available": 0, "wanted": l.Quantity})
			return
		}
		lacking = append(lacking, part)
	}
	if lacking == nil {
		return
	}
	part := lacking[0]
	// available is what this line alone could have; the part that it shares with others is told
	// apart, so that a storefront can say which lines compete.
	facts := map[string]any{"available": g.Available, "wanted": l.Quantity}
	if n.sharers[part] > 1 {
		facts["shared"] = map[string]any{"variantId": part, "left": g.Left[part], "wanted": n.parts[part]}
	}
	p.add("insufficient_stock", l.ID, true, "There is not enough of this left.", facts)
}

// checkDelivery looks at who and where. What needs no shipping needs no address.
func (p *Priced) checkDelivery() {
	c := p.Cart
	if c.Email == "" {
		p.add("missing_email", "", true, "Where to send the order confirmation is not known.", nil)
	}
	// Gift cards and services need no address, and so does a cart that is empty.
	shipped := slices.ContainsFunc(c.Lines, func(l Line) bool { return p.Variants[l.VariantID].Variant.RequiresShipping })
	chosen := slices.ContainsFunc(p.Methods, func(m Method) bool { return m.ID == c.Shipping })
	switch {
	case !shipped:
	case c.Address == nil:
		p.add("missing_address", "", true, "Where to send the goods is not known.", nil)
	case len(p.Methods) == 0:
		p.add("shipping_not_possible", "", true, "We do not ship there.", map[string]any{"country": c.Address.Country})
	case c.Shipping == "":
		p.add("missing_shipping_method", "", true, "No shipping method has been chosen.", nil)
	case !chosen:
		p.add("shipping_not_possible", "", true, "The chosen shipping method does not go there.",
			map[string]any{"country": c.Address.Country, "method": c.Shipping})
	}
}
