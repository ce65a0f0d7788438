package subscription_test

import (
	"testing"
	"time"

	"dangol/shared/payment"
	"dangol/shared/platform/civil"
	. "dangol/shared/subscription"
)

// byDay puts retries at 10 in the morning in Seoul, as a subscription there does.
func byDay(first time.Time, n int) time.Time {
	z, _ := civil.Zone("Asia/Seoul")
	return civil.DateAt(first, z).Add(n).At(10*60, z)
}

func failed(kind payment.Kind, at string) Attempt {
	return Attempt{At: seoul(at), Kind: kind, Card: "card_1", Brand: "visa", Amount: 9900}
}

func TestWhenADeclinedChargeIsTriedAgain(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		policy   Dunning
		attempts []Attempt
		want     Decision
	}{
		{"money: the day after", Dunning{}, []Attempt{failed(payment.KindSoft, "2026-03-10 00:01")},
			Decision{Retry: seoul("2026-03-11 10:00"), Counts: true}},
		{"money: a try that came late moves the next one, and none is lost", Dunning{},
			[]Attempt{failed(payment.KindSoft, "2026-03-10 00:01"), failed(payment.KindSoft, "2026-03-16 10:30")},
			Decision{Retry: seoul("2026-03-17 10:00"), Counts: true}},
		{"money: then on the third day from the first decline", Dunning{},
			[]Attempt{failed(payment.KindSoft, "2026-03-10 00:01"), failed(payment.KindSoft, "2026-03-11 10:00")},
			Decision{Retry: seoul("2026-03-13 10:00"), Counts: true}},
		{"money: after the seventh day no more", Dunning{},
			[]Attempt{
				failed(payment.KindSoft, "2026-03-10 00:01"), failed(payment.KindSoft, "2026-03-11 10:00"),
				failed(payment.KindSoft, "2026-03-13 10:00"), failed(payment.KindSoft, "2026-03-15 10:00"),
				failed(payment.KindSoft, "2026-03-17 10:00"),
			},
			Decision{Wait: WaitNothing, Counts: true}},
		{"the plan's own days", Dunning{MoneyDays: []int{2, 9}}, []Attempt{failed(payment.KindSoft, "2026-03-10 00:01")},
			Decision{Retry: seoul("2026-03-12 10:00"), Counts: true}},
		{"technical: in five minutes, and nobody is told", Dunning{},
			[]Attempt{failed(payment.KindTechnical, "2026-03-10 00:01")},
			Decision{Retry: seoul("2026-03-10 00:06")}},
		{"technical: each pause is twice the one before", Dunning{},
			[]Attempt{failed(payment.KindTechnical, "2026-03-10 00:01"), failed(payment.KindTechnical, "2026-03-10 00:06")},
			Decision{Retry: seoul("2026-03-10 00:16")}},
		{"technical tries used up count as a decline", Dunning{TechnicalTries: 1},
			[]Attempt{failed(payment.KindTechnical, "2026-03-10 00:01"), failed(payment.KindTechnical, "2026-03-10 00:06")},
			Decision{Retry: seoul("2026-03-11 10:00"), Counts: true}},
		{"a decline between starts the technical tries over", Dunning{TechnicalTries: 1}, []Attempt{
			failed(payment.KindTechnical, "2026-03-10 00:01"), failed(payment.KindSoft, "2026-03-10 00:06"),
			failed(payment.KindTechnical, "2026-03-11 10:00"),
		}, Decision{Retry: seoul("2026-03-11 10:05")}},
		{"hard: never with this card", Dunning{}, []Attempt{failed(payment.KindHard, "2026-03-10 00:01")},
			Decision{Wait: WaitCard, Counts: true}},
		{"the bank wants the shopper", Dunning{}, []Attempt{failed(payment.KindAction, "2026-03-10 00:01")},
			Decision{Wait: WaitShopper, Counts: true}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			at := tt.attempts[len(tt.attempts)-1].At
			if got := Next(tt.policy, tt.attempts, nil, at, byDay); got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestTheNetworksLimitsHoldBackARetry(t *testing.T) {
	t.Parallel()
	used := func(brand string, n int, first time.Time, gap time.Duration) []Attempt {
		var out []Attempt
		for i := range n {
			out = append(out, Attempt{At: first.Add(time.Duration(i) * gap), Card: "card_1", Brand: brand,
				Kind: payment.KindSoft})
		}
		return out
	}
	first := seoul("2026-03-01 10:00")
	last := func(brand string) []Attempt {
		a := failed(payment.KindSoft, "2026-03-10 10:00")
		a.Brand = brand
		return []Attempt{a}
	}
	tests := []struct {
		name  string
		brand string
		used  []Attempt
		want  time.Time
	}{
		{"Visa: the 20th try is free", "visa", used("visa", 18, first, time.Hour), seoul("2026-03-11 10:00")},
		{"Visa: the 21st waits until the first is 30 days old", "visa", used("visa", 19, first, time.Hour),
			seoul("2026-03-31 10:00")},
		{"Mastercard: 10 in a day", "Mastercard", used("mastercard", 10, seoul("2026-03-10 11:00"), time.Minute),
			seoul("2026-03-11 11:00")},
		{"Mastercard: 20 in a month are fine", "mastercard", used("mastercard", 20, first, time.Hour),
			seoul("2026-03-11 10:00")},
		{"Mastercard: 35 in a month are not", "mastercard", used("mastercard", 34, first, time.Hour),
			seoul("2026-03-31 10:00")},
		{"an unknown network gets the strictest", "bc", used("bc", 19, first, time.Hour), seoul("2026-03-31 10:00")},
		{"another card's tries do not count", "visa", []Attempt{}, seoul("2026-03-11 10:00")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := Next(Dunning{CancelDays: 60, SuspendDays: 50}, last(tt.brand), tt.used, seoul("2026-03-10 10:00"), byDay)
			if !got.Retry.Equal(tt.want) {
				t.Errorf("retry %s, want %s", got.Retry, tt.want)
			}
		})
	}
	t.Run("a retry held back beyond the end is not made", func(t *testing.T) {
		t.Parallel()
		got := Next(Dunning{}, last("visa"), used("visa", 19, first, time.Hour), seoul("2026-03-10 10:00"), byDay)
		if !got.Retry.IsZero() || got.Wait != WaitNothing {
			t.Errorf("got %+v", got)
		}
	})
}

func TestDunningFromTheFirstDeclineToTheEnd(t *testing.T) {
	t.Parallel()
	start := seoul("2026-02-10 09:00")
	t.Run("no money: tried on days 1, 3, 5 and 7, suspended on 8, ended on 14", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(plan(Membership, 28000)), start, answering(success, poor, poor, poor, poor, poor))
		h.until(seoul("2026-03-10 00:00"))
		wantState(t, h, PastDue)
		if !h.s.InForce(seoul("2026-03-10 10:00")).FreeShipping {
			t.Error("the benefits stop at the first decline")
		}
		h.until(seoul("2026-03-18 09:59"))
		wantState(t, h, PastDue)
		wantDates(t, h.noticeDates(NoticePaymentFailed), "2026-03-10", "2026-03-11", "2026-03-13", "2026-03-15", "2026-03-17")
		h.until(seoul("2026-03-18 10:00"))
		wantState(t, h, Suspended)
		if h.s.InForce(seoul("2026-03-18 11:00")) != (Benefits{}) {
			t.Error("a suspended member has benefits")
		}
		h.until(seoul("2026-03-24 10:00"))
		wantState(t, h, Ended)
		if h.s.EndReason != EndUnpaid || h.state[Key("sub_1", 2)] != "void" {
			t.Errorf("ended for %s, invoice %s", h.s.EndReason, h.state[Key("sub_1", 2)])
		}
		h.tiles()
		h.balances()
	})
	t.Run("money comes on day 3: recovered, and the day of renewal stays", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(plan(Membership, 28000)), start, answering(success, poor, poor))
		h.until(seoul("2026-04-10 12:00"))
		wantState(t, h, Active)
		wantDates(t, h.noticeDates(NoticeRecovered), "2026-03-13")
		wantDates(t, h.opens(SpanPaid), "2026-02-10", "2026-03-10", "2026-04-10")
	})
	t.Run("a lost card is never tried again until there is another, which is charged at once", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(plan(Membership, 31000)), start, answering(success, lost))
		h.until(seoul("2026-03-20 00:00"))
		wantState(t, h, Suspended)
		if n := len(h.noticeDates(NoticePaymentFailed)); n != 1 {
			t.Fatalf("%d tries", n)
		}
		wantCode(t, h.try(PayNow{}, seoul("2026-03-20 10:00")), "card_refused")
		h.do(ChangeCard{Card: Card{Token: "card_2"}}, seoul("2026-03-20 10:00"))
		wantState(t, h, Active)
		// Suspended from the 18th, paid on the 20th: two days are given back.
		if h.s.Credit != 2000 {
			t.Errorf("credit %d, want 2000", h.s.Credit)
		}
		h.balances()
	})
	t.Run("the bank wants the shopper: one notice, then pay now", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(plan(Membership, 31000)), start, answering(success, confirm))
		h.until(seoul("2026-03-12 00:00"))
		wantState(t, h, PastDue)
		if n := h.notices[len(h.notices)-1]; n.Wait != WaitShopper {
			t.Errorf("waits for %q", n.Wait)
		}
		h.do(PayNow{}, seoul("2026-03-12 10:00"))
		wantState(t, h, Active)
	})
	t.Run("a try by hand that a machine delays uses up no day", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(plan(Membership, 31000)), start, answering(success, poor, ill, poor))
		h.until(seoul("2026-03-10 09:00"))
		h.do(PayNow{}, seoul("2026-03-10 09:00"))
		h.until(seoul("2026-03-10 09:30"))
		if o := h.s.Open; o == nil || o.Attempt != 3 || !o.RetryAt.Equal(seoul("2026-03-11 10:00")) {
			t.Errorf("after three tries: %+v", o)
		}
	})
	t.Run("a technical failure of minutes: nobody is told", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(plan(Membership, 31000)), start, answering(success, ill, ill))
		h.until(seoul("2026-03-10 00:15"))
		wantState(t, h, Active)
		if h.cash() != 62000 || len(h.noticeDates(NoticePaymentFailed)) != 0 {
			t.Errorf("taken %d", h.cash())
		}
	})
	t.Run("no answer, money taken: asked after 5 minutes, not charged again", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(plan(Membership, 31000)), start, answering(success, tookMute))
		h.until(seoul("2026-03-10 00:05"))
		if h.s.Open != nil || h.charges[Key("sub_1", 2)] != 1 {
			t.Errorf("open %+v", h.s.Open)
		}
	})
	t.Run("no answer, nothing taken: the same attempt goes out again under its key", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(plan(Membership, 31000)), start, answering(success, swallow, swallow))
		h.until(seoul("2026-03-10 01:05"))
		if _, ok := h.answered[Key("sub_1", 2)+"#1"]; !ok || h.charges[Key("sub_1", 2)] != 1 {
			t.Errorf("answered %v", h.answered)
		}
	})
	t.Run("the failure of an earlier attempt says nothing about the one in flight", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(plan(Membership, 31000)), start, answering(success, poor, swallow))
		h.until(seoul("2026-03-11 10:00"))
		after, effects, err := h.s.Apply(ChargeFailed{Key: Key("sub_1", 2), Attempt: 1, Kind: lost.kind},
			seoul("2026-03-11 10:01"))
		if err != nil || effects != nil || !after.Open.InFlight {
			t.Errorf("%d effects, %v, open %+v", len(effects), err, after.Open)
		}
	})
	t.Run("a weekly box is not sent while unpaid, and the weeks missed are not charged", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(plan(Box, 5000, every(1, Week))), start, answering(success, lost))
		h.until(seoul("2026-02-27 00:00"))
		h.do(ChangeCard{Card: Card{Token: "card_2"}}, seoul("2026-02-27 10:00"))
		h.until(seoul("2026-03-04 00:00"))
		wantDates(t, h.opens(SpanPaid), "2026-02-10", "2026-02-17", "2026-03-03")
		if h.cash() != 15000 || len(h.parcels) != 3 {
			t.Errorf("taken %d for %d parcels", h.cash(), len(h.parcels))
		}
		h.tiles()
	})
	t.Run("the first payment fails: never started", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(plan(Membership, 31000)), start, answering(poor))
		wantState(t, h, Ended)
		if h.s.EndReason != EndNotStarted {
			t.Errorf("ended for %s", h.s.EndReason)
		}
	})
	t.Run("canceled while unpaid: it ends at once and the invoice with it", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(plan(Membership, 31000)), start, answering(success, poor))
		h.until(seoul("2026-03-10 12:00"))
		h.do(Cancel{}, seoul("2026-03-10 12:00"))
		wantState(t, h, Ended)
		h.do(ChargeSucceeded{Key: Key("sub_1", 2), PaymentID: "pay_late"}, seoul("2026-03-10 13:00"))
		if h.refunded != 31000 {
			t.Errorf("money that came too late: refunded %d", h.refunded)
		}
	})
	t.Run("notices for channels with quiet hours wait for the morning", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(plan(Membership, 31000)), start, answering(success, poor))
		h.until(seoul("2026-03-10 00:00"))
		if n := h.notices[len(h.notices)-1]; n.Kind != NoticePaymentFailed || !n.Later.Equal(seoul("2026-03-10 08:00")) {
			t.Errorf("%s later at %s", n.Kind, n.Later)
		}
	})
	t.Run("a card that will have expired is spoken of two weeks before", func(t *testing.T) {
		t.Parallel()
		c := starting(plan(Membership, 31000))
		c.Card.ExpYear, c.Card.ExpMonth = 2026, 4
		h := open(t, c, start)
		h.until(seoul("2026-05-09 00:00"))
		wantDates(t, h.noticeDates(NoticeCardExpiring), "2026-04-26")
	})
}

