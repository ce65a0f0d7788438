// Package function is what a Lambda function says of itself, and how it answers what invokes it.
//
// Each function has a Spec beside its code. The list of all Specs (infra/topology) is the whole system: the CDK stacks,
// the local runner, the permission tests and docs/architecture.md are made from it. Handlers is the other side: one
// executable that serves HTTP requests, works off jobs and consumes events, by what its Spec declares.
package function

import (
	"strconv"
	"time"

	"dangol/shared/platform/boot"
	"dangol/shared/platform/table"
	"dangol/shared/platform/worker"
)

// Spec describes one function.
type Spec struct {
	Name        string // of its folder, its queue and its deployment
	Purpose     string // one sentence, for the architecture page
	New         boot.New
	Memory      int           // MB
	Timeout     time.Duration // at most 29 s where it has routes: API Gateway waits no longer
	Environment []string      // names of the variables it reads; see package boot
	Tables      []Grant
	Data        []Data       // the items it owns, for docs/data-model.md
	Permissions []Permission // what it may do besides tables

	API    API          // its routes, an *api.Service; nil when it has none
	Jobs   worker.Kinds // the due kinds it works off, from a queue that has the function's name
	Queue  Queue        // how the queue of its jobs behaves; the zero value is the default
	Events []string     // the event types it consumes; see Types
	// MailEvents: it takes what SES tells about mails (source aws.ses) from the default bus, of all detail types.
	MailEvents bool
	// AccountMessages: the user pool asks it for the words of mails about accounts (Cognito's custom message trigger).
	AccountMessages bool
	InboundMail     bool      // it takes the mails that SES stores in the bucket of inbound mails, by events of S3
	Socket          bool      // it serves the WebSocket API, the authorizer of its connections included
	Stream          *Stream   // it reads the changes of tables
	Schedule        *Schedule // it is invoked at a fixed rate

	Alarms []Alarm // on metrics of its own
}

// API is a function's HTTP side: an *api.Service. It is an interface here, so that functions without routes do not link
// what serves HTTP.
type API interface {
	// Name is the function's name.
	Name() string
}

// Grant allows actions on one table. Indexes are allowed for Query only.
type Grant struct {
	Table   string
	Actions []string // as in IAM, without "dynamodb:"
	Indexes []string // names of indexes it may query
}

// Data is a section of docs/data-model.md: the items that a function owns and what each access to them costs.
type Data struct {
	Title    string
	About    string // which package keeps them, and what one item is
	Patterns []table.Pattern
}

// Permission is something a function may do outside its tables.
type Permission string

// The permissions in use.
const (
	PutEvents    Permission = "put-events"    // on the system's own bus
	SendDue      Permission = "send-due"      // to the queues of due jobs and their dead-letter queue
	SendMail     Permission = "send-mail"     // from the shop's own address
	ReadPayments Permission = "read-payments" // the payment provider's secrets
	PlanTimes    Permission = "plan-times"    // one-time schedules, in the system's own group
	StoreMedia   Permission = "store-media"   // objects of the media bucket
	// PostToSockets is to send frames to the connections of the system's own WebSocket API.
	PostToSockets Permission = "post-to-sockets"
	// SignChatFiles is to sign addresses in the bucket of conversations' attachments.
	SignChatFiles Permission = "sign-chat-files"
	// UseModel is to ask the language model that the deployment names; without one it grants nothing.
	UseModel Permission = "use-model"
	// DialOut is to start calls by the telephone system that the deployment names; without one it grants nothing.
	DialOut Permission = "dial-out"
	// ReceiveMail is to read and delete the mails in the bucket of inbound mails, and to store files of conversations.
	ReceiveMail Permission = "receive-mail"
	// SendText is to send text messages from the origination identity that the deployment names; without one it grants
	// nothing.
	SendText Permission = "send-text"
)

// Queue is how a queue of jobs behaves.
type Queue struct {
	Batch       int // messages an invocation; 10 when 0
	MaxReceive  int // receives before a message goes to the dead-letter queue; 5 when 0
	Concurrency int // invocations at a time; 10 when 0
}

// WithDefaults returns the queue with its zero values replaced.
func (q Queue) WithDefaults() Queue {
	if q.Batch == 0 {
		q.Batch = 10
	}
	if q.MaxReceive == 0 {
		q.MaxReceive = 5
	}
	if q.Concurrency == 0 {
		q.Concurrency = 10
	}
	return q
}

// Stream is the change streams of tables as a trigger.
type Stream struct {
	Tables []string
	Types  []string // the event types it wants; empty for all
	Batch  int      // records an invocation
	// Window is how long Lambda waits for a full batch; 0 does not wait.
	Window  time.Duration
	Retries int // of a failed batch, before it goes to the on-failure queue
	// Counters are let through besides changes that carry an event.
	Counters []Counter
}

// Counter is a number in items that a stream's reader looks at while it is small: changes that find it at Limit or
// less, or leave it so, invoke the function; all others cost nothing.
type Counter struct {
	Table     string
	Key, Sort string // what the item's partition key and sort key begin with
	Attribute string // a whole number
	Limit     int    // at least 0
	Watch     string // an attribute; an item that has it lets every change through
}

// Small lists the numbers from 0 to Limit as DynamoDB writes them. A filter compares text, as a stream has numbers as
// text; those below 0 begin with a minus sign.
func (c Counter) Small() []string {
	small := make([]string, c.Limit+1)
	for n := range small {
		small[n] = strconv.Itoa(n)
	}
	return small
}

// Schedule is a recurring invocation.
type Schedule struct {
	Rate time.Duration
}

// Alarm rings when the sum of a metric that the function writes (package metrics) exceeds a limit within a period.
type Alarm struct {
	Name   string        // short, in kebab case
	Metric string        // as written by the function, with the dimension function alone
	What   string        // what happened and what to do, for the person who gets the mail
	Above  float64       // the limit
	Period time.Duration // 5 minutes when 0
}
