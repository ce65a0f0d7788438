// Package gateway is API Gateway's HTTP API on a laptop: it finds the route, builds the event (payload format 2.0),
// invokes the function, and writes the answer. Handlers cannot tell the difference.
package gateway

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"runtime"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"

	"dangol/infra/topology"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/id"
	"dangol/shared/platform/problem"
)

// Limits of an HTTP API and of what stands behind it (docs.aws.amazon.com: "Quotas for HTTP APIs", "Lambda quotas").
const (
	maxBody    = 10 << 20 // of a request
	maxPayload = 6 << 20  // of an event and of an answer: Lambda's
	maxHeader  = 10_240   // request line and headers together
)

// Invoke runs a function with an event and returns its answer.
type Invoke func(ctx context.Context, function string, payload []byte) ([]byte, error)

// Limits is how many requests the gateway takes at once. On AWS that is Lambda's concurrency. Here
// it is one machine, so requests that cannot begin in time are refused and do not wait until their
// callers have given up.
type Limits struct {
	Running int           // invocations at once
	Wait    time.Duration // how long a request waits for its turn
	// Rate and Burst throttle all routes together, as the stage of the deployed API does: requests a second, and how many
	// at once before that counts. 0 is no throttling.
	Rate, Burst int
}

// DefaultLimits suits a laptop: a request takes some milliseconds of a processor and waits for the engine in between.
func DefaultLimits() Limits { return Limits{Running: 16 * runtime.NumCPU(), Wait: 2 * time.Second} }

// Gateway serves the routes of a system.
type Gateway struct {
	mux    *http.ServeMux
	clock  clock.Clock
	invoke Invoke
	bucket bucket
	verify Verify // nil lets every request through to its function
	limits Limits
	turns  chan struct{} // one for each running invocation
}

// New returns a gateway for every route of the system.
func New(s topology.System, c clock.Clock, limits Limits, invoke Invoke) *Gateway {
	g := &Gateway{
		mux: http.NewServeMux(), clock: c, invoke: invoke, limits: limits, turns: make(chan struct{}, limits.Running),
	}
	for _, f := range s.Functions {
		if f.API == nil {
			continue
		}
		for _, r := range f.API.Routes() {
			g.mux.HandleFunc(r.Method+" "+r.Path, func(w http.ResponseWriter, req *http.Request) {
				if g.authorized(w, req, r.Access) {
					g.call(w, req, f.Name, r.Method+" "+r.Path)
				}
			})
		}
	}
	g.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { refuse(w, http.StatusNotFound, "Not Found") })
	return g
}

// ServeHTTP answers one request. Browsers from anywhere may call: this is a laptop.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// The shop's time, which may have been moved: pages read their own from it.
	w.Header().Set("Date", g.clock.Now().UTC().Format(http.TimeFormat))
	if origin := r.Header.Get("Origin"); origin != "" {
		// CORS is API Gateway's own work there, so functions do not know of it.
		allow(w.Header(), origin)
		if r.Method == http.MethodOptions {
			w.WriteHeader(http.StatusNoContent)
			return
		}
	}
	if !g.bucket.take(g.limits) {
		refuse(w, http.StatusTooManyRequests, "Too Many Requests")
		return
	}
	if r.Method == http.MethodHead {
		refuse(w, http.StatusNotFound, "Not Found") // routes of an HTTP API name their method, and none is HEAD
		return
	}
	if headerSize(r) > maxHeader {
		refuse(w, http.StatusRequestHeaderFieldsTooLarge, "Request Header Fields Too Large")
		return
	}
	g.mux.ServeHTTP(w, r)
}

// headerSize is about what API Gateway counts: the request line and all names and values.
func headerSize(r *http.Request) int {
	n := len(r.Method) + len(r.URL.RequestURI())
	for name, values := range r.Header {
		for _, v := range values {
			n += len(name) + len(v)
		}
	}
	return n
}

// allow answers a preflight request for any origin: on a laptop the storefront may run at any port.
func allow(h http.Header, origin string) {
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Allow-Methods", strings.Join(topology.CORSMethods, ", "))
	h.Set("Access-Control-Allow-Headers", strings.Join(topology.CORSRequestHeaders, ", "))
	h.Set("Access-Control-Expose-Headers", strings.Join(topology.CORSExposedHeaders, ", "))
}

