package runner_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestAnOrderFromCartToDelivery(t *testing.T) {
	t.Parallel()
	s := open(t)
	_, variant := s.product(5, nil)
	ann := s.customerWith("ann", variant, 2)

	bought := s.buy(ann, "pm_card_threeDSecure2Required")
	if got := bought.field(t, "state"); bought.status != 201 || got != "requires_action" {
		t.Fatalf("a 3-D Secure card gave %d %s", bought.status, bought.body)
	}
	approve(t, bought.field(t, "redirectUrl"))
	done := s.do(ann.caller, "POST", "/checkouts/"+bought.field(t, "id")+"/confirm", nil)
	order := done.field(t, "orderId")
	s.settle()

	s.do(s.agent(), "POST", "/orders/"+order+"/fulfillments", map[string]string{"carrier": "cj", "trackingNumber": "1234-5678"})
	s.settle()
	s.do(s.agent(), "POST", "/orders/"+order+"/fulfillments/1/delivered", nil)
	got := s.do(ann.caller, "GET", "/orders/"+order, nil)
	if state := got.field(t, "state"); state != "delivered" {
		t.Errorf("the order is %s, want delivered", state)
	}
	if total := got.field(t, "totals.total.display"); total != "₩27,000" {
		t.Errorf("two soaps and shipping cost %s, want ₩27,000", total)
	}
	if mails := s.subjects(ann.email); len(mails) < 2 {
		t.Errorf("mails are %q, want a confirmation and a shipping notice", mails)
	}
	if left := s.do(s.merchant(), "GET", "/stock/"+variant, nil).field(t, "available"); left != "3" {
		t.Errorf("%s left of 5 after selling 2", left)
	}
}

// approve passes the bank's challenge as a browser would.
func approve(t *testing.T, url string) {
	t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Post(url, "application/x-www-form-urlencoded", strings.NewReader("decision=approve"))
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusSeeOther {
		t.Fatalf("the challenge page answered %s", answer.Status)
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
			_, id := s.product(10, variant)
			const buyers = 200
			purses := make([]purse, buyers)
			for i := range purses {
				purses[i] = s.guestWith(id, 1)
			}
			var mu sync.Mutex
			outcomes := map[string]int{}
			var all sync.WaitGroup
			for _, p := range purses {
				all.Go(func() {
					a := s.buy(p, "pm_card_visa")
					key := fmt.Sprint(a.status)
					if a.status >= 300 {
						key += " " + a.field(t, "code")
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
			s.advance(11 * time.Minute)
			if left := s.do(s.merchant(), "GET", "/stock/"+id, nil).field(t, "available"); left != "0" {
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
	_, variant := s.product(3, nil)
	p := s.guestWith(variant, 3)
	started := s.buy(p, "pm_card_threeDSecure2Required")
	if left := s.do(s.merchant(), "GET", "/stock/"+variant, nil).field(t, "available"); left != "0" {
		t.Fatalf("%s free while three are held", left)
	}
	happened := s.advance(11 * time.Minute)
	if left := s.do(s.merchant(), "GET", "/stock/"+variant, nil).field(t, "available"); left != "3" {
		t.Errorf("%s free after the hold ran out; happened: %v", left, happened)
	}
	if state := s.do(p.caller, "GET", "/checkouts/"+started.field(t, "id"), nil).field(t, "state"); state != "expired" {
		t.Errorf("the checkout is %s, want expired", state)
	}
	if state := s.do(p.caller, "GET", "/carts/"+p.cart, nil).field(t, "state"); state != "open" {
		t.Errorf("the cart is %s, want open again", state)
	}
	if len(happened) == 0 || !happened[0].At.Equal(opening.Add(10*time.Minute)) {
		t.Errorf("what happened on the way: %v; want the hold at its tenth minute", happened)
	}
}

func TestStateSurvivesARestart(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	keep := keeping(data)
	first := open(t, keep)
	p, order := first.order()
	first.advance(48 * time.Hour)
	before := first.Clock().Now()
	first.Close()

	second := open(t, keep)
	if now := second.Clock().Now(); now.Before(before) {
		t.Errorf("the clock went back from %s to %s", before, now)
	}
	if got := second.do(p.caller, "GET", "/orders/"+order, nil).field(t, "state"); got != "placed" {
		t.Errorf("the order is %s after a restart", got)
	}
	second.settle()
	if mails := second.subjects(p.email); len(mails) != 1 {
		t.Errorf("mails after a restart: %q, want the one confirmation", mails)
	}
}
