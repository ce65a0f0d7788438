package service_test

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dangol/shared/platform/table"
)

// interceptor calls before with the name of an operation and the hash key of its first item, and lets the operation
// fail with what it returns. It is how a test puts something between two calls of a worker.
type interceptor struct {
	table.DB
	before func(operation, pk string) error
}

// wrap puts the interceptor in front of a database.
func (i *interceptor) wrap(db table.DB) table.DB {
	i.DB = db
	return i
}

// errDown is what a database answers that cannot be reached.
var errDown = errors.New("connection refused")

func (i *interceptor) ask(operation string, key map[string]types.AttributeValue) error {
	if i.before == nil {
		return nil
	}
	return i.before(operation, table.Item(key).Key().PK)
}

func (i *interceptor) GetItem(ctx context.Context, in *dynamodb.GetItemInput,
	o ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
	if err := i.ask("GetItem", in.Key); err != nil {
		return nil, err
	}
	return i.DB.GetItem(ctx, in, o...)
}

func (i *interceptor) PutItem(ctx context.Context, in *dynamodb.PutItemInput,
	o ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	if err := i.ask("PutItem", in.Item); err != nil {
		return nil, err
	}
	return i.DB.PutItem(ctx, in, o...)
}

func (i *interceptor) UpdateItem(ctx context.Context, in *dynamodb.UpdateItemInput,
	o ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error) {
	if err := i.ask("UpdateItem", in.Key); err != nil {
		return nil, err
	}
	return i.DB.UpdateItem(ctx, in, o...)
}

func (i *interceptor) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput,
	o ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	first := in.TransactItems[0]
	key := map[string]types.AttributeValue{}
	if first.Put != nil {
		key = first.Put.Item
	} else if first.Update != nil {
		key = first.Update.Key
	}
	if err := i.ask("TransactWriteItems", key); err != nil {
		return nil, err
	}
	return i.DB.TransactWriteItems(ctx, in, o...)
}
