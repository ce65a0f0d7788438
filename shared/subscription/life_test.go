package subscription_test

import (
	"slices"
	"testing"
	"time"

	. "dangol/shared/subscription"
)

func TestAMembershipRenewsOnTheLastDayAndComesBackToThe31st(t *testing.T) {
	t.Parallel()
	h := open(t, starting(plan(Membership, 9900)), seoul("2026-01-31 10:00"))
	wantState(t, h, Active)
	h.until(seoul("2027-01-31 00:00"))
	wantDates(t, h.opens(SpanPaid), "2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31", "2026-06-30", "2026-07-31",
		"2026-08-31", "2026-09-30", "2026-10-31", "2026-11-30", "2026-12-31", "2027-01-31")
	if h.cash() != 13*9900 {
		t.Errorf("taken %d, want %d", h.cash(), 13*9900)
	}
	wantDates(t, h.told(NoticeRenewal)[:2], "2026-02-25", "2026-03-28")
	h.tiles()
	h.once()
	h.balances()
}

func TestARunThatIsTwoDaysLateBillsTheSameDays(t *testing.T) {
	t.Parallel()
	onTime := open(t, starting(plan(Membership, 9900)), seoul("2026-01-31 10:00"))
	onTime.until(seoul("2026-03-02 12:00"))
	late := open(t, starting(plan(Membership, 9900)), seoul("2026-01-31 10:00"))
	late.late(seoul("2026-03-02 12:00"))
	if a, b := onTime.s.Span, late.s.Span; a != b {
		t.Errorf("late span %+v, want %+v", b, a)
	}
	if late.s.Due.Before(seoul("2026-03-02 12:00")) {
		t.Error("something is still due")
	}
}

func TestARunawaySubscriptionStopsAfterFifteenPeriodsADay(t *testing.T) {
	t.Parallel()
	h := open(t, starting(plan(Membership, 100, every(1, Day))), seoul("2026-01-01 10:00"))
	at := seoul("2026-03-01 10:00")
	h.late(at)
	if n := len(h.invoices); n != 16 {
		t.Fatalf("%d invoices, want the first and 15 on the day of the run", n)
	}
	h.late(at.AddDate(0, 0, 1))
	if n := len(h.invoices); n != 31 {
		t.Fatalf("%d invoices after the day after, want 31", n)
	}
}

func TestATrialTurnsPaidOnlyWithConsent(t *testing.T) {
	t.Parallel()
	start := seoul("2026-03-01 09:00")
	member := plan(Membership, 9900, trial(30), setup(1000))
	t.Run("asked 14, 7 and 2 days before; silence ends it without a charge", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(member), start)
		wantState(t, h, Trialing)
		h.until(seoul("2026-04-30 00:00"))
		wantDates(t, h.told(NoticeConsent), "2026-03-17", "2026-03-24", "2026-03-29")
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
		wantDates(t, h.told(NoticeConsent), "2026-03-17")
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
		if n := len(h.told(NoticeTrialEnding)); n != 1 {
			t.Errorf("%d notices, want 1", n)
		}
		wantState(t, h, Active)
	})
	t.Run("a short trial asks at once", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(plan(Membership, 9900, trial(5))), start)
		h.until(seoul("2026-03-01 10:00"))
		wantDates(t, h.told(NoticeConsent), "2026-03-01")
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
	t.Run("cancelled in the trial, it runs out and costs nothing", func(t *testing.T) {
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
		wantDates(t, h.told(NoticeConsent), "2026-02-24")
		if h.cash() != 2*9900+12900 || h.s.Terms.Version != 2 {
			t.Errorf("taken %d under version %d", h.cash(), h.s.Terms.Version)
		}
	})
	t.Run("silence keeps the old price", func(t *testing.T) {
		t.Parallel()
		h := run(t, plan(Membership, 9900, silence(KeepTerms)), nil)
		wantDates(t, h.told(NoticeConsent), "2026-02-24", "2026-03-03", "2026-03-08")
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
		wantDates(t, h.told(NoticeConsent), "2026-02-24")
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
		if h.s.Ask.Answer != "" || h.s.Ask.On != "2026-05-01" {
			t.Fatalf("asked %+v", h.s.Ask)
		}
		h.until(seoul("2026-05-02 00:00"))
		if h.s.Terms.Price != 9900 {
			t.Errorf("price %d rose without consent in the days before", h.s.Terms.Price)
		}
	})
	t.Run("a lower price needs nobody's consent", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(plan(Membership, 9900)), seoul("2026-01-10 10:00"))
		h.do(Propose{Version: 2, Price: 7900, From: "2026-02-01"}, seoul("2026-01-12 10:00"))
		h.until(seoul("2026-02-10 00:00"))
		if h.s.Terms.Price != 7900 || h.s.Ask != nil {
			t.Errorf("price %d, ask %v", h.s.Terms.Price, h.s.Ask)
		}
	})
}

