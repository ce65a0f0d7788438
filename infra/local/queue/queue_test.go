package queue_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"dangol/infra/local/queue"
	"dangol/shared/platform/clock"

	"github.com/aws/aws-lambda-go/events"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// bench is a service with the queue "work", its dead-letter queue "work-dead", and a function that writes down what
// it gets.
type bench struct {
	*queue.Service
	t     *testing.T
	clock *clock.Movable
	got   []string // per invocation, the bodies
	react func(e events.SQSEvent) (any, error)
}

func newBench(t *testing.T, file string) *bench {
	t.Helper()
	b := &bench{t: t, clock: clock.Stopped(noon)}
	b.open(file)
	return b
}

func (b *bench) open(file string) {
	b.t.Helper()
	s, err := queue.Open([]queue.Queue{
		{Name: "work", Function: "worker", BatchSize: 3, Visibility: time.Minute, MaxReceives: 3, DeadLetter: "work-dead"},
		{Name: "work-dead"},
		{Name: "loose"},
	}, queue.Options{Clock: b.clock, Invoke: b.invoke, File: file})
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { s.Close() })
	b.Service = s
}

func (b *bench) invoke(_ context.Context, function string, payload []byte) ([]byte, error) {
	var e events.SQSEvent
	if err := json.Unmarshal(payload, &e); err != nil || function != "worker" {
		return nil, fmt.Errorf("%s got %s: %w", function, payload, err)
	}
	var bodies []string
	for _, r := range e.Records {
		bodies = append(bodies, r.Body)
	}
	b.got = append(b.got, strings.Join(bodies, " "))
	if b.react == nil {
		return nil, nil
	}
	answer, err := b.react(e)
	if err != nil {
		return nil, err
	}
	return json.Marshal(answer)
}

func (b *bench) run() int {
	b.t.Helper()
	n, err := b.RunDue(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	return n
}

// settle moves the clock from one due time to the next until nothing waits.
func (b *bench) settle() {
	b.t.Helper()
	for range 100 {
		at, ok := b.NextDue()
		if !ok {
			return
		}
		b.clock.MoveTo(at)
		b.run()
	}
	b.t.Fatal("it does not come to rest")
}

func (b *bench) wantGot(want ...string) {
	b.t.Helper()
	if !slices.Equal(b.got, want) {
		b.t.Errorf("invocations %q, want %q", b.got, want)
	}
}

func report(ids ...string) events.SQSEventResponse {
	var out events.SQSEventResponse
	for _, id := range ids {
		out.BatchItemFailures = append(out.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: id})
	}
	return out
}

func TestMessagesReachTheFunctionInBatchesAndOnlyOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t, "")
	b.send("work", "a", "b", "c", "d")
	if n := b.run(); n != 4 {
		t.Errorf("%d done, want 4", n)
	}
	b.settle()
	b.wantGot("a b c", "d")
}

func TestDelayedMessageWaitsForItsTime(t *testing.T) {
	t.Parallel()
	b := newBench(t, "")
	b.sendDelayed("work", "later", 90)
	b.send("work", "soon")
	b.run()
	b.wantGot("soon")
	if at, ok := b.NextDue(); !ok || !at.Equal(noon.Add(90*time.Second)) {
		t.Errorf("due %s (%t)", at, ok)
	}
	b.clock.Advance(89 * time.Second)
	if b.run() != 0 {
		t.Error("delivered a second early")
	}
	b.settle()
	b.wantGot("soon", "later")
}

func TestOnlyTheReportedMessagesComeAgainAfterTheVisibilityTimeout(t *testing.T) {
	t.Parallel()
	b := newBench(t, "")
	b.send("work", "a", "bad", "c")
	b.react = func(e events.SQSEvent) (any, error) {
		for _, r := range e.Records {
			if r.Body == "bad" && r.Attributes["ApproximateReceiveCount"] == "1" {
				return report(r.MessageId), nil
			}
		}
		return report(), nil
	}
	if n := b.run(); n != 2 {
		t.Errorf("%d done, want 2", n)
	}
	if visible, hidden, _ := b.Depth("work"); visible != 0 || hidden != 1 {
		t.Errorf("%d visible, %d hidden", visible, hidden)
	}
	b.settle()
	b.wantGot("a bad c", "bad")
	if got := b.clock.Now(); !got.Equal(noon.Add(time.Minute)) {
		t.Errorf("the retry came at %s", got)
	}
}

