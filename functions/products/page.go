package products

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"dangol/shared/catalog"
	"dangol/shared/money"
	"dangol/shared/platform/api"
	"dangol/shared/platform/id"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/stock"
)

// PageInput asks for a product page.
type PageInput struct {
	Reader
	ID          string `path:"id" maxLength:"300" doc:"Id or handle." example:"green-tea-cream"`
	Currency    string `query:"currency" pattern:"^[A-Z]{3}$" doc:"ISO 4217; the shop's first when left out." example:"KRW"`
	IfNoneMatch string `header:"If-None-Match" maxLength:"200"`
}

// PageOutput is a product page; no body when the caller has it already.
type PageOutput struct {
	Status       int
	ETag         string `header:"ETag"`
	CacheControl string `header:"Cache-Control"`
	Vary         string `header:"Vary"`
	Body         *ProductPage
}

// ProductPage is a product as shoppers see it.
type ProductPage struct {
	ID          string               `json:"id" example:"prod_01jt3v9q2d8m4x6c7b5n1k0h2g"`
	Handle      string               `json:"handle" example:"green-tea-cream"`
	Title       string               `json:"title" example:"녹차 수분 크림"`
	Description string               `json:"description,omitempty" doc:"HTML as the merchant wrote it: sanitize before you show it."`
	Language    string               `json:"language" doc:"Of the title." example:"ko"`
	Vendor      string               `json:"vendor,omitempty"`
	Type        string               `json:"type,omitempty"`
	Tags        []string             `json:"tags"`
	Categories  []string             `json:"categories"`
	Options     []catalog.Option     `json:"options"`
	Variants    []ProductPageVariant `json:"variants"`
	Images      []catalog.Image      `json:"images"`
	SEOTitle    string               `json:"seoTitle,omitempty" doc:"For search engines; the title where it is missing."`
	SEOText     string               `json:"seoDescription,omitempty" doc:"For search engines."`
	Metafields  map[string]string    `json:"metafields,omitempty" doc:"Further facts, by namespace.key."`
	Labels      map[string]string    `json:"labels" doc:"In the reader's language what this page names: type, tags, categories, names and values of options, keys of metafields. The word itself where SHOP_CONFIG has no label."`
	UpdatedAt   time.Time            `json:"updatedAt"`

	encoded []byte
}

// MarshalJSON gives the bytes that the ETag was made of.
func (p ProductPage) MarshalJSON() ([]byte, error) {
	if p.encoded != nil {
		return p.encoded, nil
	}
	type plain ProductPage
	return json.Marshal(plain(p))
}

// ProductPageVariant is a variant as shoppers see it.
type ProductPageVariant struct {
	ID             string           `json:"id"`
	SKU            string           `json:"sku,omitempty"`
	Options        []string         `json:"options" doc:"One value for each option of the product."`
	Price          *money.Formatted `json:"price,omitempty" doc:"Absent when not sold in the currency."`
	CompareAt      *money.Formatted `json:"compareAt,omitempty" doc:"Struck-through price."`
	Sale           *ProductSale     `json:"sale,omitempty" doc:"The sale that makes the price."`
	LowestPrice30  *money.Formatted `json:"lowestPrice30,omitempty" doc:"Lowest price of the 30 days before the reduction, to be shown with compareAt (Directive 98/6/EC, 6a). Absent for goods that were never sold at another price."`
	Availability   string           `json:"availability" enum:"in_stock,low,out,not_open_yet"`
	Left           *int             `json:"left,omitempty" doc:"Units left, when few."`
	OpensAt        *time.Time       `json:"opensAt,omitempty" doc:"When a limited edition can be bought."`
	MaxPerOrder    int              `json:"maxPerOrder,omitempty"`
	MaxPerCustomer int              `json:"maxPerCustomer,omitempty" doc:"Over a customer's lifetime."`
	Image          string           `json:"image,omitempty"`
	Grams          int              `json:"grams,omitempty"`
	Components     []ProductSetPart `json:"components,omitempty" doc:"What a gift set is made of."`
}

// ProductSetPart is a part of a gift set.
type ProductSetPart struct {
	VariantID string `json:"variantId"`
	Quantity  int    `json:"quantity"`
}

// notFound is also the answer for products that are not active, so that drafts cannot be found.
func notFound() error { return problem.NotFound("product_not_found", "There is no such product.") }

