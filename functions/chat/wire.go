package chat

import (
	"context"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	calls "dangol/shared/callback/store"
	"dangol/shared/conversation/bedrock"
	"dangol/shared/conversation/service"
	"dangol/shared/faq/store"
	"dangol/shared/order"
	"dangol/shared/platform/api"
	"dangol/shared/platform/boot"
	"dangol/shared/platform/due"
	"dangol/shared/platform/function"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/ratelimit"
	"dangol/shared/platform/table"
	"dangol/shared/platform/worker"
	"dangol/shared/problemtext"
	promotions "dangol/shared/promotion/store"
	subscriptions "dangol/shared/subscription/service"
)

// Spec describes the function.
func Spec() function.Spec {
	return function.Spec{
		Name: "chat", Purpose: "Conversations of shoppers with the bot and the shop's agents, over WebSocket and HTTP",
		New: New, API: API(), Memory: 512, Timeout: 20 * time.Second, Socket: true,
		Environment: append(api.Variables(), "CARE_TABLE", "COMMERCE_TABLE", "OUTREACH_TABLE", "SOCKET_URL", "CHAT_BUCKET",
			"BEDROCK_MODEL"),
		Tables: []function.Grant{
			{
				Table:   table.Care.Name,
				Actions: []string{"GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem"},
				Indexes: []string{table.ByOne},
			},
			{Table: table.Commerce.Name, Actions: []string{"GetItem"}, Indexes: []string{table.ByOne}},
			{Table: table.Outreach.Name, Actions: []string{"GetItem"}},
		},
		Permissions: []function.Permission{function.PostToSockets, function.SignChatFiles, function.UseModel},
		Jobs:        (*Chat)(nil).Jobs(),
		Data: []function.Data{{
			Title: "Conversations",
			About: "Package `shared/conversation/service`, table Care. One item a conversation and a message; connections " +
				"and tickets expire.",
			Patterns: service.AccessPatterns,
		}},
		Alarms: []function.Alarm{service.Escalations, service.FramesRefused},
	}
}

// New builds the function. Environment: CARE_TABLE, COMMERCE_TABLE, OUTREACH_TABLE; SOCKET_URL, the WebSocket API with
// its stage (wss://…/live), where clients connect and, over https, frames are posted; CHAT_BUCKET, where attachments
// are; and what api.FromEnv names. BEDROCK_MODEL, when set, is the language model that words the bot's answers.
func New(ctx context.Context, env *boot.Env) (lambda.Handler, error) {
	var config struct {
		SocketURL string `env:"SOCKET_URL"`
		Bucket    string `env:"CHAT_BUCKET"`
		Model     string `env:"BEDROCK_MODEL,optional"`
	}
	if err := env.Config(&config); err != nil {
		return nil, err
	}
	options, err := api.FromEnv(ctx, env)
	if err != nil {
		return nil, err
	}
	options.Message = problemtext.For
	tables, err := env.Tables(ctx, "CARE_TABLE", "COMMERCE_TABLE", "OUTREACH_TABLE")
	if err != nil {
		return nil, err
	}
	care, commerce, outreach := tables[0], tables[1], tables[2]
	// Frames are posted to the same host over https.
	management := "http" + strings.TrimPrefix(config.SocketURL, "ws")
	s3 := ""
	if at := env.Endpoint("S3"); at != nil {
		s3 = *at
	}
	// The bot and the agents' side panel read the same orders.
	b := business{
		orders:        order.Store{Table: commerce, Clock: env.Clock},
		subscriptions: &subscriptions.Service{Table: commerce, Clock: env.Clock},
		promotions:    promotions.Store{Table: commerce, Clock: env.Clock},
	}
	known := newCustomers(care, commerce, outreach, b)
	chat := &Chat{
		Service: &service.Service{
			Table: care, Clock: env.Clock, Log: env.Log, Metrics: env.Metrics(), Business: b, Customers: known,
			Poster:  service.NewManagement(env.AWS(), management),
			Answers: &store.Store{Table: care, Clock: env.Clock},
			Files:   newFiles(env.AWS(), config.Bucket, s3, env.Clock),
		},
		Limiter: ratelimit.Limiter{Table: care, Clock: env.Clock}, Panel: known, SocketURL: config.SocketURL,
		Calls: calls.Store{Table: care, Clock: env.Clock},
	}
	if config.Model != "" {
		chat.Model = bedrock.New(env.AWS(), config.Model, "", env.Clock)
	}
	return chat.Handler(options), nil
}

// Handler is what the function does with requests, frames and jobs.
func (f *Chat) Handler(o api.Options) lambda.Handler {
	return function.Handlers{API: f.HTTP(o).Lambda(), Jobs: f.Jobs(), Other: socket{f}, Log: f.Log}.Lambda()
}

// Jobs are the jobs that the function does: the timers of conversations, and of what was not read.
func (f *Chat) Jobs() worker.Kinds {
	return worker.Kinds{
		{Name: service.TimerKind, Table: table.Care.Name, Handle: f.ring},
		{Name: service.UnreadKind, Table: table.Care.Name, Handle: f.unread},
	}
}

// ring rings a conversation's timer. A conversation that is gone needs nothing; one whose timer was moved rings later.
func (f *Chat) ring(ctx context.Context, job due.Job) error {
	id := strings.TrimPrefix(job.Key.PK, "CHAT#")
	ring, err := f.Ring(ctx, id)
	if problem.Code(err) == "conversation_not_found" {
		return nil
	}
	f.Log.InfoContext(ctx, "timer", "conversation", id, "ring", ring)
	return err
}
