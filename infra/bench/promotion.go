package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"dangol/shared/platform/clock"
)

// pricing prints what pricing a cart of 50 lines against 200 promotions takes: the benchmark of the package that does
// it.
func pricing(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", "Apply", "-benchmem", "./shared/promotion")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return err
	}
	fmt.Printf("\npricing a cart of 50 lines\n%-36s %12s %14s %12s\n", "promotions", "us each", "allocations", "applied")
	for line := range strings.SplitSeq(string(out), "\n") {
		fields := strings.Fields(line)
		// Lines of results begin with the name of the benchmark;
		// the fields after it are figures and their units.
		if !strings.HasPrefix(line, "Benchmark") || len(fields) < 10 {
			continue
		}
		value := func(unit string) string { return fields[slices.Index(fields, unit)-1] }
		nanoseconds, err := strconv.ParseFloat(value("ns/op"), 64)
		if err != nil {
			return err
		}
		_, name, _ := strings.Cut(fields[0], "/")
		fmt.Printf("%-36s %12.1f %14s %12s\n", strings.ReplaceAll(name, "_", " "), nanoseconds/1000, value("allocs/op"),
			value("applied"))
	}
	return nil
}

// preparers fill carts at the same time, before the rush.
const (
	dropUnits = 100
	preparers = 32
	// admitted is how many requests are let in at once: on AWS the gateway's throttle and the function's concurrency do
	// that.
	admitted = 128
)

// drop opens a limited edition of 100 to many buyers at once, each of whom may have one in a lifetime, and counts what
// was sold.
func drop(ctx context.Context, server string, buyers int) error {
	data, err := os.MkdirTemp("", "dangol-drop")
	if err != nil {
		return err
	}
	defer os.RemoveAll(data)
	system, err := launch(ctx, server, data)
	if err != nil {
		return err
	}
	defer system.stop()
	if err := system.limitedEdition(); err != nil {
		return err
	}
	fans, err := system.fans(buyers)
	if err != nil {
		return err
	}
	return system.rush(fans)
}

// limitedEdition puts 100 units on sale, one for each customer.
func (s *system) limitedEdition() error {
	token, err := s.token("bench", "merchant")
	if err != nil {
		return err
	}
	merchant := map[string]string{"Authorization": "Bearer " + token}
	var product struct {
		ID       string
		Variants []struct{ ID string }
	}
	if err := fetch(http.MethodPost, s.address+"/products", merchant, map[string]any{
		"title": map[string]string{"ko": "한정판"}, "handle": "limited", "status": "active",
		"variants": []any{map[string]any{
			"prices": map[string]any{"KRW": map[string]any{"amount": 50_000}}, "available": dropUnits, "requiresShipping": false,
			"edition": map[string]any{"opensAt": "2020-01-01T00:00:00Z", "buckets": 10},
		}},
	}, &product); err != nil {
		return err
	}
	s.variant = product.Variants[0].ID
	var promotion struct{ ID string }
	if err := fetch(http.MethodPost, s.address+"/promotions", merchant, map[string]any{
		"name": map[string]string{"ko": "한정판"}, "kind": "drop", "starts": "2020-01-01T00:00", "limitPerCustomer": 1,
		"targets": map[string]any{"products": []string{product.ID}},
	}, &promotion); err != nil {
		return err
	}
	return fetch(http.MethodPost, s.address+"/promotions/"+promotion.ID+"/publish", merchant, nil, nil)
}

// token is an access token of the development issuer.
func (s *system) token(subject string, groups ...string) (string, error) {
	var token struct {
		AccessToken string `json:"access_token"`
	}
	err := fetch(http.MethodPost, s.address+"/dev/token", nil,
		map[string]any{"sub": subject, "groups": append([]string{}, groups...)}, &token)
	return token.AccessToken, err
}

// fans are customers whose carts are ready for checkout.
func (s *system) fans(n int) ([]string, error) {
	tokens := make([]string, n)
	var next atomic.Int64
	// One place for each goroutine, so that none blocks when it fails.
	failures := make(chan error, preparers)
	var all sync.WaitGroup
	for range preparers {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				if err := s.fan(i, tokens); err != nil {
					failures <- err
					return
				}
			}
		})
	}
	all.Wait()
	close(failures)
	// Nil when the channel is empty.
	return tokens, <-failures
}

// fan logs one customer in and fills their cart.
func (s *system) fan(i int, tokens []string) (err error) {
	if tokens[i], err = s.token("fan-" + strconv.Itoa(i)); err != nil {
		return err
	}
	fan := map[string]string{"Authorization": "Bearer " + tokens[i]}
	for _, step := range []struct {
		method, path string
		body         any
	}{
		{http.MethodPost, "/lines", map[string]any{"variantId": s.variant, "quantity": 1}},
		{http.MethodPut, "/contact", map[string]string{"email": fmt.Sprintf("fan%d@example.com", i)}},
	} {
		if err := fetch(step.method, s.address+"/carts/mine"+step.path, fan, step.body, nil); err != nil {
			return err
		}
	}
	return nil
}

// rush lets all fans buy at the same time; everybody tries until told yes or no.
func (s *system) rush(tokens []string) error {
	watch := clock.System{}
	var sold, refused, waited atomic.Int64
	took := make([]time.Duration, len(tokens))
	begun := watch.Now()
	// door admits so many at once.
	door := make(chan struct{}, admitted)
	var all sync.WaitGroup
	for i, token := range tokens {
		all.Go(func() {
			door <- struct{}{}
			defer func() { <-door }()
			headers := map[string]string{"Authorization": "Bearer " + token,
				"Idempotency-Key": "drop-key-of-fan-" + strconv.Itoa(i)}
			// Twenty tries: an answer other than yes or no means that the shop was busy.
			for range 20 {
				err := fetch(http.MethodPost, s.address+"/carts/mine/checkout", headers,
					map[string]any{"paymentMethod": "pm_card_visa"}, nil)
				switch {
				case err == nil:
					sold.Add(1)
				// 409 is the answer that the edition is sold out, or that this customer has theirs.
				case strings.Contains(err.Error(), "409"):
					refused.Add(1)
				default:
					waited.Add(1)
					continue
				}
				break
			}
			took[i] = watch.Now().Sub(begun)
		})
	}
	all.Wait()
	length := watch.Now().Sub(begun)
	slices.Sort(took)
	fmt.Printf("\na limited edition of %d for %d buyers at once, one each\n", dropUnits, len(tokens))
	fmt.Printf("%d sold, %d told that it is sold out, %d answers asked for again; %.0f checkouts a second; all done "+
		"after %.1f s, half after %.1f s\n",
		sold.Load(), refused.Load(), waited.Load(), float64(
			len(tokens))/length.Seconds(), length.Seconds(), took[len(took)/2].Seconds())
	// Selling more, or fewer, than there are is a fault and not a figure.
	if sold.Load() != dropUnits {
		return fmt.Errorf("%d sold of %d", sold.Load(), dropUnits)
	}
	return nil
}
