package store

import (
	"context"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"dangol/shared/membership"
	"dangol/shared/platform/table"
	"dangol/shared/promotion"
)

// Fresh is how old the promotions in a cart or on a page may be. Each
// container reads the index at most that often, which bounds the cost; a
// start or an end needs no reading, only a change by the merchant does.
const Fresh = 2 * time.Second

// Reader gives promotions, and what is known about a shopper that decides which of them apply.
type Reader interface {
	Current(ctx context.Context) (*Snapshot, error)
	Facts(ctx context.Context, s *Snapshot, who Shopper, codes []string, at time.Time) (promotion.Facts, error)
}

// Shopper is who buys.
type Shopper struct {
	CustomerID string
	// Guest is the id under which a guest's uses are counted, empty while their mail address is not known.
	Guest        string
	Entitlements membership.Entitlements // read along with the cart
	// Counted is what was read along with the cart: uses by promotion id, and Orders. Nil for a guest.
	Counted   map[string]int
	Chosen    map[string][]string // gifts, by promotion id
	Languages []string
}

// Orders is the name under which a customer's orders are counted, in the same
// item as uses of promotions and purchases of variants with a lifetime limit.
const Orders = "orders"

// Cache is the published promotions in memory. At most once every fresh it
// asks the index; which of them are live is decided by the clock of whoever
// reads, so a start or an end is never late. It is safe for concurrent use.
type Cache struct {
	store Store
	fresh time.Duration // how old the snapshot may be; 0 reads each time

	refreshing sync.Mutex // held by whoever reads
	current    atomic.Pointer[cachedSnapshot]
}

// cachedSnapshot is a snapshot and when it was read.
type cachedSnapshot struct {
	*Snapshot
	at time.Time // when it was read
}

// NewCache returns a cache that may be as old as fresh; 0 asks every time.
func NewCache(s Store, fresh time.Duration) *Cache { return &Cache{store: s, fresh: fresh} }

// Current returns promotions not older than fresh. While one caller asks, the others go on with what is there; when the
// database does not answer, so does everybody, as long as there is something. No round trip, or those of Store.Read.
func (b *Cache) Current(ctx context.Context) (*Snapshot, error) {
	s, now := b.current.Load(), b.store.Clock.Now()
	if s != nil && b.fresh > 0 && now.Sub(s.at) < b.fresh {
		return s.Snapshot, nil
	}
	// Without anything to go on with everybody has to wait for the first read.
	if s == nil || b.fresh == 0 {
		b.refreshing.Lock()
	} else if !b.refreshing.TryLock() {
		return s.Snapshot, nil
	}
	defer b.refreshing.Unlock()
	// Somebody else read while this caller waited for the lock.
	if again := b.current.Load(); again != s && b.fresh > 0 {
		return again.Snapshot, nil
	}
	next, err := b.store.Read(ctx, b.fresh == 0)
	// Prices from promotions that are a little old are better than
	// no shop; only a caller whose own time is up gets the error.
	if err != nil {
		if s != nil && ctx.Err() == nil {
			return s.Snapshot, nil
		}
		return nil, err
	}
	// The time before the read: what was written during it may be missing.
	b.current.Store(&cachedSnapshot{next, now})
	return next, nil
}

// Invalidate makes the next reader ask: somebody has just learned that what is here is old.
func (b *Cache) Invalidate() { b.current.Store(nil) }

// Facts is what is known about a shopper. 1 round trip when one of the codes can be used only so often, a live
// promotion is for a segment, or one is limited per customer and this is a guest; else none.
func (b *Cache) Facts(ctx context.Context, s *Snapshot, who Shopper, codes []string, at time.Time) (promotion.Facts,
	error) {
	return b.store.Facts(ctx, s, who, codes, at, b.fresh == 0)
}

// Facts is what is known about a shopper, strongly consistent or not. Round trips are those of Cache.Facts.
func (st Store) Facts(
	ctx context.Context, s *Snapshot, who Shopper, codes []string, at time.Time, strong bool,
) (promotion.Facts, error) {
	return st.facts(ctx, s, who, codes, at,
		func(ctx context.Context, keys ...table.Key) (map[table.Key]table.Item, error) {
			return st.Table.BatchGet(ctx, strong, keys...)
		})
}

