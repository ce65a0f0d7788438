package scheduler_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	api "github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/scheduler/types"
	"github.com/aws/smithy-go"
)

func TestScheduleIsReadBackAsItWasWritten(t *testing.T) {
	t.Parallel()
	b := newBench(t, "", noon)
	in := plan("spring", "cron(0 9 ? * 2 *)")
	in.GroupName, in.Description = aws.String("shop"), aws.String("봄 세일")
	in.ScheduleExpressionTimezone, in.StartDate = aws.String("Asia/Seoul"), aws.Time(noon.Add(time.Hour))
	in.Target.RetryPolicy = &types.RetryPolicy{MaximumRetryAttempts: aws.Int32(0)}
	b.create(in)
	out, err := b.client.GetSchedule(t.Context(), &api.GetScheduleInput{Name: in.Name, GroupName: in.GroupName})
	if err != nil {
		t.Fatal(err)
	}
	if *out.ScheduleExpression != *in.ScheduleExpression || *out.Description != *in.Description ||
		*out.GroupName != "shop" ||
		!out.StartDate.Equal(*in.StartDate) || *out.Target.Input != *in.Target.Input ||
		*out.Target.RetryPolicy.MaximumRetryAttempts != 0 ||
		out.State != types.ScheduleStateEnabled || !out.CreationDate.Equal(noon) || out.EndDate != nil ||
		*out.Arn != "arn:aws:scheduler:us-east-1:000000000000:schedule/shop/spring" {
		t.Errorf("read back %+v", out)
	}
}

func TestUpdateReplacesEverythingAndDeleteEndsIt(t *testing.T) {
	t.Parallel()
	b := newBench(t, "", noon)
	in := plan("sale", "at(2026-03-01T13:00:00)")
	in.Description = aws.String("first")
	b.create(in)
	b.clock.Advance(time.Minute)
	_, err := b.client.UpdateSchedule(t.Context(), &api.UpdateScheduleInput{
		Name: in.Name, ScheduleExpression: aws.String("at(2026-03-01T14:00:00)"), Target: in.Target,
		FlexibleTimeWindow: in.FlexibleTimeWindow,
	})
	if err != nil {
		t.Fatal(err)
	}
	out, err := b.client.GetSchedule(t.Context(), &api.GetScheduleInput{Name: in.Name})
	if err != nil || out.Description != nil || !out.CreationDate.Equal(noon) ||
		!out.LastModificationDate.Equal(noon.Add(time.Minute)) {
		t.Errorf("after the update: %+v, %v", out, err)
	}
	b.advance(90 * time.Minute)
	if len(b.got) != 0 {
		t.Errorf("the replaced time still ran: %q", b.got)
	}
	if _, err := b.client.DeleteSchedule(t.Context(), &api.DeleteScheduleInput{Name: in.Name}); err != nil {
		t.Fatal(err)
	}
	b.advance(24 * time.Hour)
	if len(b.got) != 0 {
		t.Errorf("a deleted schedule ran: %q", b.got)
	}
}

func TestRepeatedCallsWithTheSameTokenAreAnsweredAsTheFirst(t *testing.T) {
	t.Parallel()
	b := newBench(t, "", noon)
	in := plan("once", "at(2026-03-01T13:00:00)")
	in.ClientToken = aws.String("create-token")
	b.create(in)
	b.create(in)
	in.ClientToken = aws.String("other-token")
	_, err := b.client.CreateSchedule(t.Context(), in)
	if _, ok := errors.AsType[*types.ConflictException](err); !ok {
		t.Errorf("the same name with another token: %v", err)
	}
	remove := func(token string) error {
		_, err := b.client.DeleteSchedule(t.Context(), &api.DeleteScheduleInput{Name: in.Name, ClientToken: &token})
		return err
	}
	if err := errors.Join(remove("delete-token"), remove("delete-token")); err != nil {
		t.Error(err)
	}
	if _, ok := errors.AsType[*types.ResourceNotFoundException](remove("later-token")); !ok {
		t.Error("deleting what is gone with another token is no ResourceNotFoundException")
	}
}

