// Package event carries what happened from the item it happened to, over the stream and the bus, to whoever wants to
// know.
//
// An entity keeps its latest event in the attribute "event" and writes it in the same write as the change, so state and
// event commit together and cost no second write. The relay function picks stream records whose event id changed and
// publishes them. Delivery is at least once; a consumer remembers the event id in the same write as its effect (Once).
package event

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"dangol/shared/platform/id"
	"dangol/shared/platform/logging"
	"dangol/shared/platform/table"
)

// Source is the source of every event on the bus.
const Source = "dangol"

// Body is the typed content of an event; package events has them all.
type Body interface {
	// EventType names what happened, for example "order.placed".
	EventType() string
}

// Event is one thing that happened, as it rides on an item.
type Event struct {
	ID            string    `dynamodbav:"id" json:"id"` // unique; consumers remember it
	Type          string    `dynamodbav:"type" json:"type"`
	Time          time.Time `dynamodbav:"time" json:"time"`                                       // when it happened
	CorrelationID string    `dynamodbav:"correlationId,omitempty" json:"correlationId,omitempty"` // of the API call
	// Data is JSON, compressed where it is stored: it counts in each write of the item that carries it.
	Data table.Text `dynamodbav:"data" json:"-"`
}

// Envelope is an event as it travels: the detail of the EventBridge event.
type Envelope struct {
	ID            string          `json:"id"`
	Type          string          `json:"type"`
	Time          time.Time       `json:"time"`
	CorrelationID string          `json:"correlationId,omitempty"`
	Data          json.RawMessage `json:"data"`
}

// New makes the event for body. It carries the correlation id of ctx.
func New(ctx context.Context, now time.Time, body Body) (*Event, error) {
	data, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("event %s: %w", body.EventType(), err)
	}
	return &Event{
		ID: id.New("evt", now), Type: body.EventType(), Time: now,
		CorrelationID: logging.Correlation(ctx), Data: table.Text(data),
	}, nil
}

// Envelope packs the event for the bus.
func (e *Event) Envelope() Envelope {
	return Envelope{ID: e.ID, Type: e.Type, Time: e.Time, CorrelationID: e.CorrelationID, Data: json.RawMessage(e.Data)}
}

// Into decodes the event's content.
func (e Envelope) Into(body Body) error {
	if e.Type != body.EventType() {
		return fmt.Errorf("event %s is a %s, not a %s", e.ID, e.Type, body.EventType())
	}
	if err := json.Unmarshal(e.Data, body); err != nil {
		return fmt.Errorf("event %s: %w", e.ID, err)
	}
	return nil
}

// seenFor is how long a consumer remembers an event: longer than the bus retries (24 h) and a person redrives (14
// days).
const seenFor = 30 * 24 * time.Hour

// Once is the write that makes a consumer's effect happen once: put it into the transaction of the effect. When its
// condition fails, the event has been consumed.
func Once(consumer string, e Envelope, now time.Time) table.Put {
	return table.Put{If: table.IfNew, Item: struct {
		// The item has no content: that it exists says that the event was consumed.
		table.Key
		TTL int64 `dynamodbav:"ttl"`
	}{table.Key{PK: "SEEN#" + consumer + "#" + e.ID, SK: "SEEN"}, now.Add(seenFor).Unix()}}
}
