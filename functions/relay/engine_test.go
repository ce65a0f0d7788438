package relay_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"dangol/functions/relay"
	"dangol/infra/local/stream"
	"dangol/infra/testkit/enginetest"
	"dangol/infra/testkit/localtest"
	"dangol/shared/platform/boot"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/event"
	"dangol/shared/platform/logging"
	"dangol/shared/platform/table"
)

type shipped struct {
	OrderID string `json:"orderId"`
}

func (shipped) EventType() string { return "order.shipped" }

type orderItem struct {
	table.Key
	Note  string       `dynamodbav:"note"`
	Event *event.Event `dynamodbav:"event,omitempty"`
}

// TestEventsOfARealTableReachTheBus writes items the way functions do and reads the engine's stream, so what relay
// expects of the attribute "event" is what the kernel writes.
func TestEventsOfARealTableReachTheBus(t *testing.T) {
	t.Parallel()
	commerce := localtest.Streamed(t, table.Commerce)
	ctx := logging.WithCorrelation(t.Context(), "req-42")
	evt, err := event.New(ctx, noon, shipped{OrderID: "ord_1"})
	if err != nil {
		t.Fatal(err)
	}
	item := orderItem{Key: table.Key{PK: "ORDER#1", SK: "ORDER"}, Note: "김하늘 🎁", Event: evt}
	for _, note := range []string{"first", "second: same event, so nothing to tell"} {
		item.Note = note
		if err := commerce.Put(ctx, table.Put{Item: item}); err != nil {
			t.Fatal(err)
		}
	}
	if err := commerce.Delete(ctx, table.Delete{Key: item.Key}); err != nil {
		t.Fatal(err)
	}

	b := newBench(fault{lose: true})
	moving := clock.Stopped(noon)
	reader := stream.NewReader(stream.Mapping{Function: "relay", Tables: []string{commerce.Name()}, MaxRetries: 3},
		stream.Options{
			Client: enginetest.Streams(t), Clock: moving,
			Invoke: func(ctx context.Context, _ string, payload []byte) ([]byte, error) {
				return b.handler.Invoke(ctx, payload)
			},
		})
	for range 2 {
		if _, err := reader.Poll(ctx); err != nil {
			t.Fatal(err)
		}
		moving.Advance(time.Minute)
	}
	if len(b.bus.published) != 1 {
		t.Fatalf("published %v, want one event\n%s", b.bus.published, b.logged.String())
	}
	got := b.bus.published[0]
	var body shipped
	if err := got.Into(&body); err != nil || body.OrderID != "ord_1" {
		t.Errorf("body %+v, %v", body, err)
	}
	if got.ID != evt.ID || got.CorrelationID != "req-42" || !got.Time.Equal(noon) {
		t.Errorf("envelope %+v, want that of %+v", got, evt)
	}
}

// TestPoisonIsGivenUpAloneAndHoldsUpNobody plays the event source mapping of the deployed function: what cannot be read
// goes to the on-failure destination after some tries, and all that was written after it is on the bus at once.
func TestPoisonIsGivenUpAloneAndHoldsUpNobody(t *testing.T) {
	t.Parallel()
	commerce := localtest.Streamed(t, table.Commerce)
	for n := range 9 {
		evt, err := event.New(t.Context(), noon, shipped{OrderID: fmt.Sprint("ord_", n)})
		if err != nil {
			t.Fatal(err)
		}
		if n == 3 {
			evt.Data = `{"orderId":`
		}
		item := orderItem{Key: table.Key{PK: fmt.Sprint("ORDER#", n), SK: "ORDER"}, Event: evt}
		if err := commerce.Put(t.Context(), table.Put{Item: item}); err != nil {
			t.Fatal(err)
		}
	}
	b, moving, givenUp := newBench(), clock.Stopped(noon), []string{}
	mapping := stream.Mapping{
		Function: "relay", Tables: []string{commerce.Name()}, MaxRetries: 3, Bisect: true,
		OnFailure: func(_ context.Context, records []events.DynamoDBEventRecord, _ error) {
			for _, r := range records {
				givenUp = append(givenUp, r.Change.Keys["pk"].String())
			}
		},
	}
	reader := stream.NewReader(mapping, stream.Options{
		Client: enginetest.Streams(t), Clock: moving,
		Invoke: func(ctx context.Context, _ string, payload []byte) ([]byte, error) {
			return b.handler.Invoke(ctx, payload)
		},
	})
	if _, err := reader.Poll(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := len(firsts(b.bus.ids())); n != 8 {
		t.Errorf("%d events are on the bus at once, want all but the bad one", n)
	}
	for at, ok := reader.NextDue(); ok; at, ok = reader.NextDue() {
		moving.MoveTo(at)
		if _, err := reader.Poll(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if len(givenUp) != 1 || givenUp[0] != "ORDER#3" || moving.Now().Sub(noon) > 15*time.Minute {
		t.Errorf("gave up %v after %s", givenUp, moving.Now().Sub(noon))
	}
}

func TestNewReadsItsEnvironmentAndCallsEventBridge(t *testing.T) {
	t.Parallel()
	var requested []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requested = append(requested, r.Header.Get("X-Amz-Target"))
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.Write([]byte(`{"FailedEntryCount":0,"Entries":[{"EventId":"1"}]}`))
	}))
	defer server.Close()
	vars := map[string]string{"EVENTBRIDGE_ENDPOINT": server.URL, "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s"}
	env := &boot.Env{Getenv: func(name string) string { return vars[name] }, Clock: clock.Stopped(noon),
		Log: logging.New(t.Output(), "relay", 0), HTTP: server.Client()}
	if _, err := relay.New(t.Context(), env); err == nil || !strings.Contains(err.Error(), "BUS_NAME") {
		t.Errorf("without BUS_NAME: %v", err)
	}
	vars["BUS_NAME"] = "shop-bus"
	handler, err := relay.New(t.Context(), env)
	if err != nil {
		t.Fatal(err)
	}
	payload, err := json.Marshal(events.DynamoDBEvent{Records: []events.DynamoDBEventRecord{change("a", 1, "e1", "")}})
	if err != nil {
		t.Fatal(err)
	}
	out, err := handler.Invoke(t.Context(), payload)
	if err != nil || strings.Contains(string(out), "itemIdentifier") {
		t.Errorf("answered %s, %v", out, err)
	}
	if len(requested) != 1 || requested[0] != "AWSEvents.PutEvents" {
		t.Errorf("asked %v", requested)
	}
}