// facts is what is known about a shopper, by the items that read returns.
func (st Store) facts(
	ctx context.Context, s *Snapshot, who Shopper, codes []string, at time.Time,
	read func(context.Context, ...table.Key) (map[table.Key]table.Item, error),
) (promotion.Facts, error) {
	f := s.facts(who, at)
	keys := s.limitedCodes(codes, at)
	if who.CustomerID != "" && s.segmented(at) {
		keys = append(keys, KeyOfSegments(who.CustomerID))
	}
	// A guest is only asked for in the table when some live promotion counts
	// per customer: most shops have none, and it saves the round trip.
	guest := who.CustomerID == "" && who.Guest != ""
	if f.Identified = guest; guest && s.counted(at) {
		keys = append(keys, KeyOfCounters(who.Guest))
	}
	if len(keys) == 0 {
		return f, nil
	}
	items, err := read(ctx, keys...)
	if err != nil {
		return f, err
	}
	if f.CodeUses, err = st.codeUses(ctx, s, codes, at, items); err != nil {
		return f, err
	}
	if item, ok := items[KeyOfCounters(who.Guest)]; ok && guest {
		f.Used = s.usedBy(func(id string) int { return int(number(item, id)) })
	}
	if item, ok := items[KeyOfSegments(who.CustomerID)]; ok {
		var in segments
		if err := item.Decode(&in); err != nil {
			return f, err
		}
		f.Segments = in.Segments
	}
	return f, nil
}

// codeUses is how often codes have been used, by the folded code. No round trip, or 1 when a code's limit is handed out
// in slices.
func (st Store) codeUses(
	ctx context.Context, s *Snapshot, codes []string, at time.Time, items map[table.Key]table.Item,
) (map[string]int, error) {
	uses := map[string]int{}
	for _, code := range codes {
		p := s.Set.CodeOwner(code, at)
		if p == nil {
			continue
		}
		folded := promotion.NormalizeCode(code)
		key := KeyOfCode(p.ID, folded)
		item, ok := items[key]
		if !ok {
			continue
		}
		uses[folded] = int(number(item, "uses"))
		// What slices have left matters only when the shared item has given all.
		if item[sliced] == nil || uses[folded] < codeLimit(p) {
			continue
		}
		of, err := st.Table.BatchGet(ctx, false, sliceKeys(key)...)
		if err != nil {
			return nil, err
		}
		of[key] = item
		uses[folded] = int(levelIn(key, of).used()["uses"])
	}
	return uses, nil
}

// KeyOfCounters is the key of what a shopper has used of
// promotions with a limit, and bought of variants with one.
func KeyOfCounters(counter string) table.Key {
	return table.Key{PK: "CUSTOMER#" + counter, SK: "PURCHASES"}
}

// counted reports whether a live promotion is limited per customer.
func (s *Snapshot) counted(at time.Time) bool {
	for _, p := range s.byID {
		if p.LimitPerCustomer > 0 && p.Kind != promotion.Drop && p.Live(at) {
			return true
		}
	}
	return false
}

// usedBy is what promotions have cost, with how often a shopper has used those with a limit.
func (s *Snapshot) usedBy(count func(promotionID string) int) map[string]promotion.Used {
	used := map[string]promotion.Used{}
	maps.Copy(used, s.Used)
	for id, p := range s.byID {
		if n := count(id); p.LimitPerCustomer > 0 && n > 0 {
			u := used[id]
			u.Customer = n
			used[id] = u
		}
	}
	return used
}

// KeyOfSegments is the key of the segments a customer is in.
func KeyOfSegments(customerID string) table.Key {
	return table.Key{PK: "CUSTOMER#" + customerID, SK: "SEGMENTS"}
}

// segments is the item of a customer's segments.
type segments struct {
	table.Key
	Segments []string `dynamodbav:"segments"`
}

// Segments is the item that puts a customer into segments.
func Segments(customerID string, names ...string) any {
	return segments{KeyOfSegments(customerID), names}
}

