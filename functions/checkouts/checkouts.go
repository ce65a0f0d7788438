// Package checkouts is the function that sells a cart, for shoppers: it starts the payment,
// takes the browser back from the bank's challenge, and receives the payment provider's
// webhooks. All of them lead to checkout.Service.Settle, so it does not matter which comes
// first, twice, or never: one checkout makes one order and one charge. Webhooks about
// subscriptions go to service.Service.HandleWebhook, which settles the charge in flight.
//
// It owns the items CHECKOUT#<id>/CHECKOUT and makes ORDER#<id>/ORDER; it locks and
// closes carts, takes stock, and counts CUSTOMER#<id>/PURCHASES (see shared/checkout).
// It publishes order.placed, order.payment_failed and checkout.refunded.
//
// Routes: POST /carts/{cartId}/checkout; GET /checkouts/{checkoutId}; POST confirm and cancel on it; POST
// /payments/webhooks/{provider}.
package checkouts

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"dangol/shared/checkout"
	"dangol/shared/order"
	"dangol/shared/payment/providers"
	"dangol/shared/platform/api"
	"dangol/shared/platform/auth"
	"dangol/shared/platform/boot"
	"dangol/shared/platform/function"
	"dangol/shared/platform/table"
	"dangol/shared/problemtext"
	"dangol/shared/subscription/service"
)

// Checkouts is the function with what it needs.
type Checkouts struct {
	Checkouts     checkout.Service
	Subscriptions *service.Service // for the provider's messages about them
}

// Spec describes the function.
func Spec() function.Spec {
	return function.Spec{
		Name: "checkouts", Purpose: "Turns a cart into an order: holds stock, takes the payment, receives the provider's " +
			"webhooks",
		New: New, API: API(), Memory: 512, Timeout: 29 * time.Second,
		Environment: slices.Concat(api.Variables(), providers.Variables(),
			[]string{"COMMERCE_TABLE", "SHOP_CONFIG", "CATALOG_CACHE_TTL", "SHOP_TIMEZONE"}),
		Data: []function.Data{{
			Title:    "Checkouts",
			About:    "Package `shared/checkout`. One item an attempt to buy.",
			Patterns: checkout.AccessPatterns,
		}},
		Tables: []function.Grant{{
			Table:   table.Commerce.Name,
			Actions: []string{"GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem"},
			Indexes: []string{table.ByOne},
		}},
		Permissions: []function.Permission{function.ReadPayments},
		Alarms:      []function.Alarm{service.RefundsRefused},
	}
}

// New builds the function. Environment: what checkout.FromEnv, service.On and api.FromEnv name.
func New(ctx context.Context, env *boot.Env) (lambda.Handler, error) {
	checkouts, err := checkout.FromEnv(ctx, env)
	if err != nil {
		return nil, err
	}
	subscriptions, err := service.On(env, checkouts.Table, checkouts.Provider)
	if err != nil {
		return nil, err
	}
	options, err := api.FromEnv(ctx, env)
	if err != nil {
		return nil, err
	}
	options.Message = problemtext.For
	return (&Checkouts{*checkouts, subscriptions}).Service(options).Lambda(), nil
}

// API describes the function's routes; it cannot serve them.
func API() *api.Service { return (*Checkouts)(nil).Service(api.Options{}) }

// maxWebhook bounds a provider's message, in bytes. Messages of
// Stripe are some KB; the bound keeps others from filling the memory.
const maxWebhook = 256 << 10

// underWay is the other answer of routes that may not have the provider's yet.
var underWay = []int{http.StatusAccepted}

// Service is the function's HTTP side.
func (f *Checkouts) Service(o api.Options) *api.Service {
	s := api.New("checkouts", o)
	// The key is required: a charge must never be repeated because an answer was lost.
	api.Handle(s, api.Route{
		Method: "POST", Path: "/carts/{cartId}/checkout", ID: "startCheckout", Summary: "Buy a cart", Description: startText,
		Tag: "Checkout", Access: api.Shopper, Keyed: api.KeyRequired, Status: 201, Also: underWay,
		Errors: []int{402, 404, 409, 412, 422, 503},
	}, f.start)
	api.Handle(s, api.Route{
		Method: "GET", Path: "/checkouts/{checkoutId}", ID: "getCheckout", Summary: "Read a checkout",
		Tag: "Checkout", Access: api.Shopper, Errors: []int{404, 422},
	}, f.get)
	api.Handle(s, api.Route{
		Method: "POST", Path: "/checkouts/{checkoutId}/confirm", ID: "confirmCheckout",
		Summary:     "Go on after the bank's challenge",
		Description: confirmText, Tag: "Checkout", Access: api.Shopper, Also: underWay,
		Errors: []int{402, 404, 409, 422},
	}, f.confirm)
	api.Handle(s, api.Route{
		Method: "POST", Path: "/checkouts/{checkoutId}/cancel", ID: "cancelCheckout", Summary: "Give a checkout up",
		Description: cancelText, Tag: "Checkout", Access: api.Shopper, Also: underWay, Errors: []int{404, 409, 422},
	}, f.cancel)
	// Signed: the provider has no account; its signature over the body is what lets it in.
	api.Handle(s, api.Route{
		Method: "POST", Path: "/payments/webhooks/{provider}", ID: "paymentWebhook", Summary: "Take in a provider's message",
		Tag: "Payments", Access: api.Signed, MaxBody: maxWebhook, Errors: []int{400, 401, 404, 503},
	}, f.handleWebhook)
	return s
}

const (
	startText = "Holds the stock for 10 minutes, locks the cart and takes the payment. `completed`: there is an order. " +
		"`requires_action`: send the shopper to `redirectUrl`, then confirm. `processing` (202): the provider has not " +
		"answered; do " +
		"not pay again, read the checkout or confirm until it has. Send the same request with the same key as often as you " +
		"like: it is the same checkout. After a decline (402) the cart is open again; another card is another key. " +
		"With `total` or If-Match the cart is only bought as the shopper has seen it."
	confirmText = "For when the browser comes back, and for asking again while a checkout is processing. It does not " +
		"matter whether " +
		"the provider's webhook was faster."
	cancelText = "Stops the payment, gives the stock back and opens the cart again. A checkout that has been paid " +
		"stays: cancel the order."
)

// caller is what the caller proves about themselves: an
// account, a group, or the token of the ordered cart.
func caller(ctx context.Context, cartToken string) order.Caller {
	p := auth.From(ctx)
	return order.Caller{CustomerID: p.Subject, Operator: p.Operator(), CartToken: cartToken}
}
