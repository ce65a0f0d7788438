package gateway_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"dangol/infra/local/gateway"
	"dangol/infra/topology"
	"dangol/shared/platform/auth"
	"dangol/shared/platform/clock"
)

func TestTheAuthorizerRefusesAsAPIGatewayDoes(t *testing.T) {
	t.Parallel()
	invoked := 0
	g := gateway.New(topology.Dangol, clock.System{}, gateway.DefaultLimits(),
		func(context.Context, string, []byte) ([]byte, error) {
			invoked++
			return json.Marshal(events.APIGatewayV2HTTPResponse{StatusCode: 200, Body: "function"})
		})
	g.Authorize(func(_ context.Context, token string) (auth.Principal, error) {
		if scopes, ok := strings.CutPrefix(token, "scopes:"); ok {
			return auth.Principal{Subject: "x", Scopes: scopes}, nil
		}
		return auth.Principal{}, errors.New("not signed by the issuer")
	})
	server := httptest.NewServer(g)
	t.Cleanup(server.Close)
	for _, c := range []struct {
		name, path, authorization string
		status                    int
		body                      string
	}{
		{"no token where one is needed", "/promotions", "", 401, `{"message":"Unauthorized"}`},
		{"a token that does not verify", "/promotions", "Bearer forged", 401, `{"message":"Unauthorized"}`},
		{"a token without the scope", "/promotions", "Bearer scopes:shop/customer shop/agent", 403,
			`{"message":"Forbidden"}`},
		{"a token with it", "/promotions", "Bearer scopes:shop/merchant", 200, "function"},
		{"a token without the word Bearer", "/promotions", "scopes:shop/merchant", 200, "function"},
		{"a route for everybody", "/products", "", 200, "function"},
		{"a route that has no authorizer leaves a bad token to the function", "/products", "Bearer forged", 200, "function"},
	} {
		before := invoked
		req, err := http.NewRequestWithContext(t.Context(), "GET", server.URL+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", c.authorization)
		got, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := io.ReadAll(got.Body)
		got.Body.Close()
		if err != nil || got.StatusCode != c.status || strings.TrimSpace(string(raw)) != c.body {
			t.Errorf("%s: %d %s, %v", c.name, got.StatusCode, raw, err)
		}
		if c.status >= 400 && (invoked != before || got.Header.Get("Www-Authenticate") == "") {
			t.Errorf("%s: %d invocations, WWW-Authenticate %q", c.name, invoked-before, got.Header.Get("Www-Authenticate"))
		}
	}
}
