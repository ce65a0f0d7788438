// Package logging writes one JSON object a line (slog) and carries the correlation id that ties an API call to the
// events, mails and queue messages it led to. Never log a name, an address, a mail or a token.
package logging

import (
	"context"
	"io"
	"log/slog"
)

// key is the context key of the correlation id.
type key struct{}

// WithCorrelation returns a context whose log lines and events carry the id.
func WithCorrelation(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, key{}, id)
}

// Correlation returns the id that WithCorrelation set, or "".
func Correlation(ctx context.Context) string {
	id, _ := ctx.Value(key{}).(string)
	return id
}

// New returns a logger for one function. Every line names the function and, when the context has one, the correlation
// id.
func New(w io.Writer, function string, level slog.Level) *slog.Logger {
	h := slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level})
	return slog.New(handler{h}).With("function", function)
}

// handler adds the correlation id of the context to each line. It wraps every handler
// that is derived from it too, or lines of a logger with attributes would lack the id.
type handler struct{ slog.Handler }

func (h handler) Handle(ctx context.Context, r slog.Record) error {
	if id := Correlation(ctx); id != "" {
		r.AddAttrs(slog.String("correlationId", id))
	}
	return h.Handler.Handle(ctx, r)
}

func (h handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return handler{h.Handler.WithAttrs(attrs)}
}

func (h handler) WithGroup(name string) slog.Handler { return handler{h.Handler.WithGroup(name)} }
