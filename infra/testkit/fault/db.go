package fault

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"dangol/shared/platform/table"
)

// DB returns a database whose calls go through the injector. It stands above the client's own retries: what it lets
// fail has failed for good. A transaction that happens twice carries the same client request token, as the client's
// retry does.
func (i *Injector) DB(db table.DB) table.DB { return faultyDB{i, db} }

type faultyDB struct {
	in *Injector
	db table.DB
}

type options = func(*dynamodb.Options)

func dbCall[I, O any](
	f faultyDB, ctx context.Context, name string, in I, call func(context.Context, I, ...options) (O, error), o []options,
) (O, error) {
	fails := failures{
		fails:     &smithyhttp.RequestSendError{Err: fmt.Errorf("%s: connection refused: %w", name, ErrInjected)},
		throttled: throttled(name),
		conflicts: conflict(name),
		refused: &smithy.GenericAPIError{Code: "ValidationException",
			Message: "Item size has exceeded the maximum allowed size"},
		unanswered: fmt.Errorf("%s: %w: %w", name, context.DeadlineExceeded, ErrInjected),
	}
	return through(ctx, f.in, name, fails, func(ctx context.Context) (O, error) { return call(ctx, in, o...) })
}

// throttled is what DynamoDB answers when it is asked too much.
func throttled(name string) error {
	if name == "TransactWriteItems" {
		return canceled("ThrottlingError")
	}
	return &types.ProvisionedThroughputExceededException{
		Message: aws.String("The level of configured provisioned throughput was exceeded")}
}

// conflict is what DynamoDB answers to a write of an item that is part of a running transaction.
func conflict(name string) error {
	if name == "TransactWriteItems" {
		return canceled("TransactionConflict")
	}
	return &types.TransactionConflictException{Message: aws.String("Transaction is ongoing for the item")}
}

func canceled(code string) error {
	return &types.TransactionCanceledException{
		Message: aws.String("Transaction canceled"), CancellationReasons: []types.CancellationReason{{Code: &code}},
	}
}

func (f faultyDB) GetItem(ctx context.Context, in *dynamodb.GetItemInput, o ...options) (*dynamodb.GetItemOutput,
	error) {
	return dbCall(f, ctx, "GetItem", in, f.db.GetItem, o)
}

func (f faultyDB) PutItem(ctx context.Context, in *dynamodb.PutItemInput, o ...options) (*dynamodb.PutItemOutput,
	error) {
	return dbCall(f, ctx, "PutItem", in, f.db.PutItem, o)
}

func (f faultyDB) UpdateItem(ctx context.Context, in *dynamodb.UpdateItemInput,
	o ...options) (*dynamodb.UpdateItemOutput, error) {
	return dbCall(f, ctx, "UpdateItem", in, f.db.UpdateItem, o)
}

func (f faultyDB) DeleteItem(ctx context.Context, in *dynamodb.DeleteItemInput,
	o ...options) (*dynamodb.DeleteItemOutput, error) {
	return dbCall(f, ctx, "DeleteItem", in, f.db.DeleteItem, o)
}

func (f faultyDB) Query(ctx context.Context, in *dynamodb.QueryInput, o ...options) (*dynamodb.QueryOutput, error) {
	return dbCall(f, ctx, "Query", in, f.db.Query, o)
}

func (f faultyDB) BatchGetItem(ctx context.Context, in *dynamodb.BatchGetItemInput,
	o ...options) (*dynamodb.BatchGetItemOutput, error) {
	return dbCall(f, ctx, "BatchGetItem", in, f.db.BatchGetItem, o)
}

func (f faultyDB) BatchWriteItem(ctx context.Context, in *dynamodb.BatchWriteItemInput,
	o ...options) (*dynamodb.BatchWriteItemOutput, error) {
	return dbCall(f, ctx, "BatchWriteItem", in, f.db.BatchWriteItem, o)
}

func (f faultyDB) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput,
	o ...options) (*dynamodb.TransactWriteItemsOutput, error) {
	return dbCall(f, ctx, "TransactWriteItems", in, f.db.TransactWriteItems, o)
}
