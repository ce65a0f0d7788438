// Package schedule makes the one-time EventBridge Scheduler schedules for the start and the end of
// a promotion, and keeps them in line with it. A schedule only reports that a boundary was reached;
// prices follow the clock, so one that is late, early, lost or fires twice changes no price.
package schedule

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/scheduler/types"

	"dangol/shared/platform/boot"
	"dangol/shared/platform/clock"
	"dangol/shared/promotion"
	"dangol/shared/promotion/store"
)

// Client is the part of the Scheduler client in use.
type Client interface {
	CreateSchedule(context.Context, *scheduler.CreateScheduleInput,
		...func(*scheduler.Options)) (*scheduler.CreateScheduleOutput, error)
	UpdateSchedule(context.Context, *scheduler.UpdateScheduleInput,
		...func(*scheduler.Options)) (*scheduler.UpdateScheduleOutput, error)
	DeleteSchedule(context.Context, *scheduler.DeleteScheduleInput,
		...func(*scheduler.Options)) (*scheduler.DeleteScheduleOutput, error)
}

// Planner makes schedules in one group that invoke one function.
type Planner struct {
	Client              Client
	Group, Target, Role string // the schedule group; ARN of the function; ARN of the role that may invoke it
	// ARN of the queue for invocations that could not be made.
	Dead  string // ARN of the queue for invocations that never came about
	Clock clock.Clock
}

// Variables are the environment variables that FromEnv reads.
func Variables() []string {
	return []string{"SCHEDULER_GROUP", "SCHEDULER_TARGET_ARN", "SCHEDULER_ROLE_ARN", "SCHEDULER_DEAD_ARN"}
}

// FromEnv builds the planner from SCHEDULER_GROUP, SCHEDULER_TARGET_ARN (the function that schedules invoke),
// SCHEDULER_ROLE_ARN (the role that may) and SCHEDULER_DEAD_ARN (the queue for what could not be invoked).
func FromEnv(env *boot.Env) (*Planner, error) {
	var config struct {
		Group  string `env:"SCHEDULER_GROUP"`
		Target string `env:"SCHEDULER_TARGET_ARN"`
		Role   string `env:"SCHEDULER_ROLE_ARN"`
		Dead   string `env:"SCHEDULER_DEAD_ARN"`
	}
	if err := env.Config(&config); err != nil {
		return nil, err
	}
	client := scheduler.NewFromConfig(env.AWS(), func(o *scheduler.Options) { o.BaseEndpoint = env.Endpoint("SCHEDULER") })
	return &Planner{Client: client, Group: config.Group, Target: config.Target, Role: config.Role, Dead: config.Dead,
		Clock: env.Clock}, nil
}

// Fired is the input with which a schedule invokes its function.
type Fired struct {
	PromotionID string `json:"promotionId"`
	// The JSON name is part of schedules that were made before and wait to fire.
	Boundary store.Boundary `json:"edge"`
	At       time.Time      `json:"at"` // the moment of the boundary when the schedule was made
}

// Name is the name of the schedule of a boundary.
func Name(promotionID string, e store.Boundary) string { return promotionID + "-" + string(e) }

// Plan makes the schedules of a promotion what they have to be: one for each
// boundary that is still to come, none for a draft or a boundary that is past.
// Repeating it changes nothing. Errors leave some schedules as they were; plan
// again. 1 call for each boundary, 2 where a schedule is there already.
func (p Planner) Plan(ctx context.Context, promo *promotion.Promotion) error {
	for _, e := range []store.Boundary{store.Start, store.End} {
		at := e.At(promo)
		var err error
		// A paused promotion keeps its schedules: it may be resumed,
		// and a boundary that is reached while paused is reported too.
		if promo.State != promotion.Draft && at.After(p.Clock.Now()) {
			err = p.put(ctx, promo, e, at)
		} else {
			err = p.drop(ctx, promo.ID, e)
		}
		if err != nil {
			return fmt.Errorf("schedule the %s of %s: %w", e, promo.ID, err)
		}
	}
	return nil
}

// putTries bounds how often a schedule that comes and goes meanwhile is tried to be made.
const putTries = 3

