package carts

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"dangol/shared/address"
	"dangol/shared/cart"
	"dangol/shared/money"
	"dangol/shared/platform/api"
	"dangol/shared/pricing"
	"dangol/shared/promotion"
	"dangol/shared/promotion/store"
)

// Cart is a cart as the API shows it.
type Cart struct {
	ID        string             `json:"id" doc:"mine for a customer's cart that nothing was ever put into." example:"cart_01k9xxxxxxxxxxxxxxxxxxxxxx"`
	State     cart.State         `json:"state" enum:"open,paying,ordered" doc:"paying: a checkout holds it, it cannot be changed. ordered: closed for good, see orderId."`
	Version   int                `json:"version" doc:"Grows with every change; also the ETag."`
	Currency  string             `json:"currency" example:"KRW"`
	Language  string             `json:"language" doc:"Of mails about this cart." example:"ko"`
	Lines     []CartLine         `json:"lines" nullable:"false"`
	Codes     []string           `json:"codes" nullable:"false" doc:"Promotion codes, those that do nothing included."`
	Refused   []cart.RefusedCode `json:"refusedCodes" nullable:"false" doc:"The codes that do nothing, and why."`
	Hints     []CartHint         `json:"hints" nullable:"false" doc:"How far it is to more, the smallest step first: 5,000 more for free shipping."`
	Choices   []CartGiftChoice   `json:"giftChoices" nullable:"false" doc:"Gifts that the shopper may choose."`
	Email     string             `json:"email,omitempty"`
	Address   *address.Address   `json:"address,omitempty"`
	Shipping  string             `json:"shippingMethod,omitempty" doc:"Id of the chosen one of shippingMethods." example:"standard"`
	Methods   []ShippingMethod   `json:"shippingMethods" nullable:"false" doc:"The ways to ship this cart to its address; none while there is no address."`
	Note      string             `json:"note,omitempty"`
	Totals    CartTotals         `json:"totals"`
	Problems  []CartProblem      `json:"problems" nullable:"false" doc:"What the shopper has to know; those that are blocking have to be solved before checkout."`
	Ready     bool               `json:"readyForCheckout" doc:"Whether the cart is open and no problem blocks it."`
	OrderID   string             `json:"orderId,omitempty" doc:"Of an ordered cart."`
	UpdatedAt *time.Time         `json:"updatedAt,omitempty"`
	ExpiresAt *time.Time         `json:"expiresAt,omitempty" doc:"When the cart is deleted if nothing happens to it."`
}

// CartLine is one line of a cart.
type CartLine struct {
	ID         string            `json:"id" example:"line_4c2k8xxxxxxxxxxxxxxxxxxxxx"`
	VariantID  string            `json:"variantId"`
	ProductID  string            `json:"productId"`
	Handle     string            `json:"handle,omitempty" doc:"Of the product page."`
	Title      string            `json:"title" doc:"Of the product, in the best language there is."`
	Options    []string          `json:"options,omitempty" doc:"What the variant is, for example its size."`
	SKU        string            `json:"sku,omitempty"`
	Image      string            `json:"image,omitempty"`
	Quantity   int               `json:"quantity"`
	Properties map[string]string `json:"properties,omitempty"`
	Gift       string            `json:"gift,omitempty" doc:"The promotion that gives this line for nothing. It comes and goes by itself and cannot be changed."`
	Sale       *CartSale         `json:"sale,omitempty" doc:"The sale that makes the price."`
	Available  int               `json:"available" doc:"Units that can be bought, at most 999; other lines of the cart are not taken off."`
	UnitPrice  *money.Formatted  `json:"unitPrice,omitempty" doc:"Missing when this cannot be sold in the cart's currency."`
	CompareAt  *money.Formatted  `json:"compareAtPrice,omitempty" doc:"The struck-through price, if there is one."`
	Lowest30   *money.Formatted  `json:"lowestPrice30,omitempty" doc:"Lowest price of the 30 days before the reduction, to be shown with compareAtPrice (Directive 98/6/EC, 6a). Absent for goods that were never sold at another price."`
	Subtotal   money.Formatted   `json:"subtotal" doc:"Unit price times quantity."`
	Discount   money.Formatted   `json:"discount" doc:"Its own, and its share of what the whole order gets."`
	Total      money.Formatted   `json:"total"`
}

