package stream_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"dangol/infra/local/stream"
	"dangol/infra/testkit/enginetest"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/id"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// bench is a table with a stream and a function that writes down what it gets.
type bench struct {
	t     *testing.T
	table string
	db    *dynamodb.Client
	clock *clock.Movable
	got   [][]string // per invocation, the names of the items
	gave  []string   // given up
	react func(names []string, records []events.DynamoDBEventRecord) (any, error)
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, table: "Stream-" + id.Secret(), db: enginetest.Client(t), clock: clock.Stopped(noon)}
	_, err := b.db.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName:            &b.table,
		BillingMode:          types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("pk"), AttributeType: "S"}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("pk"), KeyType: "HASH"}},
		StreamSpecification: &types.StreamSpecification{
			StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeNewAndOldImages,
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bench) put(names ...string) {
	b.t.Helper()
	for _, name := range names {
		item := map[string]types.AttributeValue{"pk": &types.AttributeValueMemberS{Value: name}}
		if _, err := b.db.PutItem(b.t.Context(), &dynamodb.PutItemInput{TableName: &b.table, Item: item}); err != nil {
			b.t.Fatal(err)
		}
	}
}

func (b *bench) reader(m stream.Mapping, at *stream.Checkpoints) *stream.Reader {
	m.Function, m.Tables = "relay", []string{b.table}
	m.OnFailure = func(_ context.Context, records []events.DynamoDBEventRecord, _ error) {
		b.gave = append(b.gave, names(records)...)
	}
	return stream.NewReader(m, stream.Options{
		Client: enginetest.Streams(b.t), Clock: b.clock, Checkpoints: at,
		Invoke: func(_ context.Context, function string, payload []byte) ([]byte, error) {
			var e events.DynamoDBEvent
			if err := json.Unmarshal(payload, &e); err != nil || function != "relay" {
				return nil, fmt.Errorf("%s got %s: %w", function, payload, err)
			}
			b.got = append(b.got, names(e.Records))
			if b.react == nil {
				return nil, nil
			}
			answer, err := b.react(names(e.Records), e.Records)
			if err != nil {
				return nil, err
			}
			return json.Marshal(answer)
		},
	})
}

