package subscription_test

import (
	"testing"

	. "dangol/shared/subscription"
)

// The price of a plan that the subscriber is about to leave is none of the plan that follows.
func TestAPriceIsNotBroughtToThePlanThatFollows(t *testing.T) {
	t.Parallel()
	for name, price := range map[string]int64{"lower than that of the plan that follows": 12_000, "higher": 30_000} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := open(t, starting(plan(Box, 10_000), in("US", "Asia/Seoul")), seoul("2027-01-10 10:00"))
			h.do(Upgrade{Terms: terms(plan(Box, 20_000, named("large")), 1)}, seoul("2027-01-12 10:00"))
			wantCode(t, h.try(Propose{Version: 2, Price: price, From: "2027-02-01"}, seoul("2027-01-13 10:00")),
				"change_pending")
			h.until(seoul("2027-03-11 10:00"))
			if h.s.Terms.PlanID != "large" || h.cash() != 10_000+2*20_000 {
				t.Errorf("%d taken for %s at %d", h.cash(), h.s.Terms.PlanID, h.s.Terms.Price)
			}
		})
	}
}

// The rate of the tax is the law's: an invoice of the new price shows the tax that is in it.
func TestAProposedPriceComesWithItsTax(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		price int64
		trial int
		rate  int64 // on the last invoice
	}{
		"the same price with more tax in it": {9_900, 0, 2_000},
		"a lower price":                      {7_900, 0, 2_000},
		"a higher price":                     {12_900, 0, 2_000},
		"in a trial":                         {12_900, 20, 2_000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := plan(Membership, 9_900, trial(c.trial))
			h := open(t, starting(p, in("US", "Asia/Seoul")), seoul("2027-01-10 10:00"))
			h.do(Propose{Version: 2, Price: c.price, TaxBP: 2_000, From: "2027-01-20"}, seoul("2027-01-12 10:00"))
			h.until(seoul("2027-02-11 10:00"))
			last := h.invoices[Key(h.s.ID, h.s.Span.Seq)]
			if len(last.Taxes) != 1 || last.Taxes[0].RateBP != c.rate || last.Total != c.price {
				t.Errorf("the invoice over %d shows %+v", last.Total, last.Taxes)
			}
		})
	}
	h := open(t, starting(plan(Membership, 9_900)), seoul("2027-01-10 10:00"))
	wantField(t, h.try(Propose{Version: 2, Price: 9_900, TaxBP: -1, From: "2027-02-01"}, seoul("2027-01-12 10:00")),
		"/taxBp", "too_small")
}
