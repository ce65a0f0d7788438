package api_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"dangol/shared/platform/api"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/problem"
)

// An operation that runs out of time is overload: the caller may try again, and nobody is called at night. A caller who
// has hung up is no error at all.
func TestRunningOutOfTimeIsBusyAndHangingUpIsNothing(t *testing.T) {
	t.Parallel()
	past, expire := context.WithDeadline(context.Background(), time.Unix(0, 0))
	defer expire()
	gone, hangUp := context.WithCancel(context.Background())
	hangUp()
	for _, c := range []struct {
		name   string
		ctx    context.Context
		err    error
		status int
		code   string
		level  string
	}{
		{"the operation says so", t.Context(), fmt.Errorf("get: %w", context.DeadlineExceeded), 503, "busy", "WARN"},
		{"only the context does", past, errors.New("read: i/o timeout"), 503, "busy", "WARN"},
		{"the caller hung up", gone, errors.New("read: use of closed connection"), 503, "busy", "DEBUG"},
		{"a refusal stays what it is", past, problem.NotFound("no_such_cart", "There is no such cart."), 404, "no_such_cart",
			"DEBUG"},
		{"a fault stays a fault", t.Context(), errors.New("nil map"), 500, "internal", "ERROR"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var logged strings.Builder
			s := api.New("tests", api.Options{
				Clock: clock.System{}, Log: slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug})),
			})
			api.Handle(s, api.Route{Method: "GET", Path: "/slow", ID: "slow", Summary: "slow", Tag: "Tests", Access: api.Public},
				func(context.Context, *struct{}) (*struct{}, error) { return nil, c.err })
			w := httptest.NewRecorder()
			s.ServeHTTP(w, httptest.NewRequestWithContext(c.ctx, http.MethodGet, "/slow", nil))
			if w.Code != c.status || !strings.Contains(w.Body.String(), `"code":"`+c.code+`"`) {
				t.Errorf("%d %s, want %d %s", w.Code, w.Body, c.status, c.code)
			}
			if again := w.Header().Get("Retry-After"); (again == "1") != (c.code == "busy") {
				t.Errorf("Retry-After %q", again)
			}
			if !strings.Contains(logged.String(), "level="+c.level) {
				t.Errorf("logged as %s, want %s", logged.String(), c.level)
			}
		})
	}
}
