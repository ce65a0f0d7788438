package subscription_test

import (
	"testing"
	"time"

	. "dangol/shared/subscription"
)

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
		wantState(t, h, Canceled)
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
	t.Run("canceled at once, the days from tomorrow on go back to the card", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(plan(Membership, 31000)), start)
		h.do(Cancel{Now: true}, seoul("2026-03-19 12:00"))
		wantState(t, h, Ended)
		if h.refunded != 21000 || len(h.notes) != 1 || h.notes[0].ToCard != 21000 || h.notes[0].Taxes[0].Tax != 1909 {
			t.Errorf("refunded %d, notes %+v", h.refunded, h.notes)
		}
		h.balances()
	})
	t.Run("what was paid from credit goes back to credit, also when earlier periods were paid by card",
		func(t *testing.T) {
			t.Parallel()
			h := open(t, starting(plan(Membership, 31000)), start)
			h.do(ChangeDate{To: "2026-03-31"}, seoul("2026-03-10 10:00")) // ten days of credit
			h.until(seoul("2026-03-31 00:00"))
			if h.s.Credit != 0 || h.cash() != 31000+21000 {
				t.Fatalf("credit %d, taken %d", h.s.Credit, h.cash())
			}
			h.do(Cancel{Now: true}, seoul("2026-03-31 10:00"))
			if h.refunded != 21000 || h.left != 31000-1033-21000 { // one of 30 days was used
				t.Errorf("refunded %d, credit %d", h.refunded, h.left)
			}
			h.balances()
		})
	t.Run("credit that an unpaid invoice used comes back", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(plan(Membership, 31000)), start, answering(success, poor))
		h.do(ChangeDate{To: "2026-03-31"}, seoul("2026-03-10 10:00"))
		h.until(seoul("2026-03-31 12:00"))
		wantState(t, h, PastDue)
		h.do(Cancel{}, seoul("2026-03-31 12:00"))
		if h.left != 10000 {
			t.Errorf("credit %d", h.left)
		}
		h.balances()
	})
	t.Run("canceled and taken back", func(t *testing.T) {
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

// Whoever starts again is there, like whoever starts: a payment that is declined at once is answered and not mailed.
func TestAStartThatIsDeclinedIsMailedOnlyToWhoHasLeft(t *testing.T) {
	t.Parallel()
	begin, later := seoul("2026-03-10 10:00"), seoul("2026-05-05 10:00")
	again := terms(plan(Membership, 33000), 1)
	for name, c := range map[string]struct {
		answer outcome
		mails  int
	}{
		"declined at once":                     {poor, 0},
		"declined by an answer that came late": {outcome{mute: true}, 1},
	} {
		h := open(t, starting(plan(Membership, 31000)), begin, answering(success, c.answer, poor))
		h.do(Cancel{Now: true}, begin.Add(time.Hour))
		before := len(h.noticeDates(NoticeEnded))
		h.do(Reactivate{Terms: &again, Card: &Card{Token: "card_2"}}, later)
		h.until(later.Add(time.Hour))
		wantState(t, h, Ended)
		if got := len(h.noticeDates(NoticeEnded)) - before; got != c.mails || h.s.EndReason != EndNotStarted {
			t.Errorf("%s: %d mails, ended as %s", name, got, h.s.EndReason)
		}
	}
}
