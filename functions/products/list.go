package products

import (
	"context"
	"encoding/json"
	"time"

	"golang.org/x/text/unicode/norm"

	"dangol/shared/catalog"
	"dangol/shared/money"
	"dangol/shared/platform/api"
	"dangol/shared/platform/problem"
	"dangol/shared/stock"
)

// ListInput is the query of the shop's list.
type ListInput struct {
	api.Paging
	Reader
	Category     string `query:"category" maxLength:"255" doc:"Only this category."`
	Tag          string `query:"tag" maxLength:"255" doc:"Only with this tag."`
	Vendor       string `query:"vendor" maxLength:"255" doc:"Only of this vendor."`
	Type         string `query:"type" maxLength:"255" doc:"Only of this type."`
	Q            string `query:"q" maxLength:"200" doc:"Words that must all occur." example:"수분 크림"`
	Currency     string `query:"currency" pattern:"^[A-Z]{3}$" doc:"ISO 4217; only products sold in it." example:"KRW"`
	MinPrice     int64  `query:"minPrice" minimum:"0" doc:"Minor units of the currency."`
	MaxPrice     int64  `query:"maxPrice" minimum:"0" doc:"Minor units of the currency; 0 is no bound."`
	Availability string `query:"availability" enum:"in_stock,low,out,not_open_yet" doc:"Only what the best of its variants is; about a second behind the cards."`
	Sort         string `query:"sort" enum:"newest,title,price_asc,price_desc,best_selling" default:"newest" doc:"best_selling is by the orders of the last five weeks, at most an hour old."`
	Facets       bool   `query:"facets" doc:"Adds what the whole list has: categories, tags, vendors, types, availability and prices."`
}

// ListOutput is one page of cards.
type ListOutput struct {
	CacheControl string `header:"Cache-Control"`
	Vary         string `header:"Vary"`
	Body         ProductList
}

// ProductList is one page of a list.
type ProductList struct {
	Products   []ProductSummary `json:"products"`
	NextCursor string           `json:"nextCursor,omitempty" doc:"Send as cursor for the next page; absent on the last."`
	Total      int              `json:"total" doc:"How many products the whole list has."`
	Facets     *ProductFacets   `json:"facets,omitempty" doc:"With facets=true."`
}

// ProductSummary is what a list shows of a product.
type ProductSummary struct {
	ID            string           `json:"id" example:"prod_01jt3v9q2d8m4x6c7b5n1k0h2g"`
	Handle        string           `json:"handle" doc:"Part of the page's address." example:"green-tea-cream"`
	Title         string           `json:"title" example:"녹차 수분 크림"`
	Status        catalog.Status   `json:"status" example:"active"`
	Vendor        string           `json:"vendor,omitempty"`
	Type          string           `json:"type,omitempty"`
	Tags          []string         `json:"tags"`
	Categories    []string         `json:"categories"`
	Image         *catalog.Image   `json:"image,omitempty"`
	Price         *money.Formatted `json:"price,omitempty" doc:"Of the cheapest variant."`
	PriceMax      *money.Formatted `json:"priceMax,omitempty" doc:"Of the dearest variant, when it is not the same."`
	CompareAt     *money.Formatted `json:"compareAt,omitempty" doc:"The struck-through price of the cheapest variant."`
	LowestPrice30 *money.Formatted `json:"lowestPrice30,omitempty" doc:"Lowest price of the 30 days before the reduction, to be shown with compareAt (Directive 98/6/EC, 6a). Absent for goods that were never sold at another price."`
	Sale          *ProductSale     `json:"sale,omitempty" doc:"The sale that makes the price. Filters and orders by price go by it, too."`
	VariantID     string           `json:"variantId,omitempty" doc:"The variant to buy, when there is only one."`
	Variants      int              `json:"variants" doc:"How many variants there are."`
	Availability  string           `json:"availability,omitempty" enum:"in_stock,low,out,not_open_yet" doc:"Of the variant that there is most of; in the shop's list only."`
	OpensAt       *time.Time       `json:"opensAt,omitempty" doc:"When a limited edition can be bought, with not_open_yet."`
	UpdatedAt     time.Time        `json:"updatedAt"`

	// encoded is the card as JSON, kept with the listing's entry; see catalog.Entry.Rendered.
	encoded []byte
}

