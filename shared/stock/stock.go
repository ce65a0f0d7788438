// Package stock counts units. Each stocked variant has one counter, or several buckets when it is a limited edition. A
// hold takes units out of the counters when payment starts; a claim leaves them out for good; a release puts them back.
// No counter goes below zero unless the variant sells on backorder.
package stock

import (
	"fmt"
	"time"

	"dangol/shared/platform/table"
)

// Request is how many units of a stocked variant are wanted.
type Request struct {
	VariantID string
	Quantity  int
	Buckets   int  // how many buckets its stock is in, at least 1
	Backorder bool // may go below zero
}

// Allocation is what a hold took out of one bucket; the checkout keeps the list to give it back.
type Allocation struct {
	VariantID string `json:"variantId"`
	Bucket    int    `json:"bucket"`
	Quantity  int    `json:"quantity"`
}

// Level is one bucket as stored.
type Level struct {
	table.Key
	Available int `dynamodbav:"available"` // units that can be sold; below zero on backorder
	// Sets counts how often the stock was set outright; kept in bucket 0, so that of two who set at once one sees the
	// other.
	Sets  int       `dynamodbav:"sets,omitempty"`
	SetAt time.Time `dynamodbav:"setAt"` // when the stock was last set outright
	// Imported is the quantity of the last imported file, in bucket 0; nil when no file ever named one.
	Imported *int `dynamodbav:"imported,omitempty"`
	// Watch is up to how many units each change of the counter is published, not only those that cross a bound; 0 for
	// most. See Watch.
	Watch int `dynamodbav:"watch,omitempty"`
}

// MaxBuckets bounds the buckets of one variant, so that reading and setting its stock stay one request each: a batch
// reads 100 keys, a transaction takes 100 writes.
const MaxBuckets = 20

// What the keys of counters begin with, and attributes that those who read the table's stream look at.
const (
	KeyPrefix          = "STOCK#"
	BucketPrefix       = "BUCKET#"
	AvailableAttribute = "available"
	WatchAttribute     = "watch"
)

// KeyOf is the key of a bucket of a variant's stock.
func KeyOf(variantID string, bucket int) table.Key {
	return table.Key{PK: KeyPrefix + variantID, SK: fmt.Sprintf("%s%02d", BucketPrefix, bucket)}
}

// Keys lists the buckets of all wants, each once, in the order of the wants.
func Keys(wants []Request) []table.Key {
	var keys []table.Key
	for _, w := range perVariant(wants) {
		keys = append(keys, bucketKeys(w.VariantID, w.Buckets)...)
	}
	return keys
}

// bucketKeys lists the keys of a variant's buckets; 0
// buckets is how an unset number arrives, and means one.
func bucketKeys(variantID string, buckets int) []table.Key {
	keys := make([]table.Key, max(buckets, 1))
	for b := range keys {
		keys[b] = KeyOf(variantID, b)
	}
	return keys
}

// Available is how many units the buckets hold together; negative when sold on backorder.
func Available(levels map[table.Key]Level, variantID string, buckets int) int {
	sum := 0
	for _, key := range bucketKeys(variantID, buckets) {
		sum += levels[key].Available
	}
	return sum
}

// perVariant sums the wants of the same variant: two lines of a cart may share a part, and each of them alone would
// find enough.
func perVariant(wants []Request) []Request {
	at := make(map[string]int, len(wants))
	sums := make([]Request, 0, len(wants))
	for _, w := range wants {
		if w.Quantity <= 0 {
			continue
		}
		if i, ok := at[w.VariantID]; ok {
			sums[i].Quantity += w.Quantity
			// The wants come from the same product; should they
			// differ, the larger number reads all buckets.
			sums[i].Buckets = max(sums[i].Buckets, w.Buckets)
			continue
		}
		at[w.VariantID] = len(sums)
		w.Buckets = max(w.Buckets, 1)
		sums = append(sums, w)
	}
	return sums
}
