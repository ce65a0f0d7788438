package scheduler_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"dangol/infra/local/scheduler"
	"dangol/shared/platform/clock"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	api "github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/scheduler/types"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// bench is a scheduler with its SDK client and functions that write down when they are invoked.
type bench struct {
	*scheduler.Scheduler
	t      *testing.T
	clock  *clock.Movable
	client *api.Client
	got    []string // day-time function payload
	buried []string // queue payload
	fail   error
}

func newBench(t *testing.T, file string, now time.Time) *bench {
	t.Helper()
	b := &bench{t: t, clock: clock.Stopped(now)}
	s, err := scheduler.Open(scheduler.Options{Clock: b.clock, File: file, Invoke: b.invoke, DeadLetter: b.deadLetter})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s)
	t.Cleanup(func() {
		server.Close()
		s.Close()
	})
	b.Scheduler = s
	b.client = api.New(api.Options{
		Region: scheduler.Region, BaseEndpoint: aws.String(server.URL), RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("local", "local", ""),
	})
	return b
}

func (b *bench) invoke(_ context.Context, function string, payload []byte) ([]byte, error) {
	b.got = append(b.got, fmt.Sprintf("%s %s %s", b.clock.Now().Format("02T15:04"), function, payload))
	return nil, b.fail
}

func (b *bench) deadLetter(queue, payload string) error {
	b.buried = append(b.buried, queue+" "+payload)
	return nil
}

// plan is a complete schedule that tests change in one place.
func plan(name, expression string) *api.CreateScheduleInput {
	return &api.CreateScheduleInput{
		Name: &name, ScheduleExpression: &expression,
		FlexibleTimeWindow: &types.FlexibleTimeWindow{Mode: types.FlexibleTimeWindowModeOff},
		Target: &types.Target{
			Arn:     aws.String("arn:aws:lambda:us-east-1:000000000000:function:promotions"),
			RoleArn: aws.String("arn:aws:iam::000000000000:role/r"),
			Input:   aws.String(`"` + name + `"`),
		},
	}
}

func (b *bench) create(in *api.CreateScheduleInput) {
	b.t.Helper()
	if _, err := b.client.CreateSchedule(b.t.Context(), in); err != nil {
		b.t.Fatal(err)
	}
}

// advance runs the clock to a time, stopping at each thing due on the way.
func (b *bench) advance(d time.Duration) {
	b.t.Helper()
	until := b.clock.Now().Add(d)
	for {
		due, ok := b.NextDue()
		if !ok || due.After(until) {
			b.clock.MoveTo(until)
			return
		}
		b.clock.MoveTo(due)
		if _, err := b.RunDue(b.t.Context(), b.clock.Now()); err != nil {
			b.t.Fatal(err)
		}
	}
}

func (b *bench) wantGot(want ...string) {
	b.t.Helper()
	if !slices.Equal(b.got, want) {
		b.t.Errorf("invocations\n%s\nwant\n%s", strings.Join(b.got, "\n"), strings.Join(want, "\n"))
	}
}

func (b *bench) names() (names []string) {
	b.t.Helper()
	out, err := b.client.ListSchedules(b.t.Context(), &api.ListSchedulesInput{})
	if err != nil {
		b.t.Fatal(err)
	}
	for _, s := range out.Schedules {
		names = append(names, *s.Name)
	}
	return names
}

func TestSchedulesRunInOrderOfTimeAtTheirInstants(t *testing.T) {
	t.Parallel()
	b := newBench(t, "", noon)
	b.create(plan("hourly", "cron(0 * * * ? *)"))
	b.create(plan("half-past-one", "at(2026-03-01T13:30:00)"))
	seoul := plan("seoul", "at(2026-03-01T22:15:00)")
	seoul.ScheduleExpressionTimezone = aws.String("Asia/Seoul")
	b.create(seoul)
	b.advance(2 * time.Hour)
	b.wantGot(`01T12:00 promotions "hourly"`, `01T13:00 promotions "hourly"`, `01T13:15 promotions "seoul"`,
		`01T13:30 promotions "half-past-one"`, `01T14:00 promotions "hourly"`)
}

