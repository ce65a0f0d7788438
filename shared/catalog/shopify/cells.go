package shopify

import (
	"cmp"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"dangol/shared/catalog"
	"dangol/shared/money"
)

// flag reads true and false; an empty cell is true, as Shopify has it for all its flags in use here.
func (p *parser) flag(c column) *bool {
	s, ok := p.text(c)
	if !ok {
		return nil
	}
	yes := true
	switch strings.ToLower(s) {
	case "", "true", "yes", "1":
	case "false", "no", "0":
		yes = false
	default:
		p.fail(c, "wrong_type", "true or false")
	}
	return &yes
}

// policy reads whether a variant is sold below zero. Shopify's
// names are deny and continue; its newer files have true and false.
func (p *parser) policy() *bool {
	s, ok := p.text(colPolicy)
	if !ok {
		return nil
	}
	backorder := false
	switch strings.ToLower(s) {
	case "", "deny", "false":
	case "continue", "true":
		backorder = true
	default:
		p.fail(colPolicy, "not_allowed", "deny or continue")
	}
	return &backorder
}

// maxQuantity bounds stock so that sums stay far from overflow.
const maxQuantity = 10_000_000

// quantity reads the stock. Shopify writes what was oversold as a negative number: nothing is left of it.
func (p *parser) quantity() *int {
	s, ok := p.text(colQuantity)
	if !ok || s == "" {
		return nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n > maxQuantity {
		p.fail(colQuantity, "wrong_type", "a whole number up to %d", maxQuantity)
	}
	n = max(n, 0)
	return &n
}

// grams reads the weight. Shopify writes decimals; whole grams are kept.
func (p *parser) grams() *int {
	s, ok := p.text(colGrams)
	if !ok {
		return nil
	}
	grams := 0
	if s != "" {
		f, err := strconv.ParseFloat(s, 64)
		// Written so that NaN, which compares with nothing, is refused too.
		if err != nil || !(f >= 0 && f <= 1_000_000) {
			p.fail(colGrams, "wrong_type", "a weight in grams, up to 1000000")
			return nil
		}
		grams = int(math.Round(f))
	}
	return &grams
}

// address reads the URL of a picture. An empty cell is a picture taken away.
func (p *parser) address(c column) *string {
	s, ok := p.text(c)
	if !ok {
		return nil
	}
	if s != "" && !isAddress(s) {
		p.fail(c, "wrong_format", "an http or https address of at most 2000 characters")
	}
	return &s
}

// isAddress reports whether s is a URL that a browser can load a picture from.
func isAddress(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && len(s) <= 2000
}

// allPrices reads the prices of a row by currency: the
// column without a currency is that of the base.
func (p *parser) allPrices() map[string]*Price {
	prices := map[string]*Price{}
	if i, ok := p.at[colPrice]; ok {
		compare, has := p.at[colCompare]
		prices[p.base.Currency] = p.price(p.base.Currency, i, compare, has)
	}
	for currency, i := range p.prices {
		compare, has := p.compares[currency]
		if _, base := p.at[colPrice]; base && currency == p.base.Currency && p.cell(i) == "" {
			continue // the column without a currency has it
		}
		prices[currency] = p.price(currency, i, compare, has)
	}
	return prices
}

// price reads a price; an empty cell is nil: not sold in the currency. A
// compare-at price that is not above it is no reduction and is left out.
func (p *parser) price(currency string, at, compareAt int, hasCompare bool) *Price {
	if p.cell(at) == "" {
		return nil
	}
	price := Price{Amount: p.amount(currency, at)}
	if !hasCompare {
		return &price
	}
	compared := int64(0)
	if p.cell(compareAt) != "" {
		compared = p.amount(currency, compareAt)
	}
	if compared <= price.Amount {
		compared = 0
	}
	price.CompareAt = &compared
	return &price
}

// amount reads a decimal in minor units.
func (p *parser) amount(currency string, at int) int64 {
	name := strings.TrimSpace(p.names[at])
	m, err := money.Parse(p.cell(at), currency)
	digits, _ := money.Digits(currency) // the header took known currencies only
	switch {
	case err != nil:
		p.failAt(name, "wrong_format", "a decimal in %s with at most %d places and no separators", currency, digits)
	case m.Amount < 0:
		p.failAt(name, "too_small", "not below zero")
	}
	return m.Amount
}

// placedImage is a picture with its position in the product.
type placedImage struct {
	catalog.Image
	position int
}

// image reads the picture of a row. Without a position the
// row's own place counts; row counts from 0.
func (p *parser) image(src string, row int) placedImage {
	p.address(colImage)
	alt, _ := p.text(colAlt)
	position := row + 1
	if s, _ := p.text(colPosition); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 0 {
			p.fail(colPosition, "wrong_type", "a whole number")
		}
		position = n
	}
	return placedImage{catalog.Image{URL: src, Alt: alt}, position}
}

// sorted puts pictures into the order of their positions;
// equal positions keep the order of the file.
func sorted(images []placedImage) *[]catalog.Image {
	slices.SortStableFunc(images, func(a, b placedImage) int { return cmp.Compare(a.position, b.position) })
	list := make([]catalog.Image, len(images))
	for i, im := range images {
		list[i] = im.Image
	}
	return &list
}
