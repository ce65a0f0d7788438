package returns

import "dangol/shared/platform/table"

// AccessPatterns are the steps of a return and what they cost; a test measures them.
var AccessPatterns = []table.Pattern{
	{Name: "quote a return", Key: "ORDER#<id> / ORDER and RETURN-POLICY / VERSION#<n>", Trips: 2, Read: 2,
		Note: "2 units; the round trips are made at once"},
	{Name: "request a return", Key: "ORDER#<id> / RETURN#<id> and ORDER", Trips: 4, Read: 3, Write: 11,
		Note: "1 line; 2 of the round trips are made at once"},
	{Name: "receive a return", Key: "ORDER#<id> / RETURN#<id>", Trips: 3, Read: 3, Write: 11, Note: "1 line"},
	{Name: "inspect and settle a return", Key: "ORDER#<id> / RETURN#<id> and ORDER, STOCK#<variant>", Trips: 3, Read: 2,
		Write: 24, Note: "1 line, the refund at the provider included"},
	{Name: "the returns in a state, by deadline", Key: "RETURNS#<state> / <deadline>#<id>", Index: table.ByTwo, Trips: 1,
		Read: 0.5, Note: "1 card"},
	{Name: "a customer's returns, newest first", Key: "RETURNS-OF#<sub> / <created at>#<id>", Index: table.ByOne, Trips: 1,
		Read: 0.5, Note: "1 card"},
	{Name: "a customer's store credit", Key: "CREDIT#<sub>#<currency> / LOT#<expires at>#<id>", Trips: 1, Read: 1,
		Note: "no lot"},
}
