package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"dangol/shared/platform/backoff"
	"dangol/shared/platform/clock"
)

// operation is one thing a shopper does. prepare makes what it needs, outside the measured time.
type operation struct {
	name    string
	prepare func(*shopper) error
	do      func(*shopper) error
	times   int  // how often each shopper does it between two preparations
	drain   bool // what it leaves to be delivered counts as part of it
}

// cartAdds is how often a unit is put into each cart.
const cartAdds = 8

// operations are measured in this order, on one shop: later ones run with the data of earlier ones.
var operations = []operation{
	{name: "product list", times: 100, do: func(s *shopper) error { return s.get("/products?limit=20&currency=KRW") }},
	{name: "product search", times: 100, do: func(s *shopper) error {
		return s.get("/products?q=" + "%EC%9D%B8%EC%82%BC" + "&currency=KRW")
	}},
	// As many as keep a cart as small as a real one.
	{name: "cart add", times: cartAdds, prepare: (*shopper).newCart, do: (*shopper).add},
	{name: "cart read", times: 100, prepare: (*shopper).fullCart, do: func(s *shopper) error {
		return s.get("/carts/" + s.cart)
	}},
	{name: "checkout", times: 1, prepare: (*shopper).readyCart, do: (*shopper).buy},
	{name: "whole purchase", times: 5, do: (*shopper).purchase, drain: true},
}

// floorOperations are the same for the floor: one change of the shopper's own item, in a table of its own and in one
// with the stream and the indexes of the shop's.
var floorOperations = []operation{
	{name: "floor", times: 100, do: func(s *shopper) error {
		return fetch(http.MethodPost, s.address+"/"+bareTable+"/"+strconv.Itoa(s.n), nil, nil, nil)
	}},
	{name: "floor, indexed", times: 100, do: func(s *shopper) error {
		return fetch(http.MethodPost, s.address+"/"+indexedTable+"/"+strconv.Itoa(s.n), nil, nil, nil)
	}},
}

// load measures the floors and then each operation. The floor is stopped before, so that the two never compete for the
// processor.
func load(ctx context.Context, server string, shoppers int, length time.Duration) error {
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
	fmt.Printf("%-15s %9s %9s %9s %12s %10s %10s %9s %9s\n", "operation", "per s", "p50 ms", "p99 ms", "cpu ms each",
		"server", "engine", "of floor", "indexed")
	var floors []float64
	for _, o := range floorOperations {
		m, err := floor.measure(o, shoppers, length)
		if err != nil {
			floor.stop()
			return fmt.Errorf("floor: %w", err)
		}
		m.print(o.name, floors)
		floors = append(floors, m.each())
	}
	floor.stop()
	system, err := launch(ctx, server, data)
	if err != nil {
		return err
	}
	defer system.stop()
	for _, o := range operations {
		m, err := system.measure(o, shoppers, length)
		if err != nil {
			return fmt.Errorf("%s: %w", o.name, err)
		}
		m.print(o.name, floors)
	}
	return nil
}

// system is the running shop, in processes of its own.
type system struct {
	cmd     *exec.Cmd
	address string // base URL
	variant string // id of the variant that is bought
}

