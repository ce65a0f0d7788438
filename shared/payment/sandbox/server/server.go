// Package server is the sandbox payment provider itself: an http.Handler with its own state, clock-driven outcomes,
// signed webhooks and a challenge page, so that everything around it can be tried as with a real provider. It never
// charges twice for one key. The runner on a laptop and tests serve it; functions only link the client.
//
//	POST /v1/payments                 authorize          POST /v1/refunds   refund
//	POST /v1/payments/{id}/capture    capture            GET  /v1/refunds   by payment and key
//	POST /v1/payments/{id}/void       void               POST /v1/methods   keep a method
//	GET  /v1/payments/{id}            read               POST /v1/charges   charge a kept method
//	GET  /v1/payments?key=            what became of a key
//	GET  /v1/methods/{setup}          what became of keeping it
//	GET  /v1/ledger?from=&to=&cursor= the books, a page at a time
//	GET  /pay/{id}                    challenge page     POST /pay/{id}     decision=approve or decline
//
// What a payment does depends on its method token; see tokens.go.
package server

import (
	"container/heap"
	"context"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"sync"
	"time"

	"dangol/shared/payment"
	"dangol/shared/payment/sandbox"
	"dangol/shared/platform/clock"
)

// Deliver sends one webhook to the shop. An error, as for an answer other than 2xx, makes the sandbox try again later.
type Deliver func(ctx context.Context, body []byte, header http.Header) error

// Config says how the sandbox behaves.
type Config struct {
	Clock             clock.Clock
	APIKey            string  // asked of every API call
	WebhookSecret     string  // signs webhooks
	Deliver           Deliver // nil: no webhooks
	DuplicateWebhooks bool    // deliver every webhook twice
	Path              string  // JSON-lines file that keeps the state; "" keeps it in memory
	BaseURL           string  // public address, for challenge pages; "" takes it from the request
}

// Server is the sandbox. It is safe for concurrent use.
type Server struct {
	cfg  Config
	mux  *http.ServeMux
	tick sync.Mutex // one Tick at a time, so that nothing is delivered twice by accident

	// Guards everything below. Every request takes it for its whole time: a sandbox need not be
	// fast.
	mu       sync.Mutex
	file     *os.File
	size     int64 // of the file
	payments map[string]record
	refunds  map[string]payment.Refund
	methods  map[string]method
	ops      map[string]kept  // by key
	events   map[string]event // not yet delivered
	byKey    map[string]string
	made     books
	due      timers
	counts   map[string]int
	seq      int64
}

// New opens the sandbox and reads back its state when there is a Path. Errors: the file cannot be read or written.
func New(cfg Config) (*Server, error) {
	s := &Server{
		cfg: cfg, mux: http.NewServeMux(),
		payments: map[string]record{}, refunds: map[string]payment.Refund{}, methods: map[string]method{},
		ops: map[string]kept{}, events: map[string]event{}, byKey: map[string]string{}, counts: map[string]int{},
	}
	if err := s.open(); err != nil {
		return nil, fmt.Errorf("sandbox state: %w", err)
	}
	s.handle("POST /v1/payments", s.keyed("authorize", s.authorize))
	s.handle("POST /v1/payments/{id}/capture", s.keyed("capture", s.capture))
	s.handle("POST /v1/payments/{id}/void", s.keyed("void", s.void))
	s.handle("POST /v1/refunds", s.keyed("refund", s.refund))
	s.handle("POST /v1/methods", s.keyed("save_method", s.saveMethod))
	s.handle("GET /v1/methods/{setup}", s.savedMethod)
	s.handle("POST /v1/charges", s.keyed("charge", s.charge))
	s.handle("GET /v1/payments/{id}", s.getPayment)
	s.handle("GET /v1/payments", s.lookup)
	s.handle("GET /v1/refunds", s.lookupRefund)
	s.handle("GET /v1/ledger", s.ledgerPage)
	s.mux.HandleFunc("GET /pay/{id}", s.page)
	s.mux.HandleFunc("POST /pay/{id}", s.decide)
	return s, nil
}

// ServeHTTP serves the API and the challenge page.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Close closes the state file.
func (s *Server) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file == nil {
		return nil
	}
	err := s.file.Close()
	s.file = nil
	return err
}

// handle registers an API route behind the API key.
func (s *Server) handle(pattern string, h http.HandlerFunc) {
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		given := r.Header.Get("Authorization")
		// In constant time, as a real provider would compare it.
		if subtle.ConstantTimeCompare([]byte(given), []byte("Bearer "+s.cfg.APIKey)) != 1 {
			refuse(sandbox.CodeUnauthorized, "the API key is not ours").write(w)
			return
		}
		h(w, r)
	})
}

