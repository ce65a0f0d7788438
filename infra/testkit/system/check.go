package system

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"dangol/infra/local/runner"
	"dangol/infra/testkit/fault"
	"dangol/shared/platform/api"
	"dangol/shared/platform/function"
	"dangol/shared/platform/table"
)

// Function is a function as its own test declares it to Check.
type Function struct {
	Spec   function.Spec
	Routes Routes // every route of the Spec, by operation id
	// Journey uses the shop so that the function does what its routes alone do not make it do: events, jobs, schedules.
	Journey func(*Shop)
	Options []func(*runner.Options)
}

// Routes says for each operation id how the route is called correctly.
type Routes map[string]Request

// Request is how a route is called correctly.
type Request struct {
	Body string // JSON with {name} for a value of Things.Fill
	// Bodies are other right bodies, which have what Body leaves out; Check sends them without schemas only.
	Bodies []string
	Query  string            // after "?", with the same
	Header map[string]string // besides the caller's own
	Needs  func(*Shop) Things
	// Owned routes answer 404 to everybody but the owner, and to operators only where Operators is set.
	Owned, Operators bool
	// Harmless lists values that the route takes although their schema forbids them, when nothing checks the schema: by
	// JSON pointer and keyword, such as "/quantity minimum", with the reason why nothing wrong is stored.
	Harmless map[string]string
	// Guarded lists bounds, named in the same way, that another rule holds which the walk cannot reach, with the rule.
	Guarded map[string]string
	// Unrepeated says why a keyed route refuses its things, so that Check does not repeat it: a test of the function does.
	Unrepeated string
	// MayBeAbsent routes serve what only the build makes: 404 is correct too, for everybody.
	MayBeAbsent bool
}

// Things are what a route is about. They are made afresh after every call that may have changed them, so that no call
// changes the next.
type Things struct {
	Owner Purse             // who owns them; a new customer when empty
	Fill  map[string]string // values of the placeholders in path, query and body
}

// Check calls every route of the function as every kind of caller and expects the answer that its Access asks for. It
// sends each route requests that break what the OpenAPI document says of it; see hostile. Then it compares the table
// actions that the function made with the grants of its Spec: one that is made and not granted would fail on AWS, one
// that is granted and never made is too much.
func Check(t *testing.T, f Function) {
	t.Helper()
	r := &recorder{name: f.Spec.Name, seen: map[string]bool{}}
	faults := fault.New(fault.Plan{})
	s := Open(t, append(f.Options, Observing(r.observe), f.failing(faults))...)
	if f.Spec.API != nil {
		f.walk(t, s)
		f.hostile(t, s, r)
		f.outages(t, s, faults)
	}
	if f.Journey != nil {
		f.Journey(s)
	}
	r.compare(t, f.Spec.Tables)
	if f.Spec.API != nil {
		t.Run("without schemas", f.withoutSchemas)
		t.Run("repeated", f.replays)
	}
}

// verdict is what a caller is told, as far as permission goes.
type verdict string

const (
	allowed   verdict = "allowed"
	unknown   verdict = "401"
	forbidden verdict = "403"
	hidden    verdict = "404"
)

func (f Function) walk(t *testing.T, s *Shop) {
	t.Helper()
	_, variant := s.Product(1_000, nil)
	stranger := s.GuestWith(variant, 1)
	callers := map[string]func(Things) Caller{
		"guest":                              func(Things) Caller { return Guest },
		"guest with a token of another cart": func(Things) Caller { return stranger.Caller },
		"other customer":                     func(Things) Caller { return s.As("bob") },
		"owner":                              func(b Things) Caller { return b.Owner.Caller },
		"agent":                              func(Things) Caller { return s.Agent() },
		"merchant":                           func(Things) Caller { return s.Merchant() },
		"forged":                             func(Things) Caller { return forged(s.Merchant()) },
	}
	routes := f.Spec.API.(*api.Service).Routes()
	for _, route := range routes {
		q, ok := f.Routes[route.ID]
		if !ok {
			t.Errorf("%s %s (%s) is not called: add it to the Routes of this test", route.Method, route.Path, route.ID)
			continue
		}
		var b Things
		fresh := false
		for _, who := range refusedFirst(route, q, callers) {
			if !fresh {
				b, fresh = q.things(s), true
			}
			got := s.send(callers[who](b), route, q, b)
			// Only a call that is let through may change the things; a refusal that did would fail the test here.
			fresh = expected(route, q, who) != allowed
			if q.MayBeAbsent && got.Status == http.StatusNotFound {
				continue
			}
			judge(t, route, who, got, expected(route, q, who))
		}
	}
	for id := range f.Routes {
		if !slices.ContainsFunc(routes, func(r api.Route) bool { return r.ID == id }) {
			t.Errorf("%s is called and is not a route of %s", id, f.Spec.Name)
		}
	}
}

// refusedFirst orders the kinds of callers so that those who have to be refused come first: they leave the things as
// they were, which saves making them for each, most of what a walk takes.
func refusedFirst(route api.Route, q Request, callers map[string]func(Things) Caller) []string {
	names := slices.Sorted(maps.Keys(callers))
	slices.SortStableFunc(names, func(a, b string) int {
		mayA, mayB := expected(route, q, a) == allowed, expected(route, q, b) == allowed
		switch {
		case mayA == mayB:
			return 0
		case mayB:
			return -1
		}
		return 1
	})
	return names
}