// launch builds the local shop, unless server is one that was built before, and starts it with its data in a folder.
func launch(ctx context.Context, server, data string) (*system, error) {
	if server == "" {
		server = "bin/local"
		build := exec.Command("go", "build", "-o", server, "./infra/local")
		build.Stderr = os.Stderr
		if err := build.Run(); err != nil {
			return nil, err
		}
	}
	s := &system{cmd: exec.CommandContext(ctx, server, "-port", "0", "-data", data, "-throttle=false")}
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

// boughtProduct is the handle of the product that shoppers buy.
const boughtProduct = "pine-cleanser"

// choose picks what is bought, and puts plenty of it in the catalog.
func (s *system) choose() error {
	var product struct{ Variants []struct{ ID string } }
	if err := fetch(http.MethodGet, s.address+"/products/"+boughtProduct, nil, nil, &product); err != nil {
		return err
	}
	s.variant = product.Variants[0].ID
	return s.stock()
}

// stock puts so much in the catalog that the benchmark never sells out.
func (s *system) stock() error {
	headers, err := s.merchant()
	if err != nil {
		return err
	}
	return fetch(http.MethodPut, s.address+"/stock/"+s.variant, headers, map[string]any{"available": 1_000_000}, nil)
}

// merchant are the headers of a request of the shop's merchant.
func (s *system) merchant() (map[string]string, error) {
	var token struct {
		AccessToken string `json:"access_token"`
	}
	if err := fetch(http.MethodPost, s.address+"/dev/token", nil,
		map[string]any{"sub": "bench", "groups": []string{"merchant"}}, &token); err != nil {
		return nil, err
	}
	return map[string]string{"Authorization": "Bearer " + token.AccessToken}, nil
}

// stop ends the process with the signal that it closes its engine on.
func (s *system) stop() {
	s.cmd.Process.Signal(os.Interrupt)
	s.cmd.Wait()
}

// measured is what an operation took.
type measured struct {
	took []time.Duration // of each, sorted
	busy time.Duration   // while any was under way
	used usage
}

// measure runs an operation for some time: each shopper prepares, then all of them do it at once, over and over.
// Preparing is outside of what is measured, and so is what others have left to be delivered.
func (s *system) measure(o operation, shoppers int, length time.Duration) (m measured, err error) {
	watch := clock.System{}
	buyers := make([]*shopper, shoppers)
	for n := range buyers {
		buyers[n] = &shopper{system: s, n: n}
	}
	if err := s.deliver(); err != nil {
		return m, err
	}
	for end := watch.Now().Add(length); watch.Now().Before(end); {
		if o.prepare != nil {
			if err := together(buyers, patiently(o.prepare)); err != nil {
				return m, err
			}
			if err := s.deliver(); err != nil {
				return m, err
			}
		}
		if err := s.run(o, buyers, &m); err != nil {
			return m, err
		}
	}
	if o.drain {
		// Deliveries belong to the purchase: mails, figures, captures.
		before, err := usageOf(s.cmd.Process.Pid)
		if err != nil {
			return m, err
		}
		if err := s.deliver(); err != nil {
			return m, err
		}
		after, err := usageOf(s.cmd.Process.Pid)
		if err != nil {
			return m, err
		}
		m.used.add(before, after)
	}
	slices.Sort(m.took)
	return m, nil
}

// run lets each shopper do an operation so many times, and adds what it took.
func (s *system) run(o operation, buyers []*shopper, m *measured) error {
	watch := clock.System{}
	var mu sync.Mutex
	before, err := usageOf(s.cmd.Process.Pid)
	if err != nil {
		return err
	}
	begun := watch.Now()
	err = together(buyers, func(buyer *shopper) error {
		for range o.times {
			from := watch.Now()
			if err := patiently(o.do)(buyer); err != nil {
				return err
			}
			mu.Lock()
			m.took = append(m.took, watch.Now().Sub(from))
			mu.Unlock()
		}
		return nil
	})
	if err != nil {
		return err
	}
	m.busy += watch.Now().Sub(begun)
	after, err := usageOf(s.cmd.Process.Pid)
	m.used.add(before, after)
	return err
}

// together lets all shoppers do something at the same time. It returns the first error.
func together(buyers []*shopper, do func(*shopper) error) error {
	failed := make(chan error, len(buyers))
	for _, buyer := range buyers {
		go func() { failed <- do(buyer) }()
	}
	var err error
	for range buyers {
		err = cmp.Or(err, <-failed)
	}
	return err
}

// deliver moves the shop's clock by a second, which delivers all that is due. The floor has nothing to deliver.
func (s *system) deliver() error {
	if s.variant == "" {
		return nil
	}
	return fetch(http.MethodPost, s.address+"/dev/clock", nil, map[string]string{"advance": "1s"}, nil)
}

// each is the processor time of one operation in milliseconds.
func (m measured) each() float64 { return m.per(m.used.server + m.used.engine) }

// per is what of a time one operation took, in milliseconds.
func (m measured) per(d time.Duration) float64 { return d.Seconds() * 1000 / float64(len(m.took)) }

// print prints a row, with how many times the processor time of each floor it is.
func (m measured) print(name string, floors []float64) {
	row := fmt.Sprintf("%-15s %9.0f %9.2f %9.2f %12.2f %10.2f %10.2f", name, float64(len(m.took))/m.busy.Seconds(),
		ms(m.took[len(m.took)/2]), ms(m.took[len(m.took)*99/100]), m.each(), m.per(m.used.server), m.per(m.used.engine))
	for _, least := range floors {
		row += fmt.Sprintf(" %9.2f", m.each()/least)
	}
	fmt.Println(row)
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

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
	return send(method, url, "application/json", headers, content, out)
}

// send makes a request and decodes the JSON of its answer into out; nil throws it away, a *bytes.Buffer takes it as it
// is.
func send(method, url, contentType string, headers map[string]string, content io.Reader, out any) error {
	req, err := http.NewRequest(method, url, content)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", contentType)
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
		err := fmt.Errorf("%s %s: %s: %s", method, url, answer.Status, raw)
		if answer.StatusCode == http.StatusServiceUnavailable {
			return errors.Join(errBusy, err)
		}
		return err
	}
	switch out := out.(type) {
	case nil:
		return nil
	case *bytes.Buffer:
		_, err := out.Write(raw)
		return err
	default:
		return json.Unmarshal(raw, out)
	}
}

// errBusy says that the shop had no room for a request.
var errBusy = errors.New("busy")

// patience is how often a shopper who is told that the shop is busy begins again, a second later.
const patience = 30

// patiently does something again for as long as the shop is busy with other work of this machine.
func patiently(do func(*shopper) error) func(*shopper) error {
	return func(s *shopper) error {
		for try := 0; ; try++ {
			err := do(s)
			if try == patience || !errors.Is(err, errBusy) {
				return err
			}
			if err := backoff.Sleep(context.Background(), time.Second); err != nil {
				return err
			}
		}
	}
}

// client keeps connections for all shoppers: opening one for
// each request would be most of what is measured.
var client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
