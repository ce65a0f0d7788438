package products

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"dangol/shared/catalog"
	"dangol/shared/catalog/shopify"
	"dangol/shared/money"
	"dangol/shared/platform/problem"
	"dangol/shared/stock"
)

// Limits of a product.
const (
	maxVariants    = 100
	maxTags        = 100
	maxCategories  = 20
	maxHandle      = 255 // characters, as Shopify has it; so have the next two
	maxShort       = 255
	maxTitle       = 255
	maxDescription = 20_000

	maxSEODescription = 1_000
	maxMetafields     = 100
	maxMetafield      = 5_000 // characters of one
	maxLanguages      = 10
	maxCurrencies     = 20
	maxAmount         = 1_000_000_000_000 // minor units; sums of a whole cart stay far inside 64 bits
	maxPart           = 1_000
	maxGrams          = 1_000_000
	maxPerBuyer       = 10_000 // units of one variant, in an order or over a lifetime
	maxTaxClass       = 40
)

// reserved handles would hide routes.
var reserved = []string{"import", "export"}

// handleOf brings a handle into its one form, which is that of files: composed, in lower case, no hyphens around it.
func handleOf(s string) string { return strings.Trim(strings.ToLower(line(s)), "-") }

// handleFrom makes a handle of a title: letters of any script and digits, everything else becomes a hyphen. Hangul
// stays: browsers show it in the address, and a romanised one nobody can read.
func handleFrom(title string) string {
	var b strings.Builder
	gap, n := false, 0
	for _, r := range handleOf(title) {
		if !handleRune(r) {
			gap = true
			continue
		}
		if gap && n > 0 {
			b.WriteByte('-')
			n++
		}
		if n++; n > maxHandle {
			break
		}
		b.WriteRune(r)
		gap = false
	}
	return strings.Trim(b.String(), "-")
}

// handleRune reports whether a handle may have the character:
// letters of any script, because browsers show them in the address.
func handleRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) }

// validHandle reports whether a handle can be part of an
// address. One of dots alone would be a path of its own.
func validHandle(s string) bool {
	bad := func(r rune) bool { return !handleRune(r) && r != '-' && r != '_' && r != '.' }
	return s != "" && utf8.RuneCountInString(s) <= maxHandle && strings.IndexFunc(s, bad) < 0 &&
		strings.Trim(s, ".") != "" &&
		!slices.Contains(reserved, s)
}

// checker gathers what is wrong with a product, as pointers into its document.
type checker struct{ problem.Fields }

// check says what is wrong with the product in the place of before (nil for one that is being made). parts has the
// products that the components belong to.
func check(p, before *catalog.Product, parts map[string]*catalog.Product) []problem.Field {
	c := &checker{}
	c.texts(p)
	c.options(p)
	if len(p.Variants) == 0 || len(p.Variants) > maxVariants {
		c.Add("/variants", "wrong_count", "1 to %d variants", maxVariants)
		return c.Fields
	}
	c.combinations(p)
	seen := map[string]bool{}
	for i, v := range p.Variants {
		at := fmt.Sprintf("/variants/%d", i)
		if seen[v.ID] {
			c.Add(at+"/id", "duplicate", "each variant once")
		}
		seen[v.ID] = true
		c.variant(at, v)
		c.components(at, v, p, parts)
		c.heritage(at, v, p, before)
	}
	return c.Fields
}

// handle checks a handle that a merchant or a file gave.
func (c *checker) handle(s string) {
	switch {
	case slices.Contains(reserved, s):
		c.Add("/handle", "reserved", "another handle; this one is a route")
	case !validHandle(s):
		c.Add("/handle", "wrong_format", "letters of any script, digits and hyphens, at most %d", maxHandle)
	}
}

