package runner

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"

	"dangol/infra/local/bus"
	"dangol/infra/local/engine"
	"dangol/infra/local/gateway"
	"dangol/infra/local/issuer"
	"dangol/infra/local/phone"
	"dangol/infra/local/pushservice"
	"dangol/infra/local/queue"
	"dangol/infra/local/scheduler"
	"dangol/infra/local/ses"
	"dangol/infra/local/socket"
	"dangol/infra/local/stream"
	"dangol/infra/local/tables"
	"dangol/infra/topology"
	"dangol/shared/payment/sandbox/server"
	"dangol/shared/platform/auth"
	"dangol/shared/platform/boot"
	"dangol/shared/platform/event"
	"dangol/shared/platform/table"
)

// Names and secrets that exist only here.
const (
	busName       = "dangol"
	webhookSecret = "whsec_local"
	paymentKey    = "sk_local"
	mailFrom      = "hello@haneul.example"
	inboundDomain = "reply.haneul.example"      // where replies to mails of conversations arrive
	mailImprint   = "주식회사 하늘,서울특별시 성동구 왕십리로 83" // no advertising goes out without a postal address
	shopNumber    = "+8225551234"               // shown to those who are called
	shutdownGrace = 5 * time.Second
)

// openServices opens the stand-ins for AWS and the payment provider. The bus comes first, because
// mail events go to it.
func (r *Runner) openServices(ctx context.Context) (err error) {
	s, o := r.options.System, r.options
	if r.bus, err = bus.Open(rules(s),
		bus.Options{Clock: r.clock, Invoke: r.invoke, Buses: []string{busName}, File: r.file("bus.jsonl"),
			Log: o.Log, AtOnce: deliveriesAtOnce}); err != nil {
		return err
	}
	if r.queues, err = queue.Open(queues(s),
		queue.Options{Clock: r.clock, Invoke: r.invoke, File: r.file("queues.jsonl"), Log: o.Log}); err != nil {
		return err
	}
	if r.schedule, err = scheduler.Open(scheduler.Options{
		Clock: r.clock, Invoke: r.invoke, DeadLetter: r.queues.Send, File: r.file("schedules.jsonl"), Log: o.Log,
	}); err != nil {
		return err
	}
	if r.mail, err = ses.Open(ses.Options{Clock: r.clock, File: r.file("mail.jsonl"), Log: o.Log, Receive: r.receiveMail,
		// Mails tell of their fate by events of SES, as in the cloud.
		Emit: func(detailType string, detail json.RawMessage) error {
			return r.bus.Emit(bus.Default, "aws.ses", detailType, detail)
		}}); err != nil {
		return err
	}
	r.phone = phone.New(r.clock, func(t phone.Text) error { return r.mail.Text(t.To, t.Text) })
	r.push = pushservice.New(r.clock, r.address+"/dev/push")
	if r.issuer, err = issuer.Open(issuer.Options{Clock: r.clock, URL: r.address,
		KeyFile: r.file("issuer.pem"), CustomMessage: r.customMessage(), Mail: r.accountMail}); err != nil {
		return err
	}
	if r.payments, err = server.New(server.Config{
		Clock: r.clock, APIKey: paymentKey, WebhookSecret: webhookSecret, Deliver: r.deliverWebhook,
		Path: r.file("payments.jsonl"), BaseURL: r.address + "/sandbox",
	}); err != nil {
		return err
	}
	r.closers = append(r.closers, r.bus, r.queues, r.schedule, r.mail, r.payments)
	limits := gateway.DefaultLimits()
	if o.Throttled {
		limits.Rate = topology.RequestsPerSecond
		limits.Burst = topology.RequestBurst
	}
	r.gateway = gateway.New(s, r.clock, limits, r.invoke)
	verifier := auth.NewVerifier(context.WithoutCancel(ctx), r.address, r.address+keysPath, nil, r.clock)
	r.gateway.Authorize(verifier.Verify)
	// One function at most has a socket.
	for _, f := range s.Functions {
		if f.Socket {
			r.sockets = socket.New(socket.Options{Clock: r.clock, Log: o.Log, Function: f.Name, Invoke: r.invoke})
			r.closers = append(r.closers, r.sockets)
		}
	}
	if err := r.openMedia(); err != nil {
		return err
	}
	return r.openStreams()
}

