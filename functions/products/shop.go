package products

import (
	"context"
	"maps"
	"slices"

	"dangol/shared/money"
	"dangol/shared/pricing"
)

// ShopInput asks for the shop.
type ShopInput struct {
	Reader
	Currency string `query:"currency" pattern:"^[A-Z]{3}$" doc:"Of the shipping prices; the shop's first when left out." example:"KRW"`
}

// ShopOutput is the shop.
type ShopOutput struct {
	CacheControl string `header:"Cache-Control"`
	Vary         string `header:"Vary"`
	Body         ShopView
}

// ShopView is what a storefront has to know of the shop before it shows anything.
type ShopView struct {
	Languages      []string          `json:"languages" doc:"The first is the default."`
	Currencies     []string          `json:"currencies" doc:"ISO 4217, the first is the default."`
	Currency       string            `json:"currency" doc:"The one that prices of this answer are in."`
	Country        string            `json:"country" doc:"Where the shop is at home: prices are shown with its tax until there is an address."`
	TaxIncluded    bool              `json:"taxIncluded" doc:"Whether prices in this currency contain the tax of that country."`
	Countries      []ShopCountry     `json:"countries" nullable:"false" doc:"Where it ships to."`
	ShipsElsewhere bool              `json:"shipsElsewhere" doc:"Whether it also ships to countries that are not listed, by the methods of elsewhere."`
	Elsewhere      []ShopMethod      `json:"elsewhere" nullable:"false"`
	Labels         map[string]string `json:"labels" doc:"Categories, types, tags, option values and property names in the reader's language, by the value that the API names."`
	Contact        pricing.Contact   `json:"contact"`
	Legal          []ShopDocument    `json:"legal" nullable:"false" doc:"Texts that the law wants a link to."`
}

// ShopCountry is a country with how to write an address there and how to ship.
type ShopCountry struct {
	Code        string       `json:"code" doc:"ISO 3166-1 alpha-2." example:"KR"`
	Address     []ShopField  `json:"addressFields" doc:"In the order in which people write them."`
	Methods     []ShopMethod `json:"shippingMethods" nullable:"false"`
	Tax         []ShopTax    `json:"taxes" nullable:"false" doc:"The standard rate first."`
	TaxIncluded bool         `json:"taxIncluded" doc:"Whether prices in this currency contain the tax."`
}

// ShopField is a field of an address.
type ShopField struct {
	Name     string `json:"name" enum:"name,line1,line2,city,region,postalCode,phone"`
	Required bool   `json:"required" doc:"Whether parcels do not arrive without it."`
}

// ShopMethod is a way to ship.
type ShopMethod struct {
	ID       string           `json:"id" example:"standard"`
	Name     string           `json:"name" example:"Standard"`
	Price    money.Formatted  `json:"price"`
	FreeFrom *money.Formatted `json:"freeFrom,omitempty" doc:"From which amount of goods, after discounts, it costs nothing."`
}

// ShopTax is a tax rate.
type ShopTax struct {
	Class string `json:"class,omitempty" doc:"Of the products it is for; missing for the standard rate." example:"reduced"`
	Name  string `json:"name" example:"VAT"`
	Rate  int    `json:"rate" doc:"Basis points." example:"1000"`
}

// ShopDocument is a text that has to be linked.
type ShopDocument struct {
	Kind  string `json:"kind" example:"terms"`
	Title string `json:"title" example:"Terms of sale"`
	URL   string `json:"url"`
}

// addressFields is how people write an address in a country; "" for the others.
var addressFields = map[string][]ShopField{
	"KR": {{"name", true}, {"postalCode", true}, {"line1", true}, {"line2", false}, {"phone", true}},
	"JP": {{"name", true}, {"postalCode", true}, {"region", true}, {"city", true}, {"line1", true}, {"line2", false},
		{"phone", false}},
	"US": {{"name", true}, {"line1", true}, {"line2", false}, {"city", true}, {"region", true}, {"postalCode", true},
		{"phone", false}},
	"": {{"name", true}, {"line1", true}, {"line2", false}, {"postalCode", true}, {"city", true}, {"phone", false}},
}

// about answers what the shop is. No round trip.
func (c *Products) about(_ context.Context, in *ShopInput) (*ShopOutput, error) {
	languages, currency := c.languages(in.Reader), in.Currency
	// A currency that the shop does not take gets the answer in its
	// first one: this is the page that tells which ones there are.
	if !slices.Contains(c.shop.Currencies, currency) {
		currency = c.shop.Currencies[0]
	}
	v := ShopView{
		Languages: c.shop.Languages, Currencies: c.shop.Currencies, Currency: currency, Country: c.shop.Home(),
		Countries: []ShopCountry{}, Elsewhere: []ShopMethod{}, Legal: []ShopDocument{}, Labels: map[string]string{},
		Contact: c.shop.Contact,
	}
	_, v.TaxIncluded = c.shop.Tax(v.Country, currency)
	for _, zone := range c.shop.Zones {
		for _, country := range zone.Countries {
			// The zone for everywhere has no list of countries to show.
			if country == pricing.Anywhere {
				v.ShipsElsewhere, v.Elsewhere = true, methodsOf(zone.Methods, currency, languages)
				continue
			}
			v.Countries = append(v.Countries, c.country(country, currency, languages))
		}
	}
	for value := range c.shop.Labels {
		v.Labels[value] = c.shop.Label(value, languages...)
	}
	for _, d := range c.shop.Legal {
		v.Legal = append(v.Legal, ShopDocument{d.Kind, pricing.In(d.Title, languages...), d.URL})
	}
	// Configuration changes with a deployment only, so a minute in caches is no risk.
	return &ShopOutput{CacheControl: "public, max-age=60", Vary: "Accept-Language", Body: v}, nil
}

// country describes one country: its address form, its methods and its taxes.
func (c *Products) country(code, currency string, languages []string) ShopCountry {
	fields, known := addressFields[code]
	if !known {
		fields = addressFields[""]
	}
	out := ShopCountry{
		Code: code, Address: fields, Methods: methodsOf(c.shop.Methods(code, currency), currency, languages),
		Tax: []ShopTax{},
	}
	tax, included := c.shop.Tax(code, currency)
	// Without a tax of the country the zero Tax is returned.
	if out.TaxIncluded = included; tax.Country == "" {
		return out
	}
	out.Tax = append(out.Tax, ShopTax{Name: tax.Name, Rate: tax.Rate})
	for _, class := range slices.Sorted(maps.Keys(tax.Classes)) {
		out.Tax = append(out.Tax, ShopTax{class, tax.Name, tax.Classes[class]})
	}
	return out
}

// methodsOf shows the methods that have a price in the currency.
func methodsOf(methods []pricing.Method, currency string, languages []string) []ShopMethod {
	out := []ShopMethod{}
	for _, m := range methods {
		rate, sold := m.Prices[currency]
		if !sold {
			continue
		}
		method := ShopMethod{ID: m.ID, Name: m.In(languages...), Price: *view(rate.Amount, currency)}
		if rate.FreeFrom > 0 {
			method.FreeFrom = view(rate.FreeFrom, currency)
		}
		out = append(out, method)
	}
	return out
}
