package api_test

import (
	"context"
	"testing"

	"dangol/infra/testkit/apitest"
	"dangol/shared/platform/api"
)

type namedIn struct {
	Name string `path:"name"`
}

type namedOut struct{ Body struct{ Name string } }

// TestPathsArriveDecodedFromAPIGateway gives the handler what the client wrote before it encoded the path.
func TestPathsArriveDecodedFromAPIGateway(t *testing.T) {
	t.Parallel()
	s := api.New("demo", api.Options{})
	api.Handle(s, api.Route{Method: "GET", Path: "/codes/{name}", ID: "code", Summary: "code", Tag: "demo",
		Access: api.Public},
		func(_ context.Context, in *namedIn) (*namedOut, error) {
			out := &namedOut{}
			out.Body.Name = in.Name
			return out, nil
		})
	guest := apitest.New(t, s.Lambda())
	for sent, want := range map[string]string{
		"WELCOME": "WELCOME", "50%25OFF": "50%OFF", "50%2525OFF": "50%25OFF", "A%20B": "A B", "A%3FB": "A?B", "A%23B": "A#B",
		"%25":                "%",
		"%EC%BF%A0%ED%8F%B0": "쿠폰", "A+B": "A+B", "%22x%22": `"x"`, "a%5Cb": `a\b`, "%7B%7D": "{}",
	} {
		var got struct{ Name string }
		guest.Do("GET", "/codes/"+sent, nil).Want(200).Into(&got)
		if got.Name != want {
			t.Errorf("%s arrived as %q, want %q", sent, got.Name, want)
		}
	}
}