func TestRetriesStayWithinTheNetworksLimits(t *testing.T) {
	t.Parallel()
	// Everything fails, technically and for money, for as long as the policy allows.
	p := plan(Membership, 1000, every(1, Day))
	p.Policy.Dunning = Dunning{MoneyDays: []int{1, 2, 3, 4, 5, 6, 7}, TechnicalTries: 12, TechnicalMinutes: 1,
		CancelDays: 60, SuspendDays: 50}
	h := open(t, starting(p), seoul("2026-02-10 09:00"), func(h *shop) {
		n := 0
		h.provider = func(c Charge) outcome {
			if n++; n == 1 {
				return success
			}
			return []outcome{ill, ill, ill, poor}[n%4]
		}
	})
	for h.s.State != Ended {
		h.do(Due{}, h.s.Due)
	}
	var at []time.Time
	for _, e := range h.entries {
		if e.Command == "charge_failed" {
			at = append(at, e.At)
		}
	}
	for i := 20; i < len(at); i++ {
		if at[i].Sub(at[i-20]) < 30*24*time.Hour {
			t.Fatalf("try %d comes %s after the one 20 before it", i+1, at[i].Sub(at[i-20]))
		}
	}
	if len(at) < 15 {
		t.Fatalf("only %d tries: nothing was held back", len(at))
	}
}

// A technical failure that lasts until the plan's last day leaves an invoice that somebody has to pay: the subscriber
// is told, and the subscription is not left without anything due.
func TestATechnicalFailureThatLastsEndsInDunning(t *testing.T) {
	t.Parallel()
	p := plan(Membership, 10_000)
	p.Policy.Dunning = Dunning{TechnicalTries: 12, TechnicalMinutes: 60, SuspendDays: 1, CancelDays: 2}
	if err := p.Check(); err != nil {
		t.Fatal(err)
	}
	first := true
	h := open(t, starting(p), seoul("2026-03-10 10:00"), func(h *shop) {
		h.provider = func(Charge) outcome {
			if first {
				first = false
				return success
			}
			return ill
		}
	})
	h.until(seoul("2026-04-30 10:00"))
	wantState(t, h, Ended)
	if told := h.noticeDates(NoticePaymentFailed); h.s.EndReason != EndUnpaid || len(told) != 1 {
		t.Errorf("ended as %s, told on %v", h.s.EndReason, told)
	}
}
