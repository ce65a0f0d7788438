package subscription_test

import (
	"testing"

	"dangol/shared/invoice"
	. "dangol/shared/subscription"
)

// Whoever takes more units while they are asked about a price is asked about it still, for so many.
func TestMoreUnitsDoNotEscapeARise(t *testing.T) {
	t.Parallel()
	h := open(t, starting(plan(Membership, 10_000), in("US", "Asia/Seoul")), seoul("2027-01-10 10:00"))
	h.do(Propose{Version: 2, Price: 12_000, TaxBP: 1_000, From: "2027-02-01"}, seoul("2027-01-12 10:00"))
	h.do(ChangeQuantity{Quantity: 2}, seoul("2027-01-13 10:00"))
	if ask := h.s.ConsentRequest; ask == nil || ask.Old != 20_000 || ask.New != 24_000 {
		t.Fatalf("asked %+v", ask)
	}
	h.until(seoul("2027-02-11 10:00"))
	if last := h.invoices[Key(h.s.ID, h.s.Span.Seq)]; last.Total != 24_000 || h.s.Terms.Version != 2 {
		t.Errorf("charged %d under version %d", last.Total, h.s.Terms.Version)
	}
	// Another plan, and the plan's latest version itself, leave nothing to ask.
	for name, id := range map[string]string{"another plan": "gold", "the latest version": "plan_membership"} {
		h := open(t, starting(plan(Membership, 10_000), in("US", "Asia/Seoul")), seoul("2027-01-10 10:00"))
		h.do(Propose{Version: 2, Price: 12_000, TaxBP: 1_000, From: "2027-02-01"}, seoul("2027-01-12 10:00"))
		next := terms(plan(Membership, 12_000, named(id), func(p *Plan) { p.Version = 2 }), 1)
		h.do(Upgrade{Terms: next}, seoul("2027-01-13 10:00"))
		if h.s.ConsentRequest != nil {
			t.Errorf("%s: asked %+v", name, h.s.ConsentRequest)
		}
	}
}

// A year that is given up for a plan of another rate: what is left of it goes back with the tax it was paid with.
func TestUnusedDaysGoBackWithTheTaxTheyWerePaidWith(t *testing.T) {
	t.Parallel()
	h := open(t, starting(plan(Membership, 120_000, every(1, Year))), seoul("2027-01-10 10:00"))
	h.do(Upgrade{Terms: terms(plan(Membership, 12_000, named("gold"), func(p *Plan) { p.Tax.RateBP = 2_000 }), 1)},
		seoul("2027-01-20 10:00"))
	if len(h.notes) != 1 || h.s.Terms.PlanID != "gold" {
		t.Fatalf("%d notes, on %s", len(h.notes), h.s.Terms.PlanID)
	}
	note := h.notes[0]
	want := invoice.Taxes([]invoice.Line{{Amount: note.Amount, TaxBP: 1_000}})
	if len(note.Taxes) != 1 || note.Taxes[0] != want[0] {
		t.Errorf("the credit note over %d shows %+v, want %+v", note.Amount, note.Taxes, want)
	}
	h.balances()
}

// Who cancels while the bank still decides on an upgrade, and comes back, is on the plan that was paid for; what was
// planned before it is not planned again.
func TestAnUpgradeReplacesWhatWasPlannedAlsoAcrossACancellation(t *testing.T) {
	t.Parallel()
	h := open(t, starting(plan(Membership, 20_000)), seoul("2027-01-10 10:00"))
	h.do(Downgrade{Terms: terms(plan(Membership, 10_000, named("basic")), 1)}, seoul("2027-01-11 10:00"))
	h.provider = func(Charge) outcome { return swallow }
	h.do(Upgrade{Terms: terms(plan(Membership, 30_000, named("gold")), 1)}, seoul("2027-01-12 10:00"))
	h.do(Cancel{}, seoul("2027-01-12 10:01"))
	h.provider = func(Charge) outcome { return success }
	h.until(seoul("2027-01-12 12:00"))
	wantState(t, h, Canceled)
	h.do(Reactivate{}, seoul("2027-01-13 10:00"))
	if h.s.Terms.PlanID != "gold" || h.s.Next != nil {
		t.Fatalf("on %s, then %+v", h.s.Terms.PlanID, h.s.Next)
	}
	h.until(seoul("2027-02-11 10:00"))
	h.balances()
	if last := h.invoices[Key(h.s.ID, h.s.Span.Seq)]; last.Total != 30_000 {
		t.Errorf("renewed for %d", last.Total)
	}
}
