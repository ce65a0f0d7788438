package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"dangol/shared/platform/backoff"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/platform/task"
)

// Due is the due kind of deliveries.
const Due = "outreach_webhook"

// Delivery is one event to one endpoint.
type Delivery struct {
	Endpoint string          `json:"endpoint"`
	Message  string          `json:"message"`
	Event    string          `json:"event"`
	Body     json.RawMessage `json:"body"`
}

// Publisher hands events over for delivery. It is safe for concurrent use.
type Publisher struct {
	Store Store
	Clock clock.Clock

	// The list of endpoints is kept for half a minute; see remembered.
	mu        sync.Mutex
	endpoints []Endpoint
	at        time.Time
}

// remembered is how long the list of endpoints counts: it is asked for with each event.
const remembered = 30 * time.Second

// Writes are the tasks of an event, one for each endpoint that wants it, to be stored with the change it tells of. id
// is that of the change, so a change that is published twice is one delivery. Most shops have no endpoint: then it is 1
// round trip in half a minute, else 2.
func (p *Publisher) Writes(ctx context.Context, event, id string, data map[string]any) ([]table.Write, error) {
	all, err := p.current(ctx)
	if err != nil {
		return nil, err
	}
	var writes []table.Write
	for _, e := range all {
		if !e.wants(event) {
			continue
		}
		w, err := p.write(e, event, id, data)
		if err != nil {
			return nil, err
		}
		writes = append(writes, w)
	}
	return writes, nil
}

// write is the task of one delivery. Its id is made of endpoint and change, so it is stored once.
func (p *Publisher) write(e Endpoint, event, id string, data map[string]any) (table.Write, error) {
	now := p.Clock.Now()
	// The form of Standard Webhooks: type, timestamp, data.
	body, err := json.Marshal(map[string]any{"type": event, "timestamp": now.UTC().Format(time.RFC3339), "data": data})
	if err != nil {
		return nil, fmt.Errorf("webhook: %w", err)
	}
	d := Delivery{Endpoint: e.ID, Message: "msg_" + id, Event: event, Body: body}
	return table.Put{Item: task.New(Due, e.ID+"-"+id, d, now, now), If: table.IfNew}, nil
}

// Publish stores the tasks of an event on their own. An event that is published again is delivered once. 1 round trip
// for each endpoint.
func (p *Publisher) Publish(ctx context.Context, event, id string, data map[string]any) error {
	writes, err := p.Writes(ctx, event, id, data)
	if err != nil {
		return err
	}
	for _, w := range writes {
		err := p.Store.Table.Put(ctx, w.(table.Put))
		// Stored before: it is delivered or under way.
		if _, stored := table.Failed(err); err != nil && !stored {
			return err
		}
	}
	return nil
}

// Try sends a test event to one endpoint, whatever it wants to be told of. Errors: 404 webhook_not_found, 409
// webhook_disabled for one that nothing is sent to.
func (p *Publisher) Try(ctx context.Context, endpointID, id string) error {
	e, err := p.Store.Get(ctx, endpointID)
	// A removed endpoint has no secret.
	if err != nil || e.Secret == "" {
		return errors.Join(err, missing(e))
	}
	if e.Disabled != "" {
		return problem.Conflict("webhook_disabled", "Nothing is sent to this endpoint; give it another secret first.").
			With("disabled", e.Disabled)
	}
	w, err := p.write(e, Test, id, map[string]any{"endpoint": e.ID})
	if err != nil {
		return err
	}
	return p.Store.Table.Put(ctx, w.(table.Put))
}

// current are the endpoints as of half a minute ago at most.
func (p *Publisher) current(ctx context.Context) ([]Endpoint, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.Clock.Now()
	// A clock that a test has moved back counts as old.
	if !p.at.IsZero() && now.Sub(p.at) < remembered && !now.Before(p.at) {
		return p.endpoints, nil
	}
	all, err := p.Store.All(ctx)
	if err == nil {
		p.endpoints, p.at = all, now
	}
	return all, err
}

// schedule is the one that Standard Webhooks recommends: quickly at first, for three days in all.
var schedule = backoff.Schedule{
	5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour,
	20 * time.Hour, 24 * time.Hour,
}

// Deliverer sends events to endpoints.
type Deliverer struct {
	Store  Store
	Client *http.Client // Client, which reaches public addresses only
	Hosts  []string     // as for Check
	Engine task.Engine
	Log    *slog.Logger
}

// Kind is the kind of the tasks. A receiver tells repetitions by the header webhook-id.
func (d Deliverer) Kind() task.Kind[Delivery] {
	return task.Kind[Delivery]{
		Engine: d.Engine, Name: Due, Delivery: task.AtLeastOnce, Do: d.send, Backoff: schedule,
		MaxAttempts: len(schedule) + 1, Abandon: d.abandon,
		// After an attempt without an answer the receiver may have it; it tells repetitions by the
		// id.
		Ask: func(context.Context, *task.Task[Delivery]) (task.Outcome, error) {
			return task.Outcome{}, task.ErrNotSeen
		},
	}
}