func TestChangesOfPlan(t *testing.T) {
	t.Parallel()
	april := seoul("2026-04-01 09:00")
	gold := terms(plan(Membership, 60000, named("gold")), 1)
	t.Run("upgrade in mid-period: the day of the change is the new plan's, and the difference is charged now", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(plan(Membership, 30000)), april)
		q, err := h.s.Quote(Upgrade{Terms: gold}, seoul("2026-04-16 23:00"))
		if err != nil || q.Now.Amount != 15000 || len(q.Lines) != 2 || q.NextPayment != "2026-05-01" || q.NextAmount.Amount != 60000 {
			t.Fatalf("quote %+v, %v", q, err)
		}
		h.do(Upgrade{Terms: gold}, seoul("2026-04-16 23:00"))
		if h.cash() != 45000 || h.s.Terms.PlanID != "gold" || h.s.Span.Opens != "2026-04-16" {
			t.Errorf("taken %d, plan %s from %s", h.cash(), h.s.Terms.PlanID, h.s.Span.Opens)
		}
		h.until(seoul("2026-05-01 00:00"))
		h.balances()
	})
	t.Run("an upgrade that is not paid does not happen", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(plan(Membership, 30000)), april, answering(success, poor))
		h.do(Upgrade{Terms: gold}, seoul("2026-04-16 23:00"))
		wantState(t, h, Active)
		if h.s.Terms.PlanID == "gold" || len(h.notices) == 0 || h.s.Open != nil {
			t.Errorf("plan %s", h.s.Terms.PlanID)
		}
		h.until(seoul("2026-05-02 00:00"))
		h.tiles()
		h.balances()
	})
	t.Run("from a dear year to a month the rest is credit, and the invoice stops at 0", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(plan(Membership, 365000, every(1, Year))), seoul("2026-01-01 09:00"))
		monthly := terms(plan(Membership, 31000, named("month"), every(1, Month)), 1)
		h.do(Upgrade{Terms: monthly}, seoul("2026-01-02 09:00"))
		if h.s.Credit != 364000-31000 || h.cash() != 365000 {
			t.Fatalf("credit %d, taken %d", h.s.Credit, h.cash())
		}
		h.until(seoul("2026-02-02 09:00"))
		if h.s.Credit != 364000-62000 || h.cash() != 365000 || len(h.charges) != 1 {
			t.Errorf("credit %d, taken %d in %d charges", h.s.Credit, h.cash(), len(h.charges))
		}
		h.balances()
	})
	t.Run("downgrade: nothing now, the lower price at the end of the period", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(plan(Membership, 60000, named("gold"))), april)
		q, err := h.s.Quote(Downgrade{Terms: terms(plan(Membership, 30000), 1)}, seoul("2026-04-10 10:00"))
		if err != nil || q.Now.Amount != 0 || q.NextPayment != "2026-05-01" || q.NextAmount.Amount != 30000 {
			t.Fatalf("quote %+v, %v", q, err)
		}
		h.do(Downgrade{Terms: terms(plan(Membership, 30000), 1)}, seoul("2026-04-10 10:00"))
		h.until(seoul("2026-05-01 10:00"))
		if h.cash() != 90000 {
			t.Errorf("taken %d", h.cash())
		}
	})
	t.Run("a downgrade from month to year keeps the 31st", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(plan(Membership, 60000)), seoul("2026-01-31 10:00"))
		h.do(Downgrade{Terms: terms(plan(Membership, 300000, named("year"), every(1, Year)), 1)}, seoul("2026-02-01 10:00"))
		h.until(seoul("2026-03-01 10:00"))
		if h.s.Span.Closes != "2027-02-28" || h.s.Anchor.Day != 31 {
			t.Errorf("span %+v, anchor %+v", h.s.Span, h.s.Anchor)
		}
	})
	t.Run("more units are an upgrade, fewer wait for the end", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(plan(Membership, 30000)), april)
		h.do(ChangeQuantity{3}, seoul("2026-04-16 10:00"))
		if h.cash() != 30000+30000 {
			t.Fatalf("taken %d", h.cash())
		}
		h.do(ChangeQuantity{1}, seoul("2026-04-17 10:00"))
		h.until(seoul("2026-05-01 10:00"))
		if h.cash() != 90000 {
			t.Errorf("taken %d", h.cash())
		}
	})
	t.Run("refused: another kind, another currency, the same price, too many", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(plan(Membership, 30000)), april)
		wantCode(t, h.try(Upgrade{Terms: terms(plan(Box, 90000), 1)}, april), "other_kind")
		dollars := gold
		dollars.Currency = "USD"
		wantCode(t, h.try(Upgrade{Terms: dollars}, april), "other_currency")
		wantCode(t, h.try(Upgrade{Terms: terms(plan(Membership, 30000), 1)}, april), "not_an_upgrade")
		wantCode(t, h.try(Downgrade{Terms: gold}, april), "not_a_downgrade")
		wantCode(t, h.try(ChangeQuantity{101}, april), "invalid_input")
		wantCode(t, h.try(Swap{}, april), "not_for_this_plan")
		wantCode(t, h.try(SkipNext{}, april), "not_for_this_plan")
	})
}

