// Package promotionscheduler tells when promotions start and end, and counts what they bring. Nobody waits for it:
// prices follow the clock, so what it does late changes no price.
//
// It writes onto PROMOTION#<id>/PROMOTION that an edge was told and that a budget is used up, and owns
// PROMOTION#<id>/STATS, SALES#<scope>#<currency>/<day> and, for sales that change the catalog price, rows of the price
// history PRODUCT#<id>/PRICE#.... It emits promotion.started, promotion.ended and promotion.budget_exhausted, and
// metrics of each promotion (orders, revenue, discount, new customers).
//
// Triggers: the one-time schedules of a promotion's start and end (see shared/promotion/schedule), and the bus
// (Consumes). What may happen to a schedule, and what then:
//
//	twice            the second finds that the edge was told, and does nothing.
//	late             the event says when it took effect; an end that overtakes its start tells both, in order.
//	early            the promotion was moved and the schedule was not: nothing is told, and the schedules are made anew.
//	before the write the promotion is still a draft: the invocation fails, and Lambda repeats it.
//	for nothing      the promotion is gone, or still a draft minutes later, because publishing it failed: done.
package promotionscheduler

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"dangol/events"
	"dangol/shared/catalog"
	"dangol/shared/platform/boot"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/event"
	"dangol/shared/platform/function"
	"dangol/shared/platform/metrics"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/promotion"
	"dangol/shared/promotion/schedule"
	"dangol/shared/promotion/store"
)

// Planner makes the schedules of a promotion; *schedule.Planner does.
type Planner interface {
	Plan(ctx context.Context, p *promotion.Promotion) error
}

// Scheduler is the function with what it needs.
type Scheduler struct {
	Store   store.Store
	Table   *table.Table
	Planner Planner
	Listing *catalog.Listing
	Zone    *time.Location // the shop's: of the days that sales are counted by
	Metrics *metrics.Writer
	Clock   clock.Clock
	Log     *slog.Logger
}

// Spec describes the function.
func Spec() function.Spec {
	return function.Spec{
		Name: "promotion-scheduler", Purpose: "Publishes when promotions start and end, and counts what they bring",
		New: New, Memory: 256, Timeout: 30 * time.Second,
		Environment: append(schedule.Variables(), "COMMERCE_TABLE", "SHOP_TIMEZONE"),
		Tables: []function.Grant{{
			Table:   table.Commerce.Name,
			Actions: []string{"GetItem", "BatchGetItem", "PutItem", "UpdateItem", "BatchWriteItem"},
			Indexes: []string{table.ByOne},
		}},
		Events:      Scheduler{}.consumers().Types(),
		Permissions: []function.Permission{function.PlanTimes},
	}
}

// New builds the function. Environment: COMMERCE_TABLE; SHOP_TIMEZONE, whose days sales are counted by (Asia/Seoul);
// what schedule.FromEnv names.
func New(ctx context.Context, env *boot.Env) (lambda.Handler, error) {
	var config struct {
		Zone string `env:"SHOP_TIMEZONE,default=Asia/Seoul"`
	}
	if err := env.Config(&config); err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(config.Zone)
	if err != nil {
		return nil, fmt.Errorf("SHOP_TIMEZONE: %w", err)
	}
	planner, err := schedule.FromEnv(env)
	if err != nil {
		return nil, err
	}
	tables, err := env.Tables(ctx, "COMMERCE_TABLE")
	if err != nil {
		return nil, err
	}
	t := tables[0]
	return Scheduler{
		Store: store.Store{Table: t, Clock: env.Clock}, Table: t, Planner: planner,
		Listing: catalog.NewListing(t, env.Clock, 0),
		Zone:    zone, Metrics: env.Metrics(), Clock: env.Clock, Log: env.Log,
	}.Handler(), nil
}

// Handler returns the Lambda handler: events of the bus, and what a schedule sends.
func (f Scheduler) Handler() lambda.Handler {
	return function.Handlers{Events: f.consumers(), Other: lambda.NewHandler(f.Fired), Log: f.Log}.Lambda()
}

func (f Scheduler) consumers() function.Consumers {
	return function.Consumers{
		function.On(func(ctx context.Context, _ event.Envelope, e events.PromotionStarted) error {
			return f.priced(ctx, e.PromotionRef, true)
		}),
		function.On(func(ctx context.Context, _ event.Envelope, e events.PromotionEnded) error {
			return f.priced(ctx, e.PromotionRef, false)
		}),
		function.On(func(ctx context.Context, _ event.Envelope, e events.PromotionPaused) error {
			return f.priced(ctx, e.PromotionRef, false)
		}),
		function.On(func(ctx context.Context, _ event.Envelope, e events.PromotionResumed) error {
			return f.priced(ctx, e.PromotionRef, true)
		}),
		function.On(func(ctx context.Context, e event.Envelope, body events.OrderPlaced) error {
			return f.sold(ctx, e, soldIn(body))
		}),
		function.On(func(ctx context.Context, e event.Envelope, body events.OrderCanceled) error {
			return f.sold(ctx, e, canceledIn(body))
		}),
		function.On(func(ctx context.Context, e event.Envelope, body events.OrderPaymentFailed) error {
			return f.sold(ctx, e, unpaidIn(body))
		}),
	}
}

// publishing is how long a schedule waits for the write that it was made for. One left over by a failure is then let
// go, by the last of Lambda's three tries.
const publishing = 2 * time.Minute

// Fired tells the edges of a promotion that have been reached. 1 round trip, 1 more for each edge that is told.
func (f Scheduler) Fired(ctx context.Context, fired schedule.Fired) error {
	if fired.PromotionID == "" {
		return errors.New("promotion-scheduler: neither a schedule nor an event")
	}
	r, err := f.Store.Get(ctx, fired.PromotionID)
	if problem.Code(err) == "promotion_not_found" {
		return nil
	}
	if err != nil {
		return err
	}
	p := &r.Promotion
	if p.State == promotion.Draft {
		if f.Clock.Now().Sub(fired.At) > publishing {
			return nil
		}
		return fmt.Errorf("promotion-scheduler: %s is not published, or not visibly so yet", p.ID)
	}
	for _, e := range r.Reached(f.Clock.Now()) {
		if err := f.announce(ctx, r, e); err != nil {
			return err
		}
	}
	if e := fired.Boundary; !e.At(p).Equal(fired.At) {
		return f.Planner.Plan(ctx, p)
	}
	return nil
}

// announce writes the event of an edge onto the promotion, once.
func (f Scheduler) announce(ctx context.Context, r *store.Record, e store.Boundary) (err error) {
	at := e.At(&r.Promotion)
	ref := store.EventRef(&r.Promotion, at)
	noted, metric, body := store.Started, "PromotionStarted", event.Body(events.PromotionStarted{PromotionRef: ref})
	if e == store.End {
		noted, metric, body = store.Ended, "PromotionEnded", events.PromotionEnded{PromotionRef: ref}
	}
	if r.Event, err = event.New(ctx, f.Clock.Now(), body); err != nil {
		return err
	}
	recorded, err := f.Store.RecordMilestone(ctx, r, noted)
	if err != nil || !recorded {
		return err
	}
	late := f.Clock.Now().Sub(at)
	f.Log.InfoContext(ctx, "promotion "+string(e), "promotion", r.Promotion.ID, "at", at, "late", late.String())
	return f.Metrics.Emit(map[string]string{"promotion": r.Promotion.ID},
		metrics.Metric{Name: metric, Unit: metrics.Count, Value: 1}, metrics.Metric{Name: "PromotionLate",
			Unit: metrics.Milliseconds, Value: float64(late.Milliseconds())})
}
