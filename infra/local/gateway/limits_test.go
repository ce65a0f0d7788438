package gateway_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"dangol/infra/local/gateway"
	"dangol/infra/topology"
	"dangol/shared/platform/clock"
)

// open serves the routes of the system by a function that answers with the path that it got.
func open(t *testing.T, answer string) *httptest.Server {
	t.Helper()
	g := gateway.New(topology.Dangol, clock.System{}, gateway.DefaultLimits(),
		func(_ context.Context, _ string, payload []byte) ([]byte, error) {
			var in events.APIGatewayV2HTTPRequest
			if err := json.Unmarshal(payload, &in); err != nil {
				return nil, err
			}
			return json.Marshal(events.APIGatewayV2HTTPResponse{StatusCode: 200, Body: in.RawPath + answer})
		})
	server := httptest.NewServer(g)
	t.Cleanup(server.Close)
	return server
}

func TestTheGatewayAnswersAsAPIGatewayDoes(t *testing.T) {
	t.Parallel()
	small, large := open(t, ""), open(t, strings.Repeat("x", 6<<20))
	for _, c := range []struct {
		name, method, path, body string
		header                   string
		server                   *httptest.Server
		status                   int
		contains                 string
	}{
		{"the path arrives decoded", "GET", "/products/50%25OFF", "", "", small, 200, "/products/50%OFF"},
		{"no such route", "GET", "/nowhere", "", "", small, 404, `{"message":"Not Found"}`},
		{"no such method", "DELETE", "/products", "", "", small, 404, `{"message":"Not Found"}`},
		{"no HEAD", "HEAD", "/products", "", "", small, 404, ""},
		{"a request over 10 MB", "POST", "/products/import", strings.Repeat("x", 10<<20+1), "", small, 413,
			`"Request Entity Too Large"`},
		{"an event over 6 MB", "POST", "/products/import", strings.Repeat("x", 6<<20), "", small, 413,
			`"Request Entity Too Large"`},
		{"an answer over 6 MB", "GET", "/products", "", "", large, 500, `{"message":"Internal Server Error"}`},
		{"headers over 10,240 bytes", "GET", "/products", "", strings.Repeat("x", 10_240), small, 431, `"message"`},
	} {
		req, err := http.NewRequestWithContext(t.Context(), c.method, c.server.URL+c.path, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Long", c.header)
		got, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		var body strings.Builder
		raw := make([]byte, 200)
		n, _ := got.Body.Read(raw) // the beginning is enough
		body.Write(raw[:n])
		got.Body.Close()
		if got.StatusCode != c.status || !strings.Contains(body.String(), c.contains) {
			t.Errorf("%s: %d %s", c.name, got.StatusCode, body.String())
		}
	}
}
