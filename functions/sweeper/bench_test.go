package sweeper_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"dangol/functions/sweeper"
	"dangol/infra/testkit/localtest"
	"dangol/shared/platform/boot"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/due"
	"dangol/shared/platform/table"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const dead = "https://sqs/dead"

// fakeQueue takes messages, by queue, and can be told to refuse.
type fakeQueue struct {
	mu     sync.Mutex
	sent   map[string][]due.Job
	sizes  []int
	refuse func(url string, place int) bool // the entry fails
	fail   func(url string) error           // the call fails
	mute   error                            // asking how much is in a queue fails
	crowd  int                              // messages of others in each queue
}

func (q *fakeQueue) SendMessageBatch(_ context.Context, in *sqs.SendMessageBatchInput,
	_ ...func(*sqs.Options)) (*sqs.SendMessageBatchOutput, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.fail != nil {
		if err := q.fail(*in.QueueUrl); err != nil {
			return nil, err
		}
	}
	if len(in.Entries) == 0 || len(in.Entries) > 10 {
		return nil, fmt.Errorf("AWS.SimpleQueueService.EmptyBatchRequest or TooManyEntries: %d", len(in.Entries))
	}
	q.sizes = append(q.sizes, len(in.Entries))
	out := &sqs.SendMessageBatchOutput{}
	for i, e := range in.Entries {
		if q.refuse != nil && q.refuse(*in.QueueUrl, i) {
			out.Failed = append(out.Failed, types.BatchResultErrorEntry{Id: e.Id, Code: aws.String("InternalError")})
			continue
		}
		var j due.Job
		if err := json.Unmarshal([]byte(*e.MessageBody), &j); err != nil {
			return nil, err
		}
		q.sent[*in.QueueUrl] = append(q.sent[*in.QueueUrl], j)
		out.Successful = append(out.Successful, types.SendMessageBatchResultEntry{Id: e.Id, MessageId: e.Id})
	}
	return out, nil
}

// GetQueueAttributes tells how much is in a queue, half of it as being worked on.
func (q *fakeQueue) GetQueueAttributes(_ context.Context, in *sqs.GetQueueAttributesInput,
	_ ...func(*sqs.Options)) (*sqs.GetQueueAttributesOutput, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.mute != nil {
		return nil, q.mute
	}
	n := len(q.sent[*in.QueueUrl]) + q.crowd
	return &sqs.GetQueueAttributesOutput{Attributes: map[string]string{
		"ApproximateNumberOfMessages": strconv.Itoa(n - n/2), "ApproximateNumberOfMessagesNotVisible": strconv.Itoa(n / 2),
	}}, nil
}

// take empties a queue and returns the keys that were in it, sorted.
func (q *fakeQueue) take(url string) (keys []string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, j := range q.sent[url] {
		keys = append(keys, j.Key.PK)
	}
	delete(q.sent, url)
	slices.Sort(keys)
	return keys
}

// bench is a sweeper of the kinds hold and remind.
type bench struct {
	t       *testing.T
	table   *table.Table
	queue   *fakeQueue
	clock   *clock.Movable
	handler lambda.Handler
	logged  bytes.Buffer
	metrics bytes.Buffer
}

func newBench(t *testing.T, wrap ...func(table.DB) table.DB) *bench {
	t.Helper()
	b := &bench{t: t, queue: &fakeQueue{sent: map[string][]due.Job{}}, clock: clock.Stopped(noon)}
	name := localtest.Name(t, table.Commerce)
	db := localtest.DB(t)
	b.table = table.New(db, name, nil)
	for _, w := range wrap {
		db = w(db)
	}
	swept := table.New(db, name, nil)
	kinds := []sweeper.Kind{{Name: "hold", Table: swept, Queue: queueOf("hold")},
		{Name: "remind", Table: swept, Queue: queueOf("remind")}}
	env := &boot.Env{Function: "sweeper", Clock: b.clock, Log: slog.New(slog.NewJSONHandler(&b.logged, nil)),
		Out: &b.metrics}
	b.handler = lambda.NewHandler(sweeper.With(kinds, dead, b.queue, env).Handle)
	return b
}

func queueOf(kind string) string { return "https://sqs/" + kind }

type item struct {
	table.Key
	due.Due
	Dead string `dynamodbav:"dueDead,omitempty"`
}

func keyOf(n int) table.Key { return table.Key{PK: "JOB#" + strconv.Itoa(n), SK: "JOB"} }

// put stores n jobs of a kind that are due at the time, numbered from first.
func (b *bench) put(kind string, first, n int, at time.Time) (keys []string) {
	b.t.Helper()
	for i := range n {
		key := keyOf(first + i)
		if err := b.table.Put(b.t.Context(), table.Put{Item: item{Key: key, Due: due.On(kind, key.PK, at)}}); err != nil {
			b.t.Fatal(err)
		}
		keys = append(keys, key.PK)
	}
	slices.Sort(keys)
	return keys
}

func (b *bench) get(n int) (it item) {
	b.t.Helper()
	if err := b.table.Get(b.t.Context(), keyOf(n), &it); err != nil {
		b.t.Fatal(err)
	}
	return it
}

// finish does what a worker does: it takes the job off the item.
func (b *bench) finish(pk string) {
	b.t.Helper()
	if _, err := b.table.Update(b.t.Context(),
		table.Update{Key: table.Key{PK: pk, SK: "JOB"}, Do: due.Remove}); err != nil {
		b.t.Fatal(err)
	}
}

// try sweeps and returns what the function answered.
func (b *bench) try(ctx context.Context) (map[string]sweeper.Tally, error) {
	b.t.Helper()
	out, err := b.handler.Invoke(ctx, []byte(`{}`))
	if err != nil {
		return nil, err
	}
	var report map[string]sweeper.Tally
	if err := json.Unmarshal(out, &report); err != nil {
		b.t.Fatalf("answered %s: %v", out, err)
	}
	return report, nil
}

// sweep is try where nothing may fail.
func (b *bench) sweep() map[string]sweeper.Tally {
	b.t.Helper()
	report, err := b.try(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	return report
}

func (b *bench) want(url string, keys []string) {
	b.t.Helper()
	if got := b.queue.take(url); !slices.Equal(got, keys) {
		b.t.Errorf("%s has %v, want %v", url, got, keys)
	}
}

var errDown = errors.New("queue is down")
