package task

import (
	"errors"

	"dangol/shared/platform/table"
)

var (
	// ErrLater says that nothing has happened outside and the same attempt may be made again after a wait: the provider
	// turned it away untouched, or its answer is still to come.
	ErrLater = errors.New("task: to be tried again later")
	// ErrUnknown says that the answer never came: the attempt may have taken effect. Any error that is not one of this
	// package's counts as ErrUnknown too.
	ErrUnknown = errors.New("task: outcome unknown")
	// ErrNotSeen is returned by Ask: the provider has not seen the attempt, so it may be made (again).
	ErrNotSeen = errors.New("task: the provider has not seen the attempt")
	// ErrTaken says that another worker has taken the task over, or that the item has moved on.
	ErrTaken = errors.New("task: another worker has taken the task over")
	// ErrGone says that there is nothing left to do: the item is not there or the task is over.
	ErrGone = errors.New("task: nothing to do")
	// ErrUnrecorded is the cause given to Abandon when the attempt took effect and its outcome can never be stored.
	ErrUnrecorded = errors.New("task: done, but the outcome cannot be recorded")
)

// permanent marks an error that no repetition will mend.
type permanent struct{ cause error }

// Error implements error.
func (p permanent) Error() string { return "task: can never succeed: " + p.cause.Error() }
func (p permanent) Unwrap() error { return p.cause }

// Permanent returns an error that ends a task: what it is about can never succeed.
func Permanent(cause error) error { return permanent{cause} }

// IsPermanent reports whether an error says that a task can never succeed: one made by Permanent, or a write that the
// database refuses for ever (table.Permanent).
func IsPermanent(err error) bool {
	_, marked := errors.AsType[permanent](err)
	return marked || table.Permanent(err)
}
