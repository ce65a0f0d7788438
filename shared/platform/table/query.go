package table

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
)

// Query reads items of one partition of the table or of an index, in the order of the sort key.
type Query struct {
	Index     string // empty for the table itself
	Where     string // key condition
	With      map[string]any
	Limit     int    // items per page; 0 for as many as fit in 1 MB
	Backwards bool   // descending by sort key
	After     Cursor // where to go on; empty for the start
	Strong    bool   // strongly consistent; not possible on an index
}

// Cursor is where the last page ended; empty at both ends.
type Cursor string

// ErrCursor says that a cursor was not made by this query.
var ErrCursor = errors.New("cursor is not one of ours")

// Page is one page of a query.
type Page struct {
	Items []Item
	Next  Cursor // empty on the last page
}

// Query reads one page. 1 round trip; 0.5 RCU per 4 KB read, twice that when Strong. Errors: ErrCursor.
func (t *Table) Query(ctx context.Context, q Query) (Page, error) {
	values, err := marshalValues(q.With)
	if err != nil {
		return Page{}, err
	}
	// Before the call: a cursor that cannot be read costs nothing.
	start, err := q.After.key()
	if err != nil {
		return Page{}, err
	}
	in := &dynamodb.QueryInput{
		TableName: &t.name, IndexName: optional(q.Index), KeyConditionExpression: &q.Where,
		ExpressionAttributeNames: namesIn(nil, q.Where), ExpressionAttributeValues: values,
		ScanIndexForward: aws.Bool(!q.Backwards), ExclusiveStartKey: start,
		ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal,
	}
	if q.Limit > 0 {
		in.Limit = aws.Int32(int32(q.Limit))
	}
	if q.Strong {
		in.ConsistentRead = aws.Bool(true)
	}
	got, err := call(ctx, t.db.Query, in)
	if invalid, ok := errors.AsType[smithy.APIError](err); ok && start != nil &&
		invalid.ErrorCode() == "ValidationException" {
		return Page{}, ErrCursor // the rest of the query is ours and valid: somebody made this key up
	}
	if err != nil {
		return Page{}, fmt.Errorf("query %s %s: %w", q.Index, q.Where, err)
	}
	t.note(ctx, Op{Action: "Query", Table: t.name, Index: q.Index}, got.ConsumedCapacity)
	page := Page{Items: make([]Item, len(got.Items))}
	for i, item := range got.Items {
		page.Items[i] = item
	}
	page.Next, err = cursorOf(got.LastEvaluatedKey)
	return page, err
}

// Latest lists items of one kind in a partition, those whose sort key begins with prefix, the last of the sort order
// first, and converts each. 1 round trip; 0.5 RCU per 4 KB. Errors: ErrCursor.
func Latest[Stored, T any](
	ctx context.Context, t *Table, partition, prefix string, limit int, after Cursor, of func(Stored) T,
) ([]T, Cursor, error) {
	page, err := t.Query(ctx, Query{
		Where: "#pk = :pk AND begins_with(#sk, :prefix)", With: map[string]any{":pk": partition, ":prefix": prefix},
		Limit: limit, After: after, Backwards: true,
	})
	if err != nil {
		return nil, "", err
	}
	out := make([]T, len(page.Items))
	for i, item := range page.Items {
		var stored Stored
		if err := item.Decode(&stored); err != nil {
			return nil, "", err
		}
		out[i] = of(stored)
	}
	return out, page.Next, nil
}

// All reads every page of q and hands each item to each; it stops at the first error.
func (t *Table) All(ctx context.Context, q Query, each func(Item) error) error {
	for {
		page, err := t.Query(ctx, q)
		if err != nil {
			return err
		}
		for _, item := range page.Items {
			if err := each(item); err != nil {
				return err
			}
		}
		if page.Next == "" {
			return nil
		}
		q.After = page.Next
	}
}

// cursorOf packs a last key. All our key attributes are strings, but for the due time, which is a number.
func cursorOf(last map[string]types.AttributeValue) (Cursor, error) {
	if len(last) == 0 {
		return "", nil
	}
	flat := make(map[string][2]string, len(last))
	for name, v := range last {
		switch v := v.(type) {
		case *types.AttributeValueMemberS:
			flat[name] = [2]string{"S", v.Value}
		case *types.AttributeValueMemberN:
			flat[name] = [2]string{"N", v.Value}
		default:
			return "", fmt.Errorf("key attribute %s is a %T", name, v)
		}
	}
	raw, err := json.Marshal(flat)
	return Cursor(base64.RawURLEncoding.EncodeToString(raw)), err
}

// key unpacks the cursor; ErrCursor for a text that is none.
func (c Cursor) key() (map[string]types.AttributeValue, error) {
	if c == "" {
		return nil, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(string(c))
	if err != nil {
		return nil, ErrCursor
	}
	var flat map[string][2]string
	if json.Unmarshal(raw, &flat) != nil || len(flat) == 0 {
		return nil, ErrCursor
	}
	key := make(map[string]types.AttributeValue, len(flat))
	for name, v := range flat {
		switch v[0] {
		case "S":
			key[name] = &types.AttributeValueMemberS{Value: v[1]}
		case "N":
			key[name] = &types.AttributeValueMemberN{Value: v[1]}
		default:
			return nil, ErrCursor
		}
	}
	return key, nil
}
