package system

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"dangol/infra/local/runner"
	"dangol/infra/testkit/bounds"
	"dangol/shared/platform/api"
	"dangol/shared/platform/problem"
)

// withoutSchemas sends each route with a JSON body, in a shop that does not hold bodies against their schemas, a value
// just outside of each bound of the schema, and expects the domain to refuse it: a schema is never the only guard of
// what is stored. Requests that write nothing may take what they like.
func (f Function) withoutSchemas(t *testing.T) {
	r := &recorder{name: f.Spec.Name, seen: map[string]bool{}}
	s := Open(t, append(f.Options, Observing(r.observe), func(o *runner.Options) { o.SkipSchemas = true })...)
	count := 0
	for _, route := range f.Spec.API.(*api.Service).Routes() {
		if q, ok := f.Routes[route.ID]; ok && route.Access != api.Signed && strings.HasPrefix(q.Body, "{") {
			count += (&unguarded{T: t, Shop: s, recorder: r, route: route, request: q}).play()
		}
	}
	t.Logf("%d values outside of a bound", count)
}

// unguarded is a route whose schema is not checked.
type unguarded struct {
	*testing.T
	*Shop
	recorder *recorder
	route    api.Route
	request  Request
	things   Things
	changed  bool // by an answer that was no refusal: the things are made anew before the next request
	harmless []string
}

// renew makes the things of the route.
func (u *unguarded) renew() {
	u.things = u.request.things(u.Shop)
	u.RunUntilIdle()
	u.changed = false
}

// play sends all cases of the route and returns how many.
func (u *unguarded) play() int {
	u.renew()
	cases := bounds.Cases(u, u.route.ID, u.things.fill(u.request.Body))
	for i := range cases {
		// The things may be other ones by now, and with them the names in the body.
		c := bounds.Cases(u, u.route.ID, u.things.fill(u.request.Body))[i]
		u.try(c)
		if u.changed {
			u.renew()
		}
	}
	// Whatever was refused was refused for its value: the same request with the right one goes through.
	if got := u.send(u.things.fill(u.request.Body)); got.Status >= 300 {
		u.Errorf("%s: the right body is refused: %d %s", u.route.ID, got.Status, got.Body)
	}
	for pointer := range u.request.Harmless {
		if !slices.Contains(u.harmless, pointer) {
			u.Errorf("%s: %s is listed as harmless and refused, or stored nowhere", u.route.ID, pointer)
		}
	}
	u.RunUntilIdle()
	return len(cases)
}

func (u *unguarded) send(body string) Answer {
	who := u.caller(u.route, u.things)
	return u.strike(who, u.route, u.request, u.things, attack{body: body})
}

// try sends one case and judges the answer.
func (u *unguarded) try(c bounds.Case) {
	writes := u.recorder.writes.Load()
	got := u.send(c.Body)
	if got.Status == http.StatusTooManyRequests || got.Status == http.StatusConflict {
		u.renew() // refused for what came before, perhaps
		writes = u.recorder.writes.Load()
		got = u.send(c.Body)
	}
	about := fmt.Sprintf("%s %s (%s) = %s", u.route.ID, c.Pointer, c.Rule, c.Value)
	wrote := u.recorder.writes.Load() != writes
	switch _, harmless := u.request.Harmless[c.Pointer]; {
	case got.Status >= 500:
		u.Errorf("%s: %d %s", about, got.Status, got.Body)
		u.changed = true
	case got.Status < 400 && !wrote:
		u.changed = true
	case got.Status < 400 && harmless:
		u.harmless = append(u.harmless, c.Pointer)
		u.changed = true
	case got.Status < 400:
		u.Errorf("%s: taken with %d, %.300s", about, got.Status, got.Body)
		u.changed = true
	case wrote:
		u.Errorf("%s: refused with %d after a write", about, got.Status)
	case c.Added && !names(got, c.Pointer):
		u.Errorf("%s: refused for another reason, so that this proves nothing: %d %s\n%s", about, got.Status, got.Body, c.Body)
	}
}

// names reports whether a refusal names the field at the pointer, or one around it or in it.
func names(a Answer, pointer string) bool {
	var p problem.Problem
	if json.Unmarshal([]byte(a.Body), &p) != nil {
		return false
	}
	return slices.ContainsFunc(p.Fields, func(f problem.Field) bool {
		at := f.Pointer + "/"
		return f.Pointer != "" && (strings.HasPrefix(pointer+"/", at) || strings.HasPrefix(at, pointer+"/"))
	})
}
