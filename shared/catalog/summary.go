package catalog

import (
	"slices"
	"strings"
	"time"
	"unicode"

	"dangol/shared/platform/format"
)

// Summary is what lists show of a product. It is kept on the product's item and projected into the index, so that
// listing never reads products.
type Summary struct {
	ID         string                `json:"id"`
	Handle     string                `json:"handle"`
	Version    int                   `json:"version"` // of the product; the newer card wins
	Status     Status                `json:"status"`
	Title      Text                  `json:"title"`
	Vendor     string                `json:"vendor,omitempty"`
	Type       string                `json:"type,omitempty"`
	Tags       []string              `json:"tags,omitempty"`
	Categories []string              `json:"categories,omitempty"` // as the filters of lists have them
	Image      Image                 `json:"image"`                // the first picture
	Prices     map[string]PriceRange `json:"prices"`               // by currency
	VariantID  string                `json:"variantId"`            // the first, for a buy button where there is but one
	Variants   int                   `json:"variants"`
	CreatedAt  time.Time             `json:"createdAt"`
	UpdatedAt  time.Time             `json:"updatedAt"`
}

// cardOf is the card of a product. Where several variants
// are equally cheap, the first one gives the card its price.
func cardOf(p *Product) Summary {
	c := Summary{
		ID: p.ID, Handle: p.Handle, Version: p.Version, Status: p.Status, Title: p.Title, Vendor: p.Vendor, Type: p.Type,
		Tags: p.Tags, Categories: p.Categories, Variants: len(p.Variants), Prices: map[string]PriceRange{},
		CreatedAt: p.CreatedAt, UpdatedAt: p.UpdatedAt,
	}
	if len(p.Images) > 0 {
		c.Image = p.Images[0]
	}
	if len(p.Variants) > 0 {
		c.VariantID = p.Variants[0].ID
	}
	prices := map[string][]Price{}
	for _, v := range p.Variants {
		for currency, price := range v.Prices {
			prices[currency] = append(prices[currency], price)
		}
	}
	for currency, all := range prices {
		c.Prices[currency] = rangeOf(all)
	}
	return c
}

// searched is the text that a search looks through: titles in all languages, tags, vendor, type and categories, one a
// line.
func (c *Summary) searched() string {
	var b strings.Builder
	add := func(texts ...string) {
		// A line break between texts, so that no word is found across two of them.
		for _, s := range texts {
			b.WriteString(squeeze(s))
			b.WriteByte('\n')
		}
	}
	for _, title := range c.Title {
		add(title)
	}
	add(c.Tags...)
	add(c.Categories...)
	add(c.Vendor, c.Type)
	return b.String()
}

// squeeze brings a text into the form in which it is searched: folded (see format.Fold), letters and digits only.
// Without spaces, because writers of Korean set them freely: 수분크림 finds 수분 크림.
func squeeze(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, format.Fold(s))
}

// searchWords splits what a shopper typed into the words that must all be found.
func searchWords(q string) []string {
	words := strings.Fields(q)
	for i, w := range words {
		words[i] = squeeze(w)
	}
	return slices.DeleteFunc(words, func(w string) bool { return w == "" })
}
