// Package carts is the function behind the shopping cart, for shoppers: guests, who own a cart by a secret token, and
// customers, who have exactly one. Every answer carries the whole cart with its prices, its totals, what keeps it from
// being bought (problems), and the ways to ship it; a storefront never has to add anything up.
//
// It owns the items CART#<id>/CART and CUSTOMER#<id>/CART (see shared/cart) until a checkout
// takes them over, and reads the catalog, the stock, the promotions and
// CUSTOMER#<id>/PURCHASES. It publishes cart.merged and cart.changed, and consumes no events.
//
// Routes: POST /carts; GET /carts/{cartId}; POST, PUT and DELETE on its lines; PUT and DELETE on its codes; PUT of
// gifts, contact, address, shipping-method, currency and note; POST accept-prices; POST /carts/mine/merge.
package carts

import (
	"context"
	"net/http"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"dangol/shared/cart"
	"dangol/shared/catalog"
	"dangol/shared/platform/api"
	"dangol/shared/platform/auth"
	"dangol/shared/platform/boot"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/function"
	"dangol/shared/platform/table"
	"dangol/shared/pricing"
	"dangol/shared/problemtext"
	"dangol/shared/promotion/store"
)

// Carts is the function with what it needs.
type Carts struct {
	Store  cart.Store
	Quoter cart.Quoter
	// Changes prices a cart that is changed: what it knows of the shopper's uses may be as old as the promotions.
	Changes cart.Quoter
	Clock   clock.Clock
}

// Spec describes the function.
func Spec() function.Spec {
	return function.Spec{
		Name: "carts", Purpose: "Carts of guests and customers, with what they cost and what blocks them",
		New: New, API: API(), Memory: 256, Timeout: 10 * time.Second,
		Environment: append(api.Variables(), "COMMERCE_TABLE", "SHOP_CONFIG", "CATALOG_CACHE_TTL"),
		Data: []function.Data{{
			Title:    "Carts",
			About:    "Package `shared/cart`. One item a cart.",
			Patterns: cart.AccessPatterns,
		}},
		Tables: []function.Grant{{
			Table:   table.Commerce.Name,
			Actions: []string{"GetItem", "BatchGetItem", "PutItem", "DeleteItem"},
			Indexes: []string{table.ByOne},
		}},
	}
}

// New builds the function. Environment: COMMERCE_TABLE; SHOP_CONFIG, the shop's configuration as JSON or the path of a
// file with it (the embedded one when empty); CATALOG_CACHE_TTL, how old catalog, stock and promotions in a cart may be
// (2).
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
	tables, err := env.Tables(ctx, "COMMERCE_TABLE")
	if err != nil {
		return nil, err
	}
	// Catalog and promotions have the same age, so that a
	// price and the sale that makes it fit together.
	cache := catalog.NewCache(tables[0], env.Clock, time.Duration(config.CacheTTL)*time.Second)
	promotions := store.NewCache(store.Store{Table: tables[0], Clock: env.Clock, PriorDays: shop.PriorPriceDays},
		time.Duration(config.CacheTTL)*time.Second)
	carts := &Carts{
		Store:  cart.Store{Table: tables[0], Clock: env.Clock, Recent: cart.NewRecentCarts()},
		Quoter: cart.Quoter{Shop: shop, Variants: cart.CatalogReader{Cache: cache}, Promotions: promotions},
		Clock:  env.Clock,
	}
	carts.Changes = carts.Quoter
	carts.Changes.Promotions = store.NewRecentUses(promotions)
	return carts.Service(options).Lambda(), nil
}

// API describes the function's routes; it cannot serve them.
func API() *api.Service { return (*Carts)(nil).Service(api.Options{}) }

