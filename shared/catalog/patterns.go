package catalog

import "dangol/shared/platform/table"

// AccessPatterns lists the ways in which the catalog and its stock are read and
// written, with their cost in round trips and capacity units; a test measures it.
var AccessPatterns = []table.Pattern{
	{Name: "product by id", Key: "PRODUCT#<id> / PRODUCT", Trips: 1, Read: 1},
	{Name: "product by id, a second old", Key: "PRODUCT#<id> / PRODUCT", Trips: 1, Read: 0.5},
	{Name: "list, all products read already", Key: "PRODUCTS#<shard> / from the last change on", Index: "gsi1",
		Trips: Shards, Read: Shards * 0.5},
	{Name: "list, not older than its freshness", Key: "memory"},
	{Name: "goods with stock (cache, cold)", Key: "PRODUCT#<id> / PRODUCT, STOCK#<variant> / BUCKET#<n>", Trips: 1,
		Read: 1},
	{Name: "goods with stock (cache, fresh)", Key: "memory"},
	{Name: "goods with stock, strongly", Key: "PRODUCT#<id> / PRODUCT, STOCK#<variant> / BUCKET#<n>", Trips: 1, Read: 2},
	{Name: "price changes of a window", Key: "PRODUCT#<id> / PRICE#<from>..PRICE#<to>", Trips: 1, Read: 0.5},
	{Name: "create a product with one counter", Key: "PRODUCT#, HANDLE#, STOCK#", Trips: 1, Write: 7},
	{Name: "create 16 products of a file together", Key: "PRODUCT#, HANDLE#, STOCK#", Trips: 1, Write: 16 * 7,
		Note: "one counter each; as many as make 50 writes"},
	{Name: "find 16 products of a file unchanged",
		Key:   "HANDLE#<handle>, then PRODUCT#<id>, then STOCK#<variant> / BUCKET#<n>",
		Trips: 3, Read: 16 * 3, Note: "100 take no more round trips"},
	{Name: "change a product, not its prices", Key: "PRODUCT#<id> / PRODUCT", Trips: 1, Write: 3},
	{Name: "change a price", Key: "PRODUCT#<id> / PRODUCT and PRICE#<time>", Trips: 1, Write: 6},
	{Name: "stock of a variant", Key: "STOCK#<variant> / BUCKET#<n>", Trips: 1, Read: 1},
	{Name: "set stock, one counter", Key: "STOCK#<variant> / BUCKET#00", Trips: 2, Read: 1, Write: 1},
	{Name: "adjust stock, one counter", Key: "STOCK#<variant> / BUCKET#00", Trips: 2, Read: 1, Write: 2,
		Note: "in a transaction; 2 more for its log entry, 2 for an idempotency key"},
	{Name: "a level crossed a bound: the list's row",
		Key:   "PRODUCT#<id> / SET#<variant>#…, AVAILABILITY, PRODUCT; STOCK#<variant> / BUCKET#<n>",
		Trips: 7, Read: 7, Write: 2, Note: "3 written from the second time on; read once more after the write; none of it " +
			"while the level stays on its side"},
	{Name: "a level crossed a bound and back: no change",
		Key:   "PRODUCT#<id> / SET#<variant>#…, AVAILABILITY, PRODUCT; STOCK#<variant> / BUCKET#<n>",
		Trips: 3, Read: 4},
	{Name: "hold one unit", Key: "STOCK#<variant> / BUCKET#<n>", Trips: 1, Write: 2},
}
