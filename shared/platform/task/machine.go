package task

import (
	"context"
	"errors"
	"log/slog"

	"dangol/shared/platform/clock"
	"dangol/shared/platform/metrics"
	"dangol/shared/platform/table"
)

// Metrics of tasks that need a person; an alarm watches each.
const (
	MetricAbandoned = "TasksAbandoned" // can never succeed, and was compensated
	MetricStuck     = "TasksStuck"     // can never succeed, and cannot be compensated either
)

// Engine is what every task needs. Metrics may be nil.
type Engine struct {
	Table   *table.Table
	Clock   clock.Clock
	Log     *slog.Logger
	Metrics *metrics.Writer
}

// Machine runs a task whose state is part of a larger item of type S. S is usually a pointer; each function returns the
// item as it then is.
type Machine[S any] struct {
	Engine
	Name string // for logs and metrics
	// Load reads the item of a due job, and takes the lease where there is one. Errors: ErrGone, ErrTaken.
	Load func(ctx context.Context, id string) (S, error)
	// Step does the next thing: it asks outside, decides, acts, and records the outcome in one transaction. done is
	// true when there is nothing left but to wait. Errors: ErrLater, ErrUnknown, ErrTaken, Permanent.
	Step func(ctx context.Context, item S) (after S, done bool, err error)
	// Postpone puts the next attempt off. cause is nil when Step said done: then it puts off what is still open, if
	// anything.
	Postpone func(ctx context.Context, item S, cause error) error
	// Abandon ends what can never succeed: in one transaction it compensates, tells, and takes the task off. done is as in
	// Step: false when the compensation has steps of its own.
	Abandon func(ctx context.Context, item S, cause error) (after S, done bool, err error)
	// MaxSteps bounds the steps of one Run, so that an item that never comes to rest does not hold a worker. What is
	// left is ErrLater.
	MaxSteps int
}

// Run makes steps until there is nothing to do but wait. It is for callers who wait for the outcome. Errors: ErrLater
// (also for ErrUnknown), and those of the database. Another worker's task is no error.
func (m Machine[S]) Run(ctx context.Context, item S) (S, error) {
	for range m.MaxSteps {
		after, done, err := m.Step(ctx, item)
		// A permanent error ends the item by compensation, which is a step like any other.
		if err != nil && IsPermanent(err) {
			after, done, err = m.abandon(ctx, item, err)
		}
		switch {
		// Another worker goes on with it; the caller has nothing to report.
		case errors.Is(err, ErrTaken):
			return after, nil
		case waits(err):
			return after, err
		case err != nil:
			return item, err
		case done:
			return after, nil
		}
		item = after
	}
	// Still not at rest: the rest is for the next job.
	return item, ErrLater
}

// Work is Run for a due job. What cannot be finished now is put off, which is no failure of the job. Errors: those of
// the database, for which the job is to come again.
func (m Machine[S]) Work(ctx context.Context, id string) error {
	item, err := m.Load(ctx, id)
	if errors.Is(err, ErrGone) || errors.Is(err, ErrTaken) {
		return nil
	}
	if err != nil {
		return err
	}
	after, err := m.Run(ctx, item)
	switch {
	case err == nil:
		return ignoreTaken(m.Postpone(ctx, after, nil))
	case waits(err):
		m.Log.WarnContext(ctx, "task put off", "task", m.Name, "id", id, "error", err)
		return m.putOff(ctx, after, err)
	}
	return err
}

// putOff puts an item off. One that cannot even be put off comes again when the sweeper's claim ends: to fail the job
// as well would only try the same write again at once.
func (m Machine[S]) putOff(ctx context.Context, item S, cause error) error {
	err := m.Postpone(ctx, item, cause)
	if err != nil && IsPermanent(err) {
		m.report(ctx, MetricStuck, m.Name, errors.Join(cause, err))
		return nil
	}
	return ignoreTaken(err)
}

// waits reports whether an error says that there is nothing to do now but to come again.
func waits(err error) bool { return errors.Is(err, ErrLater) || errors.Is(err, ErrUnknown) }

// abandon ends an item that can never succeed. When even that is refused for ever, the task waits like any other and a
// person is called.
func (m Machine[S]) abandon(ctx context.Context, item S, cause error) (after S, done bool, err error) {
	after, done, err = m.Abandon(ctx, item, cause)
	switch {
	case err == nil:
		m.report(ctx, MetricAbandoned, m.Name, cause)
	case IsPermanent(err):
		m.report(ctx, MetricStuck, m.Name, errors.Join(cause, err))
		return item, false, errors.Join(ErrLater, err)
	}
	return after, done, err
}

// report logs and counts a task that needs a person.
func (e Engine) report(ctx context.Context, metric, name string, cause error) {
	e.Log.ErrorContext(ctx, metric, "task", name, "error", cause)
	if e.Metrics == nil {
		return
	}
	if err := e.Metrics.Signal(metric); err != nil {
		e.Log.ErrorContext(ctx, "metrics", "error", err)
	}
}

// ignoreTaken is nil for a task that another worker has or that is over.
func ignoreTaken(err error) error {
	if errors.Is(err, ErrTaken) || errors.Is(err, ErrGone) {
		return nil
	}
	return err
}