// call turns one HTTP request into an invocation and back, with the limits of API Gateway and
// Lambda.
func (g *Gateway) call(w http.ResponseWriter, r *http.Request, function, route string) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		refuse(w, http.StatusRequestEntityTooLarge, "Request Entity Too Large")
		return
	}
	payload, err := json.Marshal(g.event(r, route, body))
	if err != nil {
		refuse(w, http.StatusInternalServerError, "Internal Server Error")
		return
	}
	// Base64 and JSON make the event larger than the body.
	if len(payload) > maxPayload {
		refuse(w, http.StatusRequestEntityTooLarge, "Request Entity Too Large")
		return
	}
	if !g.begin(r.Context()) {
		busy(w, problem.Busy(nil))
		return
	}
	defer func() { <-g.turns }()
	// A function that has begun goes on when its caller hangs up, up to its timeout, as on Lambda.
	out, err := g.invoke(context.WithoutCancel(r.Context()), function, payload)
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		busy(w, problem.Busy(err)) // as API Gateway does when a function has not answered in time
		return
	}
	if err != nil || len(out) > maxPayload {
		refuse(w, http.StatusInternalServerError, "Internal Server Error")
		return
	}
	write(w, out)
}

// begin takes a turn. It returns false when none became free in time, or the caller has hung up.
func (g *Gateway) begin(ctx context.Context) bool {
	select {
	case g.turns <- struct{}{}:
		return true
	default:
	}
	// The wait is real time, whatever the shop's clock says: it is about this machine.
	late := time.NewTimer(g.limits.Wait)
	defer late.Stop()
	select {
	case g.turns <- struct{}{}:
		return true
	case <-late.C:
	case <-ctx.Done():
	}
	return false
}

// event builds the event as API Gateway does: header names in lower case, several values joined by
// commas.
func (g *Gateway) event(r *http.Request, route string, body []byte) events.APIGatewayV2HTTPRequest {
	headers := make(map[string]string, len(r.Header)+1)
	for name, values := range r.Header {
		headers[strings.ToLower(name)] = strings.Join(values, ",")
	}
	headers["host"] = r.Host
	source, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		source = r.RemoteAddr
	}
	now := g.clock.Now()
	event := events.APIGatewayV2HTTPRequest{
		Version: "2.0", RouteKey: route, RawPath: r.URL.Path, RawQueryString: r.URL.RawQuery, Headers: headers,
		RequestContext: events.APIGatewayV2HTTPRequestContext{
			RequestID: id.New("req", now), Stage: "$default", RouteKey: route, TimeEpoch: now.UnixMilli(),
			HTTP: events.APIGatewayV2HTTPRequestContextHTTPDescription{
				Method: r.Method, Path: r.URL.Path, Protocol: r.Proto, SourceIP: source, UserAgent: r.UserAgent(),
			},
		},
	}
	// Like API Gateway: text as it is, everything else as Base64.
	if utf8.Valid(body) {
		event.Body = string(body)
	} else {
		event.Body, event.IsBase64Encoded = base64.StdEncoding.EncodeToString(body), true
	}
	return event
}

// write turns the function's answer into an HTTP answer.
func write(w http.ResponseWriter, out []byte) {
	var answer events.APIGatewayV2HTTPResponse
	if err := json.Unmarshal(out, &answer); err != nil {
		refuse(w, http.StatusInternalServerError, "Internal Server Error")
		return
	}
	for name, value := range answer.Headers {
		w.Header().Set(name, value)
	}
	w.WriteHeader(answer.StatusCode)
	if answer.IsBase64Encoded {
		io.Copy(w, base64.NewDecoder(base64.StdEncoding, strings.NewReader(answer.Body)))
		return
	}
	io.WriteString(w, answer.Body)
}

// busy is the answer when the laptop cannot begin a request, or did not end it in time: a problem
// that tells clients to wait and try again.
func busy(w http.ResponseWriter, p *problem.Problem) {
	maps.Copy(w.Header(), p.GetHeaders())
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	json.NewEncoder(w).Encode(p)
}

// refuse is an answer of API Gateway itself. Its body is not problem+json, because an HTTP API
// offers no way to change it.
func refuse(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]string{"message": message})
}
