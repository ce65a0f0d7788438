// Package catalog is what the shop sells: products with their variants, prices and pictures, as stored and as read by
// the functions that show, price and sell them.
package catalog

import (
	"cmp"
	"strings"
	"time"

	"dangol/shared/money"
	"dangol/shared/platform/event"
	"dangol/shared/platform/table"
)

// Status is whether a product can be seen and bought.
type Status string

// The states of a product.
const (
	Draft    Status = "draft"
	Active   Status = "active"
	Archived Status = "archived"
)

// Text is a text in several languages, by language tag ("ko", "en").
type Text map[string]string

// In returns the text in the first of the languages that it has, else in any it has, in the order of their tags.
func (t Text) In(languages ...string) string {
	for _, l := range languages {
		if s, ok := t[l]; ok && s != "" {
			return s
		}
	}
	best := ""
	for l := range t {
		if t[l] != "" && (best == "" || cmp.Less(l, best)) {
			best = l
		}
	}
	return t[best]
}

// Product is one product with all its variants: one item, one read. Its lists are read and written whole, so they are
// packed.
type Product struct {
	table.Key
	ID          string              `dynamodbav:"id"`      // prod_..., see ProductPrefix
	Handle      string              `dynamodbav:"handle"`  // unique, part of the address of the product page
	Version     int                 `dynamodbav:"version"` // of each change one more; the condition of the next
	Status      Status              `dynamodbav:"status"`
	Title       Text                `dynamodbav:"title"`
	Description Text                `dynamodbav:"description,omitempty"` // HTML as the merchant wrote it
	Vendor      string              `dynamodbav:"vendor,omitempty"`      // the brand or maker, as Shopify has it
	Type        string              `dynamodbav:"type,omitempty"`
	Tags        table.List[string]  `dynamodbav:"tags,omitempty"`
	Categories  table.List[string]  `dynamodbav:"categories,omitempty"` // a product may be in several
	Options     table.List[Option]  `dynamodbav:"options,omitempty"`
	Variants    table.List[Variant] `dynamodbav:"variants"`
	Images      table.List[Image]   `dynamodbav:"images,omitempty"`
	// SEOTitle and SEODescription are what search engines are shown; empty where that is title and description.
	SEOTitle       Text `dynamodbav:"seoTitle,omitempty"`
	SEODescription Text `dynamodbav:"seoDescription,omitempty"`
	// Metafields are further facts for the storefront, as Shopify has them, by "namespace.key".
	Metafields table.Map[string] `dynamodbav:"metafields,omitempty"`
	// NextVariant numbers the next variant. It never goes back, so the id of a removed variant is not given again.
	NextVariant int          `dynamodbav:"nextVariant"`
	Event       *event.Event `dynamodbav:"event,omitempty"` // of the last change
	CreatedAt   time.Time    `dynamodbav:"createdAt"`
	UpdatedAt   time.Time    `dynamodbav:"updatedAt"`
}

// Option is one way in which the variants differ, such as size.
type Option struct {
	Name   string   `json:"name"`
	Values []string `json:"values"` // in the order in which they are offered
}

// Image is a picture of a product.
type Image struct {
	URL string `json:"url"`
	Alt string `json:"alt,omitempty"`
}

// Variant is what is put into a cart.
type Variant struct {
	ID               string           `json:"id"`                // see VariantID; it never changes
	SKU              string           `json:"sku,omitempty"`     // the merchant's own number
	Options          []string         `json:"options,omitempty"` // one value for each Option of the product
	Prices           map[string]Price `json:"prices"`            // by currency
	Taxable          bool             `json:"taxable"`
	TaxClass         string           `json:"taxClass,omitempty"` // of goods with another rate than the standard one
	RequiresShipping bool             `json:"requiresShipping"`
	Grams            int              `json:"grams,omitempty"` // shipping weight
	Barcode          string           `json:"barcode,omitempty"`
	Image            string           `json:"image,omitempty"` // URL; the product's first picture when empty
	// Untracked goods are never out of stock; Backorder sells on below zero.
	Untracked bool `json:"untracked,omitempty"`
	Backorder bool `json:"backorder,omitempty"`
	// Components make a gift set: what one unit takes out of the stock of other variants. Empty for a variant that has
	// stock of its own.
	Components []Component `json:"components,omitempty"`
	// MaxPerOrder and MaxPerCustomer (over the customer's lifetime) limit purchases; 0 is no limit.
	MaxPerOrder    int      `json:"maxPerOrder,omitempty"`
	MaxPerCustomer int      `json:"maxPerCustomer,omitempty"`
	Edition        *Edition `json:"edition,omitempty"`
	// Withdrawn is what was asked in currencies in which it is no longer sold, oldest first: their past when it is sold
	// in them again.
	Withdrawn map[string][]PricePoint `json:"withdrawn,omitempty"`
}

