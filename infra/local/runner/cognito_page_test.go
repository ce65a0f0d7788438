//go:build chromium

package runner_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"sync"
	"testing"

	"dangol/console"
)

// cognito answers as the domain of a Cognito user pool does (Amazon Cognito Developer Guide, "authorize endpoint",
// "token issuer endpoint", "token revocation endpoint", "logout endpoint"): a renewal brings no new refresh token, a
// refusal is 400 with the code of RFC 6749, addresses that are not registered are refused. Nobody types a password.
type cognito struct {
	*httptest.Server
	t       *testing.T
	address string // the registered one of the client, for log-in and log-out

	mu        sync.Mutex
	challenge string
	verified  bool
	revoked   bool
	renewals  int
	loggedOut int
	expires   int // seconds that an access token lives
}

const (
	poolClient = "1h57kf5cpq17m0eml12EXAMPLE"
	poolScope  = "openid email shop/agent"
)

func openCognito(t *testing.T) *cognito {
	c := &cognito{t: t, expires: 2}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /oauth2/authorize", c.authorize)
	mux.HandleFunc("POST /oauth2/token", c.token)
	mux.HandleFunc("POST /oauth2/revoke", c.revoke)
	mux.HandleFunc("GET /logout", c.logOut)
	c.Server = httptest.NewServer(mux)
	t.Cleanup(c.Close)
	return c
}

func (c *cognito) authorize(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	q := r.URL.Query()
	back := url.Values{"state": {q.Get("state")}}
	// An unknown client or address is refused here; nobody is sent there.
	if q.Get("client_id") != poolClient || q.Get("redirect_uri") != c.address {
		http.Error(w, "An error was encountered with the requested page.", http.StatusBadRequest)
		return
	}
	if q.Get("response_type") != "code" || q.Get("code_challenge_method") != "S256" || q.Get("scope") != poolScope ||
		q.Get("state") == "" {
		back.Set("error", "invalid_request")
	} else {
		c.challenge = q.Get("code_challenge")
		back.Set("code", "a1b2c3d4-5678-90ab-cdef-EXAMPLE11111")
	}
	http.Redirect(w, r, c.address+"?"+back.Encode(), http.StatusFound)
}

func (c *cognito) token(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	refused := ""
	answer := map[string]any{"id_token": "eyJraWQ.id", "token_type": "Bearer", "expires_in": c.expires}
	switch r.PostFormValue("grant_type") {
	case "authorization_code":
		c.verified = base64.RawURLEncoding.EncodeToString(sum[:]) == c.challenge
		if !c.verified || r.PostFormValue("redirect_uri") != c.address || c.challenge == "" {
			refused = "invalid_grant"
		}
		c.challenge = "" // a code is good once
		answer["access_token"], answer["refresh_token"] = "access-0", "eyJjdHk.refresh"
	case "refresh_token":
		if c.revoked || r.PostFormValue("refresh_token") != "eyJjdHk.refresh" {
			refused = "invalid_grant"
		}
		c.renewals++
		answer["access_token"] = fmt.Sprintf("access-%d", c.renewals)
	default:
		refused = "unsupported_grant_type"
	}
	if r.PostFormValue("client_id") != poolClient || r.Header.Get("Authorization") != "" {
		refused = "invalid_client"
	}
	if r.Header.Get("Content-Type") != "application/x-www-form-urlencoded;charset=UTF-8" {
		refused = "invalid_request"
	}
	if refused != "" {
		w.WriteHeader(http.StatusBadRequest)
		answer = map[string]any{"error": refused}
	}
	_ = json.NewEncoder(w).Encode(answer)
}

func (c *cognito) revoke(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	w.Header().Set("Access-Control-Allow-Origin", "*")
	c.revoked = r.PostFormValue("token") == "eyJjdHk.refresh" && r.PostFormValue("client_id") == poolClient
}

func (c *cognito) logOut(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r.URL.Query().Get("client_id") != poolClient || r.URL.Query().Get("logout_uri") != c.address {
		http.Error(w, "Required String parameter 'redirect_uri' is not present", http.StatusBadRequest)
		return
	}
	c.loggedOut++
	http.Redirect(w, r, c.address, http.StatusFound)
}

