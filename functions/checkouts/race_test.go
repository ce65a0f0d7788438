package checkouts_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"dangol/infra/testkit/apitest"
	"dangol/infra/testkit/testshop"
	"dangol/shared/payment"
	"dangol/shared/payment/sandbox"
)

func TestConfirmWebhookRetryAndWorkerAtOnceMakeOneOrder(t *testing.T) {
	t.Parallel()
	for round := range 20 {
		t.Run(fmt.Sprint(round), func(t *testing.T) {
			t.Parallel()
			s := open(t)
			b := s.FillCart("", map[string]int{s.Sell(testshop.ProductSpec{Units: 2}): 1})
			c := read(t, s.buy(b, "k", card("pm_card_threeDSecure2Required")).Want(201))
			s.Challenge(c.RedirectURL, true)
			s.Clock.Advance(10 * time.Minute) // the worker comes as well
			var group sync.WaitGroup
			group.Go(func() { s.confirm(b, c.ID) })
			group.Go(func() { s.confirm(b, c.ID) })
			group.Go(func() { s.DeliverWebhooks(t.Context()) })
			group.Go(func() { s.RunDueJobs(t.Context()) })
			group.Go(func() { s.buy(b, "k", card("pm_card_threeDSecure2Required")) })
			group.Wait()
			s.RunUntilIdle(t.Context())
			s.Check(t)
			if n := len(s.Orders(t)); n != 1 {
				t.Fatalf("%d orders", n)
			}
		})
	}
}

func TestGivingUpFromEverywhereAtOnceGivesBackOnce(t *testing.T) {
	t.Parallel()
	for round := range 10 {
		t.Run(fmt.Sprint(round), func(t *testing.T) {
			t.Parallel()
			s := open(t)
			drop := s.Sell(testshop.ProductSpec{Units: 6, Buckets: 3, MaxPerCustomer: 4})
			b := s.FillCart("cust-ann", map[string]int{drop: 4})
			c := read(t, s.buy(b, "k", card("pm_card_threeDSecure2Required")).Want(201))
			s.Clock.Advance(10 * time.Minute)
			var group sync.WaitGroup
			for range 3 {
				group.Go(func() { s.as(b).Do("POST", "/checkouts/"+c.ID+"/cancel", nil).Want(200) })
				group.Go(func() { s.confirm(b, c.ID).Want(409) })
				group.Go(func() { s.RunDueJobs(t.Context()) })
				group.Go(func() { s.DeliverWebhooks(t.Context()) })
			}
			group.Wait()
			if left := s.SellableUnits(t, drop); left != 6 {
				t.Fatalf("%d of 6 are for sale", left)
			}
			s.RunUntilIdle(t.Context())
			s.Check(t)
			s.buy(b, "again", card("pm_card_visa")).Want(201) // the lifetime counter is back as well
		})
	}
}

func TestTwoHundredBuyersForTenUnits(t *testing.T) {
	t.Parallel()
	for _, buckets := range []int{1, 10} {
		t.Run(fmt.Sprintf("%d buckets", buckets), func(t *testing.T) {
			t.Parallel()
			s := open(t)
			drop := s.Sell(testshop.ProductSpec{Units: 10, Buckets: buckets})
			baskets := make([]testshop.Basket, 200)
			for i := range baskets {
				baskets[i] = s.FillCart("", map[string]int{drop: 1})
			}
			answers := make([]*apitest.Response, len(baskets))
			var group sync.WaitGroup
			for i, b := range baskets {
				group.Go(func() { answers[i] = s.buy(b, "k", card("pm_card_visa")) })
			}
			group.Wait()
			bought := 0
			for _, a := range answers {
				if a.Status == http.StatusCreated {
					bought++
					continue
				}
				if p := a.WantProblem(409, "out_of_stock"); p.Extra["lines"] == nil {
					t.Fatalf("the lines are not named: %s", a.Body)
				}
			}
			if bought != 10 || s.SellableUnits(t, drop) != 0 {
				t.Fatalf("%d bought, %d left", bought, s.SellableUnits(t, drop))
			}
			s.RunUntilIdle(t.Context())
			s.Check(t)
		})
	}
}

func TestUnitsThatNobodyPaysForAreSoldToOthers(t *testing.T) {
	t.Parallel()
	s := open(t)
	drop := s.Sell(testshop.ProductSpec{Units: 10, Buckets: 4})
	var group sync.WaitGroup
	for range 30 {
		b := s.FillCart("", map[string]int{drop: 1})
		group.Go(func() { s.buy(b, "k", card("pm_card_threeDSecure2Required")) })
	}
	group.Wait()
	if s.SellableUnits(t, drop) != 0 {
		t.Fatalf("%d are not held", s.SellableUnits(t, drop))
	}
	s.Clock.Advance(10 * time.Minute)
	s.RunDueJobs(t.Context())
	if s.SellableUnits(t, drop) != 10 {
		t.Fatalf("after ten minutes %d of 10 are back", s.SellableUnits(t, drop))
	}
	s.buy(s.FillCart("", map[string]int{drop: 10}), "k", card("pm_card_visa")).Want(201) // all buckets in one purchase
	s.RunUntilIdle(t.Context())
	s.Check(t)
}

