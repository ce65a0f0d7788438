package issuer_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"dangol/infra/local/issuer"
	"dangol/shared/platform/clock"

	"github.com/coreos/go-oidc/v3/oidc"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// bench is an issuer behind HTTP, on a clock that stands at noon.
type bench struct {
	*issuer.Issuer
	t     *testing.T
	url   string
	clock *clock.Movable
}

func newBench(t *testing.T, keyFile string) *bench {
	t.Helper()
	b := &bench{t: t, clock: clock.Stopped(noon)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { b.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	b.url = server.URL
	opened, err := issuer.Open(issuer.Options{URL: server.URL + "/", Clock: b.clock, KeyFile: keyFile})
	if err != nil {
		t.Fatal(err)
	}
	b.Issuer = opened
	return b
}

// verify checks a token as a stranger would: discovery, key set, signature, issuer, expiry.
func (b *bench) verify(token string) (map[string]any, error) {
	b.t.Helper()
	provider, err := oidc.NewProvider(b.t.Context(), b.url)
	if err != nil {
		b.t.Fatal(err)
	}
	checked, err := provider.Verifier(&oidc.Config{SkipClientIDCheck: true, Now: b.clock.Now}).Verify(b.t.Context(), token)
	if err != nil {
		return nil, err
	}
	claims := map[string]any{}
	return claims, checked.Claims(&claims)
}

func (b *bench) ask(body string) (status int, answer map[string]any) {
	b.t.Helper()
	res, err := http.Post(b.url+"/dev/token", "application/json", strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		b.t.Fatal(err)
	}
	return res.StatusCode, answer
}

func TestTokenCarriesTheClaimsOfACognitoAccessToken(t *testing.T) {
	t.Parallel()
	b := newBench(t, "")
	status, answer := b.ask(`{"sub":"cus_1","email":"kim@example.com","groups":["merchant"],"expiresIn":600}`)
	if status != http.StatusOK || answer["token_type"] != "Bearer" || answer["expires_in"] != 600.0 {
		t.Fatalf("%d %v", status, answer)
	}
	claims, err := b.verify(answer["access_token"].(string))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]any{
		"iss": b.url, "sub": "cus_1", "email": "kim@example.com", "token_use": "access", "client_id": "dangol-local",
		"scope": "shop/customer shop/merchant", "iat": float64(noon.Unix()), "auth_time": float64(noon.Unix()),
		"exp": float64(noon.Unix() + 600),
	} {
		if claims[name] != want {
			t.Errorf("%s is %v, want %v", name, claims[name], want)
		}
	}
	if groups, _ := claims["cognito:groups"].([]any); len(groups) != 1 || groups[0] != "merchant" || claims["jti"] == "" {
		t.Errorf("claims %v", claims)
	}
}

func TestScopesFollowTheGroups(t *testing.T) {
	t.Parallel()
	b := newBench(t, "")
	cases := []struct{ body, scope string }{
		{`{"sub":"a"}`, "shop/customer"},
		{`{"sub":"a","groups":["agent"]}`, "shop/customer shop/agent"},
		{`{"sub":"a","groups":["agent","merchant"]}`, "shop/customer shop/agent shop/merchant"},
		{`{"sub":"a","groups":["agent"],"scope":"shop/agent"}`, "shop/agent"},
	}
	for _, c := range cases {
		t.Run(c.body, func(t *testing.T) {
			t.Parallel()
			_, answer := b.ask(c.body)
			claims, err := b.verify(answer["access_token"].(string))
			if err != nil || claims["scope"] != c.scope {
				t.Errorf("scope %v, error %v", claims["scope"], err)
			}
			if _, has := claims["cognito:groups"]; has != strings.Contains(c.body, "groups") {
				t.Errorf("claims %v: no groups means no claim, as in Cognito", claims)
			}
		})
	}
}

func TestTokenExpiresByTheMovedClock(t *testing.T) {
	t.Parallel()
	b := newBench(t, "")
	token, err := b.Mint(issuer.Claims{Subject: "cus_1"})
	if err != nil {
		t.Fatal(err)
	}
	b.clock.Advance(59 * time.Minute)
	if _, err := b.verify(token); err != nil {
		t.Errorf("after 59 minutes: %v", err)
	}
	b.clock.Advance(time.Minute + time.Second)
	if _, err := b.verify(token); err == nil {
		t.Error("valid after more than an hour")
	}
	expired, err := b.Mint(issuer.Claims{Subject: "cus_1", ExpiresIn: -time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.verify(expired); err == nil {
		t.Error("a token made expired is valid")
	}
}

func TestTokenOfAnotherIssuerIsRefused(t *testing.T) {
	t.Parallel()
	a, b := newBench(t, ""), newBench(t, "")
	token, err := a.Mint(issuer.Claims{Subject: "cus_1"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.verify(token); err == nil {
		t.Error("a stranger's token is valid")
	}
}

func TestKeyStaysOverARestart(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "key.pem")
	first := newBench(t, file)
	second := newBench(t, file)
	if a, b := first.KeySet().Keys[0].KeyID, second.KeySet().Keys[0].KeyID; a != b || a == "" {
		t.Errorf("key %q became %q", a, b)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key file can be read by others: %v %v", info.Mode(), err)
	}
	for _, key := range second.KeySet().Keys {
		if !key.IsPublic() {
			t.Error("the key set gives the private key away")
		}
	}
}

func TestUnreadableKeyFileIsAnError(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(file, []byte("no key"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := issuer.Open(issuer.Options{Clock: clock.Stopped(noon), KeyFile: file}); err == nil {
		t.Error("no error")
	}
}

func TestBadTokenRequestsSayWhatIsWrong(t *testing.T) {
	t.Parallel()
	b := newBench(t, "")
	cases := []struct{ name, body, want string }{
		{"not JSON", `sub=a`, "JSON object"},
		{"no subject", `{}`, "sub must have"},
		{"a long subject", `{"sub":"` + strings.Repeat("x", 129) + `"}`, "sub must have"},
		{"an unknown field", `{"sub":"a","admin":true}`, "admin"},
		{"an unknown group", `{"sub":"a","groups":["root"]}`, "root"},
		{"a scope the group may not have", `{"sub":"a","scope":"shop/merchant"}`, "shop/merchant"},
		{"an expiry in the past", `{"sub":"a","expiresIn":0}`, "1 to 86400"},
		{"an expiry of more than a day", `{"sub":"a","expiresIn":86401}`, "1 to 86400"},
		{"a huge body", `{"sub":"` + strings.Repeat("x", 100_000) + `"}`, "too large"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			status, answer := b.ask(c.body)
			about, _ := answer["error_description"].(string)
			if status != http.StatusBadRequest || answer["error"] != "invalid_request" || !strings.Contains(about, c.want) {
				t.Errorf("%d %v, want %q", status, answer, c.want)
			}
		})
	}
}

func TestDiscoveryNamesEachScopeOnce(t *testing.T) {
	t.Parallel()
	i, err := issuer.Open(issuer.Options{URL: "http://localhost", Clock: clock.Stopped(noon)})
	if err != nil {
		t.Fatal(err)
	}
	answer := httptest.NewRecorder()
	i.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/.well-known/openid-configuration", nil))
	var document struct {
		Scopes []string `json:"scopes_supported"`
	}
	if err := json.Unmarshal(answer.Body.Bytes(), &document); err != nil {
		t.Fatal(err)
	}
	slices.Sort(document.Scopes)
	if len(slices.Compact(slices.Clone(document.Scopes))) != len(document.Scopes) || len(document.Scopes) != 7 {
		t.Errorf("%q", document.Scopes)
	}
}
