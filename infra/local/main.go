// Command local runs the whole system on this machine until it is interrupted: what `make run` starts.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"dangol/infra/local/demo"
	"dangol/infra/local/runner"
	"dangol/infra/topology"
)

func main() {
	port := flag.Int("port", 8080, "port on loopback")
	data := flag.String("data", ".dangol", "folder that keeps the data between runs")
	empty := flag.Bool("empty", false, "no demo shop")
	verbose := flag.Bool("v", false, "log every refusal, and metrics")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *port, *data, *empty, *verbose); err != nil {
		fmt.Fprintln(os.Stderr, "dangol:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, port int, data string, empty, verbose bool) error {
	level, metrics := slog.LevelWarn, io.Writer(nil)
	if verbose {
		level, metrics = slog.LevelDebug, os.Stderr
	}
	r, err := runner.Start(ctx, runner.Options{
		System: topology.Dangol, Port: port, Data: data, Getenv: os.Getenv, Out: metrics,
		Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level})),
	})
	if err != nil {
		return err
	}
	defer r.Close()
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
