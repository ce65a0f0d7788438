package function_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"testing"

	"github.com/aws/aws-lambda-go/lambda"

	"dangol/shared/platform/due"
	"dangol/shared/platform/event"
	"dangol/shared/platform/function"
	"dangol/shared/platform/worker"
)

// said is an event for the tests.
type said struct {
	Word string `json:"word"`
}

func (said) EventType() string { return "word.said" }

// calls records which handler got what.
type calls []string

func (c *calls) handlers() function.Handlers {
	note := func(what string) { *c = append(*c, what) }
	return function.Handlers{
		API: lambda.NewHandler(func(context.Context, json.RawMessage) error { note("api"); return nil }),
		Jobs: worker.Kinds{{Name: "job", Handle: func(_ context.Context, j due.Job) error {
			note("job " + j.Key.PK)
			return nil
		}}},
		Events: function.Consumers{
			function.On(func(_ context.Context, _ event.Envelope, e said) error {
				if e.Word == "bad" {
					return errors.New("a bad word")
				}
				note("event " + e.Word)
				return nil
			}),
		},
		Other: lambda.NewHandler(func(_ context.Context, in map[string]any) error { note("other"); return nil }),
		Log:   slog.New(slog.DiscardHandler),
	}
}

func TestEachPayloadGoesToWhatHandlesIt(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, payload, want string }{
		{"a request of the HTTP API", `{"version":"2.0","routeKey":"GET /x"}`, "api"},
		{"a batch of the queue", `{"Records":[{"messageId":"m","eventSource":"aws:sqs","body":"{\"kind\":\"job\",\"key\":{\"pk\":\"A#1\",\"sk\":\"A\"}}"}]}`, "job A#1"},
		{"an event of the bus", `{"detail-type":"word.said","detail":{"id":"e1","type":"word.said","data":{"word":"hello"}}}`,
			"event hello"},
		{"anything else", `{"promotionId":"p"}`, "other"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var got calls
			if _, err := got.handlers().Lambda().Invoke(t.Context(), []byte(c.payload)); err != nil {
				t.Fatal(err)
			}
			if len(got) != 1 || got[0] != c.want {
				t.Errorf("called %q, want %q", got, c.want)
			}
		})
	}
}

func TestWhatCannotBeHandledIsAnError(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, payload string }{
		{"a payload that is not JSON", `{`},
		{"a payload of no known trigger", `{"x":1}`},
		{"an event whose detail is not an envelope", `{"detail-type":"word.said","detail":[]}`},
		{"an event whose consumer fails",
			`{"detail-type":"word.said","detail":{"id":"e1","type":"word.said","data":{"word":"bad"}}}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var got calls
			h := got.handlers()
			h.Other = nil
			if _, err := h.Lambda().Invoke(t.Context(), []byte(c.payload)); err == nil {
				t.Errorf("no error; called %q", got)
			}
		})
	}
}

func TestAnEventThatNothingConsumesIsLetGo(t *testing.T) {
	t.Parallel()
	var got calls
	_, err := got.handlers().Lambda().Invoke(t.Context(), []byte(`{"detail-type":"word.unsaid","detail":{}}`))
	if err != nil || len(got) != 0 {
		t.Errorf("called %q, %v", got, err)
	}
}

func TestTypesAreThoseOfTheOwnBus(t *testing.T) {
	t.Parallel()
	var c calls
	if got := c.handlers().Events.Types(); !slices.Equal(got, []string{"word.said"}) {
		t.Errorf("types %q", got)
	}
}
