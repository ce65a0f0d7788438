package catalog

import (
	"context"

	"golang.org/x/sync/errgroup"

	"dangol/shared/platform/id"
	"dangol/shared/platform/table"
)

// ProductChange is a product to be made (Before is nil) or put in the place of Before; see Create and Replace.
type ProductChange struct {
	Before, After *Product
	// Units is the stock that new variants start with, by variant id.
	Units map[string]InitialStock
}

const (
	maxBatchWrites   = 50      // in one transaction; DynamoDB takes 100, but the local engine lets nobody in meanwhile
	maxBatchBytes    = 1 << 20 // about; DynamoDB takes 4 MB
	maxBatchesAtOnce = 8       // transactions
)

// WriteAll writes many products in few round trips: as many to a transaction as fit, at the price they have one by one.
// Each product is written whole or not at all, whatever becomes of the others: when one stops a transaction, its
// products are written one by one. The answer has an error for each change, in their order: nil, ErrHandleTaken,
// ErrVersion, ErrTooManyCounters, or what the table said.
func WriteAll(ctx context.Context, t *table.Table, changes []ProductChange) []error {
	errs := make([]error, len(changes))
	var group errgroup.Group
	group.SetLimit(maxBatchesAtOnce)
	for _, b := range bundles(changes) {
		group.Go(func() error {
			b.write(ctx, t, changes, errs)
			return nil
		})
	}
	_ = group.Wait() // each change has its own error
	return errs
}

// bundle is changes that are written together, and the writes of all of them.
type bundle struct {
	at     []int // places of the changes
	writes []table.Write
	bytes  int // estimate, see ProductChange.bytes
}

// bundles puts changes together in their order. A change that needs no transaction of its own stays alone, because
// alone it costs half, and so does one too large to go with others.
func bundles(changes []ProductChange) []*bundle {
	var all []*bundle
	open := &bundle{}
	// DynamoDB refuses a transaction that names an item twice: two
	// changes of one product, or of one handle, cannot be together.
	with := map[table.Key]bool{} // in the open bundle; no item can be in it twice
	for i, c := range changes {
		writes, err := c.writes()
		// A change with an error gets its error when it is written alone.
		if err != nil || len(writes) == 1 || len(writes) > maxBatchWrites {
			all = append(all, &bundle{at: []int{i}})
			continue
		}
		size, product, handle := c.bytes(), KeyOf(c.After.ID), KeyOfHandle(c.After.Handle)
		if with[product] || with[handle] || len(open.writes)+len(writes) > maxBatchWrites || open.bytes+size > maxBatchBytes {
			open = &bundle{}
			clear(with)
		}
		if len(open.at) == 0 {
			all = append(all, open)
		}
		open.at, open.writes, open.bytes = append(open.at, i), append(open.writes, writes...), open.bytes+size
		with[product], with[handle] = true, true
	}
	return all
}

// write writes the bundle, and notes the error of each of its changes.
func (b *bundle) write(ctx context.Context, t *table.Table, changes []ProductChange, errs []error) {
	if len(b.at) > 1 {
		err := t.Transact(ctx, id.Secret(), b.writes...)
		// Only a refusal says that one change stopped the others, and only a permanent
		// error that the transaction as such is impossible. Other errors, such as
		// throttling, concern all of them: trying each alone would make it worse.
		if _, refused := table.Refused(err); !refused && !table.Permanent(err) {
			for _, i := range b.at {
				errs[i] = err
			}
			return
		}
	}
	// One at a time: each change then gets the error that is its own.
	for _, i := range b.at {
		errs[i] = changes[i].write(ctx, t)
	}
}

// write writes one change alone.
func (c ProductChange) write(ctx context.Context, t *table.Table) error {
	if c.Before == nil {
		return Create(ctx, t, c.After, c.Units)
	}
	return Replace(ctx, t, c.Before, c.After, c.Units)
}

// writes are the writes of one change: with its handle and counters where it is new.
func (c ProductChange) writes() ([]table.Write, error) {
	if c.Before == nil {
		return append(firstWrites(c.After), firstCounters(c.After, c.Units)...), nil
	}
	return laterWrites(c.Before, c.After, c.Units)
}

// bytes estimates how large the writes of the change are; that is enough, as the
// bound is far below what DynamoDB takes. Texts are the only part that varies much.
func (c ProductChange) bytes() int {
	n := 2_000 + 1_000*len(c.After.Variants) + 200*len(c.After.Images)
	for _, text := range []Text{c.After.Title, c.After.Description} {
		for _, s := range text {
			n += len(s)
		}
	}
	return n
}
