package apitest

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"

	"dangol/infra/testkit/enginetest"
	"dangol/infra/testkit/localtest"
	"dangol/shared/platform/boot"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/table"
)

// Env is the environment of a deployed function at a time that stands still: fresh tables on the engine, nobody behind
// the issuer's and the payment provider's addresses. changed sets variables, or unsets them with "".
func Env(t testing.TB, function string, at time.Time, changed map[string]string) *boot.Env {
	t.Helper()
	values := map[string]string{
		"COMMERCE_TABLE": localtest.Name(t, table.Commerce), "OUTREACH_TABLE": localtest.Name(t, table.Outreach),
		"CARE_TABLE":        localtest.Name(t, table.Care),
		"DYNAMODB_ENDPOINT": enginetest.Endpoint(t), "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "local",
		"AWS_SECRET_ACCESS_KEY": "local",
		"JWT_ISSUER":            "http://127.0.0.1:9", "PAYMENT_PROVIDER": "sandbox", "SANDBOX_URL": "http://127.0.0.1:9",
		"SANDBOX_KEY":            "k",
		"SANDBOX_WEBHOOK_SECRET": "s",
	}
	for name, value := range changed {
		values[name] = value
	}
	return &boot.Env{
		Function: function, Getenv: func(name string) string { return values[name] }, Clock: clock.Stopped(at),
		Log: slog.New(slog.DiscardHandler), HTTP: http.DefaultClient,
	}
}

// Samples replays the function's recorded invocations, events/samples/<function>/*.json, each of which has to be
// answered with the wanted status. It is called from the function's folder.
func Samples(t *testing.T, handler lambda.Handler, function string, want map[string]int) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("../../events/samples", function, "*.json"))
	if err != nil || len(files) != len(want) {
		t.Fatalf("%d samples, want %d: %v", len(files), len(want), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			payload, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			out, err := handler.Invoke(t.Context(), payload)
			var answer events.APIGatewayV2HTTPResponse
			if len(out) == 0 {
				out = []byte("null") // of an event or a batch, with the status 0
			}
			if err != nil || json.Unmarshal(out, &answer) != nil || answer.StatusCode != want[name] {
				t.Errorf("%v, status %d, want %d\n%s", err, answer.StatusCode, want[name], answer.Body)
			}
		})
	}
}
