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
	return table.Latest(ctx, s.Table, KeyOf(id).PK, prefix, limit, after, of)
}
