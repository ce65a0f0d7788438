// Package products shows the shop's products to everybody and lets merchants keep them: products with options, variants
// and prices, gift sets, limited editions, stock, price history, and files in Shopify's CSV format.
//
// It owns the items PRODUCT#<id> (the product, its PRICE# history, AVAILABILITY for lists, SET# for the gift sets it is
// part of), HANDLE#<handle> and STOCK#<variant> (BUCKET# counters, LOG# of adjustments). It publishes product.created,
// product.updated and product.archived. It consumes stock.level_changed, product.created and product.updated, so that
// lists know what is in stock; see catalog.StockIndex.
//
//	GET    /products                        list: filter, sort, search, cursor
//	GET    /products/{id}                   product page, by id or handle
//	GET    /categories                      categories with counts
//	GET    /variants                        variants by id
//	GET    /shop                            what a storefront has to know of the shop
//	GET    /admin/products                  merchants' list, drafts and archived ones too
//	POST   /products                        create
//	GET    /products/{id}/edit              everything about a product, in all languages
//	PUT    /products/{id}                   replace, If-Match required
//	DELETE /products/{id}                   archive
//	GET    /products/{id}/price-history     every change of price
//	POST   /products/import                 rows of a CSV file
//	GET    /products/export                 the same, page by page
//	GET    /stock/{variantId}               units and the latest adjustments
//	PUT    /stock/{variantId}               set the units
//	POST   /stock/{variantId}/adjustments   add or take units, with a reason
//
// Lists and pages are served from memory that is at most CATALOG_CACHE_TTL old; see catalog.Listing and catalog.Cache.
// Prices are those of the sales that are live by the clock; see shared/promotion/store. What sells best is read at most
// once an hour; see shared/outreach/ranking.
package products

import (
	"context"
	"net/http"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"dangol/shared/catalog"
	"dangol/shared/outreach/ranking"
	"dangol/shared/platform/api"
	"dangol/shared/platform/boot"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/function"
	"dangol/shared/platform/table"
	"dangol/shared/pricing"
	"dangol/shared/problemtext"
	"dangol/shared/promotion/store"
)

// Products is the function with what it needs.
type Products struct {
	table      *table.Table
	clock      clock.Clock
	shop       pricing.Shop
	listing    *catalog.Listing
	cache      *catalog.Cache
	promotions *store.Cache
	ranking    *ranking.Reader // of what sells best
	index      catalog.StockIndex
}

// Spec describes the function.
func Spec() function.Spec {
	return function.Spec{
		Name: "products", Purpose: "Products, prices and stock: shown to shoppers, kept by merchants",
		New: New, API: API(), Memory: 512, Timeout: 29 * time.Second,
		Environment: append(api.Variables(), "COMMERCE_TABLE", "OUTREACH_TABLE", "SHOP_CONFIG", "CATALOG_CACHE_TTL"),
		Data: []function.Data{{
			Title:    "Catalog",
			About:    "Package `shared/catalog`. One item a product with its variants; a row for each change of a price.",
			Patterns: catalog.AccessPatterns,
		}},
		Tables: []function.Grant{{
			Table:   table.Commerce.Name,
			Actions: []string{"GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem"},
			Indexes: []string{table.ByOne},
		}, {
			// What sells best is counted where purchases are counted for mails.
			Table: table.Outreach.Name, Actions: []string{"Query"},
		}},
		Events: (*Products)(nil).consumers().Types(),
	}
}

// New makes the function.
func New(ctx context.Context, env *boot.Env) (lambda.Handler, error) {
	var config struct {
		Shop     string `env:"SHOP_CONFIG,optional"`
		CacheTTL int    `env:"CATALOG_CACHE_TTL,default=2"`
	}
	if err := env.Config(&config); err != nil {
		return nil, err
	}
	shop, err := pricing.LoadShop(config.Shop)
	if err != nil {
		return nil, err
	}
	options, err := api.FromEnv(ctx, env)
	if err != nil {
		return nil, err
	}
	options.Message = problemtext.For
	tables, err := env.Tables(ctx, "COMMERCE_TABLE", "OUTREACH_TABLE")
	if err != nil {
		return nil, err
	}
	c := newCatalog(tables[0], tables[1], env.Clock, shop, time.Duration(config.CacheTTL)*time.Second)
	return function.Handlers{API: c.service(options).Lambda(), Events: c.consumers(), Log: env.Log}.Lambda(), nil
}

