package runner

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dangol/shared/platform/table"
	"dangol/shared/stock"
)

// writers is how many writes go to the engine at a time. They wait for its one lock in no order, so
// of a hundred at once some would wait until the engine gives up.
const writers = 4

// watched keeps the writers in a line, notes which jobs they may have made due, and tells of writes that carried an
// event or moved stock. Only those are worth a look at the streams, as the filter of the deployed event source mapping
// lets only those through.
type watched struct {
	table.DB
	turns chan struct{}
	wrote func() // returns at once
	due   *dueCache
}

func (r *Runner) watch(db table.DB) watched {
	return watched{DB: db, turns: r.turns, wrote: r.wakeUp, due: &r.due}
}

// turn waits for a turn to write. The caller calls done after the write.
func (w watched) turn(ctx context.Context, tells bool) (done func(), err error) {
	select {
	case w.turns <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return func() {
		<-w.turns
		if tells {
			w.wrote()
		}
	}, nil
}

// tells reports whether a write sets the attribute that holds an event, in the item or named in an expression, or names
// a stock counter.
func tells(item map[string]types.AttributeValue, names map[string]string) bool {
	if _, ok := item["event"]; ok {
		return true
	}
	for _, attribute := range names {
		if attribute == "event" || attribute == stock.AvailableAttribute {
			return true
		}
	}
	return false
}

// anyTells reports it for a transaction, where the event is on one of the items.
func anyTells(writes []types.TransactWriteItem) bool {
	return slices.ContainsFunc(writes, func(w types.TransactWriteItem) bool {
		return w.Put != nil && tells(w.Put.Item, nil) || w.Update != nil && tells(nil, w.Update.ExpressionAttributeNames)
	})
}

// PutItem writes in turn.
func (w watched) PutItem(ctx context.Context, in *dynamodb.PutItemInput,
	o ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	done, err := w.turn(ctx, tells(in.Item, nil))
	if err != nil {
		return nil, err
	}
	defer done()
	defer w.due.put(in.Item)
	return w.DB.PutItem(ctx, in, o...)
}

// UpdateItem writes in turn.
func (w watched) UpdateItem(ctx context.Context, in *dynamodb.UpdateItemInput,
	o ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error) {
	done, err := w.turn(ctx, tells(nil, in.ExpressionAttributeNames))
	if err != nil {
		return nil, err
	}
	defer done()
	defer w.due.update(in.UpdateExpression, in.ExpressionAttributeNames, in.ExpressionAttributeValues)
	return w.DB.UpdateItem(ctx, in, o...)
}

// TransactWriteItems writes in turn; a transaction is one turn.
func (w watched) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput,
	o ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	done, err := w.turn(ctx, anyTells(in.TransactItems))
	if err != nil {
		return nil, err
	}
	defer done()
	defer func() {
		for _, write := range in.TransactItems {
			switch {
			case write.Put != nil:
				w.due.put(write.Put.Item)
			case write.Update != nil:
				u := write.Update
				w.due.update(u.UpdateExpression, u.ExpressionAttributeNames, u.ExpressionAttributeValues)
			}
		}
	}()
	return w.DB.TransactWriteItems(ctx, in, o...)
}

// DeleteItem writes in turn. A deletion carries no event.
func (w watched) DeleteItem(ctx context.Context, in *dynamodb.DeleteItemInput,
	o ...func(*dynamodb.Options)) (*dynamodb.DeleteItemOutput, error) {
	done, err := w.turn(ctx, false)
	if err != nil {
		return nil, err
	}
	defer done()
	return w.DB.DeleteItem(ctx, in, o...)
}

// BatchWriteItem writes in turn. Batches are for imports, erasure and tests, which publish nothing.
func (w watched) BatchWriteItem(ctx context.Context, in *dynamodb.BatchWriteItemInput,
	o ...func(*dynamodb.Options)) (*dynamodb.BatchWriteItemOutput, error) {
	done, err := w.turn(ctx, false)
	if err != nil {
		return nil, err
	}
	defer done()
	defer func() {
		for _, writes := range in.RequestItems {
			for _, write := range writes {
				if write.PutRequest != nil {
					w.due.put(write.PutRequest.Item)
				}
			}
		}
	}()
	return w.DB.BatchWriteItem(ctx, in, o...)
}
