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

var listens = regexp.MustCompile(`listening on http://`)

// supervise runs the engine until life ends. It reports the first start, good or bad, on first.
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
		err := e.run(life, func() { backoff = minBackoff })
		if err != nil {
			e.log.Error("the DynamoDB engine did not come back", "error", err, "next_try", backoff.String())
		}
	}
}

// run is one life of the process: launch, wait until it answers, wait until it ends. It returns an error when the
// engine never answered; an engine that answered and died later is a matter for the next run.
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
		<-p.output.over // its last words may say why
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

// awaitHealthy waits for the engine's own word that it listens, so that another server on the port is never taken for
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

// wait returns false when ctx ended first.
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
