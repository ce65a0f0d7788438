// Package outbox is the messages that the shop has to send, and what became of each.
//
// Every mail, transactional or marketing, is a durable task (package task) with a record of its own:
//
//	task      what is to be sent to whom; due at once or later; worked off by functions/mailer
//	record    MSG#<id>: why it was sent, its state, what SES told about it; one per message, kept for six months
//	counters  STATS#<source>: how many were sent, delivered, clicked, for each step of a series and each campaign
//
// SES has no idempotency key. So the record is written before SES is called, with the time of the attempt, and the id
// travels as message tag "mid" through SES's events. An attempt whose answer was lost is settled by the Send event;
// without one for AskWithin, a transactional mail is sent again (at least once), and a marketing mail never is (at most
// once): it is counted and listed as unknown.
package outbox

import (
	"encoding/json"
	"time"

	"dangol/shared/compliance"
	"dangol/shared/money"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/task"
)

// The due kinds, which are the kinds of the tasks too.
const (
	DueMail      = "mail"           // transactional
	DueMarketing = "mail_marketing" // everything that needs consent
)

// AskWithin is how long the Send event of an unanswered attempt is waited for.
const AskWithin = 15 * time.Minute

// Tag is the name of the message tag that carries the id of a mail.
const Tag = "mid"

// Mail is what a task has to send. Either Event or Compose says what is in it.
type Mail struct {
	ID   string                 `json:"id"` // A-Z, a-z, 0-9, - and _
	Kind compliance.MessageKind `json:"kind"`
	// Channel is e-mail when it is empty. Push messages have tasks of their own and share only the record.
	Channel  compliance.Channel `json:"channel,omitempty"`
	To       string             `json:"to"`
	Language string             `json:"language"`
	Template string             `json:"template"`
	About    string             `json:"about,omitempty"` // order, subscription, cart
	Source   Source             `json:"source"`
	Event    *Event             `json:"event,omitempty"`
	Compose  *Compose           `json:"compose,omitempty"`
	Topic    string             `json:"topic,omitempty"`
	// Basis is why the gate allowed it when it was made; it is asked again when the mail is sent.
	Basis     compliance.Reason `json:"basis,omitempty"`
	SameGoods bool              `json:"sameGoods,omitempty"`
	Contact   string            `json:"contact,omitempty"`
	Planned   time.Time         `json:"planned"`
	// Test is a mail to somebody who works for the shop: it looks like the one of Kind, its links for refusing lead
	// nowhere, and it is counted under a source of its own.
	Test bool `json:"test,omitempty"`
	// Latest is when it is too late to send; zero is never.
	Latest time.Time `json:"latest,omitzero"`
}

// Source is where a message is counted: a series, a campaign or the mails of events.
type Source struct {
	Name string `json:"name" dynamodbav:"name"` // "sequence:welcome:1", "campaign:cmp_1", "event"
	Step string `json:"step" dynamodbav:"step"` // step, variant or template
}

// EventSource is the name of the source of mails that follow from domain events.
const EventSource = "event"

// Counted reports whether messages of the source have counters. Reports are made of series and campaigns; of the mails
// of events there is the record of each, and the metrics of the mailer, and nobody reads a counter.
func (s Source) Counted() bool { return s.Name != "" && s.Name != EventSource }

// Event is a domain event that becomes a mail.
type Event struct {
	Type   string          `json:"type"`
	Detail json.RawMessage `json:"detail"`
}

// Compose is a mail whose texts are known by name, or come with it.
type Compose struct {
	// Values fill the placeholders of the texts: name, value, name, value.
	Values []string `json:"values,omitempty"`
	// Texts are those of a campaign's author; nil takes the texts of Mail.Template from the catalog.
	Texts    *Texts    `json:"texts,omitempty"`
	URL      string    `json:"url,omitempty"` // where the button leads
	Name     string    `json:"name,omitempty"`
	Coupon   string    `json:"coupon,omitempty"`
	Until    string    `json:"until,omitempty"`
	Products []Product `json:"products,omitempty"`
	// Plain leaves links as they are: nothing is measured.
	Plain     bool      `json:"plain,omitempty"`
	ConsentAt time.Time `json:"consentAt,omitzero"`
}

// Texts are the words of a campaign in one language.
type Texts struct {
	Subject   string   `json:"subject" dynamodbav:"subject" minLength:"1" maxLength:"150"`
	Preheader string   `json:"preheader,omitempty" dynamodbav:"preheader,omitempty" maxLength:"150"`
	Heading   string   `json:"heading" dynamodbav:"heading" minLength:"1" maxLength:"150"`
	Body      []string `json:"body" dynamodbav:"body" minItems:"1" maxItems:"20" nullable:"false" doc:"Paragraphs of plain text."`
	Button    string   `json:"button,omitempty" dynamodbav:"button,omitempty" maxLength:"60"`
}

// Check adds what is outside of the bounds of a mail's texts, at a pointer.
func (t Texts) Check(at string, wrong *problem.Fields) {
	wrong.Text(t.Subject, 1, 150, at+"/subject")
	wrong.Text(t.Preheader, 0, 150, at+"/preheader")
	wrong.Text(t.Heading, 1, 150, at+"/heading")
	wrong.Count(len(t.Body), 1, 20, at+"/body")
	wrong.Text(t.Button, 0, 60, at+"/button")
}

// Product is one of the goods a mail shows.
type Product struct {
	Title string      `json:"title"`
	URL   string      `json:"url"`
	Image string      `json:"image,omitempty"`
	Price money.Money `json:"price"`
	Was   money.Money `json:"was,omitzero"`
}

// DueKind is the kind of the mail's task.
func (m Mail) DueKind() string {
	if m.Kind == compliance.Marketing {
		return DueMarketing
	}
	return DueMail
}

// Task is the task of the mail, due at its planned time.
func (m Mail) Task(now time.Time) *task.Task[Mail] {
	at := m.Planned
	// What was planned for the past is due now.
	if at.Before(now) {
		at = now
	}
	return task.New(m.DueKind(), m.ID, m, now, at)
}

// channel is how the message reaches the person.
func (m Mail) channel() compliance.Channel {
	if m.Channel == "" {
		return compliance.Email
	}
	return m.Channel
}

// Late reports whether the mail may no longer be sent.
func (m Mail) Late(now time.Time) bool { return !m.Latest.IsZero() && now.After(m.Latest) }
