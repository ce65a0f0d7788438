package table_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	"pgregory.net/rapid"

	"dangol/infra/testkit/localtest"
	"dangol/shared/platform/table"
)

var whole = table.Query{Where: "#pk = :pk", With: map[string]any{":pk": "THING"}}

// pages reads a query page by page and returns the sort keys.
func pages(t *testing.T, tb *table.Table, q table.Query) (sizes []int, keys []string) {
	t.Helper()
	for {
		page, err := tb.Query(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, len(page.Items))
		for _, item := range page.Items {
			keys = append(keys, item.Key().SK)
		}
		if page.Next == "" {
			return sizes, keys
		}
		q.After = page.Next
	}
}

func TestQueryPagesInBothDirections(t *testing.T) {
	t.Parallel()
	tb := localtest.Table(t, table.Commerce)
	var want []string
	for i := range 7 {
		put(t, tb, a(i))
		want = append(want, key(i).SK)
	}
	q := whole
	q.Limit = 3
	if sizes, keys := pages(t, tb, q); !slices.Equal(keys, want) || sizes[0] != 3 {
		t.Errorf("%v in pages of %v", keys, sizes)
	}
	q.Backwards, q.Strong = true, true
	slices.Reverse(want)
	if _, keys := pages(t, tb, q); !slices.Equal(keys, want) {
		t.Errorf("backwards %v", keys)
	}
	if sizes, keys := pages(t, tb,
		table.Query{Where: "#pk = :pk AND begins_with(#sk, :x)", With: map[string]any{":pk": "THING", ":x": "9"}}); len(
		keys) != 0 || len(sizes) != 1 {
		t.Errorf("nothing to find: %v in %v", keys, sizes)
	}
}

func TestIndexesAreSparseSortedAndCarryTheCard(t *testing.T) {
	t.Parallel()
	tb := localtest.Table(t, table.Commerce)
	for i, at := range []int64{300, 9, 1_000_000_000_000, 20} {
		th := a(i)
		th.DuePK, th.DueAt, th.List, th.At, th.Card = "kind#0", at, "LIST", fmt.Sprintf("%d",
			9-i), map[string]string{"title": th.Name}
		put(t, tb, th)
	}
	put(t, tb, a(9))
	due := table.Query{Index: table.Due, Where: "#duePk = :k", With: map[string]any{":k": "kind#0"}, Limit: 2}
	if _, keys := pages(t, tb, due); !slices.Equal(keys, []string{"0001", "0003", "0000", "0002"}) {
		t.Errorf("by number %v", keys)
	}
	page, err := tb.Query(t.Context(),
		table.Query{Index: table.ByOne, Where: "#gsi1pk = :l", With: map[string]any{":l": "LIST"}})
	if err != nil || len(page.Items) != 4 {
		t.Fatalf("%d items, %v", len(page.Items), err)
	}
	var first thing
	if err := page.Items[0].Decode(&first); err != nil || first.Card["title"] != "thing 3" || first.Name != "" {
		t.Errorf("the index carries %+v, %v; want the card and nothing of the item", first, err)
	}
}

