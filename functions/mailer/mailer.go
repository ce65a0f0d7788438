// Package mailer sends every mail of the shop: what happened to orders and subscriptions, and the mails of series and
// campaigns. It is the only function that renders templates and calls SES. It owns the items TASK#mail..., MSG#... and
// STATS#... of the table Outreach (package outbox), and writes bounces and complaints to CONTACT#.... It reads the
// address for a mail about a review from the order, and the messages of a conversation that is mailed from its log. It
// emits no events.
//
// Triggers:
//
//	the bus      domain events that become mails (Consumes): stored as a task and sent at once
//	queue mail   tasks that are due: marketing, and whatever could not be sent at once
//	default bus  SES's events: Send, Delivery, Bounce, Complaint, Reject
//
// # One mail for one task
//
// SES has no idempotency key. A task is taken by one worker, the attempt is written down, then SES is called with the
// task's id as message tag. What becomes of an attempt:
//
//	accepted  SES took it.
//	later     SES did not take it and may later (throttled, paused, not reachable): the task waits. Nothing is dropped.
//	rejected  SES will never take it. Listed for the merchant, with the reason, and can be sent again.
//	unknown   No answer. SES's Send event settles it. Without one in 15 minutes an order mail is sent once more: two
//	          confirmations are better than none. A marketing mail is not sent again: it is counted and listed.
//
// # The rate
//
// All workers share the account's rate (outbox.Budget): a fifth of it is left to transactional mail, and throttling
// slows everybody down.
package mailer

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
	"dangol/shared/order"
	"dangol/shared/outbox"
	"dangol/shared/outreach/campaign"
	"dangol/shared/outreach/contact"
	"dangol/shared/outreach/keystore"
	"dangol/shared/outreach/policy"
	"dangol/shared/outreach/webhook"
	"dangol/shared/platform/backoff"
	"dangol/shared/platform/boot"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/due"
	"dangol/shared/platform/function"
	"dangol/shared/platform/logging"
	"dangol/shared/platform/metrics"
	"dangol/shared/platform/table"
	"dangol/shared/platform/task"
	"dangol/shared/platform/worker"
)

// Timeout is the longest the function may run; less than task.Lease.
const Timeout = 45 * time.Second

// tooOld is how long after its time an order mail may be sent before somebody has to look.
const tooOld = 15 * time.Minute

// Sender sends a message and knows the account; *mail.Sender does.
type Sender interface {
	Send(context.Context, mail.Message) (id string, err error)
	Account(context.Context) (perSecond float64, quota, sent int, err error)
}

// Links are where the links of mails lead through, and who signs them.
type Links struct {
	Base string // address that the API answers at, on the shop's own domain
	Shop string // address of the storefront
	Keys *keystore.Store
}

// Mailer sends mails.
type Mailer struct {
	Store    outbox.Store
	Contacts contact.Store
	Orders   order.Store
	Care     *table.Table // conversations, whose messages are mailed
	// Reply is the domain at which replies to mails of conversations arrive; empty: they go to the shop's own address.
	Reply     string
	Budget    *outbox.Budget
	Webhooks  *webhook.Publisher
	hearing   outbox.SESEventHandler
	kinds     map[string]task.Kind[outbox.Mail]
	sender    Sender
	templates *mail.Templates
	links     Links
	clock     clock.Clock
	log       *slog.Logger
	metrics   *metrics.Writer
}

// Spec describes the function.
func Spec() function.Spec {
	return function.Spec{
		Name: "mailer", Purpose: "Sends every mail, transactional and marketing, at the rate that SES allows",
		New: New, Memory: 256, Timeout: Timeout,
		Environment: append(mail.Variables(), "OUTREACH_TABLE", "COMMERCE_TABLE", "CARE_TABLE", "OUTREACH_CONFIG",
			"INBOUND_DOMAIN"),
		Data: []function.Data{{
			Title:    "Mails",
			About:    "Package `shared/outbox`. One task and one record a mail.",
			Patterns: outbox.AccessPatterns,
		}},
		Tables: []function.Grant{
			{
				Table: table.Outreach.Name, Actions: []string{"GetItem", "BatchGetItem", "PutItem", "UpdateItem", "Query"},
				Indexes: []string{table.ByOne},
			},
			{Table: table.Commerce.Name, Actions: []string{"GetItem"}},
			{Table: table.Care.Name, Actions: []string{"GetItem", "Query"}},
		},
		Jobs: (&Mailer{}).jobs(), Queue: function.Queue{Concurrency: 5},
		Events: Consumes, MailEvents: true,
		Permissions: []function.Permission{function.SendMail},
		Alarms: []function.Alarm{
			{Name: "rejected", Metric: "MailRejected",
				What: "SES refuses mails: GET /outreach/failures lists them with the reason"},
			{Name: "paused", Metric: "MarketingPaused",
				What: "Marketing was paused for its bounces and complaints: GET /outreach/sending says why"},
			{Name: "late", Metric: "MailLate",
				What: "The oldest order mail waits for more than 15 minutes: SES throttles or refuses, or the quota is used up"},
			{Name: "unknown", Metric: "MailUnknown",
				What: "It is not known whether mails were sent: GET /outreach/failures lists them"},
		},
	}
}

