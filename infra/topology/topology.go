// Package topology is the system as plain data: which functions there are, what calls them, what they may touch. The CDK
// stacks, the laptop, the permission tests and docs/architecture.md all read it, so what runs on a laptop is what gets
// deployed. Adding a function is one folder under functions/ and one entry in system.go.
package topology

import (
	"strings"
	"time"

	"dangol/shared/platform/api"
	"dangol/shared/platform/boot"
	"dangol/shared/platform/table"
)

// Function is one Lambda function.
type Function struct {
	Name    string
	Purpose string // one sentence, for the architecture page
	New     boot.New
	API     *api.Service // its routes; nil when it has none
	Memory  int          // MB
	Timeout time.Duration
	Env     []string // names of the variables it reads; see package boot and the function
	Tables  []Grant
	May     []Permission // what it may do besides tables

	Stream   *Stream   // it reads the changes of a table
	Schedule *Schedule // it is invoked at times
	Queue    string    // it works off this queue
	Events   []string  // it hears these event types
}

// Grant allows actions on one table. Indexes are allowed for Query only.
type Grant struct {
	Table   string
	Actions []string // as in IAM, without "dynamodb:"
	Indexes []string
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
)

// Stream is a table's change stream as a trigger.
type Stream struct {
	Table   string
	Batch   int
	Retries int
}

// Scheduled is the function that one-time schedules invoke.
const Scheduled = "promotion-scheduler"

// TimesDead is where one-time schedules go whose invocation could not be made.
const TimesDead = "times-dead"

// Schedule is a recurring invocation.
type Schedule struct {
	Rate time.Duration
}

// DueKind is a kind of job in the due index of a table and the queue its jobs go to.
type DueKind struct {
	Kind  string
	Table string
	Queue string
}

// Entry is the kind as the sweeper's variable DUE_KINDS has it: kind@TABLE_VARIABLE=queue URL.
func (k DueKind) Entry(url string) string {
	return k.Kind + "@" + strings.ToUpper(k.Table) + "_TABLE=" + url
}

// Queue is a work queue. Messages that fail MaxReceive times go to its dead-letter queue.
type Queue struct {
	Name       string
	Batch      int
	MaxReceive int
}

// System is the whole.
type System struct {
	Functions []Function
	Tables    []table.Schema
	Queues    []Queue
	Due       []DueKind
}

// Function returns the function with the name.
func (s System) Function(name string) (Function, bool) {
	for _, f := range s.Functions {
		if f.Name == name {
			return f, true
		}
	}
	return Function{}, false
}

// DeadQueue is where due jobs go that failed too often, for a person to look at.
const DeadQueue = "due-dead"
