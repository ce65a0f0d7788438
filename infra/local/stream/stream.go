// Package stream reads DynamoDB streams and hands their records to a function the way a Lambda event source mapping
// does: in order per shard, in batches, filtered, retried from the first failed record, and in the end given up to an
// on-failure destination so that one bad record does not hold back the rest for ever. How far it came is kept, so a
// restarted runner goes on where it stopped and repeats at most one batch.
package stream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"dangol/shared/platform/clock"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
)

// Invoke runs a function with a payload and returns its answer; an error is a failed invocation.
type Invoke func(ctx context.Context, function string, payload []byte) ([]byte, error)

// Mapping connects tables to a function, with the settings of a Lambda event source mapping.
type Mapping struct {
	Function  string
	Tables    []string
	BatchSize int // records per invocation, after the filter; 0 is 100
	// Filter says which records the function wants; nil wants all. The others count as done.
	Filter func(types.Record) bool
	// MaxRetries is how often a batch is tried again before it is given up. Negative means for ever.
	MaxRetries int
	// Bisect splits a failed batch in two, which costs no retry, so that only the bad record is given up.
	Bisect bool
	// OnFailure gets what was given up, and why.
	OnFailure func(ctx context.Context, records []events.DynamoDBEventRecord, cause error)
}

// Client is the part of the streams client in use.
type Client interface {
	ListStreams(context.Context, *dynamodbstreams.ListStreamsInput,
		...func(*dynamodbstreams.Options)) (*dynamodbstreams.ListStreamsOutput, error)
	DescribeStream(context.Context, *dynamodbstreams.DescribeStreamInput,
		...func(*dynamodbstreams.Options)) (*dynamodbstreams.DescribeStreamOutput, error)
	GetShardIterator(context.Context, *dynamodbstreams.GetShardIteratorInput,
		...func(*dynamodbstreams.Options)) (*dynamodbstreams.GetShardIteratorOutput, error)
	GetRecords(context.Context, *dynamodbstreams.GetRecordsInput,
		...func(*dynamodbstreams.Options)) (*dynamodbstreams.GetRecordsOutput, error)
}

// Options are what a Reader works with.
type Options struct {
	Client      Client
	Clock       clock.Clock
	Invoke      Invoke
	Checkpoints *Checkpoints // nil keeps them in memory
	Log         *slog.Logger // nil is silent
}

// Reader delivers the streams of one mapping. Its methods are safe for concurrent use; deliveries never overlap.
type Reader struct {
	mapping Mapping
	options Options

	mu     sync.Mutex
	shards []*shard
	// False makes the next round look for shards again.
	known bool // whether the list of shards is up to date
}

// NewReader makes a reader; the streams are looked up at the first Poll.
func NewReader(m Mapping, o Options) *Reader {
	if m.BatchSize <= 0 {
		m.BatchSize = 100
	}
	if m.Filter == nil {
		m.Filter = func(types.Record) bool { return true }
	}
	if o.Checkpoints == nil {
		o.Checkpoints = &Checkpoints{at: map[string]string{}}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Reader{mapping: m, options: o}
}

// Poll delivers what is in the streams until nothing more can be done at this time, and returns how many records are
// done with: taken by the function, filtered out, or given up. A failing function is no error here; its batch waits
// for NextDue.
func (r *Reader) Poll(ctx context.Context) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var total int
	for {
		n, err := r.round(ctx)
		total += n
		if err != nil || n == 0 && r.known {
			return total, err
		}
	}
}

// NextDue returns when the earliest failed batch is to be tried again. ok is false when none waits. Records that
// nobody has read yet are not known here: Poll until it returns 0.
func (r *Reader) NextDue() (at time.Time, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.shards {
		if len(s.pending) > 0 && (!ok || s.retryAt.Before(at)) {
			at, ok = s.retryAt, true
		}
	}
	return at, ok
}

// round delivers or reads once for every shard.
func (r *Reader) round(ctx context.Context) (int, error) {
	if !r.known {
		if err := r.discover(ctx); err != nil {
			return 0, err
		}
	}
	var total int
	for _, s := range r.shards {
		if s.parent != "" && r.open(s.stream, s.parent) {
			continue
		}
		n, err := r.pollShard(ctx, s)
		total += n
		if err != nil {
			return total, err
		}
	}
	if slices.ContainsFunc(r.shards, (*shard).exhausted) {
		r.shards = slices.DeleteFunc(r.shards, (*shard).exhausted)
		r.known = false // a shard that ended may have children
	}
	return total, nil
}

