package testshop

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"dangol/functions/checkout-worker"
	"dangol/shared/platform/due"
	"dangol/shared/platform/table"
)

// maxRounds bounds how long a shop may take to become idle: more means that something goes round in circles.
const maxRounds = 300

// RunUntilIdle does whatever is due, moving the clock to it, until nothing is due and the bank has no more to say.
func (w *Shop) RunUntilIdle(ctx context.Context) {
	w.T.Helper()
	quiet := 0
	for range maxRounds {
		w.DeliverWebhooks(ctx)
		if w.RunDueJobs(ctx) > 0 {
			quiet = 0
			continue
		}
		next, more := w.nextDue(ctx)
		switch {
		case more:
			w.Clock.MoveTo(next)
		case quiet == 2:
			return
		default: // webhooks that were refused come again
			quiet++
			w.Clock.Advance(time.Hour)
		}
	}
	w.T.Fatal("the world does not come to rest")
}

// DeliverWebhooks delivers the bank's webhooks.
func (w *Shop) DeliverWebhooks(ctx context.Context) {
	w.T.Helper()
	if _, err := w.Bank.Tick(ctx, w.Clock.Now()); err != nil {
		w.T.Fatal(err)
	}
}

// RunDueJobs hands out all jobs that are due, as the sweeper does, and returns how many.
func (w *Shop) RunDueJobs(ctx context.Context) int {
	w.T.Helper()
	now := w.Clock.Now()
	jobs := 0
	for _, j := range w.due(ctx) {
		if j.At > now.UnixMilli() {
			continue
		}
		ok, err := due.Claim(ctx, w.Table, j, now)
		if err != nil {
			w.T.Fatalf("claim %v: %v", j, err)
		}
		if ok { // else somebody has done it since
			w.RunJob(ctx, j)
			jobs++
		}
	}
	return jobs
}

// due lists whatever is due some time, oldest first. It scans the index, which a shop must not do: one request instead
// of one a kind and shard.
func (w *Shop) due(ctx context.Context) []due.Job {
	w.T.Helper()
	name, index := w.Table.Name(), table.Due
	got, err := w.client.Scan(ctx, &dynamodb.ScanInput{TableName: &name, IndexName: &index})
	if err != nil {
		w.T.Fatal(err)
	}
	var jobs []due.Job
	for _, item := range got.Items {
		var d due.Due
		if err := table.Item(item).Decode(&d); err != nil {
			w.T.Fatal(err)
		}
		kind, _, _ := strings.Cut(d.Shard, "#")
		if !slices.Contains(checkoutworker.Worker{}.Jobs().Names(), kind) {
			w.T.Fatalf("%s is due as %q, which nobody works off", table.Item(item).Key(), kind)
		}
		jobs = append(jobs, due.Job{Kind: kind, Key: table.Item(item).Key(), At: d.At, Tries: d.Tries})
	}
	slices.SortFunc(jobs, func(a, b due.Job) int { return cmp.Compare(a.At, b.At) })
	return jobs
}

// RunJob hands one job to the worker, in a message of its queue. A failed one stays claimed until its lease ends.
func (w *Shop) RunJob(ctx context.Context, j due.Job) events.SQSEventResponse {
	w.T.Helper()
	body, err := json.Marshal(j)
	if err != nil {
		w.T.Fatal(err)
	}
	batch := events.SQSEvent{Records: []events.SQSMessage{{MessageId: "m1", Body: string(body)}}}
	answer, err := checkoutworker.Worker{Checkouts: w.Service}.Handler()(ctx, batch)
	if err != nil {
		w.T.Fatal(err)
	}
	return answer
}

func (w *Shop) nextDue(ctx context.Context) (first time.Time, ok bool) {
	w.T.Helper()
	jobs := w.due(ctx)
	if len(jobs) == 0 {
		return first, false
	}
	return time.UnixMilli(jobs[0].At).UTC(), true
}
