package products

import (
	"fmt"
	"time"

	"dangol/shared/catalog"
	"dangol/shared/platform/problem"
	"dangol/shared/stock"
)

// ProductDocument is everything about a product, as merchants read and write it.
type ProductDocument struct {
	ID          string            `json:"id,omitempty" readOnly:"true" doc:"Ignored when written."`
	Version     int               `json:"version,omitempty" readOnly:"true" doc:"Ignored when written: send If-Match."`
	Handle      string            `json:"handle,omitempty" maxLength:"300" doc:"Unique: letters of any script, digits and hyphens. Made from the title when left out." example:"녹차-수분-크림"`
	Status      string            `json:"status,omitempty" enum:"draft,active,archived" default:"draft"`
	Title       map[string]string `json:"title" minProperties:"1" doc:"By language." example:"{\"ko\": \"녹차 수분 크림\", \"en\": \"Green Tea Cream\"}"`
	Description map[string]string `json:"description,omitempty" doc:"HTML by language."`
	Vendor      string            `json:"vendor,omitempty" maxLength:"255"`
	Type        string            `json:"type,omitempty" maxLength:"255"`
	Tags        []string          `json:"tags,omitempty" maxItems:"100" nullable:"false" doc:"Without commas."`
	Categories  []string          `json:"categories,omitempty" maxItems:"20" nullable:"false" doc:"Without commas."`
	Options     []catalog.Option  `json:"options,omitempty" maxItems:"3" nullable:"false" doc:"In what the variants differ."`
	Variants    []VariantDocument `json:"variants" minItems:"1" maxItems:"100" nullable:"false"`
	Images      []catalog.Image   `json:"images,omitempty" maxItems:"100" nullable:"false"`
	SEOTitle    map[string]string `json:"seoTitle,omitempty" doc:"For search engines, by language; the title where it is missing."`
	SEOText     map[string]string `json:"seoDescription,omitempty" doc:"For search engines, by language."`
	Metafields  map[string]string `json:"metafields,omitempty" maxProperties:"100" doc:"Further facts for the storefront, by namespace.key, as Shopify has them." example:"{\"custom.material\": \"linen\"}"`
	CreatedAt   *time.Time        `json:"createdAt,omitempty" readOnly:"true" doc:"Ignored when written."`
	UpdatedAt   *time.Time        `json:"updatedAt,omitempty" readOnly:"true" doc:"Ignored when written."`
}

// VariantDocument is everything about a variant.
type VariantDocument struct {
	ID               string                   `json:"id,omitempty" maxLength:"60" doc:"Of a variant that is there already; left out for a new one."`
	SKU              string                   `json:"sku,omitempty" maxLength:"255"`
	Options          []string                 `json:"options,omitempty" maxItems:"3" nullable:"false" doc:"One value for each option of the product."`
	Prices           map[string]PriceDocument `json:"prices" minProperties:"1" doc:"By currency (ISO 4217)." example:"{\"KRW\": {\"amount\": 12000}}"`
	Taxable          *bool                    `json:"taxable,omitempty" default:"true"`
	TaxClass         string                   `json:"taxClass,omitempty" maxLength:"40" pattern:"^[a-z0-9_-]*$" doc:"For goods that have another tax rate than the standard one: a class of SHOP_CONFIG's taxes, such as reduced or exempt."`
	RequiresShipping *bool                    `json:"requiresShipping,omitempty" default:"true"`
	Grams            int                      `json:"grams,omitempty" minimum:"0" maximum:"1000000"`
	Barcode          string                   `json:"barcode,omitempty" maxLength:"255"`
	Image            string                   `json:"image,omitempty" maxLength:"2000" doc:"Address of its picture."`
	Untracked        bool                     `json:"untracked,omitempty" doc:"Never out of stock."`
	Backorder        bool                     `json:"backorder,omitempty" doc:"Sells on below zero."`
	Components       []catalog.Component      `json:"components,omitempty" maxItems:"20" nullable:"false" doc:"Makes it a gift set: what one unit takes out of the stock of other variants. A variant is a gift set from its beginning or never."`
	MaxPerOrder      int                      `json:"maxPerOrder,omitempty" minimum:"0" maximum:"10000" doc:"0 is no limit."`
	MaxPerCustomer   int                      `json:"maxPerCustomer,omitempty" minimum:"0" maximum:"10000" doc:"Over the customer's lifetime; 0 is no limit."`
	Edition          *EditionDocument         `json:"edition,omitempty" doc:"Makes it a limited edition."`
	Available        *int                     `json:"available,omitempty" minimum:"0" maximum:"10000000" writeOnly:"true" doc:"Stock that a new variant begins with; ignored for others, see PUT /stock."`
}

// PriceDocument is a price in minor units.
type PriceDocument struct {
	Amount    int64      `json:"amount" minimum:"0" maximum:"1000000000000" doc:"Minor units: won, cents." example:"12000"`
	CompareAt int64      `json:"compareAt,omitempty" minimum:"0" maximum:"1000000000000" doc:"Struck-through price, above amount; 0 for none."`
	Floor     int64      `json:"floor,omitempty" minimum:"0" maximum:"1000000000000" doc:"No promotion takes a unit below it; 0 for none."`
	Since     *time.Time `json:"since,omitempty" readOnly:"true" doc:"When it came into force. Ignored when written."`
}

// EditionDocument makes a variant a limited edition.
type EditionDocument struct {
	OpensAt time.Time `json:"opensAt" doc:"When it can be bought." example:"2026-11-11T02:00:00Z"`
	Buckets int       `json:"buckets,omitempty" minimum:"1" maximum:"20" default:"1" doc:"Counters its stock is spread over: one for each 200 buyers a second. It can grow, not shrink."`
}

