package order

import (
	"context"
	"errors"

	"dangol/shared/platform/clock"
	"dangol/shared/platform/id"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
)

// Store keeps orders.
type Store struct {
	Table *table.Table
	Clock clock.Clock
}

// NotFound is the answer for an order that is not there or not the caller's.
func NotFound() error {
	return problem.NotFound("order_not_found", "There is no such order, or it is not yours.")
}

// Get reads an order, strongly consistent. 1 round trip, 1 RCU per 4 KB. Errors: 404 order_not_found.
func (s Store) Get(ctx context.Context, id string) (*Order, error) {
	// What cannot be an id is not looked for, which saves a read for each wrong link.
	if !IsID(id) {
		return nil, NotFound()
	}
	var o Order
	err := s.Table.Get(ctx, KeyOf(id), &o)
	if errors.Is(err, table.ErrNotFound) {
		return nil, NotFound()
	}
	return &o, err
}

// GetMany reads orders in the order of their ids, strongly consistent; those that do not exist are left out. 1 round
// trip per 100 orders, 1 RCU for each 4 KB of each. The ids must differ.
func (s Store) GetMany(ctx context.Context, ids []string) ([]*Order, error) {
	return s.getMany(ctx, true, ids)
}

// getMany is GetMany with a choice: eventually consistent reads cost half.
func (s Store) getMany(ctx context.Context, consistent bool, ids []string) ([]*Order, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	keys := make([]table.Key, len(ids))
	for i, id := range ids {
		keys[i] = KeyOf(id)
	}
	items, err := s.Table.BatchGet(ctx, consistent, keys...)
	if err != nil {
		return nil, err
	}
	orders := make([]*Order, 0, len(items))
	for _, key := range keys {
		item, ok := items[key]
		if !ok {
			continue
		}
		var o Order
		if err := item.Decode(&o); err != nil {
			return nil, err
		}
		orders = append(orders, &o)
	}
	return orders, nil
}

// Rule changes an order in memory. It returns further writes for the same transaction, or changed false when there is
// nothing to write.
type Rule func(*Order) (changed bool, with []table.Write, err error)

// Change reads an order and applies the rule. 2 round trips when nobody else changes it. Errors: 404 order_not_found,
// those of the rule, 503 busy.
func (s Store) Change(ctx context.Context, id string, rule Rule) (*Order, error) {
	o, err := s.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	return s.Apply(ctx, o, rule)
}

// Apply applies the rule to an order that was read, and to a fresh reading when that was old. 1 round trip, 1 WCU per
// KB, twice that when there are further writes. o is not to be used afterwards. Errors: those of the rule, 503 busy.
func (s Store) Apply(ctx context.Context, o *Order, rule Rule) (*Order, error) {
	id := o.ID
	return table.Modify(ctx, func(ctx context.Context, found table.Item) (*Order, error) {
		read := o
		o = nil // only the first try may go by what was read before
		switch {
		case read != nil:
			return read, nil
		case found != nil:
			var next Order
			return &next, found.Decode(&next)
		default:
			return s.Get(ctx, id)
		}
	}, func(ctx context.Context, o *Order) (*Order, error) {
		// The write that made the event has published it. Carried on, it would count in every later write.
		o.Event = nil
		changed, with, err := rule(o)
		if err != nil || !changed {
			return o, err
		}
		err = s.save(ctx, o, with)
		if found, met := table.Met(err, 0); met {
			return nil, table.Stale(err, found)
		}
		return o, err
	})
}

// Replace is the write that stores the order as the version after the one that was read, and what goes with it: grants
// of store credit. Its condition fails when somebody else has changed the order.
func (s Store) Replace(o *Order) (put table.Put, with []table.Write) {
	read := o.Version
	o.Version, o.UpdatedAt, o.WriteID = read+1, s.Clock.Now(), id.New("chg", s.Clock.Now())
	o.setIndexKeys()
	put = table.Put{
		Item: o, If: "#version = :read", With: map[string]any{":read": read}, // only what was read is replaced
	}
	return put, o.creditWrites(s.Clock.Now())
}

// save writes the order as the version after the one that was read. A write of ours whose answer
// was lost is recognized by its write id.
func (s Store) save(ctx context.Context, o *Order, with []table.Write) error {
	put, grants := s.Replace(o)
	with = append(with[:len(with):len(with)], grants...)
	// A plain write costs half of a transaction.
	if len(with) == 0 {
		err := s.Table.Put(ctx, put)
		if table.AlreadyWritten(err, 0, o.WriteID) {
			return nil
		}
		return err
	}
	err := s.Table.TransactReleasing(ctx, o.WriteID, []table.Write{put}, with)
	if table.AlreadyWritten(err, 0, o.WriteID) {
		return nil
	}
	return err
}

// Place is the write that stores a fresh order, for the transaction that makes it. Its condition fails when there is an
// order with the same id.
func (s Store) Place(o *Order) table.Put {
	o.Key, o.Version, o.State = KeyOf(o.ID), 1, Placed
	o.setIndexKeys()
	return table.Put{Item: o, If: table.IfNew}
}
