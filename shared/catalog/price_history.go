package catalog

import (
	"cmp"
	"context"
	"slices"
	"time"

	"dangol/shared/platform/table"
)

// PriceHistoryEntry is the prices that changed with one version of a product: one row, however many variants and
// currencies.
type PriceHistoryEntry struct {
	table.Key
	ProductID string                  `dynamodbav:"productId"`
	Version   int                     `dynamodbav:"version"` // of the product that the change made
	At        time.Time               `dynamodbav:"at"`      // from when on the prices hold
	Changes   table.List[PriceChange] `dynamodbav:"changes"`
}

// PriceChange is one price that changed. Price is nil when the variant is no longer sold in the currency, Previous when
// it was not before.
type PriceChange struct {
	VariantID string `json:"variantId"`
	Currency  string `json:"currency"`
	Price     *Price `json:"price,omitempty"`
	Previous  *Price `json:"previous,omitempty"`
}

// historyOf is the row of the prices in which after differs from before. The first price of a variant makes no row: it
// is the Previous of the next.
func historyOf(before, after *Product) (PriceHistoryEntry, bool) {
	h := PriceHistoryEntry{
		Key: keyOfHistory(after.ID, after.UpdatedAt, after.Version), ProductID: after.ID, Version: after.Version,
		At: after.UpdatedAt,
	}
	for _, v := range after.Variants {
		old, known := before.Variant(v.ID)
		// Variants that are new have no price before.
		if known {
			h.Changes = append(h.Changes, changes(v.ID, old.Prices, v.Prices)...)
		}
	}
	// Maps come in no order; sorted, the row is the same whenever it is made.
	slices.SortFunc(h.Changes, func(a, b PriceChange) int {
		return cmp.Or(cmp.Compare(a.VariantID, b.VariantID), cmp.Compare(a.Currency, b.Currency))
	})
	return h, len(h.Changes) > 0
}

// changes lists the prices of one variant that differ.
func changes(variantID string, before, after map[string]Price) []PriceChange {
	var found []PriceChange
	for currency, price := range after {
		old, had := before[currency]
		switch {
		case !had:
			found = append(found, PriceChange{VariantID: variantID, Currency: currency, Price: price.WithoutHistory()})
		case !old.Same(price):
			// Amounts only: Since, Prior and History of a
			// price are derived from this history itself.
			found = append(found, PriceChange{VariantID: variantID, Currency: currency, Price: price.WithoutHistory(),
				Previous: old.WithoutHistory()})
		}
	}
	for currency, old := range before {
		if _, still := after[currency]; !still {
			found = append(found, PriceChange{VariantID: variantID, Currency: currency, Previous: old.WithoutHistory()})
		}
	}
	return found
}

// PriceHistory reads the price changes of a product from since until now, both included, oldest first. 1 round trip,
// 0.5 RCU per 4 KB.
func PriceHistory(ctx context.Context, t *table.Table, productID string, since, now time.Time) ([]PriceHistoryEntry,
	error) {
	var rows []PriceHistoryEntry
	err := t.All(ctx, table.Query{
		Where: "#pk = :pk AND #sk BETWEEN :since AND :now",
		With: map[string]any{
			// "#~" sorts behind all that can follow the time, so
			// that rows of the last millisecond are included.
			":pk": KeyOf(productID).PK, ":since": historyPrefix + stamped(since), ":now": historyPrefix + stamped(now) + "#~",
		},
	}, func(item table.Item) error {
		var h PriceHistoryEntry
		err := item.Decode(&h)
		rows = append(rows, h)
		return err
	})
	return rows, err
}

// PricesDiffer reports whether after has other prices than before in a variant that both have.
func PricesDiffer(before, after *Product) bool {
	_, differ := historyOf(before, after)
	return differ
}

// SalePriceHistory is the row of prices that a sale changed from a moment on. Its key is made of the sale and the
// moment, so writing it twice changes nothing.
func SalePriceHistory(p *Product, saleID string, at time.Time, changes []PriceChange) PriceHistoryEntry {
	key := table.Key{PK: KeyOf(p.ID).PK, SK: historyPrefix + stamped(at) + "#" + saleID}
	return PriceHistoryEntry{Key: key, ProductID: p.ID, Version: p.Version, At: at, Changes: changes}
}
