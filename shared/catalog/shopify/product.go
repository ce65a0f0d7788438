package shopify

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"dangol/shared/catalog"
)

// GiftSet stands in the column of the inventory tracker for variants made of others. Such a variant can be changed by a
// file, not made by one: the format has no place for its parts.
const GiftSet = "gift set"

// DefaultOptions are the option values of the variant of a product without options, as Shopify writes them.
var DefaultOptions = []string{"Default Title"}

// Base is the language and the currency of the columns that name none.
type Base struct{ Language, Currency string }

// Product is a product as a file describes it. What the file has no column for is nil (empty for a map), and stays as
// it is in the shop.
type Product struct {
	Row            int // its first row; the header is row 1
	Handle         string
	Status         *catalog.Status
	Title          catalog.Text // "" for a language whose cell is empty
	Description    catalog.Text
	SEOTitle       catalog.Text
	SEODescription catalog.Text
	AllMetafields  map[string]string // of the column that has all; nil when it is missing
	Metafields     map[string]string // of columns of their own; "" where the cell is empty
	Vendor         *string
	Type           *string
	Tags           *[]string
	Categories     *[]string
	Options        []catalog.Option
	OptionColumns  int // how many options the file has columns for
	Variants       []Variant
	Images         *[]catalog.Image
}

// Variant is a variant as a file describes it.
type Variant struct {
	Row              int
	Options          []string
	SKU, Barcode     *string // nil where the file has no such column; so for all pointers
	Image            *string
	Grams            *int
	Tracked          *bool
	GiftSet          bool // the tracker column says that it is one
	Quantity         *int // nil also when the cell is empty
	Backorder        *bool
	RequiresShipping *bool
	Taxable          *bool
	// Prices is by currency; nil in a currency whose cell is empty: not sold in it.
	Prices map[string]*Price
}

// Price is a price as a file describes it, in minor units.
type Price struct {
	Amount    int64
	CompareAt *int64 // nil where the file has no such column; 0 for none
}

// Says reports whether the row says anything about a variant besides its options.
func (v Variant) Says() bool {
	return v.SKU != nil || v.Barcode != nil || v.Image != nil || v.Grams != nil || v.Tracked != nil ||
		v.Quantity != nil || v.Backorder != nil || v.RequiresShipping != nil || v.Taxable != nil || len(v.Prices) > 0
}

// parser turns the rows of a product into a Product and gathers what is wrong.
type parser struct {
	*header
	base   Base
	row    Row         // the row that is being read
	errors []*RowError // of all rows so far
}

// Product reads the rows. When it returns errors the product is not complete.
// The product itself is described by its first row.
func (g Group) Product(base Base) (Product, []*RowError) {
	p := &parser{header: g.header, base: base, row: g.Rows[0]}
	product := p.product(g)
	var images []placedImage
	for i, row := range g.Rows {
		p.row = row
		p.fits()
		src, _ := p.text(colImage)
		if src != "" {
			images = append(images, p.image(src, i))
		}
		switch {
		// The first row is always a variant: products with a
		// single one may leave every column of it empty.
		case i == 0 || p.isVariant():
			product.Variants = append(product.Variants, p.variant(product.Options))
		// A row that has neither a picture nor all its columns was cut
		// off, probably by the end of a file that was not copied whole.
		case src == "" && len(row.Fields) < len(p.names):
			p.errors = append(p.errors, &RowError{
				Row: row.Number, Code: "cut_row", Message: fmt.Sprintf(
					"a variant or a picture; the row has %d of %d columns, is it cut short?", len(row.Fields), len(p.names)),
			})
		}
	}
	if p.has(colImage) {
		product.Images = sorted(images)
	}
	fillOptions(&product)
	return product, p.errors
}

// fits refuses a row with more cells than the header: one comma too many moves each price and each stock into the next
// column.
func (p *parser) fits() {
	for _, cell := range p.row.Fields[min(len(p.names), len(p.row.Fields)):] {
		if strings.TrimSpace(cell) != "" {
			p.errors = append(p.errors, &RowError{Row: p.row.Number, Code: "wide_row", Message: fmt.Sprintf(
				"%d cells as in the header, not %d; does a text with a comma stand outside quotes?", len(p.names), len(
					p.row.Fields))})
			return
		}
	}
}

