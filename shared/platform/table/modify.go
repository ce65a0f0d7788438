package table

import (
	"context"
	"crypto/rand"
	"errors"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Modify changes one thing optimistically: it reads it, lets change decide by what was read and write under the
// condition that this still stands, and starts over with what is there when the write met another one. Between tries it
// waits a random time, within the deadline of the context.
//
// read gets the item that the refused write found, to save a round trip; nil at first, and where it is not known.
// change decides and writes, and returns the thing as it then is. It may be called several times, each time with a
// fresh reading, and says by Stale that its write met another one. Errors: those of read and change, 503 busy.
func Modify[T any](
	ctx context.Context, read func(ctx context.Context, found Item) (T, error), change func(context.Context, T) (T, error),
) (T, error) {
	var none T
	var found Item
	for again := (retries{}); ; {
		seen, err := read(ctx, found)
		if err != nil {
			return none, err
		}
		next, err := change(ctx, seen)
		met, ok := errors.AsType[*stale](err)
		if !ok {
			return next, err
		}
		if err := again.pause(ctx, met.cause); err != nil {
			return none, err
		}
		found = met.found
	}
}

// stale says that a write was decided by something that has changed since.
type stale struct {
	cause error // the refusal, for the log
	found Item  // what stood in the way; nil when it is not known
}

// Error implements error.
func (s *stale) Error() string { return "decided by an old reading: " + s.cause.Error() }

// Stale tells Modify that a write met another one and is to be decided again. cause is the refusal, for the log; found
// is the item that stood in the way, nil when it is not known.
func Stale(cause error, found Item) error { return &stale{cause, found} }

// WriteIDAttribute is where an item keeps the id of the last write that changed it. A write that was refused because it
// had already taken effect, and its answer was lost, finds its own id there.
const WriteIDAttribute = "writeId"

// signed gives an item without a write id one, and returns it; "" when it has one, which its caller knows. It is
// random: two callers that want to write the same must not take each other's item for their own.
func (i Item) signed() string {
	if i.Text(WriteIDAttribute) != "" {
		return ""
	}
	writeID := rand.Text()
	i[WriteIDAttribute] = &types.AttributeValueMemberS{Value: writeID}
	return writeID
}

// AlreadyWritten reports whether a write, or write i of a transaction, was refused because it had taken effect before:
// the item found carries its id.
func AlreadyWritten(err error, i int, writeID string) bool {
	found, met := Met(err, i)
	return met && writeID != "" && found.Text(WriteIDAttribute) == writeID
}

// Met is the refusal of a write by its own condition, or by that of write i of its transaction, and the item found
// there; ok is false for every other error.
func Met(err error, i int) (found Item, ok bool) {
	if failed, refused := Failed(err); refused {
		return failed.Item, true
	}
	if canceled, refused := Refused(err); refused && canceled.Refused(i) {
		return canceled.Reasons[i].Item, true
	}
	return nil, false
}
