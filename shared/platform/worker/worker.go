// Package worker works through the messages of a queue one by one and tells Lambda which of them failed, so that a bad
// message comes back alone and the good ones do not come back with it.
//
// The event source mapping must have ReportBatchItemFailures set; without it Lambda takes any answer for success.
package worker

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"

	"github.com/aws/aws-lambda-go/events"
)

// parallel bounds how many messages of one invocation are worked on at a time.
const parallel = 5

// Handle works on one message. An error leaves the message in the queue: it comes back after the visibility timeout, and
// goes to the dead-letter queue when it has come back too often.
type Handle[T any] func(ctx context.Context, message T) error

// Queue decodes the JSON body of each message and hands it to handle, a few at a time and in no particular order. A body
// that cannot be decoded, an error and a panic are failures of that message alone. The answer lists failed messages by
// message id, in the order of the batch. When ctx ends, messages not begun are reported as failed.
func Queue[T any](ctx context.Context, log *slog.Logger, in events.SQSEvent, handle Handle[T]) events.SQSEventResponse {
	failed := make([]bool, len(in.Records))
	slots := make(chan struct{}, parallel)
	var all sync.WaitGroup
	for i, record := range in.Records {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			err := one(ctx, record.Body, handle)
			if failed[i] = err != nil; failed[i] {
				log.ErrorContext(ctx, "message failed", "messageId", record.MessageId, "receives",
					record.Attributes["ApproximateReceiveCount"], "error", err)
			}
		})
	}
	all.Wait()
	var answer events.SQSEventResponse
	for i, bad := range failed {
		if bad {
			answer.BatchItemFailures = append(answer.BatchItemFailures,
				events.SQSBatchItemFailure{ItemIdentifier: in.Records[i].MessageId})
		}
	}
	return answer
}

func one[T any](ctx context.Context, body string, handle Handle[T]) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
		}
	}()
	if err := ctx.Err(); err != nil {
		return err
	}
	var message T
	if err := json.Unmarshal([]byte(body), &message); err != nil {
		return fmt.Errorf("the body is not a %T: %w", message, err)
	}
	return handle(ctx, message)
}