// Service is the function's HTTP side.
func (f *Carts) Service(o api.Options) *api.Service {
	s := api.New("carts", o)
	// What all routes of a cart have in common stands here once.
	shopper := func(method, path, id, summary string, errors ...int) api.Route {
		return api.Route{
			Method: method, Path: "/carts" + path, ID: id, Summary: summary, Tag: "Carts", Access: api.Shopper,
			Errors: append([]int{404, 422}, errors...),
		}
	}
	change := func(method, path, id, summary string) api.Route {
		// A change can meet a closed cart (409), another
		// version (412) or a table that is busy (503).
		r := shopper(method, "/{cartId}"+path, id, summary, 409, 412, 503)
		if method == "POST" {
			r.Keyed = api.KeyOptional
		}
		return r
	}
	begin := shopper("POST", "", "createCart", "Begin a cart", 409)
	begin.Keyed, begin.Status, begin.Description = api.KeyOptional, 201, beginText
	begin.Also = []int{http.StatusOK}
	api.Handle(s, begin, f.begin)
	get := shopper("GET", "/{cartId}", "getCart", "Read a cart")
	get.Description = getText
	api.Handle(s, get, f.get)
	add := change("POST", "/lines", "addLine", "Put goods into the cart")
	add.Description = addText
	api.Handle(s, add, f.addLine)
	api.Handle(s, change("PUT", "/lines/{lineId}", "setLine", "Set the quantity of a line; 0 removes it"), f.setLine)
	api.Handle(s, change("DELETE", "/lines/{lineId}", "removeLine", "Remove a line"), f.removeLine)
	api.Handle(s, change("PUT", "/codes", "setCodes", "Set the promotion codes"), f.setCodes)
	api.Handle(s, change("DELETE", "/codes/{code}", "removeCode", "Remove a promotion code"), f.removeCode)
	api.Handle(s, change("PUT", "/contact", "setContact", "Set e-mail address and language"), f.setContact)
	api.Handle(s, change("PUT", "/address", "setAddress", "Set the shipping address"), f.setAddress)
	api.Handle(s, change("PUT", "/shipping-method", "setShippingMethod", "Choose a shipping method"), f.setShipping)
	api.Handle(s, change("PUT", "/currency", "setCurrency", "Price the cart in another currency"), f.setCurrency)
	api.Handle(s, change("PUT", "/note", "setNote", "Set the note to the shop"), f.setNote)
	accept := change("POST", "/accept-prices", "acceptPrices", "Accept the prices as they are")
	accept.Description = acceptText
	api.Handle(s, accept, f.acceptPrices)
	gifts := change("PUT", "/gifts/{promotionId}", "chooseGifts", "Choose the gifts of a promotion")
	gifts.Description = giftsText
	api.Handle(s, gifts, f.chooseGifts)
	// The guest's token is in the body: the caller is a customer and shows two proofs at once.
	merge := shopper("POST", "/mine/merge", "mergeCart", "Merge a guest's cart into one's own at log-in", 409, 503)
	merge.Access, merge.Description = api.Customer, mergeText
	api.Handle(s, merge, f.merge)
	return s
}

const (
	beginText = "A guest gets the cart and its token, which is shown this once: send it as Cart-Token from then on. " +
		"With an Idempotency-Key of at least 16 characters a repeated request gets the same cart and token. " +
		"A customer gets the one cart they have (200), or the first (201); currency and language are then left as they are."
	getText = "`mine` is the customer's own cart; before anything was put into it, it is empty and has the id `mine`. " +
		"Agents can read a guest's cart by its id."
	addText = "Adds to the line of the same variant with the same properties, or makes one. Goods that stock or limits " +
		"do not " +
		"allow go in all the same: the cart's problems tell, and block the checkout."
	acceptText = "Clears every price_changed and offer_changed problem. A price that rose blocks the checkout until it " +
		"is accepted, " +
		"and so does a promotion that ended; what became cheaper does not."
	giftsText = "Where a promotion lets the shopper choose, the cart's giftChoices tell between what; an empty list " +
		"takes the choice back."
	mergeText = "Lines with the same variant and properties add up, capped by stock and limits; `changes` tells what " +
		"that did. " +
		"The guest's cart is gone then. Repeating the request changes nothing."
)

// who builds the caller's cart reference.
func who(ctx context.Context, cartID, token string) cart.Ref {
	return cart.Ref{CartID: cartID, CustomerID: auth.From(ctx).Subject, Token: token}
}
