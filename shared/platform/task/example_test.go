package task_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"dangol/infra/testkit/localtest"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/due"
	"dangol/shared/platform/table"
	"dangol/shared/platform/task"
)

// parcel is a change in some domain: a parcel was handed over, and the carrier has to be told.
type parcel struct {
	table.Key
	Booked bool `dynamodbav:"booked"`
}

// booking is what the task needs to know.
type booking struct {
	ParcelID string `json:"parcelId"`
}

// carrier is the outside party. It knows a booking by its key, so asking is possible.
type carrier struct{ booked map[string]bool }

var errTimeout = errors.New("the carrier did not answer")

// TestExample shows a whole task: stored with its cause, an answer that is lost, the question, the outcome in one
// transaction.
func TestExample(t *testing.T) {
	t.Parallel()
	tb := localtest.Table(t, table.Commerce)
	now := clock.Stopped(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	outside := carrier{booked: map[string]bool{}}

	bookings := task.Kind[booking]{
		Engine: task.Engine{Table: tb, Clock: now, Log: slog.New(slog.DiscardHandler)},
		Name:   "booking", Delivery: task.AtLeastOnce,
		Do: func(_ context.Context, t *task.Task[booking]) (task.Outcome, error) {
			outside.booked[t.ID] = true // took effect ...
			return task.Outcome{}, errTimeout
		},
		Ask: func(_ context.Context, t *task.Task[booking]) (task.Outcome, error) {
			if !outside.booked[t.ID] {
				return task.Outcome{}, task.ErrNotSeen
			}
			return task.Outcome{Record: func(context.Context) ([]table.Write, error) {
				// Always true: a parcel is booked once, and by this task only.
				p := parcel{Key: table.Key{PK: "PARCEL#" + t.Payload.Value.ParcelID, SK: "PARCEL"}, Booked: true}
				return []table.Write{table.Put{Item: p, If: table.IfExists}}, nil
			}}, nil
		},
	}

	// The change and its task are one transaction.
	p := parcel{Key: table.Key{PK: "PARCEL#7", SK: "PARCEL"}}
	err := tb.Transact(t.Context(), "parcel-7",
		table.Put{Item: p, If: table.IfNew},
		table.Put{Item: task.New("booking", "7", booking{ParcelID: "7"}, now.Now(), now.Now()), If: table.IfNew},
	)
	if err != nil {
		t.Fatal(err)
	}

	// The sweeper finds it due and queues it; the worker hands it to Work. The answer is lost: the task waits, and
	// asks.
	for n := range 2 {
		now.Advance(time.Hour)
		job := due.Job{Kind: "booking", Key: task.KeyOf("booking", "7")}
		if err := bookings.Work(t.Context(), job); err != nil {
			t.Fatal(err)
		}
		got, err := bookings.Get(t.Context(), "7")
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"pending, unanswered true", "done, unanswered false"}[n]
		if is := fmt.Sprintf("%s, unanswered %t", got.State, got.Unanswered); is != want {
			t.Errorf("after job %d: %s, want %s", n+1, is, want)
		}
	}
	if err := tb.Get(t.Context(), p.Key, &p); err != nil || !p.Booked {
		t.Errorf("%+v, %v", p, err)
	}
}
