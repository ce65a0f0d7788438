package worker_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"pgregory.net/rapid"

	"dangol/shared/platform/worker"
)

type job struct {
	Do string `json:"do"`
}

func messages(bodies ...string) (in events.SQSEvent) {
	for i, b := range bodies {
		in.Records = append(in.Records, events.SQSMessage{MessageId: fmt.Sprint("m", i), Body: b})
	}
	return in
}

func failures(r events.SQSEventResponse) (ids []string) {
	for _, f := range r.BatchItemFailures {
		ids = append(ids, f.ItemIdentifier)
	}
	return ids
}

func work(_ context.Context, j job) error {
	switch j.Do {
	case "fail":
		return errors.New("no")
	case "panic":
		panic("at the disco")
	}
	return nil
}

func TestOnlyFailedMessagesComeBack(t *testing.T) {
	t.Parallel()
	const good, bad, panics, garbage = `{"do":"it"}`, `{"do":"fail"}`, `{"do":"panic"}`, `{"do":`
	for _, c := range []struct {
		name   string
		bodies []string
		want   []string
	}{
		{"an empty batch is a success", nil, nil},
		{"all good: nothing is reported", []string{good, good}, nil},
		{"one error: that message alone", []string{good, bad, good}, []string{"m1"}},
		{"a panic is a failure of its message", []string{panics, good}, []string{"m0"}},
		{"a body that is no JSON is a failure of its message", []string{good, garbage}, []string{"m1"}},
		{"a body of another type is a failure", []string{`[1]`, good}, []string{"m0"}},
		{"several failures keep the order of the batch", []string{bad, good, panics, garbage}, []string{"m0", "m2", "m3"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := failures(worker.Queue(t.Context(), slog.New(slog.DiscardHandler), messages(c.bodies...), work))
			if !slices.Equal(got, c.want) {
				t.Errorf("failed %v, want %v", got, c.want)
			}
		})
	}
}

func TestEachFailureIsReportedExactlyOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		kinds := rapid.SliceOfN(rapid.SampledFrom([]string{"it", "fail", "panic"}), 0, 30).Draw(t, "kinds")
		var bodies, want []string
		for i, k := range kinds {
			bodies = append(bodies, fmt.Sprintf(`{"do":%q}`, k))
			if k != "it" {
				want = append(want, fmt.Sprint("m", i))
			}
		}
		got := failures(worker.Queue(t.Context(), slog.New(slog.DiscardHandler), messages(bodies...), work))
		if !slices.Equal(got, want) {
			t.Errorf("failed %v, want %v", got, want)
		}
	})
}

func TestMessagesNotBegunWhenTimeIsUpComeBack(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var begun atomic.Int32
	got := worker.Queue(ctx, slog.New(slog.DiscardHandler), messages(`{}`, `{}`), func(context.Context, job) error {
		begun.Add(1)
		return nil
	})
	if begun.Load() != 0 || len(got.BatchItemFailures) != 2 {
		t.Errorf("%d begun, %d failed; want 0 and 2", begun.Load(), len(got.BatchItemFailures))
	}
}

func TestAFewMessagesRunAtATime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var running, most int
		bodies := slices.Repeat([]string{`{}`}, 20)
		worker.Queue(t.Context(), slog.New(slog.DiscardHandler), messages(bodies...), func(ctx context.Context, _ job) error {
			mu.Lock()
			running++
			most = max(most, running)
			mu.Unlock()
			<-time.After(time.Second)
			mu.Lock()
			running--
			mu.Unlock()
			return nil
		})
		if most != 5 {
			t.Errorf("%d at a time, want 5", most)
		}
	})
}

func TestFailureIsLoggedWithMessageIDAndWithoutBody(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	worker.Queue(t.Context(), slog.New(slog.NewJSONHandler(&out, nil)), messages(`{"do":"fail","mail":"ann@example.com"}`), work)
	if line := out.String(); !strings.Contains(line, `"m0"`) || strings.Contains(line, "ann@example.com") {
		t.Errorf("logged %s", line)
	}
}
