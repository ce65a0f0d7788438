package store

import "dangol/shared/platform/table"

// AccessPatterns are the ways in which promotions are read and written; a test measures them. The figures are those of
// promotions under 1 KB.
var AccessPatterns = []table.Pattern{
	{Name: "read all published promotions into memory", Key: "PROMOTIONS", Index: table.ByOne, Trips: 1, Read: 0.5,
		Note: "2 promotions; at most every 2 seconds a container"},
	{Name: "the same with a budget", Key: "PROMOTIONS, PROMOTION#<id> / BUDGET", Index: table.ByOne, Trips: 2, Read: 1},
	{Name: "read a promotion", Key: "PROMOTION#<id> / PROMOTION", Trips: 1, Read: 1, Note: "strongly consistent"},
	{Name: "change a promotion", Key: "PROMOTION#<id> / PROMOTION", Index: table.ByOne, Trips: 2, Read: 1, Write: 2},
	{Name: "read what is published to publish beside it", Key: "PROMOTIONS / CALENDAR, PROMOTIONS", Index: table.ByOne,
		Trips: 2, Read: 1.5, Note: "1 more trip, and 1 unit each, for what was published in the last 10 minutes"},
	{Name: "publish a promotion", Key: "PROMOTION#<id> / PROMOTION, PROMOTIONS / CALENDAR", Index: table.ByOne, Trips: 2,
		Read: 1, Write: 5, Note: "a transaction of two; one at a time"},
	{Name: "tell that an edge was reached", Key: "PROMOTION#<id> / PROMOTION", Trips: 1, Write: 1},
	{Name: "count a use of a budget and of a code", Key: "PROMOTION#<id> / BUDGET, CODE#<id>#<code> / CODE", Trips: 1,
		Write: 4, Note: "part of the checkout's transaction"},
	{Name: "count a use of a budget that has slices", Key: "PROMOTION#<id>#<slice> / BUDGET#SLICE", Trips: 1, Write: 2,
		Note: "part of the checkout's transaction"},
	{Name: "read what a budget and its slices have left",
		Key:   "PROMOTION#<id> / BUDGET, PROMOTION#<id>#<slice> / BUDGET#SLICE",
		Trips: 2, Read: 33, Note: "when a slice is empty"},
}
