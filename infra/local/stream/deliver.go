package stream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
)

// Pauses between attempts of a failed batch, doubling.
const (
	minBackoff = time.Second
	maxBackoff = time.Minute
)

// shard is the reading position in one shard of one stream.
type shard struct {
	stream, id, parent string
	iterator           *string
	closed             bool // read to its end
	last               string
	unwanted           int // records the filter took out, not yet counted
	pending            []batch
	retryAt            time.Time
}

// batch is what one invocation gets.
type batch struct {
	records  []events.DynamoDBEventRecord
	attempts int // failures of the batch that began with this first record
}

// last is the sequence number of the last record.
func (b batch) last() string { return sequence(b.records[len(b.records)-1]) }

// key names the shard in the checkpoints.
func (s *shard) key() string { return s.stream + "/" + s.id }

// exhausted reports whether every record was read and delivered.
func (s *shard) exhausted() bool { return s.closed && len(s.pending) == 0 }

// skipped returns how many unwanted records were not counted yet, and counts them.
func (s *shard) skipped() int {
	n := s.unwanted
	s.unwanted = 0
	return n
}

// take turns an answer into batches and moves the iterator on.
func (s *shard) take(out *dynamodbstreams.GetRecordsOutput, m Mapping, now time.Time) {
	s.iterator, s.closed = out.NextShardIterator, out.NextShardIterator == nil
	var wanted []events.DynamoDBEventRecord
	for _, raw := range out.Records {
		s.last = aws.ToString(raw.Dynamodb.SequenceNumber)
		// Before it is made an event: a function wants few of the changes.
		if m.Filter(raw) {
			wanted = append(wanted, convert(raw, s.stream, s.id, now))
		} else {
			s.unwanted++
		}
	}
	for records := range slices.Chunk(wanted, m.BatchSize) {
		s.pending = append(s.pending, batch{records: records})
	}
}

// sequence is the record's number in its shard, by which failures are reported.
func sequence(r events.DynamoDBEventRecord) string { return r.Change.SequenceNumber }

// deliver invokes the function with the first waiting batch and puts back what it did not take.
func (r *Reader) deliver(ctx context.Context, s *shard) (int, error) {
	b := s.pending[0]
	rest := s.pending[1:]
	taken, cause := r.invoke(ctx, b)
	if ctx.Err() != nil {
		return 0, ctx.Err() // stopped in the middle: the batch stays, nothing is counted against it
	}
	if cause == nil {
		s.pending, s.retryAt = rest, time.Time{}
		return len(b.records) + s.skipped(), r.checkpoint(s, b.last())
	}
	r.options.Log.Warn("stream batch failed", "function", r.mapping.Function, "records", len(b.records),
		"taken", taken, "attempts", b.attempts+1, "error", cause)
	reached := ""
	// What was taken is behind the checkpoint; the rest is a new batch with its own count of
	// failures.
	if taken > 0 {
		reached = sequence(b.records[taken-1])
		b = batch{records: b.records[taken:]}
	}
	again, given := r.mapping.after(b)
	s.pending = append(again, rest...)
	s.retryAt = r.options.Clock.Now().Add(backoff(b.attempts))
	if !given {
		return taken, r.checkpoint(s, reached)
	}
	s.retryAt = time.Time{}
	if r.mapping.OnFailure != nil {
		r.mapping.OnFailure(ctx, b.records, cause)
	}
	return taken + len(b.records) + s.skipped(), r.checkpoint(s, b.last())
}

// after decides what a failed batch becomes: two halves, the same with one more failure, or
// nothing.
func (m Mapping) after(b batch) (again []batch, givenUp bool) {
	if half := len(b.records) / 2; m.Bisect && half > 0 {
		return []batch{{records: b.records[:half], attempts: b.attempts}, {records: b.records[half:]}}, false
	}
	b.attempts++
	if m.MaxRetries >= 0 && b.attempts > m.MaxRetries {
		return nil, true
	}
	return []batch{b}, false
}

// backoff is the pause after so many failures.
func backoff(attempts int) time.Duration {
	return min(minBackoff<<min(attempts, 10), maxBackoff)
}

// invoke returns how many records from the front the function took, and why the next one failed.
func (r *Reader) invoke(ctx context.Context, b batch) (taken int, err error) {
	payload, err := json.Marshal(events.DynamoDBEvent{Records: b.records})
	if err != nil {
		return 0, fmt.Errorf("stream: payload: %w", err)
	}
	answer, err := r.options.Invoke(ctx, r.mapping.Function, payload)
	if err != nil {
		return 0, err
	}
	return firstFailure(b.records, answer)
}

// errReported is the cause when the function itself named a record.
var errReported = errors.New("stream: the function reported a failed record")

// firstFailure reads batchItemFailures. The earliest record that is named counts, because
// everything after it is sent again. A number that is not in the batch, or an unreadable answer,
// fails the whole batch.
// https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
func firstFailure(records []events.DynamoDBEventRecord, answer []byte) (int, error) {
	if len(answer) == 0 {
		return len(records), nil
	}
	var report *events.DynamoDBEventResponse
	if err := json.Unmarshal(answer, &report); err != nil {
		return 0, fmt.Errorf("stream: the function's answer is no batch report: %w", err)
	}
	if report == nil || len(report.BatchItemFailures) == 0 {
		return len(records), nil
	}
	first := len(records)
	for _, f := range report.BatchItemFailures {
		i := slices.IndexFunc(records, func(r events.DynamoDBEventRecord) bool { return sequence(r) == f.ItemIdentifier })
		if i < 0 {
			return 0, fmt.Errorf("%w not in the batch: %q", errReported, f.ItemIdentifier)
		}
		first = min(first, i)
	}
	return first, fmt.Errorf("%w: %s", errReported, sequence(records[first]))
}
