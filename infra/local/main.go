// Command local runs the whole system on this machine until it is interrupted: what `make run` starts.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"dangol/infra/local/demo"
	"dangol/infra/local/runner"
	"dangol/infra/topology"
)

func main() {
	port := flag.Int("port", 8080, "port on loopback")
	data := flag.String("data", ".dangol", "folder that keeps the data between runs")
	empty := flag.Bool("empty", false, "no demo shop")
	throttled := flag.Bool("throttle", true, "refuse more requests than the deployed API takes a second")
	profile := flag.Int("pprof", 0, "port on loopback for net/http/pprof, 0 for none")
	verbose := flag.Bool("v", false, "log every refusal, and metrics")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A second Ctrl-C ends the process at once: what is at hand may take long when the clock is moved by a year.
	context.AfterFunc(ctx, func() {
		stop()
		fmt.Fprintln(os.Stderr, "stopping when what is at hand is done; Ctrl-C again stops at once, and nothing is lost")
	})
	// Samples of memory are for profiles only, and cost a hundredth of the processor time.
	if *profile == 0 {
		runtime.MemProfileRate = 0
	}
	if *profile != 0 {
		address, err := serveProfiles(ctx, *profile)
		if err != nil {
			fmt.Fprintln(os.Stderr, "dangol:", err)
			os.Exit(1)
		}
		// The first line of the standard output is the address of the shop.
		fmt.Fprintln(os.Stderr, address)
	}
	if err := run(ctx, *port, *data, *empty, *verbose, *throttled); err != nil {
		fmt.Fprintln(os.Stderr, "dangol:", err)
		os.Exit(1)
	}
}

// run starts the system, fills an empty shop, and waits for the end of ctx.
func run(ctx context.Context, port int, data string, empty, verbose, throttled bool) error {
	level, metrics := slog.LevelWarn, io.Writer(nil)
	if verbose {
		level, metrics = slog.LevelDebug, os.Stderr
	}
	r, err := runner.Start(ctx, runner.Options{
		System: topology.Dangol, Port: port, Data: data, Getenv: os.Getenv, Out: metrics, Throttled: throttled,
		Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level})),
	})
	if err != nil {
		return err
	}
	defer r.Close()
	// The address first: filling the shop takes some seconds, and the API answers already.
	fmt.Println(r.Address())
	if !empty {
		if err := demo.Seed(ctx, r); err != nil && ctx.Err() == nil {
			return fmt.Errorf("demo shop: %w", err)
		}
	}
	for _, page := range r.Pages() {
		fmt.Println(page)
	}
	fmt.Println("Ctrl-C stops; data stays in " + data)
	<-ctx.Done()
	return nil
}

// serveProfiles serves profiles of this process until ctx ends, and returns the address. On loopback only: profiles
// show what is in memory. Port 0 takes a free one.
func serveProfiles(ctx context.Context, port int) (address string, err error) {
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return "", fmt.Errorf("pprof: %w", err)
	}
	server := &http.Server{Handler: mux}
	context.AfterFunc(ctx, func() { server.Close() })
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			fmt.Fprintln(os.Stderr, "pprof:", err)
		}
	}()
	return "http://" + listener.Addr().String() + "/debug/pprof/", nil
}