// texts checks everything that is text, pictures included.
func (c *checker) texts(p *catalog.Product) {
	c.handle(p.Handle)
	c.OneOf(string(p.Status), "/status", string(catalog.Draft), string(catalog.Active), string(catalog.Archived))
	c.Count(len(p.Tags), 0, maxTags, "/tags")
	c.Count(len(p.Categories), 0, maxCategories, "/categories")
	if p.Title.In() == "" {
		c.Add("/title", "required", "a title in at least one language")
	}
	c.text("/title", p.Title, maxTitle)
	c.text("/description", p.Description, maxDescription)
	c.text("/seoTitle", p.SEOTitle, maxTitle)
	c.text("/seoDescription", p.SEODescription, maxSEODescription)
	c.metafields(p.Metafields)
	c.labels("/tags", p.Tags)
	c.labels("/categories", p.Categories)
	for name, s := range map[string]string{"/vendor": p.Vendor, "/type": p.Type} {
		c.short(name, s)
	}
	for i, im := range p.Images {
		c.address(fmt.Sprintf("/images/%d/url", i), im.URL)
		if utf8.RuneCountInString(im.Alt) > maxTitle {
			c.Add(fmt.Sprintf("/images/%d/alt", i), "too_long", "at most %d characters", maxTitle)
		}
	}
}

// metafields are named as in Shopify, so that a file can carry them there and back.
func (c *checker) metafields(fields map[string]string) {
	if len(fields) > maxMetafields {
		c.Add("/metafields", "too_long", "at most %d", maxMetafields)
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if !shopify.IsMetafield(name) {
			c.Add("/metafields/"+name, "wrong_format", "a namespace and a key such as custom.material")
		}
		if utf8.RuneCountInString(fields[name]) > maxMetafield {
			c.Add("/metafields/"+name, "too_long", "at most %d characters", maxMetafield)
		}
	}
}

// text checks a text in several languages.
func (c *checker) text(at string, t catalog.Text, most int) {
	if len(t) > maxLanguages {
		c.Add(at, "too_long", "at most %d languages", maxLanguages)
	}
	for language, s := range t {
		if !validLanguage(language) {
			c.Add(at+"/"+language, "wrong_format", "a language tag such as ko")
		}
		if utf8.RuneCountInString(s) > most {
			c.Add(at+"/"+language, "too_long", "at most %d characters", most)
		}
	}
}

// validLanguage reports whether s looks like a language tag
// (BCP 47); whether the shop has texts in it is another matter.
func validLanguage(s string) bool {
	if len(s) < 2 || len(s) > 10 {
		return false
	}
	return strings.IndexFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' ||
			r == '-')
	}) < 0
}

// labels must survive the comma-separated cells of a file.
func (c *checker) labels(at string, labels []string) {
	for i, s := range labels {
		here := fmt.Sprintf("%s/%d", at, i)
		c.short(here, s)
		if s == "" || strings.ContainsRune(s, ',') || strings.TrimSpace(s) != s {
			c.Add(here, "wrong_format", "text without commas and without spaces around it")
		}
		if slices.Index(labels, s) != i {
			c.Add(here, "duplicate", "each one once")
		}
	}
}

// short checks a text of one line.
func (c *checker) short(at, s string) {
	if utf8.RuneCountInString(s) > maxShort {
		c.Add(at, "too_long", "at most %d characters", maxShort)
	}
	if strings.IndexFunc(s, unicode.IsControl) >= 0 {
		c.Add(at, "wrong_format", "text without control characters")
	}
}

// address checks the URL of a picture.
func (c *checker) address(at, s string) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || len(s) > 2000 {
		c.Add(at, "wrong_format", "an http or https address")
	}
}

// options checks the options by themselves; combinations checks the variants against them.
func (c *checker) options(p *catalog.Product) {
	for i, o := range p.Options {
		at := fmt.Sprintf("/options/%d", i)
		c.short(at+"/name", o.Name)
		if o.Name == "" {
			c.Add(at+"/name", "required", "a name such as Size")
		}
		if slices.IndexFunc(p.Options, func(q catalog.Option) bool { return q.Name == o.Name }) != i {
			c.Add(at+"/name", "duplicate", "each option once")
		}
		for k, value := range o.Values {
			c.short(fmt.Sprintf("%s/values/%d", at, k), value)
			c.Require(value != "", fmt.Sprintf("%s/values/%d", at, k), "required", "a value such as M")
			c.Require(slices.Index(o.Values, value) == k, fmt.Sprintf("%s/values/%d", at, k), "duplicate", "each value once")
		}
	}
	if len(p.Options) > 3 {
		c.Add("/options", "too_long", "at most 3 options")
	}
}