func (b *bench) poll(r *stream.Reader) int {
	b.t.Helper()
	n, err := r.Poll(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	return n
}

// settle polls and moves the clock from one due time to the next until nothing waits.
func (b *bench) settle(r *stream.Reader) (done int) {
	b.t.Helper()
	for range 200 {
		done += b.poll(r)
		at, ok := r.NextDue()
		if !ok {
			return done
		}
		b.clock.MoveTo(at)
	}
	b.t.Fatal("it does not come to rest")
	return 0
}

func names(records []events.DynamoDBEventRecord) (out []string) {
	for _, r := range records {
		out = append(out, r.Change.Keys["pk"].String())
	}
	return out
}

func failed(records []events.DynamoDBEventRecord, which ...int) any {
	var report events.DynamoDBEventResponse
	for _, i := range which {
		report.BatchItemFailures = append(report.BatchItemFailures,
			events.DynamoDBBatchItemFailure{ItemIdentifier: records[i].Change.SequenceNumber})
	}
	return report
}

func (b *bench) wantCalls(want ...string) {
	b.t.Helper()
	var got []string
	for _, call := range b.got {
		got = append(got, strings.Join(call, " "))
	}
	if !slices.Equal(got, want) {
		b.t.Errorf("invocations %q, want %q", got, want)
	}
}

func TestReaderDeliversInOrderInBatches(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.put("a", "b", "c", "d", "e")
	r := b.reader(stream.Mapping{BatchSize: 2}, nil)
	if n := b.poll(r); n != 5 {
		t.Errorf("%d records done, want 5", n)
	}
	if n := b.poll(r); n != 0 {
		t.Errorf("%d records in a quiet stream", n)
	}
	b.put("f")
	b.poll(r)
	b.wantCalls("a b", "c d", "e", "f")
}

// nameOf is the partition key of the item that changed.
func nameOf(r streamtypes.Record) string {
	return r.Dynamodb.Keys["pk"].(*streamtypes.AttributeValueMemberS).Value
}

func TestReaderCountsFilteredRecordsAsDone(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.put("a", "x1", "b", "x2")
	at, err := stream.OpenCheckpoints(filepath.Join(t.TempDir(), "at"))
	if err != nil {
		t.Fatal(err)
	}
	defer at.Close()
	wanted := stream.Mapping{Filter: func(r streamtypes.Record) bool { return !strings.HasPrefix(nameOf(r), "x") }}
	if n := b.poll(b.reader(wanted, at)); n != 4 {
		t.Errorf("%d records done, want 4", n)
	}
	b.put("x3")
	if n := b.poll(b.reader(wanted, at)); n != 1 {
		t.Errorf("%d records done after a restart, want only the one put since", n)
	}
	b.wantCalls("a b")
}

func TestReaderGoesOnAfterARestartWhereItStopped(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path := filepath.Join(t.TempDir(), "at")
	for _, name := range []string{"a", "b", "c"} {
		at, err := stream.OpenCheckpoints(path)
		if err != nil {
			t.Fatal(err)
		}
		b.put(name)
		b.poll(b.reader(stream.Mapping{}, at))
		at.Close()
	}
	b.wantCalls("a", "b", "c")
}

func TestReaderTellsHowFarItHasCome(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	r := b.reader(stream.Mapping{}, nil)
	if all := r.Progress(); len(all) != 0 {
		t.Errorf("before the first record: %+v", all)
	}
	last := ""
	b.react = func(_ []string, records []events.DynamoDBEventRecord) (any, error) {
		last = records[len(records)-1].Change.SequenceNumber
		return nil, nil
	}
	b.put("a", "b")
	b.poll(r)
	if all := r.Progress(); len(all) != 1 || all[0].Table != b.table || all[0].Sequence != last || all[0].Shard == "" {
		t.Errorf("after %s of %s: %+v", last, b.table, all)
	}
}

func TestReaderRetriesFromTheFirstFailedRecordOn(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.put("a", "b", "c", "d")
	failures := 1
	b.react = func(_ []string, records []events.DynamoDBEventRecord) (any, error) {
		if failures--; failures >= 0 {
			return failed(records, 3, 1, 2), nil
		}
		return nil, nil
	}
	r := b.reader(stream.Mapping{MaxRetries: 2}, nil)
	if n := b.poll(r); n != 1 {
		t.Errorf("%d records done, want the one before the failure", n)
	}
	at, ok := r.NextDue()
	if !ok || !at.Equal(noon.Add(time.Second)) {
		t.Errorf("due %s (%t), want a second later", at, ok)
	}
	b.put("e")
	if n := b.poll(r); n != 0 {
		t.Errorf("%d records done before the retry is due: the shard must wait", n)
	}
	b.settle(r)
	b.wantCalls("a b c d", "b c d", "e")
}

func TestReaderOnFailure(t *testing.T) {
	t.Parallel()
	poison := func(names []string, _ []events.DynamoDBEventRecord) (any, error) {
		if slices.Contains(names, "bad") {
			return nil, errors.New("cannot")
		}
		return nil, nil
	}
	cases := []struct {
		name    string
		mapping stream.Mapping
		react   func([]string, []events.DynamoDBEventRecord) (any, error)
		calls   int
		gave    []string
	}{
		{"without bisecting the whole batch is given up", stream.Mapping{MaxRetries: 2}, poison, 3,
			[]string{"a", "bad", "c", "d"}},
		{"bisecting gives up the bad record only", stream.Mapping{MaxRetries: 1, Bisect: true}, poison, 6, []string{"bad"}},
		{"no retries: one call", stream.Mapping{}, poison, 1, []string{"a", "bad", "c", "d"}},
		{"an unknown sequence number fails the whole batch", stream.Mapping{},
			func([]string, []events.DynamoDBEventRecord) (any, error) {
				return events.DynamoDBEventResponse{
					BatchItemFailures: []events.DynamoDBBatchItemFailure{{ItemIdentifier: "77777"}}}, nil
			}, 1, []string{"a", "bad", "c", "d"}},
		{"an answer of another shape fails the whole batch", stream.Mapping{},
			func([]string, []events.DynamoDBEventRecord) (any, error) { return "ok", nil }, 1, []string{"a", "bad", "c", "d"}},
		{"a report with a null list is a success", stream.Mapping{},
			func([]string, []events.DynamoDBEventRecord) (any, error) { return events.DynamoDBEventResponse{}, nil }, 1, nil},
		{"what came before the reported record is not given up", stream.Mapping{MaxRetries: 1},
			func(names []string, records []events.DynamoDBEventRecord) (any, error) {
				if i := slices.Index(names, "bad"); i >= 0 {
					return failed(records, i), nil
				}
				return nil, nil
			}, 2, []string{"bad", "c", "d"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.put("a", "bad", "c", "d")
			b.react = c.react
			if n := b.settle(b.reader(c.mapping, nil)); n != 4 {
				t.Errorf("%d records done with, want 4", n)
			}
			if len(b.got) != c.calls || !slices.Equal(b.gave, c.gave) {
				t.Errorf("%d invocations %q, given up %q; want %d and %q", len(b.got), b.got, b.gave, c.calls, c.gave)
			}
		})
	}
}

func TestReaderThatRetriesForEverNeverGivesUp(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.put("a")
	b.react = func([]string, []events.DynamoDBEventRecord) (any, error) {
		if len(b.got) < 50 {
			return nil, errors.New("not yet")
		}
		return nil, nil
	}
	r := b.reader(stream.Mapping{MaxRetries: -1}, nil)
	b.settle(r)
	if len(b.got) != 50 || len(b.gave) != 0 {
		t.Errorf("%d invocations, given up %q", len(b.got), b.gave)
	}
	if waited := b.clock.Now().Sub(noon); waited > 50*time.Minute {
		t.Errorf("it waited %s: more than a minute between two tries", waited)
	}
}

func TestReaderStoppedInTheMiddleKeepsTheBatch(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.put("a")
	ctx, cancel := context.WithCancel(t.Context())
	b.react = func([]string, []events.DynamoDBEventRecord) (any, error) {
		cancel()
		return nil, context.Canceled
	}
	r := b.reader(stream.Mapping{}, nil)
	if _, err := r.Poll(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v", err)
	}
	b.react = nil
	b.poll(r)
	b.wantCalls("a", "a")
	if len(b.gave) != 0 {
		t.Errorf("given up %q", b.gave)
	}
}

func TestReaderOfATableWithoutStreamSaysSo(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.table = "Other-" + id.Secret()
	if _, err := b.reader(stream.Mapping{}, nil).Poll(t.Context()); err == nil || !strings.Contains(err.Error(), b.table) {
		t.Errorf("error %v does not name the table", err)
	}
}

func TestEventIdsAreUniqueOverTablesAndTheSameAtEveryDelivery(t *testing.T) {
	t.Parallel()
	seen := map[string]int{}
	for range 2 {
		b := newBench(t)
		b.put("a", "b")
		b.react = func(_ []string, records []events.DynamoDBEventRecord) (any, error) {
			for _, r := range records {
				seen[r.EventID]++
				if !strings.Contains(r.EventSourceArn, b.table) || !r.Change.ApproximateCreationDateTime.Equal(noon) {
					t.Errorf("record %+v", r)
				}
			}
			return nil, nil
		}
		b.poll(b.reader(stream.Mapping{}, nil))
		b.poll(b.reader(stream.Mapping{}, nil))
	}
	if len(seen) != 4 {
		t.Errorf("%d ids for four changes", len(seen))
	}
	for eventID, n := range seen {
		if n != 2 {
			t.Errorf("id %s came %d times in two deliveries", eventID, n)
		}
	}
}
