package system

import (
	"flag"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"dangol/shared/platform/api"
)

// How many hostile requests each route gets, and which: a test plays a few, the same each time; `make fuzz` plays many.
var (
	hostileRequests = flag.Int("hostile", 8, "hostile requests for each route")
	hostileSeed     = flag.Uint64("hostile-seed", 1, "which hostile requests")
)

// mostFresh is how often the things of a route are made anew: a route that has changed them may refuse the next request
// for that, and no longer for what is wrong with it; but an order costs more than fifty refused requests.
const mostFresh = 2

// slowest is how long any answer may take: more is a hang.
const slowest = 20 * time.Second

// hostile sends each route requests that break what the OpenAPI document says of it, and expects of every answer that
// it comes in time, is no 5xx, is problem+json when it refuses, and refuses what the document forbids; and that a
// refused request has written nothing.
func (f Function) hostile(t *testing.T, s *Shop, r *recorder) {
	t.Helper()
	accepted, refused := 0, 0
	defer func() { t.Logf("hostile requests: %d refused, %d accepted", refused, accepted) }()
	service := f.Spec.API.(*api.Service)
	document := service.OpenAPI()
	for _, route := range service.Routes() {
		q, ok := f.Routes[route.ID]
		if !ok || route.Access == api.Signed {
			continue
		}
		sum := fnv.New64a()
		sum.Write([]byte(route.ID))
		dice := rand.New(rand.NewPCG(*hostileSeed, sum.Sum64()))
		target := aim(document, route)
		b := q.things(s)
		who := s.caller(route, b)
		fresh, unsettled := mostFresh, true
		for range *hostileRequests {
			if unsettled { // what is left to be done is done before the next request's writes are counted
				s.RunUntilIdle()
				unsettled = false
			}
			a := target.attack(dice, b.fill(q.Body))
			writes := r.writes.Load()
			about := fmt.Sprintf("%s (%s)", route.ID, a.name)
			hang := time.AfterFunc(slowest, func() { t.Errorf("%s: no answer for %s", about, slowest) })
			got := s.strike(who, route, q, b, a)
			hang.Stop()
			inspect(t, about, a, got)
			if got.Status >= 400 {
				refused++
			}
			switch {
			case got.Status < 300:
				accepted++
				unsettled = true
				if fresh--; fresh >= 0 {
					b = q.things(s)
					who = s.caller(route, b)
				}
			case strings.Contains(got.Body, `"invalid_input"`) && r.writes.Load() != writes:
				t.Errorf("%s: refused as %d and wrote %d items\n%s", about, got.Status, r.writes.Load()-writes, a.body)
			}
		}
	}
}

// inspect judges the answer to an attack.
func inspect(t *testing.T, about string, a attack, got Answer) {
	t.Helper()
	if got.Status >= 500 {
		t.Errorf("%s: %d %s\nsent %.500s", about, got.Status, got.Body, a.body)
	}
	if a.forbidden && got.Status < 400 {
		t.Errorf("%s: accepted with %d\nsent %.500s\ngot %.500s", about, got.Status, a.body, got.Body)
	}
	kind := got.Header.Get("Content-Type")
	if got.Status >= 400 && kind != "application/problem+json" && !fromGateway(got) {
		t.Errorf("%s: a %d that is not problem+json: %s", about, got.Status, got.Body)
	}
}

// fromGateway reports whether API Gateway answered itself, before the function: it has bodies of its own.
func fromGateway(a Answer) bool {
	return a.Header.Get("Content-Type") == "application/json" && strings.HasPrefix(a.Body, `{"message":`)
}

// caller is who may call the route.
func (s *Shop) caller(route api.Route, b Things) Caller {
	switch route.Access {
	case api.MerchantIs:
		return s.Merchant()
	case api.Agent:
		return s.Agent()
	default:
		return s.renewed(b.Owner.Caller)
	}
}

// renewed is a caller with a fresh token, as making the things may have moved the clock.
func (s *Shop) renewed(c Caller) Caller {
	if c.Headers["Authorization"] == "" {
		return c
	}
	return c.With("Authorization", s.As(c.Name).Headers["Authorization"])
}

// fill puts the values of the things into a text.
func (b Things) fill(text string) string {
	pairs := []string{"{unique}", Unique("n"), "{n}", "1"}
	for name, value := range b.Fill {
		pairs = append(pairs, "{"+name+"}", value)
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// strike sends an attack.
func (s *Shop) strike(c Caller, route api.Route, q Request, b Things, a attack) Answer {
	s.T.Helper()
	path := b.fill(route.Path)
	if a.path != nil {
		path = a.path(route.Path)
		path = b.fill(path)
	}
	if route.Keyed == api.KeyRequired {
		c = c.With("Idempotency-Key", Unique("key-of-a-hostile-request"))
	}
	for name, value := range q.Header {
		c = c.With(name, value)
	}
	for name, value := range a.header {
		c = c.With(name, value)
	}
	query := strings.Trim(b.fill(q.Query)+"&"+a.query, "&")
	if query != "" {
		path += "?" + query
	}
	if a.body == "" {
		return s.Try(c, route.Method, path, nil)
	}
	return s.Try(c, route.Method, path, a.body)
}
