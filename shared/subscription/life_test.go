package subscription_test

import (
	"testing"
	"time"

	. "dangol/shared/subscription"
)

func TestAMembershipRenewsOnTheLastDayAndComesBackToThe31st(t *testing.T) {
	t.Parallel()
	h := open(t, starting(plan(Membership, 9900)), seoul("2026-01-31 10:00"))
	wantState(t, h, Active)
	h.until(seoul("2027-01-31 00:00"))
	wantDates(t, h.opens(SpanPaid), "2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31", "2026-06-30",
		"2026-07-31",
		"2026-08-31", "2026-09-30", "2026-10-31", "2026-11-30", "2026-12-31", "2027-01-31")
	if h.cash() != 13*9900 {
		t.Errorf("taken %d, want %d", h.cash(), 13*9900)
	}
	wantDates(t, h.noticeDates(NoticeRenewal)[:2], "2026-02-25", "2026-03-28")
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
	wantDates(t, onTime.noticeDates(NoticeRenewal), "2026-02-25")
	wantDates(t, late.noticeDates(NoticeRenewal)) // it would have come after the renewal
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

func TestAnOutcomeOrJobThatComesTwiceChangesNothing(t *testing.T) {
	t.Parallel()
	h := open(t, starting(plan(Membership, 9900)), seoul("2026-03-10 09:00"))
	again := []Command{
		ChargeSucceeded{Key: Key("sub_1", 1)}, ChargeFailed{Key: Key("sub_1", 1), Attempt: 1, Kind: lost.kind}, Due{},
		StockFailed{Key: "x"},
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
