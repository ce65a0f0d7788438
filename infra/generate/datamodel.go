package main

import (
	"bytes"
	"fmt"

	"dangol/functions/returns"
	"dangol/infra/topology"
	"dangol/shared/cart"
	"dangol/shared/catalog"
	"dangol/shared/checkout"
	"dangol/shared/order"
	"dangol/shared/outbox"
	"dangol/shared/platform/due"
	"dangol/shared/platform/event"
	"dangol/shared/platform/idempotency"
	"dangol/shared/platform/ratelimit"
	"dangol/shared/platform/table"
	"dangol/shared/promotion/store"
	"dangol/shared/subscription/service"
)

// dataModel lists every access pattern with its cost, as the packages that own them state and their tests measure.
func dataModel(s topology.System) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("# Data model\n\nMade from the packages that own the items by `make generate`; their tests measure " +
		"every figure on the engine and fail when it is wrong.\n\n")
	b.WriteString("Units are DynamoDB's: a read unit is 4 KB strongly consistent (half for eventually consistent), a " +
		"write unit is 1 KB; each index that changes adds its own; a transaction doubles the table's part.\n\n")
	for _, t := range s.Tables {
		fmt.Fprintf(&b, "- **%s**: %s.", t.Name, t.Why)
		for _, index := range t.Indexes {
			fmt.Fprintf(&b, " Index `%s` (%s, %s) carries %v.", index.Name, index.Hash, index.Sort, index.Carries)
		}
		b.WriteString("\n")
	}
	for _, section := range owners {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n", section.title, section.about)
		b.WriteString("| access pattern | key | index | round trips | read units | write units | measured with " +
			"|\n|---|---|---|---:|---:|---:|---|\n")
		for _, p := range section.patterns {
			fmt.Fprintf(&b, "| %s | `%s` | %s | %d | %s | %s | %s |\n", p.Name, p.Key, p.Index, p.Trips, units(p.Read),
				units(p.Write), p.Note)
		}
	}
	return b.Bytes(), nil
}

// owner is a package with storage.
type owner struct {
	title, about string
	patterns     []table.Pattern
}

func units(n float64) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%g", n)
}

var owners = []owner{
	{"Catalog", "Package `shared/catalog`. One item a product with its variants; a row for each change of a price.",
		catalog.AccessPatterns},
	{"Carts", "Package `shared/cart`. One item a cart.", cart.AccessPatterns},
	{"Checkouts", "Package `shared/checkout`. One item an attempt to buy.", checkout.AccessPatterns},
	{"Orders", "Package `shared/order`. One item an order.", order.AccessPatterns},
	{"Returns and store credit", "Function `returns`, packages `shared/rma` and `shared/storecredit`. One item a " +
		"return, in the partition of its order; one item a lot.", returns.AccessPatterns},
	{"Promotions", "Package `shared/promotion/store`. One item a promotion, listed by its end; counters only for what " +
		"is limited.", store.AccessPatterns},
	{"Plans, subscriptions and invoices",
		"Package `shared/subscription/service`. One item a subscription, a version of a plan, an invoice, a notice, a " +
			"line of history.", service.AccessPatterns},
	{"Rate limits", "Package `shared/platform/ratelimit`.", ratelimit.AccessPatterns},
	{"Idempotency keys", "Package `shared/platform/idempotency`.", idempotency.AccessPatterns},
	{"Events", "Package `shared/platform/event`.", event.AccessPatterns},
	{"Due jobs", "Package `shared/platform/due`.", due.AccessPatterns},
	{"Mails", "Package `shared/outbox`. One task and one record a mail.", outbox.AccessPatterns},
}
