package subscription_test

import (
	"testing"

	. "dangol/shared/subscription"
)

func TestATrialTurnsPaidOnlyWithConsent(t *testing.T) {
	t.Parallel()
	start := seoul("2026-03-01 09:00")
	member := plan(Membership, 9900, trial(30), setup(1000))
	t.Run("asked 14, 7 and 2 days before; silence ends it without a charge", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(member), start)
		wantState(t, h, Trialing)
		h.until(seoul("2026-04-30 00:00"))
		wantDates(t, h.noticeDates(NoticeConsent), "2026-03-17", "2026-03-24", "2026-03-29")
		wantState(t, h, Ended)
		if h.s.EndReason != EndNoConsent || h.cash() != 0 || len(h.invoices) != 0 {
			t.Errorf("ended for %q, taken %d", h.s.EndReason, h.cash())
		}
	})
	t.Run("with consent the first period is charged on the day, and nobody is asked again", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(member), start)
		h.until(seoul("2026-03-18 00:00"))
		h.do(yes(h.s), seoul("2026-03-18 20:00"))
		h.until(seoul("2026-04-30 00:00"))
		wantDates(t, h.noticeDates(NoticeConsent), "2026-03-17")
		wantDates(t, h.opens(SpanPaid), "2026-03-31", "2026-04-30")
		if h.cash() != 1000+2*9900 {
			t.Errorf("taken %d, want setup and two months", h.cash())
		}
	})
	t.Run("a yes can be taken back until the day", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(member), start)
		h.do(yes(h.s), seoul("2026-03-18 20:00"))
		h.do(Refuse{}, seoul("2026-03-30 23:59"))
		h.until(seoul("2026-04-01 00:00"))
		wantState(t, h, Ended)
	})
	t.Run("a yes to another price does not count", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(member), start)
		old := yes(h.s)
		h.do(Upgrade{Terms: terms(plan(Membership, 19900, named("gold"), trial(30)), 1)}, seoul("2026-03-10 10:00"))
		wantCode(t, h.try(old, seoul("2026-03-20 10:00")), "question_changed")
		h.do(yes(h.s), seoul("2026-03-20 10:00"))
	})
	t.Run("a box ticked beforehand does not count", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(member), start)
		c := yes(h.s)
		c.Answer.Explicit = false
		wantCode(t, h.try(c, seoul("2026-03-20 10:00")), "consent_not_explicit")
	})
	t.Run("consent given with the sign-up of a long trial is too early", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(plan(Membership, 9900, trial(60))), start)
		wantCode(t, h.try(yes(h.s), start), "consent_too_early")
	})
	t.Run("where the law asks for no consent, a notice 7 days before", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(member, in("US", "America/New_York")), start)
		h.until(seoul("2026-04-05 00:00"))
		if n := len(h.noticeDates(NoticeTrialEnding)); n != 1 {
			t.Errorf("%d notices, want 1", n)
		}
		wantState(t, h, Active)
	})
	t.Run("a short trial asks at once", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(plan(Membership, 9900, trial(5))), start)
		h.until(seoul("2026-03-01 10:00"))
		wantDates(t, h.noticeDates(NoticeConsent), "2026-03-01")
	})
	t.Run("a free plan needs no consent", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(plan(Membership, 0, trial(5))), start)
		h.until(seoul("2026-03-10 10:00"))
		wantState(t, h, Active)
		if len(h.charges) != 0 {
			t.Error("a free period was charged")
		}
	})
	t.Run("canceled in the trial, it runs out and costs nothing", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(member), start)
		h.do(yes(h.s), seoul("2026-03-20 10:00"))
		h.do(Cancel{}, seoul("2026-03-21 10:00"))
		if !h.s.InForce(seoul("2026-03-30 10:00")).FreeShipping {
			t.Error("the trial's benefits are gone")
		}
		h.until(seoul("2026-04-30 00:00"))
		wantState(t, h, Ended)
		if h.cash() != 0 {
			t.Errorf("taken %d", h.cash())
		}
	})
}