func TestChangesOfDate(t *testing.T) {
	t.Parallel()
	start := seoul("2026-03-10 09:00")
	t.Run("a later day: the days between are billed at the price of a day of the period they belong to", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(plan(Membership, 31000)), start)
		h.do(ChangeDate{To: "2026-04-25"}, seoul("2026-03-20 10:00"))
		h.until(seoul("2026-04-26 10:00"))
		wantDates(t, h.opens(SpanPaid), "2026-03-10", "2026-04-10", "2026-04-25")
		if want := int64(31000 + 15*1000 + 31000); h.cash() != want {
			t.Errorf("taken %d, want %d: 15 of the 31 days from 25 March", h.cash(), want)
		}
		h.balances()
	})
	t.Run("an earlier day: what is not used becomes credit", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(plan(Membership, 31000)), start)
		h.do(ChangeDate{To: "2026-03-31", Day: 31}, seoul("2026-03-20 10:00"))
		if h.s.Credit != 10*1000 {
			t.Fatalf("credit %d", h.s.Credit)
		}
		h.until(seoul("2026-05-01 10:00"))
		wantDates(t, h.opens(SpanPaid), "2026-03-10", "2026-03-31", "2026-04-30")
		h.balances()
	})
	t.Run("the last day of February stands for the 31st", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(plan(Membership, 31000)), seoul("2026-02-10 09:00"))
		h.do(ChangeDate{To: "2026-02-28", Day: 31}, seoul("2026-02-11 10:00"))
		h.until(seoul("2026-04-01 10:00"))
		wantDates(t, h.opens(SpanPaid), "2026-02-10", "2026-02-28", "2026-03-31")
	})
	t.Run("a parcel waits for its new day for nothing", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(plan(Box, 20000)), start)
		h.do(ChangeDate{To: "2026-04-25"}, seoul("2026-03-20 10:00"))
		h.until(seoul("2026-04-26 10:00"))
		wantDates(t, h.opens(SpanPaid), "2026-03-10", "2026-04-25")
		if h.cash() != 40000 || len(h.parcels) != 2 {
			t.Errorf("taken %d for %d parcels", h.cash(), len(h.parcels))
		}
	})
	t.Run("refused: today, too far, a day that is not", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(plan(Membership, 31000)), start)
		for name, c := range map[string]ChangeDate{
			"today": {To: "2026-03-10"}, "too far": {To: "2026-05-11"}, "no date": {To: "2026-02-30"},
			"32": {To: "2026-03-31", Day: 32}, "another day": {To: "2026-03-30", Day: 31},
		} {
			if h.try(c, start) == nil {
				t.Errorf("%s was taken", name)
			}
		}
	})
	t.Run("a move to Los Angeles keeps the end of the running period and closes the next at midnight there", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(plan(Membership, 31000)), start)
		h.do(Move{Zone: "America/Los_Angeles", Region: "US"}, seoul("2026-03-20 10:00"))
		h.until(seoul("2026-04-12 00:00"))
		if got := h.s.Span; !got.Start.Equal(seoul("2026-04-10 00:00")) || !got.End.Equal(instant("2026-05-10T07:00:00Z")) {
			t.Errorf("span %+v", got)
		}
		h.tiles()
	})
}

