// Package returns is the function for what comes after a purchase: customers return goods for a refund, store credit,
// another variant or a replacement, see beforehand what they would get, and read the return policy; the shop's people
// approve, receive, inspect, see what is due, change orders before they are shipped and give refunds as a gesture.
//
// It owns the items ORDER#<id>/RETURN#<id> (see shared/rma), RETURN-POLICY/VERSION#<n>,
// RETURN-COUNT#<month>/PRODUCT#<id>, ORDER#<id>/ADDITION#<n> (goods that are added to an order once they are paid for),
// the tasks TASK#payment_return#<key> and the lots of store credit (shared/storecredit); it changes orders together
// with the returns of them, and makes the orders in which exchanges and replacements are sent. It publishes
// return.requested, return.approved, return.booked, return.received, return.completed, return.rejected,
// return.canceled, return.balance_asked, return.refund_delayed, order.changed, order.refunded, order.placed,
// order.payment_requested, credit.granted, credit.expiry_announced and credit.expired. It consumes return.completed, to
// know of how many units that were sold how many came back; the function promotion-scheduler counts those.
//
// Jobs: return (a return expires, its refund is almost or really late, a balance was not paid) and store_credit (a lot
// is about to expire, or has), order_addition (goods to be added were not paid for) and payment_return (a payment that
// came too late goes back). Refunds at the provider that get no answer here are left to the checkout-worker
// function.
package returns

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"dangol/shared/catalog"
	"dangol/shared/order"
	"dangol/shared/payment"
	"dangol/shared/payment/providers"
	"dangol/shared/platform/api"
	"dangol/shared/platform/boot"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/function"
	"dangol/shared/platform/metrics"
	"dangol/shared/platform/table"
	"dangol/shared/pricing"
	"dangol/shared/problemtext"
	promotions "dangol/shared/promotion/store"
	"dangol/shared/rma"
	"dangol/shared/storecredit"
)

// Returns is the function with what it needs.
type Returns struct {
	Table    *table.Table
	Orders   order.Store
	Returns  rma.Store
	Policies Policies
	Credit   storecredit.Store
	Catalog  *catalog.Cache
	// Promotions tell which goods belong to a limited edition.
	Promotions promotions.Reader
	Cashier    order.Cashier
	Provider   payment.Provider
	Carrier    Carrier
	Shop       pricing.Shop // for the tax of goods that are added to an order
	Clock      clock.Clock
	Log        *slog.Logger
	Metrics    *metrics.Writer
	// Signal counts something that an alarm watches.
	Signal func(ctx context.Context, name string)
}

// Build puts the function together over one table.
func Build(
	t *table.Table, provider payment.Provider, shop pricing.Shop, c clock.Clock, log *slog.Logger,
) *Returns {
	orders := order.Store{Table: t, Clock: c}
	// The catalog may be a minute old for titles and pictures; stock is always read past the cache.
	return &Returns{
		Table: t, Orders: orders, Returns: rma.Store{Table: t}, Policies: Policies{Table: t, Clock: c},
		Credit:     storecredit.Store{Table: t},
		Promotions: promotions.NewCache(promotions.Store{Table: t, Clock: c}, promotions.Fresh),
		Catalog:    catalog.NewCache(t, c, time.Minute), Provider: provider, Carrier: SandboxCarrier{}, Shop: shop, Clock: c,
		Log:     log,
		Cashier: order.Cashier{Orders: orders, Provider: provider, Clock: c, Log: log},
		// Replaced by New; tests count in their own way.
		Signal: func(context.Context, string) {},
	}
}

