package service

import (
	"context"

	"dangol/shared/platform/table"
)

// History lists what happened to a subscription, newest first. 1 round trip, 0.5 RCU per 4 KB. Errors: table.ErrCursor.
func (s *Service) History(ctx context.Context, subscriptionID string, limit int, after table.Cursor) ([]HistoryEntry,
	table.Cursor, error) {
	return listed(ctx, s, subscriptionID, "HISTORY#", limit, after, identity[HistoryEntry])
}

// identity is the conversion for lists that return what is stored.
func identity[T any](v T) T { return v }

// listed lists items of one kind under a subscription, the newest first.
func listed[Stored, T any](
	ctx context.Context, s *Service, id, prefix string, limit int, after table.Cursor, of func(Stored) T,
) ([]T, table.Cursor, error) {
	return listUnder(ctx, s, KeyOf(id).PK, prefix, limit, after, of)
}

// listUnder lists the items of a kind under a key, last first, and converts each. 1 round trip.
func listUnder[Stored, T any](
	ctx context.Context, s *Service, pk, prefix string, limit int, after table.Cursor, of func(Stored) T,
) ([]T, table.Cursor, error) {
	page, err := s.Table.Query(ctx, table.Query{
		Where: "#pk = :pk AND begins_with(#sk, :prefix)", With: map[string]any{":pk": pk, ":prefix": prefix},
		Limit: limit, After: after, Backwards: true,
	})
	if err != nil {
		return nil, "", err
	}
	out := make([]T, len(page.Items))
	for i, item := range page.Items {
		var stored Stored
		if err := item.Decode(&stored); err != nil {
			return nil, "", err
		}
		out[i] = of(stored)
	}
	return out, page.Next, nil
}
