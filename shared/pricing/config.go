package pricing

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"dangol/shared/money"
	"dangol/shared/platform/format"
)

//go:embed shop.json
var defaultShop []byte

// DefaultShop is the embedded configuration: a Korean brand that ships to Korea, the USA, Japan, the EU and the world.
func DefaultShop() (Shop, error) { return ParseShop(defaultShop) }

// packed begins a configuration that PackShop made.
const packed = "gzip:"

// PackShop makes a configuration short enough for a variable: all variables of a Lambda function have 4 KB together,
// about as much as a configuration is long. LoadShop reads it. Error: a configuration that ParseShop refuses.
func PackShop(raw []byte) (string, error) {
	if _, err := ParseShop(raw); err != nil {
		return "", err
	}
	var short bytes.Buffer
	w, err := gzip.NewWriterLevel(&short, gzip.BestCompression)
	if err == nil {
		_, err = w.Write(raw)
	}
	if err != nil {
		return "", fmt.Errorf("shop configuration: %w", err)
	}
	if err := w.Close(); err != nil {
		return "", fmt.Errorf("shop configuration: %w", err)
	}
	return packed + base64.StdEncoding.EncodeToString(short.Bytes()), nil
}

// unpack is the configuration that PackShop packed.
func unpack(text string) ([]byte, error) {
	short, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("shop configuration: %w", err)
	}
	r, err := gzip.NewReader(bytes.NewReader(short))
	if err != nil {
		return nil, fmt.Errorf("shop configuration: %w", err)
	}
	raw, err := io.ReadAll(io.LimitReader(r, maxConfig))
	if err != nil {
		return nil, fmt.Errorf("shop configuration: %w", err)
	}
	return raw, nil
}

// maxConfig bounds what is unpacked, in bytes; a configuration of every country has less than a tenth of it.
const maxConfig = 1 << 20

// LoadShop reads what the variable SHOP_CONFIG says: a configuration as JSON or as PackShop wrote it, the path of a
// file with one, or nothing for the embedded one.
func LoadShop(config string) (Shop, error) {
	// Nothing set: the embedded shop, so that a laptop needs no configuration.
	if config == "" {
		return DefaultShop()
	}
	if strings.HasPrefix(strings.TrimSpace(config), "{") {
		return ParseShop([]byte(config))
	}
	if text, ok := strings.CutPrefix(config, packed); ok {
		raw, err := unpack(text)
		if err != nil {
			return Shop{}, err
		}
		return ParseShop(raw)
	}
	raw, err := os.ReadFile(config)
	if err != nil {
		return Shop{}, fmt.Errorf("shop configuration: %w", err)
	}
	return ParseShop(raw)
}

// maxAmount bounds configured amounts so that sums over a whole cart stay far inside 64 bits.
const maxAmount = 1_000_000_000_000

// ParseShop reads and checks a configuration. Its errors name the wrong field, for example
// "zones[1].methods[0].prices.USD.amount: below zero".
func ParseShop(raw []byte) (Shop, error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	// A misspelled field would otherwise be ignored and its default used.
	decoder.DisallowUnknownFields()
	var s Shop
	if err := decoder.Decode(&s); err != nil {
		return Shop{}, fmt.Errorf("shop configuration: %w", err)
	}
	// A second value in the file would be ignored.
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return Shop{}, errors.New("shop configuration: something follows the closing brace")
	}
	c := check{shop: s, countries: map[string]string{}}
	c.all()
	if c.err != nil {
		return Shop{}, fmt.Errorf("shop configuration: %w", c.err)
	}
	return s, nil
}

// check walks a configuration and keeps the first thing that is wrong.
type check struct {
	shop      Shop
	countries map[string]string // which zone has claimed a country
	err       error             // the first thing that is wrong
}

// that keeps the first failure only: later ones often follow from it.
func (c *check) that(ok bool, format string, args ...any) {
	if !ok && c.err == nil {
		c.err = fmt.Errorf(format, args...)
	}
}

const (
	lower  = "abcdefghijklmnopqrstuvwxyz"
	upper  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits = "0123456789"
)

// made reports whether s has least to most characters, all of them among those. Every function reads the configuration
// when it starts, and compiling regular expressions for it would take longer than reading it.
func made(s, of string, least, most int) bool {
	return len(s) >= least && len(s) <= most && strings.Trim(s, of) == ""
}

// isID reports whether s can be an id in keys, URLs and JSON pointers.
func isID(s string) bool {
	return made(s, lower+digits+"_-", 1, 40) && !strings.HasPrefix(s, "_") && !strings.HasPrefix(s, "-")
}

