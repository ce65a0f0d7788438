// Package reviews is the function for what customers say about products: reviews with their summary, helpful votes,
// reports, questions and answers, moderation, rewards, and the recovery of unhappy customers.
//
// It owns the items of package review/store in the table Care, and reads orders and products in Commerce. Everything
// that decides what a review is worth (publication, order, reward) leaves the stars alone. It publishes
// review.published, review.unpublished, review.media_rejected, review.replied, review.rewarded, review.reward_revoked,
// review.requested, review.update_invited, recovery.opened, recovery.answered, recovery.resolved,
// recovery.deadline_missed, question.asked and question.answered.
//
// Jobs: review (a held one is published at its deadline, a reward is decided), review_request (buyers are asked, 7 and
// 30 days after delivery), review_recovery (a case is overdue, an author is invited). Events: order.delivered,
// order.placed, order.canceled, order.refunded, return.completed. Photos and videos are the function review-media's.
package reviews

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"dangol/shared/order"
	"dangol/shared/platform/api"
	"dangol/shared/platform/boot"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/function"
	"dangol/shared/platform/ratelimit"
	"dangol/shared/platform/table"
	"dangol/shared/platform/worker"
	"dangol/shared/problemtext"
	promotions "dangol/shared/promotion/store"
	"dangol/shared/review/store"
)

// Reviews is the function with what it needs.
type Reviews struct {
	Store    store.Store
	Commerce *table.Table
	Orders   order.Store
	Rewards  Granter
	Limiter  ratelimit.Limiter
	Clock    clock.Clock
	Log      *slog.Logger
	Shop     Shop
}

// Shop is what the function says about the shop.
type Shop struct {
	Name  string `env:"SHOP_NAME"`
	URL   string `env:"SHOP_URL"`
	Media string `env:"MEDIA_URL"` // where photos are served from, without a slash at its end
}

// Spec describes the function.
func Spec() function.Spec {
	return function.Spec{
		Name: "reviews", Purpose: "Reviews, questions and votes; their moderation, rewards, and the recovery of unhappy " +
			"customers",
		New: New, API: API(), Memory: 512, Timeout: 29 * time.Second,
		Environment: slices.Concat(api.Variables(),
			[]string{"CARE_TABLE", "COMMERCE_TABLE", "SHOP_NAME", "SHOP_URL", "MEDIA_URL"}),
		Data: []function.Data{{
			Title:    "Reviews",
			About:    "Package `shared/review/store`, table Care. One item a review, beside the summary of its product.",
			Patterns: store.AccessPatterns,
		}},
		Tables: []function.Grant{
			{
				Table:   table.Care.Name,
				Actions: []string{"GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "DeleteItem"},
				Indexes: []string{table.ByOne, table.ByTwo},
			},
			// Commerce is updated for codes of promotions only: they are used up to take a reward
			// back.
			{Table: table.Commerce.Name, Actions: []string{"GetItem", "BatchGetItem", "UpdateItem"}},
		},
		Jobs:   (*Reviews)(nil).Jobs(),
		Events: (*Reviews)(nil).Consumers().Types(),
	}
}

// New builds the function. Environment: CARE_TABLE, COMMERCE_TABLE, SHOP_NAME, SHOP_URL, MEDIA_URL, and what
// api.FromEnv names.
func New(ctx context.Context, env *boot.Env) (lambda.Handler, error) {
	options, err := api.FromEnv(ctx, env)
	if err != nil {
		return nil, err
	}
	options.Message = problemtext.For
	var shop Shop
	if err := env.Config(&shop); err != nil {
		return nil, err
	}
	tables, err := env.Tables(ctx, "CARE_TABLE", "COMMERCE_TABLE")
	if err != nil {
		return nil, err
	}
	f := With(tables[0], tables[1], env.Clock, env.Log, shop)
	return function.Handlers{API: f.Service(options).Lambda(), Jobs: f.Jobs(), Events: f.Consumers(),
		Log: env.Log}.Lambda(), nil
}

// With returns the function over its two tables.
func With(care, commerce *table.Table, c clock.Clock, log *slog.Logger, shop Shop) *Reviews {
	kept := store.Store{Table: care, Clock: c}
	return &Reviews{
		Store: kept, Commerce: commerce, Orders: order.Store{Table: commerce, Clock: c}, Clock: c, Log: log, Shop: shop,
		Limiter: ratelimit.Limiter{Table: care, Clock: c},
		Rewards: coupons{Promotions: promotions.Store{Table: commerce, Clock: c}, Codes: kept, Commerce: commerce},
	}
}

// Jobs are the jobs that the function does.
func (f *Reviews) Jobs() worker.Kinds {
	care := table.Care.Name
	return worker.Kinds{
		{Name: store.DueReview, Table: care, Handle: f.reviewJob},
		{Name: store.DueRequest, Table: care, Handle: f.requestJob},
		{Name: store.DueRecovery, Table: care, Handle: f.recoveryJob},
	}
}

// Consumers are the events that the function consumes.
func (f *Reviews) Consumers() function.Consumers {
	return function.Consumers{
		function.On(f.delivered),
		function.On(f.placed),
		function.On(f.canceled),
		function.On(f.returned),
		function.On(f.orderRefunded),
	}
}

// API describes the function's routes; it cannot serve them.
func API() *api.Service { return (*Reviews)(nil).Service(api.Options{}) }

// Service is the function's HTTP side.
func (f *Reviews) Service(o api.Options) *api.Service {
	s := api.New("reviews", o)
	f.readRoutes(s)
	f.authorRoutes(s)
	f.questionRoutes(s)
	f.moderationRoutes(s)
	f.recoveryRoutes(s)
	f.rewardRoutes(s)
	f.exchangeRoutes(s)
	return s
}

// route makes a route of one of the function's tags.
func route(tag string, access api.Access, method, path, id, summary string, errors ...int) api.Route {
	return api.Route{
		Method: method, Path: path, ID: id, Summary: summary, Tag: tag, Access: access, Errors: append([]int{422}, errors...),
	}
}

// The paths of a product's reviews and of one review. A review is named together with its product.
const (
	ofProduct = "/products/{id}/reviews"
	one       = ofProduct + "/{reviewId}"
)

// ReviewInput names a review. Exported because Huma fills only exported embedded structs.
type ReviewInput struct {
	ProductID string `path:"id" maxLength:"60" example:"prod_01k9x7d3f8q7m2k"`
	ReviewID  string `path:"reviewId" maxLength:"60" example:"rev_01m80674exnpsz0bg9nw68d4b7"`
}

// id names the review in the store.
func (in ReviewInput) id() store.ReviewID {
	return store.ReviewID{ProductID: in.ProductID, ReviewID: in.ReviewID}
}
