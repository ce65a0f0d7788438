package catalog

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"dangol/infra/local/engine/enginetest"
	"dangol/infra/local/localtest"
	"dangol/shared/boot"
	"dangol/shared/clock"
	"dangol/shared/logging"
	"dangol/shared/table"
)

// environment is what the function reads on AWS, with the engine in place of DynamoDB.
func environment(t *testing.T, changed map[string]string) *boot.Env {
	t.Helper()
	values := map[string]string{
		"COMMERCE_TABLE": localtest.Name(t, table.Commerce), "DYNAMODB_ENDPOINT": enginetest.Endpoint(t),
		"JWT_ISSUER": "https://issuer.example", "AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local", "AWS_REGION": "us-east-1",
	}
	for k, v := range changed {
		values[k] = v
	}
	return &boot.Env{
		Function: "catalog", Getenv: func(name string) string { return values[name] }, Clock: clock.Stopped(opening),
		Log: logging.New(t.Output(), "catalog", slog.LevelInfo), HTTP: http.DefaultClient,
	}
}

func TestSampleInvocations(t *testing.T) {
	t.Parallel()
	handler, err := New(t.Context(), environment(t, nil))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]int{
		"list": 200, "list-search": 200, "list-cursor-of-nobody": 422, "page-by-hangul-handle": 404, "categories": 200,
		"create-without-token": 401, "import-forged-token": 401,
	}
	files, err := filepath.Glob("../../events/samples/catalog/*.json")
	if err != nil || len(files) != len(want) {
		t.Fatalf("%d samples, want %d: %v", len(files), len(want), err)
	}
	for _, file := range files {
		sample, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		out, err := handler.Invoke(t.Context(), sample)
		if err != nil {
			t.Fatal(err)
		}
		var answer events.APIGatewayV2HTTPResponse
		if err := json.Unmarshal(out, &answer); err != nil {
			t.Fatal(err)
		}
		if name := strings.TrimSuffix(filepath.Base(file), ".json"); answer.StatusCode != want[name] {
			t.Errorf("%s: %d, want %d\n%s", name, answer.StatusCode, want[name], answer.Body)
		}
	}
}

func TestAConfigurationThatIsNotCompleteEndsTheStart(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]string{
		"COMMERCE_TABLE": "", "JWT_ISSUER": "", "SHOP_CONFIG": `{"languages":[]}`, "SHELF_SECONDS": "soon",
	} {
		_, err := New(t.Context(), environment(t, map[string]string{name: value}))
		if err == nil || name != "SHOP_CONFIG" && !strings.Contains(err.Error(), name) {
			t.Errorf("%s=%q: %v", name, value, err)
		}
	}
}

func TestRoutesDescribeThemselves(t *testing.T) {
	t.Parallel()
	s := API()
	if got := len(s.Routes()); got != 14 {
		t.Fatalf("%d routes", got)
	}
	for _, r := range s.Routes() {
		if r.Summary == "" || r.ID == "" || r.Tag == "" {
			t.Errorf("%s %s does not say what it is", r.Method, r.Path)
		}
	}
	card := s.OpenAPI().Components.Schemas.Map()["ProductCard"]
	if card == nil || card.Properties["title"] == nil || card.Properties["encoded"] != nil {
		t.Fatalf("the schema of a card is %+v", card)
	}
}
