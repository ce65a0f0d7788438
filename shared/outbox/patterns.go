package outbox

import "dangol/shared/platform/table"

// AccessPatterns are the ways into Outreach for mails. Figures are those of a mail of a series; an order mail's task is
// larger by its event.
var AccessPatterns = []table.Pattern{
	{Name: "plan a mail", Key: "TASK#<kind>#<mail> / TASK", Trips: 1, Write: 2, Note: "with its place in the due index"},
	{Name: "reserve places to send", Key: "MAIL#RATE / RATE", Trips: 2, Read: 1, Write: 1,
		Note: "for marketing those of a tenth of a second, for order mails as many as wait; 1 trip and no read " +
			"while no other worker reserves"},
	{Name: "begin an attempt", Key: "MSG#<mail> / MSG", Trips: 1, Write: 1, Note: "the record, not listed yet"},
	{
		Name: "record the outcome", Key: "MSG#<mail> / MSG, STATS#<source> / <step>#<shard>", Trips: 1, Write: 7,
		Note: "record and counters in one transaction; 3 for an order mail, which has no counters",
	},
	{Name: "who was sent what: the mails to an address, newest first", Key: "TO#<SHA-256 of the address>",
		Index: table.ByOne, Trips: 1, Read: 0.5},
	{Name: "mails that need a look, newest first", Key: "FAILURES", Index: table.ByOne, Trips: 1, Read: 0.5},
	{Name: "counters of a campaign or series", Key: "STATS#<source> / all", Trips: 1, Read: 0.5},
}
