package subscription_test

import (
	"testing"

	"pgregory.net/rapid"

	. "dangol/shared/subscription"
)

func TestGoodwillIsCreditOrGoesBackToTheCard(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		give             Goodwill
		credit, refunded int64
	}{
		"as credit":                      {Goodwill{Amount: 3_000}, 3_000, 0},
		"to the card":                    {Goodwill{Amount: 3_000, ToCard: true}, 0, 3_000},
		"all that the card has paid":     {Goodwill{Amount: 10_000, ToCard: true}, 0, 10_000},
		"more than was paid, as credit":  {Goodwill{Amount: 25_000}, 25_000, 0},
		"the least that can be given":    {Goodwill{Amount: 1}, 1, 0},
		"the least, back to the card":    {Goodwill{Amount: 1, ToCard: true}, 0, 1},
		"more than a period, once again": {Goodwill{Amount: 10_001}, 10_001, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := open(t, starting(plan(Membership, 10_000)), seoul("2027-01-10 10:00"))
			h.do(c.give, seoul("2027-01-15 10:00"))
			if h.s.Credit != c.credit || h.refunded != c.refunded || len(h.notes) != 1 {
				t.Fatalf("credit %d, refunded %d, %d notes", h.s.Credit, h.refunded, len(h.notes))
			}
			if note := h.notes[0]; note.Amount != c.give.Amount || note.ToCard+note.ToCredit != note.Amount ||
				note.Reason != "goodwill" {
				t.Errorf("%+v", note)
			}
			// What is credit pays for the next period first.
			h.until(seoul("2027-02-10 10:01"))
			if want := max(c.credit-10_000, 0); h.s.Credit != want || h.s.Cycles != 2 {
				t.Errorf("after the renewal there is %d of credit, want %d", h.s.Credit, want)
			}
		})
	}
}

// Who gets the period back and leaves is not given its days once more. Goodwill that leaves enough takes nothing away.
func TestWhatWentBackAsGoodwillIsNotGivenBackAgain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		p        *Plan
		start    []func(*Start)
		goodwill Goodwill
		card     int64 // that goes back in all
		credit   int64 // that is left
	}{
		"all of it":          {plan(Membership, 31_000), nil, Goodwill{Amount: 31_000, ToCard: true}, 31_000, 0},
		"more than the rest": {plan(Membership, 31_000), nil, Goodwill{Amount: 20_000, ToCard: true}, 31_000, 0},
		"less than was used": {plan(Membership, 31_000), nil, Goodwill{Amount: 5_000, ToCard: true}, 5_000 + 21_000, 0},
		"as credit, on top":  {plan(Membership, 31_000), nil, Goodwill{Amount: 31_000}, 21_000, 31_000},
		"of a prepaid plan": {plan(Membership, 31_000, prepaid(2)), nil, Goodwill{Amount: 62_000, ToCard: true}, 62_000,
			0},
		"credit had paid some": {plan(Membership, 31_000), []func(*Start){func(c *Start) { c.Credit = 11_000 }},
			Goodwill{Amount: 20_000, ToCard: true}, 20_000, 11_000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := open(t, starting(c.p, c.start...), seoul("2027-01-10 10:00"))
			h.do(c.goodwill, seoul("2027-01-19 09:00"))
			h.do(Cancel{Now: true}, seoul("2027-01-19 10:00")) // ten of 31 days are used
			if h.refunded != c.card || h.left != c.credit {
				t.Errorf("%d went back to the card, %d is credit; want %d and %d", h.refunded, h.left, c.card, c.credit)
			}
		})
	}
	// The next period has goodwill of its own.
	h := open(t, starting(plan(Membership, 31_000)), seoul("2027-01-10 10:00"))
	h.do(Goodwill{Amount: 31_000, ToCard: true}, seoul("2027-01-19 09:00"))
	h.until(seoul("2027-02-10 10:00"))
	h.do(Cancel{Now: true}, seoul("2027-02-10 10:00"))
	if h.refunded != 31_000+29_893 { // 27 of 28 days
		t.Errorf("%d went back", h.refunded)
	}
}

func TestGoodwillToTheCardIsAtMostWhatTheCardHasPaid(t *testing.T) {
	t.Parallel()
	h := open(t, starting(plan(Membership, 10_000)), seoul("2027-01-10 10:00"))
	at := seoul("2027-01-15 10:00")
	wantField(t, h.try(Goodwill{Amount: 10_001, ToCard: true}, at), "/amount", "too_large")
	for _, amount := range []int64{0, -1} {
		wantField(t, h.try(Goodwill{Amount: amount}, at), "/amount", "too_small")
	}
	h.do(Goodwill{Amount: 6_000, ToCard: true}, at)
	wantField(t, h.try(Goodwill{Amount: 4_001, ToCard: true}, at), "/amount", "too_large")
	h.do(Goodwill{Amount: 4_000, ToCard: true}, at)
	if h.refunded != 10_000 {
		t.Errorf("%d went back", h.refunded)
	}
}

