// Package promotions lets merchants plan promotions: write them down, see what the discount guard says, rehearse them
// on any cart at any moment and on the orders of the last weeks, publish, pause and end them, hand out codes, and look
// at what they brought and at how much the shop lives on discounts.
//
// It owns the items PROMOTION#<id>/PROMOTION (see shared/promotion/store) and the schedules of
// starts and ends; the function promotion-scheduler is invoked by those. It reads the catalog
// and the orders. It publishes promotion.started, ended, paused and resumed when a merchant's
// decision takes effect at once. Carts never call it: they read the promotions themselves.
//
//	POST   /promotions                    write a draft
//	GET    /promotions                    list by state
//	GET    /promotions/{promotionId}      one of them, with what it brought
//	PUT    /promotions/{promotionId}      replace, If-Match required
//	DELETE /promotions/{promotionId}      delete a draft
//	POST   /promotions/{promotionId}/publish, pause, resume, end
//	POST   /promotions/{promotionId}/dry-run   what it would have cost
//	POST   /promotions/{promotionId}/codes     a batch of single-use codes as CSV
//	GET    /promotions/{promotionId}/codes     the same again
//	GET    /promotions/{promotionId}/report    what the guard counts it as, and its products
//	POST   /promotions/plan               what the guard says; nothing is stored
//	POST   /promotions/preview            price any cart as of any moment
//	GET    /promotions/report             how much a product, or the shop, lives on discounts
//	GET    /admin/sales                   what the shop sold, day by day
//	GET    /seasons                       the calendar of seasons
package promotions

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"dangol/shared/catalog"
	"dangol/shared/order"
	"dangol/shared/platform/api"
	"dangol/shared/platform/boot"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/function"
	"dangol/shared/platform/table"
	"dangol/shared/pricing"
	"dangol/shared/problemtext"
	"dangol/shared/promotion"
	"dangol/shared/promotion/schedule"
	"dangol/shared/promotion/store"
)

// Planner makes the schedules of a promotion; *schedule.Planner does.
type Planner interface {
	Plan(ctx context.Context, p *promotion.Promotion) error
}

// Promotions is the function with what it needs.
type Promotions struct {
	Store    store.Store
	Planner  Planner
	Table    *table.Table
	Outreach *table.Table // where segments are
	Clock    clock.Clock
	Shop     pricing.Shop
	Policy   promotion.Policy
	Zone     *time.Location // the shop's
	Catalog  *catalog.Cache
	Listing  *catalog.Listing
	Orders   order.Store
}

// Spec describes the function.
func Spec() function.Spec {
	return function.Spec{
		Name: "promotions", Purpose: "Promotions: planned, guarded, rehearsed and reported on by merchants",
		New: New, API: API(), Memory: 512, Timeout: 29 * time.Second,
		Environment: slices.Concat(api.Variables(), schedule.Variables(),
			[]string{"COMMERCE_TABLE", "OUTREACH_TABLE", "SHOP_CONFIG", "GUARD_CONFIG", "SHOP_TIMEZONE"}),
		Data: []function.Data{{
			Title: "Promotions",
			About: "Package `shared/promotion/store`. One item a promotion, listed by its end; counters only for what is " +
				"limited.",
			Patterns: store.AccessPatterns,
		}},
		Tables: []function.Grant{
			{
				Table:   table.Commerce.Name,
				Actions: []string{"GetItem", "BatchGetItem", "PutItem", "DeleteItem", "Query"},
				Indexes: []string{table.ByOne, table.ByTwo},
			},
			{Table: table.Outreach.Name, Actions: []string{"BatchGetItem"}}, // whether a segment exists
		},
		Permissions: []function.Permission{function.PlanTimes},
	}
}

