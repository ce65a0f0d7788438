package service_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"dangol/infra/testkit/bounds"
	"dangol/infra/testkit/fault"
	"dangol/infra/testkit/testsubscriptions"
	"dangol/shared/payment"
	"dangol/shared/platform/idempotency"
	"dangol/shared/platform/problem"
	"dangol/shared/subscription"
	"dangol/shared/subscription/service"
)

// leaver is somebody who left with credit that no subscription holds any more.
func leaver(t *testing.T, w *testsubscriptions.Shop, p *service.Plan) (customer, *service.Record) {
	t.Helper()
	c := somebody(t, w)
	r := c.credited(t, p)
	if err := c.do(t, r.Sub.ID, subscription.Cancel{Reason: "moving"}); err != nil {
		t.Fatal(err)
	}
	w.Until(t.Context(), r.Sub.Span.End.Add(48*time.Hour))
	if r = w.Of(t, r.Sub.ID); r.Sub.State != subscription.Ended || c.account(t) == 0 {
		t.Fatalf("the subscription is %s and %d is on account", r.Sub.State, c.account(t))
	}
	return c, r
}

// payOut pays credit out under a key.
func (c customer) payOut(t *testing.T, id string, amount int64, key string) error {
	t.Helper()
	request := idempotency.For("payout", id, key, []byte(fmt.Sprint(amount)), c.Clock.Now())
	_, _, err := c.Billing.PayOut(t.Context(), id, amount, "merchant-1", "asked by telephone", request)
	return err
}

// back is what the bank has given back of a subscription, and how many refunds it made.
func (c customer) back(id string) (sum int64, refunds int) {
	for _, e := range c.Bank.Ledger() {
		if e.Metadata["subscription"] != id {
			continue
		}
		sum += e.Refunded.Amount
		for _, m := range e.Moves {
			if m.Kind == "refund" {
				refunds++
			}
		}
	}
	return sum, refunds
}

func TestCreditOfSomebodyWhoLeftGoesBackToTheCardOnce(t *testing.T) {
	t.Parallel()
	w := calm(t)
	c, r := leaver(t, w, w.CreatePlan())
	credit := c.account(t)
	notes, _, err := w.Unfaulted.Documents().CreditNotesOf(t.Context(), r.Sub.ID, 50, "")
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := c.payOut(t, r.Sub.ID, 0, "once"); err != nil {
			t.Fatal(err)
		}
	}
	if sum, n := c.back(r.Sub.ID); sum != credit || n != 1 || c.account(t) != 0 {
		t.Errorf("%d went back in %d refunds of %d, %d is on account", sum, n, credit, c.account(t))
	}
	after, _, err := w.Unfaulted.Documents().CreditNotesOf(t.Context(), r.Sub.ID, 50, "")
	if err != nil || len(after) != len(notes) {
		t.Errorf("%d credit notes, before the payout %d, %v: the tax went back with the first", len(after), len(notes), err)
	}
	if lines, _, err := w.Unfaulted.History(t.Context(), r.Sub.ID, 1, ""); err != nil ||
		lines[0].Command != service.CommandPaidOut || lines[0].Shop != "merchant-1" {
		t.Errorf("history %+v, %v", lines, err)
	}
	if err := c.payOut(t, r.Sub.ID, 0, "again"); problem.Code(err) != "no_account_credit" {
		t.Errorf("with nothing left: %v", err)
	}
	w.Check(t)
}

func TestAPayoutIsNeverMoreThanThePaymentsCanTakeBack(t *testing.T) {
	t.Parallel()
	w := calm(t)
	c, r := leaver(t, w, w.CreatePlan())
	credit := c.account(t)
	if err := c.payOut(t, r.Sub.ID, credit+1, "too much"); problem.Code(err) != "invalid_input" {
		t.Errorf("more than there is: %v", err)
	}
	if err := c.payOut(t, r.Sub.ID, 1, "a part"); err != nil || c.account(t) != credit-1 {
		t.Errorf("a part: %v, %d on account", err, c.account(t))
	}
	// Somebody gives the rest of the payments back at the bank's own console.
	bank := w.Reconciler(t).Provider
	for n, e := range w.Bank.Ledger() {
		amount := e.Captured
		if amount.Amount = e.Refundable(); amount.Amount == 0 {
			continue
		}
		back := payment.RefundRequest{Key: fmt.Sprint("console-", n), PaymentID: e.ID, Amount: amount}
		if _, err := bank.Refund(t.Context(), back); err != nil {
			t.Fatal(err)
		}
	}
	p, err := w.Unfaulted.PayoutOf(t.Context(), w.Of(t, r.Sub.ID))
	if err != nil || p.Most.Amount != 0 || p.Credit.Amount != credit-1 {
		t.Errorf("possible is %+v, %v", p, err)
	}
	if err := c.payOut(t, r.Sub.ID, 0, "the rest"); problem.Code(err) != "invalid_input" || c.account(t) != credit-1 {
		t.Errorf("with nothing to take it back: %v, %d on account", err, c.account(t))
	}
}