// open reports whether records of the shard are still to come. Its children wait until then:
// otherwise changes of one item could be delivered out of order.
func (r *Reader) open(stream, id string) bool {
	return slices.ContainsFunc(r.shards, func(s *shard) bool { return s.stream == stream && s.id == id && !s.exhausted() })
}

// discover adds the shards that were not read to the end. A table without a stream is an error: the
// mapping is wrong.
func (r *Reader) discover(ctx context.Context) error {
	for _, table := range r.mapping.Tables {
		streams, err := r.options.Client.ListStreams(ctx, &dynamodbstreams.ListStreamsInput{TableName: &table})
		if err != nil {
			return fmt.Errorf("stream: list %s: %w", table, err)
		}
		if len(streams.Streams) == 0 {
			return fmt.Errorf("stream: table %s has none", table)
		}
		for _, s := range streams.Streams {
			if err := r.discoverShards(ctx, aws.ToString(s.StreamArn)); err != nil {
				return fmt.Errorf("stream: describe %s: %w", table, err)
			}
		}
	}
	r.known = true
	return nil
}

// discoverShards adds the shards of one stream, page by page.
func (r *Reader) discoverShards(ctx context.Context, arn string) error {
	var after *string
	for {
		out, err := r.options.Client.DescribeStream(ctx,
			&dynamodbstreams.DescribeStreamInput{StreamArn: &arn, ExclusiveStartShardId: after})
		if err != nil {
			return err
		}
		for _, d := range out.StreamDescription.Shards {
			s := &shard{stream: arn, id: aws.ToString(d.ShardId), parent: aws.ToString(d.ParentShardId)}
			if r.options.Checkpoints.get(s.key()) != ended && !r.open(arn, s.id) {
				r.shards = append(r.shards, s)
			}
		}
		if after = out.StreamDescription.LastEvaluatedShardId; after == nil {
			return nil
		}
	}
}

// pollShard delivers the waiting batch, or reads on when there is none.
func (r *Reader) pollShard(ctx context.Context, s *shard) (int, error) {
	if len(s.pending) > 0 {
		if r.options.Clock.Now().Before(s.retryAt) {
			return 0, nil
		}
		return r.deliver(ctx, s)
	}
	if err := r.read(ctx, s); err != nil {
		return 0, err
	}
	if len(s.pending) == 0 {
		return s.skipped(), r.checkpoint(s, s.last)
	}
	return r.deliver(ctx, s)
}

// read fetches the next records and divides them into batches. An iterator that has expired is
// replaced by one from the checkpoint, and a checkpoint that the stream no longer knows by the
// oldest record there is.
func (r *Reader) read(ctx context.Context, s *shard) error {
	if s.iterator == nil {
		if err := r.iterate(ctx, s); err != nil {
			return err
		}
	}
	out, err := r.options.Client.GetRecords(ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: s.iterator})
	if _, expired := errors.AsType[*types.ExpiredIteratorException](err); expired {
		s.iterator = nil
		return r.read(ctx, s)
	}
	if err != nil {
		return fmt.Errorf("stream: read %s: %w", s.key(), err)
	}
	s.take(out, r.mapping, r.options.Clock.Now())
	return nil
}

// iterate gets an iterator after the checkpoint, or at the oldest record for a shard that was never
// read.
func (r *Reader) iterate(ctx context.Context, s *shard) error {
	in := &dynamodbstreams.GetShardIteratorInput{
		StreamArn: &s.stream, ShardId: &s.id, ShardIteratorType: types.ShardIteratorTypeTrimHorizon,
	}
	if at := r.options.Checkpoints.get(s.key()); at != "" {
		in.ShardIteratorType, in.SequenceNumber = types.ShardIteratorTypeAfterSequenceNumber, &at
	}
	out, err := r.options.Client.GetShardIterator(ctx, in)
	if _, trimmed := errors.AsType[*types.TrimmedDataAccessException](err); trimmed {
		in.ShardIteratorType, in.SequenceNumber = types.ShardIteratorTypeTrimHorizon, nil
		out, err = r.options.Client.GetShardIterator(ctx, in)
	}
	if err != nil {
		return fmt.Errorf("stream: begin %s: %w", s.key(), err)
	}
	s.iterator = out.ShardIterator
	return nil
}

// checkpoint stores how far the shard was delivered; a shard read to its end is marked as such.
func (r *Reader) checkpoint(s *shard, sequence string) error {
	if s.closed && len(s.pending) == 0 {
		sequence = ended
	}
	return r.options.Checkpoints.set(s.key(), sequence)
}
