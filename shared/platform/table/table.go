// Package table is the way to DynamoDB: one type per operation, conditions next to the rule they keep, errors that say
// which condition failed, and a meter that counts round trips and capacity units for every call.
//
// Expressions use #name for attributes and :name for values. A #name stands for the attribute of that name unless Names
// says otherwise, so there is no second list to keep. Expressions stay ASCII: data belongs into values.
package table

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// DB is the part of the DynamoDB client in use. Tests put a faulty one in its place.
type DB interface {
	GetItem(context.Context, *dynamodb.GetItemInput, ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error)
	PutItem(context.Context, *dynamodb.PutItemInput, ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error)
	UpdateItem(context.Context, *dynamodb.UpdateItemInput, ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error)
	DeleteItem(context.Context, *dynamodb.DeleteItemInput, ...func(*dynamodb.Options)) (*dynamodb.DeleteItemOutput, error)
	Query(context.Context, *dynamodb.QueryInput, ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error)
	BatchGetItem(context.Context, *dynamodb.BatchGetItemInput, ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput,
		error)
	BatchWriteItem(context.Context, *dynamodb.BatchWriteItemInput,
		...func(*dynamodb.Options)) (*dynamodb.BatchWriteItemOutput, error)
	TransactWriteItems(context.Context, *dynamodb.TransactWriteItemsInput,
		...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error)
}

// Table is one DynamoDB table. It is safe for concurrent use.
type Table struct {
	db      DB
	name    string
	observe func(Op) // told of each operation; may be nil
}

// New returns the table of that name. observe, when not nil, is told of every operation.
func New(db DB, name string, observe func(Op)) *Table {
	return &Table{db: db, name: name, observe: observe}
}

// Name is the deployed name of the table.
func (t *Table) Name() string { return t.name }

// Key names an item.
type Key struct {
	PK string `dynamodbav:"pk" json:"pk"`
	SK string `dynamodbav:"sk" json:"sk"`
}

// Attributes is the key as DynamoDB wants it.
func (k Key) Attributes() Item {
	return Item{HashKey: &types.AttributeValueMemberS{Value: k.PK}, SortKey: &types.AttributeValueMemberS{Value: k.SK}}
}

// String is the key for logs and errors.
func (k Key) String() string { return k.PK + "/" + k.SK }

// Item is an item as stored.
type Item map[string]types.AttributeValue

// Decode fills out, a pointer to a struct with dynamodbav tags. Errors: a compressed attribute that cannot be read.
func (i Item) Decode(out any) error {
	whole, err := i.expanded()
	if err != nil {
		return fmt.Errorf("%s: %w", i.Key(), err)
	}
	return attributevalue.UnmarshalMap(whole, out)
}

// Key returns the item's key.
func (i Item) Key() Key { return Key{PK: i.Text(HashKey), SK: i.Text(SortKey)} }

// Text returns a string attribute, "" when there is none.
func (i Item) Text(name string) string {
	if s, ok := i[name].(*types.AttributeValueMemberS); ok {
		return s.Value
	}
	return ""
}

// ErrNotFound says that there is no such item.
var ErrNotFound = errors.New("no such item")

// ConditionFailed says that a write was refused by its condition, and what stood there (nil when nothing did).
type ConditionFailed struct {
	Key  Key
	Item Item // what stood there; nil when nothing did
}

// Error implements error.
func (e *ConditionFailed) Error() string { return "condition failed on " + e.Key.String() }

// Canceled says that a transaction changed nothing, with one reason per write, in their order.
type Canceled struct{ Reasons []Reason }

// Reason is why one write of a transaction was refused; Code is empty when it was not that one.
type Reason struct {
	Code string // as DynamoDB names it, such as ConditionalCheckFailed
	Item Item   // what stood there
}

// Error implements error.
func (e *Canceled) Error() string {
	codes := make([]string, len(e.Reasons))
	for i, r := range e.Reasons {
		codes[i] = r.Code
	}
	return fmt.Sprintf("transaction canceled: %q", codes)
}

// Refused reports whether the condition of write i failed.
func (e *Canceled) Refused(i int) bool {
	return i < len(e.Reasons) && e.Reasons[i].Code == "ConditionalCheckFailed"
}

// Refused returns the cancellation behind err, if it is one.
func Refused(err error) (*Canceled, bool) { return errors.AsType[*Canceled](err) }

// Failed returns the failed condition behind err, if it is one.
func Failed(err error) (*ConditionFailed, bool) { return errors.AsType[*ConditionFailed](err) }

// Get reads one item into out, strongly consistent. 1 round trip, 1 RCU per 4 KB. Errors: ErrNotFound; 503 busy, as of
// every method of Table, when load or other transactions stood in the way of each try.
func (t *Table) Get(ctx context.Context, key Key, out any) error {
	return t.get(ctx, key, out, true)
}

// Peek is Get with an eventually consistent read: half the price, and perhaps a second old.
func (t *Table) Peek(ctx context.Context, key Key, out any) error {
	return t.get(ctx, key, out, false)
}

// get reads one item.
func (t *Table) get(ctx context.Context, key Key, out any, consistent bool) error {
	got, err := call(ctx, t.db.GetItem, &dynamodb.GetItemInput{
		TableName: &t.name, Key: key.Attributes(), ConsistentRead: &consistent,
		ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal,
	})
	if err != nil {
		return fmt.Errorf("get %s: %w", key, err)
	}
	t.note(ctx, Op{Action: "GetItem", Table: t.name}, got.ConsumedCapacity)
	// An absent item has no attributes at all, and is charged like a read of 4 KB or less.
	if got.Item == nil {
		return ErrNotFound
	}
	return Item(got.Item).Decode(out)
}

