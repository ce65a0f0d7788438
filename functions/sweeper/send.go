package sweeper

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"dangol/shared/platform/due"
)

// maxSend is how many messages one SendMessageBatch takes. Their keys are far too short to meet its limit in bytes.
const maxSend = 10

// send queues the jobs in one call and returns the ones that are not known to be in the queue. SendMessageBatch answers
// 200 also when it took only some of them.
func (s *shard) send(ctx context.Context, url string, jobs []due.Job) (refused []due.Job, err error) {
	if len(jobs) == 0 {
		return nil, nil
	}
	entries := make([]types.SendMessageBatchRequestEntry, len(jobs))
	for i, j := range jobs {
		body, err := json.Marshal(j)
		if err != nil {
			// A job has a key and numbers; this does not happen.
			return jobs, err
		}
		// The id is the place of the job in this call; SQS answers by it.
		entries[i] = types.SendMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)),
			MessageBody: aws.String(string(body))}
	}
	out, err := s.queue.SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: &url, Entries: entries})
	// Whether any was taken is not known: all of them are given back, and perhaps handed out twice.
	if err != nil {
		return jobs, fmt.Errorf("send %d jobs: %w", len(jobs), err)
	}
	taken := map[string]bool{}
	for _, ok := range out.Successful {
		taken[aws.ToString(ok.Id)] = true
	}
	var causes []error
	// What is in neither list counts as refused.
	for i, j := range jobs {
		if !taken[strconv.Itoa(i)] {
			refused = append(refused, j)
		}
	}
	for _, f := range out.Failed {
		causes = append(causes, fmt.Errorf("send job: %s: %s", aws.ToString(f.Code), aws.ToString(f.Message)))
	}
	return refused, errors.Join(causes...)
}
