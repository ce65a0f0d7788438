package service_test

import (
	"testing"

	"dangol/infra/testkit/testshop"
	"dangol/infra/testkit/testsubscriptions"
	"dangol/shared/subscription"
)

// short makes a plan follow a policy when its goods are out; other is what is sent instead.
func short(do subscription.StockAction, other string) func(*subscription.Plan) {
	return func(p *subscription.Plan) {
		p.Policy.Stock.Do = do
		p.Policy.Substitutes = []subscription.Item{{VariantID: other, Quantity: 1}}
	}
}

func TestSubstitutesThatAreOutTooAreNotCharged(t *testing.T) {
	t.Parallel()
	w := calm(t)
	soap, balm := w.Sell(testshop.ProductSpec{Units: 1}), w.Sell(testshop.ProductSpec{Units: 1})
	first := subscribed(t, w, w.CreatePlan(testsubscriptions.Sends(soap, 1), short(subscription.StockSubstitute, balm)),
		"pm_card_visa")
	w.Until(t.Context(), testshop.Noon.AddDate(0, 1, 2))
	if got := paid(w.InvoicesOf(t, first.Sub.ID)); len(got) != 2 || len(w.Orders(t)) != 2 {
		t.Fatalf("with a substitute there were %v paid and %d orders, want 2 of both", got, len(w.Orders(t)))
	}
	w.Until(t.Context(), testshop.Noon.AddDate(0, 2, 2))
	r := w.Of(t, first.Sub.ID)
	if got := paid(w.InvoicesOf(t, first.Sub.ID)); len(got) != 2 || r.Sub.Credit != 0 ||
		r.Sub.Span.Kind != subscription.SpanSkipped {
		t.Errorf("without one, %v are paid, credit is %d and the cycle is %s; want it skipped and nothing paid", got,
			r.Sub.Credit, r.Sub.Span.Kind)
	}
	if n := len(w.Bank.Ledger()); n != 2 {
		t.Errorf("the bank was asked for %d charges, want 2", n)
	}
	w.Check(t)
}

func TestAPaidBoxThatCannotBeSentGoesBackToTheCard(t *testing.T) {
	t.Parallel()
	w := calm(t)
	soap, balm := w.Sell(testshop.ProductSpec{Units: 2}), w.Sell(testshop.ProductSpec{Units: 9})
	ahead := func(p *subscription.Plan) { p.Prepaid = 3 }
	r := subscribed(t, w, w.CreatePlan(testsubscriptions.Sends(soap, 1), short(subscription.StockRefund, balm), ahead),
		"pm_card_visa")
	w.Until(t.Context(), testshop.Noon.AddDate(0, 2, 2))
	notes, _, err := w.Unfaulted.Documents().CreditNotesOf(t.Context(), r.Sub.ID, 10, "")
	if err != nil || len(notes) != 1 || notes[0].ToCard != 10_000 || notes[0].Number == "" {
		t.Fatalf("credit notes %+v, %v; want one of 10,000 to the card", notes, err)
	}
	if e := w.Bank.Ledger(); len(e) != 1 || e[0].Captured.Amount != 30_000 || e[0].Refunded.Amount != 10_000 {
		t.Errorf("the bank has %+v", e)
	}
	w.Check(t)
}
