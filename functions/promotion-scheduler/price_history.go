package promotionscheduler

import (
	"context"
	"maps"
	"slices"
	"time"

	"dangol/events"
	"dangol/shared/catalog"
	"dangol/shared/platform/problem"
	"dangol/shared/promotion"
	"dangol/shared/promotion/store"
)

// priced writes the price history of a sale that began or ended: for every catalog price that it changed, what it was
// before. The rows have keys made of the sale and the moment, so writing them again changes nothing.
//
// What other sales were live is read from the promotions as they are, so a history written late is right as long as
// nobody has moved another sale over that moment in between.
func (f Scheduler) priced(ctx context.Context, ref events.PromotionRef, on bool) error {
	// Only sale prices change what the catalog shows.
	if ref.Kind != string(promotion.SalePrice) {
		return nil
	}
	with, without, p, err := f.around(ctx, ref)
	if err != nil || p == nil {
		return err
	}
	// All active products at once: the listing is in memory,
	// and the limit only has to be above what a shop has.
	page, err := f.Listing.List(ctx, catalog.ListQuery{Filter: catalog.Filter{Status: catalog.Active}, Limit: 1 << 20})
	if err != nil {
		return err
	}
	var ids []string
	for _, e := range page.Entries {
		if mayTarget(p.Targets, e) {
			ids = append(ids, e.ID)
		}
	}
	// 100 is what one BatchGet reads.
	for chunk := range slices.Chunk(ids, 100) {
		products, err := catalog.GetBatch(ctx, f.Table, chunk)
		if err != nil {
			return err
		}
		var rows []any
		for _, id := range chunk {
			if row, ok := history(products[id], p.ID, ref.At, with, without, on); ok {
				rows = append(rows, row)
			}
		}
		if err := f.Table.BatchPut(ctx, rows...); err != nil {
			return err
		}
	}
	return nil
}

// around is the shop's sales with and without this one at the moment; p is nil when the promotion is gone.
func (f Scheduler) around(ctx context.Context, ref events.PromotionRef) (with, without *store.Snapshot,
	p *promotion.Promotion, err error) {
	published, err := f.Store.Published(ctx, ref.At)
	if err != nil {
		return nil, nil, nil, err
	}
	r, err := f.Store.Get(ctx, ref.PromotionID)
	if err != nil {
		if problem.Code(err) == "promotion_not_found" {
			err = nil
		}
		return nil, nil, nil, err
	}
	sale := r.Promotion
	// Running for certain at the moment: a second earlier
	// and without an end, whatever became of the sale since.
	sale.State, sale.Starts, sale.Ends = promotion.Scheduled, ref.At.Add(-time.Second), time.Time{}
	others := slices.DeleteFunc(published, func(o promotion.Promotion) bool { return o.ID == sale.ID })
	without = store.NewSnapshot(others, nil)
	return without.With(sale), without, &sale, nil
}

// mayTarget reports whether a product may be among the targets. It is the
// coarse choice by card; which variants change is seen from their prices.
func mayTarget(t promotion.Targets, e *catalog.Entry) bool {
	named := func(list, of []string) bool {
		return slices.ContainsFunc(list, func(s string) bool { return slices.Contains(of, s) })
	}
	return t.All || slices.Contains(t.Products, e.ID) || named(t.Categories, e.Categories) || named(t.Tags, e.Tags) ||
		slices.ContainsFunc(t.Variants, func(id string) bool { return catalog.ProductOf(id) == e.ID })
}

// history is the row of a product whose prices the sale changes; ok is false when it changes none.
func history(p *catalog.Product, saleID string, at time.Time, with, without *store.Snapshot,
	on bool) (catalog.PriceHistoryEntry, bool) {
	// Deleted between the listing and the read.
	if p == nil {
		return catalog.PriceHistoryEntry{}, false
	}
	var changes []catalog.PriceChange
	for _, v := range p.Variants {
		for _, currency := range slices.Sorted(maps.Keys(v.Prices)) {
			low, _ := with.DisplayPrice(p, v, currency, at)
			high, _ := without.DisplayPrice(p, v, currency, at)
			// Another sale is cheaper, or the floor keeps
			// the price: nothing changes for the shopper.
			if low.Same(high) {
				continue
			}
			// The end of a sale is its start the other way round.
			after, before := low, high
			if !on {
				after, before = high, low
			}
			changes = append(changes, catalog.PriceChange{VariantID: v.ID, Currency: currency, Price: after.WithoutHistory(),
				Previous: before.WithoutHistory()})
		}
	}
	return catalog.SalePriceHistory(p, saleID, at, changes), len(changes) > 0
}
