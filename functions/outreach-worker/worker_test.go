package outreachworker_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	outreachworker "dangol/functions/outreach-worker"
	"dangol/infra/testkit/apitest"
)

var noon = time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)

var shop = map[string]string{
	"LINK_BASE": "https://api.example.com", "SHOP_NAME": "온결", "SHOP_URL": "https://shop.example.com",
	"SHOP_CONTACT": "help@example.com",
	"MAIL_FROM":    "hello@shop.example.com",
}

func TestNewNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	for variable := range shop {
		if variable == "SHOP_CONTACT" {
			continue
		}
		broken := map[string]string{}
		for name, value := range shop {
			broken[name] = value
		}
		broken[variable] = ""
		if _, err := outreachworker.New(t.Context(), apitest.Env(t, "outreach-worker", noon, broken)); err == nil ||
			!strings.Contains(err.Error(), variable) {
			t.Errorf("without %s: %v", variable, err)
		}
	}
}

func TestOutreachWorkerSamples(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../events/samples/outreach-worker/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal("no samples", err)
	}
	handler, err := outreachworker.New(t.Context(), apitest.Env(t, "outreach-worker", noon, shop))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		payload, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // events and jobs come twice
			out, err := handler.Invoke(t.Context(), payload)
			if err != nil || strings.Contains(string(out), "itemIdentifier") {
				t.Errorf("%s: %s, %v", filepath.Base(file), out, err)
			}
		}
	}
}
