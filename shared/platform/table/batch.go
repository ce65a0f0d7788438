package table

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// BatchGet reads items, strongly consistent when strong. Keys that are not there are not in the answer. 1 round trip
// per 100 keys; each item costs what Get or Peek would. Keys must differ from each other.
func (t *Table) BatchGet(ctx context.Context, strong bool, keys ...Key) (map[Key]Item, error) {
	found := make(map[Key]Item, len(keys))
	// 100 keys is DynamoDB's limit for one BatchGetItem.
	for chunk := range slices.Chunk(keys, 100) {
		want := make([]map[string]types.AttributeValue, len(chunk))
		for i, k := range chunk {
			want[i] = k.Attributes()
		}
		if err := t.batchGet(ctx, strong, want, found); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// batchGet reads up to 100 items, and again those that the engine left out.
func (t *Table) batchGet(ctx context.Context, strong bool, want []map[string]types.AttributeValue,
	found map[Key]Item) error {
	for again := (retries{}); len(want) > 0; {
		got, err := call(ctx, t.db.BatchGetItem, &dynamodb.BatchGetItemInput{
			RequestItems:           map[string]types.KeysAndAttributes{t.name: {Keys: want, ConsistentRead: &strong}},
			ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal,
		})
		if err != nil {
			return fmt.Errorf("batch get: %w", err)
		}
		t.note(ctx, Op{Action: "BatchGetItem", Table: t.name}, sum(got.ConsumedCapacity))
		for _, item := range got.Responses[t.name] {
			found[Item(item).Key()] = item
		}
		// A part may be left out when the answer exceeds 16 MB or the table is throttled.
		want = got.UnprocessedKeys[t.name].Keys
		if err := again.left(ctx, len(want)); err != nil {
			return err
		}
	}
	return nil
}

// BatchPut writes whole items without conditions: only for items that are theirs alone to write, such as history rows
// under a key made of their content. 1 round trip per 25 items.
func (t *Table) BatchPut(ctx context.Context, items ...any) error {
	writes := make([]types.WriteRequest, len(items))
	for i, item := range items {
		av, err := attributevalue.MarshalMap(item)
		if err != nil {
			return fmt.Errorf("marshal %T: %w", item, err)
		}
		writes[i] = types.WriteRequest{PutRequest: &types.PutRequest{Item: av}}
	}
	return t.batchWrites(ctx, writes)
}

// BatchDelete deletes items without conditions, those that are not there included: only for what nobody may keep, such
// as the parts of something that is erased. Keys must differ from each other. 1 round trip per 25 items.
func (t *Table) BatchDelete(ctx context.Context, keys ...Key) error {
	writes := make([]types.WriteRequest, len(keys))
	for i, k := range keys {
		writes[i] = types.WriteRequest{DeleteRequest: &types.DeleteRequest{Key: k.Attributes()}}
	}
	return t.batchWrites(ctx, writes)
}

// batchWrites sends writes in batches, in turn.
func (t *Table) batchWrites(ctx context.Context, writes []types.WriteRequest) error {
	// 25 items is DynamoDB's limit for one BatchWriteItem.
	for chunk := range slices.Chunk(writes, 25) {
		if err := t.batchWrite(ctx, chunk); err != nil {
			return err
		}
	}
	return nil
}

// batchWrite writes up to 25 items, and again those that the engine left out.
func (t *Table) batchWrite(ctx context.Context, writes []types.WriteRequest) error {
	for again := (retries{}); len(writes) > 0; {
		got, err := call(ctx, t.db.BatchWriteItem, &dynamodb.BatchWriteItemInput{
			RequestItems:           map[string][]types.WriteRequest{t.name: writes},
			ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal,
		})
		if err != nil {
			return fmt.Errorf("batch write: %w", err)
		}
		t.note(ctx, Op{Action: "BatchWriteItem", Table: t.name, Write: true}, sum(got.ConsumedCapacity))
		writes = got.UnprocessedItems[t.name]
		if err := again.left(ctx, len(writes)); err != nil {
			return err
		}
	}
	return nil
}

// left waits before the n items that the engine left out of a batch are tried again. Errors: 503 busy.
func (r *retries) left(ctx context.Context, n int) error {
	if n == 0 {
		return nil
	}
	return r.pause(ctx, fmt.Errorf("batch: %d items not processed after %d tries", n, r.n+1))
}

// sum adds up the capacity of a call on several items.
func sum(consumed []types.ConsumedCapacity) *types.ConsumedCapacity {
	var total float64
	for _, c := range consumed {
		if c.CapacityUnits != nil {
			total += *c.CapacityUnits
		}
	}
	return &types.ConsumedCapacity{CapacityUnits: &total}
}
