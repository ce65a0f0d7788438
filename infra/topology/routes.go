package topology

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"dangol/shared/platform/api"
)

// MaxRoutes is how many routes an HTTP API of API Gateway takes (Developer Guide, Quotas for HTTP APIs). More are only
// given to an API that exists already, so that a first deployment could not ask for them.
const MaxRoutes = 300

// GatewayRoute is a route of API Gateway: one of a function's routes, or several below one path.
type GatewayRoute struct {
	Method, Path string
	Function     string
	Access       api.Access
}

// greedy is the path variable of API Gateway that takes the rest of a path, of at least one segment.
const greedy = "/{proxy+}"

// GatewayRoutes are the routes that API Gateway gets. Routes of operators are joined where one function has several
// with one method, below one path and for the same callers: the function finds the operation, and checks the caller,
// by the whole path anyway. API Gateway prefers the more specific route, so a joined route takes none away from another
// function or other callers. Routes of shoppers and guests stay as they are.
func (s System) GatewayRoutes() []GatewayRoute {
	var routes []GatewayRoute
	below := map[GatewayRoute]int{} // how many routes a joined route would stand for
	for _, f := range s.Functions {
		if f.API == nil {
			continue
		}
		for _, r := range f.API.Routes() {
			own := GatewayRoute{Method: r.Method, Path: r.Path, Function: f.Name, Access: r.Access}
			routes = append(routes, own)
			if joined, ok := own.joined(); ok {
				below[joined]++
			}
		}
	}
	// Where several functions or callers would join to one route, it is for those with most; the others keep their own.
	chosen := map[string]GatewayRoute{}
	for _, joined := range slices.SortedFunc(maps.Keys(below), compareRoutes) {
		if other, taken := chosen[joined.Key()]; below[joined] > 1 && (!taken || below[joined] > below[other]) {
			chosen[joined.Key()] = joined
		}
	}
	for i, own := range routes {
		if joined, ok := own.joined(); ok && chosen[joined.Key()] == joined {
			routes[i] = joined
		}
	}
	slices.SortFunc(routes, compareRoutes)
	return slices.Compact(routes)
}

func compareRoutes(a, b GatewayRoute) int {
	return cmp.Or(strings.Compare(a.Key(), b.Key()), strings.Compare(a.Function, b.Function),
		strings.Compare(string(a.Access), string(b.Access)))
}

// Key is the route as API Gateway writes it, "POST /promotions/{proxy+}".
func (r GatewayRoute) Key() string { return r.Method + " " + r.Path }

// joined is the route for all below the first part of the path: its first two segments, or those before the first
// variable. It is false for a route that stays as it is.
func (r GatewayRoute) joined() (GatewayRoute, bool) {
	if r.Access != api.MerchantIs && r.Access != api.Agent {
		return GatewayRoute{}, false
	}
	segments := strings.Split(strings.TrimPrefix(r.Path, "/"), "/")
	n := 0
	for n < min(2, len(segments)) && !strings.HasPrefix(segments[n], "{") {
		n++
	}
	if n == 0 || n == len(segments) {
		return GatewayRoute{}, false
	}
	r.Path = "/" + strings.Join(segments[:n], "/") + greedy
	return r, true
}

// Takes reports whether the route is for a request, whose path has no variables.
func (r GatewayRoute) Takes(method, path string) bool {
	if r.Method != method {
		return false
	}
	want := strings.Split(r.Path, "/")
	got := strings.Split(path, "/")
	if before, ok := strings.CutSuffix(r.Path, greedy); ok {
		want = strings.Split(before, "/")
		if len(got) <= len(want) {
			return false
		}
		got = got[:len(want)]
	}
	return slices.EqualFunc(want, got, func(w, g string) bool { return w == g || strings.HasPrefix(w, "{") && g != "" })
}
