package api

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"sync"

	"github.com/akrylysov/algnhsa"

	"dangol/shared/platform/auth"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/id"
	"dangol/shared/platform/idempotency"
	"dangol/shared/platform/logging"
	"dangol/shared/platform/problem"
)

// Options is what a service needs to serve; describing routes needs none of it.
type Options struct {
	Clock clock.Clock
	Log   *slog.Logger
	// Verify checks a bearer token; *auth.Verifier has it.
	Verify func(ctx context.Context, token string) (auth.Principal, error)
	// Identity says whose verified mail address an identity token proves; *auth.Verifier has it. For routes that want one.
	Identity func(ctx context.Context, token string) (sub, email string, err error)
	// Lazy prepares a route when it is first called, and not all of them at start: a function with 14 routes would spend a
	// third of its start on 13 that the first request does not want. Only for callers that come one at a time, as on
	// Lambda.
	Lazy bool
	// SkipSchemas does not hold bodies against their schema; see boot.Env.
	SkipSchemas bool
	// Message is what to tell a shopper about a problem code in the language of an Accept-Language header; "" for nothing.
	// nil for none at all.
	Message func(code, accept string) string
}

// withDefaults fills what is missing, so that routes can be described
// without anything. A service without Verify accepts no token.
func (o Options) withDefaults() Options {
	if o.Clock == nil {
		o.Clock = clock.System{}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Verify == nil {
		o.Verify = func(context.Context, string) (auth.Principal, error) {
			return auth.Principal{}, problem.Unauthorized("invalid_token", "This service accepts no tokens.")
		}
	}
	return o
}

type requestKey struct{}

// request is what the handler may ask about the call besides its typed input.
type request struct {
	id     string              // of API Gateway, or made here
	source string              // the caller's address
	keyed  idempotency.Request // the key with the hash of the body
	key    string              // as the client sent it
	accept string              // the Accept-Language header
}

// requestOf is the request of a context; an empty one
// outside of a call, so that callers need no check.
func requestOf(ctx context.Context) *request {
	if r, ok := ctx.Value(requestKey{}).(*request); ok {
		return r
	}
	return &request{}
}

// RequestID is the id that API Gateway gave the call.
func RequestID(ctx context.Context) string { return requestOf(ctx).id }

// SourceIP is the address of the caller, as API Gateway saw it.
func SourceIP(ctx context.Context) string { return requestOf(ctx).source }

// LimitSubject is who a rate limit counts: a customer, and a guest by address, as many customers share the one of a
// mobile network.
func LimitSubject(ctx context.Context) string { return cmp.Or(auth.From(ctx).Subject, SourceIP(ctx)) }

// Idempotency is the call's idempotency key with its body; not Keyed when the client sent none.
func Idempotency(ctx context.Context) idempotency.Request { return requestOf(ctx).keyed }

// IdempotencyKey is the key as the client sent it.
func IdempotencyKey(ctx context.Context) string { return requestOf(ctx).key }

var correlationForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`) })

// serve sets up the context of a call: ids, source, and an answer for a handler that panics.
func (s *Service) serve(w http.ResponseWriter, r *http.Request) {
	// algnhsa has put the caller's address, as API Gateway saw it, into RemoteAddr.
	info := &request{source: r.RemoteAddr, accept: r.Header.Get("Accept-Language")}
	if event, ok := algnhsa.APIGatewayV2RequestFromContext(r.Context()); ok {
		info.id = event.RequestContext.RequestID
	}
	if info.id == "" {
		info.id = id.New("req", s.options.Clock.Now())
	}
	// A client may name its own correlation id; anything that
	// is not a plain id is replaced, since it goes into logs.
	correlation := r.Header.Get("X-Correlation-Id")
	if !correlationForm().MatchString(correlation) {
		correlation = info.id
	}
	setDefaultHeaders(w.Header())
	w.Header().Set("X-Request-Id", info.id)
	ctx := logging.WithCorrelation(context.WithValue(r.Context(), requestKey{}, info), correlation)
	// Deferred before the handler runs, so that a panic becomes
	// an answer and the next request finds a running process.
	defer s.recoverPanic(ctx, w)
	s.mux.ServeHTTP(&pageWriter{ResponseWriter: w}, r.WithContext(ctx))
}

// recoverPanic turns a panic into a 500. The stack goes to the log only.
func (s *Service) recoverPanic(ctx context.Context, w http.ResponseWriter) {
	cause := recover()
	if cause == nil {
		return
	}
	s.options.Log.ErrorContext(ctx, "panic", "cause", cause, "stack", string(debug.Stack()))
	s.writeProblem(ctx, w, problem.New(http.StatusInternalServerError, "internal",
		"Something went wrong on our side. Trying again is safe."))
}

// adapter is the mux that Huma registers on. Routes are on our own mux already; it only hands the handler over.
type adapter struct{ *Service }

// HandleFunc takes the handler of the route that is being prepared.
func (a adapter) HandleFunc(pattern string, serve func(http.ResponseWriter, *http.Request)) {
	for _, e := range a.entries {
		if e.Method+" "+e.Path == pattern {
			e.serve = serve
		}
	}
}

// ServeHTTP serves what is registered.
func (a adapter) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.mux.ServeHTTP(w, r) }

// pass lets an admitted call through to its handler.
func (s *Service) pass(e *entry, w http.ResponseWriter, r *http.Request) {
	admitted, err := s.admit(e.Route, r)
	if err != nil {
		s.writeProblem(r.Context(), w, problem.From(s.refuse(r.Context(), e.Route, err)))
		return
	}
	// Huma's part of the route is made at the first call, see Options.Lazy.
	e.once.Do(e.prepare)
	e.serve(w, admitted)
}

// admit checks a call before Huma reads it: who calls, the body's size and text, the idempotency key.
func (s *Service) admit(route Route, r *http.Request) (*http.Request, error) {
	ctx, err := s.identify(r, route.Access)
	if err != nil {
		return nil, err
	}
	body, err := readBody(route, r)
	if err != nil {
		return nil, err
	}
	if err := takeKey(ctx, s.options.Clock, route, r, body); err != nil {
		return nil, err
	}
	r = r.WithContext(ctx)
	r.Body = io.NopCloser(bytes.NewReader(body))
	return r, nil
}

// identify finds out who calls and whether they may.
func (s *Service) identify(r *http.Request, access Access) (context.Context, error) {
	ctx := r.Context()
	if access == Public || access == Signed {
		return ctx, nil
	}
	token, given := bearer(r.Header.Get("Authorization"))
	// A guest: what they may touch is decided by the handler, by the cart's token.
	if !given && access == Shopper {
		return ctx, nil
	}
	if !given {
		return nil, problem.Unauthorized("token_required", "Send an access token as Authorization: Bearer.")
	}
	// A token that was sent must be valid, also where none is needed:
	// a customer with an expired one must not be treated as a guest.
	p, err := s.options.Verify(ctx, token)
	if err != nil {
		return nil, err
	}
	if access == MerchantIs && p.Kind != auth.Merchant || access == Agent && !p.Operator() {
		return nil, problem.Forbidden("not_allowed", "This is for the shop's %ss.", access)
	}
	// API Gateway checks the scope too; a function that trusts it trusts everyone who can invoke the function.
	if access.Authorized() && !slices.ContainsFunc(access.Scopes(), p.Allows) {
		return nil, problem.Forbidden("insufficient_scope", "The access token does not have the scope %s.", access.Scope())
	}
	return auth.With(ctx, p), nil
}

// bearer reads the header Authorization (RFC 6750, 2.1).
func bearer(header string) (string, bool) {
	if header == "" {
		return "", false
	}
	scheme, token, ok := strings.Cut(header, " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return "", true // something was sent that is no bearer token: let the verifier refuse it
	}
	return strings.TrimSpace(token), true
}

// takeKey reads the Idempotency-Key of a route that takes one.
func takeKey(ctx context.Context, c clock.Clock, route Route, r *http.Request, body []byte) error {
	key := r.Header.Get(idempotency.Header)
	switch {
	case route.Keyed == Unkeyed || key == "" && route.Keyed == KeyOptional:
		return nil
	case key == "":
		return problem.InvalidField("header/"+idempotency.Header, "required", "send a key of your own, one per attempt")
	case len(key) > 255 || strings.IndexFunc(key, func(r rune) bool { return r < ' ' || r > '~' }) >= 0:
		return problem.InvalidField("header/"+idempotency.Header, "wrong_format", "1 to 255 visible ASCII characters")
	}
	// Keys of different callers never meet; a guest is told apart by the cart's token.
	p := auth.From(ctx)
	caller := string(p.Kind) + "#" + p.Subject
	if !p.Known() {
		caller += r.Header.Get("Cart-Token")
	}
	info := requestOf(ctx)
	info.key = key
	info.keyed = idempotency.For(route.ID+" "+r.URL.Path, caller, key, body, c.Now())
	return nil
}

// unknownRoute is the answer for everything that is not registered.
func (s *Service) unknownRoute(w http.ResponseWriter, r *http.Request) {
	s.writeProblem(r.Context(), w, problem.NotFound("no_such_route", "There is no %s %s.", r.Method, r.URL.Path))
}

// forShopper adds what a shopper is told, in the language of the call.
func (s *Service) forShopper(ctx context.Context, p problem.Problem) *problem.Problem {
	if s.options.Message != nil {
		p.Message = s.options.Message(p.Code, requestOf(ctx).accept)
	}
	return &p
}

// writeProblem writes a problem as the answer, with the id of the request and the text for the shopper.
func (s *Service) writeProblem(ctx context.Context, w http.ResponseWriter, p *problem.Problem) {
	q := *s.forShopper(ctx, *p)
	q.RequestID = RequestID(ctx)
	body, err := json.Marshal(&q)
	if err != nil {
		body = []byte(`{"code":"internal"}`)
	}
	maps.Copy(w.Header(), q.GetHeaders())
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(q.Status)
	w.Write(body)
}
