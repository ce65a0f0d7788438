package runner

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"dangol/shared/table"
)

// oneWriter lets one write at a time through to the engine. The engine has a single writer and lets the others spin:
// four at once cost it three times the processor time of four in a row (measured).
type oneWriter struct {
	table.DB
	turn chan struct{}
	// wrote is told, without waiting, that there may be something in the streams.
	wrote func()
}

func (w oneWriter) take(ctx context.Context) error {
	select {
	case w.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (w oneWriter) give() { <-w.turn; w.wrote() }

func (w oneWriter) PutItem(ctx context.Context, in *dynamodb.PutItemInput, o ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	if err := w.take(ctx); err != nil {
		return nil, err
	}
	defer w.give()
	return w.DB.PutItem(ctx, in, o...)
}

func (w oneWriter) UpdateItem(ctx context.Context, in *dynamodb.UpdateItemInput, o ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error) {
	if err := w.take(ctx); err != nil {
		return nil, err
	}
	defer w.give()
	return w.DB.UpdateItem(ctx, in, o...)
}

func (w oneWriter) DeleteItem(ctx context.Context, in *dynamodb.DeleteItemInput, o ...func(*dynamodb.Options)) (*dynamodb.DeleteItemOutput, error) {
	if err := w.take(ctx); err != nil {
		return nil, err
	}
	defer w.give()
	return w.DB.DeleteItem(ctx, in, o...)
}

func (w oneWriter) BatchWriteItem(ctx context.Context, in *dynamodb.BatchWriteItemInput, o ...func(*dynamodb.Options)) (*dynamodb.BatchWriteItemOutput, error) {
	if err := w.take(ctx); err != nil {
		return nil, err
	}
	defer w.give()
	return w.DB.BatchWriteItem(ctx, in, o...)
}

func (w oneWriter) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput, o ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	if err := w.take(ctx); err != nil {
		return nil, err
	}
	defer w.give()
	return w.DB.TransactWriteItems(ctx, in, o...)
}
