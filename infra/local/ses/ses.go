// Package ses is SES v2 for a laptop: it takes SendEmail from the AWS SDK, sends nothing, and shows what would have
// gone out in an inbox at /inbox. Like the SES mailbox simulator it answers by the recipient's address, so bounces,
// complaints, throttling and a lost answer can be rehearsed.
package ses

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"dangol/infra/local/engine/journal"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/id"
)

// How many messages the inbox holds when Options do not say; the oldest go first.
const (
	keepInMemory = 10_000
	keepInFile   = 100_000 // of which memory holds some hundred bytes each
)

// Options are what a Sink works with.
type Options struct {
	Clock clock.Clock
	// Emit gets the events SES would put on the default bus, with source aws.ses, for messages that name a
	// configuration set. It may be nil.
	Emit func(detailType string, detail json.RawMessage) error
	// Receive gets each mail that somebody sends to the shop, with the headers that SES writes in front of it. It may be
	// nil: then nobody can.
	Receive func(raw []byte) error
	File    string       // where messages are kept; empty keeps them in memory
	Log     *slog.Logger // nil is silent
	// Rate is how many mails are accepted in a second; more are throttled. 0 enforces none, and
	// GetAccount then reports accountRate.
	Rate float64
	// Keep is how many messages are held. 0 is 100,000 with a file and 10,000 without.
	Keep int
}

// Message is one e-mail taken.
type Message struct {
	ID               string            `json:"id"`
	At               time.Time         `json:"at"`
	From             string            `json:"from"`
	To               []string          `json:"to"`
	Cc               []string          `json:"cc,omitempty"`
	Bcc              []string          `json:"bcc,omitempty"`
	ReplyTo          []string          `json:"replyTo,omitempty"`
	Subject          string            `json:"subject"`
	Text             string            `json:"text,omitempty"`
	HTML             string            `json:"html,omitempty"`
	Headers          []Header          `json:"headers,omitempty"`
	Attachments      []string          `json:"attachments,omitempty"` // file names
	Tags             map[string]string `json:"tags,omitempty"`
	ConfigurationSet string            `json:"configurationSet,omitempty"`
	Outcome          string            `json:"outcome"` // what the simulator did with it
}

// Header is one header line, decoded.
type Header struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Header returns the value of the first header with this name, whatever its case.
func (m Message) Header(name string) string {
	i := slices.IndexFunc(m.Headers, func(h Header) bool { return strings.EqualFold(h.Name, name) })
	if i < 0 {
		return ""
	}
	return m.Headers[i].Value
}

// recipients are all who get the message.
func (m Message) recipients() []string { return slices.Concat(m.To, m.Cc, m.Bcc) }

// sentTo compares addresses without case, with or without a name around them.
func (m Message) sentTo(to string) bool {
	return slices.ContainsFunc(m.recipients(), func(r string) bool { return strings.EqualFold(bare(r), bare(to)) })
}

// Sink takes mail. It is an http.Handler for the SES v2 API and the inbox, safe for concurrent use.
type Sink struct {
	options Options
	routes  *http.ServeMux
	closed  chan struct{}
	close   func()

	mu        sync.Mutex
	messages  []Message // oldest first; with a file their bodies are only there
	throttled map[string]int
	bucket    float64 // mails that may be taken at once, at bucketAt
	bucketAt  time.Time
	file      *journal.Journal[Message]
}

// Open makes a sink with the messages kept in the file.
func Open(o Options) (*Sink, error) {
	file, kept, err := journal.Open[Message](o.File)
	if err != nil {
		return nil, fmt.Errorf("ses: %w", err)
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.File != "" {
		for i := range kept {
			kept[i] = kept[i].withoutBody()
		}
	}
	if o.Keep == 0 {
		o.Keep = keepInMemory
		if o.File != "" {
			o.Keep = keepInFile
		}
	}
	closed := make(chan struct{})
	s := &Sink{
		options: o, messages: kept, throttled: map[string]int{}, file: file,
		routes: http.NewServeMux(), closed: closed, close: sync.OnceFunc(func() { close(closed) }),
	}
	s.routes.HandleFunc("POST /v2/email/outbound-emails", s.sendEmail)
	s.routes.HandleFunc("GET /v2/email/account", s.account)
	s.routes.HandleFunc("GET /inbox", s.inbox)
	s.routes.HandleFunc("GET /inbox/{id}", s.message)
	s.routes.HandleFunc("GET /inbox.json", s.inboxJSON)
	s.routes.HandleFunc("POST /inbox/received", s.received)
	s.routes.HandleFunc("POST /inbox/{id}/reply", s.reply)
	return s, nil
}

// ServeHTTP answers the SES API and the inbox.
func (s *Sink) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.routes.ServeHTTP(w, r) }