func TestPauseSkipAndCancel(t *testing.T) {
	t.Parallel()
	start := seoul("2026-03-10 09:00")
	t.Run("a pause begins when the paid days are over and a period opens on the day it ends", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(plan(Membership, 31000)), start)
		h.do(Pause{Until: "2026-06-20"}, seoul("2026-03-20 10:00"))
		if !h.s.InForce(seoul("2026-04-09 10:00")).FreeShipping {
			t.Error("the paid days have no benefits")
		}
		h.until(seoul("2026-04-10 00:00"))
		wantState(t, h, Paused)
		if h.s.InForce(seoul("2026-04-11 10:00")) != (Benefits{}) {
			t.Error("a paused member has benefits")
		}
		h.until(seoul("2026-06-21 00:00"))
		wantDates(t, h.opens(SpanPaid), "2026-03-10", "2026-06-20")
		h.tiles()
		h.balances()
	})
	t.Run("resumed early it is paid at once", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(plan(Membership, 31000)), start)
		h.do(Pause{Until: "2026-06-20"}, start)
		h.until(seoul("2026-05-01 00:00"))
		h.do(Resume{}, seoul("2026-05-03 12:00"))
		wantState(t, h, Active)
		wantDates(t, h.opens(SpanPaid), "2026-03-10", "2026-05-03")
		h.tiles()
	})
	t.Run("a skipped cycle costs nothing and the day stays", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(plan(Replenishment, 12000)), start)
		q, err := h.s.Quote(SkipNext{}, start)
		if err != nil || q.NextPayment != "2026-05-10" {
			t.Fatalf("quote %+v, %v", q, err)
		}
		h.do(SkipNext{}, start)
		wantCode(t, h.try(SkipNext{}, start), "already_skipped")
		h.until(seoul("2026-05-11 00:00"))
		wantDates(t, h.opens(SpanSkipped), "2026-04-10")
		if h.cash() != 24000 || len(h.parcels) != 2 {
			t.Errorf("taken %d, %d parcels", h.cash(), len(h.parcels))
		}
	})
	t.Run("cancel in one step: what is paid runs on, then it ends", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(plan(Membership, 31000)), start)
		q, err := h.s.Quote(Cancel{}, start)
		if err != nil || q.EndsOn != "2026-04-10" || q.NextPayment != "" {
			t.Fatalf("quote %+v, %v", q, err)
		}
		h.do(Cancel{Reason: "too dear"}, start)
		wantState(t, h, Cancelled)
		h.until(seoul("2026-05-11 00:00"))
		wantState(t, h, Ended)
		wantCode(t, h.try(Pause{Until: "2027-01-01"}, start), "subscription_ended")
	})
	t.Run("a minimum term is billed to its end", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(plan(Membership, 31000, minimum(3))), start)
		h.do(Cancel{}, start)
		q, _ := h.s.Quote(ChangeAddress{}, start)
		if q.EndsOn != "2026-06-10" || q.NextPayment != "2026-04-10" {
			t.Errorf("quote %+v", q)
		}
		wantCode(t, h.try(Cancel{Now: true}, start), "minimum_term")
		h.until(seoul("2026-12-01 00:00"))
		wantState(t, h, Ended)
		if h.cash() != 3*31000 {
			t.Errorf("taken %d", h.cash())
		}
	})
	t.Run("cancelled at once, the days from tomorrow on go back to the card", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(plan(Membership, 31000)), start)
		h.do(Cancel{Now: true}, seoul("2026-03-19 12:00"))
		wantState(t, h, Ended)
		if h.refunded != 21000 || len(h.notes) != 1 || h.notes[0].ToCard != 21000 || h.notes[0].Taxes[0].Tax != 1909 {
			t.Errorf("refunded %d, notes %+v", h.refunded, h.notes)
		}
		h.balances()
	})
	t.Run("cancelled and taken back", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(plan(Membership, 31000)), start)
		h.do(Cancel{}, start)
		h.do(Reactivate{}, start)
		h.until(seoul("2026-04-11 00:00"))
		wantState(t, h, Active)
	})
	t.Run("started again after its end, with a payment and a gap of days", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(plan(Membership, 31000)), start)
		h.do(Cancel{}, start)
		h.until(seoul("2026-05-01 00:00"))
		again := terms(plan(Membership, 33000), 1)
		wantCode(t, h.try(Reactivate{}, seoul("2026-05-05 10:00")), "invalid_input")
		h.do(Reactivate{Terms: &again}, seoul("2026-05-05 10:00"))
		wantState(t, h, Active)
		wantDates(t, h.opens(SpanPaid), "2026-03-10", "2026-05-05")
		h.tiles()
	})
}

