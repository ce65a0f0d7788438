package scheduler

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Retries and RetryStep are Lambda's for an asynchronous invocation that fails: two more tries, one
// and two minutes later. A target's own MaximumRetryAttempts counts instead of Retries.
const (
	Retries   = 2
	RetryStep = time.Minute
)

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
	Queue    string    `json:"queue,omitempty"` // ARN of the target's dead-letter queue
	Error    string    `json:"error,omitempty"` // of the last attempt
}

// pop turns schedules that are due into runs until a run comes first. The run is stored before the
// schedule moves on: a
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
		// After the start, only the first missed instant is made up for.
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

// advance stores a schedule that has moved on, or deletes it when it is complete and asks for that.
func (s *Scheduler) advance(e *schedule) error {
	if e.Next.IsZero() && e.Definition.ActionAfterCompletion == "DELETE" {
		return s.drop(e)
	}
	return s.keep(e)
}

// finish deletes a run that succeeded, and postpones or gives up one that failed. One that was cut
// off by the end of ctx stays as it was.
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
	// With a dead-letter queue the payload goes there, as with Scheduler.
	if r.Dead && r.Queue != "" && s.options.DeadLetter != nil {
		if err := s.options.DeadLetter(r.Queue, string(r.Payload)); err != nil {
			return fmt.Errorf("scheduler: dead-letter queue of %s: %w", r.ID, err)
		}
		delete(s.runs, r.ID)
		return s.file.Delete("run " + r.ID)
	}
	return s.file.Put("run "+r.ID, stored{Run: r})
}

// DeadLetters returns the runs given up that are in no dead-letter queue, oldest first.
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

// run makes the invocation of the schedule's next instant. Its id contains that instant, so a
// repeated one is recognized.
func (e *schedule) run() *Run {
	d := e.Definition
	r := &Run{
		ID: d.key() + "@" + e.Next.Format(time.RFC3339), Schedule: d.key(), Function: d.function(), At: e.Next, DueAt: e.Next,
		Retries: Retries,
		Queue:   d.Target.DeadLetterConfig["Arn"],
	}
	if d.Target.RetryPolicy != nil && d.Target.RetryPolicy.MaximumRetryAttempts != nil {
		r.Retries = *d.Target.RetryPolicy.MaximumRetryAttempts
	}
	// The placeholders that Scheduler replaces in an input.
	r.Payload = []byte(strings.NewReplacer(
		"<aws.scheduler.schedule-arn>", d.arn(),
		"<aws.scheduler.scheduled-time>", e.Next.UTC().Format(time.RFC3339),
		"<aws.scheduler.execution-id>", r.ID,
	).Replace(d.Target.Input))
	// Without an input Scheduler sends an event of its own.
	if d.Target.Input == "" {
		r.Payload, _ = json.Marshal(map[string]any{
			"version": "0", "id": r.ID, "detail-type": "Scheduled Event", "source": "aws.scheduler", "account": Account,
			"region": Region,
			"time":   e.Next.UTC().Format(time.RFC3339), "resources": []string{d.arn()}, "detail": "{}",
		})
	}
	return r
}

// attempt is the payload with the number of this try in it.
func (r *Run) attempt() []byte {
	return []byte(strings.ReplaceAll(string(r.Payload), "<aws.scheduler.attempt-number>", strconv.Itoa(r.Attempts+1)))
}