// put creates the schedule, or changes the one that is there. One that fires in between is gone and is made again.
func (p Planner) put(ctx context.Context, promo *promotion.Promotion, e store.Boundary, at time.Time) (err error) {
	for range putTries {
		in, marshal := p.definition(promo, e, at)
		if marshal != nil {
			return marshal
		}
		_, err = p.Client.CreateSchedule(ctx, in)
		if _, there := errors.AsType[*types.ConflictException](err); !there {
			return err
		}
		_, err = p.Client.UpdateSchedule(ctx, &scheduler.UpdateScheduleInput{
			Name: in.Name, GroupName: in.GroupName, ScheduleExpression: in.ScheduleExpression,
			ScheduleExpressionTimezone: in.ScheduleExpressionTimezone, ActionAfterCompletion: in.ActionAfterCompletion,
			FlexibleTimeWindow: in.FlexibleTimeWindow, Target: in.Target, Description: in.Description,
		})
		if _, gone := errors.AsType[*types.ResourceNotFoundException](err); !gone {
			return err
		}
	}
	return err
}

// drop deletes the schedule of a boundary; one that is not there
// is no error, because it may have fired and deleted itself.
func (p Planner) drop(ctx context.Context, promotionID string, e store.Boundary) error {
	_, err := p.Client.DeleteSchedule(ctx,
		&scheduler.DeleteScheduleInput{Name: aws.String(Name(promotionID, e)), GroupName: &p.Group})
	if _, gone := errors.AsType[*types.ResourceNotFoundException](err); gone {
		return nil
	}
	return err
}

// Retries of an invocation that cannot be made, for as long as a day: Lambda throttles or is out of reach, the role was
// changed. After that it waits in the dead-letter queue. A function that is invoked and fails is tried twice more by
// Lambda.
const (
	retries = 60
	maxAge  = 24 * 60 * 60
)

// definition is the schedule of a boundary. It deletes itself after it has
// fired, so that the account's limit of schedules is not used up by past ones.
func (p Planner) definition(promo *promotion.Promotion, e store.Boundary, at time.Time) (*scheduler.CreateScheduleInput,
	error) {
	input, err := json.Marshal(Fired{PromotionID: promo.ID, Boundary: e, At: at})
	if err != nil {
		return nil, err
	}
	expression, zone := Expression(at, promo.TimeZone)
	return &scheduler.CreateScheduleInput{
		Name: aws.String(Name(promo.ID, e)), GroupName: &p.Group, Description: aws.String(string(e) + " of " + promo.ID),
		ScheduleExpression: &expression, ScheduleExpressionTimezone: &zone,
		ActionAfterCompletion: types.ActionAfterCompletionDelete,
		FlexibleTimeWindow:    &types.FlexibleTimeWindow{Mode: types.FlexibleTimeWindowModeOff},
		Target: &types.Target{
			Arn: &p.Target, RoleArn: &p.Role, Input: aws.String(string(input)),
			RetryPolicy: &types.RetryPolicy{MaximumRetryAttempts: aws.Int32(retries),
				MaximumEventAgeInSeconds: aws.Int32(maxAge)},
			DeadLetterConfig: &types.DeadLetterConfig{Arn: &p.Dead},
		},
	}, nil
}

// Expression is the moment as a schedule says it: in the shop's time zone, as a person would read it, unless clocks are
// changed in that hour and it would say another moment or two; then in UTC. Seconds are rounded up.
func Expression(at time.Time, zone string) (expression, timeZone string) {
	// The scheduler has no fractions of seconds; rounded down it would fire before the boundary.
	at = at.Add(time.Second - 1).Truncate(time.Second)
	if place, err := time.LoadLocation(zone); err == nil {
		local := at.In(place)
		// Clocks are changed by at most some hours at a time: if the
		// offset is the same on both sides, the local time is unambiguous.
		_, before := local.Add(-3 * time.Hour).Zone()
		_, after := local.Add(3 * time.Hour).Zone()
		if before == after {
			return "at(" + local.Format("2006-01-02T15:04:05") + ")", zone
		}
	}
	return "at(" + at.UTC().Format("2006-01-02T15:04:05") + ")", "UTC"
}
