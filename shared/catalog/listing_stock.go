package catalog

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"dangol/shared/platform/table"
	"dangol/shared/stock"
)

// listedStock is the stock of a product as listed.
type listedStock struct {
	StockSummary
	sortKey string // as in the index
}

// availability is whether the product can be bought at the time.
func (s *snapshot) availability(productID string, now time.Time) stock.Availability {
	listed, ok := s.stock[productID]
	if !ok {
		return stock.InStock
	}
	a, _ := listed.At(now)
	return a
}

// opened is how many limited editions have opened; while it stays, time alone changes no availability.
func (s *snapshot) opened(now time.Time) int {
	n, _ := slices.BinarySearchFunc(s.openings, now, func(at, now time.Time) int {
		if at.After(now) {
			return 1
		}
		return -1
	})
	return n
}

// addStock adds the row of a product's stock, unless s knows it or a newer one.
func (c *rowsRead) addStock(s *snapshot, item table.Item, sortKey string) error {
	productID := productIn(sortKey)
	if s != nil && s.stock[productID].sortKey >= sortKey || c.stock[productID].sortKey >= sortKey {
		return nil
	}
	var summary table.Packed[StockSummary]
	if err := summary.UnmarshalDynamoDBAttributeValue(item["card"]); err != nil {
		return fmt.Errorf("stock of %s: %w", productID, err)
	}
	c.stock[productID] = listedStock{summary.Value, sortKey}
	return nil
}

// withStock is s with the changed stock. Orders are by what the cards say, so they stay; facets are counted anew.
func (s *snapshot) withStock(levels map[string]listedStock) *snapshot {
	if len(levels) == 0 {
		return s
	}
	s.mu.Lock()
	next := &snapshot{
		byID: s.byID, byHandle: s.byHandle, languages: s.languages, newest: s.newest, orders: maps.Clone(s.orders),
		stock: make(map[string]listedStock, len(s.stock)+len(levels)),
	}
	s.mu.Unlock()
	maps.Copy(next.stock, s.stock)
	for productID, level := range levels {
		next.stock[productID] = level
		shard := shardOf(productID)
		next.newest[shard] = max(next.newest[shard], level.sortKey)
	}
	for _, level := range next.stock {
		for _, e := range level.Editions {
			next.openings = append(next.openings, e.OpensAt)
		}
	}
	slices.SortFunc(next.openings, time.Time.Compare)
	return next
}