func TestPrepaidAndGifts(t *testing.T) {
	t.Parallel()
	start := seoul("2026-03-10 09:00")
	t.Run("six boxes are paid once and sent monthly", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(plan(Box, 20000, prepaid(6))), start)
		h.until(seoul("2026-09-11 00:00"))
		if len(h.parcels) != 7 || len(h.charges) != 2 || h.cash() != 240000 {
			t.Errorf("%d parcels, %d charges, taken %d", len(h.parcels), len(h.charges), h.cash())
		}
		h.balances()
	})
	t.Run("a gift ends by itself and charges once", func(t *testing.T) {
		t.Parallel()
		c := starting(plan(Box, 20000, prepaid(3)))
		c.Gift = &Gift{Recipient: "cus_2", Message: "생일 축하해"}
		h := open(t, c, start)
		h.until(seoul("2027-01-01 00:00"))
		wantState(t, h, Ended)
		if len(h.parcels) != 3 || len(h.charges) != 1 || h.s.EndReason != EndGiftOver || len(h.told(NoticeRenewal)) != 0 {
			t.Errorf("%d parcels, %d charges, %s", len(h.parcels), len(h.charges), h.s.EndReason)
		}
	})
	t.Run("a gift has to be prepaid", func(t *testing.T) {
		t.Parallel()
		c := starting(plan(Box, 20000))
		c.Gift = &Gift{Recipient: "cus_2"}
		_, _, err := Subscription{}.Apply(c, start)
		wantCode(t, err, "invalid_input")
	})
	t.Run("cancelled at once, the boxes not sent are refunded", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(plan(Box, 20000, prepaid(6))), start)
		h.until(seoul("2026-04-11 00:00"))
		h.do(Cancel{Now: true}, seoul("2026-04-11 10:00"))
		if h.refunded != 80000 {
			t.Errorf("refunded %d", h.refunded)
		}
		h.balances()
	})
}