// Price is what one unit costs in one currency, in minor units. CompareAt is the struck-through price, 0 for none.
type Price struct {
	Amount    int64 `json:"amount"`              // minor units
	CompareAt int64 `json:"compareAt,omitempty"` // minor units; above Amount
	Since     int64 `json:"since,omitempty"`     // when these amounts came into force, Unix milliseconds
	Floor     int64 `json:"floor,omitempty"`     // no promotion takes a unit below it, 0 for none
	// Prior is what has to stand next to CompareAt: the lowest price, sales included, of the 30 days before Since. 0 where
	// there was none. See offers.Snapshot.PriorPrice.
	Prior int64 `json:"prior,omitempty"`
	// History is what was asked before Since, oldest first.
	History []PricePoint `json:"past,omitempty"`
}

// Same reports whether both show the shopper the same amounts.
func (p Price) Same(q Price) bool { return p.Amount == q.Amount && p.CompareAt == q.CompareAt }

// Component is a part of a gift set.
type Component struct {
	VariantID string `json:"variantId"`
	Quantity  int    `json:"quantity"`
}

// Edition makes a variant a limited edition: it cannot be bought before OpensAt, and its stock is spread over buckets
// because one item takes only so many writes a second.
type Edition struct {
	OpensAt time.Time `json:"opensAt"`
	Buckets int       `json:"buckets"`
}

// Price returns the price in a currency; ok is false when it is not sold in that currency.
func (v Variant) Price(currency string) (p money.Money, ok bool) {
	price, ok := v.Prices[currency]
	return money.Of(price.Amount, currency), ok
}

// StockComponents is what one unit takes out of stock: the components of a gift set, else the variant itself. Untracked
// goods take nothing.
func (v Variant) StockComponents() []Component {
	switch {
	case len(v.Components) > 0:
		return v.Components
	case v.Untracked:
		return nil
	default:
		return []Component{{VariantID: v.ID, Quantity: 1}}
	}
}

// HasOwnStock reports whether the variant has counters of its own.
func (v Variant) HasOwnStock() bool { return len(v.Components) == 0 && !v.Untracked }

// Buckets is how many counters hold the stock of the variant.
func (v Variant) Buckets() int {
	if v.Edition == nil {
		return 1
	}
	return max(v.Edition.Buckets, 1)
}

// Open reports whether the variant can be bought at the time; only a limited edition is ever not open.
func (v Variant) Open(at time.Time) bool { return v.Edition == nil || !at.Before(v.Edition.OpensAt) }

// Variant returns the variant with the id.
func (p *Product) Variant(id string) (Variant, bool) {
	for _, v := range p.Variants {
		if v.ID == id {
			return v, true
		}
	}
	return Variant{}, false
}

// ProductPrefix begins product ids, VariantPrefix variant ids.
const (
	ProductPrefix = "prod"
	VariantPrefix = "var"
)

// VariantID is the id of the n-th variant ever given to the product (from 0). It contains the product's id, so a cart
// finds a product by the id of its variant without an index.
func VariantID(productID string, n int) string {
	return VariantPrefix + strings.TrimPrefix(productID, ProductPrefix) + "_" + number(n)
}

// number writes n in Crockford's base 32, as ids are
// written; the shortest form keeps variant ids short.
func number(n int) string {
	const digits = "0123456789abcdefghjkmnpqrstvwxyz"
	if n < len(digits) {
		return digits[n : n+1]
	}
	return number(n/len(digits)) + digits[n%len(digits):n%len(digits)+1]
}

// ProductOf returns the id of the product that a variant id belongs to, "" when it is no variant id.
func ProductOf(variantID string) string {
	rest, ok := strings.CutPrefix(variantID, VariantPrefix+"_")
	// A product's id has 26 characters after its prefix; the
	// number of the variant follows after a separator.
	if !ok || len(rest) < 28 || rest[26] != '_' {
		return ""
	}
	return ProductPrefix + "_" + rest[:26]
}

// KeyOf is the key of a product.
func KeyOf(productID string) table.Key { return table.Key{PK: "PRODUCT#" + productID, SK: "PRODUCT"} }