// page shows an active product. No round trip when all is
// fresh in memory, see find and catalog.Cache.
func (c *Products) page(ctx context.Context, in *PageInput) (*PageOutput, error) {
	productID, err := c.find(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	p, items, err := c.cache.Product(ctx, productID)
	if err != nil {
		return nil, err
	}
	if p == nil || p.Status != catalog.Active {
		return nil, notFound()
	}
	languages := c.languages(in.Reader)
	shown, err := c.currentSales(ctx, p)
	if err != nil {
		return nil, err
	}
	page := c.pageOf(shown.product, items, languages, in.Currency)
	shown.annotate(page, languages)
	if page.encoded, err = json.Marshal(page); err != nil {
		return nil, err
	}
	// FNV is fast, and an ETag needs no protection against
	// forgery: a collision would only show an old page.
	h := fnv.New64a()
	h.Write(page.encoded)
	out := &PageOutput{
		Status: http.StatusOK, ETag: api.ETag(fmt.Sprintf("%x", h.Sum64())), CacheControl: c.cacheControl(),
		Vary: "Accept-Language", Body: page,
	}
	// A comparison by contents is enough for lists of tags;
	// weak tags match as well (RFC 9110, 13.1.2).
	if in.IfNoneMatch != "" && (in.IfNoneMatch == "*" || strings.Contains(in.IfNoneMatch, out.ETag)) {
		out.Status, out.Body = http.StatusNotModified, nil
	}
	return out, nil
}

// find returns the product's id for an id or a handle. The listing knows almost all handles; one that is younger than
// the listing costs a read, and so does one that the product had before.
func (c *Products) find(ctx context.Context, idOrHandle string) (string, error) {
	// An id is used as it is; the read finds out whether it exists.
	if id.Is(catalog.ProductPrefix, idOrHandle) {
		return idOrHandle, nil
	}
	handle := handleOf(norm.NFC.String(idOrHandle))
	// What cannot be a handle costs no read: crawlers try many addresses.
	if !validHandle(handle) {
		return "", notFound()
	}
	productID, err := c.listing.Lookup(ctx, handle)
	if err != nil || productID != "" {
		return productID, err
	}
	// Not in the listing: made moments ago, or a former
	// handle, whose item is kept so that old links work.
	productID, err = catalog.IDByHandle(ctx, c.table, handle)
	if err == table.ErrNotFound {
		return "", notFound()
	}
	return productID, err
}

// pageOf is the page of a product at the prices it has.
func (c *Products) pageOf(p *catalog.Product, items map[string]catalog.SellableVariant, languages []string,
	currency string) *ProductPage {
	page := &ProductPage{
		ID: p.ID, Handle: p.Handle, Title: p.Title.In(languages...), Description: p.Description.In(languages...),
		Language: languages[0],
		Vendor:   p.Vendor, Type: p.Type, Tags: notNil(p.Tags), Categories: notNil(p.Categories), Options: notNil(p.Options),
		SEOTitle: p.SEOTitle.In(languages...), SEOText: p.SEODescription.In(languages...), Metafields: p.Metafields,
		Images: notNil(p.Images), UpdatedAt: p.UpdatedAt, Variants: make([]ProductPageVariant, len(p.Variants)),
	}
	// The language of the title, which may be another than the one asked for.
	for _, l := range languages {
		if p.Title[l] != "" {
			page.Language = l
			break
		}
	}
	for i, v := range p.Variants {
		page.Variants[i] = c.pageVariant(items[v.ID], v, currency)
	}
	page.Labels = c.labelsOf(p, languages)
	return page
}

// labelsOf is what the product's words are called in the languages. The words stay as they are in the page, because
// filters and carts name them.
func (c *Products) labelsOf(p *catalog.Product, languages []string) map[string]string {
	words := slices.Concat([]string{p.Type}, p.Tags, p.Categories, slices.Collect(maps.Keys(p.Metafields)))
	for _, o := range p.Options {
		words = append(append(words, o.Name), o.Values...)
	}
	labels := make(map[string]string, len(words))
	for _, word := range words {
		if word != "" {
			labels[word] = c.shop.Label(word, languages...)
		}
	}
	return labels
}

// pageVariant is a variant on the page; item is its stock.
func (c *Products) pageVariant(item catalog.SellableVariant, v catalog.Variant, currency string) ProductPageVariant {
	out := ProductPageVariant{
		ID: v.ID, SKU: v.SKU, Options: notNil(v.Options), Image: v.Image, Grams: v.Grams,
		MaxPerOrder: v.MaxPerOrder, MaxPerCustomer: v.MaxPerCustomer,
	}
	currency = pick(currency, c.shop.Currencies, v.Prices)
	// A variant that is not sold in the currency is shown without a price.
	if price, sold := v.Prices[currency]; sold {
		out.Price = view(price.Amount, currency)
		if price.CompareAt > 0 {
			out.CompareAt = view(price.CompareAt, currency)
		}
	}
	left := availability(item.Available, v.Open(c.clock.Now()))
	out.Availability = string(left)
	// Only small numbers are shown: large ones tell competitors about sales and shoppers nothing.
	if left == stock.Low {
		out.Left = &item.Available
	}
	if v.Edition != nil {
		out.OpensAt = &v.Edition.OpensAt
	}
	for _, part := range v.Components {
		out.Components = append(out.Components, ProductSetPart(part))
	}
	return out
}

// availability is how many units are left in words. That a sale has not opened goes before its stock.
func availability(units int, open bool) stock.Availability {
	if !open {
		return catalog.NotOpenYet
	}
	return stock.AvailabilityOf(units)
}
