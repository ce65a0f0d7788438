package catalog

import (
	"context"
	"maps"
	"slices"
	"time"

	"dangol/shared/platform/clock"
	"dangol/shared/platform/lru"
	"dangol/shared/platform/table"
	"dangol/shared/stock"
)

// Unlimited is the Available of what never runs out: untracked variants, and those sold on
// backorder. It is so large that no cart reaches it, and so small that sums of it do not overflow.
const Unlimited = 1 << 30

// SellableVariant is a variant as it can be sold: with its product, and what the stock of its parts allows.
type SellableVariant struct {
	Product   *Product
	Variant   Variant
	Available int // units; Unlimited when it never runs out
	// Left is what is left of each part by variant id, for those who sum over several items that share one.
	Left  map[string]int
	parts []stock.Request // what one unit takes out of stock
}

// StockRequests is what n units take out of stock, for stock.Keys and stock.Hold.
func (i SellableVariant) StockRequests(n int) []stock.Request {
	wants := make([]stock.Request, len(i.parts))
	for k, p := range i.parts {
		p.Quantity *= n
		wants[k] = p
	}
	return wants
}

// Cache reads products and stock for those who show and price them, and keeps what it read for a while. It is safe for
// concurrent use. The products it returns are shared: do not change them.
type Cache struct {
	table *table.Table
	clock clock.Clock
	fresh time.Duration // how old what is kept may be when it is used
	items *lru.Cache[table.Key, kept]
}

// kept is one item as read; its fields are nil when it was not there.
type kept struct {
	product *Product     // of a product's key
	level   *stock.Level // of a counter's key
	at      time.Time    // when it was read
}

// cacheSize is how many items (products and counters) a cache keeps at most, about 2 KB each.
const cacheSize = 10_000

// NewCache returns a cache whose goods may be as old as fresh; 0 reads them every time.
func NewCache(t *table.Table, c clock.Clock, fresh time.Duration) *Cache {
	return &Cache{table: t, clock: c, fresh: fresh, items: lru.New[table.Key, kept](cacheSize)}
}

// Variants returns the variants by id; what is not there is not in the answer. What is not fresh in the cache costs 1
// round trip for all products and counters together, 0.5 RCU per 4 KB and item; one more when a product seen for the
// first time turns out to be a gift set of other products or to have its stock in buckets.
func (s *Cache) Variants(ctx context.Context, variantIDs []string) (map[string]SellableVariant, error) {
	return s.variants(ctx, variantIDs, s.fresh, false)
}

// ConsistentVariants is Variants with strongly consistent reads of everything, at twice the price.
func (s *Cache) ConsistentVariants(ctx context.Context, variantIDs []string) (map[string]SellableVariant, error) {
	return s.variants(ctx, variantIDs, 0, true)
}

// Product returns the product with all its variants; nil when there is none. Cost as for Variants.
func (s *Cache) Product(ctx context.Context, productID string) (*Product, map[string]SellableVariant, error) {
	return s.product(ctx, s.reading(s.fresh, false), productID)
}

// product reads a product with all its variants.
func (s *Cache) product(
	ctx context.Context, r *reading, productID string,
) (*Product, map[string]SellableVariant, error) {
	key := KeyOf(productID)
	if err := r.run(ctx, func() {
		r.need(key)
		if p := r.product(productID); p != nil {
			// The variants are known only once the product has
			// been read, so this runs again after each round trip.
			r.wanted = r.wanted[:0]
			for _, v := range p.Variants {
				r.wanted = append(r.wanted, v.ID)
			}
		}
	}); err != nil {
		return nil, nil, err
	}
	return r.got[key].product, r.items(), nil
}

// Invalidate makes the next reader read the product and the stock of its variants.
func (s *Cache) Invalidate(p *Product) {
	s.items.Remove(KeyOf(p.ID))
	for _, v := range p.Variants {
		for b := range v.Buckets() {
			s.items.Remove(stock.KeyOf(v.ID, b))
		}
	}
}

// variants reads the variants by id; those whose id has not the form of one cost no read.
func (s *Cache) variants(ctx context.Context, variantIDs []string, fresh time.Duration,
	strong bool) (map[string]SellableVariant, error) {
	r := s.reading(fresh, strong)
	for _, id := range variantIDs {
		if ProductOf(id) != "" {
			r.wanted = append(r.wanted, id)
		}
	}
	if err := r.run(ctx, func() {}); err != nil {
		return nil, err
	}
	return r.items(), nil
}

// reading is one call's reads of products, components and
// counters: what it has, what it still needs.
type reading struct {
	cache  *Cache
	now    time.Time // one moment for the whole call
	fresh  time.Duration
	strong bool     // strongly consistent; the cache is then not used
	wanted []string // variant ids
	// got is what has been read or was fresh in the cache; ask what the next round trip must
	// read. Kept in the call, so that an item that leaves the cache meanwhile is not read again.
	got map[table.Key]kept
	ask map[table.Key]bool
}

// reading begins a call.
func (s *Cache) reading(fresh time.Duration, strong bool) *reading {
	return &reading{cache: s, now: s.clock.Now(), fresh: fresh, strong: strong, got: map[table.Key]kept{},
		ask: map[table.Key]bool{}}
}

