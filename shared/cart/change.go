package cart

import (
	"context"
	"slices"
	"time"

	"dangol/shared/platform/auth"
	"dangol/shared/platform/id"
	"dangol/shared/platform/idempotency"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
)

const (
	// keptKeys and keptWriteIDs bound what a cart remembers of its last writes, and so its size. A repetition
	// comes seconds after the first request; it is not expected after sixteen other changes.
	keptKeys     = 16
	keptWriteIDs = 16
	// lostTries bounds how often a write that ended in an error is looked for in the cart, by its write id.
	lostTries = 3
)

// Attempt is one request to change a cart. Key, when the client sent one, makes a repetition of it have no effect for
// 24 hours; Hash tells whether the repetition asks for the same.
type Attempt struct {
	Key, Hash string
}

// Change loads a cart, lets do change it, and writes it back if nobody else has in between; else it starts over with
// what is there, so concurrent changes lose nothing. do may be called several times, each time with a fresh cart. It
// reports whether the attempt's key had been used before; the cart is then as it is and do is not asked. A write whose
// answer was lost is found again by its write id.
//
// 2 round trips; 1 RCU per 4 KB and 1 WCU per KB of the cart; 1 more round trip for each change it met. Errors: those
// of do, 404 cart_not_found, 409 cart_paying, 409 cart_ordered with extra.orderId, 422 idempotency_key_reused, 503
// busy.
func (s Store) Change(ctx context.Context, ref Ref, a Attempt, do func(*Cart) error) (c *Cart, replayed bool,
	err error) {
	// 8 characters (40 bits) tell apart the 16 writes that one cart remembers.
	writeID := id.Secret()[:8]
	ref.Operator = false // reading is all it allows
	// lost counts the writes whose answer did not arrive.
	lost := 0
	w, err := table.Modify(ctx, func(ctx context.Context, found table.Item) (w reading, err error) {
		// The refused write returned the item that stood there, so a retry needs no second read.
		if found == nil {
			w.cart, w.seen, err = s.load(ctx, ref)
		} else {
			w.cart, w.seen, err = s.again(ref, c, found)
		}
		c = w.cart
		return w, err
	}, func(ctx context.Context, w reading) (reading, error) {
		// The write before this one took effect although its answer was an error: nothing is left
		// to do.
		if slices.Contains(w.cart.WriteIDs, writeID) {
			return w, nil
		}
		// The key is looked for before CheckOpen: a repeated request gets its answer also when the
		// cart has been locked for payment in the meantime.
		used, err := a.used(w.cart, s.Clock.Now())
		if used || err != nil {
			replayed = used
			return w, err
		}
		if err := CheckOpen(w.cart); err != nil {
			return w, err
		}
		s.name(w.cart)
		w.cart.Event = nil // published with the write that made it
		if err := do(w.cart); err != nil {
			return w, err
		}
		err = s.Table.Put(ctx, s.write(w.cart, w.seen, writeID, a))
		// Somebody else changed the cart between the read and this write: start over from their
		// state.
		if failed, met := table.Failed(err); met {
			return w, table.Stale(err, failed.Item)
		}
		// The answer was lost or the table was throttled. Reading the cart again shows whether the
		// write took effect; without the limit a lasting failure would be repeated until the
		// deadline.
		if err != nil && lost < lostTries && ctx.Err() == nil {
			lost++
			return w, table.Stale(err, nil)
		}
		return w, err
	})
	if err != nil {
		return nil, false, err
	}
	return w.cart, replayed, nil
}

// reading is a cart as it was read, and what must still stand when it is written.
type reading struct {
	cart *Cart // as it was read, then as it was changed
	seen stood // for the condition of the write
}

// CheckOpen returns why a cart cannot be changed: 409 cart_paying or cart_ordered with extra.orderId; nil for an open
// one.
func CheckOpen(c *Cart) error {
	switch c.State {
	case Paying:
		return problem.Conflict("cart_paying", "This cart is being paid for and cannot be changed.")
	case Ordered:
		return problem.Conflict("cart_ordered", "This cart has been ordered.").With("orderId", c.OrderID)
	default:
		return nil
	}
}

// name gives a customer's first cart its id. A guest's cart has one from its creation.
func (s Store) name(c *Cart) {
	if c.ID == OwnCart {
		now := s.Clock.Now()
		c.ID, c.CreatedAt = id.New(Prefix, now), now
	}
}

// write is the put of a changed cart, under the condition that what was seen still stands.
func (s Store) write(c *Cart, seen stood, writeID string, a Attempt) table.Put {
	now := s.Clock.Now()
	// Before Version and UpdatedAt change: announce compares with the time of the write before.
	c.announce(now)
	c.Version++
	c.UpdatedAt, c.TTL = now, keep(c, now)
	// The oldest id leaves the list when it is full.
	c.WriteIDs = append(c.WriteIDs[max(0, len(c.WriteIDs)-keptWriteIDs+1):], writeID)
	c.WriteID = writeID
	if a.Key != "" {
		c.Keys = append(c.Keys[max(0, len(c.Keys)-keptKeys+1):], UsedKey{Key: a.Key, Hash: a.Hash, At: now.Unix()})
	}
	// Nothing stood there: the condition keeps a cart that another request made at the same time.
	if seen.id == "" {
		return table.Put{Item: c, If: table.IfNew}
	}
	return table.Put{Item: c, If: unchanged, With: map[string]any{
		":id": seen.id, ":version": seen.version, ":open": Open,
	}}
}

// unchanged keeps one change from overwriting another, or a cart that is being paid for, or the one that took its
// place.
const unchanged = "#id = :id AND #version = :version AND #state = :open"

// used looks for the attempt's key among those of the cart.
func (a Attempt) used(c *Cart, now time.Time) (bool, error) {
	// A key is forgotten after the retention, which is the same as that of all idempotency keys.
	since := now.Add(-idempotency.Retention).Unix()
	at := slices.IndexFunc(c.Keys, func(k UsedKey) bool { return k.Key == a.Key && k.At > since })
	switch {
	case a.Key == "" || at < 0:
		return false, nil
	case c.Keys[at].Hash != a.Hash:
		return false, idempotency.Reused()
	default:
		return true, nil
	}
}

// again makes the next try's cart from the item that the refused write found, without another read.
// Purchases are taken over from before: another change to the cart does not change them.
func (s Store) again(ref Ref, before *Cart, item table.Item) (*Cart, stood, error) {
	if !ref.guest() {
		c, seen, err := s.customers(ref, item)
		if err == nil {
			c.Purchases = before.Purchases
		}
		return c, seen, err
	}
	var c Cart
	if err := item.Decode(&c); err != nil {
		return nil, stood{}, err
	}
	// The token is checked again: the item may be a newer cart under the same key.
	if s.expired(&c) || !auth.TokenFits(ref.Token, c.TokenHash) {
		return nil, stood{}, NotFound()
	}
	return &c, stood{c.ID, c.Version}, nil
}
