package runner

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dangol/shared/table"
)

// oneWriter lets one write at a time through to the engine. The engine has a single writer and lets the others spin:
// four at once cost it three times the processor time of four in a row (measured).
type oneWriter struct {
	table.DB
	turn chan struct{}
	// wrote is told, without waiting, of a write that carried an event. Reading the streams costs the engine more than the
	// writes do, so writes without one do not ask for it.
	wrote func()
}

// OneWriter lets one write at a time through to an engine, as the runner does.
func OneWriter(db table.DB) table.DB {
	return oneWriter{DB: db, turn: make(chan struct{}, 1), wrote: func() {}}
}

func (w oneWriter) take(ctx context.Context) error {
	select {
	case w.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (w oneWriter) give(told bool) {
	<-w.turn
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

func (w oneWriter) PutItem(ctx context.Context, in *dynamodb.PutItemInput, o ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	if err := w.take(ctx); err != nil {
		return nil, err
	}
	defer w.give(tells(in.Item, nil))
	return w.DB.PutItem(ctx, in, o...)
}

func (w oneWriter) UpdateItem(ctx context.Context, in *dynamodb.UpdateItemInput, o ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error) {
	if err := w.take(ctx); err != nil {
		return nil, err
	}
	defer w.give(tells(nil, in.ExpressionAttributeNames))
	return w.DB.UpdateItem(ctx, in, o...)
}

func (w oneWriter) DeleteItem(ctx context.Context, in *dynamodb.DeleteItemInput, o ...func(*dynamodb.Options)) (*dynamodb.DeleteItemOutput, error) {
	if err := w.take(ctx); err != nil {
		return nil, err
	}
	defer w.give(false)
	return w.DB.DeleteItem(ctx, in, o...)
}

func (w oneWriter) BatchWriteItem(ctx context.Context, in *dynamodb.BatchWriteItemInput, o ...func(*dynamodb.Options)) (*dynamodb.BatchWriteItemOutput, error) {
	if err := w.take(ctx); err != nil {
		return nil, err
	}
	defer w.give(false)
	return w.DB.BatchWriteItem(ctx, in, o...)
}

func (w oneWriter) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput, o ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	if err := w.take(ctx); err != nil {
		return nil, err
	}
	defer w.give(anyTells(in.TransactItems))
	return w.DB.TransactWriteItems(ctx, in, o...)
}