func TestOutOfStockIsAFailureOfItsOwn(t *testing.T) {
	t.Parallel()
	start := seoul("2026-02-10 09:00")
	// gone makes the goods of March run out for some tries.
	gone := func(tries int) func(*shop) {
		return func(h *shop) {
			h.stock = func(hold HoldStock) bool {
				if hold.Opens != "2026-03-10" || tries == 0 || slices.Contains(hold.Contents, Item{VariantID: "var_tin", Quantity: 1}) {
					return true
				}
				tries--
				return false
			}
		}
	}
	t.Run("wait: looks again each day, and charges when the box can be sent", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(plan(Box, 20000)), start, gone(3))
		h.until(seoul("2026-03-12 09:00"))
		if h.cash() != 20000 || h.s.State != Active {
			t.Fatalf("taken %d before the box could be sent, %s", h.cash(), h.s.State)
		}
		h.until(seoul("2026-03-20 00:00"))
		if h.cash() != 40000 || len(h.parcels) != 2 || len(h.told(NoticePaymentFailed)) != 0 {
			t.Errorf("taken %d, %d parcels", h.cash(), len(h.parcels))
		}
		wantDates(t, h.told(NoticeOutOfStock), "2026-03-10", "2026-03-11", "2026-03-12")
	})
	t.Run("wait in vain: the cycle is skipped and not charged", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(plan(Box, 20000)), start, gone(100))
		h.until(seoul("2026-04-11 00:00"))
		if h.cash() != 40000 || len(h.parcels) != 2 {
			t.Errorf("taken %d, %d parcels\n%s", h.cash(), len(h.parcels), h.story())
		}
		wantDates(t, h.opens(SpanSkipped), "2026-03-10")
		h.balances()
	})
	t.Run("substitute", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(plan(Box, 20000, stock(StockSubstitute), substitutes("var_tin"))), start, gone(100))
		h.until(seoul("2026-03-11 00:00"))
		if n := len(h.parcels); n != 2 || h.parcels[1].Contents[0].VariantID != "var_tin" || h.cash() != 40000 {
			t.Errorf("%d parcels, taken %d: %+v", n, h.cash(), h.parcels)
		}
	})
	t.Run("a prepaid box moves to the end", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(plan(Box, 20000, stock(StockSkip), prepaid(3))), start, gone(100))
		h.until(seoul("2026-05-11 00:00"))
		if len(h.parcels) != 3 || len(h.charges) != 1 {
			t.Errorf("%d parcels, %d charges\n%s", len(h.parcels), len(h.charges), h.story())
		}
		h.balances()
	})
	t.Run("a prepaid box is refunded", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(plan(Box, 20000, stock(StockRefund), prepaid(3))), start, gone(100))
		h.until(seoul("2026-04-11 00:00"))
		if len(h.parcels) != 2 || h.refunded != 20000 {
			t.Errorf("%d parcels, refunded %d", len(h.parcels), h.refunded)
		}
		h.balances()
	})
}

func TestAnOutcomeOrJobThatComesTwiceChangesNothing(t *testing.T) {
	t.Parallel()
	h := open(t, starting(plan(Membership, 9900)), seoul("2026-03-10 09:00"))
	again := []Command{
		ChargeSucceeded{Key: Key("sub_1", 1)}, ChargeFailed{Key: Key("sub_1", 1), Attempt: 1, Kind: lost.kind}, Due{}, StockFailed{Key: "x"},
	}
	for _, c := range again {
		after, effects, err := h.s.Apply(c, seoul("2026-03-10 09:05"))
		if err != nil || len(effects) != 0 || after.State != Active {
			t.Errorf("%T: %s, %d effects, %v", c, after.State, len(effects), err)
		}
	}
	wantCode(t, h.try(ChargeSucceeded{Key: "sub_9#1"}, time.Time{}), "unknown_charge")
	wantCode(t, h.try(ChargeSucceeded{Key: Key("sub_1", 99)}, time.Time{}), "unknown_charge")
}