// MarshalJSON gives what was encoded when the card was first shown: cards change seldom and are listed often.
func (c ProductSummary) MarshalJSON() ([]byte, error) {
	if c.encoded != nil {
		return c.encoded, nil
	}
	type plain ProductSummary
	return json.Marshal(plain(c))
}

// list is the shop's list: active products, from memory.
func (c *Products) list(ctx context.Context, in *ListInput) (*ListOutput, error) {
	language := c.languages(in.Reader)[0]
	currency, sort := in.Currency, catalog.Sort(in.Sort)
	// Prices of different currencies cannot be compared, so
	// a filter or an order by price needs one.
	if currency == "" && (in.MinPrice > 0 || in.MaxPrice > 0 || sort == catalog.PriceUp || sort == catalog.PriceDown) {
		currency = c.shop.Currencies[0]
	}
	if in.MaxPrice > 0 && in.MaxPrice < in.MinPrice {
		return nil, problem.InvalidField("query/maxPrice", "too_small", "at least minPrice")
	}
	sold, err := c.sold(ctx, sort)
	if err != nil {
		return nil, err
	}
	cards, err := c.summaries(ctx, listing{facets: in.Facets, stock: true, languages: c.languages(in.Reader)},
		catalog.ListQuery{
			// Composed, because a Mac sends Hangul decomposed and the catalog keeps it composed.
			Filter: catalog.Filter{
				Status: catalog.Active, Category: norm.NFC.String(in.Category), Tag: norm.NFC.String(in.Tag),
				Vendor: norm.NFC.String(in.Vendor), Type: norm.NFC.String(in.Type), Currency: currency,
				Min: in.MinPrice, Max: in.MaxPrice, Search: in.Q, Availability: stock.Availability(in.Availability),
			},
			Sort: sort, Sold: sold, Language: language, Limit: in.Limit, After: in.Cursor,
		})
	return &ListOutput{CacheControl: c.cacheControl(), Vary: "Accept-Language", Body: cards}, err
}

// sold is what an order by sales goes by; nil for the other orders, which then cost no read of it.
func (c *Products) sold(ctx context.Context, sort catalog.Sort) (catalog.Sales, error) {
	if sort != catalog.BestSelling {
		return nil, nil
	}
	return c.ranking.Current(ctx)
}

// AdminListInput is the query of the merchants' list.
type AdminListInput struct {
	api.Paging
	Reader
	Status string `query:"status" enum:"draft,active,archived" doc:"Only with this status."`
	Q      string `query:"q" maxLength:"200" doc:"Words that must all occur."`
	Sort   string `query:"sort" enum:"newest,title" default:"newest"`
}

// listAll reads the index first, so merchants see what they have just saved.
func (c *Products) listAll(ctx context.Context, in *AdminListInput) (*ListOutput, error) {
	if err := c.listing.Refresh(ctx); err != nil {
		return nil, err
	}
	cards, err := c.summaries(ctx, listing{}, catalog.ListQuery{
		Filter: catalog.Filter{Status: catalog.Status(in.Status), Search: in.Q},
		Sort:   catalog.Sort(in.Sort), Language: c.languages(in.Reader)[0], Limit: in.Limit, After: in.Cursor,
	})
	return &ListOutput{CacheControl: "no-store", Vary: "Accept-Language", Body: cards}, err
}

// listing is what a list shows beside its cards.
type listing struct {
	facets, stock bool
	languages     []string
}

// summaries lists one page of cards with prices of the live sales. Round trips
// are those of catalog.Listing.List, of the promotions, and with stock of stocks.
func (c *Products) summaries(ctx context.Context, with listing, q catalog.ListQuery) (ProductList, error) {
	promotions, err := c.promotions.Current(ctx)
	if err != nil {
		return ProductList{}, err
	}
	q.Sales = promotions.LiveSales(c.clock.Now())
	found, err := c.listing.List(ctx, q)
	if err != nil {
		return ProductList{}, api.CursorProblem(err)
	}
	sales, stocks := c.sales(promotions, found.Entries, q.Currency), map[string]stockOf{}
	if with.stock {
		if stocks, err = c.stocks(ctx, found.Entries); err != nil {
			return ProductList{}, err
		}
	}
	cards := ProductList{Products: make([]ProductSummary, len(found.Entries)), NextCursor: found.Next}
	for i, e := range found.Entries {
		stock := stocks[e.ID]
		// The name says all that the card depends on besides the entry: language, currency, prices, sale and stock.
		name := sales[i].named(q.Currency, c.languagesOr(q.Language)) + " " + stock.availability
		cards.Products[i] = ProductSummary{encoded: e.Rendered(name,
			func() []byte {
				card := c.summary(e, q.Language, q.Currency, sales[i])
				card.Availability, card.OpensAt = stock.availability, stock.opensAt
				raw, _ := json.Marshal(card) // strings, numbers and times cannot fail
				return raw
			})}
	}
	// Total comes from the facets, which are kept for the
	// filter; counting them costs nothing after the first time.
	counted, err := c.listing.Facets(ctx, q)
	if cards.Total = counted.Total; with.facets {
		cards.Facets = c.facets(counted, q.Currency, with.languages)
	}
	return cards, err
}

