package api_test

import (
	"context"
	"testing"

	"dangol/infra/testkit/apitest"
	"dangol/shared/platform/api"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/problem"
)

// TestEveryRefusalHasAMessageInTheLanguageOfTheRequest looks at each place that writes a problem: Huma's validation,
// the handler, the checks before it, the mux, and the answer to a panic.
func TestEveryRefusalHasAMessageInTheLanguageOfTheRequest(t *testing.T) {
	t.Parallel()
	s := api.New("demo", api.Options{
		Clock: clock.Stopped(noon), Verify: apitest.Verify,
		Message: func(code, accept string) string { return accept + " " + code },
	})
	type input struct {
		ID   string `path:"id"`
		Body struct {
			Name string `json:"name,omitempty"`
		}
	}
	add := func(path string, access api.Access, handle func(context.Context, *input) (*echoOut, error)) {
		api.Handle(s, api.Route{Method: "POST", Path: path + "/{id}", ID: path[1:], Summary: "x", Tag: "demo",
			Access: access},
			handle)
	}
	add("/refuse", api.Public, func(context.Context, *input) (*echoOut, error) {
		return nil, problem.Conflict("total_changed", "x")
	})
	add("/panic", api.Public, func(context.Context, *input) (*echoOut, error) { panic("x") })
	add("/mine", api.Customer, func(context.Context, *input) (*echoOut, error) { return nil, nil })
	guest := apitest.New(t, s.Lambda())
	for _, c := range []struct{ path, body, code string }{
		{"/refuse/a", `{"name":"x"}`, "total_changed"}, {"/refuse/a", `{"nonsense":1}`, "invalid_input"},
		{"/panic/a", `{"name":"x"}`, "internal"}, {"/mine/a", `{}`, "token_required"},
		{"/nowhere", `{}`, "no_such_route"}, {"/refuse/a", `{`, "bad_request"},
	} {
		var p problem.Problem
		guest.With("Accept-Language", "ko-KR").Do("POST", c.path, c.body).Into(&p)
		if p.Code != c.code || p.Message != "ko-KR "+c.code {
			t.Errorf("POST %s %s: %s, message %q", c.path, c.body, p.Code, p.Message)
		}
	}
}
