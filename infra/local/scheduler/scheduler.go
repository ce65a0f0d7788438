// Package scheduler is EventBridge Scheduler for a laptop: the AWS SDK's calls for schedules, with one-time, rate and
// cron expressions in time zones, and the invocations themselves, made in order of time on a clock that can be moved.
package scheduler

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"dangol/infra/local/engine/journal"
	"dangol/shared/platform/clock"
)

// Account and Region stand in the ARNs.
const (
	Account = "000000000000"
	Region  = "us-east-1"
)

// Invoke runs a function with a payload; an error is a failed invocation.
type Invoke func(ctx context.Context, function string, payload []byte) ([]byte, error)

// DeadLetter puts what was to be sent to a function into the queue with the ARN.
type DeadLetter func(queueARN, payload string) error

// Options are what a Scheduler works with.
type Options struct {
	Clock  clock.Clock
	Invoke Invoke
	// DeadLetter is where runs go whose target names a dead-letter queue; nil keeps them here.
	DeadLetter DeadLetter
	File       string       // where schedules are kept; empty keeps them in memory
	Log        *slog.Logger // nil is silent
}

// Scheduler holds the schedules. It is an http.Handler, and safe for concurrent use: functions may change schedules
// while they are being invoked.
type Scheduler struct {
	options Options
	opened  time.Time
	running sync.Mutex // held by RunDue, so that no run is invoked by two at once

	mu        sync.Mutex
	schedules map[string]*schedule // by group/name
	runs      map[string]*Run      // by id; waiting and dead
	deleted   map[string]string    // group/name to the client token that deleted it
	file      *journal.Journal[stored]
}

// stored is a line of the file: a schedule or a run.
type stored struct {
	Schedule *schedule `json:"schedule,omitempty"`
	Run      *Run      `json:"run,omitempty"`
}

// schedule is a definition and its next instant.
type schedule struct {
	Definition Definition `json:"definition"`
	Created    time.Time  `json:"created"`
	Modified   time.Time  `json:"modified"`
	Next       time.Time  `json:"next,omitzero"` // zero: never again
	Token      string     `json:"token,omitempty"`
	when       expression
}

// Open reads the schedules from the file. Of the instants that a recurring schedule missed while
// nothing ran, the first is made up for and the others are left out. A one-time schedule is made up
// for.
func Open(o Options) (*Scheduler, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	file, kept, err := journal.Open[stored](o.File)
	if err != nil {
		return nil, fmt.Errorf("scheduler: %w", err)
	}
	s := &Scheduler{
		options: o, opened: o.Clock.Now(), file: file,
		schedules: map[string]*schedule{}, runs: map[string]*Run{}, deleted: map[string]string{},
	}
	for _, k := range kept {
		if k.Run != nil {
			s.runs[k.Run.ID] = k.Run
			continue
		}
		d := k.Schedule.Definition
		if k.Schedule.when, err = parse(d.ScheduleExpression, d.ScheduleExpressionTimezone); err != nil {
			return nil, fmt.Errorf("scheduler: %s: %w", d.key(), err)
		}
		s.schedules[d.key()] = k.Schedule
	}
	return s, nil
}

// Close ends writing to the file.
func (s *Scheduler) Close() error { return s.file.Close() }

// Ensure creates a schedule or changes it to the definition. One that has not changed keeps its
// next instant.
func (s *Scheduler) Ensure(d Definition) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known := s.schedules[d.key()]; known != nil && known.Definition.equal(d) {
		return nil
	}
	return s.set(d, "")
}

// set checks a definition and stores it in place of the one with its name. The caller holds the
// lock.
func (s *Scheduler) set(d Definition, token string) error {
	if err := d.check(); err != nil {
		return err
	}
	when, err := parse(d.ScheduleExpression, d.ScheduleExpressionTimezone)
	if err != nil {
		return invalid(err.Error())
	}
	now := s.options.Clock.Now()
	entry := &schedule{Definition: d, Created: now, Modified: now, Token: token, when: when}
	if known := s.schedules[d.key()]; known != nil {
		entry.Created, entry.Token = known.Created, known.Token
	}
	// An instant that is exactly now counts.
	entry.Next = entry.after(now.Add(-time.Nanosecond))
	if one, ok := when.(at); ok {
		entry.Next = one.instant // one planned for a time already past runs at once
	}
	delete(s.deleted, d.key())
	s.schedules[d.key()] = entry
	return s.keep(entry)
}

// after returns the next instant within the schedule's dates; one-time schedules have none.
func (e *schedule) after(t time.Time) time.Time {
	begin := e.Modified
	if start := e.Definition.StartDate.Time; !start.IsZero() {
		begin = start
	}
	next := e.when.next(t, begin)
	if end := e.Definition.EndDate.Time; !e.when.once() && !end.IsZero() && next.After(end) {
		return time.Time{}
	}
	return next
}

// enabled reports whether the schedule will run again.
func (e *schedule) enabled() bool { return e.Definition.State != "DISABLED" && !e.Next.IsZero() }

// NextDue returns when the next invocation or retry is to be made. ok is false when none waits.
func (s *Scheduler) NextDue() (due time.Time, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, r := s.earliest()
	switch {
	case r != nil:
		return r.DueAt, true
	case e != nil:
		return e.Next, true
	}
	return time.Time{}, false
}

// earliest returns the run, or else the schedule, that comes first by time and then by name, so
// that two runs of a test happen in the same order.
func (s *Scheduler) earliest() (*schedule, *Run) {
	var first *schedule
	for _, key := range slices.Sorted(maps.Keys(s.schedules)) {
		if e := s.schedules[key]; e.enabled() && (first == nil || e.Next.Before(first.Next)) {
			first = e
		}
	}
	var run *Run
	for _, r := range s.runs {
		if !r.Dead && (run == nil || cmp.Or(r.DueAt.Compare(run.DueAt), strings.Compare(r.ID, run.ID)) < 0) {
			run = r
		}
	}
	if run != nil && (first == nil || !run.DueAt.After(first.Next)) {
		return nil, run
	}
	return first, nil
}

// RunDue makes every invocation due until now, in order of time, and returns how many succeeded. The error is the end
// of ctx or a file that cannot be written; failed functions are not errors.
func (s *Scheduler) RunDue(ctx context.Context, now time.Time) (int, error) {
	s.running.Lock()
	defer s.running.Unlock()
	var done int
	for {
		run, err := s.pop(now)
		if err != nil || run == nil {
			return done, err
		}
		_, failure := s.options.Invoke(ctx, run.Function, run.attempt())
		if err := s.finish(ctx, run, failure, now); err != nil {
			return done, err
		}
		if failure == nil {
			done++
		}
	}
}

// keep stores a schedule.
func (s *Scheduler) keep(e *schedule) error {
	if err := s.file.Put("schedule "+e.Definition.key(), stored{Schedule: e}); err != nil {
		return fmt.Errorf("scheduler: %w", err)
	}
	return nil
}

// drop deletes a schedule from memory and file.
func (s *Scheduler) drop(e *schedule) error {
	delete(s.schedules, e.Definition.key())
	if err := s.file.Delete("schedule " + e.Definition.key()); err != nil {
		return fmt.Errorf("scheduler: %w", err)
	}
	return nil
}