// Spec describes the function.
func Spec() function.Spec {
	return function.Spec{
		Name: "returns", Purpose: "After the purchase: changes of orders, returns, refunds, exchanges, store credit, the " +
			"return policy",
		New: New, API: API(), Memory: 512, Timeout: 29 * time.Second,
		Environment: slices.Concat(api.Variables(), providers.Variables(), []string{"COMMERCE_TABLE", "SHOP_CONFIG"}),
		Data: []function.Data{{
			Title: "Returns and store credit",
			About: "Function `returns`, packages `shared/rma` and `shared/storecredit`. One item a return, in the " +
				"partition of its order; one item a lot.",
			Patterns: AccessPatterns,
		}},
		Tables: []function.Grant{{
			Table: table.Commerce.Name,
			// DeleteItem: an Idempotency-Key whose request was refused is free again
			Actions: []string{"GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "DeleteItem"},
			Indexes: []string{table.ByOne, table.ByTwo},
		}},
		Jobs: (*Returns)(nil).Jobs(), Events: (*Returns)(nil).Consumers().Types(),
		Permissions: []function.Permission{function.ReadPayments},
		Alarms: []function.Alarm{
			{Name: "return-refund-due", Metric: RefundDueSoon,
				What: "The law's time for a refund ends within a business day: see GET /admin/returns?state=received"},
			{Name: "return-refund-late", Metric: RefundLate,
				What: "The law's time for a refund has ended and interest is owed: see GET /admin/returns?state=received"},
		},
	}
}

// New builds the function. Environment: COMMERCE_TABLE, SHOP_CONFIG, the variables of the payment provider, and what
// api.FromEnv names.
func New(ctx context.Context, env *boot.Env) (lambda.Handler, error) {
	var config struct {
		Shop string `env:"SHOP_CONFIG,optional"`
	}
	if err := env.Config(&config); err != nil {
		return nil, err
	}
	shop, err := pricing.LoadShop(config.Shop)
	if err != nil {
		return nil, err
	}
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
	f := Build(tables[0], provider, shop, env.Clock, env.Log)
	f.Metrics = env.Metrics()
	f.Signal = func(ctx context.Context, name string) {
		if err := env.Metrics().Emit(nil, metrics.Metric{Name: name, Unit: metrics.Count, Value: 1}); err != nil {
			// A metric that is lost must not fail the job that it tells of.
			env.Log.ErrorContext(ctx, "metric not written", "metric", name, "error", err)
		}
	}
	return function.Handlers{API: f.Service(options).Lambda(), Jobs: f.Jobs(), Events: f.Consumers(),
		Log: env.Log}.Lambda(), nil
}

// Consumers are the events that the function consumes.
func (f *Returns) Consumers() function.Consumers {
	return function.Consumers{function.On(f.ended)}
}

// API describes the function's routes; it cannot serve them.
func API() *api.Service { return (*Returns)(nil).Service(api.Options{}) }

// Service is the function's HTTP side.
func (f *Returns) Service(o api.Options) *api.Service {
	s := api.New("returns", o)
	f.shopperRoutes(s)
	f.shopRoutes(s)
	f.orderRoutes(s)
	f.additionRoutes(s)
	f.policyRoutes(s)
	return s
}

// route describes a route; every one can answer 422.
func route(access api.Access, method, path, id, summary string, errors ...int) api.Route {
	return api.Route{
		Method: method, Path: path, ID: id, Summary: summary, Tag: "Returns", Access: access,
		Errors: append([]int{422}, errors...),
	}
}

// shopperRoutes are the routes of customers and guests.
func (f *Returns) shopperRoutes(s *api.Service) {
	quote := route(api.Shopper, "POST", "/orders/{orderId}/returns/quote", "quoteReturn",
		"See what a return would refund, and why", 404, 409)
	quote.Description = "Line by line what each unit really cost, charges for gifts and discounts that are kept " +
		"without being earned, fees, " +
		"and the alternatives. Nothing is written. Send the token with the request for the return."
	api.Handle(s, quote, f.quoteReturn)
	request := route(api.Shopper, "POST", "/orders/{orderId}/returns", "requestReturn", "Return goods, exactly as quoted",
		404, 409, 503)
	request.Status, request.Keyed = 201, api.KeyRequired
	request.Description = "409 quote_changed lists what changed since the quote."
	api.Handle(s, request, f.request)
	api.Handle(s, route(api.Shopper, "GET", "/orders/{orderId}/returns", "listReturnsOfOrder",
		"List the returns of an order", 404), f.ofOrder)
	api.Handle(s, route(api.Customer, "GET", "/returns", "listMyReturns", "List one's own returns, newest first"), f.mine)
	api.Handle(s, route(api.Shopper, "GET", "/returns/{returnId}", "getReturn", "Read a return", 404), f.get)
	cancel := route(api.Shopper, "POST", "/returns/{returnId}/cancel", "cancelReturn",
		"Cancel a return that is not on its way", 404, 409, 503)
	api.Handle(s, cancel, f.cancel)
	send := route(api.Shopper, "POST", "/returns/{returnId}/sent", "sendReturn",
		"Note that the goods were handed to the carrier", 404, 409, 503)
	api.Handle(s, send, f.handOver)
	pay := route(api.Shopper, "POST", "/returns/{returnId}/balance", "payReturnBalance",
		"Pay the difference of an exchange", 402, 404, 409, 503)
	pay.Keyed, pay.Also = api.KeyRequired, []int{http.StatusAccepted}
	pay.Description = "Only after it was asked for; nothing is ever taken silently. 202 while a payment is under way: " +
		"repeat the call when the card wanted a challenge, or when the provider had not decided yet."
	api.Handle(s, pay, f.payBalance)
	hold := route(api.Shopper, "POST", "/returns/{returnId}/hold", "holdForExchange",
		"Reserve the price of an exchange on a card and have it sent at once", 402, 404, 409, 503)
	hold.Keyed, hold.Also = api.KeyRequired, []int{http.StatusAccepted}
	hold.Description = "Nothing is taken while the goods come back within six days and are accepted; a dearer exchange " +
		"takes the difference. Goods that do not come back are paid for. 202 while the reservation is under way: repeat " +
		"the call when the card wanted a challenge, or when the provider had not decided yet."
	api.Handle(s, hold, f.holdCard)
	api.Handle(s, route(api.Customer, "GET", "/store-credit", "getMyStoreCredit", "Read one's own store credit"),
		f.myCredit)
}

// shopRoutes are the routes of the shop's people.
func (f *Returns) shopRoutes(s *api.Service) {
	one := "/admin/returns/{returnId}"
	list := route(api.Agent, "GET", "/admin/returns", "listReturns", "List the returns in a state, by deadline")
	api.Handle(s, list, f.inState)
	api.Handle(s, route(api.Agent, "POST", one+"/approve", "approveReturn", "Approve a return", 404, 409, 503), f.approve)
	api.Handle(s, route(api.Agent, "POST", one+"/reject", "rejectReturn", "Reject a return, with evidence", 404, 409, 503),
		f.reject)
	api.Handle(s, route(api.Agent, "POST", one+"/book", "bookReturn", "Book a label or a pickup with the carrier", 404,
		409, 503), f.book)
	receive := route(api.Agent, "POST", one+"/receive", "receiveReturn", "Count what arrived", 404, 409, 503)
	receive.Keyed = api.KeyOptional
	receive.Description = "Goods may arrive in several parcels: what is counted is added. With an Idempotency-Key a " +
		"repeated request counts nothing twice; without counts everything that was announced has arrived, once."
	api.Handle(s, receive, f.receive)
	api.Handle(s, route(api.Agent, "POST", one+"/inspect", "inspectReturn", "Inspect what arrived and settle the return",
		404, 409, 503), f.inspect)
	bulk := route(api.Agent, "POST", "/admin/returns/receive", "receiveReturns", "Receive many returns as announced", 503)
	bulk.Description = "Each return fails alone; the answer says how each went."
	api.Handle(s, bulk, f.receiveMany)
	api.Handle(s, route(api.Agent, "GET", "/admin/returns/report", "reportReturns",
		"Return rate, reasons, grades and cost by product in a month"), f.report)
	who := route(api.Agent, "GET", "/admin/returns/customers/{customerId}", "getReturnsOfCustomer",
		"What a customer has returned, and whether they came back")
	api.Handle(s, who, f.customer)
	grant := route(api.MerchantIs, "POST", "/admin/customers/{customerId}/store-credit", "grantStoreCredit",
		"Give a customer store credit", 409, 503)
	grant.Status, grant.Keyed = 201, api.KeyRequired
	api.Handle(s, grant, f.grantCredit)
	api.Handle(s, route(api.Agent, "GET", "/admin/customers/{customerId}/store-credit", "getStoreCredit",
		"Read a customer's store credit"), f.creditOf)
}

// policyRoutes are the routes of the return policy.
func (f *Returns) policyRoutes(s *api.Service) {
	api.Handle(s, route(api.Public, "GET", "/return-policy", "getReturnPolicy", "Read the return policy for a country"),
		f.policy)
	text := route(api.Public, "GET", "/return-policy/text", "getReturnPolicyText", "Read the return policy as plain text")
	text.Types = []string{"text/plain"}
	api.Handle(s, text, f.policyText)
	api.Handle(s, route(api.Agent, "GET", "/admin/return-policies", "listReturnPolicies",
		"List all versions of the return policy"), f.policies)
	publish := route(api.MerchantIs, "POST", "/admin/return-policies", "publishReturnPolicy",
		"Publish a version of the return policy", 409)
	publish.Status, publish.Keyed, publish.Also = 201, api.KeyOptional, []int{http.StatusOK}
	publish.Description = "Checked against the law of each country; what gives less than the law is refused with the rule."
	api.Handle(s, publish, f.publish)
}