// New builds the function. Environment: COMMERCE_TABLE, OUTREACH_TABLE; SHOP_CONFIG as for the cart; GUARD_CONFIG, the
// guard's as JSON or the path of a file with it (the embedded one when empty); SHOP_TIMEZONE (that of the policy when
// empty); what schedule.FromEnv and api.FromEnv name.
func New(ctx context.Context, env *boot.Env) (lambda.Handler, error) {
	var config struct {
		Shop  string `env:"SHOP_CONFIG,optional"`
		Guard string `env:"GUARD_CONFIG,optional"`
		Zone  string `env:"SHOP_TIMEZONE,optional"`
	}
	if err := env.Config(&config); err != nil {
		return nil, err
	}
	shop, err := pricing.LoadShop(config.Shop)
	if err != nil {
		return nil, err
	}
	policy, err := promotion.LoadPolicy(config.Guard)
	if err != nil {
		return nil, err
	}
	// The policy has the zone of the shop unless the deployment names another.
	zone := policy.Zone
	if config.Zone != "" {
		if zone, err = time.LoadLocation(config.Zone); err != nil {
			return nil, fmt.Errorf("SHOP_TIMEZONE: %w", err)
		}
	}
	planner, err := schedule.FromEnv(env)
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
	f := Make(tables[0], env.Clock, shop, policy, zone, planner)
	f.Outreach = tables[1]
	return f.Service(options).Lambda(), nil
}

// Make puts the function together.
func Make(t *table.Table, c clock.Clock, shop pricing.Shop, policy promotion.Policy, zone *time.Location,
	planner Planner) *Promotions {
	return &Promotions{
		Store: store.Store{Table: t, Clock: c, PriorDays: shop.PriorPriceDays}, Planner: planner, Table: t, Clock: c,
		Shop: shop, Policy: policy, Zone: zone,
		Catalog: catalog.NewCache(t, c, store.Fresh), Listing: catalog.NewListing(t, c, listed),
		Orders: order.Store{Table: t, Clock: c},
	}
}

// listed is how old the list of products may be from which targets are counted.
const listed = store.Fresh

// API describes the routes.
func API() *api.Service { return (*Promotions)(nil).Service(api.Options{}) }

// maxDocument is the largest promotion: a thousand names in each list of its targets.
const maxDocument = 256 << 10

// Service is the function's HTTP side.
func (f *Promotions) Service(o api.Options) *api.Service {
	s := api.New("promotions", o)
	// What all routes have in common stands here once.
	route := func(method, path, id, summary, text string, errors ...int) api.Route {
		return api.Route{
			Method: method, Path: "/promotions" + path, ID: id, Summary: summary, Description: text, Tag: "Promotions",
			Access:  api.MerchantIs,
			MaxBody: maxDocument, Errors: append([]int{422}, errors...),
		}
	}
	create := route("POST", "", "createPromotion", "Write a draft", createText)
	create.Status, create.Keyed = http.StatusCreated, api.KeyOptional
	api.Handle(s, create, f.create)
	api.Handle(s, route("GET", "", "listPromotions", "List promotions", "By state, the next to happen first."), f.list)
	api.Handle(s, route("POST", "/plan", "planPromotion", "Ask the discount guard", planText), f.plan)
	api.Handle(s, route("POST", "/preview", "previewPromotion", "Price any cart as of any moment", previewText, 404),
		f.Preview)
	api.Handle(s, route("GET", "/report", "reportDiscounts", "How much a product, or the shop, lives on discounts",
		reportText, 404), f.report)
	// Not under /promotions: these are figures of the shop.
	sales := route("GET", "", "reportSales", "What the shop sold, day by day", salesText)
	sales.Path, sales.Tag = "/admin/sales", "Sales"
	sales.Types, sales.Answer = []string{"application/json", "text/csv"}, ShopSales{}
	api.Handle(s, sales, f.sales)
	f.oneRoutes(s, route)
	seasons := route("GET", "", "listSeasons", "The calendar of seasons", seasonsText)
	seasons.Path = "/seasons"
	api.Handle(s, seasons, f.seasons)
	return s
}