// Close ends writing to the file and releases callers that wait for an answer.
func (s *Sink) Close() error {
	s.close()
	return s.file.Close()
}

// Text shows a text message in the inbox, beside the mails.
func (s *Sink) Text(to, text string) error {
	now := s.options.Clock.Now()
	return s.store(Message{
		ID: id.New("sms", now), At: now, To: []string{to}, Subject: text, Text: text, Outcome: outcomeSuccess,
		Tags: map[string]string{"template": "sms"},
	})
}

// withoutBody is the message without what makes it large.
func (m Message) withoutBody() Message {
	m.Text, m.HTML, m.Headers = "", "", nil
	return m
}

// whole is a message with its body.
func (s *Sink) whole(m Message) Message {
	if s.options.File == "" {
		return m
	}
	kept, ok, err := s.file.Get(m.ID)
	if err != nil || !ok {
		s.options.Log.Error("mail cannot be read back", "id", m.ID, "error", err)
		return m
	}
	return kept
}

// Messages returns what was sent to an address, or to anybody when it is empty, newest first.
func (s *Sink) Messages(to string) []Message {
	found := s.list(to)
	for i, m := range found {
		found[i] = s.whole(m)
	}
	return found
}

// list is Messages without the bodies.
func (s *Sink) list(to string) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := []Message{}
	for _, m := range slices.Backward(s.messages) {
		if to == "" || m.sentTo(to) {
			found = append(found, m)
		}
	}
	return found
}

// store adds a message and drops the oldest beyond what is held.
func (s *Sink) store(m Message) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.file.Put(m.ID, m); err != nil {
		return fmt.Errorf("ses: %w", err)
	}
	if s.options.File != "" {
		m = m.withoutBody()
	}
	s.messages = append(s.messages, m)
	for len(s.messages) > s.options.Keep {
		if err := s.file.Delete(s.messages[0].ID); err != nil {
			return fmt.Errorf("ses: %w", err)
		}
		s.messages = s.messages[1:]
	}
	return nil
}

// Outcomes of the simulator, by the local part of an address whose domain begins with "simulator.",
// as with the mailbox simulator of SES. A label may follow a plus sign; for throttle a number says
// how many calls are refused before one passes.
const (
	outcomeSuccess    = "success"
	outcomeBounce     = "bounce"          // permanent: no such mailbox
	outcomeSoftBounce = "softbounce"      // transient: mailbox full
	outcomeSuppressed = "suppressionlist" // bounced because it bounced before
	outcomeComplaint  = "complaint"       // delivered, then reported as spam
	outcomeOutOfDesk  = "ooto"            // delivered, and somebody's automatic answer comes back
	outcomeThrottle   = "throttle"        // TooManyRequestsException
	outcomeReject     = "reject"          // MessageRejected
	outcomeHang       = "hang"            // accepted, but the answer never comes
)

// outcomes are those that an address can ask for.
var outcomes = []string{
	outcomeBounce, outcomeSoftBounce, outcomeSuppressed, outcomeComplaint, outcomeOutOfDesk, outcomeThrottle,
	outcomeReject, outcomeHang,
}

// outcome returns the outcome that the first such recipient asks for, and that recipient.
func outcome(recipients []string) (name, address string) {
	for _, r := range recipients {
		local, domain, _ := strings.Cut(strings.ToLower(bare(r)), "@")
		asked, _, _ := strings.Cut(local, "+")
		if strings.HasPrefix(domain, "simulator.") && slices.Contains(outcomes, asked) {
			return asked, bare(r)
		}
	}
	return outcomeSuccess, ""
}

// throttle reports whether this call for the address is refused. Without a number every call is.
func (s *Sink) throttle(address string) bool {
	local, _, _ := strings.Cut(address, "@")
	_, label, _ := strings.Cut(local, "+")
	limit, err := strconv.Atoi(label)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.throttled[address]++
	return err != nil || s.throttled[address] <= limit
}
