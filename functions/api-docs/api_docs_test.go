package apidocs

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"strings"
	"testing"

	"dangol/infra/testkit/apitest"
	"dangol/shared/platform/api"
)

func TestTheDocumentAndItsPagesAreForAnyone(t *testing.T) {
	t.Parallel()
	guest := apitest.New(t, service(api.Options{}).Lambda())
	var document struct {
		OpenAPI string
		Paths   map[string]any
		Groups  []struct{ Name string } `json:"x-tagGroups"`
	}
	guest.Do("GET", "/openapi.json", nil).Want(200).Into(&document)
	if !strings.HasPrefix(document.OpenAPI, "3.1") || len(document.Paths) < 20 {
		t.Errorf("OpenAPI %q with %d paths", document.OpenAPI, len(document.Paths))
	}
	if len(document.Groups) == 0 || document.Groups[0].Name != "Storefront" {
		t.Errorf("the storefront's routes do not come first: %v", document.Groups)
	}
	for path, want := range map[string]struct{ kind, text string }{
		"/openapi.json":      {"application/json", `"x-tagGroups"`},
		"/docs":              {"text/html; charset=utf-8", `"/docs/api-guide.md"`},
		"/docs/api-guide.md": {"text/markdown; charset=utf-8", "# API guide"},
		"/docs/problems.md":  {"text/markdown; charset=utf-8", "invalid_input"},
	} {
		r := guest.Do("GET", path, nil).Want(200)
		if kind := r.Headers.Get("Content-Type"); kind != want.kind || !strings.Contains(r.Body, want.text) {
			t.Errorf("%s is served as %s, with %q in it: %v", path, kind, want.text, strings.Contains(r.Body, want.text))
		}
	}
	for _, name := range []string{"Content-Security-Policy", "X-Frame-Options", "Referrer-Policy",
		"X-Content-Type-Options"} {
		if guest.Do("GET", "/docs", nil).Headers.Get(name) == "" {
			t.Errorf("the page has no %s", name)
		}
	}
}

// The function has the script when make built it, and names a public copy of the same version otherwise.
func TestThePageLoadsTheScriptFromTheFunctionWhenItHasIt(t *testing.T) {
	t.Parallel()
	guest := apitest.New(t, service(api.Options{}).Lambda())
	page := guest.Do("GET", "/docs", nil).Want(200).Body
	if _, built := bundle(); !built {
		guest.Do("GET", bundlePath, nil).WantProblem(404, "script_not_built")
		if !strings.Contains(page, bundleURL) {
			t.Error("the page loads no script")
		}
		return
	}
	if !strings.Contains(page, `src="`+bundlePath+`"`) {
		t.Error("the page does not load the function's script")
	}
	r := guest.Do("GET", bundlePath, nil).Want(200)
	if r.Headers.Get("Content-Encoding") != "gzip" || len(r.Body) > 4<<20 {
		t.Errorf("%q, %d bytes: an answer of a function may have 6 MB in base64", r.Headers.Get("Content-Encoding"),
			len(r.Body))
	}
	unzip, err := gzip.NewReader(strings.NewReader(r.Body))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(unzip)
	if err != nil || !bytes.Contains(text, []byte("createApiReference")) {
		t.Errorf("the script has no createApiReference: %v", err)
	}
}

func TestTheMakefilePinsTheVersionThatThePageNames(t *testing.T) {
	t.Parallel()
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	_, version, _ := strings.Cut(bundleURL, "api-reference@")
	version, _, _ = strings.Cut(version, "/")
	if !strings.Contains(string(makefile), "SCALAR := "+version+"\n") {
		t.Errorf("the page names version %s", version)
	}
}
