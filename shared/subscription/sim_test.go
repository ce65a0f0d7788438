package subscription_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"dangol/shared/payment"
	"dangol/shared/platform/civil"
	. "dangol/shared/subscription"
)

// simulated is the answer of a provider that declines a fifth of all charges, is ill now and then, and loses some
// answers. No card stays poor for more than three tries, so every renewal is paid before the schedule ends.
func simulated(r *rand.Rand) func(Charge) outcome {
	declined := map[string]int{}
	return func(c Charge) outcome {
		x := r.Float64()
		switch {
		case x < 0.05:
			return ill
		case x < 0.08:
			return swallow
		case x < 0.11:
			return tookMute
		case x < 0.31 && c.Key != "" && declined[c.Key] < 3:
			declined[c.Key]++
			return outcome{kind: payment.KindSoft, code: "insufficient_funds"}
		}
		return success
	}
}

// aYear runs one random subscription for twelve months.
func aYear(t *testing.T, n int) *shop {
	r := rand.New(rand.NewPCG(2026, uint64(n)))
	pick := func(n int) int { return r.IntN(n) }
	intervals := []Interval{Every(1, Month), Every(1, Month), Every(2, Month), Every(1, Week), Every(4, Week),
		Every(30, Day), Every(1, Year)}
	zones := []string{"Asia/Seoul", "Asia/Seoul", "America/Los_Angeles", "America/Santiago", "Africa/Cairo",
		"Europe/Berlin", "Pacific/Kiritimati"}
	p := plan([]Kind{Membership, Box, Replenishment}[pick(3)], int64(1000+pick(50000)))
	p.Interval = intervals[pick(len(intervals))]
	p.Policy.Dunning = Dunning{CancelDays: 14, SuspendDays: 12} // no suspension: every period is to be paid
	c := starting(p, in("US", zones[pick(len(zones))]))
	c.ID = fmt.Sprint("sub_", n)
	start := instant("2026-01-01T00:00:00Z").Add(time.Duration(pick(365*24*60)) * time.Minute)
	first := true
	h := open(t, c, start, func(h *shop) {
		next := simulated(r)
		h.provider = func(c Charge) outcome {
			if first {
				first = false
				return success
			}
			return next(c)
		}
	})
	end := start.AddDate(1, 0, 0)
	for at := start; at.Before(end); {
		asleep := pick(8) == 0
		days := 6
		if asleep {
			days = 2
		}
		at = at.Add(time.Duration(1+pick(days*24*60)) * time.Minute)
		if at.After(end) {
			at = end
		}
		if asleep {
			h.late(at)
		} else {
			h.until(at)
		}
		for range pick(3) {
			h.do(Due{}, at) // the queue delivers again
		}
	}
	h.until(end.AddDate(0, 0, 8)) // let what is in dunning recover
	return h
}

func TestAYearOfAThousandSubscriptionsChargesEveryPeriodExactlyOnce(t *testing.T) {
	t.Parallel()
	failures, charged := 0, 0
	for n := range 1000 {
		h := aYear(t, n)
		h.tiles()
		h.once()
		h.balances()
		a, i := h.s.Anchor, h.s.Terms.Interval
		paid := map[civil.Date]int{}
		for _, p := range h.allSpans() {
			if p.Kind == SpanPaid && p.Paid {
				paid[p.Opens] += h.charges[Key(h.s.ID, p.Seq)]
			}
		}
		end := h.s.StartedAt.AddDate(1, 0, 0)
		goods := h.s.Terms.Kind != Membership
		for k := 0; ; k++ {
			p := a.Period(i, k)
			if !p.Start.Before(end) {
				break
			}
			if got := paid[p.Opens]; got != 1 && !(goods && h.skippedInDunning(p.Opens)) {
				t.Fatalf("subscription %d: period %s was charged %d times\n%s", n, p.Opens, got, h.story())
			}
			charged++
		}
		for _, e := range h.entries {
			if e.Command == "charge_failed" {
				failures++
			}
		}
	}
	if failures < 1000 {
		t.Errorf("only %d charges failed: the simulation is too kind", failures)
	}
	t.Logf("%d periods charged once each, %d failed tries in between", charged, failures)
}

// skippedInDunning reports whether a parcel's day passed while an earlier one was unpaid: it is not sent and not
// charged.
func (h *shop) skippedInDunning(day civil.Date) bool {
	for _, p := range h.allSpans() {
		if p.Kind == SpanGap && p.Opens <= day && day < p.Closes {
			return true
		}
	}
	return false
}
