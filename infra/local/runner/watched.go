package runner

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dangol/shared/table"
)

// watched tells of writes that carried an event. Only those are worth a look at the streams, as the deployed event source
// mapping's filter lets only those through.
type watched struct {
	table.DB
	wrote func() // returns at once
}

func (w watched) note(told bool) {
	if told {
		w.wrote()
	}
}

// tells reports whether a write sets the attribute that events ride on.
func tells(item map[string]types.AttributeValue, names map[string]string) bool {
	if _, ok := item["event"]; ok {
		return true
	}
	for _, attribute := range names {
		if attribute == "event" {
			return true
		}
	}
	return false
}

func anyTells(writes []types.TransactWriteItem) bool {
	return slices.ContainsFunc(writes, func(w types.TransactWriteItem) bool {
		return w.Put != nil && tells(w.Put.Item, nil) || w.Update != nil && tells(nil, w.Update.ExpressionAttributeNames)
	})
}

func (w watched) PutItem(ctx context.Context, in *dynamodb.PutItemInput, o ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	defer w.note(tells(in.Item, nil))
	return w.DB.PutItem(ctx, in, o...)
}

func (w watched) UpdateItem(ctx context.Context, in *dynamodb.UpdateItemInput, o ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error) {
	defer w.note(tells(nil, in.ExpressionAttributeNames))
	return w.DB.UpdateItem(ctx, in, o...)
}

func (w watched) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput, o ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	defer w.note(anyTells(in.TransactItems))
	return w.DB.TransactWriteItems(ctx, in, o...)
}
