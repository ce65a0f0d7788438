package auth_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"dangol/shared/platform/auth"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/problem"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// issuer signs tokens and serves its keys.
type issuer struct {
	t       *testing.T
	key     *rsa.PrivateKey
	kid     string
	server  *httptest.Server
	fetches atomic.Int32
	down    atomic.Bool
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	i := &issuer{t: t, kid: "one", key: newKey(t)}
	i.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		i.fetches.Add(1)
		if i.down.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &i.key.PublicKey, KeyID: i.kid, Algorithm: "RS256",
			Use: "sig"}}}
		_ = json.NewEncoder(w).Encode(set)
	}))
	t.Cleanup(i.server.Close)
	return i
}

// scopes is what the tokens of these tests have.
const scopes = "openid shop/customer"

func newKey(t *testing.T) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (i *issuer) verifier(c clock.Clock, clients ...string) *auth.Verifier {
	return auth.NewVerifier(context.Background(), i.server.URL, i.server.URL+"/jwks.json", clients, c)
}

// claims are those of a good access token; a nil value in change takes one out.
func (i *issuer) claims(change map[string]any) map[string]any {
	all := map[string]any{
		"iss": i.server.URL, "sub": "cust-ann", "token_use": "access", "client_id": "web", "exp": noon.Add(time.Hour).Unix(),
		"iat": noon.Unix(), "email": "ann@example.com", "scope": "openid shop/customer",
	}
	for name, v := range change {
		all[name] = v
		if v == nil {
			delete(all, name)
		}
	}
	return all
}

func (i *issuer) token(change map[string]any) string {
	return i.sign(jose.RS256, i.key, i.claims(change))
}

func (i *issuer) sign(alg jose.SignatureAlgorithm, key any, claims map[string]any) string {
	i.t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key},
		(&jose.SignerOptions{}).WithHeader("kid", i.kid))
	if err != nil {
		i.t.Fatal(err)
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		i.t.Fatal(err)
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		i.t.Fatal(err)
	}
	compact, err := signed.CompactSerialize()
	if err != nil {
		i.t.Fatal(err)
	}
	return compact
}

func TestTokenBecomesItsPrincipal(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	v := i.verifier(clock.Stopped(noon), "web", "app")
	for _, c := range []struct {
		name   string
		change map[string]any
		want   auth.Principal
	}{
		{"no group: a customer", nil, auth.Principal{Kind: auth.Customer, Subject: "cust-ann", Email: "ann@example.com",
			Scopes: scopes}},
		{"no mail: a customer all the same", map[string]any{"email": nil},
			auth.Principal{Kind: auth.Customer, Subject: "cust-ann", Scopes: scopes}},
		{"group agent", map[string]any{"cognito:groups": []string{"agent"}, "sub": "a"},
			auth.Principal{Kind: auth.Agent, Subject: "a", Email: "ann@example.com", Scopes: scopes}},
		{"group merchant", map[string]any{"cognito:groups": []string{"merchant"}, "sub": "m"},
			auth.Principal{Kind: auth.Merchant, Subject: "m", Email: "ann@example.com", Scopes: scopes}},
		{"both groups: merchant", map[string]any{"cognito:groups": []string{"agent", "merchant"}, "sub": "b"},
			auth.Principal{Kind: auth.Merchant, Subject: "b", Email: "ann@example.com", Scopes: scopes}},
		{"a group we do not know: a customer", map[string]any{"cognito:groups": []string{"Merchant", "vip"}, "sub": "c"},
			auth.Principal{Kind: auth.Customer, Subject: "c", Email: "ann@example.com", Scopes: scopes}},
		{"another accepted client", map[string]any{"client_id": "app", "sub": "d"},
			auth.Principal{Kind: auth.Customer, Subject: "d", Email: "ann@example.com", Scopes: scopes}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := v.Verify(t.Context(), i.token(c.change))
			if err != nil || got != c.want {
				t.Errorf("%+v, %v; want %+v", got, err, c.want)
			}
		})
	}
}

