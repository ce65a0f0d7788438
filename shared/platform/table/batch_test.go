package table_test

import (
	"errors"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dangol/infra/testkit/localtest"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
)

func TestABatchDeletesExactlyItsKeys(t *testing.T) {
	t.Parallel()
	tb := localtest.Table(t, table.Commerce)
	const stored = 60
	var items []any
	for n := range stored {
		items = append(items, a(n))
	}
	if err := tb.BatchPut(t.Context(), items...); err != nil {
		t.Fatal(err)
	}
	var keys []table.Key
	for n := 1; n < stored+10; n++ { // all but the first, and some that are not there
		keys = append(keys, key(n))
	}
	ctx, meter := table.Metered(t.Context())
	if err := tb.BatchDelete(ctx, keys...); err != nil {
		t.Fatal(err)
	}
	if trips := meter.Cost().Trips; trips != 3 { // 69 keys, 25 in one call
		t.Errorf("%d round trips", trips)
	}
	left, err := tb.BatchGet(t.Context(), true, append(keys, key(0))...)
	if _, kept := left[key(0)]; err != nil || len(left) != 1 || !kept {
		t.Errorf("left are %d, the one that was not named: %v, %v", len(left), kept, err)
	}
	if err := tb.BatchDelete(t.Context()); err != nil {
		t.Errorf("no keys: %v", err)
	}
}

func TestABatchTriesAgainOnlyWhatWasLeftOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		deleted := map[table.Key]int{}
		var sizes []int
		// A busy table: of each call it takes half, at least one.
		s := &stub{batchPut: func(_ int, in *dynamodb.BatchWriteItemInput) (*dynamodb.BatchWriteItemOutput, error) {
			writes := in.RequestItems["x"]
			sizes = append(sizes, len(writes))
			taken := (len(writes) + 1) / 2
			for _, w := range writes[:taken] {
				deleted[table.Item(w.DeleteRequest.Key).Key()]++
			}
			out := &dynamodb.BatchWriteItemOutput{}
			if taken < len(writes) {
				out.UnprocessedItems = map[string][]types.WriteRequest{"x": writes[taken:]}
			}
			return out, nil
		}}
		if err := table.New(s, "x", nil).BatchDelete(t.Context(), key(1), key(2), key(3), key(4)); err != nil {
			t.Fatal(err)
		}
		if len(sizes) != 3 || sizes[0] != 4 || sizes[1] != 2 || sizes[2] != 1 {
			t.Errorf("calls of %v items", sizes)
		}
		for n := 1; n <= 4; n++ {
			if deleted[key(n)] != 1 {
				t.Errorf("%s was deleted %d times", key(n), deleted[key(n)])
			}
		}
	})
}

// The batches before the one that fails are done: whoever deletes must be able to do it again.
func TestABatchThatFailsSaysSo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gone := errors.New("no table")
		s := &stub{batchPut: func(n int, in *dynamodb.BatchWriteItemInput) (*dynamodb.BatchWriteItemOutput, error) {
			if n == 2 {
				return nil, gone
			}
			return &dynamodb.BatchWriteItemOutput{}, nil
		}}
		keys := make([]table.Key, 60)
		for n := range keys {
			keys[n] = key(n)
		}
		if err := table.New(s, "x", nil).BatchDelete(t.Context(), keys...); !errors.Is(err, gone) || s.calls != 2 {
			t.Errorf("%v after %d calls", err, s.calls)
		}
		s = &stub{batchPut: func(_ int, in *dynamodb.BatchWriteItemInput) (*dynamodb.BatchWriteItemOutput, error) {
			return &dynamodb.BatchWriteItemOutput{UnprocessedItems: in.RequestItems}, nil
		}}
		if err := table.New(s, "x", nil).BatchDelete(t.Context(), key(1)); problem.Code(err) != "busy" {
			t.Errorf("a table that takes nothing: %v", err)
		}
	})
}