// getPayment reads a payment by its id.
func (s *Server) getPayment(w http.ResponseWriter, r *http.Request) {
	s.read(w, "get", func() outcome {
		rec, ok := s.payments[r.PathValue("id")]
		return found(rec.Payment, ok)
	})
}

// lookup finds the payment that a key made.
func (s *Server) lookup(w http.ResponseWriter, r *http.Request) {
	s.read(w, "lookup", func() outcome {
		rec, ok := s.payments[s.byKey[r.URL.Query().Get("key")]]
		return found(rec.Payment, ok)
	})
}

// lookupRefund finds the refund that a key made, if it belongs to the payment.
func (s *Server) lookupRefund(w http.ResponseWriter, r *http.Request) {
	s.read(w, "lookup_refund", func() outcome {
		ref, ok := s.refunds[s.byKey[r.URL.Query().Get("key")]]
		return found(ref, ok && ref.PaymentID == r.URL.Query().Get("payment"))
	})
}

// read answers from the state as it is at the clock's time.
func (s *Server) read(w http.ResponseWriter, name string, from func() outcome) {
	s.mu.Lock()
	s.counts[name]++
	err := s.settle(s.cfg.Clock.Now())
	answer := from()
	s.mu.Unlock()
	if err != nil {
		answer = broken(err)
	}
	answer.write(w)
}

// outcome is an answer, and how it is sent.
type outcome struct {
	status int
	body   any
	raw    []byte // instead of body
	hang   bool   // the answer is never sent
	keep   bool   // the answer is the outcome of the key
}

// found is an answer with a body, or 404.
func found(body any, ok bool) outcome {
	if !ok {
		return refuse(sandbox.CodeNotFound, "no such thing here")
	}
	return outcome{status: http.StatusOK, body: body}
}

// made is the answer of an operation that took effect. It is kept for its key.
func made(body any) outcome { return outcome{status: http.StatusOK, body: body, keep: true} }

// statuses are the HTTP statuses of the error codes; they resemble Stripe's.
var statuses = map[string]int{
	sandbox.CodeInvalid: http.StatusUnprocessableEntity, sandbox.CodeKeyReused: http.StatusConflict,
	sandbox.CodeNotFound: http.StatusNotFound, sandbox.CodeConflict: http.StatusConflict,
	sandbox.CodeUnauthorized: http.StatusUnauthorized,
}

// refuse is an answer that moved nothing. It is not kept: the same key may be used again later.
func refuse(code, format string, args ...any) outcome {
	e := sandbox.Error{Code: code, Message: fmt.Sprintf(format, args...)}
	return outcome{status: statuses[code], body: sandbox.ErrorBody{Error: e}}
}

// declined is kept: the same key gets the same decline. p is nil when no payment came of it.
func declined(code string, p *payment.Payment) outcome {
	e := sandbox.Error{Code: sandbox.CodeDeclined, DeclineCode: code, Message: "Your card was declined.", Payment: p}
	return outcome{status: http.StatusPaymentRequired, body: sandbox.ErrorBody{Error: e}, keep: true}
}

// broken is a 500, which clients must take for an unknown outcome.
func broken(err error) outcome {
	e := sandbox.Error{Code: "internal", Message: err.Error()}
	return outcome{status: http.StatusInternalServerError, body: sandbox.ErrorBody{Error: e}}
}

// bytes is the body as it is sent and stored.
func (o outcome) bytes() []byte {
	if o.raw != nil {
		return o.raw
	}
	raw, err := json.Marshal(o.body)
	if err != nil {
		return []byte(`{"error":{"code":"internal"}}`)
	}
	return raw
}

// write sends the answer.
func (o outcome) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(o.status)
	w.Write(o.bytes())
}

// Counts tells how often each operation was carried out ("authorize", "capture", "void", "refund", "save_method",
// "charge", "get", "lookup", "lookup_refund"), repeats of a key answered ("replay"), and webhooks delivered, refused
// and given up ("webhook", "webhook_refused", "webhook_abandoned").
func (s *Server) Counts() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.counts)
}

// timer is a moment at which a payment changes by itself.
type timer struct {
	at time.Time
	id string
}

// timers is a heap by time; see container/heap.
type timers []timer

func (t timers) Len() int           { return len(t) }
func (t timers) Less(i, j int) bool { return t[i].at.Before(t[j].at) }
func (t timers) Swap(i, j int)      { t[i], t[j] = t[j], t[i] }
func (t *timers) Push(x any)        { *t = append(*t, x.(timer)) }
func (t *timers) Pop() any {
	last := len(*t) - 1
	x := (*t)[last]
	*t = (*t)[:last]
	return x
}

var _ heap.Interface = (*timers)(nil)