// CartSale is a sale that makes the catalog price.
type CartSale struct {
	PromotionID string     `json:"promotionId"`
	Name        string     `json:"name" example:"추석 세일"`
	Until       *time.Time `json:"until,omitempty" doc:"Its end, when there is one."`
}

// CartHint is how far the cart is from more.
type CartHint struct {
	Kind        promotion.Kind   `json:"kind" doc:"What it would be." example:"free_shipping"`
	PromotionID string           `json:"promotionId,omitempty" doc:"Missing for the shop's own free shipping."`
	Name        string           `json:"name,omitempty"`
	Amount      *money.Formatted `json:"amount,omitempty" doc:"What is missing."`
	Units       int              `json:"units,omitempty" doc:"Units that are missing."`
	Gifts       []string         `json:"gifts,omitempty" doc:"Variants that the next tier gives."`
}

// CartGiftChoice is gifts of which the shopper may choose some.
type CartGiftChoice struct {
	PromotionID string   `json:"promotionId"`
	Variants    []string `json:"variantIds" nullable:"false" doc:"Those that can be given."`
	Choose      int      `json:"choose" doc:"How many of them in all."`
	Left        int      `json:"left" doc:"How many are not chosen yet."`
}

// ShippingMethod is a way to ship.
type ShippingMethod struct {
	ID    string          `json:"id" example:"standard"`
	Name  string          `json:"name" example:"Standard"`
	Price money.Formatted `json:"price"`
}

// CartTotals is what the cart costs: total = subtotal - discount + shipping, plus tax unless it is included.
type CartTotals struct {
	Subtotal         money.Formatted  `json:"subtotal"`
	Discount         money.Formatted  `json:"discount" doc:"Of lines, order and shipping together."`
	Shipping         money.Formatted  `json:"shipping"`
	ShippingDiscount money.Formatted  `json:"shippingDiscount" doc:"The part of discount that is off the shipping."`
	Tax              money.Formatted  `json:"tax"`
	TaxIncluded      bool             `json:"taxIncluded" doc:"Whether the prices contain the tax."`
	TaxCountry       string           `json:"taxCountry,omitempty" doc:"Whose tax it is. Without an address that of the shop's home, where prices contain it; a tax that comes on top is added once there is an address." example:"KR"`
	TaxLines         []CartTax        `json:"taxLines" nullable:"false"`
	Adjustments      []CartAdjustment `json:"adjustments" nullable:"false" doc:"What each promotion and each benefit of a membership took off; together the discount."`
	Total            money.Formatted  `json:"total"`
}

// CartTax is the tax at one rate.
type CartTax struct {
	Name   string          `json:"name" example:"VAT"`
	Rate   int             `json:"rate" doc:"Basis points." example:"1000"`
	Amount money.Formatted `json:"amount"`
}

// CartAdjustment is what one promotion, or a benefit of a membership, took off.
type CartAdjustment struct {
	PromotionID string          `json:"promotionId,omitempty" doc:"Missing for a benefit of a membership."`
	PlanID      string          `json:"planId,omitempty" doc:"The plan whose benefit it is."`
	Code        string          `json:"code,omitempty"`
	Name        string          `json:"name" example:"Membership: Regular"`
	Amount      money.Formatted `json:"amount"`
}

// CartProblem is one thing the shopper has to know, under a name of its own: Problem is what the API calls its errors.
type CartProblem cart.Problem

// CartChange is one thing that a merge did.
type CartChange cart.Change

// caching keeps a cart out of every cache on the way.
const caching = "no-store"

