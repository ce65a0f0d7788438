package store

import (
	"context"
	"maps"
	"time"

	"dangol/shared/platform/lru"
	"dangol/shared/platform/table"
	"dangol/shared/promotion"
)

// mostUses bounds how many shoppers' and codes' uses are kept, of some hundred bytes each.
const mostUses = 2_000

// RecentUses is a Cache that keeps what it has read of a shopper, too, and for as long as promotions: contact, address
// and shipping method often come within a second, and each prices the cart. It is for those prices alone. A shopper who
// reads the cart, because an offer was refused at the checkout, must see what the table has.
type RecentUses struct {
	*Cache
	kept *lru.Cache[table.Key, readUses]
}

// readUses is an item of Facts, and when it was read.
type readUses struct {
	item table.Item // nil when there was none
	at   time.Time
}

// NewRecentUses returns a reader with the promotions of a cache.
func NewRecentUses(c *Cache) *RecentUses {
	return &RecentUses{c, lru.New[table.Key, readUses](mostUses)}
}

// Facts is Cache.Facts; no round trip when it was read within fresh.
func (r *RecentUses) Facts(ctx context.Context, s *Snapshot, who Shopper, codes []string, at time.Time) (
	promotion.Facts, error) {
	return r.store.facts(ctx, s, who, codes, at, r.read)
}

// read reads the items that are not kept.
func (r *RecentUses) read(ctx context.Context, keys ...table.Key) (map[table.Key]table.Item, error) {
	now := r.store.Clock.Now()
	known := map[table.Key]table.Item{}
	var ask []table.Key
	for _, key := range keys {
		if kept, ok := r.kept.Get(key); !ok || now.Sub(kept.at) >= r.fresh {
			ask = append(ask, key)
		} else if kept.item != nil {
			known[key] = kept.item
		}
	}
	found, err := r.store.Table.BatchGet(ctx, false, ask...)
	if err != nil {
		return nil, err
	}
	for _, key := range ask {
		r.kept.Add(key, readUses{found[key], now})
	}
	maps.Copy(known, found)
	return known, nil
}
