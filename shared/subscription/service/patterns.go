package service

import (
	"dangol/shared/platform/table"
)

// AccessPatterns are the ways in which plans, subscriptions and invoices are read and written; a test measures them.
var AccessPatterns = []table.Pattern{
	{Name: "read a plan", Key: "PLAN#<id> / PLAN", Trips: 1, Read: 1, Note: "latest version"},
	{Name: "list the plans", Key: "PLANS / <id>", Index: table.ByOne, Trips: 1, Read: 0.5, Note: "a few plans"},
	{Name: "store a version of a plan", Key: "PLAN#<id> / PLAN and VERSION#<n>", Trips: 1, Write: 5,
		Note: "1 transaction; versions never change"},
	{Name: "read a subscription", Key: "SUBSCRIPTION#<id> / SUBSCRIPTION", Trips: 1, Read: 1, Note: "about 3 KB"},
	{Name: "a customer's subscriptions, newest first", Key: "SUBSCRIBER#<sub> / <started at>#<id>", Index: table.ByOne,
		Trips: 1, Read: 0.5, Note: "a few cards"},
	{Name: "every subscription, for the merchant's figures", Key: "SUBSCRIPTIONS#<shard> / <plan>#<id>",
		Index: table.ByTwo,
		Trips: Shards, Read: 0.5 * Shards, Note: "and 0.5 per 4 KB of cards"},
	{Name: "whether a recipient has reported a sender's gift", Key: "GIFT_REPORT#<hash of address> / SENDER#<sub>",
		Trips: 1, Read: 1},
	{Name: "report a gift", Key: "GIFT_REPORT#<hash of address> / SENDER#<sub>", Trips: 1, Write: 2},
	{Name: "list reported gifts, newest first", Key: "GIFT_REPORTS / <time>#<id>", Index: table.ByOne, Trips: 1, Read: 0.5,
		Note: "a page of cards"},
	{Name: "search subscriptions by plan", Key: "SUBSCRIPTIONS#<shard> / <plan>#<id>", Index: table.ByTwo, Trips: Shards,
		Read: 0.5 * Shards, Note: "up to 25 queries a page; 0.5 per 4 KB of cards passed over"},
	{Name: "the invoices of a subscription, newest first", Key: "SUBSCRIPTION#<id> / INVOICE#<period>", Trips: 1,
		Read: 0.5, Note: "a few"},
	{Name: "one year's book of invoices", Key: "BOOK#INV-<year> / <number>", Index: table.ByTwo, Trips: 1, Read: 0.5,
		Note: "up to 4 KB of entries"},
	{Name: "the refunds of a subscription, newest first", Key: "SUBSCRIPTION#<id> / REFUND#<period>.refund-<n>", Trips: 1,
		Read: 0.5, Note: "a few"},
	{Name: "refunds that were refused, oldest first", Key: "REFUNDS#open / <at>#<subscription>#<refund>",
		Index: table.ByOne, Trips: 1, Read: 0.5,
		Note: "those that nobody has settled"},
	{Name: "the credit note of a number", Key: "BOOK#CN-<year> / <number>", Index: table.ByTwo, Trips: 1, Read: 0.5,
		Note: "names the subscription"},
	{Name: "the gifts a customer has claimed", Key: "GIFTED#<sub> / GIFT#<subscription>", Trips: 1, Read: 0.5,
		Note: "a few"},
	{Name: "account credit that no subscription holds", Key: "ACCOUNT#<sub> / CREDIT#<currency>", Trips: 1, Read: 0.5,
		Note: "one a currency"},
	{Name: "read the merchant's figures that were added up", Key: "REPORT#<currency>#<from>#<to>#<days> / REPORT",
		Trips: 1, Read: 1, Note: "under 4 KB"},
	{Name: "have the merchant's figures added up", Key: "REPORT#<currency>#<from>#<to>#<days> / REPORT", Index: table.Due,
		Trips: 1, Write: 2,
		Note: "the walk is that of every subscription and of the renewals to come, in slices"},
	{Name: "renew a membership", Key: "SUBSCRIPTION#<id> / SUBSCRIPTION, INVOICE#, HISTORY#, NOTICE#; " +
		"NUMBERS#INV#<year>; CUSTOMER#<id> / ENTITLEMENTS", Trips: 3, Read: 1, Write: 32,
		Note: "1 read, 2 transactions, 1 call to the provider; invoice, receipt, history and standing with it. The " +
			"sweeper's claim before it is 1 trip and 5 units"},
	{Name: "renew ten memberships in a batch", Key: "the same, ten times", Trips: 12, Read: 11, Write: 302,
		Note: "1 read, 1 transaction that begins all ten, 10 that note the payments"},
	{Name: "what memberships a customer has", Key: "CUSTOMER#<id> / ENTITLEMENTS", Trips: 1, Read: 1,
		Note: "carts read it along with themselves"},
}