// Put writes a whole item.
type Put struct {
	Item any    // a struct with dynamodbav tags that carries pk and sk, see Compressible; or what Encode made of it
	If   string // condition; leave it empty only with the reason next to it
	With map[string]any
}

// IfNew is the condition that the item is not there yet.
const IfNew = "attribute_not_exists(#pk)"

// IfExists is the condition that the item exists.
const IfExists = "attribute_exists(#pk)"

// Put writes an item. 1 round trip, 1 WCU per KB. A conditional write of an item without a write id gets one: when
// its answer was lost and the client sent it again, it is recognized by that. Errors: *ConditionFailed.
func (t *Table) Put(ctx context.Context, p Put) error {
	w, err := p.write(t.name)
	if err != nil {
		return err
	}
	writeID := ""
	if p.If != "" {
		writeID = Item(w.Put.Item).signed()
	}
	got, err := call(ctx, t.db.PutItem, &dynamodb.PutItemInput{
		TableName: &t.name, Item: w.Put.Item,
		ConditionExpression: w.Put.ConditionExpression, ExpressionAttributeNames: w.Put.ExpressionAttributeNames,
		ExpressionAttributeValues:           w.Put.ExpressionAttributeValues,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
		ReturnConsumedCapacity:              types.ReturnConsumedCapacityTotal,
	})
	key := Item(w.Put.Item).Key()
	if err != nil {
		err = t.writeError(ctx, "PutItem", key, err)
		if AlreadyWritten(err, 0, writeID) {
			return nil
		}
		return err
	}
	t.note(ctx, Op{Action: "PutItem", Table: t.name, Write: true}, got.ConsumedCapacity)
	return nil
}

// Update changes attributes of one item, making it when it is not there unless If says otherwise.
type Update struct {
	Key   Key
	Do    string // SET, ADD, REMOVE, DELETE clauses
	If    string // condition; leave it empty only with the reason next to it
	With  map[string]any
	Names map[string]string // for #names that are not the attribute's own name
	// WriteID, when set, is written to the attribute "writeId". A write whose answer was lost and which the client sent
	// again is then recognized by its write id and not reported as a failed condition.
	WriteID string
}

// Update applies u and returns the item as it then is. 1 round trip, 1 WCU per KB of the larger of before and after.
// Errors: *ConditionFailed.
func (t *Table) Update(ctx context.Context, u Update) (Item, error) {
	w, err := u.write(t.name)
	if err != nil {
		return nil, err
	}
	got, err := call(ctx, t.db.UpdateItem, &dynamodb.UpdateItemInput{
		TableName: &t.name, Key: w.Update.Key, UpdateExpression: w.Update.UpdateExpression,
		ConditionExpression: w.Update.ConditionExpression, ExpressionAttributeNames: w.Update.ExpressionAttributeNames,
		ExpressionAttributeValues:           w.Update.ExpressionAttributeValues,
		ReturnValues:                        types.ReturnValueAllNew,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
		ReturnConsumedCapacity:              types.ReturnConsumedCapacityTotal,
	})
	if err != nil {
		// A write whose answer was lost was sent again by
		// the client: what the first one made is the answer.
		err = t.writeError(ctx, "UpdateItem", u.Key, err)
		if AlreadyWritten(err, 0, u.WriteID) {
			found, _ := Met(err, 0)
			return found, nil
		}
		return nil, err
	}
	t.note(ctx, Op{Action: "UpdateItem", Table: t.name, Write: true}, got.ConsumedCapacity)
	return got.Attributes, nil
}

// Delete removes one item.
type Delete struct {
	Key  Key
	If   string // condition; leave it empty only with the reason next to it
	With map[string]any
}

// Delete removes an item; one that is not there is no error unless If says so. Errors: *ConditionFailed.
func (t *Table) Delete(ctx context.Context, d Delete) error {
	w, err := d.write(t.name)
	if err != nil {
		return err
	}
	got, err := call(ctx, t.db.DeleteItem, &dynamodb.DeleteItemInput{
		TableName: &t.name, Key: w.Delete.Key,
		ConditionExpression: w.Delete.ConditionExpression, ExpressionAttributeNames: w.Delete.ExpressionAttributeNames,
		ExpressionAttributeValues:           w.Delete.ExpressionAttributeValues,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
		ReturnConsumedCapacity:              types.ReturnConsumedCapacityTotal,
	})
	if err != nil {
		return t.writeError(ctx, "DeleteItem", d.Key, err)
	}
	t.note(ctx, Op{Action: "DeleteItem", Table: t.name, Write: true}, got.ConsumedCapacity)
	return nil
}

// Check is a condition on an item that the transaction does not change.
type Check struct {
	Key  Key
	If   string
	With map[string]any
}

// writeError turns a refusal by the condition into *ConditionFailed.
func (t *Table) writeError(ctx context.Context, action string, key Key, err error) error {
	if failed, ok := errors.AsType[*types.ConditionalCheckFailedException](err); ok {
		// A refused write is charged like one that went through, but the answer does not say how much.
		t.note(ctx, Op{Action: action, Table: t.name, Write: true, Refused: true}, nil)
		return &ConditionFailed{Key: key, Item: failed.Item}
	}
	return fmt.Errorf("%s %s: %w", action, key, err)
}

// optional is nil for the empty text, which DynamoDB refuses.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return aws.String(s)
}
