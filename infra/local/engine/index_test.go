package engine_test

import (
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"dangol/infra/local/engine"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	stream "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
	"github.com/ncruces/go-sqlite3"

	"dangol/infra/testkit/enginetest"
)

// TestNumberingAndReadingAStreamNeedNoWalkThroughIt asks SQLite how it would answer what the engine asks with every
// write and every read of a stream.
func TestNumberingAndReadingAStreamNeedNoWalkThroughIt(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "data.db")
	run(t, engine.Options{DataFile: file})
	db, err := sqlite3.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	for question, index := range map[string]string{
		`SELECT COALESCE(MAX(CAST(sequence_number AS INTEGER)), 0) + 1 FROM _stream_records WHERE table_name = 'T'`: "dangol_stream_end",
		`SELECT keys_json FROM _stream_records WHERE table_name = 'T' AND shard_id = 'S' AND CAST(sequence_number AS INTEGER) > 7
			ORDER BY CAST(sequence_number AS INTEGER) ASC LIMIT 10`: "dangol_stream_shard",
	} {
		plan, _, err := db.Prepare("EXPLAIN QUERY PLAN " + question)
		if err != nil {
			t.Fatal(err)
		}
		var steps []string
		for plan.Step() {
			steps = append(steps, plan.ColumnText(3))
		}
		if all := strings.Join(steps, "; "); plan.Close() != nil || len(steps) != 1 ||
			!strings.Contains(all, "INDEX "+index+" ") {
			t.Errorf("%s\n\tis answered by: %s", question, all)
		}
	}
}

func TestForgottenRecordsAreGoneAndTheNextOnesGoOnCounting(t *testing.T) {
	t.Parallel()
	e := run(t, engine.Options{DataFile: filepath.Join(t.TempDir(), "data.db")})
	db := client(e.Endpoint())
	createTable(t, db, "Told")
	if _, err := db.UpdateTable(t.Context(),
		&dynamodb.UpdateTableInput{TableName: aws.String("Told"), StreamSpecification: &types.StreamSpecification{
			StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeKeysOnly,
		}}); err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		put(t, db, "Told", strconv.Itoa(i), nil)
	}
	shard, before := records(t, e, "Told")
	if err := e.Trim("Told", shard, before[2]); err != nil {
		t.Fatal(err)
	}
	if _, left := records(t, e, "Told"); len(left) != 2 || left[0] != before[3] {
		t.Errorf("of %v are left %v, want the last two", before, left)
	}
	if err := e.Trim("Told", shard, before[4]); err != nil {
		t.Fatal(err)
	}
	put(t, db, "Told", "5", nil)
	_, left := records(t, e, "Told")
	if len(left) != 2 || left[0] != before[4] || number(t, left[1]) != number(t, before[4])+1 {
		t.Errorf("after %v are left %v, want the last of them and the one that follows", before, left)
	}
}

func TestAnEngineInMemoryHasNothingToForget(t *testing.T) {
	t.Parallel()
	if err := run(t, engine.Options{}).Trim("Told", "shard", "1"); err != nil {
		t.Error(err)
	}
}

func number(t *testing.T, sequence string) int {
	t.Helper()
	n, err := strconv.Atoi(sequence)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// records are the sequence numbers in the one shard of a table's stream.
func records(t *testing.T, e *engine.Engine, table string) (shard string, sequences []string) {
	t.Helper()
	endpoint := e.Endpoint()
	db := dynamodbstreams.NewFromConfig(enginetest.Config(),
		func(o *dynamodbstreams.Options) { o.BaseEndpoint = &endpoint })
	streams, err := db.ListStreams(t.Context(), &dynamodbstreams.ListStreamsInput{TableName: &table})
	if err != nil {
		t.Fatal(err)
	}
	arn := streams.Streams[0].StreamArn
	description, err := db.DescribeStream(t.Context(), &dynamodbstreams.DescribeStreamInput{StreamArn: arn})
	if err != nil {
		t.Fatal(err)
	}
	shard = *description.StreamDescription.Shards[0].ShardId
	from, err := db.GetShardIterator(t.Context(), &dynamodbstreams.GetShardIteratorInput{
		StreamArn: arn, ShardId: &shard, ShardIteratorType: stream.ShardIteratorTypeTrimHorizon,
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := db.GetRecords(t.Context(), &dynamodbstreams.GetRecordsInput{ShardIterator: from.ShardIterator})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range got.Records {
		sequences = append(sequences, *r.Dynamodb.SequenceNumber)
	}
	return shard, sequences
}
