package subscription_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"dangol/shared/platform/civil"
	. "dangol/shared/subscription"
)

// given is a gift of some cycles; without is one whose address is not known.
func given(p *Plan, g Gift, options ...func(*Start)) Start {
	g.Recipient = "min@example.com"
	return starting(p, append(options, func(c *Start) { c.Gift = &g })...)
}

func without(c *Start) { c.AddressID = "" }

func claim(address string) ClaimGift {
	return ClaimGift{CustomerID: "cus_2", AddressID: address, Zone: "America/New_York", Region: "US"}
}

func TestGiftsBeginOnTheirDayOrWhenTheyAreClaimed(t *testing.T) {
	t.Parallel()
	start := seoul("2026-03-10 09:00")
	box := plan(Box, 20000, prepaid(3), setup(3000))
	t.Run("with an address the first parcel goes out on the chosen day", func(t *testing.T) {
		t.Parallel()
		h := open(t, given(box, Gift{Begins: "2026-05-05"}), start)
		if h.cash() != 63000 || len(h.parcels) != 0 {
			t.Fatalf("taken %d, %d parcels", h.cash(), len(h.parcels))
		}
		h.until(seoul("2026-05-05 00:00"))
		wantDates(t, h.opens(SpanPaid), "2026-05-05")
		h.until(seoul("2026-05-05 12:00"))
		wantDates(t, h.noticeDates(NoticeGift), "2026-05-05")
		h.until(seoul("2027-01-01 00:00"))
		if len(h.parcels) != 3 || h.cash() != 63000 || h.s.EndReason != EndGiftOver {
			t.Errorf("%d parcels, taken %d, %s", len(h.parcels), h.cash(), h.s.EndReason)
		}
	})
	t.Run("without one it waits, and begins where and when it is claimed", func(t *testing.T) {
		t.Parallel()
		h := open(t, given(box, Gift{}, without), start)
		h.until(seoul("2026-03-20 12:00"))
		if len(h.parcels) != 0 || len(h.noticeDates(NoticeGift)) != 1 || h.s.Holder() != "" {
			t.Fatalf("%d parcels, %d mails", len(h.parcels), len(h.noticeDates(NoticeGift)))
		}
		wantCode(t, h.try(ClaimGift{CustomerID: "cus_2"}, seoul("2026-03-20 12:00")), "invalid_input")
		for _, c := range []Command{SkipNext{}, Pause{Until: "2026-09-01"}, ChangeDate{To: "2026-04-01"}} {
			wantCode(t, h.try(c, seoul("2026-03-20 12:00")), "gift_waiting")
		}
		h.do(claim("adr_2"), seoul("2026-03-21 10:00"))
		wantDates(t, h.opens(SpanPaid), "2026-03-20") // still the day before in New York
		if len(h.parcels) != 1 || h.parcels[0].AddressID != "adr_2" || h.s.Holder() != "cus_2" || h.cash() != 63000 {
			t.Errorf("%d parcels, holder %s, taken %d", len(h.parcels), h.s.Holder(), h.cash())
		}
		h.do(claim("adr_3"), seoul("2026-03-21 11:00"))
		if h.s.AddressID != "adr_2" {
			t.Errorf("a repeated claim moved it to %s", h.s.AddressID)
		}
		wantCode(t, h.try(ClaimGift{CustomerID: "cus_3"}, seoul("2026-03-21 11:00")), "gift_claimed")
		wantCode(t, h.try(MailGift{}, seoul("2026-03-21 11:00")), "gift_claimed")
	})
	t.Run("unclaimed, everything goes back to the giver", func(t *testing.T) {
		t.Parallel()
		h := open(t, given(box, Gift{}, without), start)
		h.until(seoul("2026-06-07 23:00"))
		wantState(t, h, Active)
		wantCode(t, h.try(claim("adr_2"), seoul("2026-06-08 00:00")), "gift_expired")
		h.until(seoul("2026-06-08 00:00"))
		if h.s.EndReason != EndUnclaimed || h.refunded != 63000 || len(h.parcels) != 0 {
			t.Errorf("%s, %d back, %d parcels", h.s.EndReason, h.refunded, len(h.parcels))
		}
	})
	t.Run("it is announced five times at most, also to another address", func(t *testing.T) {
		t.Parallel()
		h := open(t, given(plan(Membership, 9900, prepaid(12)), Gift{}), start)
		h.until(seoul("2026-03-11 00:00"))
		h.do(MailGift{Recipient: "mina@example.com"}, seoul("2026-03-11 09:00"))
		for range 3 {
			h.do(MailGift{}, seoul("2026-03-11 09:00"))
		}
		wantCode(t, h.try(MailGift{}, seoul("2026-03-11 09:00")), "too_many_mails")
		if h.s.Gift.Recipient != "mina@example.com" || len(h.noticeDates(NoticeGift)) != 5 {
			t.Errorf("%d mails, to %s", len(h.noticeDates(NoticeGift)), h.s.Gift.Recipient)
		}
	})
	t.Run("the giver takes it back before it has begun", func(t *testing.T) {
		t.Parallel()
		h := open(t, given(box, Gift{Begins: "2026-05-05"}), start)
		h.do(Cancel{Now: true}, seoul("2026-03-11 09:00"))
		if h.refunded != 63000 || h.s.State != Ended {
			t.Errorf("%d back, %s", h.refunded, h.s.State)
		}
	})
}

