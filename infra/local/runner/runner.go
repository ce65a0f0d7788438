// Package runner is the system on one machine: the same functions, tables, routes, rules and schedules as deployed,
// read from the topology, with stand-ins for the AWS services around them and a clock that can be moved.
package runner

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/johannesboyne/gofakes3"

	"dangol/infra/local/bus"
	"dangol/infra/local/engine"
	"dangol/infra/local/gateway"
	"dangol/infra/local/issuer"
	"dangol/infra/local/phone"
	"dangol/infra/local/pushservice"
	"dangol/infra/local/queue"
	"dangol/infra/local/scheduler"
	"dangol/infra/local/ses"
	"dangol/infra/local/socket"
	"dangol/infra/local/stream"
	"dangol/infra/local/tables"
	"dangol/infra/topology"
	"dangol/shared/payment/sandbox/server"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/table"
)

// Options say where the system runs and keeps its data.
type Options struct {
	System topology.System
	Port   int    // on loopback; 0 takes a free one
	Data   string // folder; empty keeps everything in memory
	Log    *slog.Logger
	Out    io.Writer // metrics of the functions; nil is nowhere
	Clock  clock.Clock
	// Getenv is the environment of the process, for variables that change how functions behave; nil is empty.
	Getenv func(string) string
	// Observe, when set, is told of every table operation of every function.
	Observe func(function string, op table.Op)
	// WrapDB, when set, stands between each function and its tables.
	WrapDB func(function string, db table.DB) table.DB
	// WrapHTTP, when set, stands between each function and what it calls by HTTP: the payment provider.
	WrapHTTP func(function string, inner http.RoundTripper) http.RoundTripper
	// SkipSchemas lets requests through whose bodies their schema forbids; see boot.Env.
	SkipSchemas bool
	// Throttled refuses more requests than the stage of the deployed API takes.
	Throttled bool
}

// Runner is the running system.
type Runner struct {
	options  Options
	base     clock.Clock // the machine's, from which the shop's may be ahead
	clock    *clock.Movable
	engine   *engine.Engine // nil when DYNAMODB_ENDPOINT names another
	endpoint string
	db       *dynamodb.Client // one for all: each client keeps idle connections of its own
	address  string
	server   *http.Server
	handlers map[string]lambda.Handler

	relays    []*stream.Reader
	forgotten map[string]string // sequence number up to which a shard's records were removed
	bus       *bus.Bus
	queues    *queue.Service
	schedule  *scheduler.Scheduler
	ran       map[string]time.Time // when functions with a long rate were invoked last
	mail      *ses.Sink
	payments  *server.Server
	issuer    *issuer.Issuer
	push      *pushservice.Service
	phone     *phone.Service
	gateway   *gateway.Gateway
	sockets   *socket.Server // nil when no function serves the WebSocket API
	media     http.Handler
	objects   gofakes3.Backend // behind media

	turns    chan struct{} // of writers
	wake     chan struct{}
	due      dueCache
	idleLock sync.Mutex // one pass over what is due at a time
	moving   sync.Mutex // one move of the clock at a time
	// Records invocations while the clock moves; see ClockEvent.
	journal journal
	locked  *os.File // the lock of the data folder; nil when everything is in memory
	closers []io.Closer
	pumping sync.WaitGroup
	serving sync.WaitGroup
	stop    context.CancelFunc
}

// Start starts the system and returns when it answers. Errors: the port is taken, the engine does
// not start, a function's configuration is incomplete.
func Start(ctx context.Context, o Options) (r *Runner, err error) {
	r = &Runner{
		options: o, handlers: map[string]lambda.Handler{}, ran: map[string]time.Time{}, turns: make(chan struct{}, writers),
		wake:      make(chan struct{}, 1),
		forgotten: map[string]string{},
	}
	// Whatever was opened before an error is closed again.
	defer func() {
		if err != nil {
			r.Close()
		}
	}()
	// First, because every other part gets the address of this port.
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", o.Port))
	if err != nil {
		return r, fmt.Errorf("port %d is taken, or cannot be; choose another with PORT=: %w", o.Port, err)
	}
	r.closers = append(r.closers, listener)
	r.address = "http://localhost:" + fmt.Sprint(listener.Addr().(*net.TCPAddr).Port)
	if err := r.openData(ctx); err != nil {
		return r, err
	}
	if err := r.openServices(ctx); err != nil {
		return r, err
	}
	// The system outlives ctx: it runs until Close.
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	r.stop = stop
	if err := r.build(run); err != nil {
		return r, err
	}
	r.server = &http.Server{Handler: r.routes(), ErrorLog: slog.NewLogLogger(o.Log.Handler(), slog.LevelWarn)}
	r.serving.Go(func() {
		if err := r.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			o.Log.Error("serve", "error", err)
		}
	})
	r.pumping.Go(func() { r.deliverLoop(run) })
	return r, nil
}

