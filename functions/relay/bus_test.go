package relay_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"dangol/functions/relay"
	"dangol/shared/platform/boot"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/event"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

var errLost = errors.New("connection reset")

// fault is what the bus does wrong with one call.
type fault struct {
	lose   bool  // no answer
	taken  bool  // with lose: the events are on the bus all the same
	refuse []int // entries that fail, by place
	short  bool  // the answer has fewer entries than the call
}

// fakeBus takes events and keeps EventBridge's limits.
type fakeBus struct {
	faults    []fault // one per call; after them all goes well
	calls     [][]types.PutEventsRequestEntry
	published []event.Envelope
}

func (b *fakeBus) PutEvents(_ context.Context, in *eventbridge.PutEventsInput,
	_ ...func(*eventbridge.Options)) (*eventbridge.PutEventsOutput, error) {
	var f fault
	if len(b.calls) < len(b.faults) {
		f = b.faults[len(b.calls)]
	}
	b.calls = append(b.calls, in.Entries)
	if f.lose && !f.taken {
		return nil, errLost
	}
	bytes := 0
	out := &eventbridge.PutEventsOutput{}
	for i, e := range in.Entries {
		bytes += 14 + len(*e.Source) + len(*e.DetailType) + len(*e.Detail)
		if contains(f.refuse, i) {
			out.FailedEntryCount++
			out.Entries = append(out.Entries, types.PutEventsResultEntry{ErrorCode: aws.String("ThrottlingException")})
			continue
		}
		var envelope event.Envelope
		if err := json.Unmarshal([]byte(*e.Detail), &envelope); err != nil {
			return nil, err
		}
		b.published = append(b.published, envelope)
		out.Entries = append(out.Entries,
			types.PutEventsResultEntry{EventId: aws.String(fmt.Sprint("bus-", len(b.published)))})
	}
	switch {
	case len(in.Entries) == 0 || len(in.Entries) > 10 || bytes > 256<<10:
		return nil, fmt.Errorf("ValidationException: %d entries, %d bytes", len(in.Entries), bytes)
	case f.lose:
		return nil, errLost
	case f.short:
		out.Entries = out.Entries[1:]
	}
	return out, nil
}

func contains(places []int, i int) bool {
	for _, p := range places {
		if p == i {
			return true
		}
	}
	return false
}

// ids are the ids of the published events, in order.
func (b *fakeBus) ids() (ids []string) {
	for _, e := range b.published {
		ids = append(ids, e.ID)
	}
	return ids
}

// bench is a relay before a fake bus.
type bench struct {
	bus     *fakeBus
	handler lambda.Handler
	logged  bytes.Buffer
	metrics bytes.Buffer
}

func newBench(faults ...fault) *bench {
	b := &bench{bus: &fakeBus{faults: faults}}
	env := &boot.Env{Function: "relay", Clock: clock.Stopped(noon), Log: slog.New(slog.NewJSONHandler(&b.logged, nil)),
		Out: &b.metrics}
	b.handler = lambda.NewHandler(relay.With(b.bus, "shop-bus", env).Handle)
	return b
}

// run hands the records over as Lambda does and returns the sequence number from which it would come again.
func (b *bench) run(t fataler, records ...events.DynamoDBEventRecord) string {
	t.Helper()
	payload, err := json.Marshal(events.DynamoDBEvent{Records: records})
	if err != nil {
		t.Fatal(err)
	}
	return b.invoke(t, payload)
}

func (b *bench) invoke(t fataler, payload []byte) string {
	t.Helper()
	out, err := b.handler.Invoke(context.Background(), payload)
	if err != nil {
		t.Fatal(err)
	}
	var answer events.DynamoDBEventResponse
	if err := json.Unmarshal(out, &answer); err != nil || len(answer.BatchItemFailures) > 1 {
		t.Fatalf("answered %s", out)
	}
	if len(answer.BatchItemFailures) == 0 {
		return ""
	}
	return answer.BatchItemFailures[0].ItemIdentifier
}

// fataler is a *testing.T or a *rapid.T.
type fataler interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
}

var _ fataler = (*testing.T)(nil)

// change is a record of an item that carries event id, and carried event before.
func change(item string, sequence int, id, before string) events.DynamoDBEventRecord {
	r := events.DynamoDBEventRecord{EventName: "MODIFY", EventSource: "aws:dynamodb", Change: events.DynamoDBStreamRecord{
		SequenceNumber: fmt.Sprintf("%024d", sequence),
		Keys: map[string]events.DynamoDBAttributeValue{
			"pk": events.NewStringAttribute("ORDER#" + item), "sk": events.NewStringAttribute("ORDER"),
		},
		NewImage: image(item, id),
	}}
	if before != "" {
		r.Change.OldImage = image(item, before)
	}
	return r
}

func image(item, id string) map[string]events.DynamoDBAttributeValue {
	m := map[string]events.DynamoDBAttributeValue{
		"pk": events.NewStringAttribute("ORDER#" + item), "sk": events.NewStringAttribute("ORDER"),
		"total": events.NewNumberAttribute("12000"),
	}
	if id != "" {
		m["event"] = riding(id, `{"orderId":"`+item+`"}`)
	}
	return m
}

func riding(id, data string) events.DynamoDBAttributeValue {
	return events.NewMapAttribute(map[string]events.DynamoDBAttributeValue{
		"id": events.NewStringAttribute(id), "type": events.NewStringAttribute("order.placed"),
		"time":          events.NewStringAttribute(noon.Add(-1500 * time.Millisecond).Format(time.RFC3339Nano)),
		"correlationId": events.NewStringAttribute("req-7"), "data": events.NewStringAttribute(data),
	})
}

func with(r events.DynamoDBEventRecord, attribute events.DynamoDBAttributeValue) events.DynamoDBEventRecord {
	r.Change.NewImage["event"] = attribute
	return r
}

func sequence(n int) string { return fmt.Sprintf("%024d", n) }
