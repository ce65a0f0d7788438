// Package scheduler is EventBridge Scheduler for a laptop: the AWS SDK's calls for schedules, with one-time, rate and
// cron expressions in time zones, and the invocations themselves, made in order of time on a clock that can be moved.
package scheduler

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"dangol/infra/local/engine/journal"
	"dangol/shared/clock"
)

// Account and Region stand in the ARNs.
const (
	Account = "000000000000"
	Region  = "us-east-1"
)

// Retries and RetryStep are what Lambda does with an asynchronous invocation that fails: two more tries, one minute
// later and then two. A target's own MaximumRetryAttempts takes the place of Retries.
const (
	Retries   = 2
	RetryStep = time.Minute
)

// Invoke runs a function with a payload; an error is a failed invocation.
type Invoke func(ctx context.Context, function string, payload []byte) ([]byte, error)

// Options are what a Scheduler works with.
type Options struct {
	Clock  clock.Clock
	Invoke Invoke
	File   string       // where schedules are kept; empty keeps them in memory
	Log    *slog.Logger // nil is silent
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

type stored struct {
	Schedule *schedule `json:"schedule,omitempty"`
	Run      *Run      `json:"run,omitempty"`
}

// schedule is a definition with its place in time.
type schedule struct {
	Definition Definition `json:"definition"`
	Created    time.Time  `json:"created"`
	Modified   time.Time  `json:"modified"`
	Next       time.Time  `json:"next,omitzero"` // zero: never again
	Token      string     `json:"token,omitempty"`
	when       expression
}

// Run is one invocation of one schedule that has not succeeded yet.
type Run struct {
	ID       string    `json:"id"`
	Schedule string    `json:"schedule"` // group/name
	Function string    `json:"function"`
	Payload  []byte    `json:"payload"`
	At       time.Time `json:"at"` // the instant scheduled
	DueAt    time.Time `json:"dueAt"`
	Attempts int       `json:"attempts,omitempty"`
	Retries  int       `json:"retries"`
	Dead     bool      `json:"dead,omitempty"`
	Error    string    `json:"error,omitempty"` // of the last attempt
}

// Open reads the schedules kept in the file. Of the instants a recurring schedule missed while nothing ran, the first
// is made up for and the others are left out; a one-time schedule is made up for.
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

// Ensure creates a schedule or brings it in line with the definition. One that has not changed keeps its place in time.
func (s *Scheduler) Ensure(d Definition) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known := s.schedules[d.key()]; known != nil && known.Definition.equal(d) {
		return nil
	}
	return s.set(d, "")
}

// set checks a definition and puts it in place of what had its name; the caller holds the lock.
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
	entry.Next = entry.after(now.Add(-time.Nanosecond))
	if one, ok := when.(at); ok {
		entry.Next = one.instant // one planned for a time already past runs at once
	}
	delete(s.deleted, d.key())
	s.schedules[d.key()] = entry
	return s.keep(entry)
}

// after returns the next instant within the schedule's dates, which one-time schedules do not have.
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

// earliest returns the run or else the schedule that comes first, by time and then by name.
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

// pop turns schedules that are due into runs until a run comes first. The run is kept before the schedule moves on: a
// kill in between repeats it and loses nothing.
func (s *Scheduler) pop(now time.Time) (*Run, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		e, r := s.earliest()
		if r != nil && !r.DueAt.After(now) {
			return r, nil
		}
		if e == nil || e.Next.After(now) {
			return nil, nil
		}
		run := e.run()
		s.runs[run.ID] = run
		if err := s.file.Put("run "+run.ID, stored{Run: run}); err != nil {
			return nil, fmt.Errorf("scheduler: %w", err)
		}
		reached := e.Next
		if e.when.once() {
			e.Next = time.Time{}
		} else if e.Next = e.after(reached); !e.Next.IsZero() && e.Next.Before(s.opened) {
			e.Next = e.after(s.opened)
		}
		if err := s.advance(e); err != nil {
			return nil, err
		}
	}
}

