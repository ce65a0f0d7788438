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
	// 8 characters (40 bits) tell apart the 16 writes that one cart remembers.
	writeIDLength = 8
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
// 2 round trips; 1 RCU per 4 KB and 1 WCU per KB of the cart; no read of a cart that RecentCarts remembers; 1 more
// round trip for each change it met. Errors: those of do, 404 cart_not_found, 409 cart_paying, 409 cart_ordered with
// extra.orderId, 422 idempotency_key_reused, 503 busy.
func (s Store) Change(ctx context.Context, ref Ref, a Attempt, do func(*Cart) error) (c *Cart, replayed bool,
	err error) {
	ref.Operator = false // reading is all it allows
	g := change{Store: s, ref: ref, attempt: a, do: do, writeID: id.Secret()[:writeIDLength]}
	w, err := table.Modify(ctx, g.read, g.make)
	if err != nil {
		return nil, false, err
	}
	return w.cart, w.replayed, nil
}

// change is one request to change a cart.
type change struct {
	Store
	ref     Ref
	attempt Attempt
	do      func(*Cart) error
	writeID string
	began   bool  // the cart was looked for in memory
	lost    int   // writes whose answer did not arrive
	last    *Cart // of the try before
}

// reading is a cart as it was read, and what must still stand when it is written.
type reading struct {
	cart       *Cart // as it was read, then as it was changed
	seen       stood // for the condition of the write
	remembered bool  // by this process, and perhaps out of date
	replayed   bool  // the attempt's key had been used before
}

// read finds the cart: in what refused the write before, at first in memory, else in the table.
func (g *change) read(ctx context.Context, found table.Item) (w reading, err error) {
	defer func() { g.last = w.cart }()
	if found != nil {
		w.cart, w.seen, err = g.again(g.ref, g.last, found)
		return w, err
	}
	if item := g.recall(g.ref); item != nil && !g.began {
		g.began = true
		// What does not fit the caller is read, so that the answer is that of the table.
		if w.cart, w.seen, err = g.again(g.ref, nil, item); err == nil {
			w.remembered = true
			return w, nil
		}
	}
	w.cart, w.seen, err = g.load(ctx, g.ref)
	return w, err
}

// make changes the cart and writes it, where there is something to write.
func (g *change) make(ctx context.Context, w reading) (reading, error) {
	write, err := g.decide(&w)
	// By memory nothing is decided but what the condition of a write checks.
	if w.remembered && !write {
		if w, err = g.reread(ctx); err == nil {
			write, err = g.decide(&w)
		}
	}
	if !write || err != nil {
		return w, err
	}
	err = g.put(ctx, w.cart, g.Store.write(w.cart, w.seen, g.writeID, g.attempt))
	// Somebody else changed the cart between the read and this write: start over from their state.
	if failed, met := table.Failed(err); met {
		return w, table.Stale(err, failed.Item)
	}
	// The answer was lost or the table was throttled. Reading the cart again shows whether the write took effect; without
	// the limit a lasting failure would be repeated until the deadline.
	if err != nil && g.lost < lostTries && ctx.Err() == nil {
		g.lost++
		return w, table.Stale(err, nil)
	}
	return w, err
}

// reread reads the cart from the table.
func (g *change) reread(ctx context.Context) (w reading, err error) {
	w.cart, w.seen, err = g.load(ctx, g.ref)
	g.last = w.cart
	return w, err
}

// decide changes the cart in memory and reports whether it is to be written.
func (g *change) decide(w *reading) (write bool, err error) {
	// The write before this one took effect although its answer was an error: nothing is left to do.
	if slices.Contains(w.cart.WriteIDs, g.writeID) {
		return false, nil
	}
	// The key is looked for before CheckOpen: a repeated request gets its answer also when the cart has been locked for
	// payment in the meantime.
	if w.replayed, err = g.attempt.used(w.cart, g.Clock.Now()); w.replayed || err != nil {
		return false, err
	}
	if err := CheckOpen(w.cart); err != nil {
		return false, err
	}
	g.name(w.cart)
	w.cart.Event = nil // published with the write that made it
	err = g.do(w.cart)
	return err == nil, err
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
	with := map[string]any{":id": seen.id, ":version": seen.version, ":open": Open}
	// The version alone does not tell that a checkout began and came to nothing, which left the cart other times.
	if seen.writeID != "" {
		with[":writeId"] = seen.writeID
		return table.Put{Item: c, If: unchanged + " AND #writeId = :writeId", With: with}
	}
	return table.Put{Item: c, If: unchanged, With: with}
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
	return &c, as(&c), nil
}
