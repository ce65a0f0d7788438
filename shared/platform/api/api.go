// Package api is the HTTP side of every function: typed operations (Huma) behind API Gateway events, with one way to
// say who may call, one error shape, request and correlation ids, size limits and idempotency keys.
//
// A function registers its routes once, with Handle. The registration serves requests, and it is also what the
// topology, the API Gateway routes, the OpenAPI document and the permission tests are made from.
package api

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/akrylysov/algnhsa"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"dangol/shared/platform/idempotency"
	"dangol/shared/platform/problem"
)

// Access says who may call a route.
type Access string

// The kinds of access.
const (
	Public     Access = "public"   // anyone; a token is not looked at
	Shopper    Access = "shopper"  // a customer by token, or a guest; what a guest may touch the handler decides
	Customer   Access = "customer" // anyone with a valid token
	Agent      Access = "agent"    // group agent or merchant
	MerchantIs Access = "merchant" // group merchant
	Signed     Access = "signed"   // another system; the handler checks its signature
)

// Authorized reports whether API Gateway's authorizer can guard the route: it cannot let some callers through without a
// token.
func (a Access) Authorized() bool { return a == Customer || a == Agent || a == MerchantIs }

// Scope is the OAuth scope a token needs for the route, "" for none.
func (a Access) Scope() string {
	switch a {
	case Customer:
		return "shop/customer"
	case Agent:
		return "shop/agent"
	case MerchantIs:
		return "shop/merchant"
	default:
		return ""
	}
}

// Scopes are the OAuth scopes of which a token needs one: a merchant's is enough for what agents may do, and an agent's
// for what customers may. API Gateway's authorizer asks for the same ones.
func (a Access) Scopes() []string {
	if !a.Authorized() {
		return nil
	}
	all := []Access{Customer, Agent, MerchantIs}
	var enough []string
	for _, more := range all[slices.Index(all, a):] {
		enough = append(enough, more.Scope())
	}
	return enough
}

// Route is one operation of a function.
type Route struct {
	Method, Path string // as http.ServeMux has them: "GET", "/carts/{cartId}"
	ID           string // operation id, camel case; becomes the client's method name
	Summary      string // one line, for lists of operations
	Description  string
	Tag          string // the section of the document
	Access       Access
	Status       int   // of success; 200 when 0
	MaxBody      int64 // bytes; DefaultMaxBody when 0
	Errors       []int // statuses besides those that every route of its access can give
	Also         []int // other statuses of success, with the same body: 202 while something goes on, 304
	// Types are the content types of an answer that sets its own. Answer is a value of the type that is behind the one
	// that is JSON, nil for an object of which nothing is known here.
	Types  []string
	Answer any
	Keyed  Keyed // whether an Idempotency-Key is taken
}

// Keyed says what a route does with an Idempotency-Key.
type Keyed int

// The ways to treat an Idempotency-Key.
const (
	Unkeyed Keyed = iota
	KeyOptional
	KeyRequired
)

// DefaultMaxBody is the largest request body of a route that does not say otherwise.
const DefaultMaxBody = 64 << 10

// Service is the HTTP side of one function.
type Service struct {
	name    string
	mux     *http.ServeMux
	huma    huma.API
	entries []*entry // in the order of their registration
	options Options  // what the zero Options leave out is filled in
}

// entry is a route. Huma looks through the types of its input and output once, in prepare; see Options.Lazy for when.
type entry struct {
	Route
	prepare func()           // registers the route with Huma
	once    sync.Once        // of prepare
	serve   http.HandlerFunc // Huma's handler, set by prepare
}

// New returns a service without routes. For a description of the routes alone the zero Options will do.
func New(name string, o Options) *Service {
	installErrors()
	s := &Service{name: name, mux: http.NewServeMux(), options: o.withDefaults()}
	config := huma.DefaultConfig("Dangol", "1.0.0")
	// Huma's own document and pages are switched off: one
	// merged document is made for the whole API.
	config.CreateHooks, config.OpenAPIPath, config.DocsPath, config.SchemasPath = nil, "", "", ""
	// A misspelled parameter would otherwise be ignored, and
	// the caller would take the answer for a filtered one.
	config.RejectUnknownQueryParameters = true
	config.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaNamer(name))
	config.Transformers = append(config.Transformers, func(ctx huma.Context, _ string, body any) (any, error) {
		if p, refused := body.(*problem.Problem); refused {
			return s.forShopper(ctx.Context(), *p), nil
		}
		return body, nil
	})
	s.huma = humago.New(adapter{s}, config)
	s.mux.HandleFunc("/", s.unknownRoute)
	return s
}