// advance keeps a schedule that has moved on, or deletes it when it is complete and asked to be.
func (s *Scheduler) advance(e *schedule) error {
	if e.Next.IsZero() && e.Definition.ActionAfterCompletion == "DELETE" {
		return s.drop(e)
	}
	return s.keep(e)
}

// finish forgets a run that succeeded and puts off, or gives up, one that did not. One cut off by the end of ctx stays
// as it was.
func (s *Scheduler) finish(ctx context.Context, r *Run, failure error, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if failure == nil {
		delete(s.runs, r.ID)
		return s.file.Delete("run " + r.ID)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	r.Attempts++
	r.Error = failure.Error()
	r.Dead = r.Attempts > r.Retries
	r.DueAt = now.Add(time.Duration(r.Attempts) * RetryStep)
	s.options.Log.Warn("scheduled invocation failed", "schedule", r.Schedule, "function", r.Function, "at", r.At,
		"attempts", r.Attempts, "given_up", r.Dead, "error", failure)
	return s.file.Put("run "+r.ID, stored{Run: r})
}

// DeadLetters returns the runs given up, oldest first.
func (s *Scheduler) DeadLetters() []Run {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Run
	for _, r := range s.runs {
		if r.Dead {
			out = append(out, *r)
		}
	}
	slices.SortFunc(out, func(a, b Run) int { return cmp.Or(a.At.Compare(b.At), strings.Compare(a.ID, b.ID)) })
	return out
}

// Redrive makes the runs given up due at this time and returns how many there are.
func (s *Scheduler) Redrive() (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var moved int
	for _, r := range s.runs {
		if !r.Dead {
			continue
		}
		r.Dead, r.Attempts, r.DueAt = false, 0, s.options.Clock.Now()
		if err := s.file.Put("run "+r.ID, stored{Run: r}); err != nil {
			return moved, fmt.Errorf("scheduler: %w", err)
		}
		moved++
	}
	return moved, nil
}

func (s *Scheduler) keep(e *schedule) error {
	if err := s.file.Put("schedule "+e.Definition.key(), stored{Schedule: e}); err != nil {
		return fmt.Errorf("scheduler: %w", err)
	}
	return nil
}

func (s *Scheduler) drop(e *schedule) error {
	delete(s.schedules, e.Definition.key())
	if err := s.file.Delete("schedule " + e.Definition.key()); err != nil {
		return fmt.Errorf("scheduler: %w", err)
	}
	return nil
}

// run makes the invocation of the schedule's next instant. Its id depends on that instant, so a repeated one is known.
func (e *schedule) run() *Run {
	d := e.Definition
	r := &Run{
		ID: d.key() + "@" + e.Next.Format(time.RFC3339), Schedule: d.key(), Function: d.function(), At: e.Next, DueAt: e.Next, Retries: Retries,
	}
	if d.Target.RetryPolicy != nil && d.Target.RetryPolicy.MaximumRetryAttempts != nil {
		r.Retries = *d.Target.RetryPolicy.MaximumRetryAttempts
	}
	r.Payload = []byte(strings.NewReplacer(
		"<aws.scheduler.schedule-arn>", d.arn(),
		"<aws.scheduler.scheduled-time>", e.Next.UTC().Format(time.RFC3339),
		"<aws.scheduler.execution-id>", r.ID,
	).Replace(d.Target.Input))
	if d.Target.Input == "" {
		r.Payload, _ = json.Marshal(map[string]any{
			"version": "0", "id": r.ID, "detail-type": "Scheduled Event", "source": "aws.scheduler", "account": Account, "region": Region,
			"time": e.Next.UTC().Format(time.RFC3339), "resources": []string{d.arn()}, "detail": "{}",
		})
	}
	return r
}

// attempt is the payload with the number of this try in it.
func (r *Run) attempt() []byte {
	return []byte(strings.ReplaceAll(string(r.Payload), "<aws.scheduler.attempt-number>", strconv.Itoa(r.Attempts+1)))
}
