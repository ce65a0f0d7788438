package service

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/SherClockHolmes/webpush-go"

	"dangol/shared/compliance"
	"dangol/shared/outbox"
	"dangol/shared/outreach/contact"
	"dangol/shared/outreach/push"
	"dangol/shared/outreach/tracking"
	"dangol/shared/platform/backoff"
	"dangol/shared/platform/table"
	"dangol/shared/platform/task"
)

// DuePush is the due kind of push messages.
const DuePush = "outreach_push"

// PushMessage is a message to all browsers of a contact.
type PushMessage struct {
	ID       string                 `json:"id"`
	Contact  string                 `json:"contact"`
	Kind     compliance.MessageKind `json:"kind"`
	Topic    string                 `json:"topic"` // of the consent
	Title    string                 `json:"title"`
	Body     string                 `json:"body"`
	URL      string                 `json:"url"`
	Template string                 `json:"template,omitempty"`
	About    string                 `json:"about,omitempty"` // cart, order: what the run is about
	Source   outbox.Source          `json:"source"`
	Planned  time.Time              `json:"planned"`
	Latest   time.Time              `json:"latest,omitzero"`
	// Replaces lets a newer message of the same thing (a cart) replace one that is not delivered yet.
	Replaces string `json:"replaces,omitempty"`
}

// task is the task of the message; it is due at once when its time has passed.
func (m PushMessage) task(now time.Time) *task.Task[PushMessage] {
	at := m.Planned
	if at.Before(now) {
		at = now
	}
	return task.New(DuePush, m.ID, m, now, at)
}

// pushTTL is how long a push service keeps a message for a browser that is off, at the most.
const pushTTL = 12 * time.Hour

// ttl is how long a push service may keep a message: not beyond the time from which it is too late, and not into a
// night in which it must not arrive (정보통신망법 50조 3항).
func (p Pusher) ttl(m PushMessage, c contact.Contact, now time.Time) time.Duration {
	until := now.Add(pushTTL)
	if !m.Latest.IsZero() && m.Latest.Before(until) {
		until = m.Latest
	}
	consented := m.Kind == compliance.Marketing && c.Consent[compliance.Push].Night
	quiet := compliance.QuietHours(compliance.Push, c.Country)
	night, ok := quiet.Begins(now, c.Location(p.Service.Shop.Zone))
	if ok && !consented && night.Before(until) {
		until = night
	}
	return max(0, until.Sub(now))
}

// Pusher sends push messages.
type Pusher struct {
	Service *Service
	Client  *http.Client
	Hosts   []string // allowed push services
	Subject string   // mailto: of the shop
	Engine  task.Engine
}

// Kind is the kind of the tasks. Push is at most once: a second notification is worse than none.
func (p Pusher) Kind() task.Kind[PushMessage] {
	return task.Kind[PushMessage]{
		Engine: p.Engine, Name: DuePush, Delivery: task.AtMostOnce, Do: p.send,
		Backoff: backoff.Schedule{time.Minute, 10 * time.Minute},
		// Nobody knows whether a browser has shown it; it is counted and listed as unknown and not sent again.
		Abandon: func(ctx context.Context, t *task.Task[PushMessage], cause error) ([]table.Write, error) {
			c, err := p.Service.Contacts.Get(ctx, t.Payload.Value.Contact)
			if err := ignoreMissing(err); err != nil {
				return nil, err
			}
			return p.settle(t.Payload.Value, c, outbox.Unknown, cause.Error()), nil
		},
	}
}

// send asks the gate again, at the time of sending: the night may have begun, or the person may have refused.
func (p Pusher) send(ctx context.Context, t *task.Task[PushMessage]) (task.Outcome, error) {
	s, m := p.Service, t.Payload.Value
	now := s.Clock.Now()
	c, err := s.Contacts.Get(ctx, m.Contact)
	// The browser was removed, or the person is gone.
	if errors.Is(err, table.ErrNotFound) || err == nil && len(c.Push) == 0 {
		return p.outcome(m, c, outbox.Withheld, "no_browser", nil), nil
	}
	if err != nil {
		return task.Outcome{}, errors.Join(task.ErrLater, err)
	}
	c.Recent = nil // the place under the cap was taken when the message was made
	d := s.gate(PlannedMessage{Message: m.outgoing()}, c, now)
	switch {
	case d.Waits():
		return task.Outcome{}, errors.Join(task.ErrLater, errors.New(string(d.Reason)))
	case !d.Allowed:
		return p.outcome(m, c, outbox.Withheld, string(d.Reason), nil), nil
	case !m.Latest.IsZero() && now.After(m.Latest):
		return p.outcome(m, c, outbox.Withheld, "too_late", nil), nil
	}
	// Written before a push service is called. A goal that was reached meanwhile stops the message here.
	err = s.Outbox.Begin(ctx, m.record(c, d.Reason), []string{m.URL}, now)
	if errors.Is(err, outbox.ErrStopped) {
		return p.outcome(m, c, outbox.Canceled, "stopped", nil), nil
	}
	if err != nil {
		return task.Outcome{}, errors.Join(task.ErrLater, err)
	}
	// With the label of advertising, where the law asks for it.
	m.Title = d.Subject
	return p.deliver(ctx, m, c, d.Reason)
}

// outgoing is the message as the gate has to see it.
func (m PushMessage) outgoing() compliance.OutgoingMessage {
	return compliance.OutgoingMessage{Kind: m.Kind, Channel: compliance.Push, Topic: m.Topic, Subject: m.Title}
}