// output is the answer of all routes but two: the whole cart.
type output struct {
	Status  int
	ETag    string `header:"ETag"`
	Caching string `header:"Cache-Control"`
	Replay  string `header:"Idempotent-Replayed" doc:"true when the request had been made before; the cart is as it is."`
	Body    Cart
}

// answer shows a priced cart. accept is the caller's Accept-Language.
func answer(p cart.Priced, accept string, replayed bool) *output {
	out := &output{Status: 200, ETag: api.ETag(strconv.Itoa(p.Cart.Version)), Caching: caching, Body: view(p, accept)}
	if replayed {
		out.Replay = "true"
	}
	return out
}

// view shows a priced cart in the reader's languages, then in the cart's.
func view(p cart.Priced, accept string) Cart {
	// The cart's own language comes last, for titles that are in none of the reader's.
	c, languages := p.Cart, append(spoken(accept), p.Cart.Language)
	v := Cart{
		ID: c.ID, State: c.State, Version: c.Version, Currency: c.Currency, Language: c.Language, Codes: list(c.Codes),
		Refused: list(p.Refused), Email: c.Email, Address: c.Address, Shipping: c.Shipping, Note: c.Note,
		Totals: viewTotals(p.Totals), Problems: make([]CartProblem, len(p.Problems)), Ready: c.State == cart.Open &&
			!p.Blocked(), OrderID: c.OrderID,
		Lines: make([]CartLine, len(c.Lines)), Methods: make([]ShippingMethod, len(p.Methods)),
		Hints: make([]CartHint, len(p.Outcome.Missing)), Choices: make([]CartGiftChoice, len(p.Outcome.Choices)),
	}
	for i, h := range p.Outcome.Missing {
		v.Hints[i] = viewHint(h, c.Currency)
	}
	for i, choice := range p.Outcome.Choices {
		v.Choices[i] = CartGiftChoice(choice)
	}
	// A cart that was never stored has no times.
	if !c.UpdatedAt.IsZero() {
		v.UpdatedAt = &c.UpdatedAt
	}
	if c.TTL > 0 {
		at := time.Unix(c.TTL, 0).UTC()
		v.ExpiresAt = &at
	}
	for i, problem := range p.Problems {
		v.Problems[i] = CartProblem(problem)
	}
	for i, l := range c.Lines {
		v.Lines[i] = viewLine(l, p, languages)
	}
	for i, m := range p.Methods {
		name := pricing.Method{ID: m.ID, Name: m.Names}.In(languages...)
		v.Methods[i] = ShippingMethod{ID: m.ID, Name: name, Price: money.Of(m.Price, c.Currency).Formatted()}
	}
	return v
}

// viewLine shows a line with its price; what is no longer sold has neither title nor price.
func viewLine(l cart.Line, p cart.Priced, languages []string) CartLine {
	in := func(amount int64) money.Formatted { return money.Of(amount, p.Cart.Currency).Formatted() }
	v := CartLine{
		ID: l.ID, VariantID: l.VariantID, ProductID: l.ProductID, Quantity: l.Quantity, Properties: l.Properties,
		Gift: l.Gift,
		// Zeros, because a line that cannot be priced is not in the totals.
		Subtotal: in(0), Discount: in(0), Total: in(0),
	}
	if g, ok := p.Variants[l.VariantID]; ok {
		v.Handle, v.Title = g.Product.Handle, g.Product.Title.In(languages...)
		v.Options, v.SKU = g.Variant.Options, g.Variant.SKU
		// At most what one line may have: larger numbers would tell the stock.
		v.Image, v.Available = imageOf(g), min(g.Available, cart.MaxQuantity)
		// A gift costs nothing, whatever it costs elsewhere.
		if l.Gift != "" {
			unit := in(0)
			v.UnitPrice = &unit
		} else if price, sold := g.Variant.Prices[p.Cart.Currency]; sold {
			unit := in(price.Amount)
			v.UnitPrice = &unit
			if price.CompareAt > 0 {
				compare := in(price.CompareAt)
				v.CompareAt = &compare
				// Only next to a struck-through price does the law
				// want the lowest one (Directive 98/6/EC, 6a).
				if prior := p.PriorPrice(l); prior > 0 {
					lowest := in(prior)
					v.Lowest30 = &lowest
				}
			}
			v.Sale = viewSale(g.Sale, languages)
		}
	}
	at := slices.IndexFunc(p.Totals.Lines, func(t pricing.LineTotal) bool { return t.ID == l.ID })
	if at >= 0 {
		t := p.Totals.Lines[at]
		v.Subtotal, v.Discount, v.Total = in(t.Subtotal), in(t.Discount), in(t.Total)
	}
	return v
}

