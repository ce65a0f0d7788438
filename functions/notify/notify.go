// Package notify writes to shoppers about what happened to their orders: placed, on its way, arrived, canceled, not paid,
// and a payment that went back. It owns the items SEND#... of the table Outreach and emits no events.
//
// Trigger: the bus, one event at a time (Hears). The event has all that the mail needs, in the language of the order;
// notify reads nothing of the shop.
//
// # One mail for one event
//
// SES has no idempotency key, so a record of its own keeps an event that is delivered twice from becoming two mails:
// claim (a conditional put), send, confirm. What becomes of a send, and of the same event when it is delivered again:
//
//	sent      SES took it. Nothing more.
//	waiting   SES did not take it and may later (throttled, paused, not reachable): the delivery fails, the bus delivers
//	          again, and the mail is sent then.
//	rejected  SES will never take it (an address that is none). Nothing more; counted.
//	claimed   A send is under way, or it hung, or the function died between sending and confirming: nobody knows whether
//	          the mail went out. While the lease runs the delivery fails. After it the mail is sent once more: of an order
//	          confirmation two are better than none.
//	unknown   The second attempt also ended without an answer. Nothing more; counted, for a person to look at. The SES
//	          events carry the tag event=<id>, so they tell what really went out.
//
// The lease is shorter than the minute after which Lambda repeats a failed asynchronous invocation and longer than the
// function may run (Timeout), so the repetition finds a claim that has run out and never one that is being worked on.
package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	lambdaevents "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"

	"dangol/shared/mail"
	"dangol/shared/platform/boot"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/event"
	"dangol/shared/platform/function"
	"dangol/shared/platform/logging"
	"dangol/shared/platform/metrics"
	"dangol/shared/platform/table"
)

// Timeout is the longest the function may run.
const Timeout = 30 * time.Second

// Sender sends a message; *mail.Sender does.
type Sender interface {
	Send(context.Context, mail.Message) (id string, err error)
}

// Notifier writes mails.
type Notifier struct {
	store     store
	sender    Sender
	templates *mail.Templates
	clock     clock.Clock
	log       *slog.Logger
	metrics   *metrics.Writer
}

// Spec describes the function.
func Spec() function.Spec {
	return function.Spec{
		Name: "notify", Purpose: "Mails the shopper what happened to the order",
		New: New, Memory: 256, Timeout: Timeout,
		Environment: append(mail.Variables(), "OUTREACH_TABLE"),
		Tables:      []function.Grant{{Table: table.Outreach.Name, Actions: []string{"PutItem", "UpdateItem"}}},
		Events:      Hears,
		Permissions: []function.Permission{function.SendMail},
	}
}

// New builds the function. Environment: OUTREACH_TABLE, and what mail.FromEnv reads.
func New(ctx context.Context, env *boot.Env) (lambda.Handler, error) {
	tables, err := env.Tables(ctx, "OUTREACH_TABLE")
	if err != nil {
		return nil, err
	}
	sender, templates, err := mail.FromEnv(env)
	if err != nil {
		return nil, err
	}
	return lambda.NewHandler(With(tables[0], sender, templates, env).Handle), nil
}

// With returns a notifier that keeps its records in the table Outreach.
func With(outreach *table.Table, sender Sender, templates *mail.Templates, env *boot.Env) *Notifier {
	return &Notifier{
		store: store{outreach}, sender: sender, templates: templates, clock: env.Clock, log: env.Log, metrics: env.Metrics(),
	}
}

// Handle writes the mail of one event. An error asks for the event to be delivered again.
func (n *Notifier) Handle(ctx context.Context, in lambdaevents.EventBridgeEvent) error {
	var e event.Envelope
	if err := json.Unmarshal(in.Detail, &e); err != nil {
		return fmt.Errorf("the detail of %s is no envelope: %w", in.ID, err)
	}
	ctx = logging.WithCorrelation(ctx, e.CorrelationID)
	letter, err := letterFor(e)
	if errors.Is(err, errNotHeard) {
		n.log.WarnContext(ctx, "no mail for this event type", "type", e.Type)
		return nil
	}
	if err != nil {
		return n.failed(ctx, e, err)
	}
	// Written before it is claimed: an event that makes no mail must not leave a claim behind.
	m, err := n.templates.Write(letter.language, letter.content)
	if err != nil {
		return n.failed(ctx, e, err)
	}
	m.To, m.Tags["event"] = letter.to, e.ID
	if err := n.deliver(ctx, letter.record(e), m); err != nil {
		return n.failed(ctx, e, err)
	}
	return nil
}

func (n *Notifier) failed(ctx context.Context, e event.Envelope, err error) error {
	n.log.ErrorContext(ctx, "mail", "event", e.ID, "type", e.Type, "error", err)
	return fmt.Errorf("mail for %s %s: %w", e.Type, e.ID, err)
}

// deliver claims, sends and confirms.
func (n *Notifier) deliver(ctx context.Context, s send, m mail.Message) error {
	claimed, err := n.store.claim(ctx, s, n.clock.Now())
	if err != nil {
		return err
	}
	if !claimed.ours {
		if claimed.lost {
			n.count(ctx, s.Template, Unknown)
		}
		return nil
	}
	s = claimed.send
	messageID, err := n.sender.Send(ctx, m)
	// What is known about the mail is worth writing down also when the time of the invocation has just run out.
	ctx = context.WithoutCancel(ctx)
	switch {
	case err == nil:
		n.count(ctx, s.Template, Sent)
		return n.store.settle(ctx, s, Sent, messageID, n.clock.Now())
	case errors.Is(err, mail.ErrRejected):
		n.log.ErrorContext(ctx, "mail rejected", "event", s.EventID, "error", err)
		n.count(ctx, s.Template, Rejected)
		return n.store.settle(ctx, s, Rejected, "", n.clock.Now())
	case errors.Is(err, mail.ErrNotNow):
		n.count(ctx, s.Template, Waiting)
		return errors.Join(err, n.store.settle(ctx, s, Waiting, "", n.clock.Now()))
	default:
		return err // unknown: the claim stands until its lease ends
	}
}

func (n *Notifier) count(ctx context.Context, template string, s State) {
	name := map[State]string{Sent: "MailSent", Rejected: "MailRejected", Waiting: "MailWaiting", Unknown: "MailUnknown"}[s]
	err := n.metrics.Emit(map[string]string{"template": template}, metrics.Metric{Name: name, Unit: metrics.Count, Value: 1})
	if err != nil {
		n.log.ErrorContext(ctx, "metrics", "error", err)
	}
}
