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

	"dangol/shared/platform/due"
	"dangol/shared/platform/worker"
)

// kinds has a job that is done, one that fails, one that panics, and one whose jobs are done together: of those, the
// ones with an odd number of tries fail.
var kinds = worker.Kinds{
	{Name: "good", Handle: func(context.Context, due.Job) error { return nil }},
	{Name: "bad", Handle: func(context.Context, due.Job) error { return errors.New("no") }},
	{Name: "panics", Handle: func(context.Context, due.Job) error { panic("broken") }},
	{Name: "together", HandleAll: func(_ context.Context, jobs []due.Job) []error {
		errs := make([]error, len(jobs))
		for i, j := range jobs {
			if j.Tries%2 == 1 {
				errs[i] = errors.New("odd")
			}
		}
		return errs
	}},
}

const (
	good, bad, panics = `{"kind":"good"}`, `{"kind":"bad"}`, `{"kind":"panics"}`
	even, odd         = `{"kind":"together","tries":2}`, `{"kind":"together","tries":1}`
	garbage, unknown  = `{"kind":`, `{"kind":"unknown"}`
)

func messages(bodies ...string) (in events.SQSEvent) {
	for i, b := range bodies {
		in.Records = append(in.Records, events.SQSMessage{MessageId: fmt.Sprint("m", i), Body: b})
	}
	return in
}

// failures hands the messages to the kinds and returns the ids of those that failed.
func failures(ctx context.Context, kinds worker.Kinds, bodies ...string) (ids []string) {
	answer, _ := kinds.Handler(slog.New(slog.DiscardHandler))(ctx, messages(bodies...))
	for _, f := range answer.BatchItemFailures {
		ids = append(ids, f.ItemIdentifier)
	}
	return ids
}

func TestOnlyFailedMessagesComeBack(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		bodies []string
		want   []string
	}{
		{"an empty batch is a success", nil, nil},
		{"all good: nothing is reported", []string{good, good}, nil},
		{"one error: that message alone", []string{good, bad, good}, []string{"m1"}},
		{"a panic is a failure of its message", []string{panics, good}, []string{"m0"}},
		{"a body that is not JSON is a failure of its message", []string{good, garbage}, []string{"m1"}},
		{"a body of another type is a failure", []string{`[1]`, good}, []string{"m0"}},
		{"a kind that is not declared is a failure", []string{unknown, good}, []string{"m0"}},
		{"jobs done together fail one by one", []string{even, odd, good, odd}, []string{"m1", "m3"}},
		{"several failures keep the order of the batch", []string{bad, odd, panics, garbage},
			[]string{"m0", "m1", "m2", "m3"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := failures(t.Context(), kinds, c.bodies...); !slices.Equal(got, c.want) {
				t.Errorf("failed %v, want %v", got, c.want)
			}
		})
	}
}

func TestEachFailureIsReportedExactlyOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		bodies := rapid.SliceOfN(rapid.SampledFrom([]string{good, bad, panics, even, odd, garbage}), 0, 30).Draw(t, "bodies")
		var want []string
		for i, b := range bodies {
			if b != good && b != even {
				want = append(want, fmt.Sprint("m", i))
			}
		}
		if got := failures(context.Background(), kinds, bodies...); !slices.Equal(got, want) {
			t.Errorf("failed %v, want %v", got, want)
		}
	})
}

func TestAPanicFailsAllJobsThatAreDoneTogether(t *testing.T) {
	t.Parallel()
	broken := worker.Kinds{{Name: "together", HandleAll: func(context.Context, []due.Job) []error { panic("broken") }}}
	if got := failures(t.Context(), broken, even, odd); !slices.Equal(got, []string{"m0", "m1"}) {
		t.Errorf("failed %v, want both", got)
	}
}

func TestTooFewOutcomesFailAllJobsThatAreDoneTogether(t *testing.T) {
	t.Parallel()
	short := worker.Kinds{{Name: "together", HandleAll: func(context.Context, []due.Job) []error { return []error{nil} }}}
	if got := failures(t.Context(), short, even, odd); !slices.Equal(got, []string{"m0", "m1"}) {
		t.Errorf("failed %v, want both", got)
	}
}

func TestMessagesNotBegunWhenTimeIsUpComeBack(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var begun atomic.Int32
	counting := worker.Kinds{{Name: "good", Handle: func(context.Context, due.Job) error {
		begun.Add(1)
		return nil
	}}}
	if got := failures(ctx, counting, good, good); begun.Load() != 0 || len(got) != 2 {
		t.Errorf("%d begun, %d failed; want 0 and 2", begun.Load(), len(got))
	}
}

func TestAFewMessagesRunAtATime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var running, most int
		counting := worker.Kinds{{Name: "good", Handle: func(context.Context, due.Job) error {
			mu.Lock()
			running++
			most = max(most, running)
			mu.Unlock()
			<-time.After(time.Second)
			mu.Lock()
			running--
			mu.Unlock()
			return nil
		}}}
		failures(t.Context(), counting, slices.Repeat([]string{good}, 20)...)
		if most != 5 {
			t.Errorf("%d at a time, want 5", most)
		}
	})
}

func TestFailureIsLoggedWithMessageIDAndWithoutBody(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	handle := kinds.Handler(slog.New(slog.NewJSONHandler(&out, nil)))
	if _, err := handle(t.Context(), messages(`{"kind":"bad","mail":"ann@example.com"}`)); err != nil {
		t.Fatal(err)
	}
	if line := out.String(); !strings.Contains(line, `"m0"`) || strings.Contains(line, "ann@example.com") {
		t.Errorf("logged %s", line)
	}
}
