package catalog

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"dangol/shared/platform/table"
	"dangol/shared/stock"
)

// Beside a product may stand a row with the summary of its stock (StockSummary), in the same index as the product, so
// that lists can filter by it. It is written when the summary changes, not when units move: stock.level_changed says
// when to look. A product without a row is in stock.

// stockRowKey is the sort key of the row.
const stockRowKey = "AVAILABILITY"

// stockRow is the summary of a product's stock as stored.
type stockRow struct {
	table.Key
	ProductID string                     `dynamodbav:"productId"`
	Version   int                        `dynamodbav:"version"` // of each change one more; the condition of the next
	ListPK    string                     `dynamodbav:"gsi1pk"`  // see shardKey
	ListSK    string                     `dynamodbav:"gsi1sk"`  // time of the change, product, version
	Stock     table.Packed[StockSummary] `dynamodbav:"card"`
}

// summary is what the row says; a product without a row is in stock.
func (r *stockRow) summary() StockSummary {
	if r.Version == 0 {
		return StockSummary{Always: stock.InStock}
	}
	return r.Stock.Value
}

// setPrefix begins the sort keys of rows that say of which gift sets a product's variants are parts.
const setPrefix = "SET#"

// setRow says that a variant is a part of a gift set. It stays when the set is changed: looking at a set for nothing
// does no harm.
type setRow struct {
	table.Key
	SetID     string `dynamodbav:"setId"` // a product
	VariantID string `dynamodbav:"variantId"`
	Watch     int    `dynamodbav:"watch"` // units of the variant to be watched for the set, see stock.WatchUnits
}

// keyOfSetRow is the key of the row for one variant and one set.
func keyOfSetRow(variantID, setID string) table.Key {
	return table.Key{PK: KeyOf(ProductOf(variantID)).PK, SK: setPrefix + variantID + "#" + setID}
}

// StockIndex keeps the rows by which lists filter by availability.
type StockIndex struct{ Cache *Cache }

// LevelChanged brings the rows of a variant's product, and of the gift sets that it is a part of, up to date after a
// change of its stock. Round trips: 1 for the sets, and those of Refresh for each product. Errors: 503 busy.
func (x StockIndex) LevelChanged(ctx context.Context, variantID string) error {
	productID := ProductOf(variantID)
	if productID == "" {
		return nil
	}
	rows, err := x.sets(ctx, productID, variantID+"#")
	if err != nil {
		return err
	}
	return x.refreshAll(ctx, productID, rows)
}

// ProductChanged brings the rows up to date after a change of a product, and has the stock watched that its
// availability depends on unit by unit. Errors: 503 busy.
func (x StockIndex) ProductChanged(ctx context.Context, productID string) error {
	rows, err := x.sets(ctx, productID, "")
	if err != nil {
		return err
	}
	p, items, err := x.read(ctx, productID)
	if err != nil || p == nil {
		return err
	}
	// Watched first, read again afterwards: what moves in between is then either read or published.
	for _, v := range p.Variants {
		if len(v.Components) > 0 {
			err = x.watchParts(ctx, p.ID, items[v.ID])
		} else if v.HasOwnStock() {
			err = x.watch(ctx, v.ID, v.Buckets(), watchedUnits(v, rows))
		}
		if err != nil {
			return err
		}
	}
	return x.refreshAll(ctx, productID, rows)
}

// watchedUnits is up to how many units of a variant each change has to be published.
func watchedUnits(v Variant, rows []setRow) int {
	units := 0
	// The sum of several buckets may cross a bound when none of them does.
	if v.Buckets() > 1 {
		units = stock.LowUnits
	}
	for _, r := range rows {
		if r.VariantID == v.ID {
			units = max(units, r.Watch)
		}
	}
	return units
}

// watchParts notes for each part of a gift set that it is one, and has its stock watched as closely as the set needs.
func (x StockIndex) watchParts(ctx context.Context, setID string, set SellableVariant) error {
	for _, part := range set.StockRequests(1) {
		row := setRow{
			Key: keyOfSetRow(part.VariantID, setID), SetID: setID, VariantID: part.VariantID,
			Watch: stock.WatchUnits(part.Quantity),
		}
		err := x.Cache.table.Put(ctx, table.Put{
			Item: row,
			// A set takes as many as the largest of its variants does; an older reading must not make that less.
			If:   "attribute_not_exists(#pk) OR #watch < :watch",
			With: map[string]any{":watch": row.Watch},
		})
		if _, refused := table.Failed(err); err != nil && !refused {
			return fmt.Errorf("parts of %s: %w", setID, err)
		}
		units := row.Watch
		if part.Buckets > 1 {
			units = max(units, stock.LowUnits)
		}
		if err := x.watch(ctx, part.VariantID, part.Buckets, units); err != nil {
			return err
		}
	}
	return nil
}

