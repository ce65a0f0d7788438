package cart

import (
	"context"
	"sync"

	"dangol/shared/platform/lru"
	"dangol/shared/platform/table"
)

const (
	// recentCarts bounds how many carts are remembered, and recentBytes how large each may be: 8 MB together.
	recentCarts = 1_000
	recentBytes = 8 << 10
	// trustAfter is how many carts in a row must be found as they are remembered before a write goes by memory alone: a
	// write that is refused costs as much as five to ten reads.
	trustAfter = 8
)

// RecentCarts remembers the guests' carts that this process has written, as they are stored, so that the next change of
// one costs no read: the change is decided by what is remembered, under the condition that it still stands. Whatever
// else comes of it (an error, a repetition, a refused write) is decided again by what is stored.
//
// Where many processes serve the same cart, memory is often out of date and its writes are refused. So each cart that
// is read is compared with what is remembered, and memory is used only after eight carts in a row that agreed. It is
// safe for concurrent use.
type RecentCarts struct {
	mu     sync.Mutex
	carts  *lru.Cache[string, table.Item] // by cart id; the items are not changed
	agreed int                            // carts in a row that were found as remembered
}

// NewRecentCarts remembers nothing yet.
func NewRecentCarts() *RecentCarts {
	return &RecentCarts{carts: lru.New[string, table.Item](recentCarts)}
}

// recall is what the process remembers of the guest's cart that ref means; nil for none.
func (s Store) recall(ref Ref) table.Item {
	if !ref.guest() {
		return nil
	}
	return s.Recent.recall(ref.CartID)
}

// put writes a changed cart and remembers a guest's. A customer's is read together with what they have bought, so that
// remembering it would save no round trip.
func (s Store) put(ctx context.Context, c *Cart, p table.Put) error {
	item, err := table.Encode(c)
	if err != nil {
		return err
	}
	p.Item = item
	err = s.Table.Put(ctx, p)
	if c.CustomerID != "" {
		return err
	}
	if failed, met := table.Failed(err); met {
		s.Recent.found(c.ID, failed.Item.Text(table.WriteIDAttribute))
	} else if err == nil {
		s.Recent.keep(c.ID, item)
	}
	return err
}

// keep remembers a cart as it was written. A nil RecentCarts remembers nothing.
func (r *RecentCarts) keep(cartID string, item table.Item) {
	if r == nil {
		return
	}
	if item.Size() > recentBytes {
		r.carts.Remove(cartID)
		return
	}
	r.carts.Add(cartID, item)
}

// recall returns what is remembered of a cart; nil when that is nothing, or when memory has not proven right.
func (r *RecentCarts) recall(cartID string) table.Item {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.agreed < trustAfter {
		return nil
	}
	item, _ := r.carts.Get(cartID)
	return item
}

// found takes in what stands in the table, by the write id of the cart: memory agrees with it, or forgets the cart and
// has to prove right again.
func (r *RecentCarts) found(cartID, writeID string) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch item, ok := r.carts.Peek(cartID); {
	case !ok:
	case item.Text(table.WriteIDAttribute) == writeID:
		r.agreed++
	default:
		r.agreed = 0
		r.carts.Remove(cartID)
	}
}
