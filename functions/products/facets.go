package products

import (
	"context"
	"slices"
	"time"

	"dangol/shared/catalog"
	"dangol/shared/money"
)

// ProductFacets is what a list has in all, for the filters beside it.
type ProductFacets struct {
	Categories   []ProductFacet   `json:"categories" nullable:"false" doc:"Most products first."`
	Tags         []ProductFacet   `json:"tags" nullable:"false"`
	Vendors      []ProductFacet   `json:"vendors" nullable:"false"`
	Types        []ProductFacet   `json:"types" nullable:"false"`
	Availability []ProductFacet   `json:"availability" nullable:"false" doc:"in_stock, low, not_open_yet and out, in this order; about a second behind the cards."`
	MinPrice     *money.Formatted `json:"minPrice,omitempty" doc:"Lowest price shown; with a currency only."`
	MaxPrice     *money.Formatted `json:"maxPrice,omitempty" doc:"Highest price shown; with a currency only."`
}

// ProductFacet is a value with how many products of the list have it.
type ProductFacet struct {
	Value    string `json:"value" doc:"For the filter." example:"스킨케어"`
	Label    string `json:"label" doc:"In the reader's language, where SHOP_CONFIG has labels for it; else the value." example:"Skincare"`
	Products int    `json:"products" example:"12"`
}

// facets shows the facets with labels in the reader's
// languages. Without a currency there is no one price to show.
func (c *Products) facets(f catalog.Facets, currency string, languages []string) *ProductFacets {
	labeled := func(values []catalog.FacetValue) []ProductFacet {
		out := make([]ProductFacet, len(values))
		for i, v := range values {
			out[i] = ProductFacet{v.Value, c.shop.Label(v.Value, languages...), v.Products}
		}
		return out
	}
	out := &ProductFacets{
		Categories: labeled(f.Categories), Tags: labeled(f.Tags), Vendors: labeled(f.Vendors), Types: labeled(f.Types),
		Availability: labeled(f.Availabilities),
	}
	for i, a := range out.Availability {
		out.Availability[i].Label = availabilityLabel(a.Label, languages)
	}
	if currency != "" && f.Total > 0 {
		out.MinPrice, out.MaxPrice = view(f.MinPrice, currency), view(f.MaxPrice, currency)
	}
	return out
}

// availabilityLabels name the availabilities where SHOP_CONFIG does not. Languages that are not here get the English
// one.
var availabilityLabels = map[string]map[string]string{
	"ko": {"in_stock": "구매 가능", "low": "품절 임박", "not_open_yet": "오픈 예정", "out": "품절"},
	"en": {"in_stock": "In stock", "low": "Low stock", "not_open_yet": "Coming soon", "out": "Sold out"},
}

// availabilityLabel is what a reader calls an availability; label is that of SHOP_CONFIG, the value itself without one.
func availabilityLabel(label string, languages []string) string {
	for _, l := range append(slices.Clone(languages), "en") {
		if named, ok := availabilityLabels[l][label]; ok {
			return named
		}
	}
	return label
}

// stockOf is what a card says of a product's stock.
type stockOf struct {
	availability string
	opensAt      *time.Time
}

// stocks works out for a page of cards whether the products can be bought. 2 round trips at most, none for what is
// fresh.
func (c *Products) stocks(ctx context.Context, entries []*catalog.Entry) (map[string]stockOf, error) {
	// The first variants bring their products, which name
	// all the others: that is why there are two rounds.
	var firsts, all []string
	for _, e := range entries {
		if e.VariantID != "" {
			firsts = append(firsts, e.VariantID)
		}
	}
	items, err := c.cache.Variants(ctx, firsts)
	if err != nil {
		return nil, err
	}
	products := map[string]*catalog.Product{}
	for _, item := range items {
		products[item.Product.ID] = item.Product
		if len(item.Product.Variants) > 1 {
			for _, v := range item.Product.Variants {
				all = append(all, v.ID)
			}
		}
	}
	if len(all) > 0 {
		more, err := c.cache.Variants(ctx, all)
		if err != nil {
			return nil, err
		}
		for id, item := range more {
			items[id] = item
		}
	}
	out, now := map[string]stockOf{}, c.clock.Now()
	for id, p := range products {
		available, opensAt := catalog.SummarizeStock(p, items).At(now)
		out[id] = stockOf{string(available), opensAt}
	}
	return out, nil
}
