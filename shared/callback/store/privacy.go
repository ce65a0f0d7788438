package store

import (
	"context"
	"errors"

	"dangol/shared/callback"
	"dangol/shared/platform/id"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
)

// pointers lists the requests of a customer, the oldest first. 1 round trip for some thousand.
func (s Store) pointers(ctx context.Context, customerID string) ([]pointer, error) {
	var all []pointer
	err := s.Table.All(ctx, table.Query{
		Where: "#pk = :pk AND begins_with(#sk, :call)",
		With:  map[string]any{":pk": "CUSTOMER#" + customerID, ":call": "CALL#"}, Strong: true,
	}, func(item table.Item) error {
		var p pointer
		err := item.Decode(&p)
		all = append(all, p)
		return err
	})
	return all, err
}

// call is the id of the request that a pointer lists.
func (p pointer) call() string { return p.SK[len("CALL#"):] }

// ExportOf is everything that is kept of the requests of a customer, what only the shop sees included: the oldest
// first. 1 round trip, and 1 for each request.
func (s Store) ExportOf(ctx context.Context, customerID string) ([]callback.Request, error) {
	listed, err := s.pointers(ctx, customerID)
	if err != nil {
		return nil, err
	}
	all := make([]callback.Request, 0, len(listed))
	for _, p := range listed {
		r, err := s.Get(ctx, p.call())
		// Expired or erased since the list was read.
		if problem.Code(err) == "call_not_found" {
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, nil
}

// EraseOf erases all requests of a customer and returns how many there were. Calls that were still to be made are not
// made, and their places are free again. A failure on the way can be repeated. Errors: busy.
func (s Store) EraseOf(ctx context.Context, customerID string) (int, error) {
	listed, err := s.pointers(ctx, customerID)
	for n, p := range listed {
		if err := s.erase(ctx, p); err != nil {
			return n, err
		}
	}
	return len(listed), err
}

// erase deletes a request with its place in the list and its client's key, in one transaction. 2 round trips, 8 WCU.
func (s Store) erase(ctx context.Context, p pointer) error {
	forgotten := false // the slot is not there any more
	for range 8 {
		r, err := s.Get(ctx, p.call())
		gone := problem.Code(err) == "call_not_found"
		if err != nil && !gone {
			return err
		}
		// These two belong to this request alone.
		writes := []table.Write{table.Delete{Key: p.Key}}
		if p.ClientKey != "" {
			writes = append(writes, table.Delete{Key: table.Key{PK: p.ClientKey, SK: "KEY"}})
		}
		slot := -1
		if !gone {
			writes = append(writes, table.Delete{
				Key: KeyOf(r.ID), If: "#version = :seen", // nobody changed it since it was read
				With: map[string]any{":seen": r.Version},
			})
		}
		if !gone && !r.Ended() && !forgotten {
			slot = len(writes)
			writes = append(writes, release(r))
		}
		err = s.Table.Transact(ctx, id.New("era", s.Clock.Now()), writes...)
		canceled, refused := table.Refused(err)
		if !refused {
			return err
		}
		if slot >= 0 && canceled.Refused(slot) {
			forgotten = true
		}
	}
	return problem.Busy(errors.New("erase call " + p.call()))
}
