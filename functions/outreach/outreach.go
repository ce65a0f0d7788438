// Package outreach is the API of consent, preferences, tracking, series, campaigns and web push. It owns the answers
// about consent (CONTACT#.../CONTACT and PROOF#...), campaigns and segments; what follows from them is done by
// functions/outreach-worker and mails are sent by functions/mailer. It publishes no events.
//
//	POST /outreach/sign-ups                        anyone: hear from the shop; the mailbox has to confirm
//	GET  /outreach/confirm/{token}, POST           page and confirmation of a sign-up
//	GET  /outreach/unsubscribe/{token}, POST       page, and one-click unsubscribe by RFC 8058; GET changes nothing
//	GET  /outreach/preferences/{token}, POST       topics, channels, measuring: no log-in, by signed link
//	GET  /outreach/links/{token}, opened/{token}   clicks and opens; people and machines apart
//	GET  /outreach/why/{token}                     why a message was sent
//	GET  /outreach/push/key, worker.js             what a storefront needs for web push
//	POST /outreach/push/subscriptions, unsubscribe a browser agrees, or leaves
//	     /outreach/sequences...                    merchants: series, their pause, dry run and report
//	     /outreach/campaigns...                    merchants: plan, dry run, schedule, pause, stop, progress
//	     /outreach/segments...                     merchants: count and sample
//	     /outreach/webhooks...                     merchants: endpoints of other systems, their secrets and attempts
//	     /outreach/failures..., contacts/lookup, coupons/{name}, sending, previews   merchants and agents
//	     /outreach/contacts/erase, consents/import   merchants
//
// Tokens are signed (package tracking) and hold ids, never an address.
package outreach

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"dangol/shared/outreach/push"
	"dangol/shared/outreach/recommend"
	"dangol/shared/outreach/service"
	"dangol/shared/outreach/tracking"
	"dangol/shared/platform/api"
	"dangol/shared/platform/boot"
	"dangol/shared/platform/function"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/ratelimit"
	"dangol/shared/platform/table"
	"dangol/shared/problemtext"
	"dangol/shared/promotion/store"
)

// Outreach is the function with what it needs.
type Outreach struct {
	Service    *service.Service
	Limits     ratelimit.Limiter
	Promotions store.Store
	Hosts      []string // allowed push services
	Hooks      []string // hosts of a laptop that webhooks may reach
}

// Spec describes the function.
func Spec() function.Spec {
	return function.Spec{
		Name: "outreach", Purpose: "Consent, preferences, tracking, series, campaigns and web push, for shoppers and " +
			"merchants",
		New: New, API: API(), Memory: 512, Timeout: 29 * time.Second,
		Environment: slices.Concat(api.Variables(), service.Variables(),
			[]string{"COMMERCE_TABLE", "PUSH_HOSTS", "WEBHOOK_HOSTS"}),
		Tables: []function.Grant{
			{
				Table: table.Outreach.Name,
				// DeleteItem: an Idempotency-Key whose request was refused is free again
				Actions: []string{"GetItem", "BatchGetItem", "PutItem", "UpdateItem", "DeleteItem", "Query"},
				Indexes: []string{table.ByOne},
			},
			// promotions whose codes are coupons, segments of customers, products of a preview
			{Table: table.Commerce.Name, Actions: []string{"GetItem", "PutItem", "BatchGetItem"}},
		},
	}
}

// New builds the function. Environment: api.Variables, service.Variables, COMMERCE_TABLE (promotions whose codes are
// coupons), PUSH_HOSTS.
func New(ctx context.Context, env *boot.Env) (lambda.Handler, error) {
	s, err := service.FromEnv(ctx, env)
	if err != nil {
		return nil, err
	}
	options, err := api.FromEnv(ctx, env)
	if err != nil {
		return nil, err
	}
	options.Message = problemtext.For
	var config struct {
		Hosts []string `env:"PUSH_HOSTS,optional"`
		Hooks []string `env:"WEBHOOK_HOSTS,optional"`
	}
	if err := env.Config(&config); err != nil {
		return nil, err
	}
	tables, err := env.Tables(ctx, "COMMERCE_TABLE")
	if err != nil {
		return nil, err
	}
	s.Commerce = tables[0]
	s.Recommend = recommend.New(tables[0], s.Table, env.Clock, s.Shop.URL)
	f := &Outreach{
		Service: s, Limits: ratelimit.Limiter{Table: s.Table, Clock: env.Clock},
		Promotions: store.Store{Table: tables[0], Clock: env.Clock},
		// Cloned, so that the list of the package stays as it is.
		Hosts: append(slices.Clone(push.Hosts), config.Hosts...),
		Hooks: config.Hooks,
	}
	return f.API(options).Lambda(), nil
}

// API describes the routes.
func API() *api.Service { return (*Outreach)(nil).API(api.Options{}) }

// API is the function's HTTP side.
func (f *Outreach) API(o api.Options) *api.Service {
	s := api.New("outreach", o)
	f.shopperRoutes(s)
	f.pushRoutes(s)
	f.seriesRoutes(s)
	f.campaignRoutes(s)
	f.careRoutes(s)
	f.webhookRoutes(s)
	return s
}

// route makes a route of this function.
func route(access api.Access, method, path, id, summary, text string, errors ...int) api.Route {
	return api.Route{
		Method: method, Path: "/outreach" + path, ID: id, Summary: summary, Description: text, Tag: "Outreach",
		Access: access, Errors: errors,
	}
}

// LinkInput is the token of a signed link.
type LinkInput struct {
	Token string `path:"token" maxLength:"512" doc:"From the link in the message."`
}

// verify reads a token. Error: 404 link_invalid, which does not tell why: a stranger learns nothing
// from it.
func (f *Outreach) verify(ctx context.Context, p tracking.Purpose, text string, fields int) ([]string, error) {
	signer, err := f.Service.Keys.Signer(ctx, f.Service.Clock.Now())
	if err != nil {
		return nil, err
	}
	got, err := signer.Verify(p, text, fields)
	if err != nil {
		return nil, problem.NotFound("link_invalid", "This link is not valid.")
	}
	return got, nil
}

// Page is an answer that is a page for people.
type Page struct {
	Type     string `header:"Content-Type"`
	Cache    string `header:"Cache-Control"`
	Security string `header:"Content-Security-Policy"`
	Referrer string `header:"Referrer-Policy"`
	Body     []byte
}

// now is the time of the shop's clock, which tests move.
func (f *Outreach) now() time.Time { return f.Service.Clock.Now() }

// limited counts attempts of one address and of one source, so that nobody is flooded with mails by a stranger.
func (f *Outreach) limited(ctx context.Context, email string) error {
	return f.Limits.Take(ctx,
		// By address, so that nobody is flooded; by source, so that nobody tries many addresses.
		ratelimit.Limit{Name: "sign-up", Subject: strings.ToLower(email), Max: 3, Window: 24 * time.Hour},
		ratelimit.Limit{Name: "sign-up-source", Subject: api.SourceIP(ctx), Max: 30, Window: time.Hour},
	)
}

var accepted = http.StatusAccepted
