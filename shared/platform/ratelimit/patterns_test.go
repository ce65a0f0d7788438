package ratelimit_test

import (
	"testing"
	"time"

	"dangol/infra/testkit/localtest"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/ratelimit"
	"dangol/shared/platform/table"
)

func TestAnAttemptCostsWhatItSays(t *testing.T) {
	t.Parallel()
	limiter := ratelimit.Limiter{Table: localtest.Table(t, table.Commerce),
		Clock: clock.Stopped(time.Unix(1_800_000_000, 0))}
	ctx, meter := table.Metered(t.Context())
	err := limiter.Take(ctx,
		ratelimit.Limit{Name: "a", Subject: "x", Max: 3, Window: time.Hour}, ratelimit.Limit{Name: "b", Subject: "y", Max: 3,
			Window: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	p := ratelimit.AccessPatterns[0]
	if got := meter.Cost(); got != (table.Cost{Trips: p.Trips, Read: p.Read, Write: p.Write}) {
		t.Errorf("%s costs %+v, not what the pattern says", p.Name, got)
	}
}
