package checkoutworker_test

import (
	"encoding/json"
	"errors"
	"os"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"dangol/functions/checkout-worker"
	"dangol/infra/testkit/fault"
	"dangol/infra/testkit/testshop"
	"dangol/shared/cart"
	"dangol/shared/checkout"
	"dangol/shared/order"
	"dangol/shared/platform/due"
	"dangol/shared/platform/idempotency"
	"dangol/shared/platform/table"
)

func replay(t *testing.T, w *testshop.Shop, sample string) events.SQSEventResponse {
	t.Helper()
	payload, err := os.ReadFile("../../events/samples/checkout-worker/" + sample)
	if err != nil {
		t.Fatal(err)
	}
	var batch events.SQSEvent
	if err := json.Unmarshal(payload, &batch); err != nil {
		t.Fatal(err)
	}
	answer, err := checkoutworker.Worker{Checkouts: w.Service}.Handler()(t.Context(), batch)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

func TestJobsAboutWhatIsGoneAreDone(t *testing.T) {
	t.Parallel()
	if answer := replay(t, testshop.New(t, fault.New(fault.Plan{})), "gone.json"); len(answer.BatchItemFailures) != 0 {
		t.Fatalf("failed: %v", answer.BatchItemFailures)
	}
}

func TestOnlyTheMessagesThatFailedComeAgain(t *testing.T) {
	t.Parallel()
	answer := replay(t, testshop.New(t, fault.New(fault.Plan{})), "unreadable-among-readable.json")
	if len(answer.BatchItemFailures) != 2 ||
		answer.BatchItemFailures[0].ItemIdentifier != "059f36b4-87a3-44ab-83d2-661970000001" {
		t.Fatalf("failed: %v", answer.BatchItemFailures)
	}
}

func begin(t *testing.T, w *testshop.Shop, card string) *checkout.Checkout {
	t.Helper()
	b := w.FillCart("", map[string]int{w.Sell(testshop.ProductSpec{Units: 2}): 1})
	c, _, err := w.Service.Begin(t.Context(), checkout.Start{
		Cart:    cart.Ref{CartID: b.ID, Token: b.Token},
		Request: idempotency.For("checkout", b.ID, "k", nil, w.Clock.Now()), Method: card,
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestWhatEachJobDoes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, card string
		before     func(*testing.T, *testshop.Shop, *checkout.Checkout)
		want       checkout.State
		orders     int
	}{
		{"a lost answer is asked for, and the order made", "pm_card_sandbox_hang", nil, checkout.Completed, 1},
		{"a request that never arrived gives up", "pm_card_sandbox_hangBefore", nil, checkout.Expired, 0},
		{"a challenge nobody passes gives up", "pm_card_threeDSecure2Required", nil, checkout.Expired, 0},
		{"a challenge passed by a shopper who never came back", "pm_card_threeDSecure2Required",
			func(_ *testing.T, w *testshop.Shop, c *checkout.Checkout) { w.Challenge(c.Payment.RedirectURL, true) },
			checkout.Completed, 1},
		{"a challenge failed by a shopper who never came back", "pm_card_threeDSecure2Required",
			func(_ *testing.T, w *testshop.Shop, c *checkout.Checkout) { w.Challenge(c.Payment.RedirectURL, false) },
			checkout.Failed, 0},
		{"the bank decides within the hold", "pm_card_sandbox_lateWebhook", nil, checkout.Completed, 1},
		{"the bank decides after the shopper gave up", "pm_card_sandbox_lateWebhook",
			func(t *testing.T, w *testshop.Shop, c *checkout.Checkout) {
				if _, err := w.Service.Abandon(t.Context(), c); err != nil {
					t.Fatal(err)
				}
			}, checkout.Refunded, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := testshop.New(t, fault.New(fault.Plan{}))
			chk := begin(t, w, c.card)
			if c.before != nil {
				c.before(t, w, chk)
			}
			w.RunUntilIdle(t.Context())
			w.Check(t)
			got, err := w.Service.GetFor(t.Context(), chk.ID, order.Caller{Operator: true})
			if err != nil || got.State != c.want || len(w.Orders(t)) != c.orders {
				t.Fatalf("%s with %d orders, %v; want %s, %d", got.State, len(w.Orders(t)), err, c.want, c.orders)
			}
		})
	}
}

func TestAJobThatComesTwiceIsDoneOnce(t *testing.T) {
	t.Parallel()
	w := testshop.New(t, fault.New(fault.Plan{}))
	chk := begin(t, w, "pm_card_sandbox_hang")
	job := due.Job{Kind: checkout.DueCheckout, Key: checkout.KeyOf(chk.ID)}
	for range 3 {
		if answer := w.RunJob(t.Context(), job); len(answer.BatchItemFailures) != 0 {
			t.Fatalf("failed: %v", answer.BatchItemFailures)
		}
	}
	if n := len(w.Orders(t)); n != 1 || w.Bank.Ledger()[0].Charged() != 1 {
		t.Fatalf("%d orders", n)
	}
	w.RunUntilIdle(t.Context())
	w.Check(t)
}

func TestADatabaseThatFailsLeavesTheJobDue(t *testing.T) {
	t.Parallel()
	in := fault.New(fault.Plan{N: 1, Mode: fault.Fails})
	resume := in.Pause()
	w := testshop.New(t, in)
	chk := begin(t, w, "pm_card_sandbox_hang")
	resume()
	if answer := w.RunJob(t.Context(),
		due.Job{Kind: checkout.DueCheckout, Key: checkout.KeyOf(chk.ID)}); len(answer.BatchItemFailures) != 1 {
		t.Fatalf("failed: %v", answer.BatchItemFailures)
	}
	var left checkout.Checkout
	if err := w.Table.Get(t.Context(), checkout.KeyOf(chk.ID), &left); errors.Is(err, table.ErrNotFound) ||
		left.Shard == "" {
		t.Fatalf("the job is no longer due: %v", err)
	}
	w.RunUntilIdle(t.Context())
	w.Check(t)
}
