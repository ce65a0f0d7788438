package ratelimit_test

import (
	"sync"
	"testing"
	"time"

	"dangol/infra/testkit/localtest"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/ratelimit"
	"dangol/shared/platform/table"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func byIP(ip string, most int) ratelimit.Limit {
	return ratelimit.Limit{Name: "lookup-ip", Subject: ip, Max: most, Window: time.Hour}
}

func TestAttemptsBeyondTheLimitAreRefusedUntilTheWindowEnds(t *testing.T) {
	t.Parallel()
	at := clock.Stopped(noon.Add(10 * time.Minute))
	l := ratelimit.Limiter{Table: localtest.Table(t, table.Commerce), Clock: at}
	for range 3 {
		if err := l.Take(t.Context(), byIP("203.0.113.7", 3)); err != nil {
			t.Fatalf("an attempt within the limit: %v", err)
		}
	}
	p := problem.From(l.Take(t.Context(), byIP("203.0.113.7", 3)))
	if p.Status != 429 || p.Extra[problem.RetryAfter] != 50*60 {
		t.Fatalf("got %d %v, want 429 and 50 minutes to wait", p.Status, p.Extra)
	}
	if err := l.Take(t.Context(), byIP("203.0.113.8", 3)); err != nil {
		t.Fatalf("another subject has its own counter: %v", err)
	}
	at.Advance(50 * time.Minute)
	if err := l.Take(t.Context(), byIP("203.0.113.7", 3)); err != nil {
		t.Fatalf("the next window: %v", err)
	}
}

func TestARefusedAttemptCountsAgainstNoLimit(t *testing.T) {
	t.Parallel()
	l := ratelimit.Limiter{Table: localtest.Table(t, table.Commerce), Clock: clock.Stopped(noon)}
	number := ratelimit.Limit{Name: "lookup-number", Subject: "1K9X7", Max: 1, Window: time.Hour}
	if err := l.Take(t.Context(), byIP("a", 2), number); err != nil {
		t.Fatal(err)
	}
	if err := l.Take(t.Context(), byIP("a", 2), number); problem.Code(err) != "too_many_attempts" {
		t.Fatalf("got %v, want the number's limit to refuse", err)
	}
	if err := l.Take(t.Context(), byIP("a", 2)); err != nil {
		t.Fatalf("the refused attempt must not have counted against the address: %v", err)
	}
}

func TestConcurrentAttemptsNeverPassTheLimit(t *testing.T) {
	t.Parallel()
	l := ratelimit.Limiter{Table: localtest.Table(t, table.Commerce), Clock: clock.Stopped(noon)}
	var group sync.WaitGroup
	var mu sync.Mutex
	through := 0
	for range 20 {
		group.Go(func() {
			if l.Take(t.Context(), byIP("a", 5)) == nil {
				mu.Lock()
				through++
				mu.Unlock()
			}
		})
	}
	group.Wait()
	if through != 5 {
		t.Fatalf("%d attempts went through, want 5", through)
	}
}
