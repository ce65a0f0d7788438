package orders_test

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"dangol/functions/orders"
	"dangol/infra/local/engine/enginetest"
	"dangol/infra/local/fault/world"
	"dangol/infra/local/localtest"
	"dangol/shared/boot"
	"dangol/shared/clock"
	"dangol/shared/table"
)

// environment is that of a deployed function, with some variables changed.
func environment(t *testing.T, changed map[string]string) *boot.Env {
	t.Helper()
	vars := map[string]string{
		"COMMERCE_TABLE": localtest.Name(t, table.Commerce), "DYNAMODB_ENDPOINT": enginetest.Endpoint(t), "AWS_ACCESS_KEY_ID": "local",
		"AWS_SECRET_ACCESS_KEY": "local", "JWT_ISSUER": "http://127.0.0.1:9", "PAYMENT_PROVIDER": "sandbox",
		"SANDBOX_URL": "http://127.0.0.1:9", "SANDBOX_KEY": "k", "SANDBOX_WEBHOOK_SECRET": "s",
	}
	for name, value := range changed {
		vars[name] = value
	}
	return &boot.Env{
		Function: "orders", Getenv: func(name string) string { return vars[name] }, Clock: clock.Stopped(world.Noon),
		Log: slog.New(slog.DiscardHandler), HTTP: http.DefaultClient,
	}
}

func TestSamples(t *testing.T) {
	t.Parallel()
	handler, err := orders.New(t.Context(), environment(t, nil))
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("../../events/samples/orders/*.json")
	if err != nil || len(files) != len(samples) {
		t.Fatalf("%d samples, want %d: %v", len(files), len(samples), err)
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
			if err != nil || json.Unmarshal(out, &answer) != nil || answer.StatusCode != samples[name] {
				t.Errorf("%v, status %d, want %d\n%s", err, answer.StatusCode, samples[name], answer.Body)
			}
		})
	}
}

func TestAStartThatCannotWorkNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	for _, variable := range []string{"COMMERCE_TABLE", "JWT_ISSUER", "PAYMENT_PROVIDER", "SANDBOX_WEBHOOK_SECRET"} {
		_, err := orders.New(t.Context(), environment(t, map[string]string{variable: ""}))
		if err == nil || !strings.Contains(err.Error(), variable) {
			t.Errorf("without %s the start says %v", variable, err)
		}
	}
}

// samples are the recorded invocations and the status each is answered with.
var samples = map[string]int{
	"mine-without-token": 401, "get-not-yours": 404, "get-with-made-up-token": 404, "lookup-no-match": 404, "lookup-without-mail": 422,
	"fulfil-without-token": 401, "cancel-not-yours": 404, "list-forged-token": 401,
}