// record is what the record of the message says: to whom, and on what ground.
func (m PushMessage) record(c contact.Contact, basis compliance.Reason) outbox.Mail {
	return outbox.Mail{
		ID: m.ID, Kind: m.Kind, Channel: compliance.Push, To: c.Email, Template: m.Template, About: m.About,
		Source: m.Source, Topic: m.Topic, Basis: basis, Contact: m.Contact, Planned: m.Planned,
		Compose: &outbox.Compose{ConsentAt: c.Consent[compliance.Push].Confirmed},
	}
}

// payload is what the service worker gets. Somebody who does not want to be measured gets no token for the click.
func (p Pusher) payload(ctx context.Context, m PushMessage, c contact.Contact) ([]byte, error) {
	content := map[string]any{"title": m.Title, "body": m.Body, "url": m.URL, "tag": m.Replaces}
	if !c.NoTracking {
		signer, err := p.Service.Keys.Signer(ctx, p.Service.Clock.Now())
		if err != nil {
			return nil, err
		}
		content["click"] = map[string]string{
			"url": p.Service.Shop.LinkBase + "/outreach/push/clicks", "token": signer.Sign(tracking.PushClick, m.ID),
		}
	}
	return json.Marshal(content)
}

// deliver sends to every browser of the contact. It counts as sent when one push service took it.
func (p Pusher) deliver(ctx context.Context, m PushMessage, c contact.Contact,
	basis compliance.Reason) (task.Outcome, error) {
	sender, err := p.sender(ctx)
	if err != nil {
		return task.Outcome{}, errors.Join(task.ErrLater, err)
	}
	body, err := p.payload(ctx, m, c)
	if err != nil {
		return task.Outcome{}, errors.Join(task.ErrLater, err)
	}
	ttl := p.ttl(m, c, p.Service.Clock.Now())
	// One task sends to all browsers: with one that took it the person has been told.
	var gone []string
	sent, later, unknown, refused := false, false, false, 0
	for _, browser := range c.Push {
		answer, err := sender.Send(ctx, browser,
			push.Message{Body: body, Topic: m.Replaces, TTL: ttl, Urgency: push.Normal})
		switch answer.Outcome {
		case push.Accepted:
			sent = true
		case push.Gone:
			gone = append(gone, browser.Endpoint)
		case push.Refused:
			refused = answer.Status
		// A wrong key of ours is mended by us; the browsers stay.
		case push.Later, push.Misconfigured:
			later = true
		case push.Unknown:
			unknown = true
		}
		if err != nil {
			p.Service.Log.WarnContext(ctx, "push", "outcome", answer.Outcome, "status", answer.Status)
		}
	}
	removal := p.removal(m.Contact, gone)
	switch {
	case sent:
		return p.outcome(m, c, outbox.Accepted, string(basis), removal), nil
	// Nobody is left who could still get it.
	case len(gone) == len(c.Push):
		return p.outcome(m, c, outbox.Withheld, "no_browser", removal), nil
	case unknown:
		return task.Outcome{}, task.ErrUnknown
	case later:
		return task.Outcome{}, task.ErrLater
	}
	return p.outcome(m, c, outbox.Rejected, fmt.Sprintf("the push service answered %d", refused), removal), nil
}

// removal takes browsers off that push services no longer know.
func (p Pusher) removal(contactID string, gone []string) func(context.Context) error {
	if len(gone) == 0 {
		return nil
	}
	return func(ctx context.Context) error {
		s := p.Service
		_, err := s.Contacts.ChangeID(ctx, contactID, s.Clock.Now(), func(c *contact.Contact) ([]table.Write, bool, error) {
			for _, endpoint := range gone {
				c.Unsubscribe(endpoint)
			}
			return nil, false, nil
		})
		return err
	}
}

// outcome is a settled message; before is done first, because the record closes the task.
func (p Pusher) outcome(m PushMessage, c contact.Contact, state outbox.State, reason string,
	before func(context.Context) error) task.Outcome {
	return task.Outcome{Record: func(ctx context.Context) ([]table.Write, error) {
		if before != nil {
			if err := before(ctx); err != nil {
				return nil, err
			}
		}
		return p.settle(m, c, state, reason), nil
	}}
}

// settle returns the writes that record and count what became of a message. Of somebody who is gone nothing is kept but
// the count.
func (p Pusher) settle(m PushMessage, c contact.Contact, state outbox.State, reason string) []table.Write {
	now := p.Service.Clock.Now()
	if c.Email == "" {
		return []table.Write{outbox.CountState(m.Source, m.ID, state, now)}
	}
	return m.record(c, "").Settle(state, "", reason, now)
}

// sender signs with the key pair that is made when it is first needed.
func (p Pusher) sender(ctx context.Context) (*push.Sender, error) {
	public, private, err := p.Service.PushKeys(ctx)
	if err != nil {
		return nil, err
	}
	return push.NewSender(p.Client, push.VAPID{Public: public, Private: private, Subject: p.Subject}, p.Hosts)
}

// PushKeys returns the shop's identity towards push services. The public key is what browsers subscribe with.
func (s *Service) PushKeys(ctx context.Context) (public, private string, err error) {
	v, err := s.Keys.VAPID(ctx, func() (string, string, error) {
		// webpush-go returns the private key first.
		private, public, err := webpush.GenerateVAPIDKeys()
		return public, private, err
	})
	return v.Public, v.Private, err
}
