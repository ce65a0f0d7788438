package catalog

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"dangol/shared/platform/id"
	"dangol/shared/platform/table"
	"dangol/shared/stock"
)

// InitialStock is the stock that a variant starts with.
type InitialStock struct {
	Available int  // units over all buckets
	Imported  bool // it comes from an imported file; see stock.Import
}

// maxCounters is how many stock counters fit into the transaction of a product, next to the product, its handles, its
// price history and what the caller adds.
const maxCounters = table.MaxWrites - 10

// Create writes a product that is not there yet, its handle and its stock, with the caller's own writes (extra) at
// places 2 and on of the transaction. units is by variant id; stocked variants that are not in it start with none. The
// product carries its ids, version and event. 1 round trip, and one more per 100 counters that do not fit: those go
// first, under ids that nobody knows yet. 2 WCU per KB. Errors: ErrHandleTaken; *table.Canceled when an extra write was
// refused.
func Create(ctx context.Context, t *table.Table, p *Product, units map[string]InitialStock,
	extra ...table.Write) error {
	counters := firstCounters(p, units)
	// Rare: limited editions with many buckets in many
	// variants. Counters without a product are never read.
	fit := min(len(counters), maxCounters)
	for rest := range slices.Chunk(counters[fit:], table.MaxWrites) {
		if err := t.Transact(ctx, id.Secret(), rest...); err != nil {
			return fmt.Errorf("stock of %s: %w", p.ID, err)
		}
	}
	writes := append(firstWrites(p), extra...)
	err := t.Transact(ctx, id.Secret(), append(writes, counters[:fit]...)...)
	// The product itself cannot be refused, as its id is new; the handle can.
	// A refusal of an extra write is the caller's to judge and goes first.
	if c, ok := table.Refused(err); ok && c.Refused(1) && !anyRefused(c, 2, len(extra)) {
		return ErrHandleTaken
	}
	return err
}

// firstWrites is a product that is being made, without its stock.
func firstWrites(p *Product) []table.Write {
	p.Key = KeyOf(p.ID)
	return []table.Write{table.Put{Item: p.stored(), If: table.IfNew}, handlePut(p)}
}

// anyRefused reports whether one of n writes from the first on was refused. A repetition of a request that took effect
// is refused for the handle and for the version too, and has to be told by its own record.
func anyRefused(c *table.Canceled, first, n int) bool {
	for i := range n {
		if c.Refused(first + i) {
			return true
		}
	}
	return false
}

// handlePut keeps the handle for the product. A handle that the product had before stays with it, so old links work.
func handlePut(p *Product) table.Put {
	return table.Put{
		Item: handleItem{KeyOfHandle(p.Handle), p.ID},
		If:   "attribute_not_exists(#pk) OR #productId = :id", // a handle names one product
		With: map[string]any{":id": p.ID},
	}
}

// firstCounters is the stock of a product that is being made.
func firstCounters(p *Product, units map[string]InitialStock) []table.Write {
	var counters []table.Write
	for _, v := range p.Variants {
		if !v.HasOwnStock() {
			continue
		}
		for b := range v.Buckets() {
			counters = append(counters, table.Put{Item: counter(v, b, units[v.ID], p.CreatedAt), If: table.IfNew})
		}
	}
	return counters
}

// counter is one bucket of a variant's first stock: an even share, the rest in the first buckets.
func counter(v Variant, bucket int, u InitialStock, at time.Time) stock.Level {
	n := v.Buckets()
	level := stock.Level{Key: stock.KeyOf(v.ID, bucket), Available: u.Available / n, SetAt: at}
	if bucket < u.Available%n {
		level.Available++
	}
	// Bucket 0 remembers what the file said, see stock.Import.
	if bucket == 0 && u.Imported {
		level.Imported = &u.Available
	}
	return level
}

// Replace writes the product after in place of before, with a row of price history when prices differ, the handle when
// it is another, and counters for variants that had none; units is the stock these start with. after's version is one
// above before's. The caller's own writes (extra) stand at places 1 and on. 1 round trip; 1 WCU per KB when nothing but
// the product changes, else 2. Errors: ErrVersion, ErrHandleTaken, ErrTooManyCounters; *table.Canceled when an extra
// write was refused.
func Replace(ctx context.Context, t *table.Table, before, after *Product, units map[string]InitialStock,
	extra ...table.Write) error {
	writes, err := laterWrites(before, after, units)
	if err != nil {
		return err
	}
	// A put alone costs half of a transaction of one.
	if len(writes)+len(extra) == 1 {
		return putAlone(ctx, t, writes[0].(table.Put), after)
	}
	err = t.Transact(ctx, id.Secret(), slices.Insert(writes, 1, extra...)...)
	if c, ok := table.Refused(err); ok && !anyRefused(c, 1, len(extra)) {
		switch {
		case c.Refused(0):
			return ErrVersion
		case before.Handle != after.Handle && c.Refused(1+len(extra)):
			return ErrHandleTaken
		}
	}
	return err
}

