// Package phone is the telephone network on a laptop: the call of Amazon Connect that package dialer makes
// (StartOutboundVoiceContact), and the text messages of AWS End User Messaging that package sms sends
// (SendTextMessage). It reaches nobody: calls and texts are noted and can be read.
//
// A number that ends in 0000 is one that may not be reached: it is refused as AWS refuses a number that is not allowed.
package phone

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"dangol/shared/platform/clock"
	"dangol/shared/platform/id"
)

// OutboundCall is a call that was started.
type OutboundCall struct {
	ContactID string    `json:"contactId"`
	To        string    `json:"to"`
	From      string    `json:"from"`
	AgentID   string    `json:"agentId"`
	CallID    string    `json:"callId"`
	At        time.Time `json:"at"`
	token     string
}

// Text is a text message that was sent.
type Text struct {
	ID   string    `json:"messageId"`
	To   string    `json:"to"`
	Text string    `json:"text"`
	At   time.Time `json:"at"`
}

// kept bounds how many calls and texts are remembered.
const kept = 1000

// Service starts calls and remembers them.
type Service struct {
	clock   clock.Clock
	deliver func(Text) error
	mu      sync.Mutex
	calls   []OutboundCall
	texts   []Text
}

// New returns a network in which nothing has happened. deliver gets each text message; nil shows them nowhere else.
func New(c clock.Clock, deliver func(Text) error) *Service {
	return &Service{clock: c, deliver: deliver}
}

// ServeHTTP takes the requests of Connect and of End User Messaging, and shows what they led to at /calls and /texts.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method == http.MethodPut && r.URL.Path == "/contact/outbound-voice":
		s.dial(w, r)
	case r.Method == http.MethodGet && r.URL.Path == "/calls":
		write(w, http.StatusOK, map[string]any{"calls": s.Calls()})
	case r.Method == http.MethodPost && r.Header.Get("X-Amz-Target") == "PinpointSMSVoiceV2.SendTextMessage":
		s.text(w, r)
	case r.Method == http.MethodGet && r.URL.Path == "/texts":
		write(w, http.StatusOK, map[string]any{"texts": s.Texts()})
	default:
		http.NotFound(w, r)
	}
}

// dial is StartOutboundVoiceContact. The same ClientToken is the same call, as Connect has it.
func (s *Service) dial(w http.ResponseWriter, r *http.Request) {
	var in struct {
		DestinationPhoneNumber, SourcePhoneNumber, ClientToken string
		Attributes                                             map[string]string
	}
	if !decode(w, r, &in) {
		return
	}
	if strings.HasSuffix(in.DestinationPhoneNumber, "0000") {
		refuse(w, http.StatusForbidden, "DestinationNotAllowedException")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	at := slices.IndexFunc(s.calls, func(c OutboundCall) bool { return c.token == in.ClientToken })
	if at < 0 {
		at = len(s.calls)
		s.calls = append(s.calls, OutboundCall{
			ContactID: fmt.Sprintf("contact-%d", at+1), To: in.DestinationPhoneNumber, From: in.SourcePhoneNumber,
			AgentID: in.Attributes["agentId"], CallID: in.Attributes["callId"], At: s.clock.Now(), token: in.ClientToken,
		})
	}
	write(w, http.StatusOK, map[string]string{"ContactId": s.calls[at].ContactID})
	s.calls = s.calls[max(0, len(s.calls)-kept):]
}

// text is SendTextMessage. It has no token: each request is another message.
func (s *Service) text(w http.ResponseWriter, r *http.Request) {
	var in struct{ DestinationPhoneNumber, OriginationIdentity, MessageBody string }
	if !decode(w, r, &in) {
		return
	}
	if in.OriginationIdentity == "" || in.MessageBody == "" {
		refuse(w, http.StatusBadRequest, "ValidationException")
		return
	}
	if strings.HasSuffix(in.DestinationPhoneNumber, "0000") {
		refuse(w, http.StatusBadRequest, "ConflictException")
		return
	}
	s.mu.Lock()
	t := Text{ID: id.New("sms", s.clock.Now()), To: in.DestinationPhoneNumber, Text: in.MessageBody, At: s.clock.Now()}
	s.texts = append(s.texts, t)
	s.texts = s.texts[max(0, len(s.texts)-kept):]
	s.mu.Unlock()
	if s.deliver != nil {
		if err := s.deliver(t); err != nil {
			refuse(w, http.StatusInternalServerError, "InternalServerException")
			return
		}
	}
	write(w, http.StatusOK, map[string]string{"MessageId": t.ID})
}

// Texts are the text messages so far, the first one first.
func (s *Service) Texts() []Text {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Text{}, s.texts...)
}

// Calls are the calls so far, the first one first.
func (s *Service) Calls() []OutboundCall {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]OutboundCall{}, s.calls...)
}

// decode reads a signed request; Connect refuses one that is not.
func decode(w http.ResponseWriter, r *http.Request, in any) bool {
	if !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 ") {
		refuse(w, http.StatusForbidden, "AccessDeniedException")
		return false
	}
	if err := json.NewDecoder(r.Body).Decode(in); err != nil {
		refuse(w, http.StatusBadRequest, "SerializationException")
		return false
	}
	return true
}

// refuse answers as AWS does when it says no.
func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("X-Amzn-ErrorType", code)
	write(w, status, map[string]string{"__type": code, "message": code})
}

func write(w http.ResponseWriter, status int, answer any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(answer)
}
