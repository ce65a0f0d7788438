package billing_test

import (
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	function "dangol/functions/billing"
	"dangol/infra/testkit/fault"
	"dangol/infra/testkit/testsubscriptions"
	"dangol/shared/platform/due"
	"dangol/shared/subscription"
	"dangol/shared/subscription/service"
)

func handle(t *testing.T, w *testsubscriptions.Shop, batch events.SQSEvent) events.SQSEventResponse {
	t.Helper()
	payload, err := json.Marshal(batch)
	if err != nil {
		t.Fatal(err)
	}
	worker := function.Worker{Billing: w.Billing, Books: function.BooksOf(w.Billing)}
	raw, err := worker.Lambda().Invoke(t.Context(), payload)
	var answer events.SQSEventResponse
	if err != nil || json.Unmarshal(raw, &answer) != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	return answer
}

func sample(t *testing.T, name string) (batch events.SQSEvent) {
	t.Helper()
	payload, err := os.ReadFile("../../events/samples/billing/" + name)
	if err != nil || json.Unmarshal(payload, &batch) != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return batch
}

func TestAJobAboutASubscriptionThatIsGoneIsDone(t *testing.T) {
	t.Parallel()
	if answer := handle(t, testsubscriptions.New(t, fault.New(fault.Plan{})),
		sample(t, "gone.json")); len(answer.BatchItemFailures) != 0 {
		t.Errorf("failed: %v", answer.BatchItemFailures)
	}
}

func TestOnlyTheMessagesThatFailedComeAgain(t *testing.T) {
	t.Parallel()
	answer := handle(t, testsubscriptions.New(t, fault.New(fault.Plan{})), sample(t, "unreadable-among-readable.json"))
	if len(answer.BatchItemFailures) != 1 ||
		answer.BatchItemFailures[0].ItemIdentifier != "059f36b4-87a3-44ab-83d2-661970000001" {
		t.Errorf("failed: %v", answer.BatchItemFailures)
	}
}

func TestAMessageThatComesThreeTimesRenewsOnce(t *testing.T) {
	t.Parallel()
	w := testsubscriptions.New(t, fault.New(fault.Plan{}))
	r, _, err := w.Subscribe(t.Context(), w.Billing, w.Subscriber(w.CreatePlan(), "pm_card_visa"))
	if err != nil {
		t.Fatal(err)
	}
	w.Clock.MoveTo(r.Sub.Span.End)
	body, err := json.Marshal(due.Job{Kind: service.DueSubscription, Key: service.KeyOf(r.Sub.ID)})
	if err != nil {
		t.Fatal(err)
	}
	batch := events.SQSEvent{Records: make([]events.SQSMessage, 3)}
	for i := range batch.Records {
		batch.Records[i] = events.SQSMessage{MessageId: "m", EventSource: "aws:sqs", Body: string(body)}
	}
	if answer := handle(t, w, batch); len(answer.BatchItemFailures) != 0 {
		t.Fatalf("failed: %v", answer.BatchItemFailures)
	}
	if r = w.Of(t, r.Sub.ID); r.Sub.State != subscription.Active || r.Sub.Cycles != 2 ||
		len(w.InvoicesOf(t, r.Sub.ID)) != 2 {
		t.Errorf("it is %s after %d cycles", r.Sub.State, r.Sub.Cycles)
	}
	w.Check(t)
}

func TestADatabaseThatFailsLeavesTheJobDue(t *testing.T) {
	t.Parallel()
	in := fault.New(fault.Plan{N: 1, Mode: fault.Fails})
	resume := in.Pause()
	w := testsubscriptions.New(t, in)
	r, _, err := w.Subscribe(t.Context(), w.Unfaulted, w.Subscriber(w.CreatePlan(), "pm_card_visa"))
	if err != nil {
		t.Fatal(err)
	}
	w.Clock.MoveTo(r.Sub.Span.End)
	resume()
	body, _ := json.Marshal(due.Job{Kind: service.DueSubscription, Key: service.KeyOf(r.Sub.ID)})
	answer := handle(t, w, events.SQSEvent{
		Records: []events.SQSMessage{{MessageId: "m", EventSource: "aws:sqs", Body: string(body)}}})
	if len(answer.BatchItemFailures) != 1 {
		t.Fatalf("failed: %v", answer.BatchItemFailures)
	}
	w.Until(t.Context(), w.Clock.Now().Add(time.Hour))
	w.Check(t)
}
