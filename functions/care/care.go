// Package care is the function for what helps shoppers without a conversation: the FAQ with its search, the hours of
// the shop's teams, call-back requests, and the merchant's figures about all of it.
//
// It owns the items FAQ#, TEAM#, CALL#, SLOT# and VERIFY# of the table Care (see shared/faq/store,
// shared/conversation/service, shared/callback/store and shared/verification/store) and writes notes of calls into the
// logs of conversations. It publishes no events.
//
// Triggers: HTTP API (routes below), and the due kind callback, whose jobs remind of calls and say that they are due.
//
// Routes: GET /faq, /faq/search, /faq/suggest, POST /faq/{entryId}/feedback; for merchants GET and PUT /faq/entries,
// PUT and DELETE one, POST /faq/publish, GET /faq/report; GET /teams, GET /teams/{teamId}/hours, PUT /teams/{teamId},
// PUT its override; GET /calls/slots, POST /calls/verifications and their prove, POST /calls, GET and DELETE
// /calls/{callId}; for agents GET /calls, POST begin and outcome; GET /care/report.
package care

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"

	"dangol/shared/callback"
	"dangol/shared/callback/dialer"
	calls "dangol/shared/callback/store"
	"dangol/shared/conversation"
	"dangol/shared/conversation/service"
	"dangol/shared/faq/store"
	"dangol/shared/platform/api"
	"dangol/shared/platform/boot"
	"dangol/shared/platform/due"
	"dangol/shared/platform/function"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/ratelimit"
	"dangol/shared/platform/table"
	"dangol/shared/platform/worker"
	"dangol/shared/problemtext"
	"dangol/shared/sms"
	verifications "dangol/shared/verification/store"
)

// Care is the function with what it needs.
type Care struct {
	FAQ     *store.Store
	Chat    *service.Service
	Calls   calls.Store
	Limiter ratelimit.Limiter
	Dialer  Dialer // nil: agents dial a link
	// SMS sends the codes that prove numbers; nil: numbers are taken as they are.
	SMS           Texter
	Verifications verifications.Store
	Shop          string // its name, in text messages
}

// Spec describes the function.
func Spec() function.Spec {
	return function.Spec{
		Name: "care", Purpose: "The FAQ, the hours of the teams, call-back requests, and figures about all of it",
		New: New, API: API(), Memory: 512, Timeout: 20 * time.Second,
		Environment: append(api.Variables(), "CARE_TABLE", "CONNECT_INSTANCE", "CONNECT_FLOW", "CONNECT_NUMBER",
			"SMS_ORIGINATION", "SHOP_NAME"),
		Tables: []function.Grant{{
			Table:   table.Care.Name,
			Actions: []string{"GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem"},
			Indexes: []string{table.ByOne, table.ByTwo},
		}},
		Permissions: []function.Permission{function.DialOut, function.SendText},
		Jobs:        (*Care)(nil).Jobs(),
		Data: []function.Data{{
			Title:    "FAQ",
			About:    "Package `shared/faq/store`, table Care. One item an entry; the index of a version in parts of 300 KB.",
			Patterns: store.AccessPatterns,
		}},
	}
}

// New builds the function. Environment: CARE_TABLE, and what api.FromEnv names. CONNECT_INSTANCE, CONNECT_FLOW and
// CONNECT_NUMBER, all three or none, name the instance of Amazon Connect that calls, its contact flow and the number
// shown. SMS_ORIGINATION, when set, is the ARN of the number, sender id or pool that codes are sent from, in the name
// of SHOP_NAME.
func New(ctx context.Context, env *boot.Env) (lambda.Handler, error) {
	var config struct {
		Instance string `env:"CONNECT_INSTANCE,optional"`
		Flow     string `env:"CONNECT_FLOW,optional"`
		Number   string `env:"CONNECT_NUMBER,optional"`
		SMS      string `env:"SMS_ORIGINATION,optional"`
		Shop     string `env:"SHOP_NAME"`
	}
	if err := env.Config(&config); err != nil {
		return nil, err
	}
	if set := config.Instance != ""; set != (config.Flow != "") || set != (config.Number != "") {
		return nil, errors.New("care: CONNECT_INSTANCE, CONNECT_FLOW and CONNECT_NUMBER go together")
	}
	options, err := api.FromEnv(ctx, env)
	if err != nil {
		return nil, err
	}
	options.Message = problemtext.For
	tables, err := env.Tables(ctx, "CARE_TABLE")
	if err != nil {
		return nil, err
	}
	f := &Care{
		FAQ:           &store.Store{Table: tables[0], Clock: env.Clock},
		Chat:          &service.Service{Table: tables[0], Clock: env.Clock, Log: env.Log, Metrics: env.Metrics()},
		Calls:         calls.Store{Table: tables[0], Clock: env.Clock},
		Limiter:       ratelimit.Limiter{Table: tables[0], Clock: env.Clock},
		Verifications: verifications.Store{Table: tables[0], Clock: env.Clock}, Shop: config.Shop,
	}
	if config.SMS != "" {
		f.SMS = sms.New(env.AWS(), config.SMS, aws.ToString(env.Endpoint("SMS")), env.Clock)
	}
	if config.Instance != "" {
		f.Dialer = dialer.NewConnect(env.AWS(), dialer.ConnectInstance{
			InstanceID: config.Instance, ContactFlowID: config.Flow, From: config.Number,
		}, aws.ToString(env.Endpoint("CONNECT")), env.Clock)
	}
	return f.Handler(options), nil
}