// send makes one attempt and logs it, whatever came of it.
func (d Deliverer) send(ctx context.Context, t *task.Task[Delivery]) (task.Outcome, error) {
	what := t.Payload.Value
	e, err := d.Store.Get(ctx, what.Endpoint)
	if problem.Code(err) == "webhook_not_found" || err == nil && e.Disabled != "" {
		return task.Outcome{}, nil // nobody waits for it any more
	}
	if err != nil {
		return task.Outcome{}, errors.Join(task.ErrLater, err)
	}
	began := d.Engine.Clock.Now()
	status, fault := d.post(ctx, e, what, began)
	attempt := Attempt{
		Key:     table.Key{PK: e.PK, SK: "TRY#" + began.UTC().Format("2006-01-02T15:04:05.000Z") + "#" + what.Message},
		Message: what.Message, Event: what.Event, At: began, Number: t.Attempts, Status: status, Fault: fault,
		Millis: d.Engine.Clock.Now().Sub(began).Milliseconds(), TTL: began.Add(keepAttempts).Unix(),
	}
	if err := d.Store.Table.Put(ctx, table.Put{Item: attempt}); err != nil { // one entry for each attempt
		d.Log.WarnContext(ctx, "attempt of a webhook not logged", "endpoint", e.ID, "error", err)
	}
	// Only 2xx is a success: a redirect is not followed, so it is none.
	switch {
	case fault == "":
		return task.Outcome{Record: d.succeeded(e, began)}, nil
	// 410 is the receiver's way to say that nothing more is wanted (Standard Webhooks).
	case status == http.StatusGone:
		return task.Outcome{Record: d.gone(e)}, nil
	}
	return task.Outcome{}, errors.Join(task.ErrLater, errors.New(fault))
}

// post makes one request. fault is empty when the receiver answered with 2xx.
func (d Deliverer) post(ctx context.Context, e Endpoint, what Delivery, now time.Time) (status int, fault string) {
	// Checked again, because the rules may have become stricter since it was saved.
	if err := Check(e.URL, d.Hosts); err != nil {
		return 0, err.Error()
	}
	// Signed at the time of the attempt: receivers refuse old signatures.
	signature, err := Sign(e.secrets(now), what.Message, now, what.Body)
	if err != nil {
		return 0, err.Error()
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, e.URL, bytes.NewReader(what.Body))
	if err != nil {
		return 0, err.Error()
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "dangol-webhook/1")
	request.Header.Set("webhook-id", what.Message)
	request.Header.Set("webhook-timestamp", strconv.FormatInt(now.Unix(), 10))
	request.Header.Set("webhook-signature", signature)
	answer, err := d.Client.Do(request)
	if err != nil {
		return 0, short("no answer: " + err.Error())
	}
	defer answer.Body.Close()
	_, _ = io.CopyN(io.Discard, answer.Body, 4<<10) // read, so that the connection can be used again
	if answer.StatusCode < 200 || answer.StatusCode > 299 {
		return answer.StatusCode, short("the endpoint answered " + answer.Status)
	}
	return answer.StatusCode, ""
}

// maxFault bounds what is kept of a fault, in bytes: a receiver decides what its answer says.
const maxFault = 300

// short cuts a text to what is kept of it.
func short(text string) string {
	return strings.ToValidUTF8(text[:min(len(text), maxFault)], "")
}

// succeeded notes when an endpoint worked last, once an hour: it is one more write for each delivery otherwise.
func (d Deliverer) succeeded(e Endpoint, at time.Time) func(context.Context) ([]table.Write, error) {
	if at.Sub(e.LastSuccess) < time.Hour {
		return nil
	}
	return func(context.Context) ([]table.Write, error) {
		return []table.Write{table.Update{
			Key: e.Key, Do: "SET #lastSuccess = :at", With: map[string]any{":at": at}, // the newest is written last
		}}, nil
	}
}

// gone stops an endpoint that wants nothing more, unless a merchant has turned it on since it was asked, or has removed
// it: then it has another secret.
func (d Deliverer) gone(asked Endpoint) func(context.Context) ([]table.Write, error) {
	return func(ctx context.Context) ([]table.Write, error) {
		now, err := d.Store.Get(ctx, asked.ID)
		if problem.Code(err) == "webhook_not_found" || err == nil && now.Secret != asked.Secret {
			return nil, nil
		}
		return []table.Write{disable(asked, "gone")}, err
	}
}

// disable is the write that stops an endpoint as it was read, with the reason for the merchant.
func disable(e Endpoint, why string) table.Write {
	return table.Update{
		Key: e.Key, Do: "SET #disabled = :why", If: "#secret = :read", // a merchant turns it on by another secret
		With: map[string]any{":why": why, ":read": e.Secret},
	}
}

// abandon disables an endpoint that took nothing for as long as a delivery was tried.
func (d Deliverer) abandon(ctx context.Context, t *task.Task[Delivery], _ error) ([]table.Write, error) {
	e, err := d.Store.Get(ctx, t.Payload.Value.Endpoint)
	// Another delivery has worked meanwhile, so only this one is given up.
	if problem.Code(err) == "webhook_not_found" || err == nil && e.LastSuccess.After(t.CreatedAt) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return []table.Write{disable(e, "failing")}, nil
}
