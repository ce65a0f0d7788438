package segment

import "dangol/shared/platform/table"

// Key is where a segment is stored. Promotions look there whether a segment that they name exists.
func Key(name string) table.Key { return table.Key{PK: "SEGMENT#" + name, SK: "SEGMENT"} }
