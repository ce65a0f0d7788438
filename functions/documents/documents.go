// Package documents is the function for what is printed: the label that customers stick on a parcel they return (PDF
// with a QR code), and packing slips and the pick list for the shop's people (HTML that prints).
//
// It owns no items and publishes no events; it reads orders and returns. It is a function of its own, because what
// draws PDF would slow the start of the others down.
package documents

import (
	"context"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"dangol/shared/order"
	"dangol/shared/platform/api"
	"dangol/shared/platform/boot"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/function"
	"dangol/shared/platform/table"
	"dangol/shared/problemtext"
	"dangol/shared/rma"
)

// Documents is the function with what it needs.
type Documents struct {
	Orders  order.Store
	Returns rma.Store
	Clock   clock.Clock
}

// Spec describes the function.
func Spec() function.Spec {
	return function.Spec{
		Name: "documents", Purpose: "What is printed: labels of returns, packing slips, the pick list",
		New: New, API: API(), Memory: 512, Timeout: 29 * time.Second,
		Environment: append(api.Variables(), "COMMERCE_TABLE"),
		Tables: []function.Grant{{
			Table: table.Commerce.Name, Actions: []string{"GetItem", "BatchGetItem"}, Indexes: []string{table.ByTwo},
		}},
	}
}

// New builds the function. Environment: COMMERCE_TABLE, and what api.FromEnv names.
func New(ctx context.Context, env *boot.Env) (lambda.Handler, error) {
	options, err := api.FromEnv(ctx, env)
	if err != nil {
		return nil, err
	}
	options.Message = problemtext.For
	tables, err := env.Tables(ctx, "COMMERCE_TABLE")
	if err != nil {
		return nil, err
	}
	return Build(tables[0], env.Clock).Service(options).Lambda(), nil
}

// Build puts the function together over one table.
func Build(t *table.Table, c clock.Clock) *Documents {
	return &Documents{Orders: order.Store{Table: t, Clock: c}, Returns: rma.Store{Table: t}, Clock: c}
}

// API describes the function's routes; it cannot serve them.
func API() *api.Service { return (*Documents)(nil).Service(api.Options{}) }

// Service is the function's HTTP side.
func (f *Documents) Service(o api.Options) *api.Service {
	s := api.New("documents", o)
	// What the routes have in common stands here once. They
	// are read only, so 422 is the only error of all of them.
	route := func(access api.Access, kind, path, id, summary string, errors ...int) api.Route {
		return api.Route{
			Method: "GET", Path: path, ID: id, Summary: summary, Tag: "Documents", Access: access, Types: []string{kind},
			Errors: append([]int{422}, errors...),
		}
	}
	api.Handle(s, route(api.Shopper, "application/pdf", "/returns/{returnId}/label.pdf", "getReturnLabel",
		"Print the label of a return", 404, 409), f.label)
	api.Handle(s, route(api.Agent, "text/html", "/orders/{orderId}/packing-slip", "getPackingSlip",
		"Print the packing slip of an order", 404), f.packingSlip)
	list := route(api.Agent, "text/html", "/admin/pick-list", "getPickList", "Print what to pick for orders that wait")
	list.Description = "The next 100 orders that are placed and not held, their units together by variant, then order " +
		"by order."
	api.Handle(s, list, f.pickList)
	return s
}

// Printed is a document as it is answered.
type Printed struct {
	Type    string `header:"Content-Type"`
	Caching string `header:"Cache-Control"`
	Body    []byte
}

// printed is a document as the answer; it has personal data, so no cache may keep it.
func printed(contentType string, body []byte) *Printed {
	return &Printed{Type: contentType, Caching: "no-store", Body: body}
}