// run asks for what is needed until nothing is. A gift set seen for the first time takes the longest way: the set, its
// components, their buckets.
func (r *reading) run(ctx context.Context, first func()) error {
	for {
		first()
		for _, id := range r.wanted {
			r.needVariant(id, true)
		}
		if len(r.ask) == 0 {
			return nil
		}
		if err := r.read(ctx); err != nil {
			return err
		}
	}
}

// need notes that the item under the key must be read, unless the cache has it fresh.
func (r *reading) need(key table.Key) {
	if _, ok := r.got[key]; ok {
		return
	}
	if k, ok := r.cache.items.Get(key); ok && !r.strong && r.now.Sub(k.at) < r.fresh {
		r.got[key] = k
		return
	}
	r.ask[key] = true
}

// product returns the product as read, else as it once was in the cache; nil when neither is known.
func (r *reading) product(id string) *Product {
	if k, ok := r.got[KeyOf(id)]; ok {
		return k.product
	}
	k, _ := r.cache.items.Get(KeyOf(id))
	return k.product
}

// needVariant notes what must be read for one variant: its product and its counters or, for a
// gift set, those of its parts. withParts is false for parts, because sets do not contain sets.
func (r *reading) needVariant(id string, withParts bool) {
	productID := ProductOf(id)
	r.need(KeyOf(productID))
	p := r.product(productID)
	if p == nil {
		if _, read := r.got[KeyOf(productID)]; !read {
			// The guess saves a round trip: product and counter are read together.
			r.need(stock.KeyOf(id, 0)) // a guess that is right for all but gift sets
		}
		return
	}
	v, ok := p.Variant(id)
	switch {
	// No such variant, or one without stock: nothing more to read.
	case !ok || v.Untracked && len(v.Components) == 0:
	case len(v.Components) > 0:
		for _, c := range v.Components {
			if withParts && ProductOf(c.VariantID) != "" {
				r.needVariant(c.VariantID, false)
			}
		}
	default:
		for b := range v.Buckets() {
			r.need(stock.KeyOf(id, b))
		}
	}
}

// read reads all that is asked for in one batch.
func (r *reading) read(ctx context.Context) error {
	keys := slices.Collect(maps.Keys(r.ask))
	items, err := r.cache.table.BatchGet(ctx, r.strong, keys...)
	if err != nil {
		return err
	}
	for _, key := range keys {
		k := kept{at: r.now}
		item, there := items[key]
		switch {
		// What is not there is kept too, so that a dead link is not read again and again.
		case !there:
		case key.SK == KeyOf("").SK:
			if k.product, err = decode(item); err != nil {
				return err
			}
		default:
			k.level = &stock.Level{}
			if err := item.Decode(k.level); err != nil {
				return err
			}
		}
		r.got[key] = k
		r.cache.items.Add(key, k)
	}
	clear(r.ask)
	return nil
}

// items puts together what was read.
func (r *reading) items() map[string]SellableVariant {
	items := make(map[string]SellableVariant, len(r.wanted))
	for _, id := range r.wanted {
		p := r.got[KeyOf(ProductOf(id))].product
		if p == nil {
			continue
		}
		if v, ok := p.Variant(id); ok {
			items[id] = r.item(p, v)
		}
	}
	return items
}

// item looks up what each part of the variant has left. A part that is no longer there has nothing.
func (r *reading) item(p *Product, v Variant) SellableVariant {
	item := SellableVariant{Product: p, Variant: v, Available: Unlimited, Left: map[string]int{}}
	need := map[string]int{}
	for _, c := range v.StockComponents() {
		need[c.VariantID] += c.Quantity // a set may name the same part twice
	}
	for id, n := range need {
		part, ok := r.part(v, id)
		// A set takes the part's stock, so the part's buckets and backorder count, not the set's.
		want := stock.Request{VariantID: id, Quantity: n, Buckets: part.Buckets(), Backorder: part.Backorder}
		left := Unlimited
		switch {
		case !ok:
			left = 0
		case !part.Untracked && !part.Backorder:
			left = max(r.level(want), 0)
		}
		item.Left[id] = left
		// A quantity of 0 must not divide; the validation of products refuses it.
		if left < Unlimited {
			item.Available = min(item.Available, left/max(n, 1))
		}
		if ok && !part.Untracked {
			item.parts = append(item.parts, want)
		}
	}
	return item
}

// part is the variant that a part stands for: the variant itself, unless it is a gift set.
func (r *reading) part(v Variant, id string) (Variant, bool) {
	if v.ID == id {
		return v, true
	}
	p := r.got[KeyOf(ProductOf(id))].product
	if p == nil {
		return Variant{}, false
	}
	return p.Variant(id)
}

// level is what the part's buckets hold together. A bucket that is not there holds nothing.
func (r *reading) level(w stock.Request) int {
	sum := 0
	for b := range w.Buckets {
		if l := r.got[stock.KeyOf(w.VariantID, b)].level; l != nil {
			sum += l.Available
		}
	}
	return sum
}