// newCatalog makes the function on the tables Commerce and Outreach. The listing and the cache have the same
// age, so that a list and a page do not contradict each other for longer than that.
func newCatalog(t, outreach *table.Table, c clock.Clock, shop pricing.Shop, fresh time.Duration) *Products {
	cache := catalog.NewCache(t, c, fresh)
	return &Products{
		table: t, clock: c, shop: shop,
		listing: catalog.NewListing(t, c, fresh), cache: cache, index: catalog.StockIndex{Cache: cache},
		promotions: store.NewCache(store.Store{Table: t, Clock: c, PriorDays: shop.PriorPriceDays}, fresh),
		ranking:    ranking.NewReader(outreach, c),
	}
}

// API describes the routes.
func API() *api.Service { return (*Products)(nil).service(api.Options{}) }

// service registers the routes; the receiver may be nil where only their description is needed.
func (c *Products) service(o api.Options) *api.Service {
	s := api.New("products", o)
	c.shopRoutes(s)
	c.merchantRoutes(s)
	c.stockRoutes(s)
	c.fileRoutes(s)
	return s
}

// shopRoutes registers what everybody may read.
func (c *Products) shopRoutes(s *api.Service) {
	api.Handle(s, api.Route{
		Method: http.MethodGet, Path: "/products", ID: "listProducts", Tag: "Products", Access: api.Public,
		Summary: "List products", Errors: []int{422},
		Description: "Active products. With `currency`, those sold in it; without, all of them, each priced in the " +
			"shop's first currency that it has. `q` looks for words in titles of all languages, tags, categories, " +
			"vendor and type.",
	}, c.list)
	api.Handle(s, api.Route{
		Method: http.MethodGet, Path: "/products/{id}", ID: "getProduct", Tag: "Products", Access: api.Public,
		Summary: "Show a product, by id or handle", Also: []int{http.StatusNotModified}, Errors: []int{404, 422},
	}, c.page)
	api.Handle(s, api.Route{
		Method: http.MethodGet, Path: "/variants", ID: "listVariants", Tag: "Products", Access: api.Public,
		Summary: "Resolve variants by id", Errors: []int{422},
		Description: "Whatever the API names by variant id (parts of sets, gifts to choose from, hints, contents " +
			"of plans), with title, options, image, price and availability.",
	}, c.variants)
	api.Handle(s, api.Route{
		Method: http.MethodGet, Path: "/shop", ID: "getShop", Tag: "Shop", Access: api.Public,
		Summary: "What a storefront has to know of the shop", Errors: []int{422},
		Description: "Currencies, languages, countries with their address fields, shipping methods and taxes, the " +
			"words of the catalog in the reader's language, contact and legal texts. All of it is SHOP_CONFIG.",
	}, c.about)
	api.Handle(s, api.Route{
		Method: http.MethodGet, Path: "/categories", ID: "listCategories", Tag: "Products", Access: api.Public,
		Summary: "List the categories of active products",
	}, c.categories)
}

// merchantRoutes registers what merchants do with products.
func (c *Products) merchantRoutes(s *api.Service) {
	// All of them have the same tag and are for merchants only.
	merchants := func(r api.Route) api.Route {
		r.Tag, r.Access = "Products (merchant)", api.MerchantIs
		return r
	}
	api.Handle(s, merchants(api.Route{
		Method: http.MethodGet, Path: "/admin/products", ID: "listAllProducts", Summary: "List products of every status",
		Errors: []int{422},
	}), c.listAll)
	api.Handle(s, merchants(api.Route{
		Method: http.MethodPost, Path: "/products", ID: "createProduct", Summary: "Create a product",
		Status: http.StatusCreated,
		Keyed:  api.KeyOptional, MaxBody: maxProduct, Errors: []int{409, 422},
	}), c.create)
	api.Handle(s, merchants(api.Route{
		Method: http.MethodGet, Path: "/products/{id}/edit", ID: "getProductForEdit", Errors: []int{404},
		Summary: "Read everything about a product, in all languages and currencies",
	}), c.edit)
	api.Handle(s, merchants(api.Route{
		Method: http.MethodPut, Path: "/products/{id}", ID: "replaceProduct", Summary: "Replace a product",
		MaxBody: maxProduct,
		Errors:  []int{404, 409, 412, 422},
		Description: "Variants with an `id` stay the variants they are; those without are new; those left out are " +
			"gone. What a price was before is kept in the price history.",
	}), c.replace)
	api.Handle(s, merchants(api.Route{
		Method: http.MethodDelete, Path: "/products/{id}", ID: "archiveProduct", Summary: "Archive a product",
		Status: http.StatusNoContent,
		Errors: []int{404, 412}, Description: "Products are never deleted: orders and price history refer to them.",
	}), c.archive)
	api.Handle(s, merchants(api.Route{
		Method: http.MethodGet, Path: "/products/{id}/price-history", ID: "getPriceHistory", Errors: []int{404, 422},
		Summary: "List the changes of a product's prices",
	}), c.history)
}

// maxProduct is the largest product document: 100 variants in several currencies.
const maxProduct = 256 << 10
