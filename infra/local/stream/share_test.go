package stream_test

import (
	"context"
	"encoding/json"
	"slices"
	"testing"

	"dangol/infra/local/stream"
	"dangol/infra/testkit/enginetest"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
)

// counting counts how many records the engine was asked for.
type counting struct {
	stream.Client
	records int
}

// GetRecords counts what is read.
func (c *counting) GetRecords(ctx context.Context, in *dynamodbstreams.GetRecordsInput,
	options ...func(*dynamodbstreams.Options)) (*dynamodbstreams.GetRecordsOutput, error) {
	out, err := c.Client.GetRecords(ctx, in, options...)
	if err == nil {
		c.records += len(out.Records)
	}
	return out, err
}

// TestTwoReadersOfATableReadItsRecordsOnce has two functions with filters of their own, as the relay and the counting
// of orders have.
func TestTwoReadersOfATableReadItsRecordsOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	engine := &counting{Client: enginetest.Streams(t)}
	client := stream.Share(engine, 2)
	got := map[string][]string{}
	var readers []*stream.Reader
	for function, wanted := range map[string]func(string) bool{
		"relay":  func(string) bool { return true },
		"counts": func(name string) bool { return name != "b" },
	} {
		readers = append(readers, stream.NewReader(stream.Mapping{
			Function: function, Tables: []string{b.table},
			Filter: func(r types.Record) bool { return wanted(nameOf(r)) },
		}, stream.Options{Client: client, Clock: b.clock,
			Invoke: func(_ context.Context, function string, payload []byte) ([]byte, error) {
				var e events.DynamoDBEvent
				if err := json.Unmarshal(payload, &e); err != nil {
					return nil, err
				}
				got[function] = append(got[function], names(e.Records)...)
				return nil, nil
			}}))
	}
	poll := func() {
		t.Helper()
		for _, r := range readers {
			if _, err := r.Poll(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	b.put("a", "b")
	poll()
	// Nothing is remembered of an answer without records: what is written later is found.
	poll()
	b.put("c")
	poll()
	if !slices.Equal(got["relay"], []string{"a", "b", "c"}) || !slices.Equal(got["counts"], []string{"a", "c"}) {
		t.Errorf("delivered %v", got)
	}
	if engine.records != 3 {
		t.Errorf("the engine was asked for %d records, 3 were written", engine.records)
	}
}
