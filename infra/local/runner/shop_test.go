package runner_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"dangol/infra/local/runner"
	"dangol/infra/testkit/system"
)

func TestAnOrderFromCartToDelivery(t *testing.T) {
	t.Parallel()
	s := open(t)
	_, variant := s.Product(5, nil)
	ann := s.CustomerWith("ann", variant, 2)

	bought := s.Buy(ann, "pm_card_threeDSecure2Required")
	if got := bought.Field(t, "state"); bought.Status != 201 || got != "requires_action" {
		t.Fatalf("a 3-D Secure card gave %d %s", bought.Status, bought.Body)
	}
	system.Approve(t, bought.Field(t, "redirectUrl"))
	done := s.Do(ann.Caller, "POST", "/checkouts/"+bought.Field(t, "id")+"/confirm", nil)
	order := done.Field(t, "orderId")
	s.RunUntilIdle()

	s.Do(s.Agent(), "POST", "/orders/"+order+"/fulfillments",
		map[string]string{"carrier": "cj", "trackingNumber": "1234-5678"})
	s.RunUntilIdle()
	s.Do(s.Agent(), "POST", "/orders/"+order+"/fulfillments/1/delivered", nil)
	got := s.Do(ann.Caller, "GET", "/orders/"+order, nil)
	if state := got.Field(t, "state"); state != "delivered" {
		t.Errorf("the order is %s, want delivered", state)
	}
	if total := got.Field(t, "totals.total.display"); total != "₩27,000" {
		t.Errorf("two soaps and shipping cost %s, want ₩27,000", total)
	}
	if mails := s.Subjects(ann.Email); len(mails) < 2 {
		t.Errorf("mails are %q, want a confirmation and a shipping notice", mails)
	}
	if left := s.Do(s.Merchant(), "GET", "/stock/"+variant, nil).Field(t, "available"); left != "3" {
		t.Errorf("%s left of 5 after selling 2", left)
	}
}

func TestTenUnitsForTwoHundredBuyers(t *testing.T) {
	t.Parallel()
	for name, variant := range map[string]map[string]any{
		"one counter":    nil,
		"in ten buckets": {"edition": map[string]any{"opensAt": "2026-01-01T00:00:00Z", "buckets": 10}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			_, id := s.Product(10, variant)
			const buyers = 200
			purses := make([]system.Purse, buyers)
			for i := range purses {
				purses[i] = s.GuestWith(id, 1)
			}
			var mu sync.Mutex
			outcomes := map[string]int{}
			var all sync.WaitGroup
			for _, p := range purses {
				all.Go(func() {
					a := s.Buy(p, "pm_card_visa")
					key := fmt.Sprint(a.Status)
					if a.Status >= 300 {
						key += " " + a.Field(t, "code")
					}
					mu.Lock()
					defer mu.Unlock()
					outcomes[key]++
				})
			}
			all.Wait()
			sold := outcomes["201"]
			refused := outcomes["409 out_of_stock"] + outcomes["409 checkout_blocked"]
			if sold != 10 || refused != buyers-10 {
				t.Errorf("outcomes are %v, want 10 sold and %d told that it is sold out", outcomes, buyers-10)
			}
			s.AdvanceBy(11 * time.Minute)
			if left := s.Do(s.Merchant(), "GET", "/stock/"+id, nil).Field(t, "available"); left != "0" {
				t.Errorf("%s left after everything was sold", left)
			}
			charged := 0
			for _, entry := range s.Payments().Ledger() {
				charged += entry.Charged()
			}
			if charged != 10 {
				t.Errorf("%d charges for 10 orders", charged)
			}
		})
	}
}

func TestAHoldThatRunsOutIsGivenBack(t *testing.T) {
	t.Parallel()
	s := open(t)
	_, variant := s.Product(3, nil)
	p := s.GuestWith(variant, 3)
	started := s.Buy(p, "pm_card_threeDSecure2Required")
	if left := s.Do(s.Merchant(), "GET", "/stock/"+variant, nil).Field(t, "available"); left != "0" {
		t.Fatalf("%s free while three are held", left)
	}
	happened := s.AdvanceBy(11 * time.Minute)
	if left := s.Do(s.Merchant(), "GET", "/stock/"+variant, nil).Field(t, "available"); left != "3" {
		t.Errorf("%s free after the hold ran out; happened: %v", left, happened)
	}
	if state := s.Do(p.Caller, "GET", "/checkouts/"+started.Field(t, "id"), nil).Field(t, "state"); state != "expired" {
		t.Errorf("the checkout is %s, want expired", state)
	}
	if state := s.Do(p.Caller, "GET", "/carts/"+p.Cart, nil).Field(t, "state"); state != "open" {
		t.Errorf("the cart is %s, want open again", state)
	}
	released := slices.IndexFunc(happened, func(h runner.ClockEvent) bool { return h.At.After(system.Opening) })
	if released < 0 || !happened[released].At.Equal(system.Opening.Add(10*time.Minute)) {
		t.Errorf("what happened on the way: %v; want the hold at its tenth minute", happened)
	}
}

func TestStateSurvivesARestart(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	keep := system.WithDataDir(data)
	first := open(t, keep)
	p, order := first.Order()
	first.AdvanceBy(48 * time.Hour)
	before := first.Clock().Now()
	first.Close()

	second := open(t, keep)
	if now := second.Clock().Now(); now.Before(before) {
		t.Errorf("the clock went back from %s to %s", before, now)
	}
	if got := second.Do(p.Caller, "GET", "/orders/"+order, nil).Field(t, "state"); got != "placed" {
		t.Errorf("the order is %s after a restart", got)
	}
	second.RunUntilIdle()
	if mails := second.Subjects(p.Email); len(mails) != 1 {
		t.Errorf("mails after a restart: %q, want the one confirmation", mails)
	}
}
