package cart

import (
	"time"

	"dangol/shared/catalog"
	"dangol/shared/membership"
	"dangol/shared/pricing"
	"dangol/shared/promotion"
	"dangol/shared/promotion/store"
)

// SellableVariant is a variant with its product and what is left of it.
type SellableVariant struct {
	Product   *catalog.Product
	Variant   catalog.Variant
	Available int // units of this variant that the stock of its parts allows; Unlimited when none runs out
	// Left is what is left of each stocked part, by the part's variant id; Unlimited for one that never runs out. Lines
	// that share a part are checked against it together.
	Left map[string]int
	// Sale is the sale that makes the price in the cart's currency; nil for the list price.
	Sale *store.Sale
}

// Variants are the goods of a cart by variant id. A variant that is not there cannot be bought.
type Variants map[string]SellableVariant

// Priced is a cart with its prices, its totals and what keeps it from being bought.
type Priced struct {
	Cart       *Cart
	Variants   Variants
	Totals     pricing.Totals
	Problems   []Problem
	Methods    []Method // shipping methods that can be chosen
	Refused    []RefusedCode
	Outcome    promotion.Outcome // what promotions do; the lines of gifts are in Cart.Lines
	Promotions *store.Snapshot   // the promotions that it was priced with
	Member     membership.Member // the memberships that it was priced with
	At         time.Time         // the moment that it was priced for
}

// Blocked reports whether anything keeps the cart from being bought.
func (p Priced) Blocked() bool {
	for _, problem := range p.Problems {
		if problem.Blocking {
			return true
		}
	}
	return false
}

// PriorPrice is the lowest price of the 30 days before the price of a line whose price has a struck-through one beside
// it; 0 when it was never sold at another price. See offers.Snapshot.PriorPrice.
func (p Priced) PriorPrice(l Line) int64 {
	g, ok := p.Variants[l.VariantID]
	if !ok || p.Promotions == nil {
		return 0
	}
	// The list price, not the one in Variants, which may be a sale price already.
	list, _ := g.Product.Variant(l.VariantID)
	return p.Promotions.PriorPrice(g.Product, list, p.Cart.Currency, p.At)
}

// Shares is what each promotion takes off each line, by line id.
func (p Priced) Shares() map[string][]pricing.Share {
	return pricing.Shares(basketOf(p.Cart, p.Variants, p.At), p.Outcome.Offers)
}

// Problem is one thing the shopper has to know, in machine-readable form. A price_changed blocks only when the price
// rose, until the shopper accepts it, an offer_changed only when the total rose; a code_refused never blocks.
type Problem struct {
	Code     string         `json:"code" doc:"price_changed, offer_changed, out_of_stock, insufficient_stock, not_available, not_open_yet, order_limit_reached, customer_limit_reached, login_required, members_only, missing_email, missing_address, missing_shipping_method, shipping_not_possible, code_refused, empty_cart, order_too_large." example:"out_of_stock"`
	LineID   string         `json:"lineId,omitempty" doc:"The line it is about."`
	Blocking bool           `json:"blocking" doc:"Whether checkout is refused until it is solved."`
	Message  string         `json:"message" doc:"What to tell the shopper, in the language of the cart." example:"품절되었습니다."`
	Detail   string         `json:"detail" doc:"For developers, in English."`
	Facts    map[string]any `json:"facts,omitempty" doc:"Numbers that go with the code, for example available or limit."`
}

// Method is a way to ship.
type Method struct {
	ID    string `json:"id" example:"standard"`
	Name  string `json:"name" example:"Standard"`
	Price int64  `json:"-"` // minor units, for this cart

	Names map[string]string `json:"-"` // by language
}

// RefusedCode is a code that does nothing for this cart, and why.
type RefusedCode struct {
	Code    string `json:"code" example:"WELCOME"`
	Reason  string `json:"reason" doc:"Stable, machine-readable." example:"unknown_code"`
	Detail  string `json:"detail" doc:"For developers, in English."`
	Message string `json:"message" doc:"What to tell the shopper, in the language of the cart." example:"기간이 끝난 코드입니다."`

	PromotionID   string     `json:"promotionId,omitempty" doc:"Whose code it is."`
	MissingAmount int64      `json:"missingAmount,omitempty" doc:"With minimum_not_met: minor units that are missing."`
	MissingUnits  int        `json:"missingUnits,omitempty" doc:"With minimum_not_met: units that are missing."`
	OpensAt       *time.Time `json:"opensAt,omitempty" doc:"With not_started."`
}
