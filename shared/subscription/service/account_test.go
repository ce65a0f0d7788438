package service_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"dangol/infra/testkit/testsubscriptions"
	"dangol/shared/address"
	"dangol/shared/invoice"
	"dangol/shared/payment"
	"dangol/shared/platform/civil"
	"dangol/shared/platform/idempotency"
	"dangol/shared/subscription"
	"dangol/shared/subscription/service"
)

// customer is somebody with several subscriptions.
type customer struct {
	*testsubscriptions.Shop
	id     string
	method payment.Method
}

func (c customer) start(t testing.TB, p *service.Plan) *service.Record {
	t.Helper()
	terms, err := p.Terms("KRW", 1)
	if err != nil {
		t.Fatal(err)
	}
	r := &service.Record{
		Contact: service.Contact{Email: c.id + "@example.com", Language: "ko"}, Titles: map[string]string{p.ID: "단골"},
		Methods: map[string]payment.Method{c.method.Token: c.method}, Addresses: map[string]address.Address{},
	}
	r, _, err = c.Billing.Start(t.Context(), r, subscription.Start{
		CustomerID: c.id, Region: "KR", Zone: "Asia/Seoul", Terms: terms, Card: testsubscriptions.CardOf(c.method),
	}, idempotency.Request{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (c customer) do(t testing.TB, id string, command subscription.Command) error {
	_, _, err := c.Billing.Apply(t.Context(), c.Of(t, id), func(*service.Record) (service.Change, bool, error) {
		return service.Change{Command: command}, true, nil
	})
	return err
}

func (c customer) account(t testing.TB) (sum int64) {
	t.Helper()
	all, err := c.Unfaulted.AccountCredit(t.Context(), c.id)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range all {
		sum += m.Amount
	}
	return sum
}

func somebody(t *testing.T, w *testsubscriptions.Shop) customer {
	t.Helper()
	id := "cust-" + w.NextKey()
	return customer{w, id, w.SaveCard(id, "pm_card_visa")}
}

// credited is a subscription that has credit, because its next day was moved forward.
func (c customer) credited(t *testing.T, p *service.Plan) *service.Record {
	t.Helper()
	r := c.start(t, p)
	if err := c.do(t, r.Sub.ID, subscription.ChangeDate{To: r.Sub.Span.Opens.Add(10)}); err != nil {
		t.Fatal(err)
	}
	if r = c.Of(t, r.Sub.ID); r.Sub.Credit == 0 {
		t.Fatal("there is no credit")
	}
	return r
}

func TestCreditOfWhatHasEndedPaysTheNextInvoiceOfAnother(t *testing.T) {
	t.Parallel()
	w := calm(t)
	c := somebody(t, w)
	other := c.start(t, w.CreatePlan())
	first := c.credited(t, w.CreatePlan())
	if err := c.do(t, first.Sub.ID, subscription.Cancel{Now: true}); err != nil {
		t.Fatal(err)
	}
	if got := c.Of(t, other.Sub.ID); got.Sub.Credit != first.Sub.Credit || c.Of(t, first.Sub.ID).Sub.Credit != 0 ||
		c.account(t) != 0 {
		t.Errorf("the other has %d, want %d; the account has %d", got.Sub.Credit, first.Sub.Credit, c.account(t))
	}
	lines, _, err := w.Unfaulted.History(t.Context(), other.Sub.ID, 1, "")
	if err != nil || lines[0].Command != "credit_received" {
		t.Errorf("its history says %+v, %v", lines, err)
	}
	w.Until(t.Context(), w.Clock.Now().AddDate(0, 1, 2))
	invoices := w.InvoicesOf(t, other.Sub.ID)
	if last := invoices[len(invoices)-1]; last.CreditUsed != first.Sub.Credit || last.Total != 10_000-first.Sub.Credit {
		t.Errorf("its next invoice is %+v", last)
	}
	w.Check(t)
}

func TestCreditWithoutASubscriptionWaitsOnTheAccountForTheNext(t *testing.T) {
	t.Parallel()
	w := calm(t)
	c := somebody(t, w)
	plan := w.CreatePlan()
	first := c.credited(t, plan)
	if err := c.do(t, first.Sub.ID, subscription.Cancel{Now: true}); err != nil {
		t.Fatal(err)
	}
	if c.account(t) != first.Sub.Credit {
		t.Fatalf("the account has %d, want %d", c.account(t), first.Sub.Credit)
	}
	next := c.start(t, plan)
	if i := w.InvoicesOf(t, next.Sub.ID)[0]; i.CreditUsed != first.Sub.Credit || c.account(t) != 0 {
		t.Errorf("the next one used %d, %d are left", i.CreditUsed, c.account(t))
	}
	w.Check(t)
}

// TestCreditNeverVanishes starts, moves, ends and restarts subscriptions of one customer at random, several at once:
// what the credit notes gave is what the invoices have used, what the subscriptions hold, and what is on the account.
func TestCreditNeverVanishes(t *testing.T) {
	t.Parallel()
	w := calm(t)
	c := somebody(t, w)
	plans := []*service.Plan{w.CreatePlan(), w.CreatePlan(func(p *subscription.Plan) { p.Prices["KRW"] = 30_000 })}
	terms, err := plans[1].Terms("KRW", 1)
	if err != nil {
		t.Fatal(err)
	}
	dice := rand.New(rand.NewPCG(3, 4))
	var ids []string
	for n := range 60 {
		if n%6 == 0 {
			ids = append(ids, c.start(t, plans[dice.IntN(2)]).Sub.ID)
		}
		var all sync.WaitGroup
		for range 3 {
			id, what := ids[dice.IntN(len(ids))], dice.IntN(4)
			days := 1 + dice.IntN(25)
			all.Go(func() {
				today := civil.DateAt(w.Clock.Now(), time.UTC)
				commands := []subscription.Command{
					subscription.Cancel{Now: true}, subscription.ChangeDate{To: today.Add(days)},
					subscription.Reactivate{Terms: &terms},
					subscription.Upgrade{Terms: terms},
				}
				_ = c.do(t, id, commands[what]) // some are not allowed as it stands
			})
		}
		all.Wait()
		w.Until(t.Context(), w.Clock.Now().Add(time.Duration(dice.IntN(10*24))*time.Hour))
		c.adds(t, fmt.Sprintf("after round %d", n), ids)
	}
}

func (c customer) adds(t *testing.T, when string, ids []string) {
	t.Helper()
	held, given, used := c.account(t), int64(0), int64(0)
	for _, id := range ids {
		held += c.Of(t, id).Sub.Credit
		notes, _, err := c.Unfaulted.Documents().CreditNotesOf(t.Context(), id, 1000, "")
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range notes {
			given += n.ToCredit
		}
		for _, i := range c.InvoicesOf(t, id) {
			if i.State != invoice.Void {
				used += i.CreditUsed
			}
		}
	}
	if given != held+used {
		t.Fatalf("%s credit of %d was given, %d are held and %d used", when, given, held, used)
	}
	if when == "after round 59" && (given == 0 || used == 0) {
		t.Error("no credit was given or used: the test proves nothing")
	}
}
