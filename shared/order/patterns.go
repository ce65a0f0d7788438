package order

import "dangol/shared/platform/table"

// AccessPatterns are the ways in which orders are read and written; a test measures them.
var AccessPatterns = []table.Pattern{
	{Name: "read an order", Key: "ORDER#<id> / ORDER", Trips: 1, Read: 1, Note: "2 lines"},
	{Name: "read an order with a look-up token", Key: "ORDER#<id> / ORDER and ACCESS#<hash>", Trips: 1, Read: 2,
		Note: "2 lines"},
	{Name: "give out a look-up token", Key: "ORDER#<id> / ACCESS#<hash>", Trips: 1, Write: 1,
		Note: "deleted after an hour"},
	{Name: "a customer's orders, newest first", Key: "CUSTOMER#<sub> / <placed at>#<id>", Index: table.ByOne, Trips: 1,
		Read: 0.5, Note: "10 cards"},
	{Name: "the orders in a state, newest first", Key: "ORDERS#<state>#<shard> / <placed at>#<id>", Index: table.ByTwo,
		Trips: Shards, Read: 0.5 * Shards, Note: "10 cards; the round trips are made at once"},
	{Name: "change an order that was read", Key: "ORDER#<id> / ORDER", Trips: 1, Write: 1,
		Note: "2 lines, under 1 KB compressed; a change of state also moves its entries in both lists"},
}
