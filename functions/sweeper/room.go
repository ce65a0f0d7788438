package sweeper

import (
	"context"
	"fmt"
	"strconv"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// mostWaiting is how many jobs may wait in one queue. What the workers cannot begin within a lease would be handed out
// again and count as tried, and after a few rounds be given up untried; so the rest of a large run stays in the index
// until there is room. Ten workers with ten jobs of a second each get through three times as many in a lease.
const mostWaiting = 10_000

// room is how many more jobs a queue takes in this sweep.
type room struct{ left atomic.Int64 }

// take reserves room for n jobs; it reports false when there is not enough.
func (r *room) take(n int) bool {
	if r.left.Add(int64(-n)) >= 0 {
		return true
	}
	// Put back, so that a smaller batch may still fit.
	r.left.Add(int64(n))
	return false
}

// rooms asks each queue how much waits in it. A queue that does not answer is taken for empty, so that a sweep does not
// depend on it, and the error is returned next to the rooms.
func (s *Sweeper) rooms(ctx context.Context) (map[string]*room, error) {
	all := map[string]*room{}
	var failed error
	for _, k := range s.kinds {
		// Kinds may share a queue; its room is shared too.
		if all[k.Queue] != nil {
			continue
		}
		waiting, err := s.waiting(ctx, k.Queue)
		if err != nil {
			failed = fmt.Errorf("ask how much waits for %s: %w", k.Name, err)
		}
		all[k.Queue] = &room{}
		all[k.Queue].left.Store(int64(s.most - waiting))
	}
	return all, failed
}

// depths are the counts of waiting messages and of those being worked on.
var depths = []types.QueueAttributeName{
	types.QueueAttributeNameApproximateNumberOfMessages, types.QueueAttributeNameApproximateNumberOfMessagesNotVisible,
}

// waiting is how many messages a queue holds, those being worked on included; about, as SQS says.
func (s *Sweeper) waiting(ctx context.Context, url string) (sum int, err error) {
	out, err := s.queue.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: depths})
	if err != nil {
		return 0, err
	}
	for _, name := range depths {
		n, err := strconv.Atoi(out.Attributes[string(name)])
		if err != nil {
			return 0, fmt.Errorf("%s: %w", name, err)
		}
		sum += n
	}
	return sum, nil
}
