package topology_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"dangol/infra/topology"
)

var pathVariable = regexp.MustCompile(`\{[^}]+\}`)

// moreSpecific reports whether API Gateway prefers a route to another that takes the same request: the longer one
// without the rest of a path, and of these the one with fewer variables.
func moreSpecific(a, b topology.GatewayRoute) bool {
	rest := func(r topology.GatewayRoute) bool { return strings.HasSuffix(r.Path, "+}") }
	if rest(a) != rest(b) {
		return !rest(a)
	}
	if rest(a) {
		return len(a.Path) > len(b.Path)
	}
	return strings.Count(a.Path, "{") < strings.Count(b.Path, "{")
}

// TestEveryRouteReachesItsFunctionWithItsGuard chooses among the deployed routes as API Gateway does.
func TestEveryRouteReachesItsFunctionWithItsGuard(t *testing.T) {
	t.Parallel()
	deployed := topology.Dangol.GatewayRoutes()
	for _, f := range topology.Dangol.Functions {
		if f.API == nil {
			continue
		}
		for _, r := range f.API.Routes() {
			request := pathVariable.ReplaceAllString(r.Path, "x1")
			var chosen *topology.GatewayRoute
			for _, d := range deployed {
				if d.Takes(r.Method, request) && (chosen == nil || moreSpecific(d, *chosen)) {
					chosen = &d
				}
			}
			if chosen == nil {
				t.Errorf("%s %s is not deployed", r.Method, r.Path)
				continue
			}
			if chosen.Function != f.Name || chosen.Access != r.Access {
				t.Errorf("%s %s of %s for %s reaches %s for %s by %s", r.Method, r.Path, f.Name, r.Access, chosen.Function,
					chosen.Access, chosen.Key())
			}
		}
	}
}

// The quota is that of a new account, and it cannot be raised for an API that does not exist yet.
func TestTheRoutesFitIntoOneAPI(t *testing.T) {
	t.Parallel()
	deployed := topology.Dangol.GatewayRoutes()
	own := 0
	for _, f := range topology.Dangol.Functions {
		if f.API != nil {
			own += len(f.API.Routes())
		}
	}
	t.Logf("%d routes of functions are %d of API Gateway", own, len(deployed))
	if len(deployed) > topology.MaxRoutes {
		t.Errorf("%d routes, API Gateway takes %d", len(deployed), topology.MaxRoutes)
	}
	if !slices.IsSortedFunc(deployed, func(a, b topology.GatewayRoute) int { return strings.Compare(a.Key(), b.Key()) }) {
		t.Error("the routes have no fixed order: each synthesis would be another template")
	}
	for i := 1; i < len(deployed); i++ {
		if deployed[i].Key() == deployed[i-1].Key() {
			t.Errorf("%s is there twice", deployed[i].Key())
		}
	}
}

// Shoppers and guests keep their own routes: for them an unknown path is 404 and never a question for a token.
func TestOnlyRoutesOfOperatorsAreJoined(t *testing.T) {
	t.Parallel()
	joined := 0
	for _, r := range topology.Dangol.GatewayRoutes() {
		if !strings.HasSuffix(r.Path, "/{proxy+}") {
			continue
		}
		joined++
		if a := string(r.Access); a != "merchant" && a != "agent" {
			t.Errorf("%s is joined for %s", r.Key(), a)
		}
	}
	if joined == 0 {
		t.Error("no route is joined")
	}
}

func TestARouteTakesWhatAPIGatewayGivesIt(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		path, request string
		want          bool
	}{
		{"/carts/{cartId}", "/carts/c1", true},
		{"/carts/{cartId}", "/carts/", false},
		{"/carts/{cartId}", "/carts/c1/lines", false},
		{"/carts", "/carts", true},
		{"/admin/orders/{proxy+}", "/admin/orders/o1", true},
		{"/admin/orders/{proxy+}", "/admin/orders/o1/refund", true},
		{"/admin/orders/{proxy+}", "/admin/orders", false},
		{"/admin/orders/{proxy+}", "/admin/returns/r1", false},
	} {
		r := topology.GatewayRoute{Method: "GET", Path: c.path}
		if got := r.Takes("GET", c.request); got != c.want {
			t.Errorf("%s takes %s: %v", c.path, c.request, got)
		}
		if r.Takes("POST", c.request) {
			t.Errorf("GET %s takes POST", c.path)
		}
	}
}