// keysPath is where the issuer publishes its keys.
const keysPath = "/.well-known/jwks.json"

// rules are the rules of the deployed bus, from the same topology.
func rules(s topology.System) []bus.Rule {
	var all []bus.Rule
	for _, f := range s.Functions {
		if len(f.Events) > 0 {
			all = append(all, bus.Rule{
				Name: f.Name, Bus: busName, Target: f.Name,
				Pattern: bus.Pattern{Sources: []string{event.Source}, DetailTypes: f.Events},
			})
		}
		if f.InboundMail {
			all = append(all, bus.Rule{
				Name: f.Name + "-s3", Bus: bus.Default, Target: f.Name,
				Pattern: bus.Pattern{Sources: []string{"aws.s3"}, DetailTypes: []string{"Object Created"}},
			})
		}
		if f.MailEvents {
			all = append(all, bus.Rule{
				Name: f.Name + "-ses", Bus: bus.Default, Target: f.Name, Pattern: bus.Pattern{Sources: []string{"aws.ses"}},
			})
		}
	}
	return all
}

// queues are the work queues with their dead-letter queues.
func queues(s topology.System) []queue.Queue {
	// Dead-letter queues that no work queue names: those of the schedules and of events.
	all := []queue.Queue{{Name: topology.DeadQueue}, {Name: topology.TimesDead}}
	for _, q := range s.Queues {
		worker := queue.Queue{
			// Longer than any function may run, as the deployed queues have it.
			Name: q.Name, BatchSize: q.Batch, Visibility: 3 * time.Minute, MaxReceives: q.MaxReceive, DeadLetter: q.Dead(),
			Function: q.Name,
		}
		all = append(all, worker, queue.Queue{Name: q.Dead()})
	}
	return all
}

// openStreams connects each function that reads the changes of tables.
func (r *Runner) openStreams() error {
	readers := 0
	for _, f := range r.options.System.Functions {
		if f.Stream != nil {
			readers++
		}
	}
	client := stream.Share(dynamodbstreams.New(dynamodbstreams.Options{
		BaseEndpoint: &r.endpoint, Region: tables.Region, Credentials: localCredentials{},
	}), readers)
	for _, f := range r.options.System.Functions {
		if f.Stream == nil {
			continue
		}
		points, err := stream.OpenCheckpoints(r.file("stream-" + f.Name + ".jsonl"))
		if err != nil {
			return err
		}
		r.closers = append(r.closers, points)
		r.relays = append(r.relays, stream.NewReader(stream.Mapping{
			Function: f.Name, Tables: f.Stream.Tables, BatchSize: f.Stream.Batch, MaxRetries: f.Stream.Retries, Bisect: true,
			Filter: wanted(f.Stream),
			OnFailure: func(_ context.Context, records []events.DynamoDBEventRecord, cause error) {
				r.options.Log.Error("stream record given up", "function", f.Name, "records", len(records), "error", cause)
			},
		}, stream.Options{Client: client, Clock: r.clock, Invoke: r.invoke, Checkpoints: points, Log: r.options.Log}))
	}
	return nil
}

