// Package shopify reads and writes products in Shopify's CSV format: one row for each variant, further rows for further
// pictures, the rows of a product next to each other.
//
// Beyond Shopify's own columns (in their names of before and since 2025) it knows "Price / KRW" and "Compare At Price /
// KRW" for further currencies, as Shopify Markets writes them, "Title (en)" and "Body (en)" for further languages, and
// "Categories", and "Metafields", which has all of a product as one JSON object; Shopify's own columns of single
// metafields are read as well. Other columns are ignored.
package shopify

import (
	"fmt"
	"regexp"
	"strings"

	"dangol/shared/money"
)

// column is a column that means something, in its own words.
type column string

const (
	colHandle    column = "Handle"
	colTitle     column = "Title"
	colBody      column = "Body (HTML)"
	colVendor    column = "Vendor"
	colType      column = "Type"
	colTags      column = "Tags"
	colCategory  column = "Categories"
	colPublished column = "Published"
	colStatus    column = "Status"
	colSKU       column = "Variant SKU"
	colGrams     column = "Variant Grams"
	colTracker   column = "Variant Inventory Tracker"
	colQuantity  column = "Variant Inventory Qty"
	colPolicy    column = "Variant Inventory Policy"
	colPrice     column = "Variant Price"
	colCompare   column = "Variant Compare At Price"
	colShipping  column = "Variant Requires Shipping"
	colTaxable   column = "Variant Taxable"
	colBarcode   column = "Variant Barcode"
	colImage     column = "Image Src"
	colPosition  column = "Image Position"
	colAlt       column = "Image Alt Text"
	colVariantIm column = "Variant Image"
	colSEOTitle  column = "SEO Title"
	colSEOText   column = "SEO Description"
	colMeta      column = "Metafields"
)

// colOption and colOptionValue name the columns of the
// option with number n, from 0; Shopify counts from 1.
func colOption(n int) column      { return column(fmt.Sprintf("Option%d Name", n+1)) }
func colOptionValue(n int) column { return column(fmt.Sprintf("Option%d Value", n+1)) }

// MaxOptions is how many options the format has room for.
const MaxOptions = 3

// names maps the names of columns, in lower case, to what they mean.
var names = func() map[string]column {
	m := map[string]column{
		"url handle": colHandle, "description": colBody, "published on online store": colPublished, "sku": colSKU,
		"weight value (grams)": colGrams, "inventory tracker": colTracker, "inventory quantity": colQuantity,
		"continue selling when out of stock": colPolicy, "price": colPrice, "compare-at price": colCompare,
		"requires shipping": colShipping, "charge tax": colTaxable, "barcode": colBarcode, "product image url": colImage,
		"variant image url": colVariantIm,
	}
	for _, c := range written {
		m[strings.ToLower(string(c))] = c
	}
	return m
}()

// written is the columns of an exported file, in order; those of further languages and currencies follow.
var written = []column{
	colHandle, colTitle, colBody, colVendor, colType, colTags, colCategory, colPublished,
	colOption(0), colOptionValue(0), colOption(1), colOptionValue(1), colOption(2), colOptionValue(2),
	colSKU, colGrams, colTracker, colQuantity, colPolicy, colPrice, colCompare, colShipping, colTaxable, colBarcode,
	colImage, colPosition, colAlt, colVariantIm, colSEOTitle, colSEOText, colMeta, colStatus,
}

// Compiled at start: only the import and export functions have this package.
var (
	translated = regexp.MustCompile(`^(?i:(title|body|body \(html\)|description)) \(([a-z]{2,3}(?:-[A-Za-z0-9]+)?)\)$`)
	metafield  = regexp.MustCompile(`\(product\.metafields\.([a-z0-9_-]{1,64}\.[a-z0-9_-]{1,64})\)$`)
	meta       = regexp.MustCompile(`^[a-z0-9_-]{1,64}\.[a-z0-9_-]{1,64}$`)
	priced     = regexp.MustCompile(`^(?i:(price|compare at price|compare-at price)) / ([A-Z]{3})$`)
)

// IsMetafield reports whether a name is a namespace and a key, as Shopify's metafields have them.
func IsMetafield(name string) bool { return meta.MatchString(name) }

// header is the columns of a file.
type header struct {
	at       map[column]int // places of the known columns
	names    []string       // all columns as the file names them
	titles   map[string]int // by language
	bodies   map[string]int
	prices   map[string]int // by currency
	compares map[string]int
	metas    map[string]int // by namespace.key
	ignored  []string       // columns without a meaning here
}

// readHeader finds the columns that mean something here.
// Handle and Title must be there; all others may be missing.
func readHeader(columns []string) (*header, *RowError) {
	h := &header{
		at: map[column]int{}, names: columns, titles: map[string]int{}, bodies: map[string]int{},
		prices: map[string]int{}, compares: map[string]int{}, metas: map[string]int{},
	}
	for i, name := range columns {
		h.add(i, strings.TrimSpace(name))
	}
	for _, c := range []column{colHandle, colTitle} {
		if _, ok := h.at[c]; !ok {
			return nil, &RowError{Row: 1, Column: string(c), Code: "missing_column",
				Message: "the file has no column " + string(c)}
		}
	}
	return h, nil
}

// add enters one column. The first of several with the same meaning counts.
func (h *header) add(i int, name string) {
	if c, ok := names[strings.ToLower(name)]; ok {
		if _, twice := h.at[c]; !twice {
			h.at[c] = i
		}
		return
	}
	if m := translated.FindStringSubmatch(name); m != nil {
		if strings.EqualFold(m[1], "title") {
			h.titles[m[2]] = i
		} else {
			h.bodies[m[2]] = i
		}
		return
	}
	if m := metafield.FindStringSubmatch(name); m != nil {
		h.metas[m[1]] = i
		return
	}
	if m := priced.FindStringSubmatch(name); m != nil {
		// A currency that does not exist is no price column;
		// the file's owner is told that it was ignored.
		if _, err := money.Digits(m[2]); err != nil {
			h.ignored = append(h.ignored, name)
			return
		}
		if strings.EqualFold(m[1], "price") {
			h.prices[m[2]] = i
		} else {
			h.compares[m[2]] = i
		}
		return
	}
	if name != "" {
		h.ignored = append(h.ignored, name)
	}
}

// has reports whether the file has the column.
func (h *header) has(c column) bool {
	_, ok := h.at[c]
	return ok
}

// name is the column as the file calls it, for errors.
func (h *header) name(c column) string {
	if i, ok := h.at[c]; ok {
		return strings.TrimSpace(h.names[i])
	}
	return string(c)
}