// fail notes that the cell of a column is wrong.
func (p *parser) fail(c column, code, format string, args ...any) {
	p.failAt(p.name(c), code, format, args...)
}

// failAt is fail for a column by the name that the file has for it.
func (p *parser) failAt(name, code, format string, args ...any) {
	p.errors = append(p.errors, &RowError{Row: p.row.Number, Column: name, Code: code,
		Message: fmt.Sprintf(format, args...)})
}

// text is the cell without spaces around it, in composed form (a Mac writes Hangul decomposed). ok tells whether the
// file has the column.
func (p *parser) text(c column) (string, bool) {
	i, ok := p.at[c]
	if !ok {
		return "", false
	}
	return p.cell(i), true
}

// cell is one line: line breaks and tabs that a spreadsheet put into it become spaces.
func (p *parser) cell(i int) string {
	s := p.row.field(i)
	if strings.ContainsAny(s, "\r\n\t\v\f\u2028\u2029") {
		s = strings.Join(strings.Fields(s), " ")
	}
	return norm.NFC.String(strings.TrimSpace(s))
}

// markup is a cell of several lines.
func (p *parser) markup(i int) string { return norm.NFC.String(strings.TrimSpace(p.row.field(i))) }

// HandleOf brings a handle into the form of addresses: lower case, without signs such as the trade mark, a hyphen for
// everything else that is no letter and no digit.
func HandleOf(s string) string {
	var b strings.Builder
	for _, r := range norm.NFC.String(strings.ToLower(strings.TrimSpace(s))) {
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r), unicode.IsMark(r), r == '-', r == '_', r == '.':
			b.WriteRune(r)
		// Marks that carry meaning in names are dropped without
		// a trace: a trade mark sign is not a word break.
		case unicode.IsSymbol(r), unicode.Is(unicode.Cf, r): // a sign, or a character without a shape
		default:
			b.WriteByte('-')
		}
	}
	return strings.Trim(b.String(), "-")
}

// optional is the text of a cell; nil when the file has no such column.
func (p *parser) optional(c column) *string {
	if s, ok := p.text(c); ok {
		return &s
	}
	return nil
}

// product reads what the first row says of the product as a whole.
func (p *parser) product(g Group) Product {
	product := Product{
		Row: p.row.Number, Handle: HandleOf(g.Handle), Status: p.status(),
		Title: p.translations(colTitle, p.titles), Description: p.translations(colBody, p.bodies),
		SEOTitle: p.translations(colSEOTitle, nil), SEODescription: p.translations(colSEOText, nil),
		AllMetafields: p.allMetafields(), Metafields: p.metafields(),
		Vendor: p.optional(colVendor), Type: p.optional(colType), Tags: p.list(colTags), Categories: p.categories(),
		Options: p.options(), OptionColumns: p.optionColumns(),
	}
	if product.Handle == "" {
		p.fail(colHandle, "required", "the handle of the product")
	}
	if product.Title.In() == "" {
		p.fail(colTitle, "required", "a title in the first row of the product")
	}
	return product
}

// allMetafields reads the column that has all metafields as one JSON object; an empty cell is no metafields.
func (p *parser) allMetafields() map[string]string {
	i, ok := p.at[colMeta]
	if !ok {
		return nil
	}
	all := map[string]string{}
	if text := p.markup(i); text != "" {
		if err := json.Unmarshal([]byte(text), &all); err != nil {
			p.fail(colMeta, "wrong_format", `a JSON object of texts such as {"custom.material":"linen"}`)
		}
	}
	return all
}

// metafields are those that have columns of their own.
func (p *parser) metafields() map[string]string {
	fields := make(map[string]string, len(p.metas))
	for name, i := range p.metas {
		fields[name] = p.markup(i)
	}
	return fields
}

// translations reads a text in the base language and in those that have columns of their own.
func (p *parser) translations(c column, others map[string]int) catalog.Text {
	t := catalog.Text{}
	read := p.cell
	// Descriptions are HTML and keep their lines.
	if c == colBody {
		read = p.markup
	}
	if i, ok := p.at[c]; ok {
		t[p.base.Language] = read(i)
	}
	for language, i := range others {
		t[language] = read(i)
	}
	return t
}

