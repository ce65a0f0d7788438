// Package fulfillment makes the parcels of subscriptions: the stock that a cycle takes and the order that it becomes.
// When a cycle is sent, and that it is sent once, is decided by package service, whose transactions carry the writes.
package fulfillment

import (
	"context"
	"math/rand/v2"

	"dangol/shared/catalog"
	"dangol/shared/platform/table"
	"dangol/shared/stock"
	"dangol/shared/subscription"
)

// Parcel is what one cycle of a subscription sends.
type Parcel struct {
	Contents []subscription.Item
	// Quantity is how many times the contents are sent.
	Quantity int
	// Variants has those of the contents that the catalog knows, by id.
	Variants map[string]catalog.SellableVariant
}

// requests is the stock that the parcel takes. ok is false when it contains something that is not sold any more: an
// archived product is not sold to subscribers either.
func (p Parcel) requests() (wants []stock.Request, ok bool) {
	for _, it := range p.Contents {
		variant, known := p.Variants[it.VariantID]
		if !known || variant.Product.Status == catalog.Archived {
			return nil, false
		}
		wants = append(wants, variant.StockRequests(it.Quantity*p.Quantity)...)
	}
	return wants, true
}

// Reserve plans how the stock of the parcel is taken. enough is false when something is missing or there is nothing to
// send; contents that are not counted need no writes. 1 round trip, strongly consistent, 1 RCU for each stock item.
func (p Parcel) Reserve(ctx context.Context, t *table.Table) (
	writes []table.Write, taken []stock.Allocation, enough bool, err error) {
	wants, ok := p.requests()
	if !ok || len(p.Contents) == 0 {
		return nil, nil, false, nil
	}
	levels, err := stock.Read(ctx, t, stock.Keys(wants))
	if err != nil {
		return nil, nil, false, err
	}
	// A random start spreads the writes over the buckets of hot stock.
	writes, taken, short := stock.Hold(levels, wants, rand.Int())
	if len(short) > 0 {
		return nil, nil, false, nil
	}
	return writes, taken, true, nil
}
