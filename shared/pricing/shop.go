package pricing

import (
	"maps"
	"slices"
)

// Shop is the brand's rules of shipping and tax, and what it speaks and takes.
type Shop struct {
	Languages  []string `json:"languages"`  // BCP 47 primary tags, the first is the default
	Currencies []string `json:"currencies"` // ISO 4217, the first is the default
	Zones      []Zone   `json:"zones"`      // where the shop ships to
	Taxes      []Tax    `json:"taxes"`      // one for each country that is taxed
	// PriorPriceDays is how many days before a reduction the lowest price is looked for that stands next to a
	// struck-through one: 30, as the law wants (Directive 98/6/EC, 6a), or more.
	PriorPriceDays int `json:"priorPriceDays,omitempty"`
	// Country is where the shop is at home, ISO 3166-1 alpha-2; the first country of the first zone when empty.
	Country string `json:"country,omitempty"`
	// Labels are the words of the catalog (categories, types, tags, option values, property names) by language.
	Labels  map[string]map[string]string `json:"labels,omitempty"`
	Contact Contact                      `json:"contact,omitzero"`
	Legal   []Document                   `json:"legal,omitempty"`
}

// Contact is how to reach the shop, and who it is.
type Contact struct {
	Company      string `json:"company,omitempty" example:"단골 주식회사"`
	Email        string `json:"email,omitempty" example:"help@example.com"`
	Phone        string `json:"phone,omitempty" example:"02-0000-0000"`
	Address      string `json:"address,omitempty" example:"서울특별시 성동구 왕십리로 83"`
	Registration string `json:"registration,omitempty" doc:"Number in the register of companies, and of mail-order sellers."`
}

// Document is a text that the law wants a link to.
type Document struct {
	Kind  string            `json:"kind"`  // terms, privacy, returns, imprint, ...
	Title map[string]string `json:"title"` // by language
	URL   string            `json:"url"`
}

// Home is the country whose tax prices are shown with while there is no address.
func (s Shop) Home() string {
	// A shop without zones is a test's; it has no home.
	if s.Country != "" || len(s.Zones) == 0 {
		return s.Country
	}
	return s.Zones[0].Countries[0]
}

// Label is a word of the catalog in the first of the languages that there is a label in, else the word itself.
func (s Shop) Label(word string, languages ...string) string {
	for _, l := range languages {
		if label := s.Labels[word][l]; label != "" {
			return label
		}
		if l == s.Languages[0] {
			return word // the words themselves are in the shop's first language
		}
	}
	return word
}

// Zone is a shipping region.
type Zone struct {
	ID        string   `json:"id"`
	Countries []string `json:"countries"` // ISO 3166-1 alpha-2, or "*" for wherever no other zone goes
	Methods   []Method `json:"methods"`
}

// Method is a way to ship into a zone.
type Method struct {
	ID     string            `json:"id"`
	Name   map[string]string `json:"name"`   // by language
	Prices map[string]Rate   `json:"prices"` // by currency; not offered in the others
}

// Rate is the flat price of a method, in minor units.
type Rate struct {
	Amount int64 `json:"amount"` // minor units
	// FreeFrom makes shipping free when the goods cost this much or more after their discounts; 0 is never.
	FreeFrom int64 `json:"freeFrom"`
}

// Tax is the rate of a country. A country without one is not taxed.
type Tax struct {
	Country string `json:"country"` // ISO 3166-1 alpha-2
	Name    string `json:"name"`    // as invoices name it, such as VAT
	Rate    int    `json:"rate"`    // basis points
	// Classes are the rates of goods that have another one than Rate, by the tax class of the product: 0 for goods that
	// the country does not tax.
	Classes map[string]int `json:"classes,omitempty"`
	// IncludedIn lists the currencies whose prices contain this tax, "*" for all; in the others it comes on top.
	IncludedIn []string `json:"includedIn"`
}

// Anywhere stands for every country, or every currency, that is not named.
const Anywhere = "*"

// Methods lists the ways to ship to a country that have a price in the currency, in the order of the configuration. A
// zone that names the country hides the one for everywhere.
func (s Shop) Methods(country, currency string) []Method {
	zone, ok := s.zone(country)
	if !ok {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(zone.Methods), func(m Method) bool {
		_, sold := m.Prices[currency]
		return !sold
	})
}

// Shipping is what a method costs for goods of that total. ok is false when it does not go there or has no price in the
// currency.
func (s Shop) Shipping(country, method, currency string, goods int64) (amount int64, ok bool) {
	zone, ok := s.zone(country)
	if !ok {
		return 0, false
	}
	at := slices.IndexFunc(zone.Methods, func(m Method) bool { return m.ID == method })
	if at < 0 {
		return 0, false
	}
	rate, ok := zone.Methods[at].Prices[currency]
	if rate.FreeFrom > 0 && goods >= rate.FreeFrom {
		return 0, ok
	}
	return rate.Amount, ok
}

// zone finds the zone of a country: one that names it, else the one for everywhere.
func (s Shop) zone(country string) (Zone, bool) {
	// An address that is not known yet has no zone, not even the one for everywhere.
	if country == "" {
		return Zone{}, false
	}
	for _, name := range []string{country, Anywhere} {
		at := slices.IndexFunc(s.Zones, func(z Zone) bool { return slices.Contains(z.Countries, name) })
		if at >= 0 {
			return s.Zones[at], true
		}
	}
	return Zone{}, false
}

// Tax returns the tax of a country, and whether prices in the currency contain it. The zero Tax is none.
func (s Shop) Tax(country, currency string) (t Tax, included bool) {
	for _, t := range s.Taxes {
		if t.Country == country {
			return t, slices.Contains(t.IncludedIn, Anywhere) || slices.Contains(t.IncludedIn, currency)
		}
	}
	return Tax{}, false
}

// In returns the method's name in the first of the languages it has, else in any.
func (m Method) In(languages ...string) string {
	if name := In(m.Name, languages...); name != "" {
		return name
	}
	return m.ID
}

// In returns a text in the first of the languages it has, else in any:
// of those the first by tag, so that the answer is always the same.
func In(text map[string]string, languages ...string) string {
	for _, l := range slices.Concat(languages, slices.Sorted(maps.Keys(text))) {
		if found := text[l]; found != "" {
			return found
		}
	}
	return ""
}
