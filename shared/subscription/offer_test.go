package subscription_test

import (
	"testing"

	"dangol/shared/platform/civil"
	. "dangol/shared/subscription"
)

func TestAnOfferAfterCancelingTakesItBackWithAChange(t *testing.T) {
	t.Parallel()
	start, later := seoul("2026-03-10 09:00"), seoul("2026-03-20 09:00")
	cheap := terms(plan(Membership, 4900, named("silver")), 1)
	dear := terms(plan(Membership, 29900, named("gold")), 1)
	for _, c := range []struct {
		name    string
		command AcceptOffer
		problem string
		paid    []civil.Date
		price   int64
	}{
		{name: "a pause of two months", command: AcceptOffer{PauseDays: 60}, paid: []civil.Date{"2026-03-10", "2026-06-09"},
			price: 9900},
		{name: "a cheaper plan", command: AcceptOffer{Terms: &cheap},
			paid: []civil.Date{"2026-03-10", "2026-04-10", "2026-05-10", "2026-06-10"}, price: 4900},
		{name: "a dearer plan is none", command: AcceptOffer{Terms: &dear}, problem: "not_a_downgrade"},
		{name: "nor is no pause", command: AcceptOffer{}, problem: "invalid_input"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := open(t, starting(plan(Membership, 9900)), start)
			wantCode(t, h.try(c.command, later), "not_in_this_state")
			h.do(Cancel{}, later)
			h.do(Explain{Reason: "too dear"}, later)
			if c.problem != "" {
				wantCode(t, h.try(c.command, later), c.problem)
				wantState(t, h, Canceled)
				return
			}
			h.do(c.command, later)
			h.until(seoul("2026-06-11 00:00"))
			wantDates(t, h.opens(SpanPaid), c.paid...)
			if h.s.Terms.Price != c.price || h.s.State != Active {
				t.Errorf("it is %s for %d", h.s.State, h.s.Terms.Price)
			}
			h.balances()
		})
	}
	t.Run("a trial cannot be paused", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(plan(Membership, 9900, trial(30))), start)
		h.do(Cancel{}, later)
		wantCode(t, h.try(AcceptOffer{PauseDays: 60}, later), "not_in_this_state")
	})
	t.Run("why is told after the end as well, and never before leaving", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(plan(Membership, 9900)), start)
		wantCode(t, h.try(Explain{Reason: "x"}, later), "not_in_this_state")
		h.do(Cancel{Now: true}, later)
		h.do(Explain{Reason: "too many creams"}, later)
		wantState(t, h, Ended)
	})
}
