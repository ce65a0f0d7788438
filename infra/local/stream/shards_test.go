package stream_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"dangol/infra/local/stream"
	"dangol/infra/testkit/enginetest"
	"dangol/shared/platform/clock"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
)

// splitting is a stream as DynamoDB on AWS has it and the local engine does not: shards that end and have children,
// iterators that expire, and old records that are gone.
type splitting struct {
	mu      sync.Mutex
	shards  []map[string]any
	records map[string][]int // per shard, sequence numbers
	closed  map[string]bool
	expire  bool // the next GetRecords
	trimmed bool // every AFTER_SEQUENCE_NUMBER
}

func (s *splitting) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	in := map[string]any{}
	_ = json.NewDecoder(r.Body).Decode(&in)
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	answer, failure := s.answer(operation, in)
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	if failure != "" {
		w.WriteHeader(http.StatusBadRequest)
		answer = map[string]any{"__type": failure}
	}
	_ = json.NewEncoder(w).Encode(answer)
}

func (s *splitting) answer(operation string, in map[string]any) (answer any, failure string) {
	switch operation {
	case "ListStreams":
		return map[string]any{"Streams": []any{
			map[string]any{"StreamArn": "arn:aws:dynamodb:x:0:table/T/stream/L0123456789012345678"}}}, ""
	case "DescribeStream":
		return map[string]any{"StreamDescription": map[string]any{"Shards": s.shards}}, ""
	case "GetShardIterator":
		from, _ := in["SequenceNumber"].(string)
		if from != "" && s.trimmed {
			return nil, "TrimmedDataAccessException"
		}
		return map[string]any{"ShardIterator": fmt.Sprint(in["ShardId"], "/", from)}, ""
	}
	if s.expire {
		s.expire = false
		return nil, "ExpiredIteratorException"
	}
	shard, from, _ := strings.Cut(in["ShardIterator"].(string), "/")
	var records []any
	for _, n := range s.records[shard] {
		if number := fmt.Sprintf("%04d", n); number > from {
			records = append(records, map[string]any{"dynamodb": map[string]any{
				"SequenceNumber": number, "Keys": map[string]any{"pk": map[string]string{"S": fmt.Sprint(n)}},
			}})
			from = number
		}
	}
	next := map[string]any{"Records": records}
	if !s.closed[shard] {
		next["NextShardIterator"] = shard + "/" + from
	}
	return next, ""
}

// read polls the stream and returns the numbers of the records delivered.
func (s *splitting) read(t *testing.T, at *stream.Checkpoints) func() []string {
	t.Helper()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	var got []string
	r := stream.NewReader(stream.Mapping{Function: "relay", Tables: []string{"T"}}, stream.Options{
		Clock: clock.Stopped(noon), Checkpoints: at,
		Client: dynamodbstreams.NewFromConfig(enginetest.Config(),
			func(o *dynamodbstreams.Options) { o.BaseEndpoint = aws.String(server.URL) }),
		Invoke: func(_ context.Context, _ string, payload []byte) ([]byte, error) {
			var e events.DynamoDBEvent
			if err := json.Unmarshal(payload, &e); err != nil {
				return nil, err
			}
			got = append(got, names(e.Records)...)
			return nil, nil
		},
	})
	return func() []string {
		got = nil
		if _, err := r.Poll(t.Context()); err != nil {
			t.Error(err)
		}
		return got
	}
}

func family() *splitting {
	return &splitting{
		shards: []map[string]any{{"ShardId": "child-shard", "ParentShardId": "parent-shard"},
			{"ShardId": "parent-shard", "ParentShardId": "trimmed-shard"}},
		records: map[string][]int{"parent-shard": {1, 2}, "child-shard": {3}},
		closed:  map[string]bool{"parent-shard": true},
	}
}

func TestChildShardIsReadAfterItsParent(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "at")
	s := family()
	want := [][]string{{"1", "2", "3"}, nil}
	for _, w := range want { // the second time from the checkpoints alone: an ended shard is not read again
		at, err := stream.OpenCheckpoints(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.read(t, at)(); !slices.Equal(got, w) {
			t.Errorf("read %q, want %q", got, w)
		}
		at.Close()
	}
}

func TestShardThatSplitsLaterIsFollowed(t *testing.T) {
	t.Parallel()
	s := family()
	s.closed, s.shards = map[string]bool{}, s.shards[1:]
	read := s.read(t, nil)
	if got := read(); !slices.Equal(got, []string{"1", "2"}) {
		t.Fatalf("read %q", got)
	}
	s.mu.Lock()
	s.closed["parent-shard"], s.records["parent-shard"], s.shards = true, []int{1, 2, 7}, family().shards
	s.records["child-shard"] = []int{8}
	s.mu.Unlock()
	if got := read(); !slices.Equal(got, []string{"7", "8"}) {
		t.Errorf("after the split read %q", got)
	}
}

func TestExpiredIteratorIsReplacedFromTheCheckpoint(t *testing.T) {
	t.Parallel()
	s := family()
	s.closed = map[string]bool{}
	read := s.read(t, nil)
	read()
	s.mu.Lock()
	s.expire, s.records["parent-shard"] = true, []int{1, 2, 5}
	s.mu.Unlock()
	if got := read(); !slices.Equal(got, []string{"5"}) {
		t.Errorf("read %q, want only what came since", got)
	}
}

func TestCheckpointOlderThanTheStreamStartsAtItsOldestRecord(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "at")
	s := family()
	s.closed = map[string]bool{}
	at, err := stream.OpenCheckpoints(path)
	if err != nil {
		t.Fatal(err)
	}
	s.read(t, at)()
	s.mu.Lock()
	s.trimmed, s.records["parent-shard"] = true, []int{8, 9}
	s.mu.Unlock()
	if got := s.read(t, at)(); !slices.Equal(got, []string{"8", "9"}) {
		t.Errorf("read %q", got)
	}
}
