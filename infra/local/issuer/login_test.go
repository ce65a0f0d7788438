package issuer_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"html"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

const (
	verifier = "a-verifier-of-at-least-43-characters-0123456789"
	callback = "http://localhost:3000/callback"
)

func challenge() string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// query is a request to log in; edits are pairs of name and value.
func query(edits ...string) url.Values {
	q := url.Values{
		"response_type": {"code"}, "client_id": {"dangol-local"}, "redirect_uri": {callback}, "state": {"st4te"},
		"scope": {"openid email shop/customer"}, "nonce": {"n0nce"}, "code_challenge": {challenge()},
		"code_challenge_method": {"S256"},
	}
	for i := 0; i < len(edits); i += 2 {
		q.Set(edits[i], edits[i+1])
	}
	return q
}

// visit sends a request as a browser does, without following the redirect.
func (b *bench) visit(method, path string, form url.Values) *http.Response {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), method, b.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { res.Body.Close() })
	return res
}

// logIn goes through the page and returns where the browser is sent.
func (b *bench) logIn(q url.Values, email, group string) *url.URL {
	b.t.Helper()
	res := b.visit("GET", "/oauth2/authorize?"+q.Encode(), nil)
	page := res.Header.Get("Location")
	if res.StatusCode != http.StatusFound || !strings.HasPrefix(page, "/login?") {
		b.t.Fatalf("authorize: %d %s", res.StatusCode, page)
	}
	shown := b.visit("GET", page, nil)
	text, err := io.ReadAll(shown.Body)
	if err != nil || shown.StatusCode != http.StatusOK {
		b.t.Fatalf("the page: %d, %v", shown.StatusCode, err)
	}
	// A browser sends the form where the page says.
	_, action, _ := strings.Cut(string(text), `action="`)
	action, _, _ = strings.Cut(action, `"`)
	res = b.visit("POST", html.UnescapeString(action), url.Values{"username": {email}, "group": {group}})
	back, err := url.Parse(res.Header.Get("Location"))
	if err != nil || res.StatusCode != http.StatusFound {
		b.t.Fatalf("log-in: %d, %v", res.StatusCode, err)
	}
	return back
}

type tokens struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
	ID      string `json:"id_token"`
	Error   string `json:"error"`
	TTL     int    `json:"expires_in"`
}

func (b *bench) exchange(form ...string) (out tokens) {
	b.t.Helper()
	values := url.Values{"client_id": {"dangol-local"}}
	for i := 0; i < len(form); i += 2 {
		values.Set(form[i], form[i+1])
	}
	res := b.visit("POST", "/oauth2/token", values)
	if res.Header.Get("Access-Control-Allow-Origin") != "*" {
		b.t.Error("a page of another origin cannot read the answer")
	}
	if err := json.NewDecoder(res.Body).Decode(&out); err != nil {
		b.t.Fatal(err)
	}
	return out
}

func TestALogInByCodeWithPKCEAndRefresh(t *testing.T) {
	t.Parallel()
	b := newBench(t, "")
	back := b.logIn(query(), "Ann@Example.com", "")
	code := back.Query().Get("code")
	if back.Query().Get("state") != "st4te" || !strings.HasPrefix(back.String(), callback+"?") || code == "" {
		t.Fatalf("sent to %s", back)
	}
	redeem := []string{"grant_type", "authorization_code", "code", code, "redirect_uri", callback, "code_verifier",
		verifier}
	got := b.exchange(redeem...)
	access, err := b.verify(got.Access)
	if err != nil || access["token_use"] != "access" || access["scope"] != "openid email shop/customer" ||
		access["email"] != nil {
		t.Errorf("access token %v, %v", access, err)
	}
	identity, err := b.verify(got.ID)
	if err != nil || identity["email"] != "ann@example.com" || identity["aud"] != "dangol-local" ||
		identity["nonce"] != "n0nce" || identity["sub"] != access["sub"] || identity["token_use"] != "id" {
		t.Errorf("identity token %v, %v", identity, err)
	}
	if again := b.exchange(redeem...); again.Error != "invalid_grant" {
		t.Errorf("the code works twice: %+v", again)
	}
	b.clock.Advance(29 * 24 * time.Hour)
	fresh := b.exchange("grant_type", "refresh_token", "refresh_token", got.Refresh)
	claims, err := b.verify(fresh.Access)
	if err != nil || claims["sub"] != access["sub"] || fresh.Refresh != "" {
		t.Errorf("refreshed: %v, %v", claims, err)
	}
	if used := b.exchange("grant_type", "refresh_token", "refresh_token", fresh.Access); used.Error != "invalid_grant" {
		t.Error("an access token refreshes")
	}
	b.visit("POST", "/oauth2/revoke", url.Values{"token": {got.Refresh}, "client_id": {"dangol-local"}})
	if ended := b.exchange("grant_type", "refresh_token", "refresh_token", got.Refresh); ended.Error != "invalid_grant" {
		t.Error("a revoked token refreshes")
	}
}

