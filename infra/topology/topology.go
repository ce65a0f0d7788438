// Package topology is the system as plain data: the list of the functions, each described by its own Spec, and what
// follows from it (queues, due kinds). The CDK stacks, the local runner, the permission tests and docs/architecture.md
// all read it, so what runs on a laptop is what gets deployed. docs/adding-a-function.md shows how a function is added.
package topology

import (
	"fmt"
	"strings"

	"dangol/shared/platform/api"
	"dangol/shared/platform/function"
	"dangol/shared/platform/table"
)

// Function is one Lambda function.
type Function struct {
	function.Spec
	API *api.Service // its routes; nil when it has none
}

// Scheduled is the function that one-time schedules invoke. There is one, so one role can be
// allowed to invoke it.
const Scheduled = "promotion-scheduler"

// TimesDead is where one-time schedules go whose invocation could not be made.
const TimesDead = "times-dead"

// Throttling of the whole API, in requests a second and as a burst. It is far above the busiest day of one brand's
// shop, and bounds the bill when somebody sends requests on purpose.
const (
	RequestsPerSecond = 500
	RequestBurst      = 1_000
)

// DeadQueue is where due jobs go that failed too often, for a person to look at.
const DeadQueue = "due-dead"

// DueKind is a kind of job in the due index of a table and the queue its jobs go to.
type DueKind struct {
	Kind  string
	Table string
	Queue string
}

// Queue is a work queue, named after the function that works it off. Messages that fail MaxReceive times go to its
// dead-letter queue.
type Queue struct {
	function.Queue
	Name string
}

// Dead is the name of the queue's dead-letter queue.
func (q Queue) Dead() string { return q.Name + "-jobs-dead" }

// System is the whole.
type System struct {
	Functions []Function
	Tables    []table.Schema
	Queues    []Queue
	Due       []DueKind
}

// New puts the system together. It panics when two functions have one name or claim one due kind:
// such a system must not even start.
func New(tables []table.Schema, specs ...function.Spec) System {
	s := System{Tables: tables}
	claimed := map[string]string{}
	claim := func(what, by string) {
		if other, taken := claimed[what]; taken {
			panic(fmt.Sprintf("topology: %s belongs to %s and to %s", what, other, by))
		}
		claimed[what] = by
	}
	for _, spec := range specs {
		claim("function "+spec.Name, spec.Name)
		f := Function{Spec: spec}
		if spec.API != nil {
			// The Spec holds an interface, so that functions without routes do not link package
			// api.
			f.API = spec.API.(*api.Service)
		}
		s.Functions = append(s.Functions, f)
		if len(spec.Jobs) > 0 {
			s.Queues = append(s.Queues, Queue{Queue: spec.Queue.WithDefaults(), Name: spec.Name})
		}
		for _, job := range spec.Jobs {
			claim("due kind "+job.Name, spec.Name)
			s.Due = append(s.Due, DueKind{Kind: job.Name, Table: job.Table, Queue: spec.Name})
		}
	}
	return s
}

// DueKinds is the sweeper's variable DUE_KINDS: kind+kind@TABLE_VARIABLE=queue URL, separated by commas. Kinds that
// share table and queue are one entry, because all variables of a function have 4 KB together (Lambda, Quotas).
func (s System) DueKinds(url func(queue string) string) string {
	var shared []DueKind // table and queue, without a kind
	kinds := map[DueKind][]string{}
	for _, k := range s.Due {
		where := DueKind{Table: k.Table, Queue: k.Queue}
		if kinds[where] == nil {
			shared = append(shared, where)
		}
		kinds[where] = append(kinds[where], k.Kind)
	}
	entries := make([]string, len(shared))
	for i, p := range shared {
		entries[i] = strings.Join(kinds[p], "+") + "@" + strings.ToUpper(p.Table) + "_TABLE=" + url(p.Queue)
	}
	return strings.Join(entries, ",")
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
