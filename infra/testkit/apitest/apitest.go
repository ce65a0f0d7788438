// Package apitest calls a function as API Gateway would: it builds the HTTP API event (payload format 2.0), invokes the
// function's Lambda handler, and unpacks the answer. Tests that use it read like the requests they make.
package apitest

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"

	"dangol/shared/platform/auth"
	"dangol/shared/platform/problem"
)

// Client calls one handler as one caller.
type Client struct {
	t       testing.TB
	handler lambda.Handler
	headers map[string]string
}

// New returns a client that calls as a guest without a token.
func New(t testing.TB, handler lambda.Handler) *Client {
	return &Client{t: t, handler: handler, headers: map[string]string{}}
}

// With returns a client that also sends the header.
func (c *Client) With(name, value string) *Client {
	d := &Client{t: c.t, handler: c.handler, headers: map[string]string{}}
	for k, v := range c.headers {
		d.headers[k] = v
	}
	d.headers[strings.ToLower(name)] = value
	return d
}

// As returns a client that calls as p; Verify turns the token back into p.
func (c *Client) As(p auth.Principal) *Client {
	raw, err := json.Marshal(p)
	if err != nil {
		c.t.Fatal(err)
	}
	return c.With("Authorization", "Bearer test."+base64.RawURLEncoding.EncodeToString(raw))
}

// Verify is the api.Options.Verify for services under test: it accepts the tokens that As makes.
func Verify(_ context.Context, token string) (auth.Principal, error) {
	var p auth.Principal
	coded, ok := strings.CutPrefix(token, "test.")
	raw, err := base64.RawURLEncoding.DecodeString(coded)
	if !ok || err != nil || json.Unmarshal(raw, &p) != nil || p.Subject == "" {
		return p, problem.Unauthorized("invalid_token", "The access token is missing, expired or not valid here.")
	}
	if p.Scopes == "" {
		p.Scopes = scopes[p.Kind]
	}
	return p, nil
}

// scopes are those that a token of the issuer has, by the groups of whom it is for.
var scopes = map[auth.Kind]string{
	auth.Customer: "shop/customer", auth.Agent: "shop/customer shop/agent",
	auth.Merchant: "shop/customer shop/agent shop/merchant",
}

// The callers most tests need.
var (
	Ann      = auth.Principal{Kind: auth.Customer, Subject: "cust-ann", Email: "ann@example.com"}
	Bob      = auth.Principal{Kind: auth.Customer, Subject: "cust-bob", Email: "bob@example.com"}
	Agent    = auth.Principal{Kind: auth.Agent, Subject: "agent-1"}
	Merchant = auth.Principal{Kind: auth.Merchant, Subject: "merchant-1"}
)

// Response is an answer of the function.
type Response struct {
	t       testing.TB
	call    string
	Status  int
	Headers http.Header
	Body    string
}

// Do sends a request. body is sent as it is when it is a string or bytes, as JSON otherwise, and not at all when nil.
func (c *Client) Do(method, path string, body any) *Response {
	c.t.Helper()
	out, err := c.handler.Invoke(c.t.Context(), Event(c.t, method, path, c.headers, body))
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
	var answer events.APIGatewayV2HTTPResponse
	if err := json.Unmarshal(out, &answer); err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
	r := &Response{t: c.t, call: method + " " + path, Status: answer.StatusCode, Headers: http.Header{}, Body: answer.Body}
	for k, v := range answer.Headers {
		r.Headers.Set(k, v)
	}
	if answer.IsBase64Encoded {
		raw, err := base64.StdEncoding.DecodeString(answer.Body)
		if err != nil {
			c.t.Fatal(err)
		}
		r.Body = string(raw)
	}
	if r.Headers.Get("Retry-After") == "" &&
		(r.Status == http.StatusServiceUnavailable || r.Status == http.StatusTooManyRequests) {
		c.t.Errorf("%s: %d does not say when to try again\n%s", r.call, r.Status, r.Body)
	}
	if err := undescribed(method, path, r.Status, r.Headers.Get("Content-Type"), r.Body); err != nil {
		c.t.Errorf("%s: the answer is not as docs/openapi.json has it: %v\n%s", r.call, err, r.Body)
	}
	if strings.Contains(r.Headers.Get("Content-Type"), "json") && strings.Contains(r.Body, ":null") {
		c.t.Errorf("%s: the answer has a null: an empty list is [], a missing value is left out\n%s", r.call, r.Body)
	}
	return r
}

// Event builds the API Gateway event of a request.
func Event(t testing.TB, method, path string, headers map[string]string, body any) []byte {
	t.Helper()
	encoded, query, _ := strings.Cut(path, "?")
	raw, err := url.PathUnescape(encoded) // API Gateway decodes the path
	if err != nil {
		raw = encoded
	}
	event := events.APIGatewayV2HTTPRequest{
		Version: "2.0", RouteKey: "$default", RawPath: raw, RawQueryString: query,
		Headers: map[string]string{"host": "api.example.com", "content-type": "application/json"},
		RequestContext: events.APIGatewayV2HTTPRequestContext{
			RequestID: "req-test", Stage: "$default",
			HTTP: events.APIGatewayV2HTTPRequestContextHTTPDescription{Method: method, Path: raw, SourceIP: "203.0.113.7"},
		},
	}
	for k, v := range headers {
		event.Headers[k] = v
	}
	switch b := body.(type) {
	case nil:
	case string:
		event.Body = b
	case []byte:
		event.Body = string(b)
	default:
		coded, err := json.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		event.Body = string(coded)
	}
	out, err := json.Marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Want fails the test unless the status is the wanted one, and returns the response for more.
func (r *Response) Want(status int) *Response {
	r.t.Helper()
	if r.Status != status {
		r.t.Fatalf("%s: status %d, want %d\n%s", r.call, r.Status, status, r.Body)
	}
	return r
}

// WantProblem fails the test unless the answer is a problem with this status and code.
func (r *Response) WantProblem(status int, code string) problem.Problem {
	r.t.Helper()
	var p problem.Problem
	r.Want(status).Into(&p)
	if p.Code != code || r.Headers.Get("Content-Type") != "application/problem+json" {
		r.t.Fatalf("%s: %s problem %q, want %q\n%s", r.call, r.Headers.Get("Content-Type"), p.Code, code, r.Body)
	}
	return p
}

// WantField is WantProblem for 422 invalid_input that points at the field.
func (r *Response) WantField(pointer string) problem.Field {
	r.t.Helper()
	p := r.WantProblem(http.StatusUnprocessableEntity, "invalid_input")
	for _, f := range p.Fields {
		if f.Pointer == pointer {
			return f
		}
	}
	r.t.Fatalf("%s: no error points at %s\n%s", r.call, pointer, r.Body)
	return problem.Field{}
}

// Into decodes the body.
func (r *Response) Into(v any) *Response {
	r.t.Helper()
	if err := json.Unmarshal([]byte(r.Body), v); err != nil {
		r.t.Fatalf("%s: %v in %s", r.call, err, r.Body)
	}
	return r
}