func TestListFiltersAndPages(t *testing.T) {
	t.Parallel()
	b := newBench(t, "", noon)
	for i := range 5 {
		b.create(plan(fmt.Sprint("sale-", i), "rate(1 day)"))
	}
	other := plan("sale-x", "rate(1 day)")
	other.GroupName, other.State = aws.String("other"), types.ScheduleStateDisabled
	b.create(other)
	b.create(plan("campaign", "rate(1 day)"))
	list := func(in api.ListSchedulesInput) (names []string) {
		pages := api.NewListSchedulesPaginator(b.client, &in)
		for pages.HasMorePages() {
			page, err := pages.NextPage(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if in.MaxResults != nil && len(page.Schedules) > int(*in.MaxResults) {
				t.Errorf("a page of %d", len(page.Schedules))
			}
			for _, s := range page.Schedules {
				names = append(names, *s.Name)
			}
		}
		return names
	}
	cases := []struct {
		name string
		in   api.ListSchedulesInput
		want []string
	}{
		{"pages of two", api.ListSchedulesInput{MaxResults: aws.Int32(2), NamePrefix: aws.String("sale"),
			GroupName: aws.String("default")},
			[]string{"sale-0", "sale-1", "sale-2", "sale-3", "sale-4"}},
		{"one group", api.ListSchedulesInput{GroupName: aws.String("other")}, []string{"sale-x"}},
		{"disabled ones", api.ListSchedulesInput{State: types.ScheduleStateDisabled}, []string{"sale-x"}},
		{"none", api.ListSchedulesInput{NamePrefix: aws.String("z")}, nil},
	}
	for _, c := range cases {
		if got := list(c.in); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestBadSchedulesAreRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t, "", noon)
	cases := []struct {
		name   string
		change func(*api.CreateScheduleInput)
	}{
		{"an expression that is none", func(in *api.CreateScheduleInput) { in.ScheduleExpression = aws.String("daily") }},
		{"no such zone", func(in *api.CreateScheduleInput) { in.ScheduleExpressionTimezone = aws.String("Asia/Busan") }},
		{"a name with a blank", func(in *api.CreateScheduleInput) { in.Name = aws.String("a b") }},
		{"a name too long", func(in *api.CreateScheduleInput) { in.Name = aws.String(fmt.Sprintf("%065d", 1)) }},
		{"a target that is no function", func(in *api.CreateScheduleInput) {
			in.Target.Arn = aws.String("arn:aws:sqs:us-east-1:000000000000:q")
		}},
		{"input that is no JSON", func(in *api.CreateScheduleInput) { in.Target.Input = aws.String("{") }},
		{"an end before the start", func(in *api.CreateScheduleInput) {
			in.StartDate, in.EndDate = aws.Time(noon), aws.Time(noon.Add(-time.Hour))
		}},
		{"an unknown state", func(in *api.CreateScheduleInput) { in.State = "PAUSED" }},
		{"an unknown window", func(in *api.CreateScheduleInput) { in.FlexibleTimeWindow.Mode = "WIDE" }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			in := plan("bad", "rate(1 day)")
			c.change(in)
			_, err := b.client.CreateSchedule(t.Context(), in)
			if got, ok := errors.AsType[*types.ValidationException](err); !ok || got.ErrorMessage() == "" {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestWhatIsMissingOrNotServedSaysSo(t *testing.T) {
	t.Parallel()
	b := newBench(t, "", noon)
	in := plan("none", "rate(1 day)")
	_, get := b.client.GetSchedule(t.Context(), &api.GetScheduleInput{Name: in.Name})
	_, update := b.client.UpdateSchedule(t.Context(), &api.UpdateScheduleInput{
		Name: in.Name, ScheduleExpression: in.ScheduleExpression, Target: in.Target,
		FlexibleTimeWindow: in.FlexibleTimeWindow,
	})
	_, remove := b.client.DeleteSchedule(t.Context(), &api.DeleteScheduleInput{Name: in.Name})
	for name, err := range map[string]error{"get": get, "update": update, "delete": remove} {
		if _, ok := errors.AsType[*types.ResourceNotFoundException](err); !ok {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, groups := b.client.ListScheduleGroups(t.Context(), &api.ListScheduleGroupsInput{})
	if e, ok := errors.AsType[smithy.APIError](groups); !ok || e.ErrorCode() != "UnknownOperationException" {
		t.Errorf("groups: %v", groups)
	}
}
