package service

import (
	"slices"
	"time"

	"dangol/shared/platform/civil"
	"dangol/shared/subscription"
)

// TaskKind is what a task does.
type TaskKind string

// The kinds of task. Stock and delivery tasks are named after the cycle, money tasks after the
// charge or refund.
const (
	TaskHold    TaskKind = "hold"
	TaskRelease TaskKind = "release"
	TaskDeliver TaskKind = "deliver"
	TaskCharge  TaskKind = "charge"
	TaskRefund  TaskKind = "refund"
)

// Task is something to be done outside the subscription.
type Task struct {
	N    int      `json:"n"` // of all tasks that the subscription ever had
	Kind TaskKind `json:"kind"`
	Key  string   `json:"key"` // of the period; of a refund its own

	// For hold, release and deliver.
	Opens     civil.Date          `json:"opens,omitempty"`
	Contents  []subscription.Item `json:"contents,omitempty"`
	Quantity  int                 `json:"quantity,omitempty"`
	AddressID string              `json:"addressId,omitempty"`

	// For charge and refund. AskFirst makes the worker ask the provider for the payment before it
	// charges, Holds says that the stock is reserved right before the charge.
	AttemptKey string `json:"attemptKey,omitempty"`
	Attempt    int    `json:"attempt,omitempty"`
	Amount     int64  `json:"amount,omitempty"` // of deliver what the cycle costs
	Card       string `json:"card,omitempty"`   // token of the way to pay
	AskFirst   bool   `json:"ask,omitempty"`
	Holds      bool   `json:"holds,omitempty"`
	PaymentID  string `json:"paymentId,omitempty"`
	Tries      int    `json:"tries,omitempty"` // of a refund
	// Session, when not nil, says that the cardholder was there when the charge was asked for. Withdraw takes back a
	// payment whose challenge they have not passed in time.
	Session  *subscription.Session `json:"session,omitempty"`
	Withdraw bool                  `json:"withdraw,omitempty"`
}

// is reports whether two tasks are the same one. Only the number says so, not the content: after
// stock was missing the same attempt is made again with other contents or on another day, while a
// slow worker may still be busy with the first.
func (t Task) is(u Task) bool { return t.N == u.N }

// enqueue adds a task to those that are to be done.
func (r *Record) enqueue(t Task) {
	r.Given++
	// The counter never goes back, so a number names one task for the whole life of the
	// subscription.
	t.N = r.Given
	r.Tasks = append(r.Tasks, t)
}

// leaseFor is how long the worker that wrote the tasks has to finish them before another one may
// take them over. It is longer than the timeout of the functions that do this work.
const leaseFor = time.Minute

// first is the task to be done next.
func (r *Record) first() (Task, bool) {
	if len(r.Tasks) == 0 {
		return Task{}, false
	}
	return r.Tasks[0], true
}

// takeOver gives the tasks to another worker. Nobody knows how far the previous one came, so every
// charge is looked up at the provider before it is made.
func (r *Record) takeOver(now time.Time) {
	r.Lease = now.Add(leaseFor)
	// Cloned, because the record that was read still shares the slice and a failed write must leave
	// it as it is.
	r.Tasks = slices.Clone(r.Tasks)
	for i := range r.Tasks {
		r.Tasks[i].AskFirst = r.Tasks[i].Kind == TaskCharge
	}
}

// complete removes the first task. When it failed, the delivery that depends on it (same cycle) is
// removed too.
func (r *Record) complete(failed bool) {
	t := r.Tasks[0]
	r.Tasks = slices.Clone(r.Tasks[1:])
	if failed {
		r.Tasks = slices.DeleteFunc(r.Tasks, func(u Task) bool { return u.Kind == TaskDeliver && u.Key == t.Key })
	}
}

// taskOf turns an effect of the rules into a task; ok is false for effects that are stored with the
// subscription and need no work outside.
func taskOf(e subscription.Effect) (Task, bool) {
	switch e := e.(type) {
	case subscription.HoldStock:
		return Task{Kind: TaskHold, Key: e.Key, Opens: e.Opens, Contents: e.Contents, Quantity: e.Quantity}, true
	case subscription.ReleaseStock:
		return Task{Kind: TaskRelease, Key: e.Key}, true
	case subscription.Deliver:
		return Task{
			Kind: TaskDeliver, Key: e.Key, Amount: e.Price.Amount, Opens: e.Opens, Contents: e.Contents, Quantity: e.Quantity,
			AddressID: e.AddressID,
		}, true
	case subscription.Refund:
		return Task{Kind: TaskRefund, Key: e.Key, PaymentID: e.PaymentID, Amount: e.Amount.Amount}, true
	case subscription.Charge:
		t := Task{
			Kind: TaskCharge, Key: e.Key, AttemptKey: e.AttemptKey, Attempt: e.Attempt, Amount: e.Amount.Amount,
			Card: e.Card.Token, AskFirst: e.Lookup, Session: e.Session, Withdraw: e.Withdraw,
		}
		if h := e.Hold; h != nil {
			t.Holds, t.Opens, t.Contents, t.Quantity = true, h.Opens, h.Contents, h.Quantity
		}
		return t, true
	}
	return Task{}, false
}
