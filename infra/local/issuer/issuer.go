// Package issuer is the identity provider of a laptop: an OpenID Connect issuer with discovery, a key set, the log-in
// page and token endpoints of a Cognito user pool's domain, and a way to ask for a token as anybody. Its access tokens
// carry the claims a Cognito user pool puts there, so the API checks them by the same code. It must never listen on
// anything but loopback.
package issuer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"dangol/shared/platform/clock"
	"dangol/shared/platform/id"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

const (
	defaultTTL = time.Hour
	maxTTL     = 24 * time.Hour // as in Cognito
	maxSubject = 128
	maxEmail   = 254 // RFC 5321
)

// scopes is what each group may ask for besides the customer scope.
var scopes = map[string]string{"agent": "shop/agent", "merchant": "shop/merchant"}

// everybody is the scope of every signed-in customer.
const everybody = "shop/customer"

// Options are what an Issuer works with.
type Options struct {
	URL      string // where it is reachable; the iss claim, without a slash at the end
	Clock    clock.Clock
	KeyFile  string // PEM, made when missing; empty makes a key that lives as long as the issuer
	ClientID string // the client_id claim; empty is "dangol-local"
	// CustomMessage is the trigger that writes the mails about accounts; nil leaves them to the issuer's own text.
	CustomMessage func(context.Context, CustomMessage) (CustomMessage, error)
	// Mail sends a mail about an account; nil sends none, and sign-up is refused.
	Mail func(ctx context.Context, to, subject, html string) error
}

// Issuer signs tokens. It is an http.Handler, and safe for concurrent use.
type Issuer struct {
	options Options
	key     jose.JSONWebKey
	signer  jose.Signer
	routes  *http.ServeMux

	mu    sync.Mutex
	codes map[string]grant // authorization codes that have not been used
	ended map[string]bool  // ids of refresh tokens that were revoked
	// Codes of mails that have not been used, by address.
	accountCodes map[string]accountCode
}

// Claims say whose token to make.
type Claims struct {
	Subject   string
	Email     string
	Groups    []string      // merchant, agent
	Scope     string        // space-separated; empty is everything the groups may
	ExpiresIn time.Duration // 0 is an hour; a negative one makes a token that has expired
}

// Open reads or makes the key.
func Open(o Options) (*Issuer, error) {
	o.URL = strings.TrimSuffix(o.URL, "/")
	if o.ClientID == "" {
		o.ClientID = "dangol-local"
	}
	private, err := readKey(o.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("issuer: key: %w", err)
	}
	key := jose.JSONWebKey{Key: private, Algorithm: string(jose.RS256), Use: "sig"}
	// The name follows from the key, so tokens of before a restart are still found in the key set.
	name, err := id256(key)
	if err != nil {
		return nil, fmt.Errorf("issuer: key: %w", err)
	}
	key.KeyID = name
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: key},
		(&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return nil, fmt.Errorf("issuer: %w", err)
	}
	i := &Issuer{options: o, key: key, signer: signer, routes: http.NewServeMux(),
		codes: map[string]grant{}, ended: map[string]bool{}, accountCodes: map[string]accountCode{}}
	i.routes.HandleFunc("GET /.well-known/openid-configuration", i.discovery)
	i.routes.HandleFunc("GET /.well-known/jwks.json", i.keys)
	i.routes.HandleFunc("POST /dev/token", i.token)
	i.logIn()
	i.accounts()
	return i, nil
}

// ServeHTTP answers discovery, the key set and the token endpoint.
func (i *Issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) { i.routes.ServeHTTP(w, r) }

// KeySet returns the public key, for tests that check tokens without HTTP.
func (i *Issuer) KeySet() jose.JSONWebKeySet {
	return jose.JSONWebKeySet{Keys: []jose.JSONWebKey{i.key.Public()}}
}

// Mint signs an access token with the claims of a Cognito token. In a Cognito access token there is
// no email; it is added here on request for tests.
func (i *Issuer) Mint(c Claims) (string, error) { return i.sign(i.claims(c)) }

// claims are those of an access token.
func (i *Issuer) claims(c Claims) map[string]any {
	now := i.options.Clock.Now()
	ttl := c.ExpiresIn
	if ttl == 0 {
		ttl = defaultTTL
	}
	claims := map[string]any{
		"iss": i.options.URL, "sub": c.Subject, "username": c.Subject, "client_id": i.options.ClientID, "token_use": "access",
		"version": 2, "jti": id.Secret(), "scope": c.Scope,
		"iat": now.Unix(), "auth_time": now.Unix(), "exp": now.Add(ttl).Unix(),
	}
	if c.Scope == "" {
		claims["scope"] = allScopes(c.Groups)
	}
	if len(c.Groups) > 0 {
		claims["cognito:groups"] = c.Groups
	}
	if c.Email != "" {
		claims["email"] = c.Email
	}
	return claims
}

