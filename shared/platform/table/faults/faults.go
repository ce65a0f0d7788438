// Package faults is a DynamoDB client that fails as the real one does, call by call, so that tests can ask of every write:
// what if just this one went wrong?
package faults

import (
	"context"
	"errors"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"dangol/shared/platform/table"
)

// Mode is how one call goes wrong.
type Mode string

// The modes.
const (
	Lost    Mode = "lost"    // never reaches the table
	Hung    Mode = "hung"    // takes effect, the answer gets lost
	Twice   Mode = "twice"   // the client repeats a call whose first answer got lost; the second answer is seen
	Expired Mode = "expired" // the context ends before the call
)

// Modes lists every mode, for tests that try them all.
var Modes = []Mode{Lost, Hung, Twice, Expired}

// ErrInjected is what a call that goes wrong returns.
var ErrInjected = errors.New("injected fault")

// DB counts its calls from 1 and lets those in the plan go wrong.
type DB struct {
	table.DB
	mu    sync.Mutex
	plan  map[int]Mode
	calls int
}

// Wrap returns a client that fails by plan: the number of a call and how it goes wrong.
func Wrap(db table.DB, plan map[int]Mode) *DB { return &DB{DB: db, plan: plan} }

// Calls is how many calls were made.
func (d *DB) Calls() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.calls
}

// Reset begins to count anew, with another plan.
func (d *DB) Reset(plan map[int]Mode) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calls, d.plan = 0, plan
}

func (d *DB) next() Mode {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calls++
	return d.plan[d.calls]
}

type call[I, O any] func(context.Context, *I, ...func(*dynamodb.Options)) (*O, error)

func do[I, O any](ctx context.Context, d *DB, f call[I, O], in *I, options []func(*dynamodb.Options)) (*O, error) {
	switch d.next() {
	case Lost:
		return nil, ErrInjected
	case Expired:
		return nil, errors.Join(ErrInjected, context.DeadlineExceeded)
	case Hung:
		_, _ = f(ctx, in, options...) // its answer is what gets lost
		return nil, ErrInjected
	case Twice:
		_, _ = f(ctx, in, options...) // its answer is what gets lost
	}
	return f(ctx, in, options...)
}

// GetItem goes by the plan.
func (d *DB) GetItem(ctx context.Context, in *dynamodb.GetItemInput, o ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
	return do(ctx, d, d.DB.GetItem, in, o)
}

// PutItem goes by the plan.
func (d *DB) PutItem(ctx context.Context, in *dynamodb.PutItemInput, o ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	return do(ctx, d, d.DB.PutItem, in, o)
}

// UpdateItem goes by the plan.
func (d *DB) UpdateItem(ctx context.Context, in *dynamodb.UpdateItemInput, o ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error) {
	return do(ctx, d, d.DB.UpdateItem, in, o)
}

// DeleteItem goes by the plan.
func (d *DB) DeleteItem(ctx context.Context, in *dynamodb.DeleteItemInput, o ...func(*dynamodb.Options)) (*dynamodb.DeleteItemOutput, error) {
	return do(ctx, d, d.DB.DeleteItem, in, o)
}

// Query goes by the plan.
func (d *DB) Query(ctx context.Context, in *dynamodb.QueryInput, o ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	return do(ctx, d, d.DB.Query, in, o)
}

// BatchGetItem goes by the plan.
func (d *DB) BatchGetItem(ctx context.Context, in *dynamodb.BatchGetItemInput, o ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error) {
	return do(ctx, d, d.DB.BatchGetItem, in, o)
}

// BatchWriteItem goes by the plan.
func (d *DB) BatchWriteItem(ctx context.Context, in *dynamodb.BatchWriteItemInput, o ...func(*dynamodb.Options)) (*dynamodb.BatchWriteItemOutput, error) {
	return do(ctx, d, d.DB.BatchWriteItem, in, o)
}

// TransactWriteItems goes by the plan.
func (d *DB) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput, o ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	return do(ctx, d, d.DB.TransactWriteItems, in, o)
}