func TestACodeIsForItsVerifierItsRedirectAndFiveMinutes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		verifier, redirect string
		wait               time.Duration
	}{
		"another verifier": {"another-verifier-of-43-characters-0123456789abc", callback, 0},
		"no verifier":      {"", callback, 0},
		"another redirect": {verifier, "http://localhost:3000/elsewhere", 0},
		"too late":         {verifier, callback, 6 * time.Minute},
	} {
		b := newBench(t, "")
		code := b.logIn(query(), "ann@example.com", "").Query().Get("code")
		b.clock.Advance(c.wait)
		got := b.exchange("grant_type", "authorization_code", "code", code, "redirect_uri", c.redirect, "code_verifier",
			c.verifier)
		if got.Error != "invalid_grant" || got.Access != "" {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestARequestToLogInThatIsWrongSaysSo(t *testing.T) {
	t.Parallel()
	b := newBench(t, "")
	for _, edit := range [][]string{
		{"client_id", "another"}, {"redirect_uri", "https://evil.example/"},
		{"redirect_uri", "http://localhost.evil.example/"},
		{"redirect_uri", "javascript:alert(1)"}, {"redirect_uri", ""},
	} {
		res := b.visit("GET", "/oauth2/authorize?"+query(edit...).Encode(), nil)
		if res.StatusCode != http.StatusBadRequest || res.Header.Get("Location") != "" {
			t.Errorf("%v: %d, sent to %q", edit, res.StatusCode, res.Header.Get("Location"))
		}
	}
	for want, edit := range map[string][]string{
		"unsupported_response_type": {"response_type", "token"},
		"invalid_request":           {"code_challenge_method", "plain"},
	} {
		res := b.visit("GET", "/oauth2/authorize?"+query(edit...).Encode(), nil)
		if to := res.Header.Get("Location"); !strings.HasPrefix(to, callback) || !strings.Contains(to, want) {
			t.Errorf("%v: sent to %q", edit, to)
		}
	}
	if back := b.logIn(query("scope", "shop/merchant"), "ann@example.com",
		""); back.Query().Get("error") != "invalid_scope" {
		t.Errorf("a customer asks for the merchant's scope: %s", back)
	}
	boss := b.logIn(query("scope", "shop/merchant"), "boss@example.com", "merchant")
	if boss.Query().Get("code") == "" {
		t.Errorf("the merchant: %s", boss)
	}
}

func TestPagesOfOtherOriginsMayAskForTokens(t *testing.T) {
	t.Parallel()
	b := newBench(t, "")
	for _, path := range []string{"/dev/token", "/oauth2/token", "/oauth2/userInfo"} {
		res := b.visit("OPTIONS", path, nil)
		if res.StatusCode != http.StatusNoContent || res.Header.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s: %d %v", path, res.StatusCode, res.Header)
		}
	}
	res := b.visit("POST", "/dev/token", nil)
	if res.Header.Get("Access-Control-Allow-Origin") != "*" {
		t.Error("/dev/token cannot be read by a page")
	}
	out := b.visit("GET", "/logout?client_id=dangol-local&logout_uri=http%3A%2F%2Flocalhost%3A3000%2F", nil)
	if out.Header.Get("Location") != "http://localhost:3000/" {
		t.Errorf("log-out: %s", out.Header.Get("Location"))
	}
}