// summary shows the entry in the language, priced in the currency; "" is the shop's first that the product is sold in.
func (c *Products) summary(e *catalog.Entry, language, currency string, p priced) ProductSummary {
	card := ProductSummary{
		ID: e.ID, Handle: e.Handle, Title: e.Title.In(language, c.shop.Languages[0]), Status: e.Status, Vendor: e.Vendor,
		Type: e.Type,
		Tags: notNil(e.Tags), Categories: notNil(e.Categories), Variants: e.Variants, UpdatedAt: e.UpdatedAt,
	}
	// A product without pictures has no image rather than one without a URL.
	if e.Image.URL != "" {
		card.Image = &e.Image
	}
	// With several variants the shopper has to choose one.
	if e.Variants == 1 {
		card.VariantID = e.VariantID
	}
	currency = pick(currency, c.shop.Currencies, e.Prices)
	if _, sold := e.Prices[currency]; sold {
		price := p.price
		card.Sale = saleOf(p.sale, c.languagesOr(language))
		if p.prior > 0 {
			card.LowestPrice30 = view(p.prior, currency)
		}
		card.Price = view(price.Min, currency)
		if price.Max > price.Min {
			card.PriceMax = view(price.Max, currency)
		}
		if price.CompareAt > 0 {
			card.CompareAt = view(price.CompareAt, currency)
		}
	}
	return card
}

// pick returns the wanted currency, or when none is wanted the first of the shop's that there is a price in, else the
// first in the alphabet.
func pick[P any](wanted string, shop []string, prices map[string]P) string {
	if wanted != "" {
		return wanted
	}
	for _, c := range shop {
		if _, sold := prices[c]; sold {
			return c
		}
	}
	first := ""
	// Prices in none of the shop's currencies: any will do, as long as it is always the same one.
	for c := range prices {
		if first == "" || c < first {
			first = c
		}
	}
	return first
}

// view is an amount as the API shows it.
func view(amount int64, currency string) *money.Formatted {
	v := money.Of(amount, currency).Formatted()
	return &v
}

// notNil makes JSON show an empty list as [] and not as null, as the OpenAPI document promises.
func notNil[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// cacheControl lets caches keep for a few seconds what we keep ourselves, and show it while they ask again.
func (c *Products) cacheControl() string { return "public, max-age=5, stale-while-revalidate=30" }

// CategoriesOutput is the categories of active products.
type CategoriesOutput struct {
	CacheControl string `header:"Cache-Control"`
	Vary         string `header:"Vary"`
	Body         struct {
		Categories []ProductCategory `json:"categories" doc:"Most products first."`
	}
}

// ProductCategory is a category with its active products.
type ProductCategory struct {
	Name     string `json:"name" doc:"For the filter." example:"스킨케어"`
	Label    string `json:"label" doc:"In the reader's language, where SHOP_CONFIG has labels for it." example:"Skincare"`
	Products int    `json:"products" example:"12"`
}

// CategoriesInput asks for the categories.
type CategoriesInput struct{ Reader }

// categories lists the categories with their labels.
func (c *Products) categories(ctx context.Context, in *CategoriesInput) (*CategoriesOutput, error) {
	counts, err := c.listing.Categories(ctx)
	if err != nil {
		return nil, err
	}
	out := &CategoriesOutput{CacheControl: c.cacheControl(), Vary: "Accept-Language"}
	out.Body.Categories = make([]ProductCategory, len(counts))
	for i, n := range counts {
		out.Body.Categories[i] = ProductCategory{n.Category, c.shop.Label(n.Category, c.languages(in.Reader)...), n.Products}
	}
	return out, nil
}
