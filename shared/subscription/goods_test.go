package subscription_test

import (
	"slices"
	"testing"

	. "dangol/shared/subscription"
)

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
		if len(h.parcels) != 3 || len(h.charges) != 1 || h.s.EndReason != EndGiftOver ||
			len(h.noticeDates(NoticeRenewal)) != 0 {
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
	t.Run("canceled at once, the boxes not sent are refunded", func(t *testing.T) {
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
				if hold.Opens != "2026-03-10" || tries == 0 ||
					slices.Contains(hold.Contents, Item{VariantID: "var_tin", Quantity: 1}) {
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
		if h.cash() != 40000 || len(h.parcels) != 2 || len(h.noticeDates(NoticePaymentFailed)) != 0 {
			t.Errorf("taken %d, %d parcels", h.cash(), len(h.parcels))
		}
		if _, ok := h.answered[Key("sub_1", 2)+"#1"]; !ok || len(h.answered) != 2 {
			t.Errorf("a charge that waited for goods was not the first attempt: %v", h.answered)
		}
		wantDates(t, h.noticeDates(NoticeOutOfStock), "2026-03-10")
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
