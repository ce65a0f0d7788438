package event

import "dangol/shared/platform/table"

// AccessPatterns are the ways in which events touch tables. An event that rides on an item costs its bytes and no
// write.
var AccessPatterns = []table.Pattern{
	{
		Name: "remember that a consumer has seen an event", Key: "SEEN#<consumer>#<event> / SEEN", Write: 2,
		Note: "part of the effect's own transaction: no trip of its own",
	},
}
