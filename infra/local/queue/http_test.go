package queue_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"dangol/infra/local/queue"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
)

func (b *bench) client() *sqs.Client {
	server := httptest.NewServer(b.Service)
	b.t.Cleanup(server.Close)
	return sqs.New(sqs.Options{
		Region: queue.Region, BaseEndpoint: aws.String(server.URL),
		Credentials: credentials.NewStaticCredentialsProvider("local", "local", ""),
	})
}

func (b *bench) url(c *sqs.Client, name string) *string {
	b.t.Helper()
	out, err := c.GetQueueUrl(b.t.Context(), &sqs.GetQueueUrlInput{QueueName: &name})
	if err != nil {
		b.t.Fatal(err)
	}
	return out.QueueUrl
}

func (b *bench) send(name string, bodies ...string) {
	b.t.Helper()
	for _, body := range bodies {
		b.sendDelayed(name, body, 0)
	}
}

func (b *bench) sendDelayed(name, body string, seconds int32) {
	b.t.Helper()
	c := b.client()
	_, err := c.SendMessage(b.t.Context(),
		&sqs.SendMessageInput{QueueUrl: b.url(c, name), MessageBody: &body, DelaySeconds: seconds})
	if err != nil {
		b.t.Fatal(err)
	}
}

func TestReceiveAndDelete(t *testing.T) {
	t.Parallel()
	b := newBench(t, "")
	c := b.client()
	url := b.url(c, "loose")
	_, err := c.SendMessage(t.Context(), &sqs.SendMessageInput{
		QueueUrl: url, MessageBody: aws.String("안녕 😀"), MessageGroupId: aws.String("customer"),
		MessageAttributes: map[string]types.MessageAttributeValue{
			"kind": {DataType: aws.String("String"), StringValue: aws.String("mail")},
			"raw":  {DataType: aws.String("Binary"), BinaryValue: []byte{1, 2}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	receive := func() []types.Message {
		out, err := c.ReceiveMessage(t.Context(),
			&sqs.ReceiveMessageInput{QueueUrl: url, MaxNumberOfMessages: 10, WaitTimeSeconds: 20})
		if err != nil {
			t.Fatal(err)
		}
		return out.Messages
	}
	first := receive()
	if len(first) != 1 || *first[0].Body != "안녕 😀" || *first[0].MessageAttributes["kind"].StringValue != "mail" ||
		string(first[0].MessageAttributes["raw"].BinaryValue) != "\x01\x02" ||
		first[0].Attributes["MessageGroupId"] != "customer" {
		t.Fatalf("received %+v", first)
	}
	if again := receive(); len(again) != 0 {
		t.Errorf("a hidden message was received: %+v", again)
	}
	b.clock.Advance(30 * time.Second)
	second := receive()
	if len(second) != 1 || second[0].Attributes["ApproximateReceiveCount"] != "2" {
		t.Fatalf("after the visibility timeout: %+v", second)
	}
	remove := func(handle *string) {
		if _, err := c.DeleteMessage(t.Context(), &sqs.DeleteMessageInput{QueueUrl: url, ReceiptHandle: handle}); err != nil {
			t.Fatal(err)
		}
	}
	remove(first[0].ReceiptHandle)
	if _, hidden, _ := b.Depth("loose"); hidden != 1 {
		t.Error("the handle of an earlier receive deleted the message")
	}
	remove(second[0].ReceiptHandle)
	if got := b.Messages("loose"); len(got) != 0 {
		t.Errorf("left: %q", got)
	}
}

func TestBatchSendAcceptsTheGoodAndReportsTheBad(t *testing.T) {
	t.Parallel()
	b := newBench(t, "")
	c := b.client()
	entries := []types.SendMessageBatchRequestEntry{
		{Id: aws.String("good"), MessageBody: aws.String("a")},
		{Id: aws.String("late"), MessageBody: aws.String("b"), DelaySeconds: 901},
	}
	out, err := c.SendMessageBatch(t.Context(), &sqs.SendMessageBatchInput{QueueUrl: b.url(c, "loose"), Entries: entries})
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Successful) != 1 || *out.Successful[0].Id != "good" ||
		len(out.Failed) != 1 || *out.Failed[0].Id != "late" || !out.Failed[0].SenderFault {
		t.Errorf("answer %+v", out)
	}
}

func TestQueueAttributesCountTheMessages(t *testing.T) {
	t.Parallel()
	b := newBench(t, "")
	b.send("work", "a", "b")
	b.sendDelayed("work", "c", 60)
	c := b.client()
	out, err := c.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{
		QueueUrl: b.url(c, "work"), AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameAll},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"QueueArn": queue.ARN("work"), "ApproximateNumberOfMessages": "2", "ApproximateNumberOfMessagesNotVisible": "0",
		"ApproximateNumberOfMessagesDelayed": "1", "VisibilityTimeout": "60",
		"RedrivePolicy": `{"deadLetterTargetArn":"` + queue.ARN("work-dead") + `","maxReceiveCount":3}`,
	}
	if fmt.Sprint(out.Attributes) != fmt.Sprint(want) {
		t.Errorf("attributes %v, want %v", out.Attributes, want)
	}
}

func TestBadCallsGetTheErrorsOfSQS(t *testing.T) {
	t.Parallel()
	b := newBench(t, "")
	c := b.client()
	url := b.url(c, "loose")
	entries := func(n int, body string) []types.SendMessageBatchRequestEntry {
		var out []types.SendMessageBatchRequestEntry
		for i := range n {
			out = append(out, types.SendMessageBatchRequestEntry{Id: aws.String(fmt.Sprint("e", i)), MessageBody: &body})
		}
		return out
	}
	batch := func(e []types.SendMessageBatchRequestEntry) error {
		_, err := c.SendMessageBatch(t.Context(), &sqs.SendMessageBatchInput{QueueUrl: url, Entries: e})
		return err
	}
	one := func(body string) error {
		_, err := c.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: url, MessageBody: &body})
		return err
	}
	_, missing := c.GetQueueUrl(t.Context(), &sqs.GetQueueUrlInput{QueueName: aws.String("nowhere")})
	_, unserved := c.PurgeQueue(t.Context(), &sqs.PurgeQueueInput{QueueUrl: url})
	_, many := c.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: url, MaxNumberOfMessages: 11})
	cases := []struct {
		name string
		err  error
		code string
	}{
		{"no such queue", missing, "AWS.SimpleQueueService.NonExistentQueue"},
		{"a call that is not served", unserved, "AWS.SimpleQueueService.UnsupportedOperation"},
		{"eleven at once", batch(entries(11, "x")), "AWS.SimpleQueueService.TooManyEntriesInBatchRequest"},
		{"an empty batch", batch([]types.SendMessageBatchRequestEntry{}), "AWS.SimpleQueueService.EmptyBatchRequest"},
		{"the same id twice", batch(append(entries(1, "x"), entries(1, "x")...)),
			"AWS.SimpleQueueService.BatchEntryIdsNotDistinct"},
		{"a batch too long", batch(entries(3, strings.Repeat("x", 400_000))), "AWS.SimpleQueueService.BatchRequestTooLong"},
		{"a message too long", one(strings.Repeat("x", 1<<20+1)), "InvalidParameterValue"},
		{"an empty message", one(""), "MissingParameter"},
		{"a NUL", one("a\x00b"), "InvalidMessageContents"},
		{"eleven to receive", many, "InvalidParameterValue"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			api, ok := errors.AsType[smithy.APIError](tc.err)
			if !ok || api.ErrorCode() != tc.code {
				t.Errorf("error %v, want code %s", tc.err, tc.code)
			}
		})
	}
	if _, ok := errors.AsType[*types.QueueDoesNotExist](missing); !ok {
		t.Errorf("%T is not QueueDoesNotExist", missing)
	}
}

