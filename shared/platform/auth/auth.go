// Package auth turns a bearer token into a principal. Every function verifies the token itself, also behind the API
// Gateway authorizer: routes that guests may call have no authorizer, and a handler that trusts an event's claims
// trusts whoever can invoke it.
//
// Tokens are Cognito access tokens (RS256): iss, token_use=access, client_id, sub, cognito:groups. The development
// issuer makes the same.
package auth

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"dangol/shared/platform/clock"
	"dangol/shared/platform/problem"
)

// Kind is what sort of caller it is.
type Kind string

// The kinds of caller. A merchant may do whatever an agent may.
const (
	Guest    Kind = "guest"
	Customer Kind = "customer"
	Agent    Kind = "agent"
	Merchant Kind = "merchant"
)

// Principal is who calls. The zero value is a guest.
type Principal struct {
	Kind    Kind
	Subject string // the token's sub; empty for a guest
	Email   string // may be empty also for a customer
	Scopes  string // the OAuth scopes of the token, with a space between them (RFC 6749, 3.3)
}

// Allows reports whether the token has the scope.
func (p Principal) Allows(scope string) bool { return slices.Contains(strings.Fields(p.Scopes), scope) }

// Operator reports whether the caller works for the shop.
func (p Principal) Operator() bool { return p.Kind == Agent || p.Kind == Merchant }

// Known reports whether the caller has a valid token.
func (p Principal) Known() bool { return p.Subject != "" }

// Owns reports whether the caller is the customer with this subject.
func (p Principal) Owns(customer string) bool { return customer != "" && p.Subject == customer }

// key is the context key of the principal.
type key struct{}

// With returns a context that carries the principal.
func With(ctx context.Context, p Principal) context.Context { return context.WithValue(ctx, key{}, p) }

// From returns the principal of ctx; a guest when there is none.
func From(ctx context.Context) Principal {
	if p, ok := ctx.Value(key{}).(Principal); ok {
		return p
	}
	return Principal{Kind: Guest}
}

// Verifier checks tokens of one issuer.
type Verifier struct {
	verifier *oidc.IDTokenVerifier
	clients  []string // accepted client ids; empty for all
	clock    clock.Clock
	mu       sync.Mutex          // guards seen
	seen     map[string]verified // by token
}

// verified is a token that was checked, until it expires.
type verified struct {
	principal Principal
	until     time.Time // when the token expires
}

// cacheSize bounds how many verified tokens are kept: checking an RSA signature costs more than the rest of a request.
const cacheSize = 2_000

// NewVerifier returns a verifier for tokens of issuer whose keys are at jwksURL. clients lists the accepted client_id
// values; none accepts all of the issuer's. Keys are fetched when first needed.
func NewVerifier(ctx context.Context, issuer, jwksURL string, clients []string, c clock.Clock) *Verifier {
	keys := reportingKeys{oidc.NewRemoteKeySet(ctx, jwksURL)}
	// The client id is checked against a list below; go-oidc knows one only.
	// Only RS256 is accepted, so a token cannot choose a weaker algorithm.
	config := &oidc.Config{SkipClientIDCheck: true, SupportedSigningAlgs: []string{oidc.RS256}, Now: c.Now}
	return &Verifier{verifier: oidc.NewVerifier(issuer, keys, config), clients: clients, clock: c,
		seen: map[string]verified{}}
}

// claims are the parts of an access token that matter here.
type claims struct {
	Use      string   `json:"token_use"` // must be access
	ClientID string   `json:"client_id"`
	Email    string   `json:"email"`
	Groups   []string `json:"cognito:groups"`
	Scope    string   `json:"scope"` // OAuth scopes, with a space between them
}