// combinations: each variant has one value of each option, and no two have the same.
func (c *checker) combinations(p *catalog.Product) {
	seen := map[string]int{}
	for i, v := range p.Variants {
		at := fmt.Sprintf("/variants/%d/options", i)
		if len(v.Options) != len(p.Options) {
			c.Add(at, "wrong_count", "%d values, one for each option", len(p.Options))
			continue
		}
		for k, value := range v.Options {
			if !slices.Contains(p.Options[k].Values, value) {
				c.Add(fmt.Sprintf("%s/%d", at, k), "not_allowed", "a value of %s", p.Options[k].Name)
			}
		}
		key := strings.Join(v.Options, "\x00")
		if other, twice := seen[key]; twice {
			c.Add(at, "duplicate", "options that variant %d does not have", other)
			continue
		}
		seen[key] = i
	}
}

// variant checks what concerns one variant alone.
func (c *checker) variant(at string, v catalog.Variant) {
	c.short(at+"/sku", v.SKU)
	c.short(at+"/barcode", v.Barcode)
	if v.Image != "" {
		c.address(at+"/image", v.Image)
	}
	if len(v.Prices) == 0 || len(v.Prices) > maxCurrencies {
		c.Add(at+"/prices", "required", "a price in 1 to %d currencies", maxCurrencies)
	}
	for currency, price := range v.Prices {
		here := at + "/prices/" + currency
		if _, err := money.Digits(currency); err != nil {
			c.Add(here, "unknown_currency", "an ISO 4217 code")
		}
		if price.Amount < 0 || price.Amount > maxAmount {
			c.Add(here+"/amount", "out_of_range", "0 to %d", int64(maxAmount))
		}
		if price.CompareAt != 0 && (price.CompareAt <= price.Amount || price.CompareAt > maxAmount) {
			c.Add(here+"/compareAt", "too_small", "above amount, or 0")
		}
		if price.Floor < 0 || price.Floor > maxAmount {
			c.Add(here+"/floor", "out_of_range", "0 to %d", int64(maxAmount))
		}
	}
	c.limits(at, v)
	if e := v.Edition; e != nil && (e.Buckets < 1 || e.Buckets > stock.MaxBuckets) {
		c.Add(at+"/edition/buckets", "out_of_range", "1 to %d", stock.MaxBuckets)
	}
	if len(v.Components) > 0 && (v.Untracked || v.Backorder || v.Edition != nil && v.Edition.Buckets > 1) {
		c.Add(at+"/components", "not_allowed", "a gift set has no stock of its own: no untracked, backorder or buckets")
	}
}

// limits checks the numbers of a variant besides its prices, and its class of tax.
func (c *checker) limits(at string, v catalog.Variant) {
	for _, number := range []struct {
		name    string
		n, most int
	}{
		{"/grams", v.Grams, maxGrams},
		{"/maxPerOrder", v.MaxPerOrder, maxPerBuyer},
		{"/maxPerCustomer", v.MaxPerCustomer, maxPerBuyer},
	} {
		if number.n < 0 || number.n > number.most {
			c.Add(at+number.name, "out_of_range", "0 to %d", number.most)
		}
	}
	other := func(r rune) bool { return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '_' || r == '-') }
	if len(v.TaxClass) > maxTaxClass || strings.IndexFunc(v.TaxClass, other) >= 0 {
		c.Add(at+"/taxClass", "wrong_format", "at most %d small letters, digits, hyphens and underscores", maxTaxClass)
	}
}