func TestAllStopsAtTheFirstError(t *testing.T) {
	t.Parallel()
	tb := localtest.Table(t, table.Commerce)
	put(t, tb, a(0), a(1), a(2))
	q := whole
	q.Limit = 1
	seen, stop := 0, errors.New("enough")
	err := tb.All(t.Context(), q, func(table.Item) error {
		if seen++; seen == 2 {
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) || seen != 2 {
		t.Errorf("%v after %d", err, seen)
	}
}

func TestCursorThatIsNotOursIsRefusedAndNeverPanics(t *testing.T) {
	t.Parallel()
	tb := localtest.Table(t, table.Commerce)
	put(t, tb, a(0), a(1), a(2))
	coded := func(s string) table.Cursor { return table.Cursor(base64.RawURLEncoding.EncodeToString([]byte(s))) }
	for name, cursor := range map[string]table.Cursor{
		"not base64":          "%%%",
		"not JSON":            coded("nonsense"),
		"an empty key":        coded("{}"),
		"a type unknown":      coded(`{"pk":["B","x"],"sk":["S","y"]}`),
		"a number for text":   coded(`{"pk":["N","1"],"sk":["N","2"]}`),
		"a part of the key":   coded(`{"pk":["S","THING"]}`),
		"another attribute":   coded(`{"pk":["S","THING"],"sk":["S","0001"],"x":["S","y"]}`),
		"a number that isn't": coded(`{"pk":["S","THING"],"sk":["N","abc"]}`),
	} {
		q := whole
		q.After = cursor
		if page, err := tb.Query(t.Context(), q); !errors.Is(err, table.ErrCursor) {
			t.Errorf("%s: %d items, %v; want ErrCursor", name, len(page.Items), err)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		q := whole
		q.After = table.Cursor(rapid.String().Draw(t, "cursor"))
		if _, err := tb.Query(context.Background(), q); q.After != "" && !errors.Is(err, table.ErrCursor) {
			t.Fatalf("%q: %v", q.After, err)
		}
	})
}

// TestCursorThatDynamoDBRefusesIsACursorProblem is for what the engine lets pass and DynamoDB does not.
func TestCursorThatDynamoDBRefusesIsACursorProblem(t *testing.T) {
	t.Parallel()
	s := &stub{query: func(int) (*dynamodb.QueryOutput, error) {
		return nil, &smithy.GenericAPIError{Code: "ValidationException", Message: "The provided starting key is invalid"}
	}}
	q := whole
	if _, err := table.New(s, "x", nil).Query(t.Context(), q); err == nil || errors.Is(err, table.ErrCursor) {
		t.Errorf("without a cursor: %v", err)
	}
	q.After = table.Cursor(base64.RawURLEncoding.EncodeToString([]byte(`{"pk":["S","THING"],"sk":["S","0001"]}`)))
	if _, err := table.New(s, "x", nil).Query(t.Context(), q); !errors.Is(err, table.ErrCursor) {
		t.Errorf("with a cursor: %v", err)
	}
}

func TestBatchesOfAnySize(t *testing.T) {
	t.Parallel()
	tb := localtest.Table(t, table.Commerce)
	var items []any
	var keys []table.Key
	for i := range 130 {
		items = append(items, a(i))
		keys = append(keys, key(i))
	}
	ctx, meter := table.Metered(t.Context())
	if err := tb.BatchPut(ctx, items...); err != nil || meter.Cost().Trips != 6 {
		t.Fatalf("%v, %+v", err, meter.Cost())
	}
	ctx, meter = table.Metered(t.Context())
	found, err := tb.BatchGet(ctx, true, append(keys, key(999))...)
	if err != nil || len(found) != 130 || meter.Cost().Trips != 2 {
		t.Fatalf("%d found, %v, %+v", len(found), err, meter.Cost())
	}
	if got := found[key(77)].Text("name"); got != "thing 77" {
		t.Errorf("77 is %q", got)
	}
	if found, err := tb.BatchGet(t.Context(), false); err != nil || len(found) != 0 {
		t.Errorf("no keys: %v, %v", found, err)
	}
}

func TestBatchesAskAgainForWhatWasLeftOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &stub{batchGet: func(n int, in *dynamodb.BatchGetItemInput) (*dynamodb.BatchGetItemOutput, error) {
			want := in.RequestItems["x"].Keys
			out := &dynamodb.BatchGetItemOutput{Responses: map[string][]map[string]types.AttributeValue{"x": {want[0]}}}
			if len(want) > 1 {
				out.UnprocessedKeys = map[string]types.KeysAndAttributes{"x": {Keys: want[1:]}}
			}
			return out, nil
		}}
		found, err := table.New(s, "x", nil).BatchGet(t.Context(), true, key(1), key(2), key(3))
		if err != nil || len(found) != 3 || s.calls != 3 {
			t.Errorf("%d found in %d calls, %v", len(found), s.calls, err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		written := 0
		s := &stub{batchPut: func(n int, in *dynamodb.BatchWriteItemInput) (*dynamodb.BatchWriteItemOutput, error) {
			left := in.RequestItems["x"]
			if n%2 == 1 {
				return &dynamodb.BatchWriteItemOutput{UnprocessedItems: in.RequestItems}, nil
			}
			written += len(left)
			return &dynamodb.BatchWriteItemOutput{}, nil
		}}
		if err := table.New(s, "x", nil).BatchPut(t.Context(), a(1), a(2)); err != nil || written != 2 || s.calls != 2 {
			t.Errorf("%d written in %d calls, %v", written, s.calls, err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		s := &stub{batchPut: func(_ int, in *dynamodb.BatchWriteItemInput) (*dynamodb.BatchWriteItemOutput, error) {
			return &dynamodb.BatchWriteItemOutput{UnprocessedItems: in.RequestItems}, nil
		}}
		if err := table.New(s, "x", nil).BatchPut(t.Context(), a(1)); err == nil ||
			!strings.Contains(err.Error(), "not processed") {
			t.Errorf("a table that takes nothing: %v", err)
		}
	})
}
