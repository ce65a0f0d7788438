package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	lambdaevents "github.com/aws/aws-lambda-go/events"

	"dangol/infra/local/tables"
	"dangol/infra/testkit/runtimeapi"
	"dangol/infra/topology"
	"dangol/shared/compliance"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/due"
	"dangol/shared/platform/table"
	"dangol/shared/platform/task"
)

const (
	// memoryMails is how many mails the mailer sends as a process of its own.
	memoryMails = 5_000
	// queueBatch is what one invocation gets from the queue.
	queueBatch = 10
)

// memory sends n mails, those from number first, by the bootstrap that is deployed, on the Runtime API, and prints the
// most memory that its process had. SES and the engine are outside of it.
func (b *mailBench) memory(ctx context.Context, first, n int) error {
	sink, endpoint, stop, err := b.ses(0, "memory")
	if err != nil {
		return err
	}
	defer stop()
	// What SES said of the account in the part before no longer counts.
	if err := b.table.Delete(ctx, table.Delete{Key: table.Key{PK: "MAIL#RATE", SK: "RATE"}}); err != nil {
		return err
	}
	if err := b.plan(ctx, first, first+n, compliance.Marketing); err != nil {
		return err
	}
	fn, err := b.bootstrap(ctx, endpoint)
	if err != nil {
		return err
	}
	defer fn.Stop()
	before, err := fn.PeakMemory()
	if err != nil {
		return err
	}
	began := clock.System{}.Now()
	for from := first; from < first+n; from += queueBatch {
		answer, err := fn.Invoke(ctx, mailBatch(from, min(from+queueBatch, first+n)))
		if err != nil {
			return err
		}
		var result lambdaevents.SQSEventResponse
		if err := json.Unmarshal(answer, &result); err != nil || len(result.BatchItemFailures) > 0 {
			return fmt.Errorf("the mailer answers %s (%v)\n%s", answer, err, fn.Output())
		}
	}
	took := clock.System{}.Now().Sub(began)
	peak, err := fn.PeakMemory()
	if err != nil {
		return err
	}
	if sent := len(sink.Messages("")); sent != n {
		return fmt.Errorf("the mailer sent %d of %d mails\n%s", sent, n, fn.Output())
	}
	row("mails by one deployed mailer", "%d, %.0f a second", n, float64(n)/took.Seconds())
	row("resident, started and at most, MB", "%.0f, %.0f", float64(before)/1e6, float64(peak)/1e6)
	return nil
}

// bootstrap starts the mailer's executable with the environment that its Spec names.
func (b *mailBench) bootstrap(ctx context.Context, sesEndpoint string) (*runtimeapi.Function, error) {
	const path = "bin/functions/mailer"
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("%w: run `make host` first", err)
	}
	var spec topology.Function
	for _, f := range topology.Dangol.Functions {
		if f.Name == "mailer" {
			spec = f
		}
	}
	env := withVariables(map[string]string{
		"DYNAMODB_ENDPOINT": b.engine.Endpoint(), "AWS_REGION": tables.Region, "AWS_ACCESS_KEY_ID": "local",
		"AWS_SECRET_ACCESS_KEY": "local", "SES_ENDPOINT": sesEndpoint,
	}, spec)
	env["OUTREACH_TABLE"] = table.Outreach.Name
	env["SHOP_IMPRINT"] = "서울특별시 성동구 왕십리로 83" // the gate lets no advertising go without the sender's address
	return runtimeapi.Start(ctx, runtimeapi.Options{Path: path, Env: env, Timeout: spec.Timeout, Clock: clock.System{}})
}

// mailBatch is the event of the queue with the mails from one number up to another.
func mailBatch(from, to int) []byte {
	var records []string
	for i := from; i < to; i++ {
		l := letter(i, compliance.Marketing)
		job, _ := json.Marshal(due.Job{Kind: l.DueKind(), Key: task.KeyOf(l.DueKind(), l.ID)})
		record, _ := json.Marshal(lambdaevents.SQSMessage{MessageId: l.ID, Body: string(job)})
		records = append(records, string(record))
	}
	return []byte(`{"Records":[` + strings.Join(records, ",") + `]}`)
}
