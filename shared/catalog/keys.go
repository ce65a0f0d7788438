package catalog

import (
	"fmt"
	"hash/fnv"
	"strings"
	"time"

	"dangol/shared/platform/table"
)

// Shards is over how many partitions the list of products is spread. An import writes some hundred products a second,
// and one partition of the index takes a thousand.
const Shards = 4

// stamp is how times stand in keys: of one width, so they sort.
const stamp = "2006-01-02T15:04:05.000Z"

// stamped is a time as it stands in keys.
func stamped(t time.Time) string { return t.UTC().Format(stamp) }

// shardKey is the index key of one part of the list.
func shardKey(shard int) string { return fmt.Sprintf("PRODUCTS#%d", shard) }

// shardOf spreads products evenly and always in the same
// way: a change must find its product's shard.
func shardOf(productID string) int {
	h := fnv.New32a()
	h.Write([]byte(productID))
	return int(h.Sum32() % Shards)
}

// KeyOfHandle is the key of the item that keeps a handle unique and finds its product.
func KeyOfHandle(handle string) table.Key { return table.Key{PK: "HANDLE#" + handle, SK: "HANDLE"} }

// handleItem keeps a handle for one product.
type handleItem struct {
	table.Key
	ProductID string `dynamodbav:"productId"`
}

// Rows of price history are in the product's partition, so that one query reads a window of them.
const historyPrefix = "PRICE#"

// keyOfHistory is the key of the row that keeps the price changes of one version of a product. The version keeps two
// changes within a millisecond apart.
func keyOfHistory(productID string, at time.Time, version int) table.Key {
	return table.Key{PK: KeyOf(productID).PK, SK: fmt.Sprintf("%s%s#%08d", historyPrefix, stamped(at), version)}
}

// stored is a product as written: with its place in the list and what the list shows of it.
type stored struct {
	Product
	ListPK string  `dynamodbav:"gsi1pk"` // see shardKey
	ListSK string  `dynamodbav:"gsi1sk"` // see listSort
	Card   Summary `dynamodbav:"card"`   // what lists show
}

// listSort begins with the time of the change, so that a reader who knows what it has read asks for the rest only. The
// version keeps two changes within a millisecond apart.
func listSort(p *Product) string {
	return fmt.Sprintf("%s#%s#%08d", stamped(p.UpdatedAt), p.ID, p.Version)
}

// productIn is the product's id in a sort key of the list.
func productIn(listSort string) string {
	_, rest, _ := strings.Cut(listSort, "#")
	id, _, _ := strings.Cut(rest, "#")
	return id
}

// stored is the product with its keys and its card: every write
// makes them anew, so they cannot differ from the product.
func (p *Product) stored() stored {
	return stored{Product: *p, ListPK: shardKey(shardOf(p.ID)), ListSK: listSort(p), Card: cardOf(p)}
}