func TestOneJumpOfTheClockStillRunsEverythingInOrder(t *testing.T) {
	t.Parallel()
	b := newBench(t, "", noon)
	b.create(plan("a", "rate(2 hours)"))
	b.create(plan("b", "at(2026-03-01T13:00:00)"))
	b.clock.Advance(5 * time.Hour)
	if n, err := b.RunDue(t.Context(), b.clock.Now()); n != 4 || err != nil {
		t.Errorf("%d invocations, %v", n, err)
	}
	b.wantGot(`01T17:00 promotions "a"`, `01T17:00 promotions "b"`, `01T17:00 promotions "a"`, `01T17:00 promotions "a"`)
}

func TestRateBeginsAtOnceOrAtItsStartAndEndsAtItsEnd(t *testing.T) {
	t.Parallel()
	b := newBench(t, "", noon)
	bounded := plan("bounded", "rate(1 hour)")
	bounded.StartDate, bounded.EndDate = aws.Time(noon.Add(90*time.Minute)), aws.Time(noon.Add(210*time.Minute))
	bounded.ActionAfterCompletion = types.ActionAfterCompletionDelete
	b.create(bounded)
	b.create(plan("daily", "rate(1 day)"))
	b.advance(25 * time.Hour)
	b.wantGot(`01T12:00 promotions "daily"`, `01T13:30 promotions "bounded"`, `01T14:30 promotions "bounded"`,
		`01T15:30 promotions "bounded"`, `02T12:00 promotions "daily"`)
	if names := b.names(); !slices.Equal(names, []string{"daily"}) {
		t.Errorf("left: %q", names)
	}
}

func TestOneTimeScheduleStaysOrGoesAfterItRan(t *testing.T) {
	t.Parallel()
	b := newBench(t, "", noon)
	gone := plan("gone", "at(2026-03-01T13:00:00)")
	gone.ActionAfterCompletion = types.ActionAfterCompletionDelete
	b.create(gone)
	b.create(plan("stays", "at(2026-03-01T13:00:00)"))
	b.create(plan("past", "at(2026-02-28T13:00:00)"))
	disabled := plan("disabled", "at(2026-03-01T13:00:00)")
	disabled.State = types.ScheduleStateDisabled
	b.create(disabled)
	b.advance(48 * time.Hour)
	b.wantGot(`01T12:00 promotions "past"`, `01T13:00 promotions "gone"`, `01T13:00 promotions "stays"`)
	if names := b.names(); !slices.Equal(names, []string{"disabled", "past", "stays"}) {
		t.Errorf("left: %q", names)
	}
}

func TestFailedInvocationIsRetriedThenGivenUp(t *testing.T) {
	t.Parallel()
	b := newBench(t, filepath.Join(t.TempDir(), "s"), noon)
	b.fail = errors.New("down")
	in := plan("once", "at(2026-03-01T12:00:00)")
	in.ActionAfterCompletion = types.ActionAfterCompletionDelete
	in.Target.Input = aws.String(`{"at":"<aws.scheduler.scheduled-time>","try":"<aws.scheduler.attempt-number>"}`)
	b.create(in)
	b.advance(time.Hour)
	const payload = ` promotions {"at":"2026-03-01T12:00:00Z","try":`
	b.wantGot("01T12:00"+payload+`"1"}`, "01T12:01"+payload+`"2"}`, "01T12:03"+payload+`"3"}`)
	dead := b.DeadLetters()
	if len(dead) != 1 || dead[0].Error != "down" || dead[0].Schedule != "default/once" {
		t.Fatalf("dead letters %+v", dead)
	}
	b.fail, b.got = nil, nil
	if n, err := b.Redrive(); n != 1 || err != nil {
		t.Errorf("redrive %d, %v", n, err)
	}
	b.advance(0)
	if len(b.got) != 1 || len(b.DeadLetters()) != 0 {
		t.Errorf("after redrive: %q, dead %+v", b.got, b.DeadLetters())
	}
}