func (q Request) things(s *Shop) Things {
	var b Things
	if q.Needs != nil {
		b = q.Needs(s)
	}
	if b.Owner.Headers == nil {
		b.Owner.Caller = s.As(Unique("carol")) // nothing is owned here: a customer like any other
	}
	return b
}

func judge(t *testing.T, route api.Route, who string, got Answer, want verdict) {
	t.Helper()
	is := verdictOf(got.Status)
	if is != want && !(want == hidden && is == unknown) {
		t.Errorf("%s %s as %s: %d %s, want %s", route.Method, route.Path, who, got.Status, strings.TrimSpace(got.Body), want)
	}
	if got.Status >= 500 {
		t.Errorf("%s %s as %s: %d %s", route.Method, route.Path, who, got.Status, got.Body)
	}
	if got.Status >= 400 && got.Header.Get("Content-Type") != "application/problem+json" && !fromGateway(got) {
		t.Errorf("%s %s as %s: a %d that is not problem+json: %s", route.Method, route.Path, who, got.Status, got.Body)
	}
}

// expected is the answer that a kind of caller has to get.
func expected(r api.Route, q Request, who string) verdict {
	switch r.Access {
	case api.Public:
		return allowed
	case api.Signed:
		return unknown
	case api.Shopper:
		return expectedOfShopper(q, who)
	}
	switch {
	case who == "forged" || who == "guest" || who == "guest with a token of another cart":
		return unknown
	case r.Access == api.Customer && q.Owned && who != "owner":
		return hidden
	case r.Access == api.Customer:
		return allowed
	case r.Access == api.Agent && (who == "agent" || who == "merchant"), r.Access == api.MerchantIs && who == "merchant":
		return allowed
	default:
		return forbidden
	}
}

func expectedOfShopper(q Request, who string) verdict {
	switch {
	case who == "forged":
		return unknown
	case !q.Owned || who == "owner":
		return allowed
	case q.Operators && (who == "agent" || who == "merchant"):
		return allowed
	default:
		return hidden
	}
}

func verdictOf(status int) verdict {
	switch status {
	case http.StatusUnauthorized:
		return unknown
	case http.StatusForbidden:
		return forbidden
	case http.StatusNotFound:
		return hidden
	default:
		return allowed
	}
}

// forged breaks the signature of a token.
func forged(c Caller) Caller {
	token := c.Headers["Authorization"]
	half := len(token) - 20
	return Caller{Name: "forged", Headers: map[string]string{"Authorization": token[:half] + strings.Repeat("A", 20)}}
}

// send fills in a route for somebody's things and sends it, with a new idempotency key where the route takes one.
func (s *Shop) send(c Caller, route api.Route, q Request, b Things) Answer {
	s.T.Helper()
	return s.sendKeyed(c, route, q, b, Unique("key-of-a-checked-route"))
}

// sendKeyed is send with a given key.
func (s *Shop) sendKeyed(c Caller, route api.Route, q Request, b Things, key string) Answer {
	s.T.Helper()
	pairs := []string{"{unique}", Unique("n"), "{n}", "1"}
	for name, value := range b.Fill {
		pairs = append(pairs, "{"+name+"}", value)
	}
	fill := strings.NewReplacer(pairs...)
	path := fill.Replace(route.Path)
	if strings.Contains(path, "{") {
		s.T.Fatalf("nothing fills %s", path)
	}
	if route.Keyed != api.Unkeyed {
		c = c.With("Idempotency-Key", key)
	}
	for name, value := range q.Header {
		c = c.With(name, value)
	}
	if q.Query != "" {
		path += "?" + fill.Replace(q.Query)
	}
	if q.Body == "" {
		return s.Try(c, route.Method, path, nil)
	}
	return s.Try(c, route.Method, path, fill.Replace(q.Body))
}

// recorder notes what one function does to every table, in the words of IAM.
type recorder struct {
	name   string
	writes atomic.Int64 // that took effect
	mu     sync.Mutex
	seen   map[string]bool
}

func (r *recorder) observe(function string, op table.Op) {
	if function == r.name && op.Write && !op.Refused && !op.Part {
		r.writes.Add(1)
	}
	// IAM asks for the permissions of a transaction's parts, which are told one by one.
	if function != r.name || op.Action == "TransactWriteItems" {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen[permission(op.Table, op.Action, op.Index)] = true
}

func permission(table, action, index string) string {
	if index != "" {
		return fmt.Sprintf("%s on %s/%s", action, table, index)
	}
	return fmt.Sprintf("%s on %s", action, table)
}

func (r *recorder) compare(t *testing.T, grants []function.Grant) {
	t.Helper()
	granted := map[string]bool{}
	for _, g := range grants {
		for _, action := range g.Actions {
			granted[permission(g.Table, action, "")] = true
		}
		for _, index := range g.Indexes {
			granted[permission(g.Table, "Query", index)] = true
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range slices.Sorted(maps.Keys(r.seen)) {
		if !granted[p] {
			t.Errorf("done and not granted: %s", p)
		}
	}
	for _, p := range slices.Sorted(maps.Keys(granted)) {
		if !r.seen[p] {
			t.Errorf("granted and never done: %s", p)
		}
	}
}
