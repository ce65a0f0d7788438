// Package runtimeapi is the Lambda Runtime API: it starts a function's real bootstrap as a process, hands it events and
// takes its answers, as Lambda does.
//
// Source of the protocol: AWS Lambda, "Using the Lambda runtime API for custom runtimes" (2018-06-01).
package runtimeapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	"dangol/shared/platform/clock"
)

const version = "/2018-06-01/runtime"

// Function is a running bootstrap.
type Function struct {
	cmd      *exec.Cmd
	server   *http.Server
	clock    clock.Clock
	timeout  time.Duration
	events   chan []byte
	answers  chan answer
	ready    chan struct{} // closed when the function first asks for an event
	once     sync.Once
	started  time.Time
	readyAt  time.Time
	output   lockedBuffer
	exited   chan error
	sequence int
}

type answer struct {
	body []byte
	err  error
}

// Options say what to run.
type Options struct {
	Path    string            // the executable
	Env     map[string]string // its whole environment, besides what Lambda sets
	Timeout time.Duration     // of one invocation, told to the function as its deadline
	Clock   clock.Clock
}

// Start runs the executable and returns once it asks for its first event. Errors: it ends before, or ctx does.
func Start(ctx context.Context, o Options) (*Function, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	f := &Function{
		clock: o.Clock, timeout: o.Timeout, events: make(chan []byte), answers: make(chan answer, 1),
		ready: make(chan struct{}), exited: make(chan error, 1),
	}
	f.server = &http.Server{Handler: f.handler()}
	go f.server.Serve(listener)
	f.cmd = exec.Command(o.Path)
	f.cmd.Env = environment(o.Env, listener.Addr().String())
	f.cmd.Stdout, f.cmd.Stderr = &f.output, &f.output
	f.started = o.Clock.Now()
	if err := f.cmd.Start(); err != nil {
		f.server.Close()
		return nil, err
	}
	go func() { f.exited <- f.cmd.Wait() }()
	select {
	case <-f.ready:
		return f, nil
	case err := <-f.exited:
		f.server.Close()
		return nil, fmt.Errorf("%s ended at start: %v\n%s", o.Path, err, f.output.String())
	case <-ctx.Done():
		f.Stop()
		return nil, errors.Join(ctx.Err(), fmt.Errorf("%s does not ask for an event\n%s", o.Path, f.output.String()))
	}
}

func environment(given map[string]string, address string) []string {
	env := []string{
		"AWS_LAMBDA_RUNTIME_API=" + address, "AWS_LAMBDA_FUNCTION_NAME=test", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=256",
		"AWS_LAMBDA_FUNCTION_VERSION=$LATEST", "AWS_LAMBDA_LOG_GROUP_NAME=test", "AWS_LAMBDA_LOG_STREAM_NAME=test",
		"PATH=" + os.Getenv("PATH"),
	}
	for name, value := range given {
		env = append(env, name+"="+value)
	}
	return env
}

// StartUp is the time from starting the process to its first request for an event.
func (f *Function) StartUp() time.Duration { return f.readyAt.Sub(f.started) }

// Output is what the function has written to its standard streams.
func (f *Function) Output() string { return f.output.String() }

// PeakMemory is the most memory that the process had resident so far, in bytes. Errors: not on Linux; the function has
// ended.
func (f *Function) PeakMemory() (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", f.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	// Not the usage that wait4 reports: that has the memory of the parent before exec in it.
	_, rest, found := strings.Cut(string(status), "VmHWM:")
	var kib int64
	if _, err := fmt.Sscan(rest, &kib); err != nil || !found {
		return 0, fmt.Errorf("no VmHWM in the status of process %d", f.cmd.Process.Pid)
	}
	return kib << 10, nil
}

// Invoke hands the function an event and returns its answer. Errors: the function reports one, ends, or ctx does.
func (f *Function) Invoke(ctx context.Context, event []byte) ([]byte, error) {
	select {
	case f.events <- event:
	case err := <-f.exited:
		return nil, fmt.Errorf("the function ended: %v\n%s", err, f.output.String())
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	select {
	case a := <-f.answers:
		return a.body, a.err
	case err := <-f.exited:
		return nil, fmt.Errorf("the function ended: %v\n%s", err, f.output.String())
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Stop ends the process.
func (f *Function) Stop() {
	f.cmd.Process.Kill()
	f.server.Close()
}

func (f *Function) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+version+"/invocation/next", f.next)
	mux.HandleFunc("POST "+version+"/invocation/{id}/response", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		f.answers <- answer{body: body, err: err}
		w.WriteHeader(http.StatusAccepted)
	})
	mux.HandleFunc("POST "+version+"/invocation/{id}/error", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		f.answers <- answer{err: fmt.Errorf("the function failed: %s", body)}
		w.WriteHeader(http.StatusAccepted)
	})
	mux.HandleFunc("POST "+version+"/init/error", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusAccepted)
	})
	return mux
}

func (f *Function) next(w http.ResponseWriter, r *http.Request) {
	f.once.Do(func() {
		f.readyAt = f.clock.Now()
		close(f.ready)
	})
	select {
	case event := <-f.events:
		f.sequence++
		h := w.Header()
		h.Set("Lambda-Runtime-Aws-Request-Id", "invocation-"+strconv.Itoa(f.sequence))
		h.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(f.clock.Now().Add(f.timeout).UnixMilli(), 10))
		h.Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:ap-northeast-2:000000000000:function:test")
		h.Set("Lambda-Runtime-Trace-Id", "Root=1-00000000-000000000000000000000000;Parent=0000000000000000;Sampled=0")
		h.Set("Content-Type", "application/json")
		w.Write(event)
	case <-r.Context().Done():
	}
}

// lockedBuffer collects the output of a process while others read it.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.TrimSpace(b.buf.String())
}
