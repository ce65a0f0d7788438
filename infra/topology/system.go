package topology

import (
	"time"

	"dangol/functions/api-docs"
	"dangol/functions/billing"
	"dangol/functions/carts"
	"dangol/functions/checkout-worker"
	"dangol/functions/checkouts"
	"dangol/functions/notify"
	"dangol/functions/orders"
	"dangol/functions/products"
	"dangol/functions/promotion-scheduler"
	"dangol/functions/promotions"
	"dangol/functions/relay"
	"dangol/functions/subscriptions"
	"dangol/functions/sweeper"
	"dangol/shared/platform/table"
)

// Names of the tables, for the entries below.
const (
	commerce = "Commerce"
	outreach = "Outreach"
)

// Variables that several functions read together.
var (
	tokens   = []string{"JWT_ISSUER", "JWT_JWKS", "JWT_CLIENTS"}
	brand    = []string{"SHOP_NAME", "SHOP_URL", "SHOP_CONTACT", "SHOP_COLOR", "SHOP_IMPRINT", "SHOP_TIMEZONE"}
	times    = []string{"SCHEDULER_GROUP", "SCHEDULER_TARGET_ARN", "SCHEDULER_ROLE_ARN", "SCHEDULER_DEAD_ARN"}
	payments = []string{
		"PAYMENT_PROVIDER", "PAYMENT_SECRETS", "SANDBOX_URL", "SANDBOX_KEY", "SANDBOX_WEBHOOK_SECRET", "STRIPE_KEY",
		"STRIPE_WEBHOOK_SECRET",
	}
)

