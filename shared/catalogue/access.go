package catalogue

// AccessPattern is one way in which the catalogue and its stock are read or written: by which key, in how many round trips
// one after another, for how many capacity units. The units are those of a small product (up to 1 KB with its card) with
// one variant; a test measures them on the engine, and docs/data-model.md shows them.
type AccessPattern struct {
	Name        string
	Key         string
	Index       string // empty for the table itself
	Trips       int    // requests
	Read, Write float64
}

// AccessPatterns lists them all.
var AccessPatterns = []AccessPattern{
	{Name: "product by id", Key: "PRODUCT#<id> / PRODUCT", Trips: 1, Read: 1},
	{Name: "product by id, a second old", Key: "PRODUCT#<id> / PRODUCT", Trips: 1, Read: 0.5},
	{Name: "product by handle", Key: "HANDLE#<handle> / HANDLE, then PRODUCT#<id> / PRODUCT", Trips: 2, Read: 2},
	{Name: "list, all products read already", Key: "PRODUCTS#<shard> / from the last change on", Index: "gsi1", Trips: Shards, Read: Shards * 0.5},
	{Name: "list, not older than its freshness", Key: "memory"},
	{Name: "goods with stock (shelf, cold)", Key: "PRODUCT#<id> / PRODUCT, STOCK#<variant> / BUCKET#<n>", Trips: 1, Read: 1},
	{Name: "goods with stock (shelf, fresh)", Key: "memory"},
	{Name: "goods with stock, strongly", Key: "PRODUCT#<id> / PRODUCT, STOCK#<variant> / BUCKET#<n>", Trips: 1, Read: 2},
	{Name: "lowest price of a window", Key: "PRODUCT#<id> / PRICE#<from>..PRICE#<to>", Trips: 1, Read: 0.5},
	{Name: "create a product with one counter", Key: "PRODUCT#, HANDLE#, STOCK#", Trips: 1, Write: 7},
	{Name: "change a product, not its prices", Key: "PRODUCT#<id> / PRODUCT", Trips: 1, Write: 3},
	{Name: "change a price", Key: "PRODUCT#<id> / PRODUCT and PRICE#<time>", Trips: 1, Write: 6},
	{Name: "stock of a variant", Key: "STOCK#<variant> / BUCKET#<n>", Trips: 1, Read: 1},
	{Name: "set stock, one counter", Key: "STOCK#<variant> / BUCKET#00", Trips: 2, Read: 1, Write: 1},
	{Name: "adjust stock, one counter", Key: "STOCK#<variant> / BUCKET#00", Trips: 2, Read: 1, Write: 1},
	{Name: "hold one unit", Key: "STOCK#<variant> / BUCKET#<n>", Trips: 1, Write: 2},
}
