package service

import (
	"context"

	"dangol/shared/membership"
	"dangol/shared/membership/standing"
	"dangol/shared/platform/table"
)

// held is who has something of the subscription as it stands, and what; nobody has a nil Held.
type held struct {
	by string
	*membership.Held
}

func (r *Record) held() held {
	h, ok := r.Sub.Membership(r.Title())
	if by := r.Sub.Holder(); ok && by != "" {
		return held{by, &h}
	}
	return held{}
}

// same reports whether there is nothing to be written.
func (h held) same(o held) bool {
	return h.by == o.by && (h.Held == nil || *h.Held == *o.Held)
}

// stands is the writes of the holder's standing; none when they have afterwards what they had before. A subscription that goes from one
// holder to another leaves the standing of the first.
func (w *work) stands() (all []table.Write) {
	had, has := w.had, w.next.held()
	if had.same(has) {
		return nil
	}
	id, version := w.next.Sub.ID, w.next.Version
	if had.Held != nil && had.by != has.by {
		all = append(all, standing.Note(had.by, id, version, nil))
	}
	if has.Held != nil {
		all = append(all, standing.Note(has.by, id, version, has.Held))
	}
	return all
}

// Standing reads what memberships a customer has, strongly consistent. 1 round trip, 1 RCU.
func (s *Service) Standing(ctx context.Context, customerID string) (membership.Standing, error) {
	items, err := s.Table.BatchGet(ctx, true, standing.KeyOf(customerID))
	if err != nil {
		return nil, err
	}
	return standing.In(items[standing.KeyOf(customerID)])
}
