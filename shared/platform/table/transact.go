package table

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// MaxWrites is how many writes one transaction holds (DynamoDB's limit).
const MaxWrites = 100

// Transact applies all writes or none. token makes it safe to repeat for ten minutes: the same token with the same
// writes takes effect once; without one each call stands for itself. Conflicts with other transactions are tried again
// with jitter. Counts of one item are joined; other writes of one item are an error. 1 round trip, 2 WCU per KB and
// item. Errors: *Canceled, 503 busy.
func (t *Table) Transact(ctx context.Context, token string, writes ...Write) error {
	return t.transact(ctx, token, (*Canceled).passing, writes)
}

// TryTransact is Transact for a caller that has another way when a transaction on one of the items is under way: other
// counters to count on, or a fresh reading. It does not repeat a conflict but returns it. Errors: *Canceled, also when
// Conflicted, 503 busy.
func (t *Table) TryTransact(ctx context.Context, token string, writes ...Write) error {
	again := func(c *Canceled) bool { return c.passing() && !c.Conflicted() }
	return t.transact(ctx, token, again, writes)
}

// transact sends a transaction, and again while what canceled it is to be tried again.
func (t *Table) transact(ctx context.Context, token string, again func(*Canceled) bool, writes []Write) error {
	writes, place := joined(writes)
	items := make([]types.TransactWriteItem, len(writes))
	for i, w := range writes {
		item, err := w.write(t.name)
		if err != nil {
			return err
		}
		items[i] = item
	}
	if err := distinct(items); err != nil {
		return err
	}
	in := &dynamodb.TransactWriteItemsInput{
		TransactItems: items, ClientRequestToken: requestToken(token),
		ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal,
	}
	// Not call: a cancellation has its own reasons to repeat.
	for tries := (retries{}); ; {
		got, err := t.db.TransactWriteItems(ctx, in)
		if err == nil {
			t.noteTransaction(ctx, writes, got.ConsumedCapacity)
			return nil
		}
		canceled := cancellation(err)
		switch {
		case canceled == nil && !passing(err):
			return fmt.Errorf("transact: %w", err)
		case canceled != nil && !again(canceled):
			// A condition failed, or the writes can never succeed: no repetition helps. Or the caller knows better.
			t.noteTransaction(ctx, writes, nil)
			return canceled.at(place)
		}
		if err := tries.pause(ctx, err); err != nil {
			t.noteTransaction(ctx, writes, nil)
			return fmt.Errorf("transact: %w", err)
		}
	}
}

// TransactReleasing is Transact for writes that must hold and others that give something back. Of the latter those
// whose target is no longer there are left out: a stock counter or a customer that was deleted.
func (t *Table) TransactReleasing(ctx context.Context, token string, must, back []Write) error {
	for try := 0; ; try++ {
		// Each try is another set of writes and so needs another token. The capacity
		// of must is cut, so that appending never writes into the caller's memory.
		err := t.Transact(ctx, fmt.Sprint(token, "-", try), append(must[:len(must):len(must)], back...)...)
		c, refused := Refused(err)
		if !refused {
			return err
		}
		var kept []Write
		for i, w := range back {
			if !c.Refused(len(must) + i) {
				kept = append(kept, w)
			}
		}
		// None of the releasing writes was the cause.
		if len(kept) == len(back) {
			return err
		}
		// A write that must hold was refused: that is the caller's to know.
		for i := range must {
			if c.Refused(i) {
				return err
			}
		}
		back = kept
	}
}

// requestToken keeps DynamoDB's limits of 1 to 36 characters. The client makes one up where there is none.
func requestToken(token string) *string {
	return optional(token[max(0, len(token)-36):])
}

// cancellation is the refusal of a transaction with its reasons; nil for other errors.
func cancellation(err error) *Canceled {
	ex, ok := errors.AsType[*types.TransactionCanceledException](err)
	if !ok {
		return nil
	}
	c := &Canceled{Reasons: make([]Reason, len(ex.CancellationReasons))}
	for i, r := range ex.CancellationReasons {
		// "None" is the code of writes that were not the cause.
		if code := aws.ToString(r.Code); code != "None" {
			c.Reasons[i] = Reason{Code: code, Item: r.Item}
		}
	}
	return c
}

// at gives the reasons in the order of the caller's writes, some of which were joined.
func (e *Canceled) at(place []int) *Canceled {
	reasons := make([]Reason, len(place))
	for i, p := range place {
		if p < len(e.Reasons) { // a refusal may come without reasons
			reasons[i] = e.Reasons[p]
		}
	}
	return &Canceled{Reasons: reasons}
}

// passing reports whether nothing but the moment stood in the way.
func (e *Canceled) passing() bool {
	for _, r := range e.Reasons {
		switch r.Code {
		case "", "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded":
		default:
			return false
		}
	}
	return true
}

// Conflicted reports whether the only thing in the way was another transaction on one of the items. What was read may
// still be right then, and other items may be free.
func (e *Canceled) Conflicted() bool {
	return e.passing() && slices.ContainsFunc(e.Reasons, func(r Reason) bool { return r.Code == "TransactionConflict" })
}