// New builds the function. Environment: OUTREACH_TABLE, COMMERCE_TABLE, CARE_TABLE, what mail.FromEnv reads, LINK_BASE
// (https address that the API answers at, for the links in mails), SHOP_URL, OUTREACH_CONFIG (the warm-up),
// INBOUND_DOMAIN (at which replies to mails of conversations arrive).
func New(ctx context.Context, env *boot.Env) (lambda.Handler, error) {
	tables, err := env.Tables(ctx, "OUTREACH_TABLE", "COMMERCE_TABLE", "CARE_TABLE")
	if err != nil {
		return nil, err
	}
	sender, templates, err := mail.FromEnv(env)
	if err != nil {
		return nil, err
	}
	var config struct {
		Base   string `env:"LINK_BASE"`
		Shop   string `env:"SHOP_URL"`
		Policy string `env:"OUTREACH_CONFIG,optional"`
		Reply  string `env:"INBOUND_DOMAIN,optional"`
	}
	if err := env.Config(&config); err != nil {
		return nil, err
	}
	rules, err := policy.Parse(config.Policy)
	if err != nil {
		return nil, fmt.Errorf("environment variable OUTREACH_CONFIG: %w", err)
	}
	links := Links{Base: config.Base, Shop: config.Shop, Keys: &keystore.Store{Table: tables[0]}}
	m := With(tables[0], tables[1], sender, templates, links, env)
	m.Care, m.Reply = tables[2], config.Reply
	m.warmUp(rules.WarmUpPlan())
	return lambda.NewHandler(m.Handle), nil
}

// warmUp lets the marketing mails of a day grow by a plan; the zero plan limits nothing.
func (m *Mailer) warmUp(plan campaign.WarmUp) {
	if !plan.Start.IsZero() {
		m.Budget.WarmUp = func(ctx context.Context, now time.Time) (outbox.WarmUp, error) {
			return m.Store.WarmUp(ctx, plan, now)
		}
	}
}

// retry is the waits of a mail that cannot be sent now. They stay short, because what is in the way passes: throttling,
// a pause.
var retry = backoff.Schedule{time.Minute, time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute}

// With returns a mailer that keeps its records in the table Outreach and reads orders from the table Commerce.
func With(outreach, commerce *table.Table, sender Sender, templates *mail.Templates, links Links,
	env *boot.Env) *Mailer {
	m := &Mailer{
		Store: outbox.Store{Table: outreach}, Contacts: contact.Store{Table: outreach},
		Orders:   order.Store{Table: commerce, Clock: env.Clock},
		Budget:   &outbox.Budget{Table: outreach, Clock: env.Clock, Account: sender.Account},
		Webhooks: &webhook.Publisher{Store: webhook.Store{Table: outreach}, Clock: env.Clock},
		sender:   sender, templates: templates, links: links, clock: env.Clock, log: env.Log, metrics: env.Metrics(),
	}
	m.hearing = outbox.SESEventHandler{Store: m.Store, Contacts: m.Contacts}
	engine := task.Engine{Table: outreach, Clock: env.Clock, Log: env.Log, Metrics: m.metrics}
	m.kinds = map[string]task.Kind[outbox.Mail]{}
	// Losing an order mail is worse than sending it twice; with advertising it is the other way
	// round.
	for name, delivery := range map[string]task.Delivery{outbox.DueMail: task.AtLeastOnce,
		outbox.DueMarketing: task.AtMostOnce} {
		m.kinds[name] = task.Kind[outbox.Mail]{
			Engine: engine, Name: name, Delivery: delivery, Do: m.send, Ask: m.ask, Abandon: m.abandon, Backoff: retry,
		}
	}
	return m
}

// jobs are the due kinds that the function works off.
func (m *Mailer) jobs() worker.Kinds {
	return worker.Kinds{
		{Name: outbox.DueMail, Table: table.Outreach.Name, Handle: m.Work},
		{Name: outbox.DueMarketing, Table: table.Outreach.Name, Handle: m.Work},
	}
}

