package schedule_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"

	local "dangol/infra/local/scheduler"
	"dangol/shared/platform/boot"
	"dangol/shared/platform/clock"
	"dangol/shared/promotion"
	"dangol/shared/promotion/schedule"
	"dangol/shared/promotion/store"
)

var (
	monday = time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	starts = time.Date(2026, 11, 27, 1, 0, 0, 0, time.UTC)
	ends   = time.Date(2026, 11, 29, 15, 0, 0, 0, time.UTC)
)

// bench is a planner against the stand-in for Scheduler, and what that invoked.
type bench struct {
	planner *schedule.Planner
	sched   *local.Scheduler
	client  *scheduler.Client
	clock   *clock.Movable
	fired   []schedule.Fired
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{clock: clock.Stopped(monday)}
	var err error
	b.sched, err = local.Open(local.Options{Clock: b.clock, Log: slog.New(slog.DiscardHandler),
		Invoke: func(_ context.Context, function string, payload []byte) ([]byte, error) {
			var f schedule.Fired
			if err := json.Unmarshal(payload, &f); err != nil || function != "promotion-scheduler" {
				t.Errorf("%s was sent %s: %v", function, payload, err)
			}
			b.fired = append(b.fired, f)
			return nil, nil
		}})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(b.sched)
	t.Cleanup(server.Close)
	vars := map[string]string{
		"SCHEDULER_GROUP": "dangol", "SCHEDULER_TARGET_ARN": "arn:aws:lambda:ap-northeast-2:123456789012:function:promo" +
			"tion-scheduler",
		"SCHEDULER_ROLE_ARN": "arn:aws:iam::123456789012:role/scheduler", "SCHEDULER_ENDPOINT": server.URL,
		"SCHEDULER_DEAD_ARN": "arn:aws:sqs:ap-northeast-2:123456789012:times-dead",
		"AWS_ACCESS_KEY_ID":  "local", "AWS_SECRET_ACCESS_KEY": "local",
	}
	env := &boot.Env{Clock: b.clock, Getenv: func(name string) string { return vars[name] }, HTTP: http.DefaultClient}
	if b.planner, err = schedule.FromEnv(env); err != nil {
		t.Fatal(err)
	}
	b.client = scheduler.NewFromConfig(env.AWS(), func(o *scheduler.Options) { o.BaseEndpoint = &server.URL })
	return b
}

func promo() *promotion.Promotion {
	return &promotion.Promotion{ID: "promo_01k9abcdefghjkmnpqrstvwxyz", State: promotion.Scheduled, Starts: starts,
		Ends: ends, TimeZone: "Asia/Seoul"}
}

// names lists the schedules there are, with their expressions.
func (b *bench) names(t *testing.T) map[string]string {
	t.Helper()
	page, err := b.client.ListSchedules(t.Context(), &scheduler.ListSchedulesInput{GroupName: aws.String("dangol")})
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, s := range page.Schedules {
		got, err := b.client.GetSchedule(t.Context(),
			&scheduler.GetScheduleInput{Name: s.Name, GroupName: aws.String("dangol")})
		if err != nil {
			t.Fatal(err)
		}
		if dead := got.Target.DeadLetterConfig; dead == nil ||
			*dead.Arn != "arn:aws:sqs:ap-northeast-2:123456789012:times-dead" {
			t.Errorf("%s has the dead-letter queue %+v", *s.Name, dead)
		}
		found[*s.Name] = *got.ScheduleExpression + " " + *got.ScheduleExpressionTimezone
	}
	return found
}

func TestSchedulesFollowThePromotion(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	p := promo()
	start, end := schedule.Name(p.ID, store.Start), schedule.Name(p.ID, store.End)
	plan := func() map[string]string {
		t.Helper()
		if err := b.planner.Plan(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		return b.names(t)
	}
	for range 2 { // planning again changes nothing
		if got := plan(); got[start] != "at(2026-11-27T10:00:00) Asia/Seoul" ||
			got[end] != "at(2026-11-30T00:00:00) Asia/Seoul" || len(got) != 2 {
			t.Fatalf("published: %v", got)
		}
	}
	p.Ends = ends.Add(24 * time.Hour)
	if got := plan(); got[end] != "at(2026-12-01T00:00:00) Asia/Seoul" {
		t.Errorf("moved: %v", got)
	}
	p.Ends = time.Time{}
	if got := plan(); got[end] != "" || len(got) != 1 {
		t.Errorf("without an end: %v", got)
	}
	p.State = promotion.Draft
	if got := plan(); len(got) != 0 {
		t.Errorf("a draft: %v", got)
	}
}

func TestAScheduleFiresOnceAndIsGone(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if err := b.planner.Plan(t.Context(), promo()); err != nil {
		t.Fatal(err)
	}
	for _, at := range []time.Time{starts.Add(-time.Second), starts, ends, ends.Add(time.Hour)} {
		b.clock.MoveTo(at)
		if _, err := b.sched.RunDue(t.Context(), at); err != nil {
			t.Fatal(err)
		}
	}
	if len(b.fired) != 2 || b.fired[0].Boundary != store.Start || !b.fired[0].At.Equal(starts) ||
		b.fired[1].Boundary != store.End {
		t.Errorf("fired %+v", b.fired)
	}
	if left := b.names(t); len(left) != 0 {
		t.Errorf("left over: %v", left)
	}
	if err := b.planner.Plan(t.Context(), promo()); err != nil || len(b.names(t)) != 0 {
		t.Errorf("planned after its end: %v %v", b.names(t), err)
	}
}

func TestExpressionsMeanOneMoment(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, at, zone, want string
	}{
		{"in the shop's time zone", "2026-11-27T01:00:00Z", "Asia/Seoul", "at(2026-11-27T10:00:00) Asia/Seoul"},
		{"in the night in which New York shows two o'clock twice, in UTC", "2026-11-01T06:30:00Z", "America/New_York",
			"at(2026-11-01T06:30:00) UTC"},
		{"in the night in which it shows none, in UTC", "2027-03-14T07:00:00Z", "America/New_York",
			"at(2027-03-14T07:00:00) UTC"},
		{"the day after, as people read it", "2026-11-02T15:00:00Z", "America/New_York",
			"at(2026-11-02T10:00:00) America/New_York"},
		{"never early: seconds are rounded up", "2026-11-27T01:00:00.001Z", "Asia/Seoul",
			"at(2026-11-27T10:00:01) Asia/Seoul"},
		{"a zone that is none", "2026-11-27T01:00:00Z", "Mars/Olympus", "at(2026-11-27T01:00:00) UTC"},
	} {
		at, err := time.Parse(time.RFC3339Nano, tc.at)
		if err != nil {
			t.Fatal(err)
		}
		expression, zone := schedule.Expression(at, tc.zone)
		if got := expression + " " + zone; got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
}
