// Package orders is the function for what has been bought: customers see their orders, guests look one up by its
// number, and the shop's people ship, deliver, cancel and make notes.
//
// It changes the items ORDER#<id>/ORDER that the checkout makes (see shared/order) and keeps ORDER#<id>/ACCESS#<hash>
// for guests; a cancellation gives stock and lifetime counters back. It shows the merchant what the daily
// reconciliation found, which the billing function stores (see shared/reconcile/report). It emits order.shipped,
// order.delivered and order.canceled. Captures and refunds that get no answer here are left to the checkout-worker
// function.
//
// Routes: GET /orders, GET /orders/{orderId}, POST /orders/lookup, GET /admin/orders, POST fulfillments, delivered,
// cancel and notes on an order, and GET /admin/reconciliations.
package orders

import (
	"context"
	"slices"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"dangol/shared/order"
	"dangol/shared/payment/providers"
	"dangol/shared/platform/api"
	"dangol/shared/platform/auth"
	"dangol/shared/platform/boot"
	"dangol/shared/platform/function"
	"dangol/shared/platform/ratelimit"
	"dangol/shared/platform/table"
	"dangol/shared/problemtext"
	"dangol/shared/reconcile/report"
)

// Orders holds the cashier, which stores orders and moves their money, and the limiter for guests'
// look-ups.
type Orders struct {
	Cashier order.Cashier
	Limiter ratelimit.Limiter
}

// Spec describes the function.
func Spec() function.Spec {
	return function.Spec{
		Name: "orders", Purpose: "Orders: for customers to follow, for the shop to send, cancel and refund",
		// 29 seconds is just under the 30 at which API Gateway gives up. 256 MB: no batch work is
		// done here.
		New: New, API: API(), Memory: 256, Timeout: 29 * time.Second,
		Environment: slices.Concat(api.Variables(), providers.Variables(), []string{"COMMERCE_TABLE"}),
		Data: []function.Data{{
			Title:    "Orders",
			About:    "Package `shared/order`. One item an order.",
			Patterns: order.AccessPatterns,
		}, {
			Title: "Reconciliation",
			About: "Packages `shared/reconcile/report` and `daily`. One item a day, and one for each difference, deleted " +
				"after 400 days. See [reconciliation.md](reconciliation.md).",
			Patterns: report.AccessPatterns,
		}},
		Tables: []function.Grant{{
			Table:   table.Commerce.Name,
			Actions: []string{"GetItem", "BatchGetItem", "PutItem", "UpdateItem", "Query"},
			Indexes: []string{table.ByOne, table.ByTwo},
		}},
		Permissions: []function.Permission{function.ReadPayments},
	}
}

// New builds the function. Environment: COMMERCE_TABLE, the variables of the payment provider, and what api.FromEnv
// names.
func New(ctx context.Context, env *boot.Env) (lambda.Handler, error) {
	provider, err := providers.FromEnv(env)
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
	orders := &Orders{
		Cashier: order.Cashier{
			Orders: order.Store{Table: tables[0], Clock: env.Clock}, Provider: provider, Clock: env.Clock, Log: env.Log,
			Metrics: env.Metrics(),
		},
		Limiter: ratelimit.Limiter{Table: tables[0], Clock: env.Clock},
	}
	return orders.Service(options).Lambda(), nil
}

// API describes the function's routes; it cannot serve them.
func API() *api.Service { return (*Orders)(nil).Service(api.Options{}) }

// Service is the function's HTTP side.
func (f *Orders) Service(o api.Options) *api.Service {
	s := api.New("orders", o)
	route := func(access api.Access, method, path, id, summary string, errors ...int) api.Route {
		return api.Route{
			Method: method, Path: path, ID: id, Summary: summary, Tag: "Orders", Access: access,
			Errors: append([]int{422}, errors...),
		}
	}
	// Every route of one order shares the path; who may see it is decided by Store.GetFor.
	one := "/orders/{orderId}"
	api.Handle(s, route(api.Customer, "GET", "/orders", "listMyOrders", "List one's own orders, newest first"), f.mine)
	get := route(api.Shopper, "GET", one, "getOrder", "Read an order", 404)
	get.Description = "For its customer; for a guest with Order-Token from a look-up, or with the Cart-Token of the " +
		"cart it was; for agents."
	api.Handle(s, get, f.get)
	lookup := route(api.Public, "POST", "/orders/lookup", "lookupOrder", "Find an order by its number and mail address",
		404, 429)
	lookup.Description = "For guests. The token opens the order for an hour. Attempts are limited by address and by " +
		"number."
	api.Handle(s, lookup, f.lookup)
	api.Handle(s, route(api.Agent, "GET", "/admin/orders", "listOrders", "List the orders in a state, newest first"),
		f.inState)
	search := route(api.Agent, "GET", "/admin/orders/search", "searchOrders", "Find orders, newest first")
	search.Description = "By number, mail address, customer, words, product, state and time. A page looks at no more " +
		"than 1,000 orders: narrow a " +
		"search by time, or go on with its cursor."
	api.Handle(s, search, f.search)
	ship := route(api.Agent, "POST", one+"/fulfillments", "fulfillOrder", "Ship some or all of an order", 404, 409, 503)
	ship.Status, ship.Keyed = 201, api.KeyOptional
	api.Handle(s, ship, f.fulfill)
	api.Handle(s, route(api.Agent, "POST", one+"/fulfillments/{n}/delivered", "deliverFulfillment",
		"Note that a parcel has arrived", 404, 503), f.deliver)
	cancel := route(api.Shopper, "POST", one+"/cancel", "cancelOrder", "Cancel an order of which nothing has been shipped",
		404, 409, 503)
	cancel.Description = "What was paid goes back, what was only reserved is let go, the stock is for sale again. " +
		"Repeating changes nothing. " +
		"Agents give a reason; theirs also retries a refund that failed."
	api.Handle(s, cancel, f.cancel)
	note := route(api.Agent, "POST", one+"/notes", "addOrderNote", "Add a note that customers do not see", 404, 409, 503)
	note.Status, note.Keyed = 201, api.KeyOptional
	api.Handle(s, note, f.note)
	f.reconciliations(s)
	return s
}

// caller collects what the request can show to be let in: customer, group, cart token, look-up
// token.
func caller(ctx context.Context, cartToken, lookupToken string) order.Caller {
	p := auth.From(ctx)
	return order.Caller{CustomerID: p.Subject, Operator: p.Operator(), CartToken: cartToken, LookupToken: lookupToken}
}
