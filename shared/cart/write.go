package cart

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"dangol/shared/id"
	"dangol/shared/idempotency"
	"dangol/shared/problem"
	"dangol/shared/table"
)

const (
	// keptKeys and keptMarks bound what a cart remembers of its last writes.
	keptKeys  = 16
	keptMarks = 16
	// changeTries bounds how often a change that met another one is tried again. With a wait of up to 128 ms between tries
	// it outlasts far more shoppers than one cart has.
	changeTries = 48
	// lostTries bounds how often a write that ended in an error is looked into.
	lostTries = 3
)

// Attempt is one request to change a cart. Key, when the client sent one, makes a repetition of it have no effect for 24
// hours; Hash tells whether the repetition asks for the same.
type Attempt struct {
	Key, Hash string
}

// Change loads a cart, lets do change it, and writes it back if nobody else has in between; else it starts over with
// what is there, so concurrent changes lose nothing. do may be called several times, each time with a fresh cart. It
// reports whether the attempt's key had been used before; the cart is then as it is and do is not asked. A write whose
// answer was lost is found again by its mark.
//
// 2 round trips; 1 RCU per 4 KB and 1 WCU per KB of the cart; 1 more round trip for each change it met. Errors: those of
// do, 404 cart_not_found, 409 cart_paying, 409 cart_ordered with extra.orderId, 422 idempotency_key_reused, 503 cart_busy.
func (s Store) Change(ctx context.Context, ref Ref, a Attempt, do func(*Cart) error) (c *Cart, replayed bool, err error) {
	mark := id.Secret()[:12]
	c, seen, err := s.load(ctx, ref)
	for try, lost := 1, 0; err == nil; try++ {
		if slices.Contains(c.Marks, mark) {
			return c, false, nil
		}
		if used, err := a.used(c, s.Clock.Now()); used || err != nil {
			return c, used, err
		}
		if err := Changeable(c); err != nil {
			return nil, false, err
		}
		if err := do(c); err != nil {
			return nil, false, err
		}
		err = s.Table.Put(ctx, s.write(c, seen, mark, a))
		failed, met := table.Failed(err)
		switch {
		case err == nil:
			return c, false, nil
		case try == changeTries:
			return nil, false, busy(err)
		case met && failed.Item != nil:
			c, seen, err = s.again(ctx, ref, c, failed.Item, try)
		case met || lost < lostTries && ctx.Err() == nil:
			lost++
			c, seen, err = s.load(ctx, ref)
		}
	}
	return nil, false, err
}

func busy(err error) error {
	return problem.Unavailable("cart_busy", "This cart is being changed too often at once. Trying again is safe.").Because(err)
}

// Changeable returns why a cart cannot be changed: 409 cart_paying or cart_ordered with extra.orderId; nil for an open one.
func Changeable(c *Cart) error {
	switch c.State {
	case Paying:
		return problem.Conflict("cart_paying", "This cart is being paid for and cannot be changed.")
	case Ordered:
		return problem.Conflict("cart_ordered", "This cart has been ordered.").With("orderId", c.OrderID)
	default:
		return nil
	}
}

// write is the put of a changed cart, under the condition that what was seen still stands.
func (s Store) write(c *Cart, seen stood, mark string, a Attempt) table.Put {
	now := s.Clock.Now()
	if c.ID == Mine {
		c.ID, c.CreatedAt = id.New(Prefix, now), now
	}
	c.Version++
	c.UpdatedAt, c.TTL = now, keep(c, now)
	c.Marks = append(c.Marks[max(0, len(c.Marks)-keptMarks+1):], mark)
	if a.Key != "" {
		c.Keys = append(c.Keys[max(0, len(c.Keys)-keptKeys+1):], UsedKey{Key: a.Key, Hash: a.Hash, At: now.Unix()})
	}
	if seen.id == "" {
		return table.Put{Item: c, If: table.IfNew}
	}
	return table.Put{Item: c, If: unchanged, With: map[string]any{
		":id": seen.id, ":version": seen.version, ":open": Open,
	}}
}

// unchanged keeps one change from overwriting another, or a cart that is being paid for, or the one that took its place.
const unchanged = "#id = :id AND #version = :version AND #state = :open"

// used looks for the attempt's key among those of the cart.
func (a Attempt) used(c *Cart, now time.Time) (bool, error) {
	since := now.Add(-idempotency.Keep).Unix()
	at := slices.IndexFunc(c.Keys, func(k UsedKey) bool { return k.Key == a.Key && k.At > since })
	switch {
	case a.Key == "" || at < 0:
		return false, nil
	case c.Keys[at].Hash != a.Hash:
		return false, problem.New(422, "idempotency_key_reused", "This Idempotency-Key was used with another request body.")
	default:
		return true, nil
	}
}