func TestACouponTakesItsPartOffSoManyPeriods(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		coupon Coupon
		want   []int64 // charges of the periods after it was given
	}{
		"a tenth, twice":          {Coupon{PercentBP: 1_000, Left: 2}, []int64{9_000, 9_000, 10_000}},
		"an amount, once":         {Coupon{Amount: 2_500, Left: 1}, []int64{7_500, 10_000}},
		"everything, once":        {Coupon{PercentBP: 10_000, Left: 1}, []int64{0, 10_000}},
		"more than a period":      {Coupon{Amount: 99_000, Left: 1}, []int64{0, 10_000}},
		"a share that is rounded": {Coupon{PercentBP: 3_333, Left: 1}, []int64{6_667, 10_000}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := open(t, starting(plan(Membership, 10_000)), seoul("2027-01-10 10:00"))
			h.do(GiveCoupon{Coupon: c.coupon}, seoul("2027-01-15 10:00"))
			before := h.cash()
			for i, want := range c.want {
				h.until(seoul("2027-02-10 10:01").AddDate(0, i, 0))
				if got := h.cash() - before; got != want {
					t.Errorf("period %d is charged %d, want %d", i+2, got, want)
				}
				before = h.cash()
			}
		})
	}
}

func TestACouponThatCannotBeMeantIsRefused(t *testing.T) {
	t.Parallel()
	at := seoul("2027-01-15 10:00")
	for name, c := range map[string]struct {
		coupon        Coupon
		pointer, code string
	}{
		"nothing":               {Coupon{Left: 1}, "/percentBp", "not_allowed"},
		"a share and an amount": {Coupon{PercentBP: 100, Amount: 100, Left: 1}, "/percentBp", "not_allowed"},
		"more than all of it":   {Coupon{PercentBP: 10_001, Left: 1}, "/percentBp", "too_large"},
		"no period":             {Coupon{Amount: 100}, "/left", "too_small"},
		"more than ten years":   {Coupon{Amount: 100, Left: 121}, "/left", "too_large"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := open(t, starting(plan(Membership, 10_000)), seoul("2027-01-10 10:00"))
			wantField(t, h.try(GiveCoupon{Coupon: c.coupon}, at), c.pointer, c.code)
		})
	}
	ahead := open(t, starting(plan(Membership, 10_000, prepaid(3))), seoul("2027-01-10 10:00"))
	wantCode(t, ahead.try(GiveCoupon{Coupon: Coupon{Amount: 100, Left: 1}}, at), "not_for_this_plan")
}

func TestAPeriodOfACouponIsGivenBackWithAPaymentThatFailsForGood(t *testing.T) {
	t.Parallel()
	h := open(t, starting(plan(Membership, 10_000)), seoul("2027-01-10 10:00"),
		answering(success, lost, lost, lost, lost, lost, lost))
	h.do(GiveCoupon{Coupon: Coupon{Amount: 1_000, Left: 3}}, seoul("2027-01-15 10:00"))
	h.until(seoul("2027-02-10 10:01"))
	if h.s.Open == nil || h.s.Coupon.Left != 2 {
		t.Fatalf("while the payment is open %d periods are left", h.s.Coupon.Left)
	}
	h.do(Cancel{Reason: "too dear", Now: true}, seoul("2027-02-11 10:00"))
	if h.s.Coupon.Left != 3 {
		t.Errorf("nothing was paid with it, and %d periods are left", h.s.Coupon.Left)
	}
}

// What is paid ahead takes no coupon, also when the plan is changed after the coupon was given: the cycles that are not
// used are given back at their price, and no more than was paid.
func TestACouponWaitsWhileCyclesArePaidAhead(t *testing.T) {
	t.Parallel()
	h := open(t, starting(plan(Membership, 10_000)), seoul("2027-01-10 10:00"))
	h.do(GiveCoupon{Coupon: Coupon{PercentBP: 5_000, Left: 2}}, seoul("2027-01-15 10:00"))
	h.do(Downgrade{Terms: terms(plan(Membership, 9_000, prepaid(12)), 1)}, seoul("2027-01-16 10:00"))
	h.until(seoul("2027-02-10 10:01"))
	if h.cash() != 10_000+12*9_000 || h.s.Coupon.Left != 2 {
		t.Errorf("%d paid, %d periods of the coupon are left", h.cash(), h.s.Coupon.Left)
	}
	h.do(Cancel{Now: true}, seoul("2027-02-11 10:00"))
	h.balances()
	if h.left != 0 {
		t.Errorf("%d of credit that nobody has paid", h.left)
	}
}

