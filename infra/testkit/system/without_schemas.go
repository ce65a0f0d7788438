package system

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

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
	service := f.Spec.API.(*api.Service)
	raw, err := json.Marshal(service.OpenAPI())
	if err != nil {
		t.Fatal(err)
	}
	document := bounds.Parse(t, raw)
	for _, route := range service.Routes() {
		q, ok := f.Routes[route.ID]
		if !ok || route.Access == api.Signed || !document.TakesJSON(t, route.ID) {
			continue
		}
		if q.Body == "" {
			q.Body = "{}" // a body that may be left out: the bounds of its fields hold all the same
		}
		count += (&unguarded{T: t, Shop: s, recorder: r, document: document, route: route, request: q}).play()
	}
	t.Logf("%d values outside of a bound", count)
}

// unguarded is a route whose schema is not checked.
type unguarded struct {
	*testing.T
	*Shop
	recorder *recorder
	document bounds.Document
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

// play sends all cases of the route's right bodies and returns how many.
func (u *unguarded) play() (count int) {
	open := map[string]string{} // what is wrong with a case, until a body has proved it
	faults := map[string]bool{} // cases that no other body can prove
	stores := false
	// The body that the other walks use comes last: what it leaves out may be proved by then.
	for n, right := range append(slices.Clone(u.request.Bodies), u.request.Body) {
		u.renew()
		verdicts := map[string]verdictWithoutSchema{}
		cases := bounds.Cases(u, u.document, u.route.ID, u.things.fill(right))
		for i := range cases {
			c := cases[i]
			about := fmt.Sprintf("%s %s (%s) = %.30s", u.route.ID, c.Pointer, c.Rule, c.Kind)
			before, seen := open[about]
			if c.Added && (n < len(u.request.Bodies) || seen && before == "") {
				continue
			}
			count++
			verdicts[about] = u.try(c, about)
			if u.changed {
				u.renew()
				cases = bounds.Cases(u, u.document, u.route.ID, u.things.fill(right)) // with the names of the new things
			}
		}
		// Whatever was refused was refused for its value: the same request with the right one goes through. Where the state
		// of the thing does not allow it, each refusal has to name the field.
		writes := u.recorder.writes.Load()
		got := u.send(u.things.fill(right))
		stores = stores || u.recorder.writes.Load() != writes || got.Status >= 300
		if got.Status >= 300 && got.Status != http.StatusConflict {
			u.Errorf("%s: the right body is refused: %d %s\n%s", u.route.ID, got.Status, got.Body, u.things.fill(right))
		}
		for about, v := range verdicts {
			if v.guarded {
				v.why = ""
			} else if got.Status >= 300 && !v.named && v.why == "" {
				v.why = fmt.Sprintf("the right body is refused too: %d %s", got.Status, got.Body)
			}
			if before, seen := open[about]; !faults[about] && (!seen || before != "" && v.why == "" || v.fault) {
				open[about], faults[about] = v.why, v.fault
			}
		}
	}
	for _, about := range slices.Sorted(maps.Keys(open)) {
		// A route that stores nothing may refuse what it likes for whatever reason; only a fault of ours is one.
		if open[about] != "" && (stores || strings.HasPrefix(open[about], "5")) {
			u.Errorf("%s: %s", about, open[about])
		}
	}
	for bound := range u.request.Harmless {
		if !slices.Contains(u.harmless, bound) {
			u.Errorf("%s: %s is listed as harmless and refused, or stored nowhere", u.route.ID, bound)
		}
	}
	u.RunUntilIdle()
	return count
}

// verdictWithoutSchema is what a case has shown.
type verdictWithoutSchema struct {
	why   string // what is wrong; empty when the domain guards the value, or nothing is stored
	named bool   // the refusal names the field, or nothing was refused
	fault bool   // no other body can make it right
	// guarded says that a rule is named that the walk cannot reach.
	guarded bool
}

func (u *unguarded) send(body string) Answer {
	got := u.strike(u.caller(u.route, u.things), u.route, u.request, u.things, attack{body: body})
	if got.Status == http.StatusTooManyRequests {
		wait, err := strconv.Atoi(got.Header.Get("Retry-After"))
		if err != nil {
			wait = 3660 // a limit by the hour
		}
		u.AdvanceBy(time.Duration(wait) * time.Second)
		got = u.strike(u.caller(u.route, u.things), u.route, u.request, u.things, attack{body: body})
	}
	return got
}

// try sends one case and says what it has shown.
func (u *unguarded) try(c bounds.Case, about string) verdictWithoutSchema {
	writes := u.recorder.writes.Load()
	got := u.send(c.Body)
	if got.Status == http.StatusConflict && !c.Added {
		u.renew() // refused for what came before, perhaps
		writes = u.recorder.writes.Load()
		got = u.send(c.Body)
	}
	keyword, _, _ := strings.Cut(c.Rule, " ")
	bound := c.Pointer + " " + keyword
	_, harmless := u.request.Harmless[bound]
	u.changed = got.Status < 400 || got.Status >= 500
	switch {
	case got.Status >= 500:
		return verdictWithoutSchema{why: fmt.Sprintf("%d %s", got.Status, got.Body), fault: true}
	case got.Status < 400 && u.recorder.writes.Load() == writes:
		return verdictWithoutSchema{named: true} // nothing is stored, so nothing wrong is
	case got.Status < 400 && harmless:
		u.harmless = append(u.harmless, bound)
		return verdictWithoutSchema{named: true}
	case got.Status < 400:
		// What the right body leaves out may have no meaning for it, and is stored nowhere: another body has to prove it.
		return verdictWithoutSchema{why: fmt.Sprintf("taken with %d, %.300s", got.Status, got.Body), fault: !c.Added}
	}
	named := names(got, c)
	if _, guarded := u.request.Guarded[bound]; guarded {
		return verdictWithoutSchema{guarded: true}
	}
	if c.Added && !named {
		return verdictWithoutSchema{why: fmt.Sprintf("refused for another reason: %d %s\n%s", got.Status, got.Body, c.Body)}
	}
	return verdictWithoutSchema{named: named}
}

// names reports whether a refusal names the field of the case, or one in it, or one around it that the right body has:
// what was made around it from the schema may be refused for reasons of its own. A time that is none cannot be read,
// and names no field.
func names(a Answer, c bounds.Case) bool {
	var p problem.Problem
	if json.Unmarshal([]byte(a.Body), &p) != nil {
		return false
	}
	return slices.ContainsFunc(p.Fields, func(f problem.Field) bool {
		in := f.Pointer == c.Pointer || strings.HasPrefix(f.Pointer, c.Pointer+"/")
		around := f.Pointer != "" && (f.Pointer == c.Known || strings.HasPrefix(c.Known, f.Pointer+"/"))
		return in || around || strings.HasPrefix(f.Message, "parsing time ")
	})
}