// oneRoutes are those about one promotion.
func (f *Promotions) oneRoutes(s *api.Service,
	route func(method, path, id, summary, text string, errors ...int) api.Route) {
	const one = "/{promotionId}"
	api.Handle(s, route("GET", one, "getPromotion", "Read a promotion, with what it brought", "", 404), f.get)
	api.Handle(s, route("PUT", one, "replacePromotion", "Replace a promotion", replaceText, 404, 409, 412, 503), f.replace)
	remove := route("DELETE", one, "deletePromotion", "Delete a draft", "", 404, 409, 412)
	remove.Status = http.StatusNoContent
	api.Handle(s, remove, f.remove)
	api.Handle(s, route("POST", one+"/publish", "publishPromotion", "Publish a draft", publishText, 404, 409, 412, 503),
		f.publish)
	api.Handle(s, route("POST", one+"/pause", "pausePromotion", "Stop a promotion for a while", "", 404, 409, 412),
		f.pause)
	api.Handle(s, route("POST", one+"/resume", "resumePromotion", "Let a paused promotion go on", "", 404, 409, 412),
		f.resume)
	api.Handle(s, route("POST", one+"/end", "endPromotion", "End a promotion for good, now", "", 404, 409, 412, 503),
		f.end)
	api.Handle(s, route("POST", one+"/dry-run", "dryRunPromotion",
		"What it would have cost on the orders of the last days", dryRunText, 404), f.dryRun)
	codes := route("POST", one+"/codes", "createCodes", "Make a batch of single-use codes", codesText, 404, 409)
	codes.Types = []string{"text/csv"}
	api.Handle(s, codes, f.createCodes)
	again := route("GET", one+"/codes", "getCodes", "The codes of the batch again", codesText, 404)
	again.Types = []string{"text/csv"}
	api.Handle(s, again, f.codes)
	api.Handle(s, route("GET", one+"/report", "reportPromotion", "What it brought, and what the guard counts it as", "",
		404), f.reportOne)
}

const (
	createText = "A draft does nothing until it is published. `starts` and `ends` are times of the shop's clocks, " +
		"such as `2026-11-27T10:00` and `2026-11-29T24:00`. docs/promotions.md has all rules in the order in which " +
		"they apply."
	planText = "Answers which rules of the guard the promotion would break, exactly, with the calendar around it. " +
		"Nothing is stored. " +
		"A promotion that has an id is not counted against itself."
	previewText = "Prices lines as the cart would at the moment `at`, with all published promotions and, when named by " +
		"`promotionId` or " +
		"given in `draft`, one that is not published yet."
	reportText = "Days on sale of the last 30, 90 and 365, depth of discounts, share of the revenue sold at a " +
		"discount, and whether customers have begun to wait."
	salesText = "Orders, revenue, discounts, new and returning customers, and cancellations of each day of a period in " +
		"one currency, as JSON or " +
		"CSV, beside a comparable period. Days are those of the shop's time zone. Counted as orders come in, within seconds."
	seasonsText = "Solar and lunar holidays with the days on which shops sell, in the shop's time zone. Take `group` " +
		"into a promotion, " +
		"so that the guard counts all promotions of a season as one sale."
	replaceText = "A draft can be changed at will; a promotion to come too, as long as the guard allows it or the " +
		"reason is given. Once it has " +
		"begun only name, end, budget, limits and priority can be changed, because customers have seen the rest. " +
		"Schedules move along."
	publishText = "Checks the promotion once more, asks the guard, makes the schedules of its start and end, and lets " +
		"carts have it from its " +
		"start on. Over the guard it takes a `reason` in writing, which is kept. Publishing again changes nothing and " +
		"mends schedules."
	dryRunText = "Prices the orders again with and without the promotion, as if it had been live when they were made. " +
		"What more " +
		"customers it would have brought is not in it."
	codesText = "CSV with a header, one code a line. Codes cannot be guessed and each can be used once (or as often as " +
		"limitPerCode says). They are " +
		"made from a secret and not stored, so they can be had again. A promotion has one batch. An answer has 100,000 at " +
		"most; Next-From says where to go on."
)
