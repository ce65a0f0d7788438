// Package memory is a table in this process's memory, for campaigns that make millions of calls: the part of DynamoDB
// that package table uses, without a network. What it does not know it refuses. Its tests hold it against the engine
// that everything else is tested on.
package memory

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"dangol/shared/platform/table"
)

// DB is one table. It is a table.DB, whatever name it is called by, and safe for concurrent use.
type DB struct {
	mu      sync.Mutex
	items   map[table.Key][]byte
	main    order
	indexes map[string]*index
	tokens  map[string]string // of transactions that took effect, and what they wrote
	recent  []string          // the tokens, oldest first
}

var _ table.DB = (*DB)(nil)

// index is a secondary index.
type index struct {
	table.Index
	order
}

// order keeps the places of a table or an index: by partition, sorted.
type order map[string][]place

// place is where an item stands in its partition.
type place struct {
	sort string
	key  table.Key
}

func (p place) compare(q place) int {
	if c := strings.Compare(p.sort, q.sort); c != 0 {
		return c
	}
	if c := strings.Compare(p.key.PK, q.key.PK); c != 0 {
		return c
	}
	return strings.Compare(p.key.SK, q.key.SK)
}

func (o order) add(hash string, p place) {
	all := o[hash]
	i, there := slices.BinarySearchFunc(all, p, place.compare)
	if !there {
		o[hash] = slices.Insert(all, i, p)
	}
}

func (o order) remove(hash string, p place) {
	all := o[hash]
	i, there := slices.BinarySearchFunc(all, p, place.compare)
	switch {
	case there && len(all) == 1:
		delete(o, hash)
	case there:
		o[hash] = slices.Delete(all, i, i+1)
	}
}

// New returns an empty table.
func New(s table.Schema) *DB {
	db := &DB{items: map[table.Key][]byte{}, main: order{}, indexes: map[string]*index{}, tokens: map[string]string{}}
	for _, i := range s.Indexes {
		db.indexes[i.Name] = &index{i, order{}}
	}
	return db
}

type (
	item    = map[string]types.AttributeValue
	options = func(*dynamodb.Options)
)

// keyOf is the key in an item or a request.
func keyOf(i item) table.Key { return table.Item(i).Key() }

// sortable is an attribute as text that sorts as it does. Numbers are whole and not negative.
func sortable(v types.AttributeValue) (string, bool) {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return v.Value, true
	case *types.AttributeValueMemberN:
		n, err := strconv.ParseInt(v.Value, 10, 64)
		return fmt.Sprintf("%020d", n), err == nil && n >= 0
	}
	return "", false
}

// at is where an item stands in an index; ok is false when it is not in it.
func (x *index) at(i item, key table.Key) (hash string, p place, ok bool) {
	hash, there := sortable(i[x.Hash])
	sort, sorted := sortable(i[x.Sort])
	return hash, place{sort, key}, there && sorted
}

func (db *DB) get(key table.Key) (item, bool) {
	raw, ok := db.items[key]
	if !ok {
		return nil, false
	}
	return unpack(raw), true
}

// set puts an item in the place of another, or takes it away; both may be nil.
func (db *DB) set(key table.Key, old, new item) {
	for _, x := range db.indexes {
		was, from, listed := x.at(old, key)
		is, to, lists := x.at(new, key)
		if listed && lists && was == is && from == to {
			continue
		}
		if listed {
			x.remove(was, from)
		}
		if lists {
			x.add(is, to)
		}
	}
	if new == nil {
		delete(db.items, key)
		db.main.remove(key.PK, place{key.SK, key})
		return
	}
	db.items[key] = pack(new)
	db.main.add(key.PK, place{key.SK, key})
}

// refusedf is what the engine answers to what it does not know.
func refusedf(format string, args ...any) error {
	return &smithy.GenericAPIError{Code: "ValidationException", Message: fmt.Sprintf(format, args...)}
}

// GetItem reads one item.
func (db *DB) GetItem(_ context.Context, in *dynamodb.GetItemInput, _ ...options) (*dynamodb.GetItemOutput, error) {
	db.mu.Lock()
	defer db.mu.Unlock()
	got, _ := db.get(keyOf(in.Key))
	return &dynamodb.GetItemOutput{Item: got}, nil
}

// BatchGetItem reads items.
func (db *DB) BatchGetItem(_ context.Context, in *dynamodb.BatchGetItemInput,
	_ ...options) (*dynamodb.BatchGetItemOutput, error) {
	db.mu.Lock()
	defer db.mu.Unlock()
	out := &dynamodb.BatchGetItemOutput{Responses: map[string][]map[string]types.AttributeValue{}}
	for name, want := range in.RequestItems {
		for _, key := range want.Keys {
			if got, ok := db.get(keyOf(key)); ok {
				out.Responses[name] = append(out.Responses[name], got)
			}
		}
	}
	return out, nil
}

// BatchWriteItem writes items without conditions.
func (db *DB) BatchWriteItem(_ context.Context, in *dynamodb.BatchWriteItemInput,
	_ ...options) (*dynamodb.BatchWriteItemOutput, error) {
	db.mu.Lock()
	defer db.mu.Unlock()
	for _, all := range in.RequestItems {
		for _, w := range all {
			var key table.Key
			var new item
			if w.PutRequest != nil {
				new, key = w.PutRequest.Item, keyOf(w.PutRequest.Item)
			} else {
				key = keyOf(w.DeleteRequest.Key)
			}
			old, _ := db.get(key)
			db.set(key, old, new)
		}
	}
	return &dynamodb.BatchWriteItemOutput{}, nil
}

// PutItem writes a whole item.
func (db *DB) PutItem(_ context.Context, in *dynamodb.PutItemInput, _ ...options) (*dynamodb.PutItemOutput, error) {
	_, err := db.one(change{
		key: keyOf(in.Item), put: in.Item, when: aws.ToString(in.ConditionExpression),
		words: words{in.ExpressionAttributeNames, in.ExpressionAttributeValues},
	})
	return &dynamodb.PutItemOutput{}, err
}

// UpdateItem changes an item and answers with all of it.
func (db *DB) UpdateItem(_ context.Context, in *dynamodb.UpdateItemInput, _ ...options) (*dynamodb.UpdateItemOutput,
	error) {
	new, err := db.one(change{
		key: keyOf(in.Key), do: aws.ToString(in.UpdateExpression), when: aws.ToString(in.ConditionExpression),
		words: words{in.ExpressionAttributeNames, in.ExpressionAttributeValues},
	})
	return &dynamodb.UpdateItemOutput{Attributes: new}, err
}

// DeleteItem takes an item away.
func (db *DB) DeleteItem(_ context.Context, in *dynamodb.DeleteItemInput, _ ...options) (*dynamodb.DeleteItemOutput,
	error) {
	_, err := db.one(change{
		key: keyOf(in.Key), gone: true, when: aws.ToString(in.ConditionExpression),
		words: words{in.ExpressionAttributeNames, in.ExpressionAttributeValues},
	})
	return &dynamodb.DeleteItemOutput{}, err
}