// Verify returns the principal of a token. Errors: 401 invalid_token, 503 identity_unavailable.
func (v *Verifier) Verify(ctx context.Context, token string) (Principal, error) {
	// A token that was checked once need not be checked again before it expires: nothing in it could change meanwhile.
	if p, ok := v.remembered(token); ok {
		return p, nil
	}
	var c claims
	parsed, err := v.check(ctx, token, &c)
	if err != nil {
		return Principal{}, err
	}
	accepted := len(v.clients) == 0 || slices.Contains(v.clients, c.ClientID)
	// An identity token has the same signature and is not meant for an API (RFC 9068, 5).
	if c.Use != "access" || parsed.Subject == "" || !accepted {
		return Principal{}, invalid()
	}
	p := Principal{Kind: kindOf(c.Groups), Subject: parsed.Subject, Email: c.Email, Scopes: c.Scope}
	v.remember(token, verified{p, parsed.Expiry})
	return p, nil
}

// check checks signature, issuer and expiry, and reads the claims.
func (v *Verifier) check(ctx context.Context, token string, into any) (*oidc.IDToken, error) {
	var noKeys error
	parsed, err := v.verifier.Verify(context.WithValue(ctx, noKeysKey{}, &noKeys), token)
	if noKeys != nil {
		return nil, unavailable().Because(noKeys)
	}
	if err != nil {
		return nil, invalid().Because(err)
	}
	if err := parsed.Claims(into); err != nil {
		return nil, invalid().Because(err)
	}
	return parsed, nil
}

// Identity returns whose mail address an identity token proves; email is "" when it is not verified. Access tokens
// carry no address as a rule, and an unverified one proves nothing. Errors: 401 invalid_token, 503
// identity_unavailable.
func (v *Verifier) Identity(ctx context.Context, token string) (sub, email string, err error) {
	var c struct {
		Use      string `json:"token_use"`
		Email    string `json:"email"`
		Verified any    `json:"email_verified"` // true, or "true" from some providers
	}
	parsed, err := v.check(ctx, token, &c)
	if err != nil {
		return "", "", err
	}
	ours := len(v.clients) == 0 || slices.ContainsFunc(parsed.Audience, func(a string) bool {
		return slices.Contains(v.clients, a)
	})
	if c.Use != "id" || parsed.Subject == "" || !ours {
		return "", "", invalid()
	}
	if c.Verified != true && c.Verified != "true" {
		return parsed.Subject, "", nil
	}
	return parsed.Subject, c.Email, nil
}

// reportingKeys tells a token that is not signed well from keys that could not be had: the verifier above it makes one
// text of both. The reason is left in the context of the call.
type reportingKeys struct{ keys oidc.KeySet }

type noKeysKey struct{}

// VerifySignature implements oidc.KeySet.
func (r reportingKeys) VerifySignature(ctx context.Context, token string) ([]byte, error) {
	payload, err := r.keys.VerifySignature(ctx, token)
	// The prefix is go-oidc's; a test with an issuer that is down holds it to that.
	if reason, ok := ctx.Value(noKeysKey{}).(*error); ok && err != nil && strings.HasPrefix(err.Error(), "fetching keys") {
		*reason = err
	}
	return payload, err
}

// unavailable is 503: whether the token is good cannot be said. A client that got 401 would log its customer out.
func unavailable() *problem.Problem {
	return problem.Unavailable("identity_unavailable", "Access tokens cannot be checked at the moment. Try again.").
		With(problem.RetryAfter, 2)
}

// invalid is the same answer for every reason, so that nothing is learned from it.
func invalid() *problem.Problem {
	return problem.Unauthorized("invalid_token", "The access token is missing, expired or not valid here.")
}

// kindOf is the highest kind that the groups give.
func kindOf(groups []string) Kind {
	switch {
	case slices.Contains(groups, string(Merchant)):
		return Merchant
	case slices.Contains(groups, string(Agent)):
		return Agent
	default:
		return Customer
	}
}

// remembered returns a token that was checked and has not expired.
func (v *Verifier) remembered(token string) (Principal, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	s, ok := v.seen[token]
	return s.principal, ok && v.clock.Now().Before(s.until)
}

// remember keeps a checked token.
func (v *Verifier) remember(token string, s verified) {
	v.mu.Lock()
	defer v.mu.Unlock()
	// All at once: the most used ones come back with the next requests.
	if len(v.seen) >= cacheSize {
		clear(v.seen)
	}
	v.seen[token] = s
}
