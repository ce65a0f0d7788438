package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"dangol/shared/platform/backoff"
	"dangol/shared/platform/clock"
)

// makeCart is the operation of the overload: every request stands for itself and writes one item.
var makeCart = operation{name: "make a cart", do: func(s *shopper) error {
	return fetch(http.MethodPost, s.address+"/carts", nil, map[string]any{"currency": "KRW"}, nil)
}}

// overload measures how many requests the local shop carries, sends twice as many, whether or not those before have an
// answer, and looks whether it recovers. Requests that find no room in time are answered 503 with Retry-After.
func overload(ctx context.Context, server string, shoppers int, length time.Duration) error {
	data, err := os.MkdirTemp("", "dangol-overload")
	if err != nil {
		return err
	}
	defer os.RemoveAll(data)
	system, err := launch(ctx, server, data)
	if err != nil {
		return err
	}
	defer system.stop()
	fmt.Printf("\noverload of the local shop\n")
	// So many at once that requests wait for each other: what a few carry depends on how long one takes.
	shoppers *= 8
	carried, err := system.carries(shoppers, length)
	if err != nil {
		return err
	}
	fmt.Printf("carries %.0f requests a second\n", carried)
	answers, err := system.flood(ctx, 2*carried, 3*length)
	if err != nil {
		return err
	}
	fmt.Printf("at twice that for %s: %d answered, %d told to try again (503 with Retry-After), %d otherwise; "+
		"p50 %.0f ms, p99 %.0f ms\n", 3*length, answers.done, answers.again, len(answers.other), ms(answers.percentile(50)),
		ms(answers.percentile(99)))
	again, err := system.carries(shoppers, length)
	if err != nil {
		return fmt.Errorf("it does not recover: %w", err)
	}
	fmt.Printf("afterwards it carries %.0f requests a second\n", again)
	// Any other answer to a request that is right is a fault and not a figure.
	if len(answers.other) > 0 {
		return fmt.Errorf("%d other answers, such as %s", len(answers.other), answers.other[0])
	}
	return nil
}

// carries is how many requests a second the shop answers when each shopper waits for the answer.
func (s *system) carries(shoppers int, length time.Duration) (rate float64, err error) {
	watch := clock.System{}
	end := watch.Now().Add(length)
	var mu sync.Mutex
	done := 0
	var all sync.WaitGroup
	for n := range shoppers {
		all.Go(func() {
			buyer := &shopper{system: s, n: n}
			for watch.Now().Before(end) {
				e := makeCart.do(buyer)
				mu.Lock()
				done++
				if e != nil {
					err = e
				}
				mu.Unlock()
				if e != nil {
					return
				}
			}
		})
	}
	all.Wait()
	return float64(done) / length.Seconds(), err
}

// floodAnswers are the answers to an overload.
type floodAnswers struct {
	done, again int
	other       []string
	took        []time.Duration // of all, sorted
}

// percentile is the time within which so many of 100 requests had their answer.
func (a floodAnswers) percentile(n int) time.Duration { return a.took[len(a.took)*n/100] }

// flood sends requests at a rate. It waits for the last answer.
func (s *system) flood(ctx context.Context, rate float64, length time.Duration) (answers floodAnswers, err error) {
	watch := clock.System{}
	begun := watch.Now()
	var mu sync.Mutex
	var all sync.WaitGroup
	for n := range int(rate * length.Seconds()) {
		next := begun.Add(time.Duration(float64(n) / rate * float64(time.Second)))
		if wait := next.Sub(watch.Now()); wait > 0 {
			if err := backoff.Sleep(ctx, wait); err != nil {
				return answers, err
			}
		}
		all.Go(func() {
			from := watch.Now()
			status, retry, text := s.tryCart(ctx)
			mu.Lock()
			defer mu.Unlock()
			answers.took = append(answers.took, watch.Now().Sub(from))
			switch {
			case status == http.StatusCreated:
				answers.done++
			case status == http.StatusServiceUnavailable && retry != "":
				answers.again++
			default:
				answers.other = append(answers.other, fmt.Sprint(status, " ", text))
			}
		})
	}
	all.Wait()
	slices.Sort(answers.took)
	return answers, nil
}

// tryCart makes one request and returns its answer: the status, 0 with the error when there is none; Retry-After; the
// text.
func (s *system) tryCart(ctx context.Context) (status int, retry, text string) {
	body := strings.NewReader(`{"currency":"KRW"}`)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.address+"/carts", body)
	if err != nil {
		return 0, "", err.Error()
	}
	req.Header.Set("Content-Type", "application/json")
	answer, err := client.Do(req)
	if err != nil {
		return 0, "", err.Error()
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		return 0, "", err.Error()
	}
	return answer.StatusCode, answer.Header.Get("Retry-After"), string(raw)
}
