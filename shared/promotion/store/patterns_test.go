package store_test

import (
	"context"
	"testing"

	"dangol/shared/platform/clock"
	"dangol/shared/platform/event"
	"dangol/shared/platform/table"
	"dangol/shared/promotion"
	"dangol/shared/promotion/store"
)

func TestAccessPatternsCostWhatTheySay(t *testing.T) {
	t.Parallel()
	plain, budgeted := newBench(t), newBench(t)
	const id = "promo_01k9abcdefghjkmnpqrstvwxyz"
	plain.put(promo(id))
	plain.put(promo("promo_b"))
	limited := promo(id, func(p *promotion.Promotion) {
		p.Budget.Uses, p.LimitPerCode, p.Codes.Single = 5, 5, "CODE"
	})
	budgeted.put(limited)
	budgeted.put(promo("promo_b"))
	s := store.NewSnapshot([]promotion.Promotion{limited}, nil)
	claims := s.Claims([]promotion.Applied{{PromotionID: id, Version: 1, Code: "CODE", Amount: 100}}, "KRW")
	count, _, err := store.NewClaimCounter(claims).Plan(t.Context(), budgeted.store.Table)
	if err != nil {
		t.Fatal(err)
	}
	writes := count.Writes
	if err := budgeted.store.Table.Transact(t.Context(), "", writes...); err != nil {
		t.Fatal(err)
	}
	large := newOrders(func(p *promotion.Promotion) { p.Budget.Uses = 1_000 })
	large.table = newBench(t).store.Table
	// So many that each slice has got its part.
	for range 300 {
		if _, err := large.take(t.Context(), 100); err != nil {
			t.Fatal(err)
		}
	}
	do := map[string]func(context.Context) error{
		"count a use of a budget that has slices": func(ctx context.Context) error {
			_, err := large.take(ctx, 100)
			return err
		},
		"read what a budget and its slices have left": func(ctx context.Context) error {
			_, err := store.Store{Table: large.table, Clock: clock.Stopped(noon)}.Budgets(ctx, true, limitedID)
			return err
		},
		"read all published promotions into memory": func(ctx context.Context) error {
			_,
				err := plain.store.Read(ctx, false)
			return err
		},
		"the same with a budget": func(ctx context.Context) error {
			_,
				err := budgeted.store.Read(ctx, false)
			return err
		},
		"read a promotion": func(ctx context.Context) error {
			_,
				err := plain.store.Get(ctx, id)
			return err
		},
		"change a promotion": func(ctx context.Context) error {
			_, err := plain.store.Change(ctx, id, func(r *store.Record) (bool, error) {
				r.Promotion.Priority++
				return true, nil
			})
			return err
		},
		"read what is published to publish beside it": func(ctx context.Context) error {
			_, _, err := plain.store.Planned(ctx, noon)
			return err
		},
		"publish a promotion": func(ctx context.Context) error {
			_, err := plain.store.Change(ctx, id, func(r *store.Record) (bool, error) {
				r.Against = &store.Calendar{}
				return true, nil
			})
			return err
		},
		"tell that an edge was reached": func(ctx context.Context) error {
			p := promo(id)
			p.Version = 3
			_, err := plain.store.RecordMilestone(ctx,
				&store.Record{Key: store.KeyOf(id), Promotion: p, Event: &event.Event{ID: "evt_1"}}, store.Started)
			return err
		},
		"count a use of a budget and of a code": func(ctx context.Context) error {
			return budgeted.store.Table.Transact(ctx,
				"", writes...)
		},
	}
	for _, p := range store.AccessPatterns {
		ctx, meter := table.Metered(t.Context())
		if do[p.Name] == nil {
			t.Errorf("%q is not measured", p.Name)
			continue
		}
		if err := do[p.Name](ctx); err != nil {
			t.Fatalf("%s: %v", p.Name, err)
		}
		if got, want := meter.Cost(), (table.Cost{Trips: p.Trips, Read: p.Read, Write: p.Write}); got != want {
			t.Errorf("%s: costs %+v, documented as %+v", p.Name, got, want)
		}
	}
}
