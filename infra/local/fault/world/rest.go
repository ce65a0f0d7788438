package world

import (
	"context"
	"encoding/json"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"dangol/functions/settle"
	"dangol/shared/due"
)

// maxRounds bounds how long a world may take to come to rest: more means that something goes round in circles.
const maxRounds = 300

// Rest does whatever is due, moving the clock to it, until nothing is due and the bank has no more to say.
func (w *World) Rest(ctx context.Context) {
	w.T.Helper()
	quiet := 0
	for range maxRounds {
		w.Ring(ctx)
		if w.WorkDue(ctx) > 0 {
			quiet = 0
			continue
		}
		next, more := w.nextDue(ctx)
		switch {
		case more:
			w.Clock.MoveTo(next)
		case quiet == 2:
			return
		default: // webhooks that were refused come again
			quiet++
			w.Clock.Advance(time.Hour)
		}
	}
	w.T.Fatal("the world does not come to rest")
}

// Ring delivers the bank's webhooks.
func (w *World) Ring(ctx context.Context) {
	w.T.Helper()
	if _, err := w.Bank.Tick(ctx, w.Clock.Now()); err != nil {
		w.T.Fatal(err)
	}
}

// WorkDue hands out all jobs that are due, as the sweeper does, and returns how many.
func (w *World) WorkDue(ctx context.Context) int {
	w.T.Helper()
	now := w.Clock.Now()
	jobs := 0
	for _, kind := range settle.Kinds {
		var found []due.Job
		err := due.Overdue(ctx, w.Table, kind, now, func(j due.Job) error {
			found = append(found, j)
			return nil
		})
		if err != nil {
			w.T.Fatal(err)
		}
		for _, j := range found {
			if ok, err := due.Claim(ctx, w.Table, j, now); err != nil || !ok {
				w.T.Fatalf("claim %v: %v %v", j, ok, err)
			}
			w.Work(ctx, j)
			jobs++
		}
	}
	return jobs
}

// Work hands one job to the worker, in a message of its queue. A failed one stays claimed until its lease ends.
func (w *World) Work(ctx context.Context, j due.Job) events.SQSEventResponse {
	w.T.Helper()
	body, err := json.Marshal(j)
	if err != nil {
		w.T.Fatal(err)
	}
	batch := events.SQSEvent{Records: []events.SQSMessage{{MessageId: "m1", Body: string(body)}}}
	answer, err := settle.Worker{Checkouts: w.Service}.Handle(ctx, batch)
	if err != nil {
		w.T.Fatal(err)
	}
	return answer
}

func (w *World) nextDue(ctx context.Context) (first time.Time, ok bool) {
	w.T.Helper()
	for _, kind := range settle.Kinds {
		at, some, err := due.Next(ctx, w.Table, kind)
		if err != nil {
			w.T.Fatal(err)
		}
		if some && (!ok || at.Before(first)) {
			first, ok = at, true
		}
	}
	return first, ok
}