// Dangol is the whole system.
var Dangol = System{
	Tables: table.Schemas,
	Queues: []Queue{{Name: "checkout", Batch: 10, MaxReceive: 5}, {Name: "billing", Batch: 10, MaxReceive: 5}},
	Due: []DueKind{
		{Kind: "checkout", Table: commerce, Queue: "checkout"},
		{Kind: "capture", Table: commerce, Queue: "checkout"},
		{Kind: "refund", Table: commerce, Queue: "checkout"},
		{Kind: "subscription", Table: commerce, Queue: "billing"},
		{Kind: "subscription_report", Table: commerce, Queue: "billing"},
	},
	Functions: []Function{
		{
			Name: "products", Purpose: "Products, prices and stock: shown to shoppers, kept by merchants",
			New: products.New, API: products.API(), Memory: 512, Timeout: 29 * time.Second,
			Env: variables(tokens, "COMMERCE_TABLE", "SHOP_CONFIG", "SHELF_SECONDS"),
			Tables: []Grant{{
				Table:   commerce,
				Actions: []string{"GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem"},
				Indexes: []string{table.ByOne},
			}},
		},
		{
			Name: "carts", Purpose: "Carts of guests and customers, with what they cost and what blocks them",
			New: carts.New, API: carts.API(), Memory: 256, Timeout: 10 * time.Second,
			Env: variables(tokens, "COMMERCE_TABLE", "SHOP_CONFIG", "SHELF_SECONDS"),
			Tables: []Grant{{
				Table: commerce, Actions: []string{"GetItem", "BatchGetItem", "PutItem", "DeleteItem"}, Indexes: []string{table.ByOne},
			}},
		},
		{
			Name: "promotions", Purpose: "Promotions: planned, guarded, rehearsed and reported on by merchants",
			New: promotions.New, API: promotions.API(), Memory: 512, Timeout: 29 * time.Second,
			Env: variables(append(tokens, times...), "COMMERCE_TABLE", "SHOP_CONFIG", "GUARD_CONFIG", "SHOP_TIMEZONE"),
			Tables: []Grant{{
				Table: commerce, Actions: []string{"GetItem", "BatchGetItem", "PutItem", "DeleteItem", "Query"},
				Indexes: []string{table.ByOne, table.ByTwo},
			}},
			May: []Permission{PlanTimes},
		},
		{
			Name: "promotion-scheduler", Purpose: "Tells when promotions start and end, and counts what they bring",
			New: promotionscheduler.New, Memory: 256, Timeout: 30 * time.Second,
			Env: variables(times, "COMMERCE_TABLE", "SHOP_TIMEZONE"),
			Tables: []Grant{{
				Table: commerce, Actions: []string{"GetItem", "BatchGetItem", "PutItem", "UpdateItem", "BatchWriteItem"},
				Indexes: []string{table.ByOne},
			}},
			Events: promotionscheduler.Hears, May: []Permission{PlanTimes},
		},
		{
			Name: "checkouts", Purpose: "Turns a cart into an order: holds stock, takes the payment, hears the provider",
			New: checkouts.New, API: checkouts.API(), Memory: 512, Timeout: 29 * time.Second,
			Env: variables(append(tokens, payments...), "COMMERCE_TABLE", "SHOP_CONFIG", "SHELF_SECONDS", "SHOP_TIMEZONE"),
			Tables: []Grant{{
				Table: commerce, Actions: []string{"GetItem", "BatchGetItem", "PutItem", "UpdateItem"},
				Indexes: []string{table.ByOne},
			}},
			May: []Permission{ReadPayments},
		},
		{
			Name: "orders", Purpose: "Orders: for customers to follow, for the shop to send, cancel and refund",
			New: orders.New, API: orders.API(), Memory: 256, Timeout: 29 * time.Second,
			Env: variables(append(tokens, payments...), "COMMERCE_TABLE"),
			Tables: []Grant{{
				Table: commerce, Actions: []string{"GetItem", "BatchGetItem", "PutItem", "UpdateItem"},
				Indexes: []string{table.ByOne, table.ByTwo},
			}},
			May: []Permission{ReadPayments},
		},
		{
			Name: "subscriptions", Purpose: "Plans, and subscriptions: for customers to start, change and leave, for the shop to count",
			New: subscriptions.New, API: subscriptions.API(), Memory: 512, Timeout: 29 * time.Second,
			Env: variables(append(tokens, payments...), "COMMERCE_TABLE", "SHOP_TIMEZONE"),
			Tables: []Grant{{
				Table: commerce, Actions: []string{"GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem"},
				Indexes: []string{table.ByOne, table.ByTwo, table.Due},
			}},
			May: []Permission{ReadPayments},
		},
		{
			Name: "api-docs", Purpose: "The OpenAPI document and a page to read it",
			New: apidocs.New, API: apidocs.API(), Memory: 128, Timeout: 10 * time.Second,
		},
		{
			Name: "relay", Purpose: "Publishes what happened: from the table's stream to the bus, in order for each item",
			New: relay.New, Memory: 256, Timeout: 30 * time.Second, Env: []string{"BUS_NAME"},
			Stream: &Stream{Table: commerce, Batch: 100, Retries: 20}, May: []Permission{PutEvents},
		},
		{
			Name: "sweeper", Purpose: "Finds what is due and queues it",
			New: sweeper.New, Memory: 256, Timeout: 55 * time.Second,
			Env:      []string{"COMMERCE_TABLE", "DUE_KINDS", "DEAD_QUEUE_URL"},
			Tables:   []Grant{{Table: commerce, Actions: []string{"UpdateItem"}, Indexes: []string{table.Due}}},
			Schedule: &Schedule{Rate: time.Minute}, May: []Permission{SendDue},
		},
		{
			Name: "checkout-worker", Purpose: "Finishes what a checkout left open: holds that ran out, captures, refunds",
			New: checkoutworker.New, Memory: 256, Timeout: 30 * time.Second,
			Env:    variables(payments, "COMMERCE_TABLE", "SHOP_CONFIG"),
			Tables: []Grant{{Table: commerce, Actions: []string{"GetItem", "PutItem", "UpdateItem"}}},
			Queue:  "checkout", May: []Permission{ReadPayments},
		},
		{
			Name: "billing", Purpose: "Renews subscriptions: invoices, charges once, follows up, asks for consent, sends boxes",
			New: billing.New, Memory: 512, Timeout: 55 * time.Second,
			Env: variables(payments, "COMMERCE_TABLE", "SHOP_TIMEZONE"),
			Tables: []Grant{{
				Table: commerce, Actions: []string{"GetItem", "BatchGetItem", "PutItem", "UpdateItem"}, Indexes: []string{table.ByTwo, table.Due},
			}},
			Queue: "billing", May: []Permission{ReadPayments},
		},
		{
			Name: "notify", Purpose: "Mails the shopper what happened to the order",
			New: notify.New, Memory: 256, Timeout: 30 * time.Second,
			Env:    variables(brand, "OUTREACH_TABLE", "MAIL_FROM", "MAIL_REPLY_TO", "MAIL_CONFIGURATION_SET"),
			Tables: []Grant{{Table: outreach, Actions: []string{"PutItem", "UpdateItem"}}},
			Events: notify.Hears,
			May:    []Permission{SendMail},
		},
	},
}

// variables joins a group of variable names with more.
func variables(group []string, more ...string) []string {
	return append(append([]string{}, group...), more...)
}
