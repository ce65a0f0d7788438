package pages

import (
	"strings"
	"testing"

	"dangol/infra/testkit/apitest"
	"dangol/shared/platform/api"
)

func TestPagesAreServedWithAPolicyAndNothingElseIs(t *testing.T) {
	t.Parallel()
	guest := apitest.New(t, service(api.Options{}, Login{URL: "https://login.example.com", Client: "console"}).Lambda())
	for file, kind := range map[string]string{"index.html": "text/html", "agent.js": "text/javascript",
		"widget.js": "text/javascript", "page.css": "text/css"} {
		got := guest.Do("GET", "/console/chat/"+file, nil).Want(200)
		if !strings.HasPrefix(got.Headers.Get("Content-Type"), kind) ||
			!strings.Contains(got.Headers.Get("Content-Security-Policy"), "script-src 'self'") {
			t.Errorf("%s: %v", file, got.Headers)
		}
		guest.With("If-None-Match", got.Headers.Get("ETag")).Do("GET", "/console/chat/"+file, nil).Want(304)
	}
	for _, path := range []string{"/console/chat/nothing.js", "/console/chat/console.go", "/console/other/index.html",
		"/console/chat/chat%5Cindex.html"} {
		guest.Do("GET", path, nil).Want(404)
	}
	// The gateway hands paths over decoded; what leads out of a folder is answered with the path that it comes to, which
	// is no page either unless it is one by its own name.
	for path, leads := range map[string]string{
		"/console/chat%2F/index.html":        "/console/chat/index.html",
		"/console/chat/..%2Fconsole.go":      "/console/console.go",
		"/console/chat/..%2F..%2Fconsole.go": "/console.go",
	} {
		got := guest.Do("GET", path, nil).Want(307)
		if at := got.Headers.Get("Location"); at != leads {
			t.Errorf("%s leads to %s", path, at)
		}
	}
	guest.Do("GET", "/console/console.go", nil).Want(404)
}

func TestThePageThatPaysIsServedAlsoToWhoComesBackFromALogInOrABank(t *testing.T) {
	t.Parallel()
	guest := apitest.New(t, service(api.Options{}, Login{URL: "https://login.example.com", Client: "console"}).Lambda())
	plain := guest.Do("GET", "/console/pay/index.html", nil).Want(200)
	for _, query := range []string{"code=abc&state=xyz", "subscription=sub_1&payment=pay_1&state=succeeded",
		"payment_intent=pi_1&payment_intent_client_secret=s&redirect_status=succeeded&subscription=sub_1"} {
		if got := guest.Do("GET", "/console/pay/index.html?"+query, nil).Want(200); got.Body != plain.Body {
			t.Errorf("%s: another page", query)
		}
	}
	for _, file := range []string{"pay.js", "words.js", "page.css"} {
		guest.Do("GET", "/console/pay/"+file, nil).Want(200)
	}
}

func TestThePagesLearnWhereOperatorsLogIn(t *testing.T) {
	t.Parallel()
	login := Login{URL: "https://login.example.com", Client: "console"}
	var got Login
	apitest.New(t, service(api.Options{}, login).Lambda()).Do("GET", "/console/login", nil).Want(200).Into(&got)
	if got != login {
		t.Errorf("%+v", got)
	}
}

// The pages ask where to log in, so that none of them names a client or an address of its own.
func TestThePagesAreToldWhereToLogIn(t *testing.T) {
	t.Parallel()
	login := Login{URL: "https://login.example.com", Client: "console-client", Storefront: "storefront-client"}
	guest := apitest.New(t, service(api.Options{}, login).Lambda())
	var got map[string]any
	guest.Do("GET", "/console/login", nil).Want(200).Into(&got)
	if got["url"] != login.URL || got["client"] != login.Client || got["storefrontClient"] != login.Storefront {
		t.Errorf("%v", got)
	}
	for file, wants := range map[string][]string{
		"pay/pay.js":    {"/console/login", "storefrontClient", `code_challenge_method: "S256"`, "shop/customer"},
		"chat/login.js": {"/console/login", `code_challenge_method: "S256"`, "shop/agent"},
	} {
		page := guest.Do("GET", "/console/"+file, nil).Want(200).Body
		for _, want := range wants {
			if !strings.Contains(page, want) {
				t.Errorf("%s has no %s", file, want)
			}
		}
		if strings.Contains(page, "dangol-local") || strings.Contains(page, "amazoncognito") {
			t.Errorf("%s names a log-in of its own", file)
		}
	}
}