// watch has the stock of a variant watched. No round trip for 0 units, else 1 to read the counters.
func (x StockIndex) watch(ctx context.Context, variantID string, buckets, units int) error {
	if units == 0 {
		return nil
	}
	levels, err := stock.Read(ctx, x.Cache.table, stock.Keys([]stock.Request{
		{VariantID: variantID, Quantity: 1, Buckets: buckets},
	}))
	if err != nil {
		return err
	}
	return stock.Watch(ctx, x.Cache.table, levels, variantID, buckets, units)
}

// sets reads which gift sets variants of the product are parts of; of begins with the variant, empty for all.
func (x StockIndex) sets(ctx context.Context, productID, of string) ([]setRow, error) {
	var rows []setRow
	err := x.Cache.table.All(ctx, table.Query{
		Where: "#pk = :pk AND begins_with(#sk, :sets)", Strong: true,
		With: map[string]any{":pk": KeyOf(productID).PK, ":sets": setPrefix + of},
	}, func(item table.Item) error {
		var r setRow
		rows = append(rows, r)
		return item.Decode(&rows[len(rows)-1])
	})
	return rows, err
}

// refreshAll brings the row of the product and those of the sets up to date, each once.
func (x StockIndex) refreshAll(ctx context.Context, productID string, rows []setRow) error {
	ids := []string{productID}
	for _, r := range rows {
		if !slices.Contains(ids, r.SetID) {
			ids = append(ids, r.SetID)
		}
	}
	for _, id := range ids {
		if err := x.Refresh(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// maxRefreshes bounds how often a row is looked at again because the stock moved meanwhile; the event of a later move
// comes anyway.
const maxRefreshes = 5

// Refresh makes the product's row say what its stock is. 2 round trips when it does already, 5 when it is written: it
// is looked at once more after the write. Errors: 503 busy.
func (x StockIndex) Refresh(ctx context.Context, productID string) error {
	for range maxRefreshes {
		wrote, err := x.refresh(ctx, productID)
		if err != nil || !wrote {
			return err
		}
	}
	return nil
}

// refresh writes the row if it says something else than the stock. It has to be called again when it wrote: somebody
// who read later than this call may have found the row right as it was before, and written nothing.
func (x StockIndex) refresh(ctx context.Context, productID string) (wrote bool, err error) {
	_, err = table.Modify(ctx, func(ctx context.Context, _ table.Item) (*stockRow, error) {
		// The row before the stock: it is then written only if nobody wrote it after the stock was read.
		row := &stockRow{}
		err := x.Cache.table.Get(ctx, table.Key{PK: KeyOf(productID).PK, SK: stockRowKey}, row)
		if errors.Is(err, table.ErrNotFound) {
			err = nil
		}
		return row, err
	}, func(ctx context.Context, row *stockRow) (*stockRow, error) {
		p, items, err := x.read(ctx, productID)
		if err != nil || p == nil {
			return row, err
		}
		now := SummarizeStock(p, items)
		if wrote = !row.summary().same(now); !wrote {
			return row, nil
		}
		return row, x.write(ctx, productID, row.Version, now)
	})
	return wrote, err
}

// write puts the row in the place of the one with the version, 0 for none.
func (x StockIndex) write(ctx context.Context, productID string, seen int, now StockSummary) error {
	row := stockRow{
		Key: table.Key{PK: KeyOf(productID).PK, SK: stockRowKey}, ProductID: productID, Version: seen + 1,
		ListPK: shardKey(shardOf(productID)), Stock: table.Packed[StockSummary]{Value: now},
	}
	row.ListSK = fmt.Sprintf("%s#%s#%08d", stamped(x.Cache.clock.Now()), productID, row.Version)
	put := table.Put{Item: row, If: table.IfNew}
	if seen > 0 {
		put.If, put.With = "#version = :seen", map[string]any{":seen": seen}
	}
	err := x.Cache.table.Put(ctx, put)
	if found, refused := table.Failed(err); refused {
		return table.Stale(err, found.Item)
	}
	return err
}

// read reads a product with its stock, strongly consistent; nil when there is none. 2 round trips, 1 more for a gift
// set.
func (x StockIndex) read(ctx context.Context, productID string) (*Product, map[string]SellableVariant, error) {
	return x.Cache.product(ctx, x.Cache.reading(0, true), productID)
}

// isStockRow reports whether a row of the list's index is a product's stock and not the product.
func isStockRow(item table.Item) bool {
	return strings.HasPrefix(item.Text(table.SortKey), stockRowKey)
}
