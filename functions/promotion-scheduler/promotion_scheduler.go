// Package promotionscheduler publishes when promotions start and end, and counts what they bring.
// No request waits for it: prices follow the clock, so what it does late changes no price.
//
// It writes onto PROMOTION#<id>/PROMOTION that a boundary was announced and that a budget
// is used up, and owns PROMOTION#<id>/STATS, SALES#<scope>#<currency>/<day> and, for
// sales that change the catalog price, rows of the price history PRODUCT#<id>/PRICE#.... It adds what was sold to
// RETURN-COUNT#<month>/PRODUCT#<id>, with which the function returns compares what came back.
// It publishes promotion.started, promotion.ended and promotion.budget_exhausted, and
// metrics of each promotion (orders, revenue, discount, new customers).
//
// Orders are counted from the table's stream, in batches: one transaction for many orders, so that the counters of the
// whole shop are written some times a second at most, and not once for each order. An order is counted once: the
// transaction holds the record of its event.
//
// Triggers: the one-time schedules of a promotion's start and end (see shared/promotion/schedule), the bus (Consumes),
// and the stream of Commerce. What may happen to a schedule, and what then:
//
// twice the second finds that the boundary was announced, and does nothing.
// late the event says when it took effect; an end that
// overtakes its start announces both, in order.
// early the promotion was moved and the schedule was not:
// nothing is announced, and the schedules are made anew.
// before the write the promotion is still a draft: the invocation fails, and Lambda repeats it.
// for nothing the promotion is gone, or still a draft
// minutes later, because publishing it failed: done.
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
		Events: Scheduler{}.consumers().Types(),
		Stream: &function.Stream{
			Tables: []string{table.Commerce.Name}, Types: saleTypes(), Batch: 100, Window: countWithin, Retries: 20,
		},
		Permissions: []function.Permission{function.PlanTimes},
	}
}

// countWithin is how long orders wait for others to be counted with. It bounds how often a counter of the whole shop is
// written, whatever the number of orders.
const countWithin = 5 * time.Second

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
		// Age 0: price history must be written for the products as they are now.
		Listing: catalog.NewListing(t, env.Clock, 0),
		Zone:    zone, Metrics: env.Metrics(), Clock: env.Clock, Log: env.Log,
	}.Handler(), nil
}

// Handler returns the Lambda handler: changes of orders, events of the bus, and what a schedule sends.
func (f Scheduler) Handler() lambda.Handler {
	return function.Handlers{
		Stream: lambda.NewHandler(f.CountOrders), Events: f.consumers(), Other: lambda.NewHandler(f.Fired), Log: f.Log,
	}.Lambda()
}

// consumers are the events that change the price history. Pausing
// and resuming a sale change prices as its end and its start do.
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
	}
}

// publishing is how long a schedule waits for the write that it was made for. One left over by a failure is then let
// go, by the last of Lambda's three tries.
const publishing = 2 * time.Minute

// Fired announces the boundaries of a promotion that have been
// reached. 1 round trip, 1 more for each boundary announced.
func (f Scheduler) Fired(ctx context.Context, fired schedule.Fired) error {
	// Neither the bus nor the Scheduler sends this; failing shows it in the function's errors.
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
	// Publishing makes the schedules before it writes: this one may have fired in
	// between. Failing makes Lambda try again, until the write must have come to nothing.
	if p.State == promotion.Draft {
		if f.Clock.Now().Sub(fired.At) > publishing {
			return nil
		}
		return fmt.Errorf("promotion-scheduler: %s is not published, or not visibly so yet", p.ID)
	}
	// All that have been reached, not only the one that
	// fired: the other one's schedule may have been lost.
	for _, e := range r.Reached(f.Clock.Now()) {
		if err := f.announce(ctx, r, e); err != nil {
			return err
		}
	}
	// The schedule was made for another time than the
	// boundary now has: make the schedules right again.
	if e := fired.Boundary; !e.At(p).Equal(fired.At) {
		return f.Planner.Plan(ctx, p)
	}
	return nil
}

// announce writes the event of a boundary onto the promotion, once.
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
	// Another invocation announced it first, or the promotion was changed meanwhile.
	if err != nil || !recorded {
		return err
	}
	late := f.Clock.Now().Sub(at)
	f.Log.InfoContext(ctx, "promotion "+string(e), "promotion", r.Promotion.ID, "at", at, "late", late.String())
	return f.Metrics.Emit(map[string]string{"promotion": r.Promotion.ID},
		metrics.Metric{Name: metric, Unit: metrics.Count, Value: 1}, metrics.Metric{Name: "PromotionLate",
			Unit: metrics.Milliseconds, Value: float64(late.Milliseconds())})
}