// status is Status when the file has it, else what Published says.
// Shopify's unlisted products can be reached by their address; here such a product is a draft.
func (p *parser) status() *catalog.Status {
	if s, ok := p.text(colStatus); ok && s != "" {
		status := catalog.Status(strings.ToLower(s))
		switch status {
		case catalog.Active, catalog.Draft, catalog.Archived:
		case "unlisted":
			status = catalog.Draft
		default:
			p.fail(colStatus, "not_allowed", "active, draft or archived")
		}
		return &status
	}
	published := p.flag(colPublished)
	if published == nil {
		return nil
	}
	status := catalog.Draft
	if *published {
		status = catalog.Active
	}
	return &status
}

// list reads a list separated by commas, each element once.
func (p *parser) list(c column) *[]string {
	s, ok := p.text(c)
	if !ok {
		return nil
	}
	items := []string{}
	for item := range strings.SplitSeq(s, ",") {
		if item = strings.TrimSpace(item); item != "" && !slices.Contains(items, item) {
			items = append(items, item)
		}
	}
	return &items
}

// categories are those of our own column, else the type.
func (p *parser) categories() *[]string {
	if own := p.list(colCategory); own != nil {
		return own
	}
	kind, ok := p.text(colType)
	switch {
	// A file without a type says nothing about categories,
	// so they stay; an empty type takes them away.
	case !ok:
		return nil
	case kind == "":
		return &[]string{}
	default:
		return &[]string{kind}
	}
}

// options are the names; a product without options has the one option Title with the value Default Title.
func (p *parser) options() []catalog.Option {
	var options []catalog.Option
	for n := range MaxOptions {
		name, _ := p.text(colOption(n))
		value, _ := p.text(colOptionValue(n))
		// Shopify writes this pair for products without options.
		if name == "" || n == 0 && name == "Title" && value == DefaultOptions[0] {
			break
		}
		options = append(options, catalog.Option{Name: name})
	}
	return options
}

// optionColumns is how many options the file has columns for, those of the first one first.
func (p *parser) optionColumns() int {
	for n := range MaxOptions {
		if !p.has(colOption(n)) || !p.has(colOptionValue(n)) {
			return n
		}
	}
	return MaxOptions
}

// fillOptions gives each option its values, in the order in which they come up.
func fillOptions(product *Product) {
	for _, v := range product.Variants {
		for n, value := range v.Options {
			// The row's errors were noted before; an empty value is not one of the option.
			if value != "" && !slices.Contains(product.Options[n].Values, value) {
				product.Options[n].Values = append(product.Options[n].Values, value)
			}
		}
	}
}

// isVariant tells a row of a variant from one that only carries a picture.
func (p *parser) isVariant() bool {
	for _, c := range []column{colOptionValue(0), colSKU, colPrice, colQuantity} {
		if s, _ := p.text(c); s != "" {
			return true
		}
	}
	for _, i := range p.prices {
		if p.cell(i) != "" {
			return true
		}
	}
	return false
}

// variant reads the row of a variant.
func (p *parser) variant(options []catalog.Option) Variant {
	v := Variant{
		Row: p.row.Number, SKU: p.optional(colSKU), Barcode: p.optional(colBarcode), Image: p.address(colVariantIm),
		Grams: p.grams(), Quantity: p.quantity(), Backorder: p.policy(),
		RequiresShipping: p.flag(colShipping), Taxable: p.flag(colTaxable), Prices: p.allPrices(),
	}
	if tracker, ok := p.text(colTracker); ok {
		// Whatever system tracks the stock, a name in the column means that it is tracked.
		tracked := tracker != ""
		v.Tracked, v.GiftSet = &tracked, strings.EqualFold(tracker, GiftSet)
	}
	for n := range options {
		value, _ := p.text(colOptionValue(n))
		if value == "" {
			p.fail(colOptionValue(n), "required", "a value of %s for each variant", options[n].Name)
		}
		v.Options = append(v.Options, value)
	}
	return v
}
