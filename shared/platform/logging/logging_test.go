package logging_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"testing"

	"dangol/shared/platform/logging"
)

func TestLinesCarryFunctionAndCorrelation(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := logging.New(&out, "cart", slog.LevelInfo).With("route", "addLine")
	log.InfoContext(logging.WithCorrelation(t.Context(), "req-7"), "line added")
	log.DebugContext(t.Context(), "not shown")
	var line map[string]any
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatalf("not one JSON object: %s", out.String())
	}
	for k, want := range map[string]string{"function": "cart", "correlationId": "req-7", "route": "addLine",
		"msg": "line added"} {
		if line[k] != want {
			t.Errorf("%s = %v, want %s", k, line[k], want)
		}
	}
}
