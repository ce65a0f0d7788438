package products

import (
	"context"
	"time"

	"dangol/shared/catalog"
	"dangol/shared/money"
)

// ProductFacets is what a list has in all, for the filters beside it.
type ProductFacets struct {
	Categories []ProductFacet   `json:"categories" nullable:"false" doc:"Most products first."`
	Tags       []ProductFacet   `json:"tags" nullable:"false"`
	Vendors    []ProductFacet   `json:"vendors" nullable:"false"`
	Types      []ProductFacet   `json:"types" nullable:"false"`
	MinPrice   *money.Formatted `json:"minPrice,omitempty" doc:"Lowest price shown; with a currency only."`
	MaxPrice   *money.Formatted `json:"maxPrice,omitempty" doc:"Highest price shown; with a currency only."`
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
	}
	if currency != "" && f.Total > 0 {
		out.MinPrice, out.MaxPrice = view(f.MinPrice, currency), view(f.MaxPrice, currency)
	}
	return out
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
		out[id] = stockIn(p, items, now)
	}
	return out, nil
}

// stockIn is the best of a product's variants: in stock, low, not open yet, out.
func stockIn(p *catalog.Product, items map[string]catalog.SellableVariant, now time.Time) stockOf {
	best := stockOf{availability: "out"}
	// Higher is better news for the shopper. A variant that
	// opens later is better than one that is sold out.
	rank := map[string]int{"out": 0, "not_open_yet": 1, "low": 2, "in_stock": 3}
	for _, v := range p.Variants {
		// A variant that the cache did not find counts as 0 units.
		found := availability(items[v.ID].Available, v.Open(now))
		switch {
		case rank[found] > rank[best.availability]:
			best = stockOf{availability: found}
		case found != best.availability:
			continue
		}
		// Of several that open later the earliest counts.
		if found == "not_open_yet" && (best.opensAt == nil || v.Edition.OpensAt.Before(*best.opensAt)) {
			best.opensAt = &v.Edition.OpensAt
		}
	}
	return best
}
