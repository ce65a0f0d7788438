package service

import "dangol/shared/platform/table"

// AccessPatterns are the ways to conversations and what they cost.
var AccessPatterns = []table.Pattern{
	{Name: "read a conversation", Key: "CHAT#<id> / CHAT", Trips: 1, Read: 1, Note: "a conversation under 4 KB"},
	{
		Name: "replay the log after a number", Key: "CHAT#<id> / MSG#<seq>…", Trips: 1, Read: 1,
		Note: "up to 4 KB of messages, consistent",
	},
	{
		Name: "send a message to a person", Key: "CHAT#<id> / CHAT, MSG#<seq>, SENT#<sender>#<client id>", Trips: 4, Read: 3,
		Write: 12,
		Note: "conversation, message and client id in one transaction; then who listens, in the conversation and at the " +
			"queue",
	},
	{Name: "count a frame", Key: "CONN#<connection> / CONN", Trips: 1, Write: 1, Note: "within a window of ten seconds"},
	{Name: "use a ticket up", Key: "TICKET#<hash> / TICKET", Trips: 1, Write: 1, Note: "once, by condition"},
	{Name: "note an agent's sign of life", Key: "AGENT#<id> / AGENT", Trips: 1, Write: 1,
		Note: "the list has only the key"},
	{
		Name: "list the open conversations of a team", Key: "INBOX#<team>, <state>#<urgency>…", Index: table.ByOne, Trips: 1,
		Read: 0.5,
		Note: "one card",
	},
	{Name: "list the conversations that began in a period", Key: "CHATS#<month>, <time>#<id>", Index: table.ByTwo,
		Trips: 1,
		Read:  0.5, Note: "one card, within a month"},
}
