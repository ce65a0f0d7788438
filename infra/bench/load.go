package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"dangol/shared/platform/clock"
)

// operation is one thing a shopper does. prepare makes what it needs, outside the measured time.
type operation struct {
	name    string
	prepare func(*shopper) error
	do      func(*shopper) error
	drain   bool // what it leaves to be delivered counts as part of it
}

// operations are measured in this order, on one shop: later ones run with the data of earlier ones.
var operations = []operation{
	{name: "product list", do: func(s *shopper) error { return s.get("/products?limit=20&currency=KRW") }},
	{name: "product search", do: func(s *shopper) error {
		return s.get("/products?q=" + "%EC%9D%B8%EC%82%BC" + "&currency=KRW")
	}},
	{name: "cart add", prepare: (*shopper).newCart, do: (*shopper).add},
	{name: "cart read", prepare: (*shopper).fullCart, do: func(s *shopper) error { return s.get("/carts/" + s.cart) }},
	{name: "checkout", prepare: (*shopper).readyCart, do: (*shopper).buy},
	{name: "whole purchase", do: (*shopper).purchase, drain: true},
}

// floorOperation is the same for the floor: one change of the shopper's own item.
var floorOperation = operation{name: "floor", do: func(s *shopper) error {
	return fetch(http.MethodPost, s.address+"/item/"+strconv.Itoa(s.n), nil, nil, nil)
}}

// load measures the floor and then each operation. The floor is
// stopped before, so that the two never compete for the processor.
func load(ctx context.Context, shoppers int, length time.Duration) error {
	data, err := os.MkdirTemp("", "dangol-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(data)
	floor, err := launchFloor(ctx, data)
	if err != nil {
		return err
	}
	fmt.Printf("\n%d shoppers, %s each, against the local engine with its data on disk\n", shoppers, length)
	fmt.Printf("%-15s %9s %9s %9s %12s %10s %10s %9s\n", "operation", "per s", "p50 ms", "p99 ms", "cpu ms each", "server",
		"engine", "of floor")
	least, err := floor.measure(floorOperation, shoppers, length, 0)
	floor.stop()
	if err != nil {
		return fmt.Errorf("floor: %w", err)
	}
	system, err := launch(ctx, data)
	if err != nil {
		return err
	}
	defer system.stop()
	for _, o := range operations {
		if _, err := system.measure(o, shoppers, length, least); err != nil {
			return fmt.Errorf("%s: %w", o.name, err)
		}
	}
	return nil
}

// system is the running shop, in processes of its own.
type system struct {
	cmd     *exec.Cmd
	address string // base URL
	variant string // id of the variant that is bought
}

// launch builds and starts the local shop with its data in a folder.
func launch(ctx context.Context, data string) (*system, error) {
	build := exec.Command("go", "build", "-o", "bin/local", "./infra/local")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return nil, err
	}
	s := &system{cmd: exec.CommandContext(ctx, "bin/local", "-port", "0", "-data", data, "-throttle=false")}
	if err := s.start(); err != nil {
		return nil, err
	}
	return s, s.choose()
}

// launchFloor runs this command itself as the floor; see serveFloor.
func launchFloor(ctx context.Context, data string) (*system, error) {
	own, err := os.Executable()
	if err != nil {
		return nil, err
	}
	s := &system{cmd: exec.CommandContext(ctx, own, "-floor", data)}
	return s, s.start()
}

