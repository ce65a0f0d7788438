package demo_test

import (
	"log/slog"
	"os"
	"os/exec"
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
