package function

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"

	"github.com/aws/aws-lambda-go/lambda"

	"dangol/shared/platform/event"
	"dangol/shared/platform/logging"
	"dangol/shared/platform/worker"
)

// Handlers is what a function does, by what invokes it. A function with a single trigger of another kind (a stream, a
// one-time schedule) sets Other, which takes each payload that is none of the rest.
type Handlers struct {
	API    lambda.Handler // of an api.Service
	Jobs   worker.Kinds
	Events Consumers
	Stream lambda.Handler // of changes of tables
	Other  lambda.Handler
	Log    *slog.Logger
}

// Lambda returns the function's handler. It tells API requests, queue batches and events of the bus apart by the fields
// that only they have.
func (h Handlers) Lambda() lambda.Handler {
	d := &dispatcher{log: h.Log, events: h.Events.byType(), api: h.API, stream: h.Stream, other: h.Other}
	if len(h.Jobs) > 0 {
		d.jobs = lambda.NewHandler(h.Jobs.Handler(h.Log))
	}
	return d
}

// dispatcher hands a payload to what handles its kind.
type dispatcher struct {
	api, jobs, stream, other lambda.Handler
	events                   map[string]Consumer
	log                      *slog.Logger
}

// trigger is what tells the kinds of payload apart.
type trigger struct {
	Version    string          `json:"version"`     // of the payload format
	RouteKey   string          `json:"routeKey"`    // of API Gateway: only HTTP requests have it
	DetailType string          `json:"detail-type"` // of EventBridge: only events have it
	Detail     json.RawMessage `json:"detail"`
	Records    []struct {
		Source string `json:"eventSource"`
	} `json:"Records"`
}

// Invoke implements lambda.Handler.
func (d *dispatcher) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	var t trigger
	// A payload that is no object may still be what Other takes.
	if err := json.Unmarshal(payload, &t); err != nil && d.other == nil {
		return nil, fmt.Errorf("the payload is not a JSON object: %w", err)
	}
	switch {
	case d.api != nil && t.RouteKey != "":
		return d.api.Invoke(ctx, payload)
	// All records of an invocation come from the same source.
	case d.jobs != nil && len(t.Records) > 0 && t.Records[0].Source == "aws:sqs":
		return d.jobs.Invoke(ctx, payload)
	case d.stream != nil && len(t.Records) > 0 && t.Records[0].Source == "aws:dynamodb":
		return d.stream.Invoke(ctx, payload)
	case len(d.events) > 0 && t.DetailType != "":
		return nil, d.consume(ctx, t)
	case d.other != nil:
		return d.other.Invoke(ctx, payload)
	}
	return nil, fmt.Errorf("nothing here handles this payload (routeKey %q, detail-type %q, %d records)",
		t.RouteKey, t.DetailType, len(t.Records))
}

// consume hands an event to its consumer. An error makes Lambda invoke the function with the event again. An event that
// nothing consumes is logged and let go: the bus rule and the code were deployed at different moments.
func (d *dispatcher) consume(ctx context.Context, t trigger) error {
	consumer, ok := d.events[t.DetailType]
	if !ok {
		d.log.WarnContext(ctx, "no consumer of this event type", "type", t.DetailType)
		return nil
	}
	var e event.Envelope
	if err := json.Unmarshal(t.Detail, &e); err != nil {
		return fmt.Errorf("the detail of a %s is not an envelope: %w", t.DetailType, err)
	}
	ctx = logging.WithCorrelation(ctx, e.CorrelationID)
	if err := consumer.handle(ctx, e); err != nil {
		d.log.ErrorContext(ctx, "event not consumed", "event", e.ID, "type", e.Type, "error", err)
		return fmt.Errorf("%s %s: %w", e.Type, e.ID, err)
	}
	return nil
}

// Consumer is what a function does with one type of event.
type Consumer struct {
	Type   string
	handle func(context.Context, event.Envelope) error
}

// Consumers are all events that a function consumes.
type Consumers []Consumer

// Types lists the event types of the system's own bus, for Spec.Events.
func (c Consumers) Types() []string {
	var types []string
	for _, one := range c {
		types = append(types, one.Type)
	}
	return types
}

// byType finds a consumer by the detail type of its events.
func (c Consumers) byType() map[string]Consumer {
	all := make(map[string]Consumer, len(c))
	for _, one := range c {
		all[one.Type] = one
	}
	return all
}

// On makes a consumer of the events with the body T. Events come at least once, late and in any order: handle remembers
// the event id in the write of its effect (event.Once), or its effect is the same when repeated.
func On[T event.Body](handle func(context.Context, event.Envelope, T) error) Consumer {
	var zero T
	return Consumer{Type: zero.EventType(), handle: func(ctx context.Context, e event.Envelope) error {
		var body T
		if err := e.Into(any(&body).(event.Body)); err != nil { // *T has the methods of T
			return err
		}
		return handle(ctx, e, body)
	}}
}
