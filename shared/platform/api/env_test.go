package api_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"dangol/shared/platform/api"
	"dangol/shared/platform/boot"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/problem"
)

func TestFromEnvAsksTheIssuerForItsKeysWithTheFunctionsOwnClient(t *testing.T) {
	t.Parallel()
	var asked atomic.Value
	issuer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Store(r.URL.Path)
		w.Write([]byte(`{"keys":[]}`))
	}))
	defer issuer.Close()
	// A well-formed RS256 token of nobody.
	const token = "eyJhbGciOiJSUzI1NiIsImtpZCI6IngifQ.eyJpc3MiOiJJU1NVRVIiLCJleHAiOjQxMDI0NDQ4MDB9.c2ln"
	var used atomic.Int32
	vars := map[string]string{"JWT_ISSUER": "ISSUER", "JWT_JWKS": issuer.URL + "/keys"}
	env := &boot.Env{
		Getenv: func(n string) string { return vars[n] }, Clock: clock.Stopped(noon),
		HTTP: &http.Client{Transport: counting{&used}},
	}
	options, err := api.FromEnv(t.Context(), env)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := options.Verify(t.Context(), token); problem.Code(err) != "invalid_token" || asked.Load() != "/keys" ||
		used.Load() != 1 {
		t.Errorf("%v, asked %v, client used %d times", err, asked.Load(), used.Load())
	}
	if _, err := api.FromEnv(t.Context(), &boot.Env{Getenv: func(string) string { return "" }}); err == nil ||
		!strings.Contains(err.Error(), "JWT_ISSUER") {
		t.Errorf("without an issuer: %v", err)
	}
}

type counting struct{ n *atomic.Int32 }

func (c counting) RoundTrip(r *http.Request) (*http.Response, error) {
	c.n.Add(1)
	return http.DefaultTransport.RoundTrip(r)
}