// laterWrites is after in the place of before: the product, then its handle when it is another, then the row of price
// history, then counters.
func laterWrites(before, after *Product, units map[string]InitialStock) ([]table.Write, error) {
	after.Key = KeyOf(after.ID)
	writes := []table.Write{table.Put{
		Item: after.stored(), If: "#version = :seen", // nobody's change is lost
		With: map[string]any{":seen": before.Version},
	}}
	if before.Handle != after.Handle {
		writes = append(writes, handlePut(after))
	}
	if h, ok := historyOf(before, after); ok {
		writes = append(writes, table.Put{Item: h, If: table.IfNew})
	}
	counters := laterCounters(before, after, units)
	// Only counters that the change adds are counted, so this
	// takes a merchant who makes dozens of editions at once.
	if len(counters) > maxCounters {
		return nil, ErrTooManyCounters
	}
	return append(writes, counters...), nil
}

// putAlone writes only the product. A put whose answer was lost and that the client sent again finds its own version
// there, which its event gives away.
func putAlone(ctx context.Context, t *table.Table, put table.Put, after *Product) error {
	err := t.Put(ctx, put)
	failed, ok := table.Failed(err)
	if !ok {
		return err
	}
	// The event's id is made for each change, so finding it means that the write took effect.
	there, decodeErr := decode(failed.Item)
	if decodeErr == nil && after.Event != nil && there.Event != nil && there.Event.ID == after.Event.ID {
		return nil
	}
	return ErrVersion
}

// laterCounters is the counters that after needs and before did not.
func laterCounters(before, after *Product, units map[string]InitialStock) []table.Write {
	var writes []table.Write
	for _, v := range after.Variants {
		if !v.HasOwnStock() {
			continue
		}
		old, known := before.Variant(v.ID)
		has := 0
		if known && old.HasOwnStock() {
			has = old.Buckets()
		}
		// Stock is given to new variants only: a known one
		// that becomes tracked again keeps its counters.
		u := units[v.ID]
		if known {
			u = InitialStock{}
		}
		for b := has; b < v.Buckets(); b++ {
			writes = append(writes, laterCounter(counter(v, b, u, after.UpdatedAt)))
		}
	}
	return writes
}

// laterCounter adds instead of putting: a variant that was tracked once has its counters still, and adding nothing to
// one leaves it as it is.
func laterCounter(l stock.Level) table.Update {
	u := table.Update{
		Key: l.Key, Do: "ADD #available :units", // unconditional: it makes the counter or changes nothing
		With: map[string]any{":units": l.Available},
	}
	if l.Available > 0 || l.Imported != nil {
		u.If = table.IfNew // stock is given to a fresh counter only
	}
	if l.Imported != nil {
		u.Do = "SET #imported = :imported ADD #available :units"
		u.With[":imported"] = *l.Imported
	}
	return u
}

// Clone copies a product so deep that changing the copy leaves the original alone.
func (p *Product) Clone() *Product {
	q := *p
	q.Title, q.Description = maps.Clone(p.Title), maps.Clone(p.Description)
	q.SEOTitle, q.SEODescription = maps.Clone(p.SEOTitle), maps.Clone(p.SEODescription)
	q.Metafields = maps.Clone(p.Metafields)
	q.Tags, q.Categories, q.Images = slices.Clone(p.Tags), slices.Clone(p.Categories), slices.Clone(p.Images)
	q.Options = slices.Clone(p.Options)
	for i, o := range q.Options {
		q.Options[i].Values = slices.Clone(o.Values)
	}
	q.Variants = slices.Clone(p.Variants)
	for i, v := range q.Variants {
		v.Options, v.Components, v.Prices = slices.Clone(v.Options), slices.Clone(v.Components), maps.Clone(v.Prices)
		v.Withdrawn = maps.Clone(v.Withdrawn)
		if v.Edition != nil {
			e := *v.Edition
			v.Edition = &e
		}
		q.Variants[i] = v
	}
	return &q
}