// shopWith serves the page as the pages function does, and an API that takes the tokens of the pool.
func shopWith(t *testing.T, c *cognito) (address string, tokens func() []string) {
	var mu sync.Mutex
	var seen []string
	api := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			if token := r.Header.Get("Authorization"); !slices.Contains(seen, token) {
				seen = append(seen, token)
			}
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, body)
		}
	}
	mux := http.NewServeMux()
	mux.Handle("GET /console/", http.StripPrefix("/console/", http.FileServerFS(console.Files)))
	mux.HandleFunc("GET /console/login", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"url":%q,"client":%q}`, c.URL, poolClient)
	})
	me := `{"id":"a","name":"지은","active":0,"limit":4,"online":true}`
	for path, body := range map[string]string{
		"GET /teams": `{"teams":[{"id":"care","name":"Care"}]}`, "GET /teams/care/hours": `{"open":true}`,
		"PUT /chat/agents/me": me, "GET /chat/canned": `{"canned":[]}`, "GET /chat/inbox": `{"conversations":[]}`,
		"GET /calls": `{"calls":[]}`, "POST /chat/tickets": `{"url":"ws://localhost:1/"}`,
	} {
		mux.HandleFunc(path, api(body))
	}
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s.URL + "/console/chat/", func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(seen)
	}
}

// The log-in of the agents' page against the shapes of Cognito's endpoints: log-in, renewal, the end of a log-in that
// was revoked elsewhere, and log-out.
func TestAgentsLogInByCognitosEndpointsOnThePages(t *testing.T) {
	t.Parallel()
	c := openCognito(t)
	address, tokens := shopWith(t, c)
	c.address = address // without index.html, which a file server leads to
	p := browse(t, address, 1280, 800)
	p.until(`document.querySelector("#login-form button.main")?.textContent === "로그인"`)
	p.into("#name", "지은\r")
	p.until(`document.querySelector("#desk")?.hidden === false`)
	if !c.verified || eval[string](p, `location.search + JSON.stringify(sessionStorage)`) != "{}" {
		t.Errorf("verified %v, and what is left of the log-in is %s", c.verified,
			eval[string](p, `location.href + JSON.stringify(sessionStorage)`))
	}
	// renewed twice
	p.until(`performance.getEntriesByType("resource").filter((e) => e.name.endsWith("/oauth2/token")).length >= 3`)
	p.do(`document.querySelector("#presence").click()`)
	p.until(`performance.getEntriesByType("resource").filter((e) => e.name.endsWith("/chat/agents/me")).length >= 2`)
	if seen := tokens(); seen[0] != "Bearer access-0" || len(seen) < 2 {
		t.Errorf("the API was sent %v", seen)
	}
	c.mu.Lock()
	c.revoked = true // an administrator signs the agent out
	c.mu.Unlock()
	p.until(`document.querySelector("#desk").hidden && document.querySelector("#login-problem").textContent.includes("다시 로그인")`)

	c.mu.Lock()
	c.revoked, c.expires = false, 3600
	c.mu.Unlock()
	p.do(`document.querySelector("#login-form").requestSubmit()`)
	p.until(`document.querySelector("#desk")?.hidden === false && document.querySelector("#log-out").onclick`)
	p.do(`document.querySelector("#log-out").click()`)
	p.until(`document.querySelector("#login-form") && !document.querySelector("#login-form").hidden && document.querySelector("#desk").hidden`)
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.revoked || c.loggedOut != 1 {
		t.Errorf("after the log-out: revoked %v, logged out %d times", c.revoked, c.loggedOut)
	}
}

// A code that is not this tab's, and a refusal of the log-in page, open no desk.
func TestALogInThatIsNotOnesOwnOpensNothingOnThePages(t *testing.T) {
	t.Parallel()
	c := openCognito(t)
	address, tokens := shopWith(t, c)
	c.address = address
	p := browse(t, address+"?code=stolen&state=other", 1280, 800)
	p.until(`document.querySelector("#login-form button.main")?.textContent && location.search === ""`)
	if eval[bool](p, `!document.querySelector("#desk").hidden`) || len(tokens()) != 0 {
		t.Error("a code of somebody else opened the desk")
	}
	p.do(`sessionStorage.setItem("dangol-agent-login", '{"state":"mine","verifier":"v","kept":{"name":"지은"}}')`)
	p.do(`location.search = "?error=access_denied&error_description=PreTokenGeneration+failed&state=mine"`)
	p.until(`document.querySelector("#login-problem")?.textContent.includes("PreTokenGeneration failed")`)
	if eval[bool](p, `!document.querySelector("#desk").hidden`) {
		t.Error("a refused log-in opened the desk")
	}
}
