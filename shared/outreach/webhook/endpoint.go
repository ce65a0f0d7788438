package webhook

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"dangol/shared/platform/id"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
)

// The events. None carries an address: a receiver that needs one asks with the id of the contact.
const (
	ConsentGiven      = "consent.given"
	ConsentRefused    = "consent.refused"
	MessageBounced    = "message.bounced"
	MessageComplained = "message.complained"
	MessageFailed     = "message.failed"
	CampaignFinished  = "campaign.finished"
	Test              = "webhook.test"
)

// Events are those that an endpoint can be told of.
var Events = []string{
	ConsentGiven, ConsentRefused, MessageBounced, MessageComplained, MessageFailed, CampaignFinished,
}

// CheckEvents requires one or more of the Events, each once. Errors: 422 at /events.
func CheckEvents(events []string) error {
	var f problem.Fields
	f.Count(len(events), 1, len(Events), "/events")
	for i, e := range events {
		at := "/events/" + strconv.Itoa(i)
		f.OneOf(e, at, Events...)
		f.Require(!slices.Contains(events[:i], e), at, "duplicate", "each event once")
	}
	return f.Err()
}

// Endpoint is where events are sent to.
type Endpoint struct {
	table.Key
	ID     string   `dynamodbav:"id" json:"id"`
	URL    string   `dynamodbav:"url" json:"url"`
	Events []string `dynamodbav:"events" json:"events" nullable:"false"`
	Secret string   `dynamodbav:"secret" json:"-"`
	// Former signs next to Secret until FormerUntil, so that a receiver can change over without losing a request.
	Former      string    `dynamodbav:"former,omitempty" json:"-"`
	FormerUntil time.Time `dynamodbav:"formerUntil,omitzero" json:"-"`
	// Disabled says why nothing is sent: gone (it answered 410), failing.
	Disabled    string    `dynamodbav:"disabled,omitempty" json:"disabled,omitempty"`
	LastSuccess time.Time `dynamodbav:"lastSuccess,omitzero" json:"lastSuccess,omitzero"`
	Made        time.Time `dynamodbav:"made" json:"made"`
	List        string    `dynamodbav:"gsi1pk" json:"-"`
	Place       string    `dynamodbav:"gsi1sk" json:"-"`
}

// Limits of endpoints, and the key of their list.
const (
	// maxEndpoints bounds how many requests one event makes.
	maxEndpoints = 10
	// formerFor is how long the former secret signs too.
	formerFor = 24 * time.Hour
	listed    = "WEBHOOKS"
)

// keyOf is the key of an endpoint; its attempts are in the same partition.
func keyOf(endpointID string) table.Key { return table.Key{PK: "WEBHOOK#" + endpointID, SK: "WEBHOOK"} }

// Store keeps endpoints and attempts in the table Outreach. It is safe for concurrent use.
type Store struct{ Table *table.Table }

// NotFound is the answer for an endpoint that is not there.
func NotFound() error { return problem.NotFound("webhook_not_found", "There is no such endpoint.") }

// Create stores an endpoint for an address that was checked. 3 round trips. Errors: 409 too_many_webhooks.
func (s Store) Create(ctx context.Context, address string, events []string, now time.Time) (Endpoint, error) {
	all, err := s.All(ctx)
	if err != nil {
		return Endpoint{}, err
	}
	// Two at once may pass both; one endpoint more does no harm.
	if len(all) >= maxEndpoints {
		return Endpoint{}, problem.Conflict("too_many_webhooks", "A shop has at most %d endpoints.", maxEndpoints)
	}
	e := Endpoint{ID: id.New("whk", now), URL: address, Events: events, Secret: NewSecret(), Made: now, List: listed}
	e.Key, e.Place = keyOf(e.ID), e.ID
	return e, s.Table.Put(ctx, table.Put{Item: e, If: table.IfNew})
}

// Get reads an endpoint. 1 round trip. Errors: 404 webhook_not_found.
func (s Store) Get(ctx context.Context, endpointID string) (e Endpoint, err error) {
	err = s.Table.Get(ctx, keyOf(endpointID), &e)
	if errors.Is(err, table.ErrNotFound) {
		return e, NotFound()
	}
	return e, err
}

