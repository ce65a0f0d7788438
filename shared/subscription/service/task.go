package service

import (
	"slices"
	"time"

	"dangol/shared/platform/civil"
	"dangol/shared/subscription"
)

// TaskKind is what a task does.
type TaskKind string

// The kinds of task.
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

	// Of goods.
	Opens     civil.Date          `json:"opens,omitempty"`
	Contents  []subscription.Item `json:"contents,omitempty"`
	Quantity  int                 `json:"quantity,omitempty"`
	AddressID string              `json:"addressId,omitempty"`

	// Of money. Holds says that the goods are held before the charge.
	AttemptKey string `json:"attemptKey,omitempty"`
	Attempt    int    `json:"attempt,omitempty"`
	Amount     int64  `json:"amount,omitempty"`
	Card       string `json:"card,omitempty"` // token of the way to pay
	AskFirst   bool   `json:"ask,omitempty"`
	Holds      bool   `json:"holds,omitempty"`
	PaymentID  string `json:"paymentId,omitempty"`
	Tries      int    `json:"tries,omitempty"` // of a refund
	// Session, when not nil, says that the cardholder was there when the charge was asked for. Withdraw takes back a
	// payment whose challenge they have not passed in time.
	Session  *subscription.Session `json:"session,omitempty"`
	Withdraw bool                  `json:"withdraw,omitempty"`
}

// is reports whether two tasks are the same one. What it is about does not tell: after goods were missing the same
// attempt is made again, with others or on another day, and somebody slow may still be at the first.
func (t Task) is(u Task) bool { return t.N == u.N }

// enqueue adds a task to those that are to be done.
func (r *Record) enqueue(t Task) {
	r.Given++
	t.N = r.Given
	r.Tasks = append(r.Tasks, t)
}

// leaseFor is how long whoever writes tasks may take to carry them out before others do: longer than the functions may
// run.
const leaseFor = time.Minute

// first is the task to be done next.
func (r *Record) first() (Task, bool) {
	if len(r.Tasks) == 0 {
		return Task{}, false
	}
	return r.Tasks[0], true
}

// takeOver makes the tasks those of another worker: nobody knows how far the one before came, so every charge is asked
// about first.
func (r *Record) takeOver(now time.Time) {
	r.Lease = now.Add(leaseFor)
	r.Tasks = slices.Clone(r.Tasks)
	for i := range r.Tasks {
		r.Tasks[i].AskFirst = r.Tasks[i].Kind == TaskCharge
	}
}

// complete takes the first task off, and what cannot follow without it when it failed.
func (r *Record) complete(failed bool) {
	t := r.Tasks[0]
	r.Tasks = slices.Clone(r.Tasks[1:])
	if failed {
		r.Tasks = slices.DeleteFunc(r.Tasks, func(u Task) bool { return u.Kind == TaskDeliver && u.Key == t.Key })
	}
}

func taskOf(e subscription.Effect) (Task, bool) {
	switch e := e.(type) {
	case subscription.HoldStock:
		return Task{Kind: TaskHold, Key: e.Key, Opens: e.Opens, Contents: e.Contents, Quantity: e.Quantity}, true
	case subscription.ReleaseStock:
		return Task{Kind: TaskRelease, Key: e.Key}, true
	case subscription.Deliver:
		return Task{
			Kind: TaskDeliver, Key: e.Key, Opens: e.Opens, Contents: e.Contents, Quantity: e.Quantity, AddressID: e.AddressID,
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
