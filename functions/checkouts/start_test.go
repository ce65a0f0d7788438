package checkouts_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"dangol/infra/testkit/apitest"
	"dangol/infra/testkit/testshop"
	"dangol/shared/order"
)

func TestAGoodCardMakesAnOrder(t *testing.T) {
	t.Parallel()
	s := open(t)
	soap := s.Sell(testshop.ProductSpec{Units: 5})
	for _, customer := range []string{"", "cust-ann"} {
		b := s.FillCart(customer, map[string]int{soap: 2})
		c := read(t, s.buy(b, s.NextKey(), card("pm_card_visa")).Want(201))
		if c.State != "completed" || c.OrderNumber != order.NumberOf(c.OrderID) || c.OrderNumber == "" ||
			c.Total.Amount != 27_000 {
			t.Fatalf("customer %q: %+v", customer, c)
		}
		if got := read(t, s.as(b).Do("GET", "/checkouts/"+c.ID, nil).Want(200)); got.OrderID != c.OrderID {
			t.Fatalf("reading it again says %+v", got)
		}
	}
	if left := s.SellableUnits(t, soap); left != 1 {
		t.Fatalf("%d left, want 1", left)
	}
	s.RunUntilIdle(t.Context())
	s.Check(t)
	for _, o := range s.Orders(t) {
		// The event was published with the order. The capture was a write after it.
		if o.Payment.State != order.PayCaptured || o.Event != nil || o.Shard != "" {
			t.Fatalf("order %s: payment %s, event %+v, due %q", o.ID, o.Payment.State, o.Event, o.Shard)
		}
	}
}

func TestAnOrderIsStoredWithTheEventThatItWasPlaced(t *testing.T) {
	t.Parallel()
	s := open(t)
	b := s.FillCart("", map[string]int{s.Sell(testshop.ProductSpec{Units: 5}): 2})
	// Captured at once, so nothing is written after the order.
	c := read(t, s.buy(b, s.NextKey(), card("pm_card_sandbox_captured")).Want(201))
	for _, o := range s.Orders(t) {
		if o.ID != c.OrderID || o.Event == nil || o.Event.Type != "order.placed" || o.Version != 1 {
			t.Fatalf("order %s, version %d, event %+v", o.ID, o.Version, o.Event)
		}
	}
}

func TestTheSameCheckoutTwiceIsTheSameOrder(t *testing.T) {
	t.Parallel()
	for _, customer := range []string{"", "cust-ann"} {
		s := open(t)
		b := s.FillCart(customer, map[string]int{s.Sell(testshop.ProductSpec{Units: 5}): 1})
		first := read(t, s.buy(b, "k", card("pm_card_visa")).Want(201))
		again := s.buy(b, "k", card("pm_card_visa")).Want(201)
		if read(t, again).OrderID != first.OrderID || again.Headers.Get("Idempotent-Replayed") != "true" {
			t.Fatalf("got %s (%s), want %s again", read(t, again).OrderID, again.Headers.Get("Idempotent-Replayed"),
				first.OrderID)
		}
		s.buy(b, "k", card("pm_card_amex")).WantProblem(422, "idempotency_key_reused")
		other := s.buy(b, "other", card("pm_card_visa")).WantProblem(409, "cart_ordered")
		if other.Extra["orderId"] != first.OrderID {
			t.Fatalf("extra %v, want the order", other.Extra)
		}
		s.RunUntilIdle(t.Context())
		s.Check(t)
		if n := len(s.Orders(t)); n != 1 {
			t.Fatalf("%d orders", n)
		}
	}
}

func TestTheSameCheckoutInParallelIsOneOrderAndOneCharge(t *testing.T) {
	t.Parallel()
	s := open(t)
	b := s.FillCart("", map[string]int{s.Sell(testshop.ProductSpec{Units: 5}): 1})
	var group sync.WaitGroup
	answers := make([]*apitest.Response, 12)
	for i := range answers {
		group.Go(func() { answers[i] = s.buy(b, "k", card("pm_card_visa")) })
	}
	group.Wait()
	s.RunUntilIdle(t.Context())
	s.Check(t)
	orders := s.Orders(t)
	if len(orders) != 1 || len(s.Bank.Ledger()) != 1 {
		t.Fatalf("%d orders, %d payments", len(orders), len(s.Bank.Ledger()))
	}
	for _, a := range answers {
		if c := read(t, a); a.Status != 201 || c.OrderID != orders[0].ID {
			t.Fatalf("status %d, %s", a.Status, a.Body)
		}
	}
}

