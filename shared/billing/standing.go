package billing

import (
	"context"

	"dangol/shared/membership"
	"dangol/shared/membership/standing"
	"dangol/shared/table"
)

// held is what the subscription gives its holder as it stands, nil for nothing.
func (r *Record) held() *membership.Held {
	if h, ok := r.Sub.Membership(r.Title()); ok {
		return &h
	}
	return nil
}

// stands is the write of the holder's standing; none when they have afterwards what they had before.
func (w *work) stands() []table.Write {
	if had, has := w.had, w.next.held(); had == nil && has == nil || had != nil && has != nil && *had == *has {
		return nil
	}
	return []table.Write{standing.Note(w.next.Sub.CustomerID, w.next.Sub.ID, w.next.Version, w.next.held())}
}

// Standing reads what memberships a customer has, strongly consistent. 1 round trip, 1 RCU.
func (s *Service) Standing(ctx context.Context, customerID string) (membership.Standing, error) {
	items, err := s.Table.BatchGet(ctx, true, standing.KeyOf(customerID))
	if err != nil {
		return nil, err
	}
	return standing.In(items[standing.KeyOf(customerID)])
}
