package push

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/SherClockHolmes/webpush-go"
)

// Urgency tells the push service whether to wake a device for the message (RFC 8030 5.3).
type Urgency = webpush.Urgency

// The urgencies in use.
const (
	Low    = webpush.UrgencyLow
	Normal = webpush.UrgencyNormal
	High   = webpush.UrgencyHigh
)

// Message is what a browser's service worker gets.
type Message struct {
	Body []byte // JSON for the service worker, at most MaxBody
	// a newer message of the same topic replaces one that is not delivered yet; at most 32 of A-Z, a-z, 0-9, - and _
	Topic   string
	TTL     time.Duration
	Urgency Urgency
}

// MaxBody is what fits into one record of 4,096 bytes: less the header of 86, the tag of 16 and the delimiter.
const MaxBody = 4096 - 86 - 16 - 1

// Outcome is what is known about a message after it was sent.
type Outcome string

// The outcomes.
const (
	Accepted Outcome = "accepted"
	// Gone: the subscription has ended and is to be deleted (404, 410).
	Gone Outcome = "gone"
	// Refused: this message will never be accepted (400, 413).
	Refused Outcome = "refused"
	// Later: the push service asks for patience (429, 5xx).
	Later Outcome = "later"
	// Misconfigured: our own keys or subject are wrong (401, 403). The subscription is good and stays.
	Misconfigured Outcome = "misconfigured"
	// Unknown: no answer came.
	Unknown Outcome = "unknown"
)

// Answer is the outcome with the time to wait where the push service names one.
type Answer struct {
	Outcome    Outcome
	Status     int
	RetryAfter time.Duration
}

// VAPID is the identity of the shop towards push services (RFC 8292).
type VAPID struct {
	Public  string // base64url, also given to browsers
	Private string
	Subject string // mailto: or https: of somebody who can be asked
}

// Check says what is wrong with the identity. Apple refuses subjects at localhost or without mailto: or https:.
func (v VAPID) Check() error {
	public, err := decode(v.Public)
	// An uncompressed point of P-256 (RFC 8292 3.2).
	if err != nil || len(public) != 65 {
		return errors.New("push: the VAPID public key is not 65 bytes in base64url")
	}
	if private, err := decode(v.Private); err != nil || len(private) != 32 {
		return errors.New("push: the VAPID private key is not 32 bytes in base64url")
	}
	// Apple answers 403 to such a subject, which would look like a wrong key.
	local := strings.Contains(v.Subject, "localhost") || strings.HasSuffix(v.Subject, ".local")
	if !strings.HasPrefix(v.Subject, "mailto:") && !strings.HasPrefix(v.Subject, "https://") || local {
		return errors.New("push: the VAPID subject is no mailto: or https: that push services accept")
	}
	return nil
}

// Sender sends messages. It is safe for concurrent use.
type Sender struct {
	client *http.Client
	vapid  VAPID
	hosts  []string
}

// NewSender returns a sender to push services on the hosts. Redirects are not followed: they could lead anywhere.
// Error: VAPID.Check.
func NewSender(client *http.Client, v VAPID, hosts []string) (*Sender, error) {
	if err := v.Check(); err != nil {
		return nil, err
	}
	stay := *client
	// A redirect would carry the signed request to another host.
	stay.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Sender{client: &stay, vapid: v, hosts: hosts}, nil
}

// topicForm reports whether a text may be a topic, or is empty.
func topicForm(s string) bool {
	return len(s) <= 32 && strings.IndexFunc(s, func(r rune) bool {
		return r != '_' && r != '-' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	}) < 0
}

// Send encrypts a message for a subscription and hands it to its push service, once. The error says why the outcome is
// not Accepted. The signature is valid for 12 hours by the clock of the machine, not by a moved one: push services
// compare it with theirs.
func (s *Sender) Send(ctx context.Context, to Subscription, m Message) (Answer, error) {
	// A subscription that is not valid will never work, so it is deleted like an ended one.
	if err := to.Check(s.hosts); err != nil {
		return Answer{Outcome: Gone}, err
	}
	if len(m.Body) > MaxBody || !topicForm(m.Topic) || m.TTL < 0 {
		return Answer{Outcome: Refused}, fmt.Errorf("push: a body of %d bytes, at most %d, with topic %q", len(m.Body),
			MaxBody, m.Topic)
	}
	answer, err := webpush.SendNotificationWithContext(ctx, m.Body, &webpush.Subscription{
		Endpoint: to.Endpoint, Keys: webpush.Keys{P256dh: to.P256dh, Auth: to.Auth},
	}, &webpush.Options{
		// webpush-go adds mailto: by itself.
		HTTPClient: s.client, Subscriber: strings.TrimPrefix(s.vapid.Subject, "mailto:"), Topic: m.Topic,
		TTL:     int(m.TTL.Seconds()),
		Urgency: m.Urgency, VAPIDPublicKey: s.vapid.Public, VAPIDPrivateKey: s.vapid.Private,
	})
	// The push service may have taken it all the same.
	if err != nil {
		return Answer{Outcome: Unknown}, fmt.Errorf("push: %w", err)
	}
	defer answer.Body.Close()
	_, _ = io.CopyN(io.Discard, answer.Body, 4<<10) // read, so that the connection can be used again
	result := Answer{Outcome: Meaning(answer.StatusCode), Status: answer.StatusCode}
	// Only seconds: no push service in the list sends a date. A day at most, so that a mistake of
	// theirs does not stop us.
	if seconds, err := strconv.Atoi(answer.Header.Get("Retry-After")); err == nil && seconds > 0 {
		result.RetryAfter = min(time.Duration(seconds)*time.Second, 24*time.Hour)
	}
	if result.Outcome != Accepted {
		return result, fmt.Errorf("push: the push service answered %d", answer.StatusCode)
	}
	return result, nil
}

// Meaning is the outcome that a status stands for (RFC 8030 5, 8; RFC 8292 4.2). A redirect is refused: no push service
// sends one.
func Meaning(status int) Outcome {
	switch {
	case status >= 200 && status < 300:
		return Accepted
	case status == http.StatusNotFound || status == http.StatusGone:
		return Gone
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return Misconfigured
	case status == http.StatusTooManyRequests || status >= 500:
		return Later
	}
	return Refused
}
