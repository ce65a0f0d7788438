package cart

import (
	"context"
	"errors"
	"slices"

	"dangol/shared/membership/entitlements"
	"dangol/shared/platform/auth"
	"dangol/shared/platform/id"
	"dangol/shared/platform/table"
)

// MergeGuest puts a guest's cart into the customer's: do changes the customer's cart, and the guest's is deleted in the
// same transaction. do is not asked when the customer's cart has it already.
//
// 2 round trips: 1 RCU per 4 KB, 2 WCU per KB of both carts. Errors: those of do, 404 cart_not_found, 409 cart_paying,
// 409 cart_ordered, 503 busy.
func (s Store) MergeGuest(ctx context.Context, customerID string, guest Ref, do func(into, guest *Cart) error) (*Cart,
	error) {
	lost := 0
	m, err := table.Modify(ctx, func(ctx context.Context, _ table.Item) (m merge, err error) {
		m.into, m.from, m.seen, err = s.both(ctx, customerID, guest)
		return m, err
	}, func(ctx context.Context, m merge) (merge, error) {
		// The merge has been done before: by an earlier request,
		// or by a write of this one whose answer was lost.
		if slices.Contains(m.into.MergedIDs, guest.CartID) {
			return m, nil
		}
		if m.from == nil {
			return m, NotFound()
		}
		if err := errors.Join(CheckOpen(m.into), CheckOpen(m.from)); err != nil {
			return m, err
		}
		s.name(m.into)
		m.into.Event = nil // published with the write that made it
		if err := do(m.into, m.from); err != nil {
			return m, err
		}
		err := s.unite(ctx, m.into, m.from, m.seen)
		// One of the two carts changed after it was read: read both again.
		if _, met := table.Refused(err); met {
			return m, table.Stale(err, nil)
		}
		if err != nil && lost < lostTries && ctx.Err() == nil {
			lost++
			return m, table.Stale(err, nil)
		}
		return m, err
	})
	if err != nil {
		return nil, err
	}
	return m.into, nil
}

// merge is the two carts of a merge as they were read; from is nil when the guest's is not there for this token.
type merge struct {
	into, from *Cart
	seen       stood
}

// unite writes the customer's cart and deletes the guest's, or neither.
func (s Store) unite(ctx context.Context, into, from *Cart, seen stood) error {
	// The transaction's token makes a repeated call of the
	// same write harmless within 10 minutes (DynamoDB).
	token := id.Secret()
	// Merging twice is recognized by MergedIDs, so the write needs no idempotency key of its own.
	return s.Table.Transact(ctx, token, s.write(into, seen, token[:8], Attempt{}), table.Delete{
		Key: from.Key, If: unchanged, With: map[string]any{":id": from.ID, ":version": from.Version, ":open": Open},
	})
}

// both reads the two carts of a merge; from is nil when the guest's is not there for this token.
func (s Store) both(ctx context.Context, customerID string, guest Ref) (into, from *Cart, seen stood, err error) {
	// A malformed id costs no read.
	if !id.Is(Prefix, guest.CartID) {
		return nil, nil, stood{}, NotFound()
	}
	home := KeyOfCustomer(customerID)
	// All four items in one request, strongly consistent:
	// the conditions of the write are made from them.
	found, err := s.Table.BatchGet(ctx, true, home, KeyOfPurchases(customerID), entitlements.KeyOf(customerID),
		KeyOfGuest(guest.CartID))
	if err != nil {
		return nil, nil, stood{}, err
	}
	into, seen, err = s.customers(Ref{CartID: OwnCart, CustomerID: customerID}, found[home])
	if err != nil {
		return nil, nil, stood{}, err
	}
	if err := into.know(customerID, found); err != nil {
		return nil, nil, stood{}, err
	}
	item, ok := found[KeyOfGuest(guest.CartID)]
	if !ok {
		return into, nil, seen, nil
	}
	var c Cart
	if err := item.Decode(&c); err != nil {
		return nil, nil, stood{}, err
	}
	// The token is the guest's proof of ownership, also here: the
	// customer's login alone must not give access to another guest's cart.
	if s.expired(&c) || !auth.TokenFits(guest.Token, c.TokenHash) {
		return into, nil, seen, nil
	}
	return into, &c, seen, nil
}