// viewSale shows the sale of a price; nil for the list price.
func viewSale(s *store.Sale, languages []string) *CartSale {
	if s == nil {
		return nil
	}
	v := &CartSale{PromotionID: s.PromotionID, Name: s.Name.In(languages...)}
	if !s.Until.IsZero() {
		v.Until = &s.Until
	}
	return v
}

// viewHint shows a hint; amounts are those of the cart's currency.
func viewHint(h promotion.Hint, currency string) CartHint {
	v := CartHint{Kind: h.Kind, PromotionID: h.PromotionID, Name: h.Name, Units: h.Units, Gifts: h.Gifts}
	if h.Amount > 0 {
		amount := money.Of(h.Amount, currency).Formatted()
		v.Amount = &amount
	}
	return v
}

// imageOf is the variant's picture, else the product's first.
func imageOf(g cart.SellableVariant) string {
	if g.Variant.Image == "" && len(g.Product.Images) > 0 {
		return g.Product.Images[0].URL
	}
	return g.Variant.Image
}

// viewTotals shows the totals with display strings.
func viewTotals(t pricing.Totals) CartTotals {
	in := func(amount int64) money.Formatted { return money.Of(amount, t.Currency).Formatted() }
	v := CartTotals{
		Subtotal: in(t.Subtotal), Discount: in(t.Discount), Shipping: in(t.Shipping),
		ShippingDiscount: in(t.ShippingDiscount),
		Tax:              in(t.Tax), TaxIncluded: t.TaxIncluded, TaxCountry: t.TaxCountry, Total: in(t.Total),
		TaxLines: make([]CartTax, len(t.TaxLines)), Adjustments: make([]CartAdjustment, len(t.Adjustments)),
	}
	for i, l := range t.TaxLines {
		v.TaxLines[i] = CartTax{Name: l.Name, Rate: l.Rate, Amount: in(l.Amount)}
	}
	for i, a := range t.Adjustments {
		v.Adjustments[i] = CartAdjustment{PromotionID: a.OfferID, Code: a.Code, Name: a.Name, Amount: in(a.Amount)}
		// A benefit of a membership is told by its plan: its
		// id is no promotion that could be looked up.
		if plan, ok := promotion.PlanOfBenefit(a.OfferID); ok {
			v.Adjustments[i].PromotionID, v.Adjustments[i].PlanID = "", plan
		}
	}
	return v
}

// list makes an empty list of a missing one: clients are spared the null.
func list[T any](in []T) []T {
	if in == nil {
		return []T{}
	}
	return in
}

// spoken lists the primary tags of an Accept-Language header in its order; weights, which browsers write in falling
// order, are left aside.
func spoken(accept string) []string {
	var tags []string
	for part := range strings.SplitSeq(accept, ",") {
		tag, _, _ := strings.Cut(part, ";")
		// A storefront has texts for languages, not for
		// regions; "*" asks for nothing in particular.
		tag, _, _ = strings.Cut(strings.TrimSpace(tag), "-")
		if tag != "" && tag != "*" {
			tags = append(tags, strings.ToLower(tag))
		}
	}
	return tags
}
