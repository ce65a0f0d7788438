package gateway_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"dangol/infra/local/gateway"
	"dangol/infra/topology"
	"dangol/shared/platform/clock"
)

// What cannot begin in time is refused and may be tried again; what runs meanwhile ends well, and then others begin.
func TestMoreRequestsThanFitAreRefusedEarlyAndItRecovers(t *testing.T) {
	t.Parallel()
	begun, end := make(chan struct{}), make(chan struct{})
	g := gateway.New(topology.Dangol, clock.System{}, gateway.Limits{Running: 1},
		func(context.Context, string, []byte) ([]byte, error) {
			begun <- struct{}{}
			<-end
			return []byte(`{"statusCode":200,"body":"{}"}`), nil
		})
	get := func() *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		g.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/products", nil))
		return w
	}
	first := make(chan int)
	go func() { first <- get().Code }()
	<-begun
	if w := get(); w.Code != 503 || !strings.Contains(w.Body.String(), `"busy"`) || w.Header().Get("Retry-After") != "1" {
		t.Errorf("while the one turn is taken: %d %s, Retry-After %q", w.Code, w.Body, w.Header().Get("Retry-After"))
	}
	end <- struct{}{}
	if code := <-first; code != 200 {
		t.Errorf("the one that ran answered %d", code)
	}
	go func() { first <- get().Code }()
	<-begun
	end <- struct{}{}
	if code := <-first; code != 200 {
		t.Errorf("afterwards: %d", code)
	}
}

func TestAFunctionThatRunsOutOfTimeIsBusyAndNotBroken(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err    error
		status int
	}{
		"out of time": {fmt.Errorf("products: %w", context.DeadlineExceeded), 503},
		"broken":      {fmt.Errorf("products: exit status 2"), 500},
	} {
		g := gateway.New(topology.Dangol, clock.System{}, gateway.DefaultLimits(),
			func(context.Context, string, []byte) ([]byte, error) { return nil, c.err })
		w := httptest.NewRecorder()
		g.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/products", nil))
		if w.Code != c.status {
			t.Errorf("%s: %d, want %d", name, w.Code, c.status)
		}
	}
}

// An order must not stay half made because the shopper's train went into a tunnel; Lambda hears nothing of that either.
func TestAFunctionGoesOnWhenItsCallerHangsUp(t *testing.T) {
	t.Parallel()
	ctx, hangUp := context.WithCancel(t.Context())
	g := gateway.New(topology.Dangol, clock.System{}, gateway.DefaultLimits(),
		func(ctx context.Context, _ string, _ []byte) ([]byte, error) {
			hangUp()
			return []byte(`{"statusCode":200,"body":"{}"}`), ctx.Err()
		})
	w := httptest.NewRecorder()
	g.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "/products", nil))
	if w.Code != 200 {
		t.Errorf("the function was stopped: %d %s", w.Code, w.Body)
	}
}
