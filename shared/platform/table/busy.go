package table

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go"

	"dangol/shared/platform/backoff"
	"dangol/shared/platform/problem"
)

const (
	// firstPause bounds the random wait before the first repetition; the bound doubles up to 128 ms.
	firstPause = 2 * time.Millisecond
	// patience is how long one call or one change waits in all. A client that is told "busy" after five seconds can decide
	// for itself; one that waits longer has given up.
	patience = 5 * time.Second
	// reserve is what is kept of the function's deadline for the answer: a function that is cut off answers nothing.
	reserve = 500 * time.Millisecond
)

// retries counts the tries of one call or one change. The zero value is ready for use.
type retries struct {
	n      int           // waits so far
	waited time.Duration // their sum
}

// pause waits a random time before the next try. Errors: 503 busy with the cause when the patience is used up or the
// deadline of the context is near; the context's error when it ends meanwhile.
func (r *retries) pause(ctx context.Context, cause error) error {
	wait := backoff.Jitter(firstPause, r.n)
	if r.waited+wait > patience {
		return problem.Busy(cause)
	}
	// Counted before the wait, so that a wait that is cut off counts too.
	r.n, r.waited = r.n+1, r.waited+wait
	soon := ctx
	if deadline, limited := ctx.Deadline(); limited {
		var done context.CancelFunc
		soon, done = context.WithDeadline(ctx, deadline.Add(-reserve))
		defer done()
	}
	err := backoff.Sleep(soon, wait)
	// The caller's own time is over: its error says so. Otherwise the reserve was reached.
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return problem.Busy(cause)
	default:
		return nil
	}
}

// passing reports whether the engine refused a call because of load or of another transaction on the same item, so that
// nothing took effect and the same call succeeds a little later. The client of the SDK tries throttled calls again a
// few times of its own, and conflicts not at all.
func passing(err error) bool {
	refused, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return false
	}
	switch refused.ErrorCode() {
	case "TransactionConflictException", "TransactionInProgressException", "ProvisionedThroughputExceededException",
		"ThrottlingException", "RequestLimitExceeded":
		return true
	default:
		return false
	}
}

// operation is one method of the client.
type operation[I, O any] func(context.Context, *I, ...func(*dynamodb.Options)) (*O, error)

// call makes one call and repeats it while what stands in its way is passing. Errors: those of the call, 503 busy.
func call[I, O any](ctx context.Context, do operation[I, O], in *I) (*O, error) {
	for again := (retries{}); ; {
		out, err := do(ctx, in)
		if err == nil || !passing(err) {
			return out, err
		}
		if err := again.pause(ctx, err); err != nil {
			return nil, err
		}
	}
}
