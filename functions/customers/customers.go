// Package customers is the function for what the shop knows of its customers: customers keep an address book and claim
// what they ordered as guests; the shop finds customers, looks at one with their orders, and notes what it wants to
// remember.
//
// It owns the items CUSTOMER#<sub> / PROFILE (package shared/customer) and changes the owner of orders that are
// claimed. It consumes order.placed, which makes the profile of whoever orders for the first time; it publishes
// nothing.
//
// Routes: GET and PUT /me/profile, POST /me/addresses, PUT and DELETE one, POST /me/orders/claim; for the shop
// GET /admin/customers, GET one, POST its notes.
package customers

import (
	"context"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"dangol/events"
	"dangol/shared/customer"
	"dangol/shared/order"
	"dangol/shared/platform/api"
	"dangol/shared/platform/boot"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/event"
	"dangol/shared/platform/function"
	"dangol/shared/platform/table"
	"dangol/shared/problemtext"
	"dangol/shared/subscription/service"
)

// Customers is the function with what it needs.
type Customers struct {
	Profiles customer.Store
	Orders   order.Store
	// Subscriptions are read only, so the service needs nothing but the table.
	Subscriptions *service.Service
	Clock         clock.Clock
	// Identity says whose mail address an identity token proves.
	Identity func(ctx context.Context, token string) (sub, email string, err error)
}

// Spec describes the function.
func Spec() function.Spec {
	return function.Spec{
		Name: "customers", Purpose: "Profiles of customers: address book, claimed guest orders, what the shop noted",
		New: New, API: API(), Memory: 256, Timeout: 15 * time.Second,
		Environment: append(api.Variables(), "COMMERCE_TABLE"),
		Data: []function.Data{{
			Title: "Customers", About: "Package `shared/customer`. One item a customer.", Patterns: customer.AccessPatterns,
		}},
		Tables: []function.Grant{{
			// UpdateItem counts what a claimed order used of limits.
			Table: table.Commerce.Name, Actions: []string{"GetItem", "PutItem", "UpdateItem"},
			Indexes: []string{table.ByOne, table.ByTwo},
		}},
		Events: (&Customers{}).consumers().Types(),
	}
}

// New builds the function. Environment: COMMERCE_TABLE and what api.FromEnv names.
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
	f := &Customers{
		Profiles: customer.Store{Table: tables[0], Clock: env.Clock},
		Orders:   order.Store{Table: tables[0], Clock: env.Clock}, Clock: env.Clock, Identity: options.Identity,
		Subscriptions: &service.Service{Table: tables[0], Clock: env.Clock},
	}
	return function.Handlers{API: f.Service(options).Lambda(), Events: f.consumers(), Log: env.Log}.Lambda(), nil
}

// API describes the function's routes; it cannot serve them.
func API() *api.Service { return (*Customers)(nil).Service(api.Options{}) }

// Service is the function's HTTP side.
func (f *Customers) Service(o api.Options) *api.Service {
	s := api.New("customers", o)
	route := func(access api.Access, method, path, id, summary string, errors ...int) api.Route {
		return api.Route{
			Method: method, Path: path, ID: id, Summary: summary, Tag: "Customers", Access: access,
			Errors: append([]int{422, 503}, errors...),
		}
	}
	api.Handle(s, route(api.Customer, "GET", "/me/profile", "getMyProfile",
		"What the shop knows of one, with the address book"),
		f.mine)
	edit := route(api.Customer, "PUT", "/me/profile", "changeMyProfile",
		"Change what one is called and the language that the shop writes in")
	edit.Description = "What is left out stays. The mail address is the one that the log-in has proven."
	api.Handle(s, edit, f.rename)
	add := route(api.Customer, "POST", "/me/addresses", "addMyAddress", "Put an address into one's book", 409)
	add.Status = 201
	add.Description = "An address that is there already is kept once, so the request may be repeated."
	api.Handle(s, add, f.addAddress)
	api.Handle(s, route(api.Customer, "PUT", "/me/addresses/{addressId}", "replaceMyAddress", "Change an address", 404),
		f.replaceAddress)
	api.Handle(s, route(api.Customer, "DELETE", "/me/addresses/{addressId}", "removeMyAddress", "Forget an address", 404),
		f.removeAddress)
	claim := route(api.Customer, "POST", "/me/orders/claim", "claimGuestOrders",
		"Make one's own what one ordered as a guest", 403, 404)
	claim.Description = "The identity token of the log-in proves the mail address: it must be verified, and the token " +
		"the caller's own. Orders of guests under that address become the caller's. Repeating it changes nothing."
	api.Handle(s, claim, f.claim)
	api.Handle(s, route(api.Agent, "GET", "/admin/customers", "findCustomers", "Find customers by name or mail address"),
		f.find)
	api.Handle(s, route(api.Agent, "GET", "/admin/customers/{customerId}", "getCustomer",
		"Look at a customer: address book, notes, latest orders and subscriptions", 404), f.look)
	note := route(api.Agent, "POST", "/admin/customers/{customerId}/notes", "addCustomerNote",
		"Note something about a customer, for the shop only")
	note.Status = 201
	note.Description = "The latest 100 notes are kept, and of long ones those that fit into 100 KB: the oldest go first."
	api.Handle(s, note, f.note)
	return s
}

// consumers makes the profile of whoever orders for the first time. The same order twice changes nothing.
func (f *Customers) consumers() function.Consumers {
	return function.Consumers{
		function.On(func(ctx context.Context, _ event.Envelope, e events.OrderPlaced) error {
			if e.CustomerID == "" {
				return nil // a guest has no profile
			}
			_, err := f.Profiles.Change(ctx, e.CustomerID, func(p *customer.Profile) (bool, error) {
				return p.Met(e.Email, e.Name, e.Language), nil
			})
			return err
		}),
	}
}
