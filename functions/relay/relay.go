// Package relay publishes events from the tables to the bus. It reads the streams of Commerce
// and Care, picks the changes that carry an event which the item did not carry before (see
// package event), and publishes each as an EventBridge event: source "dangol", detail type
// the event's type, detail the envelope. It owns no items and is invoked by the streams only.
//
// Stock is counted by additions that do not know what they make of the counter, so no event can ride on it. The stream
// knows the counter before and after: relay makes stock.level_changed of a change that crosses a bound (package stock).
// Changes far above the bounds do not invoke it.
//
// Trigger: DynamoDB stream, new and old images, with ReportBatchItemFailures and BisectBatchOnFunctionError.
//
// Order: the events of one item are published in the order of its changes, each only after the one before is on the
// bus. Events of different items may overtake each other.
//
// Failure: the answer names the sequence number of the first record that is not on the bus; Lambda comes again from
// there. Records behind it may be published twice, none is left out: at least once, and consumers remember event ids.
//
// A record whose event cannot be read, or is larger than the bus takes, will not get better with time. It is logged,
// counted (EventsUnreadable, which has an alarm) and reported as failed, and everything behind it is published all the
// same. The mapping retries it a bounded number of times and then hands it to its on-failure queue, so it holds up its
// shard for minutes and not for the day that the stream lives.
package relay

import (
	"context"
	"log/slog"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"

	"dangol/shared/platform/boot"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/event"
	"dangol/shared/platform/function"
	"dangol/shared/platform/metrics"
	"dangol/shared/platform/table"
	"dangol/shared/stock"
)

// Bus is the part of the EventBridge client in use.
type Bus interface {
	PutEvents(context.Context, *eventbridge.PutEventsInput, ...func(*eventbridge.Options)) (*eventbridge.PutEventsOutput,
		error)
}

// Relay publishes stream records.
type Relay struct {
	bus     Bus
	name    string // of the bus
	clock   clock.Clock
	log     *slog.Logger
	metrics *metrics.Writer
}

// Spec describes the function.
func Spec() function.Spec {
	return function.Spec{
		Name: "relay", Purpose: "Publishes what happened: from the tables' streams to the bus, in order for each item",
		New: New, Memory: 256, Timeout: 30 * time.Second, Environment: []string{"BUS_NAME"},
		Stream: &function.Stream{
			Tables: []string{table.Commerce.Name, table.Care.Name}, Batch: 100, Retries: 20,
			Counters: []function.Counter{{
				Table: table.Commerce.Name, Key: stock.KeyPrefix, Sort: stock.BucketPrefix,
				Attribute: stock.AvailableAttribute, Limit: stock.LowUnits, Watch: stock.WatchAttribute,
			}},
		},
		Permissions: []function.Permission{function.PutEvents},
	}
}

// New builds the function. Environment: BUS_NAME; EVENTBRIDGE_ENDPOINT where it is not the usual one.
func New(_ context.Context, env *boot.Env) (lambda.Handler, error) {
	var config struct {
		Bus string `env:"BUS_NAME"`
	}
	if err := env.Config(&config); err != nil {
		return nil, err
	}
	bus := eventbridge.NewFromConfig(env.AWS(),
		func(o *eventbridge.Options) { o.BaseEndpoint = env.Endpoint("EVENTBRIDGE") })
	return lambda.NewHandler(With(bus, config.Bus, env).Handle), nil
}

// With returns a relay that publishes to the named bus.
func With(bus Bus, name string, env *boot.Env) *Relay {
	return &Relay{bus: bus, name: name, clock: env.Clock, log: env.Log, metrics: env.Metrics()}
}

// Handle publishes one batch and says from where it has to be done again. It returns no error: what cannot be published
// is reported by its sequence number.
func (r *Relay) Handle(ctx context.Context, in event.StreamBatch) (events.DynamoDBEventResponse, error) {
	var report tally
	entries, first := r.read(ctx, in, &report)
	for chunk := range chunks(entries) {
		failed := r.publish(ctx, chunk, &report)
		// What follows may be of the same items, so nothing is published past a failure.
		if failed < len(chunk) {
			first = min(first, chunk[failed].index)
			break
		}
	}
	r.count(ctx, report)
	var answer events.DynamoDBEventResponse
	// Lambda repeats the batch from this record on, and takes the ones before it as done.
	if first < len(in.Records) {
		answer.BatchItemFailures = []events.DynamoDBBatchItemFailure{
			{ItemIdentifier: in.Records[first].Change.SequenceNumber}}
	}
	return answer, nil
}

// read makes an entry of each record that has something to tell. first is the index of the first record that cannot be
// read, or the number of records.
func (r *Relay) read(ctx context.Context, in event.StreamBatch, report *tally) (entries []entry, first int) {
	first = len(in.Records)
	for i, record := range in.Records {
		e, ok, err := entryOf(record, r.name)
		if err != nil {
			report.unreadable++
			first = min(first, i)
			r.log.ErrorContext(ctx, "unreadable event", "item", record.Item(), "sequence", record.Change.SequenceNumber, "error",
				err)
			// The records behind it are published all the same, see the package comment.
			continue
		}
		if ok {
			e.index = i
			entries = append(entries, e)
		}
	}
	return entries, first
}
