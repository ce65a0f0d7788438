// Package stock counts units. Each stocked variant has one counter, or several buckets when it is a limited edition. A
// hold takes units out of the counters when payment starts; a claim leaves them out for good; a release puts them back.
// No counter goes below zero unless the variant sells on backorder.
package stock

import (
	"fmt"

	"dangol/shared/table"
)

// Want is how many units of a stocked variant are wanted.
type Want struct {
	VariantID string
	Quantity  int
	Buckets   int  // how many buckets its stock is in, at least 1
	Backorder bool // may go below zero
}

// Taken is what a hold took out of one bucket; the checkout keeps the list to give it back.
type Taken struct {
	VariantID string `dynamodbav:"variantId"`
	Bucket    int    `dynamodbav:"bucket"`
	Quantity  int    `dynamodbav:"quantity"`
}

// Level is one bucket as stored.
type Level struct {
	table.Key
	Available int `dynamodbav:"available"`
}

// KeyOf is the key of a bucket of a variant's stock.
func KeyOf(variantID string, bucket int) table.Key {
	return table.Key{PK: "STOCK#" + variantID, SK: fmt.Sprintf("BUCKET#%02d", bucket)}
}