// A period that comes back with an unpaid invoice belongs to the coupon that it was taken from.
func TestANewCouponGetsNoPeriodOfTheOneItReplaces(t *testing.T) {
	t.Parallel()
	h := open(t, starting(plan(Membership, 10_000)), seoul("2027-01-10 10:00"),
		answering(success, lost, lost, lost, lost, lost, lost))
	h.do(GiveCoupon{Coupon: Coupon{Amount: 1_000, Left: 3}}, seoul("2027-01-15 10:00"))
	h.until(seoul("2027-02-10 10:01"))
	h.do(GiveCoupon{Coupon: Coupon{Amount: 9_000, Left: 1}}, seoul("2027-02-10 12:00"))
	h.do(Cancel{Reason: "too dear", Now: true}, seoul("2027-02-11 10:00"))
	if h.s.Coupon.Left != 1 {
		t.Errorf("%d periods are left of a coupon for one", h.s.Coupon.Left)
	}
}

func TestOnlyAnUnpaidInvoiceIsRemindedOf(t *testing.T) {
	t.Parallel()
	h := open(t, starting(plan(Membership, 10_000)), seoul("2027-01-10 10:00"),
		answering(success, poor, poor, poor, poor, poor))
	wantCode(t, h.try(RemindPayment{}, seoul("2027-01-15 10:00")), "not_in_this_state")
	h.until(seoul("2027-02-10 10:01"))
	told := len(h.noticeDates(NoticePaymentFailed))
	h.do(RemindPayment{}, seoul("2027-02-11 10:00"))
	if got := len(h.noticeDates(NoticePaymentFailed)); got != told+1 {
		t.Errorf("%d mails, want one more than %d", got, told)
	}
}

// TestGoodwillNeverPaysOutMoreThanWasPaid gives back at random, and looks at the card's side.
func TestGoodwillNeverPaysOutMoreThanWasPaid(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		price := rapid.Int64Range(0, 30_000).Draw(t, "price")
		h := open(t, starting(plan(Membership, price)), seoul("2027-01-10 10:00"))
		at := seoul("2027-01-15 10:00")
		var credited int64
		for range rapid.IntRange(1, 8).Draw(t, "times") {
			give := Goodwill{Amount: rapid.Int64Range(-5, 20_000).Draw(t, "amount"), ToCard: rapid.Bool().Draw(t, "to the card")}
			if h.try(give, at) == nil && !give.ToCard {
				credited += give.Amount
			}
		}
		if h.cash() < 0 || h.refunded > price || h.s.Credit != credited {
			t.Fatalf("paid %d, refunded %d, credit %d of %d", price, h.refunded, h.s.Credit, credited)
		}
	})
}

func TestAnOfferIsNamedByWhatItIs(t *testing.T) {
	t.Parallel()
	for want, o := range map[string]Offer{
		"pause-30":       {Kind: OfferPause, Days: 30},
		"plan-plan_slow": {Kind: OfferPlan, PlanID: "plan_slow"},
	} {
		if got := o.ID(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestAnAcceptedOfferTakesTheCancellationBack(t *testing.T) {
	t.Parallel()
	canceled := func(t *testing.T) *shop {
		h := open(t, starting(plan(Membership, 10_000)), seoul("2027-01-10 10:00"))
		h.do(Cancel{Reason: "too dear"}, seoul("2027-01-15 10:00"))
		return h
	}
	at := seoul("2027-01-16 10:00")
	cheaper := terms(plan(Membership, 5_000, named("plan_slow")), 1)

	h := canceled(t)
	h.do(AcceptOffer{PauseDays: 30}, at)
	h.until(seoul("2027-02-20 10:00"))
	if h.s.State != Paused || h.cash() != 10_000 {
		t.Errorf("%s, %d paid", h.s.State, h.cash())
	}

	h = canceled(t)
	h.do(AcceptOffer{Terms: &cheaper}, at)
	h.until(seoul("2027-02-10 10:01"))
	if h.s.State != Active || h.s.Terms.PlanID != "plan_slow" || h.cash() != 15_000 {
		t.Errorf("%s on %s, %d paid", h.s.State, h.s.Terms.PlanID, h.cash())
	}

	h = open(t, starting(plan(Membership, 10_000)), seoul("2027-01-10 10:00"))
	if err := h.try(AcceptOffer{PauseDays: 30}, at); err == nil {
		t.Error("an offer is accepted by somebody who has not canceled")
	}
}
