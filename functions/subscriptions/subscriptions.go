// Package subscriptions is the function for paid memberships, boxes and replenishment: shoppers subscribe and change
// what they have, and see before each change what it costs and when; merchants keep the plans and read their figures.
//
// It changes the items of shared/subscription/service (SUBSCRIPTION#<id>, PLAN#<id>, NUMBERS#...) and emits
// subscription.changed and subscription.notice_issued. What is due later is done by the billing function; a payment
// that follows from a request is made here, at once, and left to billing when the provider does not answer.
//
// Routes: plans under /plans, one's own subscriptions under /subscriptions, what they give at /me/membership, those one
// was given under /gifts, the merchant's figures and refunds under /admin.
package subscriptions

import (
	"context"
	"slices"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"dangol/shared/payment/providers"
	"dangol/shared/platform/api"
	"dangol/shared/platform/boot"
	"dangol/shared/platform/function"
	"dangol/shared/platform/table"
	"dangol/shared/problemtext"
	"dangol/shared/subscription/service"
)

// Subscriptions holds the service that the handlers share. In API it is nil: the routes are
// described without it.
type Subscriptions struct {
	Billing *service.Service
}

// Spec describes the function.
func Spec() function.Spec {
	return function.Spec{
		Name:    "subscriptions",
		Purpose: "Plans, and subscriptions: for customers to start, change and leave, for the shop to count",
		// 512 MB: the processor share grows with memory, and the payment provider's TLS handshake
		// is what takes the time. 29 seconds is just under the 30 at which API Gateway gives up.
		New: New, API: API(), Memory: 512, Timeout: 29 * time.Second,
		Environment: slices.Concat(api.Variables(), providers.Variables(), []string{"COMMERCE_TABLE", "SHOP_TIMEZONE"}),
		Data: []function.Data{{
			Title: "Plans, subscriptions and invoices",
			About: "Package `shared/subscription/service`. One item a subscription, a version of a plan, an invoice, a " +
				"notice, a line of history.",
			Patterns: service.AccessPatterns,
		}},
		Tables: []function.Grant{{
			Table:   table.Commerce.Name,
			Actions: []string{"GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem"},
			Indexes: []string{table.ByOne, table.ByTwo, table.Due},
		}},
		Permissions: []function.Permission{function.ReadPayments},
		Alarms:      []function.Alarm{service.RefundsRefused},
	}
}

// New builds the function. Environment: what service.FromEnv and api.FromEnv name.
func New(ctx context.Context, env *boot.Env) (lambda.Handler, error) {
	options, err := api.FromEnv(ctx, env)
	if err != nil {
		return nil, err
	}
	options.Message = problemtext.For
	service, err := service.FromEnv(ctx, env)
	if err != nil {
		return nil, err
	}
	return (&Subscriptions{service}).Service(options).Lambda(), nil
}

// API describes the function's routes; it cannot serve them.
func API() *api.Service { return (*Subscriptions)(nil).Service(api.Options{}) }

// Service is the function's HTTP side.
func (f *Subscriptions) Service(o api.Options) *api.Service {
	s := api.New("subscriptions", o)
	f.plans(s)
	// Registered in the order in which the API reference shows them.
	f.gifts(s)
	f.credits(s)
	f.desk(s)
	f.routeOfCard(s)
	f.starts(s)
	f.changes(s)
	api.Handle(s, api.Route{
		Method: "GET", Path: "/me/membership", ID: "getMyMembership", Summary: "What one gets as a member",
		Tag: "Subscriptions", Access: api.Customer,
		Description: "Exactly what carts and checkouts go by at this moment.", Errors: []int{422},
	}, f.membership)
	report := api.Route{
		Method: "GET", Path: "/admin/subscriptions/report", ID: "getSubscriptionReport",
		Summary: "Recurring revenue, churn, trials, recovery, what is to come",
		Tag:     "Subscriptions", Access: api.MerchantIs, Errors: []int{422},
		Description: "Of a large shop the figures are added up behind the scenes: the answer is 202 with `ready` false " +
			"until the first are there, and later the last ones, as of `asOf`.",
	}
	report.Also = []int{accepted}
	api.Handle(s, report, f.report)
	return s
}

// one is the path of one subscription below that of the customer's subscriptions.
const one = "/{subscriptionId}"

// own is a route about a customer's own subscriptions.
func own(method, path, id, summary string, errors ...int) api.Route {
	return api.Route{
		Method: method, Path: "/subscriptions" + path, ID: id, Summary: summary, Tag: "Subscriptions", Access: api.Customer,
		Errors: append([]int{422}, errors...),
	}
}

// starts registers the routes that begin a subscription or read it.
func (f *Subscriptions) starts(s *api.Service) {
	start := own("POST", "", "subscribe", "Subscribe to a plan", 402, 404, 409, 429, 503)
	start.Status, start.Keyed, start.Also = 201, api.KeyRequired, []int{accepted}
	start.Description = "The card is kept for the renewals. Without a trial the first payment is made now. The answer " +
		"is 202 while nothing has begun: `state` is `requires_action` when the bank wants the cardholder (send them to " +
		"`payment.redirectUrl`, then confirm), and `starting` while the provider's answer is still to come. A declined " +
		"card is answered with 402, and there is no subscription and no invoice."
	api.Handle(s, start, f.subscribe)
	startQuote := own("POST", "/quote", "quoteSubscription", "What subscribing would cost, and when", 404, 409)
	startQuote.Description = "Changes nothing. The amounts, the trial and the consent it needs are those that " +
		"subscribing with the same fields would bring at this moment."
	api.Handle(s, startQuote, f.quoteStart)
	api.Handle(s, own("GET", "", "listMySubscriptions", "List one's own subscriptions, newest first"), f.mine)
	api.Handle(s, own("GET", one, "getSubscription", "Read a subscription", 404), f.get)
	api.Handle(s, own("GET", one+"/history", "getSubscriptionHistory", "What happened to a subscription, newest first",
		404), f.history)
	api.Handle(s, own("GET", one+"/invoices", "listInvoices", "The invoices of a subscription, newest first", 404),
		f.invoices)
	api.Handle(s, own("POST", one+"/quote", "quoteSubscriptionChange", "What a change would cost, and when", 404, 409),
		f.quote)
}