func TestAPriceRisesOnlyWithConsent(t *testing.T) {
	t.Parallel()
	run := func(t *testing.T, p *Plan, answer Command) *shop {
		h := open(t, starting(p), seoul("2026-01-10 10:00"))
		h.do(Propose{Version: 2, Price: 12900, From: "2026-03-01"}, seoul("2026-01-20 10:00"))
		h.until(seoul("2026-03-01 00:00"))
		if answer != nil {
			if _, ok := answer.(Consent); ok {
				answer = yes(h.s)
			}
			h.do(answer, seoul("2026-03-01 09:00"))
		}
		h.until(seoul("2026-04-09 00:00"))
		h.tiles()
		h.balances()
		return h
	}
	t.Run("asked before the first renewal on or after the day, granted: the new price from then on", func(t *testing.T) {
		t.Parallel()
		h := run(t, plan(Membership, 9900), Consent{})
		wantDates(t, h.noticeDates(NoticeConsent), "2026-02-24")
		if h.cash() != 2*9900+12900 || h.s.Terms.Version != 2 {
			t.Errorf("taken %d under version %d", h.cash(), h.s.Terms.Version)
		}
	})
	t.Run("silence keeps the old price", func(t *testing.T) {
		t.Parallel()
		h := run(t, plan(Membership, 9900, silence(KeepTerms)), nil)
		wantDates(t, h.noticeDates(NoticeConsent), "2026-02-24", "2026-03-03", "2026-03-08")
		if h.cash() != 3*9900 || h.s.Terms.Version != 1 {
			t.Errorf("taken %d under version %d", h.cash(), h.s.Terms.Version)
		}
	})
	t.Run("silence ends it where the plan says so", func(t *testing.T) {
		t.Parallel()
		h := run(t, plan(Membership, 9900, silence(EndsAll)), nil)
		wantState(t, h, Ended)
		if h.cash() != 2*9900 || h.s.EndReason != EndNoConsent {
			t.Errorf("taken %d, ended for %q", h.cash(), h.s.EndReason)
		}
	})
	t.Run("a no keeps the old price and is not asked again", func(t *testing.T) {
		t.Parallel()
		h := run(t, plan(Membership, 9900), Refuse{})
		wantDates(t, h.noticeDates(NoticeConsent), "2026-02-24")
		if h.cash() != 3*9900 {
			t.Errorf("taken %d", h.cash())
		}
	})
	t.Run("a pause moves the day, so the yes is asked for again", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(plan(Membership, 9900)), seoul("2026-01-10 10:00"))
		h.do(Propose{Version: 2, Price: 12900, From: "2026-02-01"}, seoul("2026-01-12 10:00"))
		h.do(yes(h.s), seoul("2026-01-28 10:00"))
		h.do(Pause{Until: "2026-05-01"}, seoul("2026-02-01 10:00"))
		if h.s.ConsentRequest.Answer != "" || h.s.ConsentRequest.On != "2026-05-01" {
			t.Fatalf("asked %+v", h.s.ConsentRequest)
		}
		h.until(seoul("2026-05-02 00:00"))
		if h.s.Terms.Price != 9900 {
			t.Errorf("price %d rose without consent in the days before", h.s.Terms.Price)
		}
	})
	t.Run("a move to another time zone moves the instant, so the yes is asked for again", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(plan(Membership, 9900, every(1, Week))), seoul("2026-01-10 10:00"))
		h.do(Propose{Version: 2, Price: 12900, From: "2026-01-30"}, seoul("2026-01-10 10:00"))
		h.do(yes(h.s), seoul("2026-01-12 10:00"))
		h.do(Move{Zone: "Pacific/Auckland", Region: "NZ"}, seoul("2026-01-13 10:00"))
		if h.s.ConsentRequest.On != "2026-01-31" || h.s.ConsentRequest.Answer != "" {
			t.Errorf("asked %+v", h.s.ConsentRequest)
		}
	})
	t.Run("a lower price needs nobody's consent", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(plan(Membership, 9900)), seoul("2026-01-10 10:00"))
		h.do(Propose{Version: 2, Price: 7900, From: "2026-02-01"}, seoul("2026-01-12 10:00"))
		h.until(seoul("2026-02-10 00:00"))
		if h.s.Terms.Price != 7900 || h.s.ConsentRequest != nil {
			t.Errorf("price %d, ask %v", h.s.Terms.Price, h.s.ConsentRequest)
		}
	})
}