// Handle registers a route. I and O are Huma inputs and outputs: structs with path, query, header and Body fields.
func Handle[I, O any](s *Service, r Route, handle func(context.Context, *I) (*O, error)) {
	if r.MaxBody == 0 {
		r.MaxBody = DefaultMaxBody
	}
	e := &entry{Route: r}
	e.prepare = func() {
		mustFill(r, reflect.TypeFor[I]())
		mustSayTypes(r, reflect.TypeFor[O]())
		op := operation(r)
		op.SkipValidateBody = s.options.SkipSchemas
		op.Responses = map[string]*huma.Response{}
		if r.Types != nil {
			op.Responses[strconv.Itoa(statusOf(r))] = s.typedAnswer(r)
		}
		huma.Register(s.huma, op, func(ctx context.Context, in *I) (*O, error) {
			out, err := handle(ctx, in)
			if err != nil {
				// Only errors of handlers come here; Huma's own refusals go through installErrors.
				return nil, s.refuse(ctx, r, err)
			}
			return out, nil
		})
		// Huma has filled the same map.
		otherAnswers(r, op.Responses)
	}
	s.entries = append(s.entries, e)
	s.mux.HandleFunc(r.Method+" "+r.Path, func(w http.ResponseWriter, req *http.Request) { s.pass(e, w, req) })
}

// mustFill panics when the input embeds an unexported struct: Huma would leave its fields empty without a word.
func mustFill(r Route, input reflect.Type) {
	for i := range input.NumField() {
		if f := input.Field(i); f.Anonymous && !f.IsExported() {
			panic(fmt.Sprintf("%s: input embeds %s, which is not exported and would stay empty", r.ID, f.Name))
		}
	}
}

// operation describes the route for Huma and for the OpenAPI document.
func operation(r Route) huma.Operation {
	op := huma.Operation{
		Method: r.Method, Path: r.Path, OperationID: r.ID, Summary: r.Summary, Description: describe(r),
		Tags: []string{r.Tag}, MaxBodyBytes: r.MaxBody, DefaultStatus: r.Status, Errors: errorsOf(r),
		Security: securityOf(r.Access), Metadata: map[string]any{"access": r.Access},
		Extensions: map[string]any{"x-access": string(r.Access)},
	}
	if r.Keyed != Unkeyed {
		op.Parameters = append(op.Parameters, keyParameter(r.Keyed))
	}
	return op
}

// keyParameter describes the header Idempotency-Key.
func keyParameter(k Keyed) *huma.Param {
	one, most := 1, 255
	return &huma.Param{
		Name: idempotency.Header, In: "header", Required: k == KeyRequired,
		Description: "Repeat a request whose answer was lost with the same key and body: it takes effect once, for 24 hours.",
		Schema:      &huma.Schema{Type: "string", MinLength: &one, MaxLength: &most},
		Example:     "0d9c2c6e-6a0e-4f57-9a3c-8f1f0f3c7a11",
	}
}

// describe adds to the description who may call, as the
// document has no field for it that people read.
func describe(r Route) string {
	who := map[Access]string{
		Public: "anyone", Shopper: "a customer, or a guest", Customer: "a logged-in customer", Agent: "agents and merchants",
		MerchantIs: "merchants", Signed: "the provider, by signature",
	}[r.Access]
	return strings.TrimSpace(r.Description + "\n\nWho may call: " + who + ".")
}

func securityOf(a Access) []map[string][]string {
	switch {
	case a.Authorized():
		return []map[string][]string{{"bearer": {a.Scope()}}}
	case a == Shopper:
		// Empty braces: a guest without a cart needs no proof at all.
		return []map[string][]string{{"bearer": {}}, {"cartToken": {}}, {}}
	default:
		return []map[string][]string{}
	}
}

// Name is the function's name.
func (s *Service) Name() string { return s.name }

// Routes lists the registered routes in order.
func (s *Service) Routes() []Route {
	routes := make([]Route, len(s.entries))
	for i, e := range s.entries {
		routes[i] = e.Route
	}
	return routes
}

// OpenAPI is the function's own part of the document. It prepares
// all routes, as Huma fills the document while it registers them.
func (s *Service) OpenAPI() *huma.OpenAPI {
	s.prepare()
	return s.huma.OpenAPI()
}

// ServeHTTP serves a request outside Lambda.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.serve(w, r) }

// prepare registers all routes with Huma that have not been called yet.
func (s *Service) prepare() {
	for _, e := range s.entries {
		e.once.Do(e.prepare)
	}
}

// binaryTypes are the content types of answers that are not text: the event carries them in base64. Scripts are among
// them because they are served compressed.
var binaryTypes = []string{"text/javascript; charset=utf-8", "application/pdf"}

// Lambda returns the handler for API Gateway HTTP API events (payload format 2.0).
func (s *Service) Lambda() lambda.Handler {
	if !s.options.Lazy {
		s.prepare()
	}
	return encodingPaths{algnhsa.New(s, &algnhsa.Options{
		RequestType:        algnhsa.RequestTypeAPIGatewayV2,
		BinaryContentTypes: binaryTypes,
	})}
}
