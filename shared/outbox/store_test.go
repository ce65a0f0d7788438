package outbox_test

import (
	"context"
	"math"
	"sync"
	"testing"
	"time"

	"dangol/infra/testkit/localtest"
	"dangol/shared/compliance"
	"dangol/shared/outbox"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/table"
)

func letter(id, to string) outbox.Mail {
	return outbox.Mail{
		ID: id, Kind: compliance.Marketing, To: to, Language: "ko", Template: "cart_reminder", Topic: "cart",
		Contact: "ctc_1",
		Source:  outbox.Source{Name: "sequence:abandoned_cart:1", Step: "reminder"}, Planned: noon,
		Compose: &outbox.Compose{URL: "https://shop.example.com"},
	}
}

// TestAccessPatternsCostWhatTheySay measures each of AccessPatterns, in their order.
func TestAccessPatternsCostWhatTheySay(t *testing.T) {
	t.Parallel()
	s := outbox.Store{Table: localtest.Table(t, table.Outreach)}
	budget := outbox.Budget{
		Table: s.Table, Clock: clock.Stopped(noon),
		Account: func(context.Context) (float64, int, int, error) { return 100, 50_000, 0, nil },
	}
	m := letter("m1", "ann@example.com")
	steps := []func(context.Context) error{
		func(ctx context.Context) error {
			return s.Table.Put(ctx, table.Put{Item: m.Task(noon), If: table.IfNew})
		},
		func(ctx context.Context) error { return budget.Take(ctx, true) },
		func(ctx context.Context) error { return s.Begin(ctx, m, []string{"https://shop.example.com"}, noon) },
		func(ctx context.Context) error {
			return s.Table.Transact(ctx, "", m.Settle(outbox.Accepted, "ses-1", "", noon)...)
		},
		func(ctx context.Context) error { _, _, err := s.SentTo(ctx, "ann@example.com", 20, ""); return err },
		func(ctx context.Context) error { _, _, err := s.Failures(ctx, 20, ""); return err },
		func(ctx context.Context) error { _, err := s.Report(ctx, m.Source.Name); return err },
	}
	if len(steps) != len(outbox.AccessPatterns) {
		t.Fatalf("%d steps for %d patterns", len(steps), len(outbox.AccessPatterns))
	}
	for i, p := range outbox.AccessPatterns {
		ctx, meter := table.Metered(t.Context())
		if err := steps[i](ctx); err != nil {
			t.Fatalf("%s: %v", p.Name, err)
		}
		cost := meter.Cost()
		if cost.Trips != p.Trips || math.Abs(cost.Read-p.Read) > 0.01 || math.Abs(cost.Write-p.Write) > 0.01 {
			t.Errorf("%s: %+v, documented %d trips, %.1f RCU, %.1f WCU", p.Name, cost, p.Trips, p.Read, p.Write)
		}
	}
}

func TestAPersonsMailsAreListedNewestFirst(t *testing.T) {
	t.Parallel()
	s := outbox.Store{Table: localtest.Table(t, table.Outreach)}
	for i, to := range []string{"Ann@Example.com", " ann@example.com ", "bob@example.com", "ANN@EXAMPLE.COM"} {
		m, at := letter(string(rune('a'+i)), to), noon.Add(time.Duration(i)*time.Minute)
		if err := s.Begin(t.Context(), m, nil, at); err != nil {
			t.Fatal(err)
		}
		if err := s.Table.Transact(t.Context(), "", m.Settle(outbox.Accepted, "ses-"+m.ID, "", at)...); err != nil {
			t.Fatal(err)
		}
	}
	// One that is being sent is not listed before its outcome.
	if err := s.Begin(t.Context(), letter("e", "ann@example.com"), nil, noon.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	cards, _, err := s.SentTo(t.Context(), "ann@example.com", 10, "")
	if err != nil || len(cards) != 3 || cards[0].ID != "d" || cards[2].ID != "a" {
		t.Errorf("%+v, %v", cards, err)
	}
}

func TestWorkersShareTheRate(t *testing.T) {
	t.Parallel()
	tb, now := localtest.Table(t, table.Outreach), clock.Stopped(noon)
	asked := 0
	var mu sync.Mutex
	waits := map[time.Duration]int{}
	workers := make([]*outbox.Budget, 4)
	for i := range workers {
		workers[i] = &outbox.Budget{
			Table: tb, Clock: now,
			Account: func(context.Context) (float64, int, int, error) {
				mu.Lock()
				defer mu.Unlock()
				asked++
				return 10, 50_000, 0, nil
			},
			Sleep: func(_ context.Context, d time.Duration) error {
				mu.Lock()
				defer mu.Unlock()
				waits[d.Round(time.Millisecond)]++
				return nil
			},
		}
	}
	var all sync.WaitGroup
	for _, w := range workers {
		all.Go(func() {
			for range 3 {
				if err := w.Take(t.Context(), false); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	// Twelve mails at ten a second: the first at once, the others 100 ms apart, each place once.
	if len(waits) != 11 {
		t.Errorf("waits %v", waits)
	}
	for d, n := range waits {
		if n != 1 || d%(100*time.Millisecond) != 0 || d > 1100*time.Millisecond {
			t.Errorf("%d wait %s", n, d)
		}
	}
	if asked == 0 || asked > len(workers) {
		t.Errorf("SES was asked for the account %d times", asked)
	}
}