func TestWhatTheRunningPeriodMayGiveBackIsNotPaidOut(t *testing.T) {
	t.Parallel()
	w := calm(t)
	c := somebody(t, w)
	other := c.start(t, w.CreatePlan())
	if err := c.do(t, other.Sub.ID, subscription.Cancel{}); err != nil { // its period runs on to its end
		t.Fatal(err)
	}
	first := c.credited(t, w.CreatePlan())
	if err := c.do(t, first.Sub.ID, subscription.Cancel{Now: true}); err != nil {
		t.Fatal(err)
	}
	credit := c.account(t)
	for _, want := range []struct {
		of   *service.Record
		most int64
	}{{other, 0}, {first, credit}} {
		p, err := w.Unfaulted.PayoutOf(t.Context(), w.Of(t, want.of.Sub.ID))
		if err != nil || credit == 0 || p.Most.Amount != want.most || p.Credit.Amount != credit {
			t.Errorf("%s: %+v, %v; want %d of %d", want.of.Sub.State, p, err, want.most, credit)
		}
	}
}

// TestAPayoutRefusesWhatItsSchemaRefuses calls the service as no route would let anybody.
func TestAPayoutRefusesWhatItsSchemaRefuses(t *testing.T) {
	t.Parallel()
	w := calm(t)
	c, r := leaver(t, w, w.CreatePlan())
	credit := c.account(t)
	for n, beyond := range bounds.Of(t, "payOutCredit") {
		amount, note := int64(1), "a note"
		switch v := beyond.Value.(type) {
		case int64:
			amount = v
		case string:
			note = v
		}
		request := idempotency.For("payout", r.Sub.ID, fmt.Sprint("bad", n), nil, w.Clock.Now())
		_, _, err := w.Billing.PayOut(t.Context(), r.Sub.ID, amount, "merchant-1", note, request)
		if problem.Code(err) != "invalid_input" || c.account(t) != credit {
			t.Errorf("%s %v: %v, %d on account of %d", beyond.Field, beyond.Value, err, c.account(t), credit)
		}
	}
	request := idempotency.For("payout", r.Sub.ID, "longest", nil, w.Clock.Now())
	if _, _, err := w.Billing.PayOut(t.Context(), r.Sub.ID, 1, "merchant-1", strings.Repeat("가", 500),
		request); err != nil {
		t.Errorf("the longest note: %v", err)
	}
	if back, n := c.back(r.Sub.ID); back != 1 || n != 1 {
		t.Errorf("%d went back in %d refunds", back, n)
	}
}

// TestWhateverBreaksAPayoutHappensOnce breaks each call to database and bank in turn; whoever asked asks again with the
// same key.
func TestWhateverBreaksAPayoutHappensOnce(t *testing.T) {
	t.Parallel()
	for _, mode := range []fault.Mode{fault.Fails, fault.Unanswered, fault.Twice, fault.Conflicts} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			for n := 1; ; n++ {
				in := fault.New(fault.Plan{})
				w := testsubscriptions.New(t, in)
				c, r := leaver(t, w, w.CreatePlan())
				credit := c.account(t)
				in.Restart(fault.Plan{N: n, Mode: mode})
				for range 4 {
					if err := c.payOut(t, r.Sub.ID, 0, "once"); err == nil {
						break
					}
				}
				calls, _ := in.Count()
				in.Stop()
				w.Until(t.Context(), w.Clock.Now().Add(24*time.Hour))
				if sum, refunds := c.back(r.Sub.ID); sum != credit || refunds != 1 || c.account(t) != 0 {
					t.Errorf("call %d: %d went back in %d refunds of %d, %d on account", n, sum, refunds, credit, c.account(t))
				}
				w.Check(t)
				if n >= calls {
					return
				}
			}
		})
	}
}

func TestAPayoutThatTheBankRefusesStaysOpenForAPerson(t *testing.T) {
	t.Parallel()
	in := fault.New(fault.Plan{})
	w := testsubscriptions.New(t, in)
	c, r := leaver(t, w, w.CreatePlan())
	credit := c.account(t)
	// The bank gives the money back between the plan and the refund, at its own console.
	request := idempotency.For("payout", r.Sub.ID, "k", nil, w.Clock.Now())
	for n := 1; n < 40; n++ {
		in.Restart(fault.Plan{N: n, Mode: fault.Refused, Times: fault.Forever})
		if _, _, err := w.Billing.PayOut(t.Context(), r.Sub.ID, 0, "merchant-1", "x", request); err == nil {
			break
		}
	}
	in.Stop()
	open, _, err := w.Unfaulted.OpenRefunds(t.Context(), 10, "")
	if err != nil {
		t.Fatal(err)
	}
	sum, _ := c.back(r.Sub.ID)
	var owed int64
	for _, o := range open {
		owed += o.Amount
	}
	// Wherever it broke: what is not on account has gone back or is owed openly.
	w.Until(t.Context(), w.Clock.Now().Add(24*time.Hour))
	if sum, _ = c.back(r.Sub.ID); c.account(t)+sum+owed != credit {
		t.Errorf("%d on account, %d went back, %d is owed, of %d", c.account(t), sum, owed, credit)
	}
}