// documentOf shows a product to its merchant.
func documentOf(p *catalog.Product) *ProductDocument {
	d := &ProductDocument{
		ID: p.ID, Version: p.Version, Handle: p.Handle, Status: string(p.Status), Title: p.Title, Description: p.Description,
		Vendor: p.Vendor, Type: p.Type, Tags: p.Tags, Categories: p.Categories, Options: p.Options, Images: p.Images,
		SEOTitle: p.SEOTitle, SEOText: p.SEODescription, Metafields: p.Metafields,
		CreatedAt: &p.CreatedAt, UpdatedAt: &p.UpdatedAt, Variants: make([]VariantDocument, len(p.Variants)),
	}
	for i, v := range p.Variants {
		d.Variants[i] = variantDocument(v)
	}
	return d
}

// variantDocument shows a variant to its merchant. Its stock is not
// in it: that changes with each sale and has routes of its own.
func variantDocument(v catalog.Variant) VariantDocument {
	d := VariantDocument{
		ID: v.ID, SKU: v.SKU, Options: v.Options, Prices: make(map[string]PriceDocument, len(v.Prices)),
		Taxable: &v.Taxable, TaxClass: v.TaxClass, RequiresShipping: &v.RequiresShipping, Grams: v.Grams, Barcode: v.Barcode,
		Image:     v.Image,
		Untracked: v.Untracked, Backorder: v.Backorder, Components: v.Components,
		MaxPerOrder: v.MaxPerOrder, MaxPerCustomer: v.MaxPerCustomer,
	}
	for currency, p := range v.Prices {
		since := time.UnixMilli(p.Since).UTC()
		d.Prices[currency] = PriceDocument{Amount: p.Amount, CompareAt: p.CompareAt, Floor: p.Floor, Since: &since}
	}
	if v.Edition != nil {
		d.Edition = &EditionDocument{OpensAt: v.Edition.OpensAt, Buckets: v.Edition.Buckets}
	}
	return d
}

// product is the document as a product, in the place of before (nil for one that is being made). Variants keep their
// ids, new ones get theirs. It returns the stock that new variants begin with.
func (d *ProductDocument) product(before *catalog.Product, productID string, now time.Time) (*catalog.Product,
	map[string]catalog.InitialStock) {
	p := &catalog.Product{
		ID: productID, Version: 1, Handle: handleOf(d.Handle), Status: catalog.Status(d.Status), Title: texts(d.Title),
		Description: texts(d.Description), Vendor: line(d.Vendor), Type: line(d.Type),
		Tags: composed(d.Tags), Categories: composed(d.Categories), Options: composedOptions(d.Options),
		Images: d.Images, CreatedAt: now, UpdatedAt: now,
		SEOTitle: texts(d.SEOTitle), SEODescription: texts(d.SEOText), Metafields: composedValues(d.Metafields),
	}
	if before != nil {
		// The number of the next variant goes on from where it was, so that no id is given twice.
		p.ID, p.Version, p.CreatedAt, p.NextVariant = before.ID, before.Version+1, before.CreatedAt, before.NextVariant
	}
	// English first: a Latin handle works in every mail
	// program and chat; Hangul is the second choice.
	if p.Handle == "" {
		p.Handle = handleFrom(p.Title.In("en", "ko"))
	}
	units := map[string]catalog.InitialStock{}
	p.Variants = make([]catalog.Variant, len(d.Variants))
	for i, v := range d.Variants {
		p.Variants[i] = v.variant()
		// A variant that is known keeps its stock; only a
		// new one begins with the units of the document.
		if v.ID != "" {
			continue
		}
		p.Variants[i].ID = catalog.VariantID(p.ID, p.NextVariant)
		p.NextVariant++
		if v.Available != nil {
			units[p.Variants[i].ID] = catalog.InitialStock{Available: *v.Available}
		}
	}
	// After the ids are given: the history of a price is found by the variant's id.
	catalog.UpdatePriceHistory(before, p, now)
	return p, units
}

// checkStock requires that new variants begin with units that can be in stock. Errors: 422 at /variants/n/available.
func (d ProductDocument) checkStock() error {
	var wrong problem.Fields
	for i, v := range d.Variants {
		if v.Available != nil {
			wrong.Between(*v.Available, 0, stock.MaxUnits, fmt.Sprintf("/variants/%d/available", i))
		}
	}
	return wrong.Err()
}

// variant is the document of a variant as a variant. What is
// left out has the defaults of the API: taxable, shipped.
func (d VariantDocument) variant() catalog.Variant {
	v := catalog.Variant{
		ID: d.ID, SKU: line(d.SKU), Options: trimmedLines(d.Options), Prices: make(map[string]catalog.Price, len(d.Prices)),
		Taxable: d.Taxable == nil || *d.Taxable, TaxClass: d.TaxClass, RequiresShipping: d.RequiresShipping == nil ||
			*d.RequiresShipping,
		Grams: d.Grams, Barcode: line(d.Barcode), Image: d.Image, Untracked: d.Untracked, Backorder: d.Backorder,
		Components: d.Components, MaxPerOrder: d.MaxPerOrder, MaxPerCustomer: d.MaxPerCustomer,
	}
	for currency, p := range d.Prices {
		v.Prices[currency] = catalog.Price{Amount: p.Amount, CompareAt: p.CompareAt, Floor: p.Floor}
	}
	if d.Edition != nil {
		// UTC, so that the same moment in another zone is not a change.
		v.Edition = &catalog.Edition{OpensAt: d.Edition.OpensAt.UTC(), Buckets: max(d.Edition.Buckets, 1)}
	}
	return v
}
