package store_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"dangol/infra/testkit/localtest"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/table"
	"dangol/shared/review"
	"dangol/shared/review/store"
)

var noon = time.Date(2026, 11, 2, 3, 0, 0, 0, time.UTC)

type shop struct {
	store.Store
	clock *clock.Movable
}

func open(t testing.TB, wrap ...func(table.DB) table.DB) shop {
	t.Helper()
	at := clock.Stopped(noon)
	return shop{store.Store{Table: localtest.Table(t, table.Care, wrap...), Clock: at}, at}
}

// draft is a review of line n, not stored yet.
func (s shop) draft(n, stars int) *review.Review {
	return &review.Review{
		ID: s.NewID(), ProductID: "prod_1", OrderID: fmt.Sprintf("ord_%d", n), LineID: "line_1",
		AuthorID: fmt.Sprintf("cust_%d", n),
		Content: review.Content{
			Stars: stars, Text: "거품이 풍성해요", Language: "ko", Attributes: map[string]string{"skin_type": "dry"},
		},
		State: review.Published, Verified: true, Written: s.clock.Now(), Delivered: s.clock.Now().Add(-48 * time.Hour),
	}
}

// write stores a review of line n.
func (s shop) write(t testing.TB, n, stars int, adjust func(*review.Review)) *review.Review {
	t.Helper()
	r := s.draft(n, stars)
	if adjust != nil {
		adjust(r)
	}
	if err := s.create(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	return r
}

func (s shop) create(ctx context.Context, r *review.Review) error {
	sc, err := s.Screen(ctx, r, nil, store.AccountLinks{})
	if err != nil {
		return err
	}
	return s.Create(ctx, r, sc, false, store.Effect{Body: store.ChangedEvent(r, 0, s.clock.Now())})
}

func key(r *review.Review) store.ReviewID {
	return store.ReviewID{ProductID: r.ProductID, ReviewID: r.ID}
}

// exact fails the test when the summary is not what the reviews add up to.
func (s shop) exact(t testing.TB) store.Summary {
	t.Helper()
	_, drift, err := s.Recount(t.Context(), "prod_1")
	if err != nil {
		t.Fatal(err)
	}
	if drift != nil {
		t.Fatalf("summary %v, recount %v", drift.Summary, drift.Recount)
	}
	summary, err := s.Summary(t.Context(), "prod_1")
	if err != nil {
		t.Fatal(err)
	}
	return summary
}