// All lists the endpoints, oldest first. 1 round trip and one for each.
func (s Store) All(ctx context.Context) ([]Endpoint, error) {
	all := []Endpoint{}
	// Without a limit: two that are created at once may be one more than maxEndpoints, and are told of events too.
	err := s.Table.All(ctx, table.Query{
		Index: table.ByOne, Where: "#gsi1pk = :list", With: map[string]any{":list": listed},
	}, func(item table.Item) error {
		var e Endpoint
		if err := s.Table.Get(ctx, item.Key(), &e); err != nil {
			return err
		}
		all = append(all, e)
		return nil
	})
	return all, err
}

// Remove takes an endpoint off. What waits to be sent to it is not sent. The same again is as good. 1 round trip.
func (s Store) Remove(ctx context.Context, endpointID string, now time.Time) error {
	_, err := s.Table.Update(ctx, table.Update{
		Key: keyOf(endpointID), Do: "SET #disabled = :removed, #ttl = :now REMOVE #gsi1pk, #gsi1sk, #secret, #former",
		If:   table.IfExists,
		With: map[string]any{":removed": "removed", ":now": now.Unix()},
	})
	if _, missing := table.Failed(err); missing {
		return nil
	}
	return err
}

// Rotate gives an endpoint another secret; the former one signs for a day more. A disabled endpoint works again. 2
// round trips. Errors: 404 webhook_not_found; 409 webhook_changed when another change came between.
func (s Store) Rotate(ctx context.Context, endpointID string, now time.Time) (Endpoint, error) {
	e, err := s.Get(ctx, endpointID)
	if err != nil || e.Secret == "" {
		return e, errors.Join(err, missing(e))
	}
	read := e.Secret
	// LastSuccess is set, so that an old failure does not disable it at once again.
	e.Former, e.FormerUntil, e.Secret, e.Disabled, e.LastSuccess = read, now.Add(formerFor), NewSecret(), "", now
	// the secret that was read: two rotations at once would lose one that a merchant has been given
	err = s.Table.Put(ctx, table.Put{Item: e, If: "#secret = :read", With: map[string]any{":read": read}})
	if _, refused := table.Failed(err); refused {
		return e, problem.Conflict("webhook_changed", "The endpoint has changed meanwhile; read it again.")
	}
	return e, err
}

// missing is the answer for an endpoint that was removed.
func missing(e Endpoint) error {
	// Removed, but not deleted yet.
	if e.ID != "" && e.Secret == "" {
		return NotFound()
	}
	return nil
}

// wants reports whether an endpoint is told of an event.
func (e Endpoint) wants(event string) bool {
	return e.Disabled == "" && (event == Test || slices.Contains(e.Events, event))
}

// secrets are those that sign at an instant.
func (e Endpoint) secrets(now time.Time) []string {
	if e.Former != "" && now.Before(e.FormerUntil) {
		// Both for a day, because the receiver changes its secret at some time of its own.
		return []string{e.Secret, e.Former}
	}
	return []string{e.Secret}
}

// Attempt is one request to an endpoint.
type Attempt struct {
	table.Key
	Message string    `dynamodbav:"message" json:"message" doc:"Header webhook-id: the same in each attempt."`
	Event   string    `dynamodbav:"event" json:"event"`
	At      time.Time `dynamodbav:"at" json:"at"`
	Number  int       `dynamodbav:"number" json:"attempt"`
	Status  int       `dynamodbav:"status" json:"status" doc:"0: no answer."`
	Fault   string    `dynamodbav:"fault,omitempty" json:"error,omitempty"`
	Millis  int64     `dynamodbav:"millis" json:"milliseconds"`
	TTL     int64     `dynamodbav:"ttl" json:"-"`
}

// keepAttempts is how long the log is kept.
const keepAttempts = 30 * 24 * time.Hour

// Attempts lists the requests to an endpoint, newest first. 1 round trip.
func (s Store) Attempts(ctx context.Context, endpointID string, limit int, after table.Cursor) ([]Attempt,
	table.Cursor, error) {
	page, err := s.Table.Query(ctx, table.Query{
		Where: "#pk = :pk AND begins_with(#sk, :try)", Backwards: true, Limit: limit, After: after,
		With: map[string]any{":pk": keyOf(endpointID).PK, ":try": "TRY#"},
	})
	if err != nil {
		return nil, "", err
	}
	all := []Attempt{}
	for _, item := range page.Items {
		var a Attempt
		if err := item.Decode(&a); err != nil {
			return nil, "", err
		}
		all = append(all, a)
	}
	return all, page.Next, nil
}