// build makes every function with the environment that a deployed one would have. A variable that
// the runner does not know fails the start, as it would fail the synthesis.
func (r *Runner) build(ctx context.Context) error {
	known := r.variables()
	for _, f := range r.options.System.Functions {
		env := &boot.Env{
			Function: f.Name, Clock: r.clock, Log: r.options.Log.With("function", f.Name), Out: r.options.Out,
			HTTP:        &http.Client{Timeout: 10 * time.Second, Transport: r.transport(f.Name)},
			Getenv:      func(name string) string { return known[name] },
			WrapDB:      func(db table.DB) table.DB { return r.wrap(f.Name, db) },
			SkipSchemas: r.options.SkipSchemas,
		}
		if r.options.Observe != nil {
			env.Observe = func(op table.Op) { r.options.Observe(f.Name, op) }
		}
		// Checked here, because a variable that is missing would only be noticed when it is used.
		for _, name := range f.Environment {
			if _, ok := known[name]; !ok {
				return fmt.Errorf("function %s reads %s, which the runner does not set", f.Name, name)
			}
		}
		handler, err := f.New(ctx, env)
		if err != nil {
			return fmt.Errorf("function %s: %w", f.Name, err)
		}
		r.handlers[f.Name] = handler
	}
	return nil
}

// transport keeps more idle connections than the default of 2: all functions call the same address.
func (r *Runner) transport(function string) http.RoundTripper {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost = 100
	t.WriteBufferSize = boot.WriteBuffer
	if r.options.WrapHTTP != nil {
		return r.options.WrapHTTP(function, t)
	}
	return t
}

// wrap puts the line of writers, and what a test wants in between, before a function's tables.
func (r *Runner) wrap(function string, db table.DB) table.DB {
	// Only around the engine: a database elsewhere keeps its own tokens.
	if r.engine != nil {
		db = engine.RememberTokens(db)
	}
	// Both are inside a test's wrapper, which sees what the function asked for.
	db = r.watch(db)
	if r.options.WrapDB != nil {
		db = r.options.WrapDB(function, db)
	}
	return db
}

// variables are the environment variables of all functions. Only those with a meaning on a laptop
// are read from the process's own environment.
func (r *Runner) variables() map[string]string {
	kinds := r.options.System.DueKinds(func(queue string) string { return queueURL(r.address, queue) })
	// A variable that stays empty has no meaning on a laptop, or a default in the function.
	known := map[string]string{
		// The SDK refuses to start without credentials.
		"AWS_REGION": tables.Region, "AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local",
		"DYNAMODB_ENDPOINT": r.endpoint, "EVENTBRIDGE_ENDPOINT": r.address + "/aws/events",
		"SQS_ENDPOINT": r.address + "/aws/sqs",
		"SES_ENDPOINT": r.address + "/aws/ses", "SCHEDULER_ENDPOINT": r.address + "/aws/scheduler",
		"S3_ENDPOINT": r.address + "/aws/s3",
		"JWT_ISSUER":  r.address, "JWT_JWKS": r.address + keysPath, "JWT_CLIENTS": "",
		"SCHEDULER_GROUP": "dangol", "SCHEDULER_TARGET_ARN": "arn:aws:lambda:" + tables.Region + ":" + queue.Account +
			":function:" + topology.Scheduled,
		"SCHEDULER_ROLE_ARN": "arn:aws:iam::" + queue.Account + ":role/scheduler",
		"SCHEDULER_DEAD_ARN": queue.ARN(topology.TimesDead),
		"GUARD_CONFIG":       r.getenv("GUARD_CONFIG"),
		"BUS_NAME":           busName, "DUE_KINDS": kinds,
		"DEAD_QUEUE_URL":   queueURL(r.address, topology.DeadQueue),
		"PAYMENT_PROVIDER": "sandbox", "SANDBOX_URL": r.address + "/sandbox", "SANDBOX_KEY": paymentKey,
		"SANDBOX_WEBHOOK_SECRET": webhookSecret, "PAYMENT_SECRETS": "", "STRIPE_KEY": "", "STRIPE_WEBHOOK_SECRET": "",
		"MAIL_FROM": mailFrom, "MAIL_CONFIGURATION_SET": "local", "SHOP_CONFIG": r.getenv("SHOP_CONFIG"),
		"CATALOG_CACHE_TTL": r.getenv("CATALOG_CACHE_TTL"), "SHOP_NAME": "하늘 HANEUL", "SHOP_URL": r.address,
		// Without a storefront some buttons of mails lead to the pages that functions/pages serves.
		"SHOP_LINKS": cmp.Or(r.getenv("SHOP_LINKS"),
			"payment=/console/pay/index.html#{id},gift_report=/console/gift/report.html#{id}"),
		"LINK_BASE": r.address, "SHOP_CONTACT": mailFrom,
		"OUTREACH_CONFIG": r.getenv("OUTREACH_CONFIG"), "PUSH_HOSTS": r.pushHosts(),
		"WEBHOOK_HOSTS": r.getenv("WEBHOOK_HOSTS"),
		"MEDIA_BUCKET":  mediaBucket, "MEDIA_URL": r.address + "/aws/s3/" + mediaBucket + "/public",
		"SHOP_COLOR": "", "SHOP_IMPRINT": mailImprint, "SHOP_TIMEZONE": r.getenv("SHOP_TIMEZONE"), "MAIL_REPLY_TO": "",
	}
	known["SOCKET_URL"] = "ws" + strings.TrimPrefix(r.address, "http") + "/" + socket.Stage
	known["CHAT_BUCKET"] = chatBucket
	known["LOGIN_URL"] = r.address
	known["LOGIN_CLIENT"], known["LOGIN_STOREFRONT_CLIENT"] = "dangol-local", "dangol-local"
	// A laptop has a language model only where its owner names one of the account.
	known["BEDROCK_MODEL"] = r.getenv("BEDROCK_MODEL")
	known["CONNECT_ENDPOINT"] = r.address + phonePath
	known["CONNECT_INSTANCE"], known["CONNECT_FLOW"], known["CONNECT_NUMBER"] = "local", "local", shopNumber
	known["INBOUND_DOMAIN"], known["INBOUND_BUCKET"] = inboundDomain, mailBucket
	known["SMS_ENDPOINT"], known["SMS_ORIGINATION"] = r.address+phonePath, "local"
	for _, s := range r.options.System.Tables {
		known[strings.ToUpper(s.Name)+"_TABLE"] = s.Name
	}
	return known
}

