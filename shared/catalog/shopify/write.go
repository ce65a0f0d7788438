package shopify

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"encoding/csv"

	"dangol/shared/catalog"
	"dangol/shared/money"
)

// Writer writes products as a file that reads back as the same products.
type Writer struct {
	csv        *csv.Writer
	base       Base
	languages  []string // besides the base
	currencies []string
}

// NewWriter writes the header, when withHeader, for the base and the further languages and currencies.
func NewWriter(w io.Writer, base Base, languages, currencies []string, withHeader bool) (*Writer, error) {
	// The base currency and language have columns without a name in brackets.
	other := func(all []string, base string) []string {
		return slices.DeleteFunc(slices.Clone(all), func(s string) bool { return s == base })
	}
	out := &Writer{
		csv: csv.NewWriter(w), base: base,
		languages: other(languages, base.Language), currencies: other(currencies, base.Currency),
	}
	if !withHeader {
		return out, nil
	}
	var names []string
	for _, c := range written {
		names = append(names, string(c))
	}
	for _, l := range out.languages {
		names = append(names, fmt.Sprintf("Title (%s)", l), fmt.Sprintf("Body (%s)", l))
	}
	for _, c := range out.currencies {
		names = append(names, "Price / "+c, "Compare At Price / "+c)
	}
	return out, out.csv.Write(names)
}

// Write writes the rows of a product. available is the stock by variant id.
func (w *Writer) Write(p *catalog.Product, available map[string]int) error {
	// Variants and pictures share rows, as Shopify does it:
	// the longer list decides how many there are.
	for i := range max(len(p.Variants), len(p.Images)) {
		cells := map[column]string{colHandle: p.Handle}
		if i == 0 {
			w.product(cells, p)
		}
		if i < len(p.Images) {
			cells[colImage], cells[colAlt], cells[colPosition] = p.Images[i].URL, p.Images[i].Alt, strconv.Itoa(i+1)
		}
		if i < len(p.Variants) {
			w.variant(cells, p, p.Variants[i], available)
		}
		extra := w.extra(p, i)
		record := make([]string, 0, len(written)+len(extra))
		for _, c := range written {
			record = append(record, cells[c])
		}
		if err := w.csv.Write(append(record, extra...)); err != nil {
			return err
		}
	}
	w.csv.Flush()
	return w.csv.Error()
}

// product fills the cells that only the first row has.
func (w *Writer) product(cells map[column]string, p *catalog.Product) {
	cells[colTitle] = p.Title[w.base.Language]
	cells[colBody] = p.Description[w.base.Language]
	cells[colSEOTitle], cells[colSEOText] = p.SEOTitle[w.base.Language], p.SEODescription[w.base.Language]
	if len(p.Metafields) > 0 {
		raw, _ := json.Marshal(p.Metafields) // texts always become JSON, keys in order
		cells[colMeta] = string(raw)
	}
	cells[colVendor], cells[colType] = p.Vendor, p.Type
	cells[colTags], cells[colCategory] = strings.Join(p.Tags, ", "), strings.Join(p.Categories, ", ")
	cells[colPublished], cells[colStatus] = strconv.FormatBool(p.Status == catalog.Active), string(p.Status)
	for n, o := range p.Options {
		cells[colOption(n)] = o.Name
	}
	// A product without options gets the pair that Shopify
	// writes, so that the file can be imported there.
	if len(p.Options) == 0 {
		cells[colOption(0)] = "Title"
	}
}

// variant fills the cells of one variant.
func (w *Writer) variant(cells map[column]string, p *catalog.Product, v catalog.Variant, available map[string]int) {
	for n, value := range v.Options {
		cells[colOptionValue(n)] = value
	}
	if len(p.Options) == 0 {
		cells[colOptionValue(0)] = DefaultOptions[0]
	}
	cells[colSKU], cells[colBarcode], cells[colVariantIm] = v.SKU, v.Barcode, v.Image
	cells[colGrams] = strconv.Itoa(v.Grams)
	cells[colTaxable], cells[colShipping] = strconv.FormatBool(v.Taxable), strconv.FormatBool(v.RequiresShipping)
	cells[colPolicy] = "deny"
	if v.Backorder {
		cells[colPolicy] = "continue"
	}
	switch {
	// A gift set has no stock of its own to write.
	case len(v.Components) > 0:
		cells[colTracker] = GiftSet
	case v.HasOwnStock():
		cells[colTracker], cells[colQuantity] = "shopify", strconv.Itoa(available[v.ID])
	}
	cells[colPrice], cells[colCompare] = amounts(v, w.base.Currency)
}

// extra is the cells of further languages and currencies in row i of the product.
func (w *Writer) extra(p *catalog.Product, i int) []string {
	var cells []string
	for _, l := range w.languages {
		title, body := "", ""
		if i == 0 {
			title, body = p.Title[l], p.Description[l]
		}
		cells = append(cells, title, body)
	}
	for _, c := range w.currencies {
		price, compare := "", ""
		if i < len(p.Variants) {
			price, compare = amounts(p.Variants[i], c)
		}
		cells = append(cells, price, compare)
	}
	return cells
}

// amounts are the price and the compare-at price as text;
// both empty where the variant is not sold in the currency.
func amounts(v catalog.Variant, currency string) (price, compareAt string) {
	p, ok := v.Prices[currency]
	if !ok {
		return "", ""
	}
	if p.CompareAt > 0 {
		compareAt = money.Of(p.CompareAt, currency).Format()
	}
	return money.Of(p.Amount, currency).Format(), compareAt
}

// Flush writes out what is buffered, such as a header without products.
func (w *Writer) Flush() error {
	w.csv.Flush()
	return w.csv.Error()
}
