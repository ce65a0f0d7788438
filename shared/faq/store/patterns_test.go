package store_test

import (
	"context"
	"testing"

	"dangol/shared/faq/store"
	"dangol/shared/platform/table"
)

func TestAccessPatternsCostWhatTheySay(t *testing.T) {
	t.Parallel()
	s, c := newStore(t)
	if err := s.Unanswered(t.Context(), "주차", "ko"); err != nil {
		t.Fatal(err)
	}
	calls := []func(context.Context) error{
		func(ctx context.Context) error {
			_, err := s.Current(ctx)
			return err
		},
		func(ctx context.Context) error { return s.Count(ctx, "a", 0) },
		func(ctx context.Context) error { return s.Unanswered(ctx, "주차장이 있나요", "ko") },
		func(ctx context.Context) error {
			_, err := s.Misses(ctx, c.Now())
			return err
		},
	}
	for i, p := range store.AccessPatterns {
		ctx, meter := table.Metered(t.Context())
		if err := calls[i](ctx); err != nil {
			t.Errorf("%s: %v", p.Name, err)
		}
		if got := meter.Cost(); got != (table.Cost{Trips: p.Trips, Read: p.Read, Write: p.Write}) {
			t.Errorf("%s costs %+v", p.Name, got)
		}
	}
}