// queueURL has the form of SQS, because clients read the name from it.
func queueURL(address, name string) string {
	return address + "/aws/sqs/" + queue.Account + "/" + name
}

// invoke runs a function as Lambda would: with its timeout, and a panic is a failed invocation.
func (r *Runner) invoke(ctx context.Context, function string, payload []byte) (out []byte, err error) {
	f, ok := r.options.System.Function(function)
	if !ok {
		return nil, fmt.Errorf("no function %s", function)
	}
	// As in the cloud, so that a function that is too slow is noticed here.
	ctx, cancel := context.WithTimeout(ctx, f.Timeout)
	defer cancel()
	// Requests are left out of the journal: it shows what happened by itself.
	if f.API == nil {
		r.journal.invoked(r.clock.Now(), function, payload)
	}
	ctx = lambdacontext.NewContext(ctx, &lambdacontext.LambdaContext{AwsRequestID: "local"})
	// Lambda ends the process; here the next invocation goes on in the same one.
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic: %v", cause)
		}
	}()
	return r.handlers[function].Invoke(ctx, payload)
}

// deliverWebhook sends the provider's webhook to the shop over HTTP, so that route and signature
// are part of it.
func (r *Runner) deliverWebhook(ctx context.Context, body []byte, header http.Header) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.address+"/payments/webhooks/sandbox",
		strings.NewReader(string(body)))
	if err != nil {
		return err
	}
	req.Header = header.Clone()
	req.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode >= 300 {
		return fmt.Errorf("the shop answered %s", answer.Status)
	}
	return nil
}

// pushHosts allows messages to the runner's own push service, and to those that the process's
// environment names.
func (r *Runner) pushHosts() string {
	own := strings.TrimPrefix(r.address, "http://")
	if more := r.getenv("PUSH_HOSTS"); more != "" {
		return own + "," + more
	}
	return own
}