func TestAWebhookIsBelievedOnlyWithTheBanksSignature(t *testing.T) {
	t.Parallel()
	s := open(t)
	body := []byte(`{"id":"evt_1","type":"payment.authorized","subject":"payment","payment":{"id":"pay_1","metadata":{"checkout":"chk_1"}}}`)
	now := s.Clock.Now()
	client := apitest.New(t, s.handler)
	for _, c := range []struct {
		name, provider, signature string
		body                      []byte
		status                    int
	}{
		{"none", "sandbox", "", body, 401},
		{"made with another secret", "sandbox", sandbox.Sign("guess", body, now), body, 401},
		{"of another message", "sandbox", sandbox.Sign(testshop.WebhookSecret, []byte(`{}`), now), body, 401},
		{"recorded and played again an hour later", "sandbox",
			sandbox.Sign(testshop.WebhookSecret, body, now.Add(-time.Hour)), body, 401},
		{"from the future", "sandbox", sandbox.Sign(testshop.WebhookSecret, body, now.Add(time.Hour)), body, 401},
		{"right, about a checkout that is not ours", "sandbox", sandbox.Sign(testshop.WebhookSecret, body, now), body, 200},
		{"right, and no message", "sandbox", sandbox.Sign(testshop.WebhookSecret, []byte(`nonsense`), now),
			[]byte(`nonsense`), 400},
		{"right, to another provider's address", "stripe", sandbox.Sign(testshop.WebhookSecret, body, now), body, 404},
	} {
		t.Run(c.name, func(t *testing.T) {
			client.With("Sandbox-Signature", c.signature).Do("POST", "/payments/webhooks/"+c.provider, c.body).Want(c.status)
		})
	}
}

func TestAReplayedWebhookChangesNothing(t *testing.T) {
	t.Parallel()
	s := open(t)
	b := s.FillCart("", map[string]int{s.Sell(testshop.ProductSpec{Units: 2}): 1})
	var seen [][]byte
	s.DeliverWebhook(nil)
	c := read(t, s.buy(b, "k", card("pm_card_threeDSecure2Required")).Want(201))
	s.Challenge(c.RedirectURL, true)
	s.DeliverWebhook(func(_ context.Context, body []byte, _ http.Header) error { seen = append(seen, body); return nil })
	s.DeliverWebhooks(t.Context())
	for range 3 {
		for _, body := range seen {
			signed := sandbox.Sign(testshop.WebhookSecret, body, s.Clock.Now())
			apitest.New(t, s.handler).With("Sandbox-Signature", signed).Do("POST", "/payments/webhooks/sandbox", body).Want(200)
		}
	}
	s.RunUntilIdle(t.Context())
	s.Check(t)
	if n := len(s.Orders(t)); n != 1 || len(seen) == 0 {
		t.Fatalf("%d orders from %d messages", n, len(seen))
	}
}

func TestALatePaymentIsRefundedAndSaysSo(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, card string
		taken      bool
	}{
		{"an authorization is let go", "pm_card_sandbox_lateWebhook", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			b := s.FillCart("", map[string]int{s.Sell(testshop.ProductSpec{Units: 2}): 1})
			v := read(t, s.buy(b, "k", card(c.card)).Want(202))
			s.as(b).Do("POST", "/checkouts/"+v.ID+"/cancel", nil).Want(200)
			s.Clock.Advance(2 * time.Minute)
			s.DeliverWebhooks(t.Context())
			got := read(t, s.as(b).Do("GET", "/checkouts/"+v.ID, nil).Want(200))
			if got.State != "refunded" {
				t.Fatalf("state %s", got.State)
			}
			s.confirm(b, v.ID).WantProblem(409, "checkout_refunded")
			if e := s.Event(t, v.ID); e.Type != "checkout.refunded" {
				t.Fatalf("event %s", e.Type)
			}
			s.RunUntilIdle(t.Context())
			s.Check(t)
			if s.Bank.Ledger()[0].State != payment.StateVoided {
				t.Fatalf("the payment is %s", s.Bank.Ledger()[0].State)
			}
		})
	}
}

// TestARefundOfALatePaymentThatFailsIsTriedAgain reports a failure after the refund had counted as sent, as a bank does
// days later. The message names the checkout alone, because there is no order.
func TestARefundOfALatePaymentThatFailsIsTriedAgain(t *testing.T) {
	t.Parallel()
	s := open(t)
	b := s.FillCart("", map[string]int{s.Sell(testshop.ProductSpec{Units: 2}): 1})
	v := read(t, s.buy(b, "k", card("pm_card_sandbox_lateWebhook")).Want(202))
	s.as(b).Do("POST", "/checkouts/"+v.ID+"/cancel", nil).Want(200)
	s.Clock.Advance(2 * time.Minute)
	s.DeliverWebhooks(t.Context())
	state := func() string { return read(t, s.as(b).Do("GET", "/checkouts/"+v.ID, nil).Want(200)).State }
	for _, c := range []struct {
		refund payment.RefundState
		want   string
	}{
		{payment.RefundSucceeded, "refunded"},
		{payment.RefundPending, "refunded"},
		{payment.RefundFailed, "refunding"},
		{payment.RefundFailed, "refunding"}, // the message comes twice
	} {
		if err := s.Service.HandleRefund(t.Context(), v.ID, payment.Refund{ID: "re_1", State: c.refund}); err != nil {
			t.Fatal(err)
		}
		if got := state(); got != c.want {
			t.Errorf("after a refund that is %s the checkout is %s, want %s", c.refund, got, c.want)
		}
	}
	s.Clock.Advance(time.Hour)
	s.RunUntilIdle(t.Context())
	if got := state(); got != "refunded" {
		t.Errorf("tried again the checkout is %s", got)
	}
	s.Check(t)
	if err := s.Service.HandleRefund(t.Context(), "chk_of_another_stage", payment.Refund{
		State: payment.RefundFailed}); err != nil {
		t.Errorf("a message about a checkout that is not ours: %v", err)
	}
}
