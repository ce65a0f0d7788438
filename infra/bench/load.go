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

// peer is what the better of Medusa 2.21 and Vendure 3.7 needed on the same two cores with four shoppers: milliseconds of
// processor time of server and database together, and the median answer time in milliseconds where it was measured.
type peer struct{ cpu, p50 float64 }

var peers = map[string]peer{
	"product list": {7.1, 0}, "product search": {7.1, 0}, "cart add": {31, 81}, "cart read": {11, 0}, "checkout": {368, 883},
}

// operation is one thing a shopper does. prepare makes what it needs, outside the measured time.
type operation struct {
	name    string
	prepare func(*shopper) error
	do      func(*shopper) error
}

var operations = []operation{
	{"product list", nil, func(s *shopper) error { return s.get("/products?limit=20&currency=KRW") }},
	{"product search", nil, func(s *shopper) error { return s.get("/products?q=" + "%EC%9D%B8%EC%82%BC" + "&currency=KRW") }},
	{"cart add", (*shopper).newCart, (*shopper).add},
	{"cart read", (*shopper).fullCart, func(s *shopper) error { return s.get("/carts/" + s.cart) }},
	{"checkout", (*shopper).readyCart, (*shopper).buy},
}

func load(ctx context.Context, shoppers int, length time.Duration) error {
	data, err := os.MkdirTemp("", "dangol-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(data)
	system, err := launch(ctx, data)
	if err != nil {
		return err
	}
	defer system.stop()
	fmt.Printf("\n%d shoppers, %s each, against the local engine with its data on disk\n", shoppers, length)
	fmt.Printf("%-15s %9s %9s %9s %12s %10s %10s\n", "operation", "per s", "p50 ms", "p99 ms", "cpu ms each", "of peer", "p50 of it")
	for _, o := range operations {
		if err := system.measure(o, shoppers, length); err != nil {
			return fmt.Errorf("%s: %w", o.name, err)
		}
	}
	return nil
}

// system is the running shop, in processes of its own.
type system struct {
	cmd     *exec.Cmd
	address string
	variant string
}

func launch(ctx context.Context, data string) (*system, error) {
	build := exec.Command("go", "build", "-o", "bin/local", "./infra/local")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return nil, err
	}
	s := &system{cmd: exec.CommandContext(ctx, "bin/local", "-port", "0", "-data", data)}
	s.cmd.Stderr = os.Stderr
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() && !strings.HasPrefix(lines.Text(), "Ctrl-C") {
		if s.address == "" {
			s.address = lines.Text()
		}
	}
	go io.Copy(io.Discard, out)
	return s, s.choose()
}

// choose picks what is bought, and puts plenty of it on the shelf.
func (s *system) choose() error {
	var product struct{ Variants []struct{ ID string } }
	if err := fetch(http.MethodGet, s.address+"/products/pine-cleanser", nil, nil, &product); err != nil {
		return err
	}
	s.variant = product.Variants[0].ID
	return s.stock()
}

// stock puts so much on the shelf that the benchmark never sells out.
func (s *system) stock() error {
	var token struct {
		AccessToken string `json:"access_token"`
	}
	if err := fetch(http.MethodPost, s.address+"/dev/token", nil, map[string]any{"sub": "bench", "groups": []string{"merchant"}}, &token); err != nil {
		return err
	}
	return fetch(http.MethodPut, s.address+"/stock/"+s.variant, map[string]string{"Authorization": "Bearer " + token.AccessToken},
		map[string]any{"available": 1_000_000}, nil)
}

func (s *system) stop() {
	s.cmd.Process.Signal(os.Interrupt)
	s.cmd.Wait()
}

func (s *system) measure(o operation, shoppers int, length time.Duration) error {
	watch := clock.System{}
	var mu sync.Mutex
	var took []time.Duration
	var failure error
	var busy time.Duration
	before, err := processorTime(s.cmd.Process.Pid)
	if err != nil {
		return err
	}
	var prepared time.Duration
	end := watch.Now().Add(length)
	var all sync.WaitGroup
	for n := range shoppers {
		all.Go(func() {
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
		return failure
	}
	after, err := processorTime(s.cmd.Process.Pid)
	if err != nil {
		return err
	}
	report(o.name, took, length, after-before, busy.Seconds()/(busy+prepared).Seconds(), shoppers)
	return nil
}

// report prints a row. share is the part of the time that was spent in the operation itself and not in preparing it; the
// processor time is charged in that proportion.
func report(name string, took []time.Duration, length, cpu time.Duration, share float64, shoppers int) {
	slices.Sort(took)
	each := cpu.Seconds() * 1000 * share / float64(len(took))
	p50, p99 := ms(took[len(took)/2]), ms(took[len(took)*99/100])
	rate := float64(len(took)) / length.Seconds() / share
	row := fmt.Sprintf("%-15s %9.0f %9.2f %9.2f %12.2f", name, rate, p50, p99, each)
	p := peers[name]
	row += fmt.Sprintf(" %10.3f", each/p.cpu)
	if p.p50 > 0 {
		row += fmt.Sprintf(" %10.3f", p50/p.p50)
	}
	fmt.Println(row)
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// processorTime is what a process and its children have used so far.
func processorTime(pid int) (time.Duration, error) {
	total, err := cpuOf(pid)
	if err != nil {
		return 0, err
	}
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0, err
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
			total += d
		}
	}
	return total, nil
}

// tick is the kernel's unit in /proc (USER_HZ), the same on every Linux.
const tick = 10 * time.Millisecond

func cpuOf(pid int) (time.Duration, error) {
	fields, err := statFields(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
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

var client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
