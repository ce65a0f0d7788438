package runner_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dangol/infra/local/tables"
	"dangol/infra/testkit/enginetest"
	"dangol/infra/testkit/runtimeapi"
	"dangol/infra/topology"
	"dangol/shared/platform/clock"
)

// TestEachFunctionAsItsRealBootstrap starts the executable that is deployed, only built for this machine, on the
// Runtime API and replays the function's sample events.
func TestEachFunctionAsItsRealBootstrap(t *testing.T) {
	t.Parallel()
	env := map[string]string{
		"DYNAMODB_ENDPOINT": enginetest.Endpoint(t), "AWS_REGION": tables.Region, "AWS_ACCESS_KEY_ID": "local",
		"AWS_SECRET_ACCESS_KEY": "local", "EVENTBRIDGE_ENDPOINT": "http://127.0.0.1:9", "SES_ENDPOINT": "http://127.0.0.1:9",
		"SQS_ENDPOINT": "http://127.0.0.1:9",
	}
	for _, s := range topology.Dangol.Tables {
		if err := tables.Create(t.Context(), tables.Client(enginetest.Endpoint(t)), s.Name, s); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range topology.Dangol.Functions {
		t.Run(f.Name, func(t *testing.T) {
			t.Parallel()
			fn := start(t, f, env)
			samples, err := filepath.Glob(filepath.Join("../../../events/samples", f.Name, "*.json"))
			if err != nil || len(samples) == 0 {
				t.Fatalf("no samples of invocations: %v", err)
			}
			for _, sample := range samples {
				replay(t, fn, f, sample)
			}
		})
	}
}

func start(t *testing.T, f topology.Function, base map[string]string) *runtimeapi.Function {
	t.Helper()
	path := filepath.Join("../../../bin/functions", f.Name)
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%v: run `make host` first", err)
	}
	env := map[string]string{}
	for name, value := range base {
		env[name] = value
	}
	for _, name := range f.Environment {
		env[name] = topology.Sample[name]
	}
	env["JWT_JWKS"] = noKeys(t) // a token that no key has signed is 401; keys that cannot be read would be 503
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	fn, err := runtimeapi.Start(ctx, runtimeapi.Options{Path: path, Env: env, Timeout: f.Timeout, Clock: clock.System{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fn.Stop)
	return fn
}

// noKeys is the address of an issuer's key set without keys.
func noKeys(t *testing.T) string {
	t.Helper()
	issuer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"keys":[]}`))
	}))
	t.Cleanup(issuer.Close)
	return issuer.URL
}

// replay hands one sample to the function. What answers a request has to be an HTTP answer; the others may report
// that everything around them is missing, but they may not crash.
func replay(t *testing.T, fn *runtimeapi.Function, f topology.Function, sample string) {
	t.Helper()
	event, err := os.ReadFile(sample)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	out, err := fn.Invoke(ctx, event)
	request := f.API != nil && bytes.Contains(event, []byte(`"routeKey"`))
	if err != nil && (request || strings.Contains(err.Error(), "ended")) {
		t.Fatalf("%s: %v", filepath.Base(sample), err)
	}
	if !request {
		return
	}
	var answer struct {
		StatusCode int
		Body       string
	}
	if err := json.Unmarshal(out, &answer); err != nil || answer.StatusCode < 200 || answer.StatusCode >= 500 {
		t.Errorf("%s: %d %s (%v)", filepath.Base(sample), answer.StatusCode, answer.Body, err)
	}
}

func TestABootstrapWithoutItsConfigurationSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	fn, err := runtimeapi.Start(ctx, runtimeapi.Options{Path: "../../../bin/functions/carts", Clock: clock.System{}})
	if err == nil {
		fn.Stop()
		t.Fatal("the cart function started without a table")
	}
	if !strings.Contains(err.Error(), "JWT_ISSUER") {
		t.Errorf("the error does not name the variable: %v", err)
	}
}
