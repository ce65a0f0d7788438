package products

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"dangol/shared/catalog"
	"dangol/shared/catalog/shopify"
	"dangol/shared/platform/id"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
)

// itoa keeps messages short.
func itoa(n int) string { return strconv.Itoa(n) }

// merged is a product of the shop brought in line with a file.
type merged struct {
	product    *catalog.Product
	differs    bool                            // from the one in the shop
	units      map[string]catalog.InitialStock // that new variants begin with
	quantities map[string]int                  // that the file names, by variant id
	errors     []*shopify.RowError
}

// merge brings before (nil for a product that is being made) in line with the file. What the file has no column for
// stays.
func merge(file shopify.Product, before *catalog.Product, now time.Time) merged {
	m := merged{units: map[string]catalog.InitialStock{}, quantities: map[string]int{}}
	p := &catalog.Product{
		// The values that a new product has where the file has no column.
		ID: id.New(catalog.ProductPrefix, now), Handle: file.Handle, Version: 1, Status: catalog.Active, CreatedAt: now,
		UpdatedAt: now,
	}
	if before != nil {
		// A deep copy: it is compared with before afterwards.
		p = before.Clone()
		p.Event = nil
	}
	m.product = p
	p.Title, p.Description = mergeText(p.Title, file.Title), mergeText(p.Description, file.Description)
	assign(&p.Status, file.Status)
	p.SEOTitle, p.SEODescription = mergeText(p.SEOTitle, file.SEOTitle), mergeText(p.SEODescription, file.SEODescription)
	p.Metafields = mergeMetafields(p.Metafields, file)
	assign(&p.Vendor, file.Vendor)
	assign(&p.Type, file.Type)
	assignList(&p.Tags, file.Tags)
	assignList(&p.Categories, file.Categories)
	assignList(&p.Images, file.Images)
	switch {
	case before == nil || file.OptionColumns >= len(before.Options):
		// The file lists all variants, so its options are all there are.
		p.Options = file.Options
		m.variants(file, before)
	// A file about products as a whole leaves their variants alone.
	case file.OptionColumns == 0 && len(file.Variants) == 1 && !file.Variants[0].Says():
	default:
		m.errors = append(m.errors, missingOption(file, before))
	}
	if before == nil {
		m.differs = true
		catalog.UpdatePriceHistory(nil, p, now)
		return m
	}
	catalog.UpdatePriceHistory(before, p, now)
	// Unchanged products keep version and time, so that a
	// second import of the same file writes nothing.
	if m.differs = !same(before, p); m.differs {
		p.Version, p.UpdatedAt = before.Version+1, now
	}
	return m
}

// variants brings the variants in line with the file's rows.
// Those that the file leaves out are gone.
func (m *merged) variants(file shopify.Product, before *catalog.Product) {
	p := m.product
	p.Variants = make([]catalog.Variant, 0, len(file.Variants))
	for _, row := range file.Variants {
		// Variants are matched by their option values, because files carry no ids of this shop.
		v, known := withOptions(before, row.Options)
		if !known {
			v = catalog.Variant{
				ID: catalog.VariantID(p.ID, p.NextVariant), Taxable: true, RequiresShipping: true,
				Prices: map[string]catalog.Price{},
			}
			p.NextVariant++
		}
		// A set that is already one may be changed; a new one would lack its parts.
		if row.GiftSet && len(v.Components) == 0 {
			m.errors = append(m.errors, &shopify.RowError{
				Row: row.Row, Column: "Variant Inventory Tracker", Code: "not_allowed",
				Message: "gift sets are made by POST /products, not by a file",
			})
		}
		v = mergeVariant(v, row)
		// The quantity of a set is that of its parts.
		if row.Quantity != nil && v.HasOwnStock() {
			m.quantities[v.ID] = *row.Quantity
			if !known {
				m.units[v.ID] = catalog.InitialStock{Available: *row.Quantity, Imported: true}
			}
		}
		p.Variants = append(p.Variants, v)
	}
}

// missingOption is the error of a file that says something about variants and has no column for an option by which the
// shop tells them apart. Without it all of them would be replaced.
func missingOption(file shopify.Product, before *catalog.Product) *shopify.RowError {
	n := file.OptionColumns
	return &shopify.RowError{
		Row: file.Row, Column: fmt.Sprintf("Option%d Value", n+1), Code: "missing_column", Message: fmt.Sprintf(
			"the columns Option%d Name and Option%d Value, as the variants of this product differ in %s", n+1, n+1,
			before.Options[n].Name),
	}
}

// withOptions finds the variant with the option values. Prices are copied, so changing them leaves before alone.
func withOptions(before *catalog.Product, options []string) (catalog.Variant, bool) {
	if before == nil {
		return catalog.Variant{}, false
	}
	i := slices.IndexFunc(before.Variants, func(v catalog.Variant) bool {
		// A file has no options where the one variant is called what Shopify calls it then.
		return slices.Equal(v.Options, options) || len(options) == 0 && slices.Equal(v.Options, shopify.DefaultOptions)
	})
	if i < 0 {
		return catalog.Variant{}, false
	}
	return before.Clone().Variants[i], true
}

