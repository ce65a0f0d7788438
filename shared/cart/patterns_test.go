package cart_test

import (
	"context"
	"testing"

	"dangol/shared/cart"
	"dangol/shared/platform/idempotency"
	"dangol/shared/platform/table"
)

func TestAccessPatternsCostWhatTheySay(t *testing.T) {
	t.Parallel()
	s, clk := cartStore(t)
	variants := stocked().with("SOAP", 9000, 10).with("BALM", 9000, 10)
	two := func(c *cart.Cart) error {
		c.Currency = "KRW"
		return c.Add(engraved("BALM", 1, "하늘"), variants.variants["BALM"], noon)
	}
	guest, leaving := guestCart(t, s), guestCart(t, s)
	for _, ref := range []cart.Ref{guest, leaving, mine("ann")} {
		mustChange(t, s, ref, two)
		mustChange(t, s, ref, adding(variants, 1))
	}
	// The order matters: what is merged is gone, what is locked cannot be changed.
	runs := map[string]func(context.Context) error{
		"read a guest's cart": func(ctx context.Context) error { _, err := s.Load(ctx, guest); return err },
		"read a customer's cart with what they bought of limited goods, and their memberships": func(
			ctx context.Context,
		) error {
			_, err := s.Load(ctx, mine("ann"))
			return err
		},
		"add to a guest's cart": func(ctx context.Context) error {
			_, _, err := s.Change(ctx, guest, cart.Attempt{Key: "k", Hash: "h"}, adding(variants, 1))
			return err
		},
		"add to a customer's cart": func(ctx context.Context) error {
			_, _, err := s.Change(ctx, mine("ann"), cart.Attempt{}, adding(variants, 1))
			return err
		},
		"begin a guest's cart": func(ctx context.Context) error {
			_, _, _, err := s.CreateGuest(ctx, cart.Cart{Currency: "KRW"}, idempotency.Request{}, "")
			return err
		},
		"begin a guest's cart with an Idempotency-Key": func(ctx context.Context) error {
			_, _, _, err := s.CreateGuest(ctx, cart.Cart{Currency: "KRW"},
				idempotency.For("op", "", "a-key-of-16-chars", nil, clk.Now()), "a-key-of-16-chars")
			return err
		},
		"merge a guest's cart at log-in": func(ctx context.Context) error {
			_, err := s.MergeGuest(ctx, "ann", leaving, func(into, from *cart.Cart) error {
				cart.Merge(into, from, variants.variants, nil)
				return nil
			})
			return err
		},
		"lock a cart for a checkout": func(ctx context.Context) error {
			_, err := s.Table.Update(ctx, cart.BeginPaying(loaded(t, s, guest), checkoutID, noon))
			return err
		},
	}
	for _, p := range cart.AccessPatterns {
		run, ok := runs[p.Name]
		if !ok {
			t.Errorf("%s: nobody measures it", p.Name)
			continue
		}
		ctx, meter := table.Metered(t.Context())
		if err := run(ctx); err != nil {
			t.Errorf("%s: %v", p.Name, err)
		}
		if got := meter.Cost(); got != (table.Cost{Trips: p.Trips, Read: p.Read, Write: p.Write}) {
			t.Errorf("%s: costs %+v, the page says %+v", p.Name, got, p)
		}
	}
	if len(runs) != len(cart.AccessPatterns) {
		t.Errorf("%d patterns, %d are measured", len(cart.AccessPatterns), len(runs))
	}
}
