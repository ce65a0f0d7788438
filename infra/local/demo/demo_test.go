package demo_test

import (
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"dangol/infra/local/demo"
	"dangol/infra/local/runner"
	"dangol/infra/topology"
	"dangol/shared/platform/clock"
)

// TestTheWalkthroughRunsOnTheDemoShop fills a shop twice, as a second `make run` would, and runs the walkthroughs of
// docs against it.
func TestTheWalkthroughRunsOnTheDemoShop(t *testing.T) {
	t.Parallel()
	r, err := runner.Start(t.Context(), runner.Options{
		System: topology.Dangol, Log: slog.New(slog.DiscardHandler),
		Clock:  clock.Stopped(time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)),
		Getenv: func(name string) string { return map[string]string{"CATALOG_CACHE_TTL": "0"}[name] },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	for range 2 {
		if err := demo.Seed(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	for _, script := range []string{"walkthrough.sh", "walkthrough-outreach.sh", "walkthrough-returns.sh"} {
		walk := exec.CommandContext(t.Context(), "bash", "../../../docs/"+script)
		walk.Env = append(os.Environ(), "API="+r.Address())
		if out, err := walk.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", script, err, out)
		}
	}
}

// A script that moves the clock right after the start, when the API answers already, must not keep the shop from being
// filled: `make run` would end.
func TestTheClockWaitsUntilTheShopIsFilled(t *testing.T) {
	t.Parallel()
	r, err := runner.Start(t.Context(), runner.Options{System: topology.Dangol, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	before := r.Clock().Now()
	moved := make(chan error, 1)
	go func() {
		for { // asks until the shop has something
			answer, err := http.Get(r.Address() + "/products?limit=1")
			if err != nil {
				moved <- err
				return
			}
			list, _ := io.ReadAll(answer.Body)
			answer.Body.Close()
			if strings.Contains(string(list), `"handle"`) {
				break
			}
		}
		answer, err := http.Post(r.Address()+"/dev/clock", "application/json", strings.NewReader(`{"advance":"240h"}`))
		if err == nil {
			answer.Body.Close()
		}
		moved <- err
	}()
	if err := demo.Seed(t.Context(), r); err != nil {
		t.Errorf("the shop was not filled: %v", err)
	}
	if err := <-moved; err != nil || r.Clock().Now().Sub(before) < 240*time.Hour {
		t.Errorf("the clock went from %s to %s: %v", before, r.Clock().Now(), err)
	}
}
