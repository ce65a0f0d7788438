// Package system starts the whole shop for tests, as `make run` starts it, and uses it over HTTP: callers of every
// kind, products, carts, orders, promotions, plans. Check holds a function against its Spec: who may call its routes,
// and which table actions it makes. Each test has a shop and a clock of its own.
package system

import (
	"log/slog"
	"testing"
	"time"

	"dangol/infra/local/runner"
	"dangol/infra/topology"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/table"
)

// Opening is the time at which a test's shop starts.
var Opening = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)

// Shop is a running system with a few ways to use it. The clock stands still unless it is moved.
type Shop struct {
	*runner.Runner
	T testing.TB
}

// Open starts a shop. It ends with the test.
func Open(t testing.TB, change ...func(*runner.Options)) *Shop {
	t.Helper()
	options := runner.Options{
		System: topology.Dangol, Log: slog.New(slog.DiscardHandler), Clock: clock.Stopped(Opening),
		Getenv: func(name string) string { return map[string]string{"CATALOG_CACHE_TTL": "0"}[name] },
	}
	for _, c := range change {
		c(&options)
	}
	r, err := runner.Start(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return &Shop{Runner: r, T: t}
}

// Observing calls watch with every table operation of every function.
func Observing(watch func(function string, op table.Op)) func(*runner.Options) {
	return func(o *runner.Options) { o.Observe = watch }
}

// Keeping stores the shop's data in a folder.
func WithDataDir(data string) func(*runner.Options) {
	return func(o *runner.Options) { o.Data = data }
}

// RunUntilIdle delivers every change written so far to the functions that consume it.
func (s *Shop) RunUntilIdle() {
	s.T.Helper()
	if err := s.Runner.RunUntilIdle(s.T.Context()); err != nil {
		s.T.Fatal(err)
	}
}

// AdvanceBy moves the clock and returns what happened on the way.
func (s *Shop) AdvanceBy(d time.Duration) []runner.ClockEvent {
	s.T.Helper()
	happened, err := s.Advance(s.T.Context(), d)
	if err != nil {
		s.T.Fatal(err)
	}
	return happened
}

// Subjects are the subjects of the mails to an address, oldest first.
func (s *Shop) Subjects(email string) []string {
	var all []string
	for _, m := range s.Mail().Messages(email) {
		all = append(all, m.Subject)
	}
	return all
}