func TestEveryKindOfFailureEndsInTheDeadLetterQueue(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name  string
		react func(events.SQSEvent) (any, error)
	}{
		{"the function fails", func(events.SQSEvent) (any, error) { return nil, errors.New("no") }},
		{"the answer is no report", func(events.SQSEvent) (any, error) { return "done", nil }},
		{"the report names an unknown message", func(events.SQSEvent) (any, error) { return report("other"), nil }},
		{"the report names nothing at all", func(events.SQSEvent) (any, error) { return report(""), nil }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, "")
			b.react = c.react
			b.send("work", "a", "b")
			b.settle()
			b.wantGot("a b", "a b", "a b")
			if dead := b.Messages("work-dead"); !slices.Equal(dead, []string{"a", "b"}) {
				t.Errorf("dead letters %q", dead)
			}
			b.react = nil
			if n, err := b.Redrive("work-dead"); n != 2 || err != nil {
				t.Errorf("redrive moved %d: %v", n, err)
			}
			b.settle()
			b.wantGot("a b", "a b", "a b", "a b")
			if dead := b.Messages("work-dead"); len(dead) != 0 {
				t.Errorf("dead letters after redrive %q", dead)
			}
		})
	}
}

func TestFunctionMaySendWhileItRuns(t *testing.T) {
	t.Parallel()
	b := newBench(t, "")
	b.react = func(e events.SQSEvent) (any, error) {
		if len(b.got) < 5 {
			b.send("work", fmt.Sprint("next", len(b.got)))
		}
		return nil, nil
	}
	b.send("work", "first")
	if n := b.run(); n != 5 {
		t.Errorf("%d done, want 5", n)
	}
}

func TestMessagesSurviveARestart(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "queues")
	b := newBench(t, file)
	b.react = func(events.SQSEvent) (any, error) { return nil, errors.New("no") }
	b.send("work", "dies")
	b.settle()
	b.sendDelayed("work", "waits", 60)
	b.send("work", "done")
	b.react = nil
	b.run()
	b.Close()
	b.open(file)
	if dead := b.Messages("work-dead"); !slices.Equal(dead, []string{"dies"}) {
		t.Errorf("dead letters %q", dead)
	}
	if work := b.Messages("work"); !slices.Equal(work, []string{"waits"}) {
		t.Errorf("waiting %q", work)
	}
	b.got = nil
	b.settle()
	b.wantGot("waits")
}

func TestMessagesOfARunnerStoppedInTheMiddleAreVisibleAtOnceAndUncounted(t *testing.T) {
	t.Parallel()
	b := newBench(t, "")
	ctx, cancel := context.WithCancel(t.Context())
	b.react = func(events.SQSEvent) (any, error) {
		cancel()
		return nil, context.Canceled
	}
	b.send("work", "a")
	if _, err := b.RunDue(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	b.react = func(e events.SQSEvent) (any, error) {
		if n := e.Records[0].Attributes["ApproximateReceiveCount"]; n != "1" {
			t.Errorf("receive count %s", n)
		}
		return nil, nil
	}
	if n := b.run(); n != 1 {
		t.Errorf("%d done, want 1", n)
	}
}

func TestSendPutsAMessageIntoTheQueueWithTheARN(t *testing.T) {
	t.Parallel()
	s, err := queue.Open([]queue.Queue{{Name: "a"}, {Name: "b"}}, queue.Options{Clock: clock.Stopped(noon)})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Send(queue.ARN("b"), "hello"); err != nil || !slices.Equal(s.Messages("b"), []string{"hello"}) ||
		len(s.Messages("a")) != 0 {
		t.Errorf("%v, a %q, b %q", err, s.Messages("a"), s.Messages("b"))
	}
	if err := s.Send(queue.ARN("c"), "hello"); err == nil {
		t.Error("sent to nowhere")
	}
}

func TestDeadLetterQueueMustExist(t *testing.T) {
	t.Parallel()
	_, err := queue.Open([]queue.Queue{{Name: "a", DeadLetter: "b"}}, queue.Options{Clock: clock.Stopped(noon)})
	if err == nil || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("error %v", err)
	}
	if _, err := newBench(t, "").Redrive("nowhere"); err == nil {
		t.Error("redrive of a missing queue is no error")
	}
}