func TestRetryPolicyOfTheTargetCounts(t *testing.T) {
	t.Parallel()
	b := newBench(t, "", noon)
	b.fail = errors.New("down")
	in := plan("never-again", "at(2026-03-01T12:00:00)")
	in.Target.RetryPolicy = &types.RetryPolicy{MaximumRetryAttempts: aws.Int32(0)}
	b.create(in)
	b.advance(time.Hour)
	if len(b.got) != 1 || len(b.DeadLetters()) != 1 {
		t.Errorf("%q", b.got)
	}
}

func TestRunGivenUpGoesToTheDeadLetterQueueOfItsTarget(t *testing.T) {
	t.Parallel()
	b := newBench(t, "", noon)
	b.fail = errors.New("down")
	in := plan("once", "at(2026-03-01T12:00:00)")
	in.Target.DeadLetterConfig = &types.DeadLetterConfig{Arn: aws.String("arn:aws:sqs:us-east-1:000000000000:times-dead")}
	b.create(in)
	b.advance(time.Hour)
	if want := []string{`arn:aws:sqs:us-east-1:000000000000:times-dead "once"`}; !slices.Equal(b.buried, want) ||
		len(b.DeadLetters()) != 0 {
		t.Errorf("buried %q, kept %+v", b.buried, b.DeadLetters())
	}
	other := plan("other", "at(2026-03-01T12:00:00)")
	other.Target.DeadLetterConfig = &types.DeadLetterConfig{Arn: aws.String("arn:aws:sns:us-east-1:000000000000:topic")}
	if _, err := b.client.CreateSchedule(t.Context(), other); err == nil {
		t.Error("a topic is taken for a dead-letter queue")
	}
}

func TestRunCutOffByTheEndOfTheRunnerIsMadeAgain(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "s")
	b := newBench(t, file, noon)
	b.create(plan("once", "at(2026-03-01T12:00:00)"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	b.fail = context.Canceled
	if _, err := b.RunDue(ctx, noon); !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v", err)
	}
	b.Close()
	again := newBench(t, file, noon.Add(time.Hour))
	again.advance(0)
	again.wantGot(`01T13:00 promotions "once"`)
}

func TestSchedulesSurviveARestartAndMissedRecurrencesAreMadeUpOnce(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "s")
	b := newBench(t, file, noon)
	b.create(plan("minutely", "rate(1 minute)"))
	b.create(plan("once", "at(2026-03-02T00:00:00)"))
	b.advance(0)
	b.Close()
	later := newBench(t, file, noon.AddDate(0, 0, 1))
	later.advance(2 * time.Minute)
	later.wantGot(`02T12:00 promotions "minutely"`, `02T12:00 promotions "once"`,
		`02T12:01 promotions "minutely"`, `02T12:02 promotions "minutely"`)
}

func TestEnsureKeepsThePlaceInTimeOfWhatHasNotChanged(t *testing.T) {
	t.Parallel()
	b := newBench(t, "", noon)
	d := scheduler.Definition{
		Name: "sweep", ScheduleExpression: "rate(1 hour)", FlexibleTimeWindow: scheduler.FlexibleWindow{Mode: "OFF"},
		Target: scheduler.Target{Arn: "arn:aws:lambda:us-east-1:000000000000:function:sweeper", RoleArn: "r"},
	}
	ensure := func() {
		if err := b.Ensure(d); err != nil {
			t.Fatal(err)
		}
	}
	ensure()
	b.advance(30 * time.Minute)
	ensure()
	if due, _ := b.NextDue(); !due.Equal(noon.Add(time.Hour)) {
		t.Errorf("due %s", due)
	}
	d.ScheduleExpression = "rate(5 minutes)"
	ensure()
	if due, _ := b.NextDue(); !due.Equal(noon.Add(30 * time.Minute)) {
		t.Errorf("after a change due %s", due)
	}
	var event struct{ Source, Time string }
	_, payload, _ := strings.Cut(b.got[0], "sweeper ")
	if err := json.Unmarshal([]byte(payload), &event); err != nil || event.Source != "aws.scheduler" ||
		event.Time != "2026-03-01T12:00:00Z" {
		t.Errorf("event without input: %s", payload)
	}
}
