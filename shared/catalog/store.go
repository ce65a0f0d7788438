package catalog

import (
	"context"
	"errors"
	"fmt"

	"dangol/shared/platform/table"
)

// Get reads a product, strongly consistent. 1 round trip, 1 RCU per 4 KB. Errors: table.ErrNotFound.
func Get(ctx context.Context, t *table.Table, productID string) (*Product, error) {
	var p Product
	return &p, t.Get(ctx, KeyOf(productID), &p)
}

// Peek is Get at half the price, and perhaps a second old.
func Peek(ctx context.Context, t *table.Table, productID string) (*Product, error) {
	var p Product
	return &p, t.Peek(ctx, KeyOf(productID), &p)
}

// IDByHandle returns the id of the product with the handle. 1 round trip, 1 RCU. Errors: table.ErrNotFound.
func IDByHandle(ctx context.Context, t *table.Table, handle string) (string, error) {
	var h handleItem
	err := t.Get(ctx, KeyOfHandle(handle), &h)
	return h.ProductID, err
}

// IDsByHandle returns the ids of the products with the handles, by handle; unknown handles are missing. 1 round trip
// per 100.
func IDsByHandle(ctx context.Context, t *table.Table, handles []string) (map[string]string, error) {
	keys := make([]table.Key, len(handles))
	for i, h := range handles {
		keys[i] = KeyOfHandle(h)
	}
	items, err := t.BatchGet(ctx, true, keys...)
	ids := make(map[string]string, len(items))
	for i, h := range handles {
		if item, ok := items[keys[i]]; ok {
			ids[h] = item.Text("productId")
		}
	}
	return ids, err
}

// GetBatch reads products, strongly consistent, by id; unknown ids are missing. The ids must differ. 1 round trip per
// 100.
func GetBatch(ctx context.Context, t *table.Table, ids []string) (map[string]*Product, error) {
	keys := make([]table.Key, len(ids))
	for i, id := range ids {
		keys[i] = KeyOf(id)
	}
	items, err := t.BatchGet(ctx, true, keys...)
	if err != nil {
		return nil, err
	}
	products := make(map[string]*Product, len(items))
	for _, item := range items {
		p, err := decode(item)
		if err != nil {
			return nil, err
		}
		products[p.ID] = p
	}
	return products, nil
}

// decode reads a product's item. The error names the item, because it is a fault of the data.
func decode(item table.Item) (*Product, error) {
	var p Product
	if err := item.Decode(&p); err != nil {
		return nil, fmt.Errorf("product %s: %w", item.Key(), err)
	}
	return &p, nil
}

// What a write of a product can be refused for.
var (
	// ErrHandleTaken says that another product has the handle.
	ErrHandleTaken = errors.New("catalog: handle taken")
	// ErrVersion says that somebody else changed the product.
	ErrVersion = errors.New("catalog: another version")
	// ErrTooManyCounters says that one change would make more stock counters than fit into a transaction.
	ErrTooManyCounters = errors.New("catalog: too many stock counters at once")
)