// changes registers the routes that change a subscription.
func (f *Subscriptions) changes(s *api.Service) {
	// Every change shares these errors; the key is optional, because repeating a change is mostly
	// harmless and the version can be sent as If-Match instead.
	change := func(path, id, summary string) api.Route {
		r := own("POST", one+path, id, summary, 402, 404, 409, 412, 503)
		r.Keyed, r.Also = api.KeyOptional, []int{accepted}
		return r
	}
	changes := change("/changes", "changeSubscription", "Change a subscription, as quoted")
	changes.Description = underWayText
	api.Handle(s, changes, f.change)
	cancel := change("/cancel", "cancelSubscription", "Cancel, in one step")
	cancel.Description = "Ends with what is paid, or the minimum term; nothing is asked first. The answer says where a " +
		"reason may be given, and what the shop offers instead."
	api.Handle(s, cancel, f.cancel)
	api.Handle(s, change("/cancel/reason", "explainCancellation", "Say why, after canceling"), f.explain)
	reactivate := change("/reactivate", "reactivateSubscription",
		"Take a cancellation back, or start again after the end")
	reactivate.Description = underWayText
	api.Handle(s, reactivate, f.reactivate)
	pay := change("/pay", "payNow", "Charge what is unpaid at once")
	pay.Description = underWayText
	api.Handle(s, pay, f.pay)
	confirm := own("POST", one+"/confirm", "confirmSubscriptionPayment",
		"Ask what became of a payment that the bank wanted the cardholder for", 402, 404, 409, 503)
	confirm.Also = []int{accepted}
	confirm.Description = "For the page that the bank sends the shopper back to. It may be called any number of times: " +
		"202 while the cardholder has not passed yet, 402 when they did not, else the subscription. A payment nobody " +
		"confirms is settled all the same, and withdrawn when `payment.expiresAt` has passed."
	api.Handle(s, confirm, f.confirm)
	// Without a key: setting the same card twice has the same effect.
	card := own("PUT", one+"/payment-method", "updatePaymentMethod",
		"Charge another card from now on, at once what is unpaid", 402, 404, 409, 412, 503)
	card.Description, card.Also = underWayText, []int{accepted}
	api.Handle(s, card, f.card)
	api.Handle(s, own("GET", one+"/consent", "getConsentNotice",
		"The notice to show before a trial turns paid or a price rises", 404), f.notice)
	api.Handle(s, change("/consent", "answerConsent", "Say yes or no to the notice"), f.consent)
}

// plans registers the routes of plans.
func (f *Subscriptions) plans(s *api.Service) {
	route := func(access api.Access, method, path, id, summary string, errors ...int) api.Route {
		return api.Route{
			Method: method, Path: "/plans" + path, ID: id, Summary: summary, Tag: "Plans", Access: access,
			Errors: append([]int{422}, errors...),
		}
	}
	api.Handle(s, route(api.Public, "GET", "", "listPlans", "List the plans on offer"), f.offers)
	api.Handle(s, route(api.Public, "GET", "/{planId}", "getPlan", "Read a plan on offer", 404), f.offered)
	admin := func(path, id, summary string, errors ...int) api.Route {
		return api.Route{
			Method: "GET", Path: "/admin/plans" + path, ID: id, Summary: summary, Tag: "Plans", Access: api.MerchantIs,
			Errors: append([]int{422}, errors...),
		}
	}
	api.Handle(s, admin("", "listAllPlans", "List all plans with everything, archived ones too"), f.allPlans)
	api.Handle(s, admin("/{planId}", "getPlanForEdit", "Read everything about a plan", 404), f.plan)
	create := route(api.MerchantIs, "POST", "", "createPlan", "Offer a plan")
	create.Status, create.Keyed = 201, api.KeyOptional
	api.Handle(s, create, f.createPlan)
	replace := route(api.MerchantIs, "PUT", "/{planId}", "replacePlan", "Make a further version of a plan", 404, 412)
	replace.Description = "Subscribers keep the version they have; proposePlan brings the price of the latest to them."
	api.Handle(s, replace, f.replacePlan)
	api.Handle(s, route(api.MerchantIs, "POST", "/{planId}/archive", "archivePlan", "Offer a plan no more", 404, 412),
		f.archivePlan)
	propose := route(api.MerchantIs, "POST", "/{planId}/proposal", "proposePlan",
		"Bring the latest price to subscribers of earlier versions, page by page", 404)
	propose.Description = "A lower price begins with the next payment. A higher one is asked for first; without " +
		"consent the old one stays or the subscription ends, as the plan says. Repeating changes nothing."
	api.Handle(s, propose, f.propose)
}