func TestWhyACheckoutIsRefused(t *testing.T) {
	t.Parallel()
	good := card("pm_card_visa")
	for _, c := range []struct {
		name     string
		variants testshop.ProductSpec
		buy      int
		body     map[string]any
		header   [2]string
		status   int
		code     string
	}{
		{"more than there is: out_of_stock names the line", testshop.ProductSpec{Units: 1}, 2, good, [2]string{}, 409,
			"out_of_stock"},
		{"declined card", testshop.ProductSpec{Units: 5}, 1, card("pm_card_chargeDeclined"), [2]string{}, 402,
			"payment_declined"},
		{"a card that does not exist", testshop.ProductSpec{Units: 5}, 1, card("pm_card_nonsense"), [2]string{}, 422,
			"invalid_input"},
		{"no card for something that costs", testshop.ProductSpec{Units: 5}, 1, map[string]any{}, [2]string{}, 422,
			"invalid_input"},
		{"a price the shopper was not shown", testshop.ProductSpec{Units: 5}, 1,
			map[string]any{"paymentMethod": "pm_card_visa", "total": map[string]any{"amount": 1, "currency": "KRW"}},
			[2]string{}, 409, "total_changed"},
		{"the right number in another currency", testshop.ProductSpec{Units: 5}, 1,
			map[string]any{"paymentMethod": "pm_card_visa", "total": map[string]any{"amount": 15_000, "currency": "USD"}},
			[2]string{}, 409, "total_changed"},
		{"an old version of the cart", testshop.ProductSpec{Units: 5}, 1, good, [2]string{"If-Match", `"2"`}, 412,
			"cart_changed"},
		{"a script as return address", testshop.ProductSpec{Units: 5}, 1,
			map[string]any{"paymentMethod": "pm_card_visa", "returnUrl": "javascript:alert(1)"}, [2]string{}, 422,
			"invalid_input"},
		{"a line break in the token", testshop.ProductSpec{Units: 5}, 1, card("pm_card_visa\r\nX-Evil: 1"), [2]string{}, 422,
			"invalid_input"},
		{"a return address without TLS", testshop.ProductSpec{Units: 5}, 1,
			map[string]any{"paymentMethod": "pm_card_visa", "returnUrl": "http://shop.example.com/back"}, [2]string{}, 422,
			"invalid_input"},
		{"a return address with a user name", testshop.ProductSpec{Units: 5}, 1,
			map[string]any{"paymentMethod": "pm_card_visa", "returnUrl": "https://shop.example.com@evil.example/"}, [2]string{},
			422, "invalid_input"},
		{"an unknown field", testshop.ProductSpec{Units: 5}, 1, map[string]any{"paymentMethod": "pm_card_visa", "amount": 1},
			[2]string{}, 422, "invalid_input"},
		{"a negative total", testshop.ProductSpec{Units: 5}, 1,
			map[string]any{"paymentMethod": "pm_card_visa", "total": map[string]any{"amount": -15_000, "currency": "KRW"}},
			[2]string{}, 409, "total_changed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			variant := s.Sell(c.variants)
			b := s.FillCart("", map[string]int{variant: c.buy})
			client := s.as(b).With("Idempotency-Key", "k")
			if c.header[0] != "" {
				client = client.With(c.header[0], c.header[1])
			}
			client.Do("POST", "/carts/"+b.ID+"/checkout", c.body).WantProblem(c.status, c.code)
			if left := s.SellableUnits(t, variant); left != c.variants.Units {
				t.Fatalf("%d left of %d after a refusal", left, c.variants.Units)
			}
			s.RunUntilIdle(t.Context())
			s.Check(t)
			if len(s.Orders(t)) != 0 {
				t.Fatal("there is an order")
			}
		})
	}
}

func TestAfterADeclineAnotherCardBuysTheSameCart(t *testing.T) {
	t.Parallel()
	s := open(t)
	b := s.FillCart("cust-ann", map[string]int{s.Sell(testshop.ProductSpec{Units: 1, MaxPerCustomer: 1}): 1})
	p := s.buy(b, "first", card("pm_card_chargeDeclinedLostCard")).WantProblem(402, "payment_declined")
	if p.Extra["declineCode"] != "generic_decline" {
		t.Fatalf("a lost card is told %v", p.Extra["declineCode"])
	}
	s.buy(b, "first", card("pm_card_chargeDeclinedLostCard")).WantProblem(402, "payment_declined")
	s.buy(b, "second", card("pm_card_visa")).Want(201)
	s.RunUntilIdle(t.Context())
	s.Check(t)
}

func TestWithoutAKeyNothingIsBought(t *testing.T) {
	t.Parallel()
	s := open(t)
	b := s.FillCart("", map[string]int{s.Sell(testshop.ProductSpec{Units: 1}): 1})
	s.as(b).Do("POST", "/carts/"+b.ID+"/checkout", card("pm_card_visa")).WantField("header/Idempotency-Key")
}

