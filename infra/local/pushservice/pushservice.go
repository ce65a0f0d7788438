// Package pushservice stands for the push services of browsers (RFC 8030) and for browsers that have subscribed to one:
// it makes a subscription with a key pair of its own, takes in the messages sent to it, decrypts them as a browser
// would (RFC 8291), and lists them.
package pushservice

import (
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"dangol/shared/platform/clock"
)

// Message is a message as a service worker gets it.
type Message struct {
	At      time.Time       `json:"at"`
	Topic   string          `json:"topic,omitempty"`
	TTL     string          `json:"ttl"`
	Urgency string          `json:"urgency,omitempty"`
	Body    json.RawMessage `json:"body"`
}

// browser is one subscription.
type browser struct {
	key      *ecdh.PrivateKey
	auth     []byte
	messages []Message
}

// Service is the push service. It keeps everything in memory: after a restart every browser has to
// subscribe again.
type Service struct {
	clock clock.Clock
	url   string // under which Handler is served
	mu    sync.Mutex
	all   map[string]*browser
}

// New returns a service whose subscriptions have addresses below url.
func New(c clock.Clock, url string) *Service {
	return &Service{clock: c, url: url, all: map[string]*browser{}}
}

// Handler serves POST /browsers (a new subscription, as PushSubscription.toJSON() writes it), GET /browsers/{id} (its
// messages), and the endpoint POST /send/{id}.
func (s *Service) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /browsers", s.subscribe)
	mux.HandleFunc("GET /browsers/{id}", s.list)
	mux.HandleFunc("POST /send/{id}", s.receive)
	return mux
}

// subscribe makes a browser with a key pair and a secret of its own, as pushManager.subscribe()
// does.
func (s *Service) subscribe(w http.ResponseWriter, _ *http.Request) {
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	secret := make([]byte, 16+12)
	_, _ = rand.Read(secret) // never fails
	auth, id := secret[:16], encode(secret[16:])
	s.mu.Lock()
	s.all[id] = &browser{key: key, auth: auth}
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(w).Encode(map[string]any{
		"id": id, "endpoint": s.url + "/send/" + id,
		"keys": map[string]string{"p256dh": encode(key.PublicKey().Bytes()), "auth": encode(auth)},
	})
}

// list shows the messages of a browser as its service worker got them.
func (s *Service) list(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, ok := s.all[r.PathValue("id")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"messages": append([]Message{}, b.messages...)})
}

// maxBody is the size that push services accept (RFC 8030 7.2 leaves it to them; 4,096 bytes
// everywhere).
const maxBody = 4096

// receive answers as push services do: 404 for a subscription that is not there, 401 without VAPID, 400 for a message
// that the browser could not decrypt.
func (s *Service) receive(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, ok := s.all[r.PathValue("id")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	// Without VAPID real services refuse the message too, so a missing key is noticed on a laptop.
	if !strings.HasPrefix(strings.ToLower(r.Header.Get("Authorization")), "vapid ") {
		http.Error(w, "no VAPID", http.StatusUnauthorized)
		return
	}
	sealed, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, "too large", http.StatusRequestEntityTooLarge)
		return
	}
	body, err := open(b.key, b.auth, sealed)
	if err != nil || !json.Valid(body) {
		http.Error(w, "the message cannot be decrypted", http.StatusBadRequest)
		return
	}
	b.messages = append(b.messages, Message{
		At: s.clock.Now(), Topic: r.Header.Get("Topic"), TTL: r.Header.Get("TTL"), Urgency: r.Header.Get("Urgency"),
		Body: body,
	})
	w.WriteHeader(http.StatusCreated)
}

// encode is the base64url without padding that web push uses.
func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
