package api_test

import (
	"slices"
	"testing"

	"dangol/infra/testkit/apitest"
	"dangol/shared/platform/api"
	"dangol/shared/platform/auth"
)

func TestEveryAccessAndEveryKindOfCaller(t *testing.T) {
	t.Parallel()
	guest, _ := client(t)
	callers := map[string]*apitest.Client{
		"guest": guest, "customer": guest.As(apitest.Ann), "agent": guest.As(apitest.Agent),
		"merchant":  guest.As(apitest.Merchant),
		"bad token": guest.With("Authorization", "Bearer nonsense"), "no bearer": guest.With("Authorization", "Basic YTpi"),
		"lower case scheme": guest.With("Authorization", "bearer nonsense"),
	}
	for _, c := range []struct {
		access api.Access
		allow  map[string]string // caller -> what the handler sees; the others are refused
		other  int
	}{
		{api.Public, map[string]string{"guest": "guest", "customer": "guest", "agent": "guest", "merchant": "guest",
			"bad token": "guest", "no bearer": "guest", "lower case scheme": "guest"}, 0},
		{api.Signed, map[string]string{"guest": "guest", "customer": "guest", "agent": "guest", "merchant": "guest",
			"bad token": "guest", "no bearer": "guest", "lower case scheme": "guest"}, 0},
		{api.Shopper, map[string]string{"guest": "guest", "customer": "customer", "agent": "agent", "merchant": "merchant"},
			401},
		{api.Customer, map[string]string{"customer": "customer", "agent": "agent", "merchant": "merchant"}, 401},
		{api.Agent, map[string]string{"agent": "agent", "merchant": "merchant"}, 401},
		{api.MerchantIs, map[string]string{"merchant": "merchant"}, 401},
	} {
		for name, caller := range callers {
			r := caller.Do("GET", "/"+string(c.access), nil)
			kind, allowed := c.allow[name]
			switch {
			case allowed:
				var seen struct{ Kind string }
				if r.Want(200).Into(&seen); seen.Kind != kind {
					t.Errorf("%s as %s is seen as %s", c.access, name, seen.Kind)
				}
			case slices.Contains([]string{"customer", "agent"}, name):
				r.WantProblem(403, "not_allowed")
			case name == "guest":
				r.WantProblem(401, "token_required")
			default:
				r.WantProblem(c.other, "invalid_token")
			}
		}
	}
}

func TestServiceWithoutAVerifierAcceptsNoToken(t *testing.T) {
	t.Parallel()
	s := api.New("bare", api.Options{})
	api.Handle(s, api.Route{Method: "GET", Path: "/me", ID: "me", Tag: "x", Access: api.Customer}, who)
	apitest.New(t, s.Lambda()).As(apitest.Merchant).Do("GET", "/me", nil).WantProblem(401, "invalid_token")
}

func TestAuthorizerAndScopeFollowTheAccess(t *testing.T) {
	t.Parallel()
	for access, want := range map[api.Access]struct {
		authorized bool
		scope      string
	}{
		api.Public: {false, ""}, api.Signed: {false, ""}, api.Shopper: {false, ""},
		api.Customer: {true, "shop/customer"}, api.Agent: {true, "shop/agent"}, api.MerchantIs: {true, "shop/merchant"},
	} {
		if access.Authorized() != want.authorized || access.Scope() != want.scope {
			t.Errorf("%s: %t %q", access, access.Authorized(), access.Scope())
		}
	}
}

func TestOpenAPISaysWhoMayCallAndWhatGoesWrong(t *testing.T) {
	t.Parallel()
	s := service(nil)
	if s.Name() != "demo" || len(s.Routes()) != 14 || s.Routes()[0].MaxBody != api.DefaultMaxBody {
		t.Errorf("%s has %d routes", s.Name(), len(s.Routes()))
	}
	doc := s.OpenAPI()
	for _, r := range s.Routes() {
		item := doc.Paths[r.Path]
		op := item.Get
		if r.Method == "POST" {
			op = item.Post
		}
		if op == nil || op.OperationID != r.ID || op.Extensions["x-access"] != string(r.Access) {
			t.Fatalf("%s %s: %+v", r.Method, r.Path, op)
		}
		if _, forbidden := op.Responses["403"]; forbidden != (r.Access == api.Agent || r.Access == api.MerchantIs) {
			t.Errorf("%s: 403 documented %t", r.ID, forbidden)
		}
		keyed := slices.ContainsFunc(op.Parameters, func(p *paramType) bool { return p.Name == "Idempotency-Key" })
		if keyed != (r.Keyed != api.Unkeyed) {
			t.Errorf("%s: key documented %t", r.ID, keyed)
		}
		if r.Access.Authorized() && (len(op.Security) != 1 || op.Security[0]["bearer"][0] != r.Access.Scope()) {
			t.Errorf("%s: security %v", r.ID, op.Security)
		}
	}
	if _, ok := doc.Paths["/echo/{id}"].Post.Responses["409"]; !ok {
		t.Error("a route's own error is not documented")
	}
}

func TestKnownCallerIsTheOneOfTheToken(t *testing.T) {
	t.Parallel()
	guest, _ := client(t)
	var seen struct{ Subject string }
	guest.As(auth.Principal{Kind: auth.Customer, Subject: "김하늘"}).Do("GET", "/customer", nil).Want(200).Into(&seen)
	if seen.Subject != "김하늘" {
		t.Errorf("seen as %q", seen.Subject)
	}
}

func TestScopesAreCheckedInTheFunctionToo(t *testing.T) {
	t.Parallel()
	guest, _ := client(t)
	for _, c := range []struct {
		name, path, scopes string
		kind               auth.Kind
		status             int
	}{
		{"a customer with the scope", "/customer", "openid shop/customer", auth.Customer, 200},
		{"a customer without it", "/customer", "openid email", auth.Customer, 403},
		{"an agent with the customers' scope only", "/agent", "shop/customer", auth.Agent, 403},
		{"an agent with the agents' scope", "/agent", "shop/agent", auth.Agent, 200},
		{"a merchant's scope is enough for agents", "/agent", "shop/merchant", auth.Merchant, 200},
		{"a merchant with the agents' scope only", "/merchant", "shop/agent", auth.Merchant, 403},
		{"a scope that only begins like it", "/merchant", "shop/merchants", auth.Merchant, 403},
		{"no scope is needed where guests may call", "/shopper", "openid", auth.Customer, 200},
	} {
		r := guest.As(auth.Principal{Kind: c.kind, Subject: "x", Scopes: c.scopes}).Do("GET", c.path, nil)
		if r.Status != c.status {
			t.Errorf("%s: %d %s", c.name, r.Status, r.Body)
		}
		if c.status == 403 {
			r.WantProblem(403, "insufficient_scope")
		}
	}
}