// mergeVariant brings one variant in line with its row.
func mergeVariant(v catalog.Variant, row shopify.Variant) catalog.Variant {
	v.Options = row.Options
	assign(&v.SKU, row.SKU)
	assign(&v.Barcode, row.Barcode)
	assign(&v.Image, row.Image)
	assign(&v.Grams, row.Grams)
	assign(&v.RequiresShipping, row.RequiresShipping)
	assign(&v.Taxable, row.Taxable)
	// A set has no stock of its own, so these columns mean nothing for it.
	if len(v.Components) == 0 {
		assign(&v.Backorder, row.Backorder)
		if row.Tracked != nil {
			v.Untracked = !*row.Tracked
		}
	}
	for currency, price := range row.Prices {
		// An empty cell means that the variant is not sold in the currency.
		if price == nil {
			delete(v.Prices, currency)
			continue
		}
		old := v.Prices[currency]
		// The floor stays: no file has a column for it.
		kept := catalog.Price{Amount: price.Amount, CompareAt: old.CompareAt, Floor: old.Floor}
		assign(&kept.CompareAt, price.CompareAt)
		// What stayed may be no reduction beside the new price.
		if kept.CompareAt <= kept.Amount {
			kept.CompareAt = 0
		}
		v.Prices[currency] = kept
	}
	return v
}

// assign takes the value of a column that the file has.
func assign[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

// assignList is assign for a list.
func assignList[T any](to *table.List[T], from *[]T) {
	if from != nil {
		*to = *from
	}
}

// mergeText lays the file's texts over those there; an empty cell removes the text in its language.
func mergeText(t, file catalog.Text) catalog.Text {
	out := catalog.Text{}
	for language, s := range t {
		out[language] = s
	}
	for language, s := range file {
		if out[language] = s; s == "" {
			delete(out, language)
		}
	}
	// Nothing is nil, so that comparing finds no difference between the two.
	if len(out) == 0 {
		return nil
	}
	return out
}

// mergeMetafields lays the file's metafields over those there; an empty cell removes one.
func mergeMetafields(there map[string]string, file shopify.Product) map[string]string {
	out := maps.Clone(there)
	if file.AllMetafields != nil {
		out = maps.Clone(file.AllMetafields)
	}
	for name, value := range file.Metafields {
		if value == "" {
			delete(out, name)
			continue
		}
		if out == nil {
			out = map[string]string{}
		}
		out[name] = value
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// same reports whether a shopper and a merchant would see the same product. Empty lists and none are the same.
func same(a, b *catalog.Product) bool { return reflect.DeepEqual(bare(a), bare(b)) }

// bare is the product without what may differ though nothing that anybody sees does.
func bare(p *catalog.Product) *catalog.Product {
	q := p.Clone()
	q.Event, q.Key = nil, catalog.KeyOf(p.ID)
	q.Tags, q.Categories, q.Images, q.Options = orNil(q.Tags), orNil(q.Categories), orNil(q.Images), orNil(q.Options)
	q.Title, q.Description = mergeText(q.Title, nil), mergeText(q.Description, nil)
	q.SEOTitle, q.SEODescription = mergeText(q.SEOTitle, nil), mergeText(q.SEODescription, nil)
	q.Metafields = mergeMetafields(q.Metafields, shopify.Product{})
	for i := range q.Variants {
		q.Variants[i].Options, q.Variants[i].Components = orNil(q.Variants[i].Options), orNil(q.Variants[i].Components)
	}
	return q
}

// orNil makes an empty list nil; stored and read again it would be.
func orNil[T any](s []T) []T {
	if len(s) == 0 {
		return nil
	}
	return s
}

// rowErrors turns pointers into a product's document into rows and columns of the file.
func rowErrors(file shopify.Product, fields []problem.Field) []*shopify.RowError {
	errs := make([]*shopify.RowError, len(fields))
	for i, f := range fields {
		e := &shopify.RowError{Row: file.Row, Code: f.Code, Message: f.Message}
		parts := strings.Split(strings.TrimPrefix(f.Pointer, "/"), "/")
		// /variants/3/prices/KRW is the row of the fourth variant.
		if n, err := strconv.Atoi(at(parts, 1)); err == nil && parts[0] == "variants" && n < len(file.Variants) {
			e.Row = file.Variants[n].Row
			e.Column = variantColumns[at(parts, 2)]
		} else {
			e.Column = productColumns[parts[0]]
		}
		errs[i] = e
	}
	return errs
}

// at is the part of a pointer at i; empty beyond its end.
func at(parts []string, i int) string {
	if i < len(parts) {
		return parts[i]
	}
	return ""
}

// productColumns and variantColumns name the columns in which the fields of the document stand.
var productColumns = map[string]string{
	"handle": "Handle", "title": "Title", "description": "Body (HTML)", "vendor": "Vendor", "type": "Type", "tags": "Tags",
	"seoTitle": "SEO Title", "seoDescription": "SEO Description", "metafields": "Metafields",
	"categories": "Categories", "options": "Option1 Name", "images": "Image Src",
}

var variantColumns = map[string]string{
	"sku": "Variant SKU", "barcode": "Variant Barcode", "image": "Variant Image", "prices": "Variant Price",
	"options": "Option1 Value",
}
