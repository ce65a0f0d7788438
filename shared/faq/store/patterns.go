package store

import "dangol/shared/platform/table"

// AccessPatterns are the ways to the FAQ and what they cost.
var AccessPatterns = []table.Pattern{
	{Name: "which version is published", Key: "FAQ / CURRENT", Trips: 1, Read: 1, Note: "every 5 seconds in each process"},
	{Name: "count what was shown or helped", Key: "FAQ#COUNTS / <entry>", Trips: 1, Write: 1, Note: "a counter"},
	{Name: "note a question without an answer", Key: "FAQ#MISS#<month> / <id>", Trips: 1, Write: 1,
		Note: "a question under 1 KB"},
	{Name: "list a month's questions without an answer", Key: "FAQ#MISS#<month>", Trips: 1, Read: 0.5, Note: "up to 4 KB"},
}