func TestTokenThatIsNotGoodHereIsRefused(t *testing.T) {
	t.Parallel()
	i, other := newIssuer(t), newIssuer(t)
	good := i.token(nil)
	head, rest, _ := strings.Cut(good, ".")
	body, signature, _ := strings.Cut(rest, ".")
	forged := i.claims(map[string]any{"cognito:groups": []string{"merchant"}})
	raw, err := json.Marshal(forged)
	if err != nil {
		t.Fatal(err)
	}
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`))
	for name, token := range map[string]string{
		"empty":                              "",
		"no token at all":                    "let me in",
		"three dots":                         "a.b.c",
		"expired":                            i.token(map[string]any{"exp": noon.Add(-time.Second).Unix()}),
		"no expiry":                          i.token(map[string]any{"exp": nil}),
		"of another issuer":                  i.token(map[string]any{"iss": other.server.URL}),
		"signed by another issuer":           i.sign(jose.RS256, other.key, i.claims(nil)),
		"an id token":                        i.token(map[string]any{"token_use": "id"}),
		"no use":                             i.token(map[string]any{"token_use": nil}),
		"another client":                     i.token(map[string]any{"client_id": "stranger"}),
		"no client":                          i.token(map[string]any{"client_id": nil}),
		"no subject":                         i.token(map[string]any{"sub": ""}),
		"groups that are a text":             i.token(map[string]any{"cognito:groups": "merchant"}),
		"not signed":                         none + "." + body + ".",
		"the body changed":                   head + "." + base64.RawURLEncoding.EncodeToString(raw) + "." + signature,
		"signed with the public key as HMAC": i.sign(jose.HS256, i.key.PublicKey.N.Bytes(), forged),
		"another RSA algorithm":              i.sign(jose.RS512, i.key, forged),
		"a megabyte":                         good + strings.Repeat("A", 1<<20),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := i.verifier(clock.Stopped(noon), "web").Verify(t.Context(), token)
			if p != (auth.Principal{}) || problem.Code(err) != "invalid_token" || problem.From(err).Status != 401 {
				t.Errorf("%+v, %v", p, err)
			}
		})
	}
}

func TestVerifiedTokenIsRememberedUntilItExpires(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	c := clock.Stopped(noon)
	v := i.verifier(c)
	token := i.token(nil)
	for range 3 {
		if _, err := v.Verify(t.Context(), token); err != nil {
			t.Fatal(err)
		}
	}
	if n := i.fetches.Load(); n != 1 {
		t.Errorf("keys were fetched %d times", n)
	}
	i.down.Store(true)
	if _, err := v.Verify(t.Context(), token); err != nil {
		t.Errorf("with the issuer down: %v", err)
	}
	c.Advance(time.Hour + time.Second)
	if _, err := v.Verify(t.Context(), token); problem.Code(err) != "invalid_token" {
		t.Errorf("past its expiry: %v", err)
	}
}

func TestTokenThatCannotBeCheckedIsNeitherRefusedNorRemembered(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	v := i.verifier(clock.Stopped(noon))
	i.down.Store(true)
	token := i.token(nil)
	_, err := v.Verify(t.Context(), token)
	if p := problem.From(err); p.Status != 503 || p.Code != "identity_unavailable" ||
		p.GetHeaders().Get("Retry-After") == "" {
		t.Fatalf("without keys: %v", err)
	}
	i.down.Store(false)
	if _, err := v.Verify(t.Context(), token); err != nil {
		t.Errorf("once the keys can be had: %v", err)
	}
}

func TestKeysAreFetchedAgainWhenTheIssuerHasOthers(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	v := i.verifier(clock.Stopped(noon))
	if _, err := v.Verify(t.Context(), i.token(nil)); err != nil {
		t.Fatal(err)
	}
	old := i.token(map[string]any{"sub": "late"})
	i.key, i.kid = newKey(t), "two"
	if p, err := v.Verify(t.Context(), i.token(map[string]any{"sub": "new"})); err != nil || p.Subject != "new" {
		t.Errorf("%+v, %v", p, err)
	}
	if _, err := v.Verify(t.Context(), old); err == nil {
		t.Error("a token of a withdrawn key was accepted")
	}
}

func TestPrincipalAndItsRights(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		p                    auth.Principal
		operator, known, own bool
	}{
		{auth.Principal{}, false, false, false},
		{auth.Principal{Kind: auth.Guest}, false, false, false},
		{auth.Principal{Kind: auth.Customer, Subject: "ann"}, false, true, true},
		{auth.Principal{Kind: auth.Customer, Subject: "bob"}, false, true, false},
		{auth.Principal{Kind: auth.Agent, Subject: "a"}, true, true, false},
		{auth.Principal{Kind: auth.Merchant, Subject: "m"}, true, true, false},
	} {
		if c.p.Operator() != c.operator || c.p.Known() != c.known || c.p.Owns("ann") != c.own || c.p.Owns("") {
			t.Errorf("%+v: operator %t, known %t, owns %t", c.p, c.p.Operator(), c.p.Known(), c.p.Owns("ann"))
		}
		if got := auth.From(auth.With(t.Context(), c.p)); got != c.p {
			t.Errorf("from its context %+v", got)
		}
	}
	if got := auth.From(t.Context()); got.Kind != auth.Guest || got.Known() {
		t.Errorf("without a principal: %+v", got)
	}
}

func TestScopesAreComparedWhole(t *testing.T) {
	t.Parallel()
	p := auth.Principal{Scopes: "openid shop/agent"}
	if !p.Allows("shop/agent") || p.Allows("shop/age") || p.Allows("shop/merchant") || p.Allows("") {
		t.Errorf("%+v", p)
	}
}

func TestAnIdentityTokenProvesAVerifiedAddressOnly(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	v := i.verifier(clock.Stopped(noon), "web")
	good := map[string]any{"token_use": "id", "aud": "web", "client_id": nil, "email_verified": true}
	for name, c := range map[string]struct {
		change     map[string]any
		email      string
		notAllowed bool
	}{
		"verified":            {map[string]any{}, "ann@example.com", false},
		"verified, as a text": {map[string]any{"email_verified": "true"}, "ann@example.com", false},
		"not verified":        {map[string]any{"email_verified": false}, "", false},
		"nothing is said":     {map[string]any{"email_verified": nil}, "", false},
		"an access token":     {map[string]any{"token_use": "access"}, "", true},
		"another client's":    {map[string]any{"aud": "other"}, "", true},
		"expired":             {map[string]any{"exp": noon.Add(-time.Hour).Unix()}, "", true},
	} {
		claims := maps.Clone(good)
		maps.Copy(claims, c.change)
		sub, email, err := v.Identity(t.Context(), i.token(claims))
		if (err != nil) != c.notAllowed || email != c.email || err == nil && sub != "cust-ann" {
			t.Errorf("%s: %q %q %v", name, sub, email, err)
		}
	}
}