// again makes the next try's cart from what the refused write found, at no further read, after a random wait.
func (s Store) again(ctx context.Context, ref Ref, before *Cart, item table.Item, try int) (*Cart, stood, error) {
	select {
	case <-ctx.Done():
		return nil, stood{}, ctx.Err()
	case <-time.After(rand.N(2 * time.Millisecond << min(try, 6))):
	}
	if !ref.guest() {
		c, seen, err := s.customers(ref, item)
		if err == nil {
			c.Bought = before.Bought
		}
		return c, seen, err
	}
	var c Cart
	if err := item.Decode(&c); err != nil {
		return nil, stood{}, err
	}
	if s.expired(&c) || !tokenFits(&c, ref.Token) {
		return nil, stood{}, NotFound()
	}
	return &c, stood{c.ID, c.Version}, nil
}

// Begin makes a guest's cart with the token that Token makes of key, or a random one when there is no key, and returns it.
// A repetition with the same idempotency key gets the cart of the first, as it is, with the same token.
//
// 1 round trip and 1 WCU; with a key a transaction of two items, 4 WCU, and 1 more read for a repetition. Errors: 422
// idempotency_key_reused, 404 cart_not_found for a repetition whose cart has gone into another.
func (s Store) Begin(ctx context.Context, c Cart, r idempotency.Request, key string) (_ *Cart, token string, replayed bool, err error) {
	now := s.Clock.Now()
	c.ID = id.New(Prefix, now)
	c.Key, c.State, c.Version, c.CreatedAt, c.UpdatedAt = KeyOfGuest(c.ID), Open, 1, now, now
	c.TTL = keep(&c, now)
	token = tokenOf(key, c.ID)
	c.TokenHash = HashToken(token)
	create := table.Put{Item: &c, If: table.IfNew}
	if !r.Keyed() {
		err := s.Table.Put(ctx, create)
		// Nobody else has this id: a refusal means that the first answer was lost.
		if failed, refused := table.Failed(err); refused && failed.Item.Text("tokenHash") == c.TokenHash {
			err = nil
		}
		return &c, token, false, err
	}
	done, err := r.Done(c.ID)
	if err != nil {
		return nil, "", false, err
	}
	err = s.Table.Transact(ctx, r.Token(c.ID)+"", done, create)
	cancelled, refused := table.Refused(err)
	if !refused || !cancelled.Refused(0) {
		return &c, token, false, err
	}
	var first string
	if err := r.Replay(cancelled.Reasons[0].Item, &first); err != nil {
		return nil, "", false, err
	}
	token = tokenOf(key, first)
	prior, err := s.Load(ctx, Ref{CartID: first, Token: token})
	return prior, token, true, err
}

// Absorb puts a guest's cart into the customer's: do changes the customer's cart, and the guest's is deleted in the same
// transaction. It reports false, and do is not asked, when the customer's cart has it already.
//
// 2 round trips: 1 RCU per 4 KB, 2 WCU per KB of both carts. Errors: those of do, 404 cart_not_found, 409 cart_paying, 409
// cart_ordered, 503 cart_busy.
func (s Store) Absorb(ctx context.Context, customerID string, guest Ref, do func(into, guest *Cart) error) (*Cart, bool, error) {
	for try, lost := 1, 0; ; try++ {
		into, from, seen, err := s.both(ctx, customerID, guest)
		if err != nil {
			return nil, false, err
		}
		if slices.Contains(into.MergedIDs, guest.CartID) {
			return into, try > 1, nil
		}
		if from == nil {
			return nil, false, NotFound()
		}
		if err := errors.Join(Changeable(into), Changeable(from)); err != nil {
			return nil, false, err
		}
		if err := do(into, from); err != nil {
			return nil, false, err
		}
		token := id.Secret()
		err = s.Table.Transact(ctx, token, s.write(into, seen, token[:12], Attempt{}), table.Delete{
			Key: from.Key, If: unchanged,
			With: map[string]any{":id": from.ID, ":version": from.Version, ":open": Open},
		})
		_, met := table.Refused(err)
		switch {
		case err == nil:
			return into, true, nil
		case met && try < lostTries*4:
		case !met && lost < lostTries && ctx.Err() == nil:
			lost++
		case met:
			return nil, false, busy(err)
		default:
			return nil, false, err
		}
	}
}

// both reads the two carts of a merge; from is nil when the guest's is not there for this token.
func (s Store) both(ctx context.Context, customerID string, guest Ref) (into, from *Cart, seen stood, err error) {
	if !id.Is(Prefix, guest.CartID) {
		return nil, nil, stood{}, NotFound()
	}
	home, bought := KeyOfCustomer(customerID), KeyOfBought(customerID)
	found, err := s.Table.BatchGet(ctx, true, home, bought, KeyOfGuest(guest.CartID))
	if err != nil {
		return nil, nil, stood{}, err
	}
	into, seen, err = s.customers(Ref{CartID: Mine, CustomerID: customerID}, found[home])
	if err != nil {
		return nil, nil, stood{}, err
	}
	into.Bought = boughtIn(found[bought])
	item, ok := found[KeyOfGuest(guest.CartID)]
	if !ok {
		return into, nil, seen, nil
	}
	var c Cart
	if err := item.Decode(&c); err != nil {
		return nil, nil, stood{}, err
	}
	if s.expired(&c) || !tokenFits(&c, guest.Token) {
		return into, nil, seen, nil
	}
	return into, &c, seen, nil
}