// openData makes the data folder, sets the clock to where it was left, and starts the engine with
// the tables.
func (r *Runner) openData(ctx context.Context) error {
	if r.base = r.options.Clock; r.base == nil {
		r.base = clock.System{}
	}
	if r.options.Data != "" {
		if err := os.MkdirAll(r.options.Data, 0o755); err != nil {
			return fmt.Errorf("data folder: %w", err)
		}
		if err := r.lockData(); err != nil {
			return fmt.Errorf("data folder: %w", err)
		}
	}
	ahead, err := r.readAhead()
	if err != nil {
		return err
	}
	r.clock = clock.Running(r.base.Now().Add(ahead), r.base)
	if r.endpoint = r.getenv("DYNAMODB_ENDPOINT"); r.endpoint == "" {
		if err := r.makeDataFile(ctx); err != nil {
			return err
		}
		r.engine, err = engine.Start(ctx, engine.Options{DataFile: r.file(dataFile), Log: r.options.Log})
		if err != nil {
			return err
		}
		r.endpoint = r.engine.Endpoint()
	}
	r.db = tables.Client(r.endpoint)
	if err := r.createTables(ctx, r.db); err != nil || r.engine == nil {
		return err
	}
	for _, s := range r.options.System.Tables {
		if err := r.engine.IndexExpiry(s.Name, table.TTLAttribute); err != nil {
			return err
		}
	}
	return nil
}

// File is the path of a file in the data folder, empty when there is none.
func (r *Runner) File(name string) string { return r.file(name) }

func (r *Runner) file(name string) string {
	if r.options.Data == "" {
		return ""
	}
	return filepath.Join(r.options.Data, name)
}

// getenv reads the environment that Options gives.
func (r *Runner) getenv(name string) string {
	if r.options.Getenv == nil {
		return ""
	}
	return r.options.Getenv(name)
}

// Address is where the API answers.
func (r *Runner) Address() string { return r.address }

// Sockets is the WebSocket API.
func (r *Runner) Sockets() *socket.Server { return r.sockets }

// Clock is the system's clock.
func (r *Runner) Clock() *clock.Movable { return r.clock }

// Engine is the database process, nil when an outside one is used. Benchmarks read its processor time.
func (r *Runner) Engine() *engine.Engine { return r.engine }

// Mail is the inbox.
func (r *Runner) Mail() *ses.Sink { return r.mail }

// Payments is the sandbox provider.
func (r *Runner) Payments() *server.Server { return r.payments }

// Issuer mints tokens.
func (r *Runner) Issuer() *issuer.Issuer { return r.issuer }

// Table returns one of the tables, for looking at what is stored and for writing beside the functions.
func (r *Runner) Table(name string) *table.Table {
	return table.New(r.watch(r.db), name, nil)
}

// Close lets work under way end, stops taking requests, and stops everything. The order matters:
// functions need the stand-ins, and the stand-ins need the engine.
func (r *Runner) Close() {
	if r.stop != nil {
		r.stop()
	}
	r.pumping.Wait() // while the stand-ins still answer
	if r.server != nil {
		shutdown, cancel := context.WithTimeout(context.Background(), shutdownGrace)
		defer cancel()
		r.server.Shutdown(shutdown)
	}
	r.serving.Wait()
	for _, c := range r.closers {
		c.Close()
	}
	if r.engine != nil {
		r.engine.Stop()
	}
	if r.locked != nil {
		r.locked.Truncate(0) // nobody runs on the folder now
		r.locked.Close()
	}
}
