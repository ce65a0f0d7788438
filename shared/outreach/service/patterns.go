package service

import "dangol/shared/platform/table"

// AccessPatterns are the ways into Outreach for people, series, campaigns and segments; those for mails are in package
// outbox. Figures are those of a person with one order and one consent. Those of an event are without segments and
// endpoints of webhooks, which a worker remembers for a minute.
var AccessPatterns = []table.Pattern{
	{Name: "read a person: consent, purchases, clicks", Key: "CONTACT#<id> / CONTACT", Trips: 1, Read: 1},
	{Name: "take in an event that starts nothing", Key: "CONTACT#<id> / CONTACT", Trips: 4, Read: 2.5, Write: 1,
		Note: "the list of segments and the runs under way are read"},
	{Name: "take in an event that starts a series", Key: "CONTACT#<id> / CONTACT, RUN#<series>#<key> / RUN, STATS#...",
		Trips: 3, Read: 3, Write: 7, Note: "one transaction"},
	{Name: "move a run to its next message", Key: "RUN#<series>#<key> / RUN, CONTACT#..., TASK#...", Trips: 5, Read: 3,
		Write: 9, Note: "run, place under the frequency cap and mail in one transaction"},
	{Name: "take in an answer about marketing", Key: "CONTACT#<id> / CONTACT, PROOF#<time>#<id>, TASK#...", Trips: 6,
		Read: 3.5, Write: 8, Note: "with its proof and the notice of the result"},
	{Name: "proofs of a person, oldest first", Key: "CONTACT#<id> / PROOF#...", Trips: 1, Read: 0.5},
	{Name: "people of a shard, in order of their ids", Key: "CONTACTS#<shard>", Index: table.ByOne, Trips: 2, Read: 1,
		Note: "of one person; 0.5 more for each"},
	{Name: "plan the recipients of a page of a campaign", Key: "CAMPAIGN#<id> / PAGE#<n>, CONTACT#..., TASK#...",
		Trips: 6, Read: 3, Write: 9, Note: "of one recipient; 1 trip, 1 RCU and 8 WCU more for each other"},
	{Name: "read a campaign", Key: "CAMPAIGN#<id> / CAMPAIGN", Trips: 1, Read: 1},
	{Name: "campaigns, newest first", Key: "CAMPAIGNS", Index: table.ByOne, Trips: 1, Read: 0.5},
	{Name: "is a series paused", Key: "SERIES#<id> / SERIES", Trips: 1, Read: 0.5},
	{Name: "save a segment", Key: "SEGMENT#<name> / SEGMENT", Trips: 2, Read: 0.5, Write: 3},
	{Name: "segments", Key: "SEGMENTS", Index: table.ByOne, Trips: 2, Read: 1, Note: "of one segment"},
	{Name: "whose an order is", Key: "ORDER#<id> / BUYER, CONTACT#<id>", Trips: 2, Read: 2},
	{Name: "add an endpoint of webhooks", Key: "WEBHOOK#<id> / WEBHOOK", Trips: 2, Read: 0.5, Write: 2},
	{Name: "attempts of an endpoint, newest first", Key: "WEBHOOK#<id> / TRY#<time>#<message>", Trips: 1, Read: 0.5},
}