func (i *Issuer) sign(claims map[string]any) (string, error) {
	token, err := jwt.Signed(i.signer).Claims(claims).Serialize()
	if err != nil {
		return "", fmt.Errorf("issuer: %w", err)
	}
	return token, nil
}

// read checks a token of its own: signature, expiry, and what it may be used for.
func (i *Issuer) read(token, use string, into any) error {
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return err
	}
	var common struct {
		jwt.Claims
		Use string `json:"token_use"`
	}
	if err := parsed.Claims(i.key.Public(), &common, into); err != nil {
		return err
	}
	if common.Use != use {
		return fmt.Errorf("issuer: a token to %s, not to %s", common.Use, use)
	}
	return common.Validate(jwt.Expected{Issuer: i.options.URL, Time: i.options.Clock.Now()})
}

// allScopes is what a token of these groups may have.
func allScopes(groups []string) string {
	all := []string{everybody}
	for _, g := range groups {
		all = append(all, scopes[g])
	}
	return strings.Join(all, " ")
}

// discovery is the OpenID Connect document by which clients find the key set.
func (i *Issuer) discovery(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]any{
		"issuer":                                i.options.URL,
		"jwks_uri":                              i.options.URL + "/.well-known/jwks.json",
		"authorization_endpoint":                i.options.URL + "/oauth2/authorize",
		"token_endpoint":                        i.options.URL + "/oauth2/token",
		"revocation_endpoint":                   i.options.URL + "/oauth2/revoke",
		"userinfo_endpoint":                     i.options.URL + "/oauth2/userInfo",
		"end_session_endpoint":                  i.options.URL + "/logout",
		"response_types_supported":              []string{"code"},
		"code_challenge_methods_supported":      []string{"S256"},
		"subject_types_supported":               []string{"public"},
		"id_token_signing_alg_values_supported": []string{string(jose.RS256)},
		"scopes_supported": append([]string{everybody, scopes["agent"], scopes["merchant"]},
			identityScopes...),
	})
}

// keys is the key set. A minute of caching is enough, because the key never changes while the
// issuer runs.
func (i *Issuer) keys(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Cache-Control", "max-age=60")
	answer(w, http.StatusOK, i.KeySet())
}

// tokenRequest asks for a token as anybody. That is why the issuer must only listen on loopback.
type tokenRequest struct {
	Subject   string   `json:"sub"`
	Email     string   `json:"email"`
	Groups    []string `json:"groups"`
	Scope     string   `json:"scope"`
	ExpiresIn *int     `json:"expiresIn"` // seconds
}

// token answers in the form of RFC 6749 section 5.
func (i *Issuer) token(w http.ResponseWriter, r *http.Request) {
	allowAnyOrigin(w)
	c, err := readRequest(http.MaxBytesReader(w, r.Body, 64<<10))
	if err != nil {
		answer(w, http.StatusBadRequest, map[string]string{"error": "invalid_request", "error_description": err.Error()})
		return
	}
	token, err := i.Mint(c)
	if err != nil {
		answer(w, http.StatusInternalServerError,
			map[string]string{"error": "server_error", "error_description": err.Error()})
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	answerWith := map[string]any{
		"access_token": token, "token_type": "Bearer", "expires_in": int(c.ExpiresIn.Seconds()),
	}
	if c.Email != "" {
		// The log-in page gives one too: it is what proves the address.
		if answerWith["id_token"], err = i.MintIdentity(c); err != nil {
			answer(w, http.StatusInternalServerError, map[string]string{"error": "server_error"})
			return
		}
	}
	answer(w, http.StatusOK, answerWith)
}

// readRequest checks a request; what is unknown is refused, so that a misspelled field is noticed.
func readRequest(body io.Reader) (Claims, error) {
	var in tokenRequest
	d := json.NewDecoder(body)
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil {
		return Claims{}, fmt.Errorf("the body must be a JSON object with sub, email, groups, scope, expiresIn: %w", err)
	}
	if in.Subject == "" || len(in.Subject) > maxSubject {
		return Claims{}, fmt.Errorf("sub must have 1 to %d characters", maxSubject)
	}
	for _, g := range in.Groups {
		if scopes[g] == "" {
			return Claims{}, fmt.Errorf("there is no group %q, only merchant and agent", g)
		}
	}
	allowed := strings.Fields(allScopes(in.Groups))
	for _, s := range strings.Fields(in.Scope) {
		if !slices.Contains(allowed, s) {
			return Claims{}, fmt.Errorf("scope %q is not for these groups; they may have %s", s, strings.Join(allowed, " "))
		}
	}
	ttl := defaultTTL
	if in.ExpiresIn != nil {
		if *in.ExpiresIn < 1 || *in.ExpiresIn > int(maxTTL.Seconds()) {
			return Claims{}, errors.New("expiresIn must be 1 to 86400 seconds")
		}
		ttl = time.Duration(*in.ExpiresIn) * time.Second
	}
	return Claims{Subject: in.Subject, Email: in.Email, Groups: in.Groups, Scope: in.Scope, ExpiresIn: ttl}, nil
}

// answer writes JSON.
func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
