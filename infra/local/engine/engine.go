// Package engine keeps the local DynamoDB engine running: it starts the binary that npm installed, waits until it
// answers, starts it again on the same port and file when it dies, and stops it with the runner. What the engine itself
// leaves out of DynamoDB, the removal of expired items, is in ttl.go.
package engine

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"time"
)

const (
	// Long enough for a slow disk; a healthy engine answers within a second.
	startLimit = 10 * time.Second // from launch to the first healthy answer
	stopGrace  = 3 * time.Second  // from the polite signal to the kill
	minBackoff = 20 * time.Millisecond
	maxBackoff = 5 * time.Second
	freePorts  = 5 // how often to try another port when somebody took the one we chose
)

// Options say which engine to start and where it keeps its data.
type Options struct {
	Path     string       // the binary; empty looks for the one npm installed
	DataFile string       // the SQLite file; empty keeps everything in memory, and a restart then begins empty
	Port     int          // on loopback; 0 takes a free one
	Log      *slog.Logger // nil is silent
}

// Engine is a running DynamoDB engine. Its methods are safe for concurrent use.
type Engine struct {
	options Options
	log     *slog.Logger
	stop    context.CancelFunc
	done    chan struct{}

	mu       sync.Mutex
	pid      int // 0 while no process runs
	restarts int
	spent    cpu // by processes that have ended
}

// cpu is processor time.
type cpu struct{ user, sys time.Duration }

// Start launches the engine and returns when it answers. ctx bounds only the wait; after that the engine runs until
// Stop, or until this process ends in whatever way (Linux). Errors: no binary for this platform, port taken, an engine
// that ends or stays silent.
func Start(ctx context.Context, o Options) (*Engine, error) {
	if o.Path == "" {
		path, err := Find()
		if err != nil {
			return nil, err
		}
		o.Path = path
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Port != 0 {
		return start(ctx, o)
	}
	var err error
	// Another process can take the port between choosing and using it.
	for range freePorts {
		if o.Port, err = freePort(); err != nil {
			return nil, err
		}
		var e *Engine
		if e, err = start(ctx, o); err == nil || ctx.Err() != nil {
			return e, err
		}
	}
	return nil, err
}

// start launches one engine and waits for its first answer.
func start(ctx context.Context, o Options) (*Engine, error) {
	life, stop := context.WithCancel(context.Background())
	e := &Engine{options: o, log: o.Log, stop: stop, done: make(chan struct{})}
	first := make(chan error, 1)
	go e.supervise(life, first)
	var err error
	select {
	case err = <-first:
	case <-ctx.Done():
		err = fmt.Errorf("engine: waiting for it to start: %w", ctx.Err())
	}
	if err != nil {
		e.Stop()
		return nil, err
	}
	// The engine works without the indexes, only slower, so this is a warning.
	if o.DataFile != "" {
		if err := index(o.DataFile); err != nil {
			e.log.Warn("the DynamoDB engine gets slower with every write", "error", err)
		}
	}
	return e, nil
}

// Endpoint returns the URL to give to DynamoDB and DynamoDB Streams clients. It stays the same over restarts.
func (e *Engine) Endpoint() string {
	return "http://" + e.address()
}

// address is host and port, on loopback only.
func (e *Engine) address() string {
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(e.options.Port))
}

// PID returns the process id, 0 while the engine is down.
func (e *Engine) PID() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.pid
}

// Restarts returns how often the engine died and was started again.
func (e *Engine) Restarts() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.restarts
}

// Stop asks the engine to end, kills it after a grace of three seconds, and returns when it is gone. It may be called
// more than once.
func (e *Engine) Stop() {
	e.stop()
	<-e.done
}

// freePort lets the system choose a port and gives it back at once.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("engine: no free port: %w", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// process is one run of the binary.
type process struct {
	cmd    *exec.Cmd
	ended  chan struct{} // closed when the process has ended
	output *tail
}

// launch starts the process with its output in a pipe.
func (e *Engine) launch() (*process, error) {
	args := []string{"serve", "--host", "127.0.0.1", "--port", strconv.Itoa(e.options.Port)}
	if e.options.DataFile != "" {
		args = append(args, "--db-path", e.options.DataFile)
	}
	p := &process{cmd: exec.Command(e.options.Path, args...), ended: make(chan struct{}),
		output: &tail{ready: make(chan struct{}), over: make(chan struct{})}}
	p.cmd.SysProcAttr = attributes()
	out, in, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("engine: %w", err)
	}
	// The child has its own copy; while this one is open, the end of output would not be seen.
	defer in.Close()
	p.cmd.Stdout, p.cmd.Stderr = in, in
	if err := p.cmd.Start(); err != nil {
		out.Close()
		return nil, fmt.Errorf("engine: %w", err)
	}
	go p.output.follow(out)
	e.setPID(p.cmd.Process.Pid)
	return p, nil
}

// tail follows what the engine prints: it reports the line that says it listens, and keeps the last line for errors.
type tail struct {
	ready chan struct{}
	over  chan struct{} // closed when all output has been read
	once  sync.Once
	mu    sync.Mutex
	last  string
}

// follow reads the output until the process ends.
func (t *tail) follow(r io.ReadCloser) {
	defer close(t.over)
	defer r.Close()
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		t.mu.Lock()
		t.last = lines.Text()
		t.mu.Unlock()
		if listens.MatchString(lines.Text()) {
			t.once.Do(func() { close(t.ready) })
		}
	}
	_, _ = io.Copy(io.Discard, r) // after a line too long to scan, so that the engine never blocks on a full pipe
}

// String is the last line that the engine printed.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.last
}

// end asks the process to stop and kills it after the grace, so that the database file is closed
// properly.
func (p *process) end(grace time.Duration) {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-p.ended:
	case <-timer.C:
		_ = p.cmd.Process.Kill()
		<-p.ended
	}
}

// errEnded says that the process ended before it served, mostly because the port was taken.
var errEnded = errors.New("engine: ended before it answered")
