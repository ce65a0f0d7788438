package api_test

import (
	"context"
	"testing"

	"dangol/infra/testkit/apitest"
	"dangol/shared/platform/api"
)

type keptOut struct {
	Cache string `header:"Cache-Control"`
	Vary  string `header:"Vary"`
	Body  figures
}

// Two storefronts at different origins, or one and the API's own pages, read the same address: without it a browser's
// cache gives one the answer to the other, with an origin that is not its own.
func TestAnAnswerThatCachesMayKeepDependsOnTheOriginOfThePage(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ cache, vary, want string }{
		"kept by language": {"public, max-age=5", "Accept-Language", "Accept-Language, Origin"},
		"kept":             {"public, max-age=60", "", "Origin"},
		"kept by nobody":   {"no-store", "", ""},
		"by default":       {"", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := api.New("tests", api.Options{})
			api.Handle(s, api.Route{Method: "GET", Path: "/kept", ID: "kept", Summary: "kept", Tag: "Tests", Access: api.Public},
				func(context.Context, *struct{}) (*keptOut, error) { return &keptOut{Cache: c.cache, Vary: c.vary}, nil })
			r := apitest.New(t, s.Lambda()).Do("GET", "/kept", nil).Want(200)
			if got := r.Headers.Get("Vary"); got != c.want {
				t.Errorf("Vary is %q, want %q", got, c.want)
			}
		})
	}
}