// all checks the whole configuration, in the order of its fields, so
// that the first error is the one a reader of the file meets first.
func (c *check) all() {
	c.that(len(c.shop.Languages) > 0, "languages: at least one")
	for i, l := range c.shop.Languages {
		c.that(format.IsLanguage(l), "languages[%d]: %q is no language tag such as ko", i, l)
		c.that(slices.Index(c.shop.Languages, l) == i, "languages[%d]: %q is there twice", i, l)
	}
	c.that(len(c.shop.Currencies) > 0, "currencies: at least one")
	for i, code := range c.shop.Currencies {
		_, err := money.Digits(code)
		c.that(err == nil, "currencies[%d]: %q is not in ISO 4217", i, code)
		c.that(slices.Index(c.shop.Currencies, code) == i, "currencies[%d]: %q is there twice", i, code)
	}
	days := c.shop.PriorPriceDays
	// The law wants at least 30 days (Directive 98/6/EC,
	// article 6a); a year is as far as prices are kept.
	c.that(days == 0 || days >= 30 && days <= 365, "priorPriceDays: %d is not 30 to 365", days)
	c.that(c.shop.Country == "" || format.IsCountry(c.shop.Country), "country: %q is no ISO 3166-1 alpha-2 code",
		c.shop.Country)
	for i, d := range c.shop.Legal {
		c.that(d.Kind != "" && d.URL != "" && len(d.Title) > 0, "legal[%d]: kind, title and url", i)
	}
	c.that(len(c.shop.Zones) > 0, "zones: at least one")
	for i, z := range c.shop.Zones {
		c.zone(fmt.Sprintf("zones[%d]", i), z)
	}
	taxed := map[string]bool{}
	for i, t := range c.shop.Taxes {
		c.tax(fmt.Sprintf("taxes[%d]", i), t)
		c.that(!taxed[t.Country], "taxes[%d].country: %s is there twice", i, t.Country)
		taxed[t.Country] = true
	}
}

// zone checks one shipping zone. A country may be in one zone only, or
// the price of its shipping would depend on the order of the zones.
func (c *check) zone(at string, z Zone) {
	c.that(isID(z.ID), "%s.id: %q is not in lower case letters, digits, - and _", at, z.ID)
	c.that(len(z.Countries) > 0, "%s.countries: at least one", at)
	for i, country := range z.Countries {
		known := country == Anywhere || format.IsCountry(country)
		c.that(known, "%s.countries[%d]: %q is no ISO 3166-1 alpha-2 code and not *", at, i, country)
		c.that(c.countries[country] == "", "%s.countries[%d]: %s is already in zone %s", at, i, country, c.countries[country])
		c.countries[country] = z.ID
	}
	c.that(len(z.Methods) > 0, "%s.methods: at least one", at)
	for i, m := range z.Methods {
		c.method(fmt.Sprintf("%s.methods[%d]", at, i), m)
		first := slices.IndexFunc(z.Methods, func(o Method) bool { return o.ID == m.ID })
		c.that(first == i, "%s.methods[%d].id: %q is there twice", at, i, m.ID)
	}
}

// method checks one shipping method. Its name must be in all
// languages, because it is shown in the shopper's.
func (c *check) method(at string, m Method) {
	c.that(isID(m.ID), "%s.id: %q is not in lower case letters, digits, - and _", at, m.ID)
	for _, l := range c.shop.Languages {
		c.that(m.Name[l] != "", "%s.name.%s: missing", at, l)
	}
	c.that(len(m.Prices) > 0, "%s.prices: at least one", at)
	for code, rate := range m.Prices {
		known := slices.Contains(c.shop.Currencies, code)
		c.that(known, "%s.prices.%s: not one of the shop's currencies", at, code)
		c.that(rate.Amount >= 0, "%s.prices.%s.amount: below zero", at, code)
		c.that(rate.Amount <= maxAmount, "%s.prices.%s.amount: above %d", at, code, int64(maxAmount))
		c.that(rate.FreeFrom >= 0, "%s.prices.%s.freeFrom: below zero", at, code)
	}
}

// tax checks the tax of one country.
func (c *check) tax(at string, t Tax) {
	c.that(format.IsCountry(t.Country), "%s.country: %q is no ISO 3166-1 alpha-2 code", at, t.Country)
	c.that(t.Name != "", "%s.name: missing", at)
	// 10,000 basis points are 100 %.
	c.that(t.Rate >= 0 && t.Rate <= 10_000, "%s.rate: %d is not 0 to 10000 basis points", at, t.Rate)
	for class, rate := range t.Classes {
		c.that(isID(class), "%s.classes: %q is not in lower case letters, digits, - and _", at, class)
		c.that(rate >= 0 && rate <= 10_000, "%s.classes.%s: %d is not 0 to 10000 basis points", at, class, rate)
	}
	for i, code := range t.IncludedIn {
		known := code == Anywhere || slices.Contains(c.shop.Currencies, code)
		c.that(known, "%s.includedIn[%d]: %q is neither one of the shop's currencies nor *", at, i, code)
	}
}