// facts is what is known without reading: of what plans the shopper is a member
// at the moment, and that a customer has ordered when an order was counted.
func (s *Snapshot) facts(who Shopper, at time.Time) promotion.Facts {
	f := promotion.Facts{
		Member: who.Entitlements.Member(at), First: who.CustomerID != "" && who.Counted[Orders] == 0, Chosen: who.Chosen,
		Languages: who.Languages,
		Used:      s.Used,
	}
	if len(who.Counted) == 0 {
		return f
	}
	// Cloned, because the snapshot is shared by all requests.
	f.Used = maps.Clone(s.Used)
	if f.Used == nil {
		f.Used = map[string]promotion.Used{}
	}
	for id, n := range who.Counted {
		// Counters of promotions that the snapshot does not
		// have are over, or are those of variants.
		if s.byID[id] != nil {
			used := f.Used[id]
			used.Customer = n
			f.Used[id] = used
		}
	}
	return f
}

// limitedCodes are the keys of the counters of those codes that can be used only so often.
func (s *Snapshot) limitedCodes(codes []string, at time.Time) (keys []table.Key) {
	for _, code := range codes {
		p := s.Set.CodeOwner(code, at)
		if p == nil || codeLimit(p) == 0 {
			continue
		}
		if key := KeyOfCode(p.ID, promotion.NormalizeCode(code)); !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	return keys
}

// segmented reports whether a live promotion is for a segment.
func (s *Snapshot) segmented(at time.Time) bool {
	for _, p := range s.byID {
		// A drop restricts who may buy before it is live, so its segments are needed earlier.
		if len(p.Conditions.Segments) > 0 && (p.Live(at) || p.Kind == promotion.Drop) {
			return true
		}
	}
	return false
}

// once reads the promotions and the facts about a shopper one time for a whole request.
type once struct {
	Reader
	snapshot *Snapshot
	known    bool // whether facts are those of who and codes
	who      Shopper
	codes    []string
	at       time.Time
	facts    promotion.Facts
}

// Once is a reader for one request, which prices the same cart several times: it gives the promotions that it found
// first, and asks again about the shopper only when their address, their codes or the moment have become others. It is
// not safe for concurrent use.
func Once(r Reader) Reader { return &once{Reader: r} }

// Current returns the promotions as they were when it was called first.
func (o *once) Current(ctx context.Context) (*Snapshot, error) {
	if o.snapshot != nil {
		return o.snapshot, nil
	}
	var err error
	o.snapshot, err = o.Reader.Current(ctx)
	return o.snapshot, err
}

// Facts returns what is known about a shopper. No round trip when it was asked before, else those of the reader.
func (o *once) Facts(ctx context.Context, s *Snapshot, who Shopper, codes []string, at time.Time) (promotion.Facts,
	error) {
	if !o.known || s != o.snapshot || !o.at.Equal(at) || o.who.CustomerID != who.CustomerID || o.who.Guest != who.Guest ||
		!slices.Equal(o.codes, codes) {
		facts, err := o.Reader.Facts(ctx, s, who, codes, at)
		if err != nil {
			return facts, err
		}
		o.known, o.facts = true, facts
		o.who, o.at = who, at
		o.codes = slices.Clone(codes)
	}
	// What the cart itself says may have changed since.
	facts := o.facts
	facts.Chosen = who.Chosen
	facts.Languages = who.Languages
	return facts, nil
}

// Static is promotions that nobody changes, with facts that are known beforehand: for previews and tests. A nil Known
// makes them from the shopper alone.
type Static struct {
	Snapshot *Snapshot
	Known    *promotion.Facts
}

// Current returns the promotions.
func (f Static) Current(context.Context) (*Snapshot, error) { return f.Snapshot, nil }

// Facts returns what is known.
func (f Static) Facts(_ context.Context, s *Snapshot, who Shopper, _ []string, at time.Time) (promotion.Facts, error) {
	if f.Known == nil {
		return s.facts(who, at), nil
	}
	known := *f.Known
	known.Chosen, known.Languages = who.Chosen, who.Languages
	return known, nil
}

// None is no promotions at all.
var None Reader = Static{Snapshot: NewSnapshot(nil, nil)}