// start runs the process and reads its address, the first line that it prints.
func (s *system) start() error {
	s.cmd.Stderr = os.Stderr
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := s.cmd.Start(); err != nil {
		return err
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() && !strings.HasPrefix(lines.Text(), "Ctrl-C") {
		if s.address == "" {
			s.address = lines.Text()
		}
	}
	// The process ended without an address; what it printed on standard error says why.
	if s.address == "" {
		return fmt.Errorf("%s ended before it said its address", s.cmd.Path)
	}
	// Read on, or the process would block when the pipe is full.
	go io.Copy(io.Discard, out)
	return nil
}

// choose picks what is bought, and puts plenty of it in the catalog.
func (s *system) choose() error {
	var product struct{ Variants []struct{ ID string } }
	if err := fetch(http.MethodGet, s.address+"/products/pine-cleanser", nil, nil, &product); err != nil {
		return err
	}
	s.variant = product.Variants[0].ID
	return s.stock()
}

// stock puts so much in the catalog that the benchmark never sells out.
func (s *system) stock() error {
	var token struct {
		AccessToken string `json:"access_token"`
	}
	if err := fetch(http.MethodPost, s.address+"/dev/token", nil,
		map[string]any{"sub": "bench", "groups": []string{"merchant"}}, &token); err != nil {
		return err
	}
	return fetch(http.MethodPut, s.address+"/stock/"+s.variant,
		map[string]string{"Authorization": "Bearer " + token.AccessToken},
		map[string]any{"available": 1_000_000}, nil)
}

// stop ends the process with the signal that it closes its engine on.
func (s *system) stop() {
	s.cmd.Process.Signal(os.Interrupt)
	s.cmd.Wait()
}

// measure runs an operation and prints its row. It returns the processor time of one, in milliseconds; floor is that of
// the floor, 0 while the floor itself is measured.
func (s *system) measure(o operation, shoppers int, length time.Duration, floor float64) (each float64, err error) {
	watch := clock.System{}
	var mu sync.Mutex
	var took []time.Duration
	var failure error
	var busy time.Duration
	before, err := usageOf(s.cmd.Process.Pid)
	if err != nil {
		return 0, err
	}
	var prepared time.Duration
	end := watch.Now().Add(length)
	var all sync.WaitGroup
	for n := range shoppers {
		all.Go(func() {
			// Each shopper goes on until the time is up; the last operation may end later.
			buyer := &shopper{system: s, n: n}
			for watch.Now().Before(end) {
				start := watch.Now()
				if o.prepare != nil && buyer.due(o.name) {
					if err := o.prepare(buyer); err != nil {
						mu.Lock()
						failure = err
						mu.Unlock()
						return
					}
				}
				// Preparing is measured apart, because its processor
				// time cannot be told from the operation's; see report.
				begun := watch.Now()
				err := o.do(buyer)
				done := watch.Now()
				mu.Lock()
				took, busy, prepared = append(took, done.Sub(begun)), busy+done.Sub(begun), prepared+begun.Sub(start)
				if err != nil {
					failure = err
				}
				mu.Unlock()
				if err != nil {
					return
				}
			}
		})
	}
	all.Wait()
	if failure != nil {
		return 0, failure
	}
	if o.drain {
		// Deliveries belong to the purchase: mails, figures, captures. Moving the clock delivers all that is due.
		if err := fetch(http.MethodPost, s.address+"/dev/clock", nil, map[string]string{"advance": "1s"}, nil); err != nil {
			return 0, err
		}
	}
	after, err := usageOf(s.cmd.Process.Pid)
	if err != nil {
		return 0, err
	}
	used := usage{after.server - before.server, after.engine - before.engine}
	return printRow(o.name, took, length, used, busy.Seconds()/(busy+prepared).Seconds(), floor), nil
}

// printRow prints a row. share is the part of the time that was spent in the operation itself and not in preparing it;
// the processor time is charged in that proportion.
func printRow(name string, took []time.Duration, length time.Duration, used usage, share,
	floor float64) (each float64) {
	slices.Sort(took)
	per := func(d time.Duration) float64 { return d.Seconds() * 1000 * share / float64(len(took)) }
	server, engine := per(used.server), per(used.engine)
	p50, p99 := ms(took[len(took)/2]), ms(took[len(took)*99/100])
	rate := float64(len(took)) / length.Seconds() / share
	row := fmt.Sprintf("%-15s %9.0f %9.2f %9.2f %12.2f %10.2f %10.2f", name, rate, p50, p99, server+engine, server, engine)
	if floor > 0 {
		row += fmt.Sprintf(" %9.2f", (server+engine)/floor)
	}
	fmt.Println(row)
	return server + engine
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// usage is the processor time of a system: of the server process, and of the engine, which is its child.
type usage struct{ server, engine time.Duration }

// usageOf is what a process and its children have used so far.
func usageOf(pid int) (u usage, err error) {
	if u.server, err = cpuOf(pid); err != nil {
		return usage{}, err
	}
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return usage{}, err
	}
	for _, path := range stats {
		fields, err := statFields(path)
		if err != nil || fields[1] != strconv.Itoa(pid) {
			continue
		}
		child, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err != nil {
			continue
		}
		if d, err := cpuOf(child); err == nil {
			u.engine += d
		}
	}
	return u, nil
}

// tick is the kernel's unit in /proc (USER_HZ), the same on every Linux.
const tick = 10 * time.Millisecond

// cpuOf is what one process has used, its children not included.
func cpuOf(pid int) (time.Duration, error) {
	fields, err := statFields(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	// Fields 14 and 15 of proc(5), utime and stime, counted from the third.
	user, err := strconv.Atoi(fields[11])
	if err != nil {
		return 0, err
	}
	system, err := strconv.Atoi(fields[12])
	return time.Duration(user+system) * tick, err
}

// statFields are the fields of /proc/PID/stat after the command's name, which may contain spaces.
func statFields(path string) ([]string, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	_, rest, ok := bytes.Cut(raw, []byte(") "))
	if fields := strings.Fields(string(rest)); ok && len(fields) > 13 {
		return fields, nil
	}
	return nil, fmt.Errorf("%s: not a process", path)
}

// fetch makes a JSON request and decodes the answer.
func fetch(method, url string, headers map[string]string, body, out any) error {
	var content io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return err
		}
		content = bytes.NewReader(raw)
	}
	req, err := http.NewRequest(method, url, content)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	for name, value := range headers {
		req.Header.Set(name, value)
	}
	answer, err := client.Do(req)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	if answer.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s: %s", method, url, answer.Status, raw)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(raw, out)
}

// client keeps connections for all shoppers: opening one for
// each request would be most of what is measured.
var client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