func TestBadGiftsAreRefused(t *testing.T) {
	t.Parallel()
	box := plan(Box, 20000, prepaid(3))
	for name, c := range map[string]Start{
		"a day that has been":  given(box, Gift{Begins: "2026-03-09"}),
		"a day that is none":   given(box, Gift{Begins: "2026-02-30"}),
		"a day too far ahead":  given(box, Gift{Begins: "2028-03-09"}),
		"a billing day":        given(box, Gift{}, billingDay(3)),
		"a plan paid monthly":  given(plan(Box, 20000), Gift{}),
		"nobody to give it to": starting(box, func(c *Start) { c.Gift = &Gift{} }),
	} {
		_, _, err := Subscription{}.Apply(c, seoul("2026-03-10 09:00"))
		if err == nil {
			t.Errorf("%s: no problem", name)
			continue
		}
		wantCode(t, err, "invalid_input")
	}
	var none Subscription
	if after, _, err := none.Apply(starting(box), seoul("2026-03-10 09:00")); err == nil {
		after, _, _ = after.Apply(ChargeSucceeded{Key: after.Open.Key, PaymentID: "p"}, seoul("2026-03-10 09:00"))
		for _, c := range []Command{claim("adr_2"), MailGift{}} {
			_, _, err := after.Apply(c, seoul("2026-03-10 09:00"))
			wantCode(t, err, "no_gift")
		}
	}
}

// TestAGiftIsSentOrGivenBack claims a gift on any day or never: its cycles are sent once each, or the money goes back.
func TestAGiftIsSentOrGivenBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		start := seoul("2026-01-31 23:30")
		n := rapid.IntRange(2, 6).Draw(t, "cycles")
		c := given(plan(Box, 20000, prepaid(n)),
			Gift{Begins: civil.DateAt(start, time.UTC).Add(1 + rapid.IntRange(0, 60).Draw(t, "ahead"))})
		if rapid.Bool().Draw(t, "waits") {
			c.AddressID = ""
		}
		h := open(t, c, start)
		if rapid.Bool().Draw(t, "claimed") {
			at := start.Add(time.Duration(rapid.IntRange(0, 40*24).Draw(t, "hours")) * time.Hour)
			h.until(at)
			h.do(claim("adr_2"), at)
		}
		h.until(start.AddDate(1, 6, 0))
		kept := h.cash()
		if h.s.State != Ended || kept != int64(len(h.parcels))*20000 || len(h.parcels) != 0 && len(h.parcels) != n {
			t.Errorf("%s: %d parcels of %d, kept %d", h.s.State, len(h.parcels), n, kept)
		}
	})
}

// A gift that its giver cancels while it is being paid cannot be claimed before the payment has an outcome: what is
// paid then is kept for a gift, or goes back.
func TestAGiftIsClaimedOnlyOnceItIsPaid(t *testing.T) {
	t.Parallel()
	start := seoul("2026-03-10 09:00")
	h := open(t, given(plan(Box, 20000, prepaid(3)), Gift{}, without), start, answering(tookMute))
	h.do(Cancel{}, start.Add(time.Minute))
	wantCode(t, h.try(claim("adr_2"), start.Add(2*time.Minute)), "payment_running")
	wantCode(t, h.try(MailGift{}, start.Add(2*time.Minute)), "payment_running")
	h.until(start.Add(time.Hour))
	h.do(claim("adr_2"), start.Add(2*time.Hour))
	h.balances()
	if len(h.parcels) != 1 || h.cash() != 60000 {
		t.Errorf("%d parcels, %d paid\n%s", len(h.parcels), h.cash(), h.story())
	}
}