// Handle takes whatever triggers the function: a batch of the queue, an event of SES, a domain event.
func (m *Mailer) Handle(ctx context.Context, payload json.RawMessage) (any, error) {
	var what struct {
		Records json.RawMessage `json:"Records"`
		Source  string          `json:"source"`
	}
	if err := json.Unmarshal(payload, &what); err != nil {
		return nil, fmt.Errorf("mailer: %w", err)
	}
	// Only a batch of the queue has records.
	if what.Records != nil {
		var batch lambdaevents.SQSEvent
		if err := json.Unmarshal(payload, &batch); err != nil {
			return nil, fmt.Errorf("mailer: a batch that cannot be read: %w", err)
		}
		return m.jobs().Handler(m.log)(ctx, transactionalFirst(batch))
	}
	var in lambdaevents.EventBridgeEvent
	if err := json.Unmarshal(payload, &in); err != nil {
		return nil, fmt.Errorf("mailer: an event that cannot be read: %w", err)
	}
	// SES publishes on the default bus, the shop on its own.
	if what.Source == "aws.ses" {
		return nil, m.handleEvent(ctx, in)
	}
	return nil, m.event(ctx, in)
}

// transactionalFirst puts the transactional mails of a batch before the others.
func transactionalFirst(batch lambdaevents.SQSEvent) lambdaevents.SQSEvent {
	var first, rest []lambdaevents.SQSMessage
	for _, r := range batch.Records {
		var job due.Job
		if json.Unmarshal([]byte(r.Body), &job) == nil && job.Kind == outbox.DueMail {
			first = append(first, r)
			continue
		}
		// Also what cannot be read, which the handler refuses on its own.
		rest = append(rest, r)
	}
	return lambdaevents.SQSEvent{Records: append(first, rest...)}
}

// Work does one due job.
func (m *Mailer) Work(ctx context.Context, job due.Job) error {
	kind, ok := m.kinds[job.Kind]
	if !ok {
		return fmt.Errorf("mailer: %s job for %s", job.Kind, job.Key)
	}
	return kind.Work(ctx, job)
}

// handleEvent notes what SES says about a mail, and looks at the reputation after a bounce or complaint.
func (m *Mailer) handleEvent(ctx context.Context, in lambdaevents.EventBridgeEvent) error {
	var e outbox.SESEvent
	if err := json.Unmarshal(in.Detail, &e); err != nil {
		return fmt.Errorf("mailer: SES event %s: %w", in.ID, err)
	}
	if err := m.hearing.Handle(ctx, e, m.clock.Now()); err != nil {
		m.log.ErrorContext(ctx, "SES event", "id", in.ID, "type", e.EventType, "error", err)
		return err
	}
	if err := m.tell(ctx, in.ID, e); err != nil {
		return err // the bus delivers it again
	}
	if e.EventType == "Bounce" || e.EventType == "Complaint" {
		if err := m.watch(ctx); err != nil {
			m.log.ErrorContext(ctx, "watch on reputation", "error", err) // the next bounce looks again
		}
	}
	if name := map[string]string{"Bounce": "MailBounced", "Complaint": "MailComplained",
		"Delivery": "MailDelivered"}[e.EventType]; name != "" {
		m.count(ctx, name)
	}
	return nil
}

// tell tells the shop's other systems of a message that did not arrive or was not wanted, once for each event of SES.
func (m *Mailer) tell(ctx context.Context, eventID string, e outbox.SESEvent) error {
	event := map[string]string{"Bounce": webhook.MessageBounced, "Complaint": webhook.MessageComplained}[e.EventType]
	ids := e.Mail.Tags[outbox.Tag]
	if event == "" || len(ids) != 1 {
		return nil // of no interest, or a mail of somebody else, such as Cognito
	}
	r, err := m.Store.Get(ctx, ids[0])
	if errors.Is(err, table.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return m.Webhooks.Publish(ctx, event, eventID, map[string]any{
		"message": r.ID, "contact": r.Contact, "source": r.Source.Name, "step": r.Source.Step, "type": e.Bounce.Type,
	})
}

// watch stops marketing before SES does, when too many mails bounce or are complained about. A person lets it go on.
func (m *Mailer) watch(ctx context.Context) error {
	health, err := m.Store.Health(ctx, m.clock.Now())
	if err != nil || campaign.Watch(health) != campaign.Pause {
		return err
	}
	// Already paused: the reason that stands there is kept.
	rate, err := m.Budget.Read(ctx)
	if err != nil || rate.Paused != "" {
		return err
	}
	m.count(ctx, "MarketingPaused")
	return m.Budget.Pause(ctx, fmt.Sprintf("reputation: %d bounces and %d complaints of %d mails", health.Bounced,
		health.Complained, health.Sent))
}

// count writes a metric; one that is lost fails nothing.
func (m *Mailer) count(ctx context.Context, name string) {
	if err := m.metrics.Emit(nil, metrics.Metric{Name: name, Unit: metrics.Count, Value: 1}); err != nil {
		m.log.ErrorContext(ctx, "metrics", "error", err)
	}
}

// withCorrelation carries the id of the request that caused an event.
func withCorrelation(ctx context.Context, id string) context.Context {
	return logging.WithCorrelation(ctx, id)
}
