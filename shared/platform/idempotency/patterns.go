package idempotency

import "dangol/shared/platform/table"

const keyed = "IDEM#<hash of operation, caller, key> / IDEM"

// AccessPatterns are what a key costs. Records are small; a large answer costs 1 WCU per KB.
var AccessPatterns = []table.Pattern{
	{
		Name: "record the answer to a keyed request", Key: keyed, Write: 2,
		Note: "part of the effect's own transaction: no trip of its own",
	},
	{Name: "guard an effect without a transaction", Key: keyed, Trips: 2, Write: 2,
		Note: "claim and record, answer under 1 KB"},
	{Name: "replay a guarded answer", Key: keyed, Trips: 1,
		Note: "the refused claim brings the record; it is charged as a write of 1 WCU"},
}
