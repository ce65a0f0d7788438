package task

import (
	"time"

	"dangol/shared/platform/due"
	"dangol/shared/platform/table"
)

// State is where a task stands.
type State string

// The states of a task. pending -> done | abandoned.
const (
	Pending   State = "pending"
	Done      State = "done"
	Abandoned State = "abandoned" // can never succeed; compensated
)

// Lease is how long a worker may take for one attempt and its outcome before another may take the task over. It is
// longer than a function may run.
const Lease = time.Minute

// KeepFor is how long a task that is over is kept, so that nobody adds it again by a late repetition.
const KeepFor = 30 * 24 * time.Hour

// Task is one task as stored, in an item of its own. P is what it is about; it is stored as JSON.
type Task[P any] struct {
	table.Key
	due.Due
	ID       string          `dynamodbav:"id"` // what the task is about, see New
	Kind     string          `dynamodbav:"kind"`
	State    State           `dynamodbav:"state"`
	Payload  table.Packed[P] `dynamodbav:"payload"`
	Attempts int             `dynamodbav:"attempts"` // begun so far
	// Unanswered says that an attempt was begun whose outcome is not recorded: it may have taken effect.
	Unanswered bool      `dynamodbav:"unanswered,omitempty"`
	LeaseUntil int64     `dynamodbav:"leaseUntil,omitempty"` // Unix milliseconds; 0 while nobody works on it
	Version    int       `dynamodbav:"version"`              // of the item; each write is conditional on it
	Reason     string    `dynamodbav:"reason,omitempty"`     // why it was put off or abandoned last
	CreatedAt  time.Time `dynamodbav:"createdAt"`
	UpdatedAt  time.Time `dynamodbav:"updatedAt"`
	WriteID    string    `dynamodbav:"writeId,omitempty"` // of the write that made this version
	TTL        int64     `dynamodbav:"ttl,omitempty"`     // Unix seconds; none while the task is open

	ask bool // an earlier attempt is unanswered
}

// CompressedAttributes implements table.Compressible: what only a new version of the task changes.
func (t Task[P]) CompressedAttributes() []string {
	return []string{"payload", "reason", "createdAt", "updatedAt"}
}

// KeyOf is the key of a task.
func KeyOf(kind, id string) table.Key { return table.Key{PK: "TASK#" + kind + "#" + id, SK: "TASK"} }

// New returns a task that is due at an instant. Store it under table.IfNew in the transaction of the change that caused
// it; id says what the task is about (an order and a refund number, an event and a recipient), so that the same task is
// not added twice.
func New[P any](kind, id string, payload P, now, at time.Time) *Task[P] {
	return &Task[P]{
		Key: KeyOf(kind, id), Due: due.On(kind, id, at), ID: id, Kind: kind, State: Pending,
		Payload: table.Packed[P]{Value: payload}, Version: 1, CreatedAt: now, UpdatedAt: now,
	}
}

// Begun is New for a task that whoever stores it attempts at once, with Kind.Run. It carries the lease and its first
// attempt already, which saves the write that takes them.
func Begun[P any](kind, id string, payload P, now time.Time) *Task[P] {
	t := New(kind, id, payload, now, now.Add(Lease))
	t.begin(now)
	return t
}

// begin notes that an attempt is made under a lease.
func (t *Task[P]) begin(now time.Time) {
	// Whether an earlier attempt is unanswered decides if the provider
	// is asked first; it must be kept before the new attempt is noted.
	t.ask = t.Unanswered
	t.Unanswered = true
	t.Attempts++
	until := now.Add(Lease)
	t.LeaseUntil = until.UnixMilli()
	// Due when the lease ends: a worker that dies leaves the task to the next one.
	t.Due = due.On(t.Kind, t.ID, until)
}

// wait notes that nobody works on the task until an instant.
func (t *Task[P]) wait(until time.Time) {
	t.LeaseUntil = 0
	t.Due = due.On(t.Kind, t.ID, until)
}

// close notes that the task is over.
func (t *Task[P]) close(state State, now time.Time) {
	t.State = state
	t.Unanswered = false
	t.LeaseUntil = 0
	t.Due = due.Due{}
	t.TTL = now.Add(KeepFor).Unix()
}
