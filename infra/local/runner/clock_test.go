package runner_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"dangol/infra/local/runner"
	"dangol/infra/topology"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/table"
)

// TestWhatIsStoredIsNeverAheadOfTheClockOfARestart looks at the kept clock with each write that is made while the clock
// is moved on: a kill at that moment leaves what was written, and the clock that is kept.
func TestWhatIsStoredIsNeverAheadOfTheClockOfARestart(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	var mu sync.Mutex
	var s *shop
	writes, behind := 0, time.Duration(0)
	s = open(t, func(o *runner.Options) {
		o.Data = data
		base := o.Clock
		o.Observe = func(_ string, op table.Op) {
			mu.Lock()
			defer mu.Unlock()
			if s == nil || !op.Write {
				return
			}
			raw, err := os.ReadFile(filepath.Join(data, "clock"))
			if os.IsNotExist(err) {
				return // the clock has not been moved yet
			}
			ahead, parseErr := time.ParseDuration(strings.TrimSpace(string(raw)))
			if err != nil || parseErr != nil {
				t.Errorf("the kept clock: %v, %v", err, parseErr)
			}
			writes++
			behind = max(behind, s.Clock().Now().Sub(base.Now().Add(ahead)))
		}
	})
	_, variant := s.Product(10, nil)
	s.Subscribe(s.As("fay"), s.Plan(nil), "pm_card_visa")
	s.GuestWith(variant, 1)
	s.AdvanceBy(65 * 24 * time.Hour) // two renewals
	mu.Lock()
	defer mu.Unlock()
	if writes == 0 || behind > time.Second {
		t.Errorf("in %d writes the kept clock was behind by as much as %s", writes, behind)
	}
}

// TestTwoMovesOfTheClockAtOnceKeepTheLaterOne looks at the kept clock after two requests that move it at one time.
func TestTwoMovesOfTheClockAtOnceKeepTheLaterOne(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	r, err := runner.Start(t.Context(), runner.Options{
		System: topology.Dangol, Log: slog.New(slog.DiscardHandler), Data: data,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for range 5 {
		var moves sync.WaitGroup
		for _, d := range []time.Duration{time.Minute, 5 * time.Hour} {
			moves.Go(func() {
				if _, err := r.Advance(t.Context(), d); err != nil {
					t.Error(err)
				}
			})
		}
		moves.Wait()
		raw, err := os.ReadFile(filepath.Join(data, "clock"))
		if err != nil {
			t.Fatal(err)
		}
		ahead, err := time.ParseDuration(strings.TrimSpace(string(raw)))
		if lost := r.Clock().Now().Sub(clock.System{}.Now().Add(ahead)); err != nil || lost > time.Second {
			t.Errorf("a restart would go back by %s, %v", lost, err)
		}
	}
}

func TestABrokenFileOfTheDataFolderIsNamed(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"clock", "issuer.pem", "payments.jsonl"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data := t.TempDir()
			path := filepath.Join(data, name)
			if err := os.WriteFile(path, []byte("{no such thing\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			r, err := runner.Start(t.Context(), runner.Options{
				System: topology.Dangol, Log: slog.New(slog.DiscardHandler), Data: data,
			})
			if err == nil {
				r.Close()
			}
			if err == nil || !strings.Contains(err.Error(), path) {
				t.Errorf("error %v", err)
			}
		})
	}
}
