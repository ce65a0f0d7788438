package report

import "dangol/shared/platform/table"

// AccessPatterns are the ways in which reports of the reconciliation are read and written; a test measures them.
var AccessPatterns = []table.Pattern{
	{Name: "begin the reconciliation of a day", Key: "RECONCILIATIONS / DAY#<day>", Index: table.Due, Trips: 2, Read: 14,
		Write: 2, Note: "once a day; looks at the keys of the last 14 days"},
	{Name: "reconcile a day without orders", Key: "ORDERS#<state>#<shard>; BOOK#INV-<year>, BOOK#CN-<year>; due",
		Index: table.ByTwo, Trips: 51, Read: 26.5,
		Note: "and for each 100 orders placed 20 queries and 1 read of the orders, for each 100 invoices 1 query and " +
			"1 read, for each 100 lines of the provider's ledger 1 request and 1 read: 0.5 per 4 KB; 2 to 12 to write " +
			"each slice of 20 seconds"},
	{Name: "read the report of a day", Key: "RECONCILIATIONS / DAY#<day>", Trips: 1, Read: 0.5, Note: "under 4 KB"},
	{Name: "the reports, newest first", Key: "RECONCILIATIONS / DAY#<day>", Trips: 1, Read: 0.5,
		Note: "a few days; 0.5 per 4 KB"},
	{Name: "the differences of a day", Key: "RECONCILIATION#<day> / DIFFERENCE#<n>", Trips: 1, Read: 0.5, Note: "a few"},
}
