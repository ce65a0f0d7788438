package cart_test

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"dangol/functions/cart"
	"dangol/infra/local/engine/enginetest"
	"dangol/infra/local/localtest"
	"dangol/shared/boot"
	"dangol/shared/clock"
	"dangol/shared/table"
)

// environment is a complete one for the function, with what the test sets over it.
func environment(t *testing.T, over map[string]string) *boot.Env {
	t.Helper()
	vars := map[string]string{
		"COMMERCE_TABLE": localtest.Name(t, table.Commerce), "DYNAMODB_ENDPOINT": enginetest.Endpoint(t),
		"JWT_ISSUER": "https://issuer.example.com", "AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local",
	}
	for name, value := range over {
		vars[name] = value
	}
	return &boot.Env{
		Function: "cart", Getenv: func(name string) string { return vars[name] }, Clock: clock.Stopped(noon),
		Log: slog.New(slog.DiscardHandler), HTTP: http.DefaultClient,
	}
}

func TestSamples(t *testing.T) {
	t.Parallel()
	want := map[string]int{
		"begin": 201, "begin-with-key": 201, "begin-in-unknown-currency": 422, "get-not-yours": 404, "get-mine-forged-token": 401,
		"add-line-negative": 422, "add-line-unknown-variant": 422, "merge-as-guest": 401,
	}
	handler, err := cart.New(t.Context(), environment(t, nil))
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("../../events/samples/cart/*.json")
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
			if err != nil || json.Unmarshal(out, &answer) != nil || answer.StatusCode != want[name] {
				t.Errorf("%v, status %d, want %d\n%s", err, answer.StatusCode, want[name], answer.Body)
			}
		})
	}
}

func TestAStartThatCannotWorkNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, variable, value, want string
	}{
		{"no table", "COMMERCE_TABLE", "", "COMMERCE_TABLE"},
		{"no issuer", "JWT_ISSUER", "", "JWT_ISSUER"},
		{"a shelf life in words", "SHELF_SECONDS", "two", "SHELF_SECONDS"},
		{"a shop without zones", "SHOP_CONFIG", `{"languages":["ko"],"currencies":["KRW"]}`, "zones"},
		{"a shop file that is not there", "SHOP_CONFIG", "/nowhere/shop.json", "/nowhere/shop.json"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := cart.New(t.Context(), environment(t, map[string]string{c.variable: c.value}))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v does not name %s", err, c.want)
			}
		})
	}
}

func TestAShopOfOnesOwn(t *testing.T) {
	t.Parallel()
	handler, err := cart.New(t.Context(), environment(t, map[string]string{"SHOP_CONFIG": `{
		"languages": ["en"], "currencies": ["USD"],
		"zones": [{"id": "us", "countries": ["US"], "methods": [{"id": "post", "name": {"en": "Post"}, "prices": {"USD": {"amount": 500}}}]}]
	}`}))
	if err != nil {
		t.Fatal(err)
	}
	payload, err := os.ReadFile("../../events/samples/cart/begin.json")
	if err != nil {
		t.Fatal(err)
	}
	out, err := handler.Invoke(t.Context(), payload)
	if err != nil || !strings.Contains(string(out), "one of USD") {
		t.Errorf("%v: a shop that takes dollars only says %s", err, out)
	}
}