func TestALifetimeLimitHoldsAcrossOrdersAndComesBackWithACanceledCheckout(t *testing.T) {
	t.Parallel()
	s := open(t)
	drop := s.Sell(testshop.ProductSpec{Units: 10, MaxPerCustomer: 2})
	b := s.FillCart("cust-ann", map[string]int{drop: 2})
	c := read(t, s.buy(b, "a", card("pm_card_threeDSecure2Required")).Want(201))
	s.as(b).Do("POST", "/checkouts/"+c.ID+"/cancel", nil).Want(200)
	s.buy(b, "b", card("pm_card_visa")).Want(201)
	s.RunUntilIdle(t.Context())
	s.Check(t)
	next := s.AnotherCart("cust-ann", map[string]int{drop: 1})
	s.buy(next, "c", card("pm_card_visa")).WantProblem(409, "checkout_blocked")
}

func TestSomethingFreeNeedsNoCard(t *testing.T) {
	t.Parallel()
	s := open(t, (*testshop.Shop).DiscountEverything)
	b := s.FillCart("", map[string]int{s.Sell(testshop.ProductSpec{Units: 3}): 1})
	if c := read(t, s.buy(b, "k", map[string]any{}).Want(201)); c.State != "completed" || c.Total.Amount != 0 {
		t.Fatalf("%+v", c)
	}
	s.RunUntilIdle(t.Context())
	s.Check(t)
	if len(s.Bank.Ledger()) != 0 {
		t.Fatal("the bank was asked for nothing")
	}
}

func TestAGiftSetTakesItsParts(t *testing.T) {
	t.Parallel()
	s := open(t)
	soap, oil := s.Sell(testshop.ProductSpec{Units: 5}), s.Sell(testshop.ProductSpec{Units: 4, Buckets: 2})
	set := s.Sell(testshop.ProductSpec{Price: 30_000, Of: map[string]int{soap: 2, oil: 1}})
	b := s.FillCart("", map[string]int{set: 2, soap: 1})
	s.buy(b, "k", card("pm_card_visa")).Want(201)
	if s.SellableUnits(t, soap) != 0 || s.SellableUnits(t, oil) != 2 {
		t.Fatalf("%d soap, %d oil left", s.SellableUnits(t, soap), s.SellableUnits(t, oil))
	}
	late := s.FillCart("", map[string]int{set: 1})
	s.buy(late, "k", card("pm_card_visa")).WantProblem(409, "out_of_stock")
	s.RunUntilIdle(t.Context())
	s.Check(t)
}

func TestStockIsGivenBackWhenTheHoldRunsOut(t *testing.T) {
	t.Parallel()
	s := open(t)
	soap := s.Sell(testshop.ProductSpec{Units: 1})
	b, other := s.FillCart("", map[string]int{soap: 1}), s.FillCart("", map[string]int{soap: 1})
	c := read(t, s.buy(b, "k", card("pm_card_threeDSecure2Required")).Want(201))
	if c.State != "requires_action" || !strings.HasPrefix(c.RedirectURL, "http://bank.test/pay/") {
		t.Fatalf("%+v", c)
	}
	s.buy(other, "k", card("pm_card_visa")).WantProblem(409, "out_of_stock")
	s.buy(b, "another", card("pm_card_visa")).WantProblem(409, "checkout_running")
	s.Clock.Advance(10 * time.Minute)
	s.RunDueJobs(t.Context())
	if s.SellableUnits(t, soap) != 1 {
		t.Fatal("the hold has run out and the stock is not back")
	}
	s.confirm(b, c.ID).WantProblem(409, "checkout_expired")
	s.buy(b, "k", card("pm_card_threeDSecure2Required")).WantProblem(409, "checkout_expired")
	s.buy(other, "k2", card("pm_card_visa")).Want(201)
	s.RunUntilIdle(t.Context())
	s.Check(t)
}

// TestACartThatTakesFromTooManyCountersIsRefusedBeforeThePayment buys all units of six editions whose stock is spread
// over 20 counters each: more writes than a transaction has. Nothing is held and nobody is charged.
func TestACartThatTakesFromTooManyCountersIsRefusedBeforeThePayment(t *testing.T) {
	t.Parallel()
	s := open(t)
	lines := map[string]int{}
	for range 6 {
		lines[s.Sell(testshop.ProductSpec{Units: 20, Buckets: 20})] = 20
	}
	b := s.FillCart("", lines)
	refused := s.buy(b, "k", card("pm_card_visa")).WantProblem(409, "too_many_stock_counters")
	if refused.Extra["limit"] != 100.0 {
		t.Errorf("it says %v", refused.Extra)
	}
	for variant := range lines {
		if left := s.SellableUnits(t, variant); left != 20 {
			t.Errorf("%d of 20 units left", left)
		}
	}
	if n := len(s.Bank.Ledger()); n != 0 {
		t.Errorf("%d payments", n)
	}
	s.Check(t)
}