// Handler is what the function does with requests and jobs.
func (f *Care) Handler(o api.Options) lambda.Handler {
	return function.Handlers{API: f.HTTP(o).Lambda(), Jobs: f.Jobs(), Log: f.Chat.Log}.Lambda()
}

// API describes the function's routes; it cannot serve them.
func API() *api.Service { return (*Care)(nil).HTTP(api.Options{}) }

// HTTP is the function's HTTP side.
func (f *Care) HTTP(o api.Options) *api.Service {
	s := api.New("care", o)
	f.faqRoutes(s)
	f.teamRoutes(s)
	f.callRoutes(s)
	f.verificationRoutes(s)
	report := route(api.MerchantIs, "GET", "/care/report", "Care", "reportCare",
		"Conversations of a period: volume, answers, deflection, satisfaction", 404)
	api.Handle(s, report, f.report)
	return s
}

// route has what all routes of the function have in common.
func route(access api.Access, method, path, tag, id, summary string, errors ...int) api.Route {
	return api.Route{Method: method, Path: path, ID: id, Summary: summary, Tag: tag, Access: access,
		Errors: append([]int{422}, errors...)}
}

// Jobs are the jobs that the function does: the timers of call-back requests.
func (f *Care) Jobs() worker.Kinds {
	return worker.Kinds{{Name: calls.TimerKind, Table: table.Care.Name, Handle: f.ring}}
}

// ring rings a request's timer: it reminds the shopper, or says that the call is due, in the conversation that the
// request came from.
func (f *Care) ring(ctx context.Context, job due.Job) error {
	var ring callback.Ring
	r, err := f.Calls.Change(ctx, strings.TrimPrefix(job.Key.PK, "CALL#"),
		func(r callback.Request) (callback.Request, error) {
			team, err := f.Chat.Team(ctx, r.Team)
			if err != nil {
				return r, err
			}
			var after callback.Request
			// Worked out within the change, from the request
			// as it then is; the last try's result counts.
			after, ring = r.Rings(team.Hours, f.Calls.Clock.Now())
			if ring == callback.RingNothing {
				return r, errNothing
			}
			return after, nil
		})
	switch {
	case problem.Code(err) == "call_not_found", errors.Is(err, errNothing):
		return nil
	case err != nil:
		return err
	}
	if code, ok := noticeOfRing[ring]; ok {
		return f.announce(ctx, r, code)
	}
	return nil // the team sees in its list that the call is overdue; the shopper has been told once
}

// noticeOfRing is what the shopper reads in the conversation when a call's timer rings.
var noticeOfRing = map[callback.Ring]conversation.NoticeCode{
	callback.RingRemind: conversation.CallReminder,
	callback.RingCall:   conversation.CallDue,
	callback.RingMissed: conversation.CallMissed,
}

// errNothing ends a change that has nothing to write.
var errNothing = errors.New("nothing is due")

// announce says something about a call in its conversation, once for each code and time. A conversation that is gone
// needs nothing.
func (f *Care) announce(ctx context.Context, r callback.Request, code conversation.NoticeCode) error {
	if r.Conversation == "" {
		return nil
	}
	key := string(code) + "-" + r.ID + "-" + r.CallFrom.UTC().Format("20060102T1504")
	err := f.Chat.Announce(ctx, r.Conversation, key, conversation.Notice{Code: code, At: r.CallFrom})
	if problem.Code(err) == "conversation_not_found" {
		return nil
	}
	return err
}
