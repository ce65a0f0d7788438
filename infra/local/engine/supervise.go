package engine

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"runtime"
	"strings"
	"time"
)

// listens matches the line that the engine prints when it is ready.
var listens = regexp.MustCompile(`listening on http://`)

// supervise runs the engine until life ends and starts it again when it dies. The outcome of the
// first start, good or bad, goes to first.
func (e *Engine) supervise(life context.Context, first chan<- error) {
	defer close(e.done)
	if err := e.run(life, func() { first <- nil }); err != nil {
		first <- err
		return
	}
	backoff := minBackoff
	for wait(life, backoff) {
		e.mu.Lock()
		e.restarts++
		e.mu.Unlock()
		backoff = min(2*backoff, maxBackoff)
		// A start that succeeded resets the pause: only failures in a row make it longer.
		err := e.run(life, func() { backoff = minBackoff })
		if err != nil {
			e.log.Error("the DynamoDB engine did not come back", "error", err, "next_try", backoff.String())
		}
	}
}

// run is one life of the process: launch, wait until it answers, wait until it ends. An error means
// that the engine never answered; one that answered and died later is started again by the caller.
func (e *Engine) run(life context.Context, healthy func()) error {
	launched := make(chan error, 1)
	var p *process
	go func() {
		// The kernel kills the child when the thread that made it ends, so this thread stays until the child is gone.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		var err error
		p, err = e.launch()
		launched <- err
		if err != nil {
			return
		}
		_ = p.cmd.Wait()
		<-p.output.over // the end of its output may say why
		e.account(p.cmd.ProcessState.UserTime(), p.cmd.ProcessState.SystemTime())
		close(p.ended)
	}()
	if err := <-launched; err != nil {
		return err
	}
	if err := e.awaitHealthy(life, p); err != nil {
		p.end(0)
		return err
	}
	healthy()
	select {
	case <-life.Done():
		p.end(stopGrace)
	case <-p.ended:
		e.log.Error("the DynamoDB engine died; starting it again", "last_output", p.output.String())
	}
	return nil
}

// awaitHealthy waits for the engine's own line that it listens, so that another server on the port
// is never taken for
// it, and then for an answer over HTTP.
func (e *Engine) awaitHealthy(life context.Context, p *process) error {
	ctx, cancel := context.WithTimeout(life, startLimit)
	defer cancel()
	select {
	case <-p.output.ready:
	case <-p.ended:
		return fmt.Errorf("%w on %s: %s", errEnded, e.address(), p.output)
	case <-ctx.Done():
		return fmt.Errorf("engine: silent for %s on %s: %s", startLimit, e.address(), p.output)
	}
	for {
		if e.answers(ctx) {
			return nil
		}
		select {
		case <-p.ended:
			return fmt.Errorf("%w on %s: %s", errEnded, e.address(), p.output)
		default:
		}
		if !wait(ctx, minBackoff) {
			return fmt.Errorf("engine: no healthy answer from %s: %s", e.address(), p.output)
		}
	}
}

// answers reports whether the engine answers on its health page.
func (e *Engine) answers(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, e.Endpoint(), nil)
	if err != nil {
		return false
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 1024))
	return err == nil && res.StatusCode == http.StatusOK && strings.Contains(string(body), "healthy")
}

// wait waits for d; false when ctx ended first.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
