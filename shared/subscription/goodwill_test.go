package subscription_test

import (
	"testing"

	. "dangol/shared/subscription"
)

func TestACouponTakesSomethingOffTheNextPeriods(t *testing.T) {
	t.Parallel()
	start := seoul("2026-03-10 09:00")
	h := open(t, starting(plan(Membership, 31_000)), start)
	h.do(GiveCoupon{Coupon{PercentBP: 2_000, Left: 2}}, start)
	if u := h.s.Upcoming(3); u[0].Amount.Amount != 24_800 || u[1].Amount.Amount != 24_800 || u[2].Amount.Amount != 31_000 {
		t.Errorf("foreseen %+v", u)
	}
	h.until(seoul("2026-06-11 00:00"))
	if h.cash() != 2*31_000+2*24_800 {
		t.Errorf("taken %d", h.cash())
	}
	h.tiles()
	h.balances()
}

func TestWhatIsGivenBackOfADiscountedPeriodIsWhatWasPaid(t *testing.T) {
	t.Parallel()
	start := seoul("2026-03-10 09:00")
	h := open(t, starting(plan(Membership, 31_000)), start)
	h.do(GiveCoupon{Coupon{Amount: 40_000, Left: 1}}, start)
	h.until(seoul("2026-04-10 12:00"))
	h.do(Cancel{Now: true}, seoul("2026-04-11 12:00"))
	if h.refunded != 0 || h.cash() != 31_000 {
		t.Errorf("a free period gave %d back", h.refunded)
	}
	h.balances()
}

func TestACouponThatWasNotUsedIsKept(t *testing.T) {
	t.Parallel()
	start := seoul("2026-03-10 09:00")
	h := open(t, starting(plan(Replenishment, 12_000, stock(StockSkip))), start)
	h.do(GiveCoupon{Coupon{Amount: 2_000, Left: 1}}, start)
	h.stock = func(hold HoldStock) bool { return hold.Opens != "2026-04-10" }
	h.until(seoul("2026-05-11 00:00"))
	if h.cash() != 12_000+10_000 {
		t.Errorf("taken %d: the coupon is lost with the cycle that was left out", h.cash())
	}
}

func TestGoodwillIsCreditOrGoesToTheCardThatPaid(t *testing.T) {
	t.Parallel()
	start := seoul("2026-03-10 09:00")
	h := open(t, starting(plan(Membership, 31_000)), start)
	h.do(Goodwill{Amount: 5_000}, start)
	h.do(Goodwill{Amount: 6_000, ToCard: true}, start)
	if h.s.Credit != 5_000 || h.refunded != 6_000 || len(h.notes) != 2 {
		t.Errorf("credit %d, refunded %d, %d credit notes", h.s.Credit, h.refunded, len(h.notes))
	}
	wantCode(t, h.try(Goodwill{Amount: 25_001, ToCard: true}, start), "invalid_input")
	wantCode(t, h.try(Goodwill{Amount: -1}, start), "invalid_input")
	wantCode(t, h.try(RemindPayment{}, start), "not_in_this_state")
}