func TestHandlerRefusesWhatIsNotSQS(t *testing.T) {
	t.Parallel()
	b := newBench(t, "")
	for _, body := range []string{"", "[]", "{", `{"QueueUrl":7}`} {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		r.Header.Set("X-Amz-Target", "AmazonSQS.SendMessage")
		w := httptest.NewRecorder()
		b.ServeHTTP(w, r)
		if w.Code != http.StatusBadRequest {
			t.Errorf("body %q: status %d", body, w.Code)
		}
	}
}

func TestManySendersAndDeliveriesAtOnceLoseNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t, "")
	c := b.client()
	url := b.url(c, "loose")
	var all sync.WaitGroup
	var mu sync.Mutex
	seen := map[string]int{}
	for sender := range 4 {
		all.Go(func() {
			for i := range 25 {
				body := fmt.Sprintf("%d-%d", sender, i)
				if _, err := c.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: url, MessageBody: &body}); err != nil {
					t.Error(err)
				}
				out, err := c.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: url})
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				for _, m := range out.Messages {
					seen[*m.Body]++
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	if len(seen) != 100 {
		t.Errorf("%d of 100 messages received", len(seen))
	}
	for body, n := range seen {
		if n != 1 {
			t.Errorf("%s received %d times", body, n)
		}
	}
}
