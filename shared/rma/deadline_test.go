package rma_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"dangol/shared/rma"
)

// returned is a return from a country whose goods have arrived at noon.
func returned(t interface{ Fatal(...any) }, country string) *rma.RMA {
	r := request(rma.Own)
	r.Country = country
	for _, name := range []string{"approve", "send", "receive"} {
		if err := steps[name](r, noon); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

func TestTheLawsTimeForTheRefundByCountry(t *testing.T) {
	t.Parallel()
	seoul := time.FixedZone("KST", 9*60*60)
	for _, c := range []struct{ country, warn, refund string }{
		// Received on a Monday: three business days, so the end of Thursday; warned at the end of Wednesday.
		{"KR", "2026-11-05 00:00", "2026-11-06 00:00"},
		// 14 days after the customer said that the goods come back; warned a day before.
		{"DE", "2026-11-15 12:00", "2026-11-16 12:00"},
		{"GB", "2026-11-15 12:00", "2026-11-16 12:00"},
		{"US", "2026-12-01 12:00", "2026-12-02 12:00"},
		{"JP", "2026-12-01 12:00", "2026-12-02 12:00"},
	} {
		r := returned(t, c.country)
		warn, refund := r.Deadlines.WarnAt.In(seoul), r.Deadlines.RefundBy.In(seoul)
		if got := warn.Format("2006-01-02 15:04"); got != c.warn {
			t.Errorf("%s: warned at %s, want %s", c.country, got, c.warn)
		}
		if got := refund.Format("2006-01-02 15:04"); got != c.refund {
			t.Errorf("%s: refunded by %s, want %s", c.country, got, c.refund)
		}
	}
}

func TestTheShopIsWarnedOnceAndToldOnceThatItIsLate(t *testing.T) {
	t.Parallel()
	r := returned(t, "KR")
	warn, end := r.Deadlines.WarnAt, r.Deadlines.RefundBy
	if got := r.DueAt(warn.Add(-time.Second)); got != rma.Nothing {
		t.Errorf("before the warning: %s", got)
	}
	if got := r.DueAt(warn); got != rma.Warn {
		t.Fatalf("a day before the end: %s", got)
	}
	r.Warned(warn)
	if got := r.DueAt(warn); got != rma.Nothing || !time.UnixMilli(r.Due.At).Equal(end) {
		t.Errorf("warned: %s, looked at again at %s", got, time.UnixMilli(r.Due.At))
	}
	if got := r.DueAt(end); got != rma.NoteLate {
		t.Fatalf("at the end: %s", got)
	}
	r.WasLate(end)
	if got := r.DueAt(end.Add(time.Hour)); got != rma.Nothing || r.Due.At != 0 {
		t.Errorf("it was late: %s, due %d", got, r.Due.At)
	}
}

func TestAWorkerThatWasDownForDaysDoesNotWarnOfWhatHasPassed(t *testing.T) {
	t.Parallel()
	r := returned(t, "KR")
	after := r.Deadlines.RefundBy.Add(48 * time.Hour)
	if got := r.DueAt(after); got != rma.NoteLate {
		t.Fatalf("it is %s", got)
	}
	r.WasLate(after)
	if got := r.DueAt(after); got != rma.Nothing {
		t.Errorf("after that: %s", got)
	}
}

// sentAhead is a label return whose exchange was sent against a reservation that is good for 28 days.
func sentAhead(t *testing.T) *rma.RMA {
	t.Helper()
	r := request(rma.Label)
	if err := steps["approve"](r, noon); err != nil {
		t.Fatal(err)
	}
	r.Hold.Amount = 40_000
	r.SendAhead("pay_1", noon.AddDate(0, 0, 28), noon)
	return r
}

func TestAnExchangeThatWasSentAheadIsChargedWhenTheGoodsAreNotHandedOver(t *testing.T) {
	t.Parallel()
	r := sentAhead(t)
	// The goods have to be handed over in 14 days, before the reservation ends.
	until := r.Deadlines.SendBy
	if !r.Hold.Until.Equal(until) || !time.UnixMilli(r.Due.At).Equal(until) {
		t.Errorf("until %s, due %s, want %s", r.Hold.Until, time.UnixMilli(r.Due.At), until)
	}
	if got := r.DueAt(until.Add(-time.Second)); got != rma.Nothing {
		t.Errorf("before: %s", got)
	}
	if got := r.DueAt(until); got != rma.ChargeHold {
		t.Fatalf("at the end: %s", got)
	}
	r.TakeHold(40_000, until)
	if got := r.DueAt(until); got != rma.Nothing {
		t.Errorf("the provider is asked at once: %s", got)
	}
	later := until.Add(time.Minute)
	if got := r.DueAt(later); got != rma.SettleHold {
		t.Fatalf("the provider did not answer: %s", got)
	}
	r.HoldCharged(later)
	r.HoldSettled()
	if r.Resolution != rma.Refund || r.Instead != rma.PaidAhead || r.Hold.State != rma.HoldSettled {
		t.Errorf("%s because %s, hold %s", r.Resolution, r.Instead, r.Hold.State)
	}
	// The exchange is bought; what comes back later is refunded.
	if _, err := r.HandOver(rma.Shipment{}, rma.ByCustomer, later); err != nil {
		t.Error(err)
	}
	if err := steps["receive"](r, later); err != nil {
		t.Error(err)
	}
}

func TestGoodsThatComeBackEndTheWaitForTheReservation(t *testing.T) {
	t.Parallel()
	r := sentAhead(t)
	for _, name := range []string{"book", "send", "receive"} {
		if err := steps[name](r, noon.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	if got := r.DueAt(r.Hold.Until); got == rma.ChargeHold {
		t.Error("the customer is charged for an exchange although the goods have arrived")
	}
}

// TestNothingIsDueTwice lets the worker come at any times, also early and late: it does each thing once.
func TestNothingIsDueTwice(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		country := rapid.SampledFrom([]string{"KR", "DE", "US"}).Draw(t, "country")
		r := returned(t, country)
		now, done := noon, map[rma.TimerResult]int{}
		for range rapid.IntRange(1, 12).Draw(t, "visits") {
			now = now.Add(time.Duration(rapid.IntRange(0, 24*10).Draw(t, "hours later")) * time.Hour)
			result := r.DueAt(now)
			if result != rma.Nothing {
				done[result]++
			}
			tick(r, now)
			if again := r.DueAt(now); again != rma.Nothing && again == result {
				t.Fatalf("%s is due again at once", again)
			}
		}
		for result, n := range done {
			if n > 1 {
				t.Fatalf("%s was done %d times", result, n)
			}
		}
		if !now.Before(r.Deadlines.RefundBy) && done[rma.NoteLate] != 1 {
			t.Fatalf("late at %s and not noted: %v", now, done)
		}
	})
}
