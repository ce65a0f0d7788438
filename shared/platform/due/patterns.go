package due

import "dangol/shared/platform/table"

// AccessPatterns are the ways through the due index. Moving an item in the index costs a write for the item, one to
// take the old place away and one for the new.
var AccessPatterns = []table.Pattern{
	{
		Name: "what is due of a kind", Key: "<kind>#<shard>, up to now", Index: table.Due, Trips: Shards, Read: 0.5 * Shards,
		Note: "up to 4 KB of keys (about 40 jobs) in each shard",
	},
	{
		Name: "when the next job of a kind is due", Key: "<kind>#<shard>, the first", Index: table.Due, Trips: Shards,
		Read: 0.5 * Shards, Note: "one key in each shard",
	},
	{Name: "claim a due job", Key: "the item's own", Trips: 1, Write: 3, Note: "item under 1 KB"},
	{Name: "give a claimed job back", Key: "the item's own", Trips: 1, Write: 3, Note: "item under 1 KB"},
	{Name: "give a job up", Key: "the item's own", Trips: 1, Write: 2, Note: "item under 1 KB"},
}
