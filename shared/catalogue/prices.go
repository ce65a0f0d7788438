package catalogue

import (
	"cmp"
	"context"
	"slices"
	"time"

	"dangol/shared/table"
)

// History is the prices that changed with one version of a product: one row, however many variants and currencies.
type History struct {
	table.Key
	ProductID string                  `dynamodbav:"productId"`
	Version   int                     `dynamodbav:"version"`
	At        time.Time               `dynamodbav:"at"`
	Changes   table.List[PriceChange] `dynamodbav:"changes"`
}

// PriceChange is one price that changed. Price is nil when the variant is no longer sold in the currency, Previous when it
// was not before.
type PriceChange struct {
	VariantID string `json:"variantId"`
	Currency  string `json:"currency"`
	Price     *Price `json:"price,omitempty"`
	Previous  *Price `json:"previous,omitempty"`
}

// historyOf is the row of the prices in which after differs from before. The first price of a variant makes no row: it is
// the Previous of the next.
func historyOf(before, after *Product) (History, bool) {
	h := History{
		Key: keyOfHistory(after.ID, after.UpdatedAt, after.Version), ProductID: after.ID, Version: after.Version, At: after.UpdatedAt,
	}
	for _, v := range after.Variants {
		old, known := before.Variant(v.ID)
		if known {
			h.Changes = append(h.Changes, changes(v.ID, old.Prices, v.Prices)...)
		}
	}
	slices.SortFunc(h.Changes, func(a, b PriceChange) int {
		return cmp.Or(cmp.Compare(a.VariantID, b.VariantID), cmp.Compare(a.Currency, b.Currency))
	})
	return h, len(h.Changes) > 0
}

func changes(variantID string, before, after map[string]Price) []PriceChange {
	var found []PriceChange
	for currency, price := range after {
		old, had := before[currency]
		switch {
		case !had:
			found = append(found, PriceChange{VariantID: variantID, Currency: currency, Price: &price})
		case !old.Same(price):
			found = append(found, PriceChange{VariantID: variantID, Currency: currency, Price: &price, Previous: &old})
		}
	}
	for currency, old := range before {
		if _, still := after[currency]; !still {
			found = append(found, PriceChange{VariantID: variantID, Currency: currency, Previous: &old})
		}
	}
	return found
}

// PriceHistory reads the price changes of a product from since until now, both included, oldest first. 1 round trip, 0.5
// RCU per 4 KB.
func PriceHistory(ctx context.Context, t *table.Table, productID string, since, now time.Time) ([]History, error) {
	var rows []History
	err := t.All(ctx, table.Query{
		Where: "#pk = :pk AND #sk BETWEEN :since AND :now",
		With: map[string]any{
			":pk": KeyOf(productID).PK, ":since": historyPrefix + stamped(since), ":now": historyPrefix + stamped(now) + "#~",
		},
	}, func(item table.Item) error {
		var h History
		err := item.Decode(&h)
		rows = append(rows, h)
		return err
	})
	return rows, err
}

// LowestPrice is the lowest amount for which the variant was sold in the currency from since until before now: the price in
// force at since, and every price set after it. A window without a change has one price, that of today when nothing
// changed since. ok is false when the variant was not sold in that currency. 1 round trip.
//
// The prior price next to a reduction (Directive 98/6/EC, article 6a) is LowestPrice from 30 days before the reduced
// price's Since until its Since.
func LowestPrice(
	ctx context.Context, t *table.Table, v Variant, currency string, since, now time.Time,
) (amount int64, ok bool, err error) {
	until := now
	if last := time.UnixMilli(v.Prices[currency].Since); last.After(until) {
		until = last // the change after the window tells what was in force in it
	}
	rows, err := PriceHistory(ctx, t, ProductOf(v.ID), since, until)
	if err != nil {
		return 0, false, err
	}
	amount, ok = Lowest(rows, v, currency, since, now)
	return amount, ok, nil
}

// Lowest is LowestPrice over rows already read: those of the window and, when the price of today is younger than the
// window, those until its Since.
func Lowest(rows []History, v Variant, currency string, since, now time.Time) (amount int64, ok bool) {
	lower := func(p *Price) {
		if p != nil && (!ok || p.Amount < amount) {
			amount, ok = p.Amount, true
		}
	}
	first := true
	for _, h := range rows {
		if h.At.Before(since) || !h.At.Before(now) {
			continue
		}
		for _, c := range h.Changes {
			if c.VariantID != v.ID || c.Currency != currency {
				continue
			}
			if first && h.At.After(since) {
				lower(c.Previous) // in force when the window opened
			}
			first = false
			lower(c.Price)
		}
	}
	if !first {
		return amount, ok
	}
	return untouched(rows, v, currency, now)
}

// untouched is the price of a window in which it did not change: the previous one of the first change after the window,
// else the one of today.
func untouched(rows []History, v Variant, currency string, now time.Time) (amount int64, ok bool) {
	for _, h := range rows {
		if h.At.Before(now) {
			continue
		}
		for _, c := range h.Changes {
			if c.VariantID == v.ID && c.Currency == currency {
				if c.Previous == nil {
					return 0, false
				}
				return c.Previous.Amount, true
			}
		}
	}
	price, ok := v.Prices[currency]
	return price.Amount, ok
}

// PricesDiffer reports whether after has other prices than before in a variant that both have.
func PricesDiffer(before, after *Product) bool {
	_, differ := historyOf(before, after)
	return differ
}

// SaleHistory is the row of prices that a sale changed from a moment on. Its key is made of the sale and the moment.
func SaleHistory(p *Product, saleID string, at time.Time, changes []PriceChange) History {
	key := table.Key{PK: KeyOf(p.ID).PK, SK: historyPrefix + stamped(at) + "#" + saleID}
	return History{Key: key, ProductID: p.ID, Version: p.Version, At: at, Changes: changes}
}
