package apidocs

import (
	"strings"
	"testing"

	"dangol/infra/testkit/apitest"
	"dangol/shared/platform/api"
)

func TestTheDocumentAndItsPageAreForAnyone(t *testing.T) {
	t.Parallel()
	guest := apitest.New(t, service(api.Options{}).Lambda())
	var document struct {
		OpenAPI string
		Paths   map[string]any
	}
	r := guest.Do("GET", "/openapi.json", nil).Want(200).Into(&document)
	if !strings.HasPrefix(document.OpenAPI, "3.1") || len(document.Paths) < 20 {
		t.Errorf("OpenAPI %q with %d paths", document.OpenAPI, len(document.Paths))
	}
	if kind := r.Headers.Get("Content-Type"); kind != "application/json" {
		t.Errorf("the document is served as %s", kind)
	}
	if page := guest.Do("GET", "/docs", nil).Want(200); !strings.Contains(page.Body, "openapi.json") || page.Headers.Get("Content-Type") != "text/html; charset=utf-8" {
		t.Errorf("the page is served as %s", page.Headers.Get("Content-Type"))
	}
	for _, name := range []string{"Content-Security-Policy", "X-Frame-Options", "Referrer-Policy", "X-Content-Type-Options"} {
		if guest.Do("GET", "/docs", nil).Headers.Get(name) == "" {
			t.Errorf("the page has no %s", name)
		}
	}
}