// components must be there and must not be gift sets themselves. A set is a set from its beginning and its parts are
// there before it, so no chain and no circle can come about.
func (c *checker) components(at string, v catalog.Variant, p *catalog.Product, parts map[string]*catalog.Product) {
	for i, part := range v.Components {
		here := fmt.Sprintf("%s/components/%d", at, i)
		if part.Quantity < 1 || part.Quantity > maxPart {
			c.Add(here+"/quantity", "out_of_range", "1 to %d", maxPart)
		}
		owner := parts[catalog.ProductOf(part.VariantID)]
		if catalog.ProductOf(part.VariantID) == p.ID {
			owner = p
		}
		var found catalog.Variant
		known := false
		if owner != nil {
			found, known = owner.Variant(part.VariantID)
		}
		switch {
		case part.VariantID == v.ID:
			c.Add(here+"/variantId", "not_allowed", "another variant than the set itself")
		case !known:
			c.Add(here+"/variantId", "unknown_variant", "a variant of this shop")
		case len(found.Components) > 0:
			c.Add(here+"/variantId", "not_allowed", "a variant that is no gift set itself")
		case slices.IndexFunc(v.Components, func(o catalog.Component) bool { return o.VariantID == part.VariantID }) != i:
			c.Add(here+"/variantId", "duplicate", "each variant once, with its quantity")
		}
	}
}

// heritage is what a variant cannot do because of what it was before.
func (c *checker) heritage(at string, v catalog.Variant, p, before *catalog.Product) {
	var old catalog.Variant
	known := false
	if before != nil {
		old, known = before.Variant(v.ID)
	}
	if !known {
		first := 0
		if before != nil {
			first = before.NextVariant
		}
		if !freshID(v.ID, p, first) {
			c.Add(at+"/id", "unknown_variant", "the id of a variant of this product, or none for a new one")
		}
		return
	}
	if (len(old.Components) > 0) != (len(v.Components) > 0) {
		c.Add(at+"/components", "not_allowed", "a variant is a gift set from its beginning or never")
	}
	if old.HasOwnStock() && v.HasOwnStock() && v.Buckets() < old.Buckets() {
		c.Add(at+"/edition/buckets", "too_small", "at least %d: units would be lost", old.Buckets())
	}
}

// freshID reports whether the id is one of those that this change has given out.
func freshID(variantID string, p *catalog.Product, first int) bool {
	for n := first; n < p.NextVariant; n++ {
		if catalog.VariantID(p.ID, n) == variantID {
			return true
		}
	}
	return false
}

// texts are the texts that are not empty, in composed form:
// a search or a comparison must not depend on the keyboard.
func texts(t map[string]string) catalog.Text {
	var out catalog.Text
	for language, s := range t {
		if s = norm.NFC.String(strings.TrimSpace(s)); s != "" {
			if out == nil {
				out = catalog.Text{}
			}
			out[language] = s
		}
	}
	return out
}

// composedOptions brings names and values of options into composed form, as those of the variants are: a value in
// another form would be none of the option.
func composedOptions(options []catalog.Option) []catalog.Option {
	out := slices.Clone(options)
	for i, o := range out {
		out[i] = catalog.Option{Name: line(o.Name), Values: trimmedLines(o.Values)}
	}
	return out
}

// composedValues is composed for the values of metafields; empty ones are none.
func composedValues(all map[string]string) map[string]string {
	out := make(map[string]string, len(all))
	for name, value := range all {
		if value != "" {
			out[name] = norm.NFC.String(value)
		}
	}
	return out
}

// composed brings texts into composed form (NFC); the list
// is copied, as the document is the caller's.
func composed(all []string) []string {
	out := slices.Clone(all)
	for i, s := range out {
		out[i] = norm.NFC.String(s)
	}
	return out
}

// trimmedLines is line for a list, which is copied.
func trimmedLines(all []string) []string {
	out := slices.Clone(all)
	for i, s := range out {
		out[i] = line(s)
	}
	return out
}

// line brings a text of one line into the form in which a file has it, composed (NFC) and without spaces around it: an
// exported product has to be found again by its handle, and its variants by their options.
func line(s string) string { return norm.NFC.String(strings.TrimSpace(s)) }
